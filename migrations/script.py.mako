<% rows = examples[up_revision] %>\
"""${message.replace("_", " ").capitalize()}.

Revision: ${up_revision}
Follows: ${down_revision | comma,n}
"""

% if "TIME" in rows:
from datetime import UTC, datetime
% endif
% if "UUID(" in rows:
from uuid import UUID
% endif

import sqlalchemy as sa
from alembic import op
${imports + "\n" if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | None = ${repr(branch_labels)}
depends_on: str | None = ${repr(depends_on)}

% if "TIME" in rows:
TIME = datetime(2030, 1, 1, tzinfo=UTC)
% endif
EXAMPLE_ROWS: dict[str, dict[str, object]] = {${rows}}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
