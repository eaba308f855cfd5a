"""Who may call what: how one writes down what an operation answers to whom."""

from dataclasses import dataclass, field

from tests.factories import API, PASSWORD

WITHOUT_LOG_IN = ("anonymous", "deactivated", "revoked")


@dataclass(frozen=True)
class Expected:
    """What an operation answers to those who are not logged in, to users and to admins, and to
    others who are someone special to it.
    """

    anonymous: int
    user: int
    admin: int
    others: dict[str, int] = field(default_factory=dict)

    def status_for(self, caller: str) -> int:
        """What it answers to this one."""
        if caller in WITHOUT_LOG_IN:
            return self.anonymous
        return self.others.get(caller, self.admin if caller == "admin" else self.user)


def public(status: int) -> Expected:
    """Everyone may."""
    return Expected(anonymous=status, user=status, admin=status)


def for_users(status: int) -> Expected:
    """Whoever is logged in may."""
    return Expected(anonymous=401, user=status, admin=status)


def for_owner(status: int) -> Expected:
    """Whose it is may; for all others, admins too, it is not there."""
    return Expected(anonymous=401, user=404, admin=404, others={"owner": status})


def for_admins(status: int) -> Expected:
    """Only admins may."""
    return Expected(anonymous=401, user=403, admin=status)


MATRIX = {
    "GET /livez": public(200),
    "GET /readyz": public(200),
    f"POST {API}/users": public(201),
    f"GET {API}/users": for_admins(200),
    f"GET {API}/users/me": for_users(200),
    f"PATCH {API}/users/me": for_users(200),
    f"POST {API}/users/me/password": for_users(204),
    f"POST {API}/users/me/deletion": Expected(anonymous=401, user=204, admin=409),
    f"GET {API}/users/{{user_id}}": for_admins(200),
    f"PATCH {API}/users/{{user_id}}": for_admins(200),
    f"DELETE {API}/users/{{user_id}}": for_admins(204),
    f"GET {API}/users/{{user_id}}/activity": for_admins(200),
    f"POST {API}/auth/token": public(400),
    f"POST {API}/auth/revoke": public(200),
    f"GET {API}/auth/sessions": for_users(200),
    f"DELETE {API}/auth/sessions": for_users(204),
    f"DELETE {API}/auth/sessions/{{session_id}}": for_owner(204),
    f"POST {API}/auth/verify-email": public(422),
    f"POST {API}/auth/verify-email/resend": for_users(202),
    f"POST {API}/auth/password-reset": public(202),
    f"POST {API}/auth/password-reset/confirm": public(422),
}
"""What each operation answers to whom."""

NEW_PASSWORD = "violet tractor mumbles opera"

BODIES: dict[str, dict[str, object]] = {
    f"POST {API}/users": {"email": "new@example.com", "password": PASSWORD},
    f"PATCH {API}/users/me": {"full_name": "Ada"},
    f"POST {API}/users/me/password": {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    f"POST {API}/users/me/deletion": {"password": PASSWORD},
    f"PATCH {API}/users/{{user_id}}": {"full_name": "Ada"},
    f"POST {API}/auth/verify-email": {"token": "unknown"},
    f"POST {API}/auth/password-reset": {"email": "new@example.com"},
    f"POST {API}/auth/password-reset/confirm": {"token": "unknown", "new_password": NEW_PASSWORD},
}
"""A JSON body that each operation understands."""

FORMS = {
    f"POST {API}/auth/token": {"grant_type": "refresh_token", "refresh_token": "unknown"},
    f"POST {API}/auth/revoke": {"token": "unknown"},
}
"""A form that each operation understands."""

QUERIES = {
    f"GET {API}/users": 2,
    f"GET {API}/users/me": 1,
    f"GET {API}/users/{{user_id}}": 2,
    f"GET {API}/users/{{user_id}}/activity": 2,
    f"GET {API}/auth/sessions": 2,
}
"""What each operation costs in statements, the one that authenticates among them."""
