"""Writing records and events: one statement each, the same for imports and for HTTP. Validation is done before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from regulars.schema.identity import DEFAULT_NAMESPACE
from regulars.store.database import Connection, Row, sql

APPEND_EVENTS = "SELECT accepted, duplicates, unresolved FROM append_events(%s::json, %s, %s)"
UPSERT_PRODUCTS = "SELECT upsert_products(%s::jsonb) AS outcome"
UPSERT_CUSTOMERS = "SELECT upsert_customers(%s::jsonb) AS outcome"
UPSERT_ORDERS = "SELECT upsert_orders(%s::jsonb, %s::json) AS outcome"
UPSERT_REVIEWS = "SELECT upsert_reviews(%s::jsonb) AS outcome"
UPSERT_CONVERSATIONS = "SELECT upsert_conversations(%s::jsonb) AS outcome"
UPSERT_ARTICLES = "SELECT upsert_articles(%s::jsonb) AS outcome"
PRODUCT_TITLES = """
SELECT DISTINCT ON (p.product_id, t.title) t.title, x.namespace, x.value
FROM products p JOIN external_ids x ON x.kind = 'product' AND x.id = p.product_id
CROSS JOIN LATERAL (SELECT value->>'title' AS title FROM jsonb_each(p.texts)) t
WHERE p.known AND t.title IS NOT NULL ORDER BY p.product_id, t.title, x.namespace <> 'shop', x.namespace, x.value
"""
BETTER_NAMES = "SELECT better_names(%s::text[], %s::text[]) AS names"


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


def named_together(rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The pairs of a product's name and a SKU in rows of events, each once: what BETTER_NAMES takes."""
    pairs = dict.fromkeys(
        (row["product"], row["variant"])
        for row in rows
        if row.get("product_namespace") == DEFAULT_NAMESPACE and row.get("variant_namespace") == "sku"
    )
    return [product for product, _ in pairs], [sku for _, sku in pairs]


def rename(
    rows: Sequence[dict[str, Any]], products: list[str], skus: list[str], names: list[str | None] | None
) -> None:
    """Names products in rows of events by what BETTER_NAMES found. The name that gives way is kept among the properties."""
    better = {pair: name for pair, name in zip(zip(products, skus, strict=True), names or [], strict=False) if name}
    for row in rows:
        name = better.get((row.get("product", ""), row.get("variant", "")))
        if name is None:
            continue
        if row["product"] != row["variant"]:
            row["properties"] = {**row.get("properties", {}), "product_id": row["product"]}
        if name == "parent":
            row["product_namespace"], row["product"] = "sku", row["variant"]
        else:
            del row["product_namespace"], row["product"]


def name_products(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Lets events that say a number and a SKU of a product name it by the one that is known."""
    products, skus = named_together(rows)
    if products:
        row = connection.execute(BETTER_NAMES, (products, skus)).fetchone()
        assert row is not None
        rename(rows, products, skus, row["names"])


def join_products(connection: Connection) -> int:
    """Moves what came before its product, under another of its names, to the product. Returns how many events moved."""
    row = connection.execute("SELECT join_products() AS moved").fetchone()
    assert row is not None
    return int(row["moved"])


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


def delete_article(connection: Connection, article_id: int) -> bool:
    """Takes an article away, with its names outside. Returns whether there was one."""
    connection.execute("DELETE FROM external_ids WHERE kind = 'article' AND id = %s", (article_id,))
    return connection.execute("DELETE FROM articles WHERE article_id = %s", (article_id,)).rowcount > 0
