"""Hooks of users."""

from uuid import UUID

from app.audit.service import Actor
from app.runtime.hooks import Hook

before_user_deletion: Hook[UUID, Actor] = Hook()
"""Deletion of a user, who is locked, by an actor. A handler deletes what cannot exist without the
user, or raises an error that prevents the deletion, such as SoleOwner.
"""
