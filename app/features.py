"""Features of the service, in the order in which their tags are documented and their hooks run.

A feature follows those that it depends on.
"""

from sqlalchemy import MetaData

from app import (
    accounts,
    audit,
    authentication,
    idempotency,
    members,
    notes,
    one_time_tokens,
    outbox,
    passwords,
    projects,
    seed,
    sessions,
    tags,
    tasks,
    users,
    verification,
)
from app.core.tables import Base
from app.runtime.feature import Feature
from app.runtime.settings import compose_settings

FEATURES: tuple[Feature, ...] = (
    audit.feature,
    outbox.feature,
    users.feature,
    sessions.feature,
    one_time_tokens.feature,
    authentication.feature,
    verification.feature,
    passwords.feature,
    accounts.feature,
    idempotency.feature,
    notes.feature,
    projects.feature,
    members.feature,
    tags.feature,
    tasks.feature,
    seed.feature,
)

TABLES: MetaData = Base.metadata
"""Tables of all features, which the imports above have registered."""

ServiceSettings = compose_settings(FEATURES)
"""Settings of the platform and of all features."""
