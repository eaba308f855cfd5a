"""Hooks of memberships."""

from uuid import UUID

from app.runtime.hooks import Hook

before_member_removal: Hook[UUID, UUID] = Hook()
"""Removal of a member from a project, which is locked: ids of the project and of the user."""
