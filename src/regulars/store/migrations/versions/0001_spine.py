"""The spine."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    here = Path(__file__).parent
    for name in ("0001_spine.sql", "0001_functions.sql", "0001_records.sql"):
        op.get_bind().exec_driver_sql((here / name).read_text(encoding="utf-8").replace("%", "%%"))
