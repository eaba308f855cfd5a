"""Schemas of passwords."""

from app.core.schemas import Input
from app.one_time_tokens.schemas import Token
from app.users.schemas import Email, ExistingPassword, NewPassword


class PasswordResetRequest(Input):
    """E-mail address of a user who has forgotten the password."""

    email: Email


class PasswordReset(Input):
    """New password, with the token from the mail."""

    token: Token
    new_password: NewPassword


class PasswordChange(Input):
    """New password, with the current one."""

    current_password: ExistingPassword
    new_password: NewPassword
