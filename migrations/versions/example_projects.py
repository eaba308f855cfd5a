"""The worked example: projects, members, tags and tasks.

Revision: example
Follows: 0003
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision: str = "example"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

TIME = datetime(2030, 1, 1, tzinfo=UTC)
EXAMPLE_ROWS: dict[str, dict[str, object]] = {
    "projects": {
        "version": 1,
        "id": UUID(int=7),
        "name": "Analytical engine",
        "description": "A computer",
        "created_at": TIME,
        "updated_at": TIME,
    },
    "memberships": {
        "project_id": UUID(int=7),
        "user_id": UUID(int=1),
        "role": "owner",
        "created_at": TIME,
    },
    "tags": {
        "id": UUID(int=8),
        "project_id": UUID(int=7),
        "name": "Urgent",
        "name_key": "urgent",
    },
    "tasks": {
        "version": 1,
        "id": UUID(int=9),
        "project_id": UUID(int=7),
        "title": "Repair the mill",
        "description": "Soon",
        "status": "todo",
        "priority": 1,
        "due_date": TIME.date(),
        "assignee_id": UUID(int=1),
        "created_at": TIME,
        "updated_at": TIME,
    },
    "task_tags": {"task_id": UUID(int=9), "tag_id": UUID(int=8)},
}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=10000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(name) >= 1", name=op.f("ck_projects_name_not_empty")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    op.create_table(
        "memberships",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('viewer', 'editor', 'owner')", name=op.f("ck_memberships_role_valid")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_memberships_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "tags",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("name_key", sa.String(length=150), nullable=False),
        sa.CheckConstraint("length(name) >= 1", name=op.f("ck_tags_name_not_empty")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_tags_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("project_id", "name_key", name=op.f("uq_tags_project_id_name_key")),
    )
    op.create_table(
        "tasks",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=10000), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('todo', 'doing', 'done', 'cancelled')", name=op.f("ck_tasks_status_valid")
        ),
        sa.CheckConstraint("length(title) >= 1", name=op.f("ck_tasks_title_not_empty")),
        sa.CheckConstraint("priority BETWEEN 0 AND 3", name=op.f("ck_tasks_priority_in_range")),
        sa.ForeignKeyConstraint(
            ["assignee_id"],
            ["users.id"],
            name=op.f("fk_tasks_assignee_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_tasks_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_assignee_id"), "tasks", ["assignee_id"], unique=False)
    op.create_index(
        op.f("ix_tasks_project_id_created_at_id"),
        "tasks",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tasks_project_id_due_date_id"),
        "tasks",
        ["project_id", "due_date", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tasks_project_id_priority_id"),
        "tasks",
        ["project_id", "priority", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tasks_project_id_title_id"), "tasks", ["project_id", "title", "id"], unique=False
    )
    op.create_table(
        "task_tags",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_task_tags_tag_id_tags"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_task_tags_task_id_tasks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("task_id", "tag_id", name=op.f("pk_task_tags")),
    )
    op.create_index(op.f("ix_task_tags_tag_id"), "task_tags", ["tag_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_task_tags_tag_id"), table_name="task_tags")
    op.drop_table("task_tags")
    op.drop_index(op.f("ix_tasks_project_id_title_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_project_id_priority_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_project_id_due_date_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_project_id_created_at_id"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_assignee_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_table("tags")
    op.drop_index(op.f("ix_memberships_user_id"), table_name="memberships")
    op.drop_table("memberships")
    op.drop_table("projects")
