"""Notes.

Revision: 0004
Follows: example
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "example"
branch_labels: str | None = None
depends_on: str | None = None

TIME = datetime(2030, 1, 1, tzinfo=UTC)
EXAMPLE_ROWS: dict[str, dict[str, object]] = {
    "notes": {
        "id": UUID(int=10),
        "owner_id": UUID(int=1),
        "title": "Groceries",
        "body": "Bread, tea",
        "created_at": TIME,
        "updated_at": TIME,
    },
}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=10000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(title) >= 1", name=op.f("ck_notes_title_not_empty")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_notes_owner_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(
        op.f("ix_notes_owner_id_created_at_id"), "notes", ["owner_id", "created_at", "id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_notes_owner_id_created_at_id"), table_name="notes")
    op.drop_table("notes")
