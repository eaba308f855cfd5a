"""${message.replace("_", " ").capitalize()}.

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
"""

import sqlalchemy as sa
from alembic import op
${imports + "\n" if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | None = ${repr(branch_labels)}
depends_on: str | None = ${repr(depends_on)}

EXAMPLE_ROWS: dict[str, dict[str, object]] = {}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
