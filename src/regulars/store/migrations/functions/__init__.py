"""The store's functions in SQL, as they are now. A migration that changes one, or what one uses, puts all in place again."""

from pathlib import Path

from alembic import op


def put_in_place() -> None:
    """Makes or replaces every function. Bodies are checked when they run: tables may come in a later migration."""
    for path in sorted(Path(__file__).parent.glob("*.sql")):
        op.get_bind().exec_driver_sql(path.read_text(encoding="utf-8").replace("%", "%%"))
