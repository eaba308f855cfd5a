"""Access to a project and its children, which strangers and admins get a 404 for."""

from tests.support.registry import Access


def _by_role(*, viewer: int, editor: int, owner: int) -> Access:
    statuses = {"viewer": viewer, "editor": editor, "owner": owner}
    return Access(anonymous=401, user=404, admin=404, others=statuses)


def for_members(status: int) -> Access:
    """Return the access to an operation for all members."""
    return _by_role(viewer=status, editor=status, owner=status)


def for_editors(status: int) -> Access:
    """Return the access to an operation for editors and owners."""
    return _by_role(viewer=403, editor=status, owner=status)


def for_owners(status: int) -> Access:
    """Return the access to an operation for the owners of the project."""
    return _by_role(viewer=403, editor=403, owner=status)
