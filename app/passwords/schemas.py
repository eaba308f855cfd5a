"""Bodies of requests that set a password."""

from app.core.schemas import Input
from app.one_time_tokens.schemas import Token
from app.users.schemas import Email, ExistingPassword, NewPassword


class PasswordResetRequest(Input):
    """Whose password has been forgotten."""

    email: Email


class PasswordReset(Input):
    """A new password, proved by the token from the mail."""

    token: Token
    new_password: NewPassword


class PasswordChange(Input):
    """A new password, proved by the current one."""

    current_password: ExistingPassword
    new_password: NewPassword
