"""Errors about accounts."""

from app.core.errors import Conflict, InvalidInput, NotFound, PermissionDenied


class EmailTaken(Conflict):
    """Another user has this address."""

    code = "email_taken"
    detail = "There is an account with this e-mail address already."


class WeakPassword(InvalidInput):
    """The new password is too short or too easy to guess."""

    code = "weak_password"
    detail = "The new password is too short or too easy to guess; `errors` says why."


class WrongPassword(PermissionDenied):
    """The current password is another one."""

    code = "wrong_password"
    detail = "The password is wrong."


class LastAdmin(Conflict):
    """Someone has to stay who can administer."""

    code = "last_admin"
    detail = "The last active admin can be neither demoted, deactivated nor deleted."


class SoleOwner(Conflict):
    """What others share may not lose its owner."""

    code = "sole_owner"
    detail = "The user is the only owner of something that others share; it needs another one."


class UserNotFound(NotFound):
    """No user has this id."""

    detail = "There is no such user."
