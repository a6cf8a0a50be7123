"""The first steps of one's own shop, each ticked off by what the database holds. Knows no page."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.store.database import Database
from regulars.store.mirror import Mirror

# Each stops at the first row it finds: asked at every look at the overview. Only the newest partition is searched for events of
# pages; older ones are in the mirror.
_STEPS = """
SELECT EXISTS (SELECT FROM products WHERE known) AS products,
       EXISTS (SELECT FROM events) AS events,
       EXISTS (SELECT FROM promotions) AS trained,
       EXISTS (SELECT FROM api_keys WHERE revoked_at IS NULL AND name <> 'storefront') AS key,
       EXISTS (SELECT FROM events WHERE source = 'http' AND occurred_at > now() - interval '2 days') AS live,
       (SELECT version FROM promotions WHERE kind = 'recommender' ORDER BY promotion_id DESC LIMIT 1) AS model
"""


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done. model: the version that serves, None before the first training."""

    products: bool
    events: bool
    trained: bool
    key: bool
    live: bool
    model: str | None

    @property
    def all_done(self) -> bool:
        return self.products and self.events and self.trained and self.key and self.live


def read_steps(database: Database, mirror: Mirror) -> Steps:
    """Raises: DatabaseUnavailable."""
    with database.connect(autocommit=True) as connection:
        row = connection.execute(_STEPS).fetchone()
    assert row is not None
    live = row["live"] or (row["key"] and _heard(mirror))
    return Steps(row["products"], row["events"], row["trained"], row["key"], live, row["model"])


def _heard(mirror: Mirror) -> bool:
    with mirror.read(threads=1) as connection:
        return connection.execute("SELECT 1 FROM events WHERE source = 'http' LIMIT 1").fetchone() is not None
