"""What steers lists: books of rules and their history, links between products, what a variant costs, what lists showed to whom."""

from pathlib import Path

from alembic import op

from regulars.store.migrations.functions import put_in_place

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    put_in_place()
