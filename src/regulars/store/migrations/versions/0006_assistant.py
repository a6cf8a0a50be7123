"""Policies, conversations, actions with their audit, attempts to say who one is, stock alerts; balances of gift cards."""

from pathlib import Path

from alembic import op

from regulars.store.migrations.functions import put_in_place

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements.replace("%", "%%"))
    put_in_place()
