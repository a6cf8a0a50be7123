"""Writing records and events: one statement each, the same for imports and for HTTP. Validation is done before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from regulars.store.database import Connection, Row, sql

APPEND_EVENTS = "SELECT accepted, duplicates, unresolved FROM append_events(%s::json, %s, %s)"
UPSERT_PRODUCTS = "SELECT upsert_products(%s::jsonb) AS outcome"
UPSERT_CUSTOMERS = "SELECT upsert_customers(%s::jsonb) AS outcome"
UPSERT_ORDERS = "SELECT upsert_orders(%s::jsonb, %s::json) AS outcome"
UPSERT_REVIEWS = "SELECT upsert_reviews(%s::jsonb) AS outcome"
UPSERT_ARTICLES = "SELECT upsert_articles(%s::jsonb) AS outcome"


class Appended(NamedTuple):
    """What became of a batch of events. `unresolved` counts new ones whose product or customer no record describes yet."""

    accepted: int
    duplicates: int
    unresolved: int


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    return orjson.dumps(rows, option=orjson.OPT_NON_STR_KEYS).decode()


def append_events(connection: Connection, rows: Sequence[dict[str, Any]], source: str, received: datetime) -> Appended:
    """Stores events once each. Rows as `rows.event_row` makes them."""
    row = connection.execute(APPEND_EVENTS, (as_json(rows), source, received)).fetchone()
    assert row is not None
    return Appended(row["accepted"], row["duplicates"], row["unresolved"])


def upsert(connection: Connection, statement: str, *batches: Sequence[dict[str, Any]]) -> list[str]:
    """One of the UPSERT_… statements. Returns a word a record: new, updated, unchanged or conflict."""
    row = connection.execute(sql(statement), [as_json(batch) for batch in batches]).fetchone()
    assert row is not None
    return list(row["outcome"])


COUNTS = """
SELECT (SELECT count(*) FROM products WHERE known) AS products,
       (SELECT count(*) FROM products WHERE NOT known) AS unknown_products,
       (SELECT count(*) FROM customers WHERE known) AS customers,
       (SELECT count(*) FROM customers WHERE NOT known) AS unknown_customers,
       (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM orders WHERE known) AS orders,
       (SELECT count(*) FROM reviews) AS reviews,
       (SELECT count(*) FROM articles) AS articles,
       (SELECT count(*) FROM decisions) AS decisions
"""


def counts(connection: Connection) -> Row:
    """How much of everything the store holds."""
    row = connection.execute(COUNTS).fetchone()
    assert row is not None
    return row
