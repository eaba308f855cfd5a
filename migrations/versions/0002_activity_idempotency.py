"""The audit trail and idempotency keys.

Revision: 0002
Follows: 0001
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

TIME = datetime(2030, 1, 1, tzinfo=UTC)
EXAMPLE_ROWS: dict[str, dict[str, object]] = {
    "activity": {
        "id": UUID(int=5),
        "created_at": TIME,
        "actor_id": UUID(int=1),
        "action": "user.registered",
        "resource_id": UUID(int=1),
        "scope_id": UUID(int=1),
        "request_id": "request",
        "details": {"role": "user"},
    },
    "idempotency_keys": {
        "user_id": UUID(int=1),
        "key": "key",
        "request_digest": "3" * 64,
        "expires_at": TIME,
        "status": 201,
        "location": "/projects/1",
        "body": b"{}",
    },
}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index(
        op.f("ix_activity_actor_id_created_at_id"),
        "activity",
        ["actor_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_activity_scope_id_created_at_id"),
        "activity",
        ["scope_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.String(length=255), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_idempotency_keys_user_id_users"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys_expires_at"), "idempotency_keys", ["expires_at"], unique=False
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute("""
            CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END $$
        """)
        op.execute("""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON activity
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """)


def downgrade() -> None:
    op.drop_index(op.f("ix_idempotency_keys_expires_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_index(op.f("ix_activity_scope_id_created_at_id"), table_name="activity")
    op.drop_index(op.f("ix_activity_actor_id_created_at_id"), table_name="activity")
    op.drop_table("activity")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
