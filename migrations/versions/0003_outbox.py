"""The outbox.

Revision: 0003
Follows: 0002
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

TIME = datetime(2030, 1, 1, tzinfo=UTC)
EXAMPLE_ROWS: dict[str, dict[str, object]] = {
    "outbox": {
        "id": UUID(int=6),
        "kind": "mail",
        "payload": b"encrypted",
        "created_at": TIME,
        "due_at": TIME,
        "attempts": 1,
        "last_error": "TimeoutError",
        "request_id": "request",
    },
}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=100), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_due_at_id"), "outbox", ["due_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_due_at_id"), table_name="outbox")
    op.drop_table("outbox")
