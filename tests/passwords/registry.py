"""Registry of passwords."""

from tests.support.factories import OTHER_PASSWORD, PASSWORD
from tests.support.registry import API, Entry, Registry, for_users, public

registry = Registry(
    {
        f"POST {API}/users/me/password": Entry(
            for_users(204),
            body={"current_password": PASSWORD, "new_password": OTHER_PASSWORD},
            limit="password_check",
        ),
        f"POST {API}/auth/password-reset": Entry(
            public(202), body={"email": "new@example.com"}, limit="mail_request"
        ),
        f"POST {API}/auth/password-reset/confirm": Entry(
            public(422),
            body={"token": "unknown", "new_password": OTHER_PASSWORD},
            limit="one_time_token",
        ),
    }
)
