"""Registry of verification."""

from tests.support.registry import API, Entry, Registry, for_users, public

registry = Registry(
    {
        f"POST {API}/auth/verify-email": Entry(
            public(422), body={"token": "unknown"}, limit="one_time_token"
        ),
        f"POST {API}/auth/verify-email/resend": Entry(for_users(202), limit="mail_request"),
    }
)
