"""The spine."""

from pathlib import Path

from alembic import op

from regulars.store.migrations.functions import put_in_place

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql((Path(__file__).parent / "0001_spine.sql").read_text(encoding="utf-8"))
    put_in_place()
