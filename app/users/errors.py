"""Errors about users."""

from app.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied


class EmailTaken(Conflict):
    """Error 409: another user has this e-mail address."""

    code = "email_taken"
    detail = "An account with this e-mail address exists already. Choose another address."


class WeakPassword(InvalidInput):
    """Error 422: the new password is too short or too easy to guess."""

    code = "weak_password"
    detail = "The new password is too short or too easy to guess. See `errors` for the reason."


class WrongPassword(PermissionDenied):
    """Error 403: the current password is wrong."""

    code = "wrong_password"
    detail = "The current password is wrong."


class LastAdmin(Conflict):
    """Error 409: the change would leave the service without an active admin."""

    code = "last_admin"
    detail = "The user is the only active admin. Make another user an admin first."


class SoleOwner(Conflict):
    """Error 409: the deletion would leave a shared resource without an owner."""

    code = "sole_owner"
    detail = "The user is the only owner of a shared resource. Make another user an owner first."


class UserNotFound(NotFound):
    """Error 404: the user does not exist."""

    detail = "The user does not exist."
