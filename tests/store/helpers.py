"""Short ways to write records and events, and an independent look at whether the mirror equals the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from regulars.schema import Customer, Event, Order, Product, Review, ShopSettings
from regulars.store import records, rows
from regulars.store.database import Database
from regulars.store.mirror import Mirror

SETTINGS = ShopSettings()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ask(database: Database, statement: str, *values: Any) -> list[dict[str, Any]]:
    with database.connect(autocommit=True) as connection:
        return connection.execute(statement, values or None).fetchall()  # type: ignore[call-overload]


def one(database: Database, statement: str, *values: Any) -> Any:
    """The single value that a statement gives."""
    (row,) = ask(database, statement, *values)
    (value,) = row.values()
    return value


def event_rows(*events: dict[str, Any], received: datetime = NOW) -> list[dict[str, Any]]:
    clock = rows.Clock.of(SETTINGS, received)
    return [rows.event_row(Event.model_validate(event), clock, SETTINGS) for event in events]


def track(database: Database, *events: dict[str, Any], received: datetime = NOW) -> records.Appended:
    with database.connect() as connection:
        return records.append_events(connection, event_rows(*events, received=received), "test", received)


def view(customer: str | None, product: str | None, minute: int = 0, **more: Any) -> dict[str, Any]:
    event = {"type": "view", "customer": customer, "product": product, "occurred_at": f"2026-03-01T11:{minute:02}:00Z"}
    return {**{name: value for name, value in event.items() if value is not None}, **more}


def products(database: Database, *given: dict[str, Any]) -> list[str]:
    batch = [rows.product_row(Product.model_validate({"title": "Thing", **one_of}), SETTINGS) for one_of in given]
    with database.connect() as connection:
        return records.upsert(connection, records.UPSERT_PRODUCTS, batch)


def customers(database: Database, *given: dict[str, Any]) -> list[str]:
    batch = [rows.customer_row(Customer.model_validate(one_of), ShopSettings()) for one_of in given]
    with database.connect() as connection:
        return records.upsert(connection, records.UPSERT_CUSTOMERS, batch)


def orders(database: Database, *given: dict[str, Any]) -> list[str]:
    clock = rows.Clock.of(SETTINGS, NOW)
    pairs = [rows.order_rows(Order.model_validate(one_of), clock, SETTINGS) for one_of in given]
    events = [event for _, made in pairs for event in made]
    with database.connect() as connection:
        return records.upsert(connection, records.UPSERT_ORDERS, [row for row, _ in pairs], events)


def reviews(database: Database, *given: dict[str, Any]) -> list[str]:
    clock = rows.Clock.of(SETTINGS, NOW)
    batch = [rows.review_row(Review.model_validate(one_of), clock) for one_of in given]
    with database.connect() as connection:
        return records.upsert(connection, records.UPSERT_REVIEWS, batch)


def number(database: Database, kind: str, value: str, namespace: str = "shop") -> int:
    """Our id of an external one."""
    found: int = one(
        database,
        "SELECT id FROM external_ids WHERE kind = %s AND namespace = %s AND value = %s",
        kind,
        namespace,
        value,
    )
    return found


# What a copy must say of each table, told in SQL of this file's own.
_STORE = {
    "events": "SELECT event_id, message_id::text, type, occurred_at, received_at, clock, customer_id, visitor_id, session,"
    " product_id, variant_id, order_id, quantity, amount, currency::text, exponent, decision_id::text, position, surface,"
    " properties, source FROM events",
    "decisions": "SELECT decision_id::text, at, surface, customer_id, visitor_id, context_product_id, mode, model_version,"
    " policy, seed, arm, product_ids, scores, propensities, sources FROM decisions",
    "products": "SELECT p.product_id, known, status, texts, brand, category, attributes, created_at, updated_at,"
    " min(v.price) AS price FROM products p LEFT JOIN variants v USING (product_id) GROUP BY p.product_id",
    "customers": "SELECT customer_id, known, locale, traits, created_at FROM customers",
    "orders": "SELECT order_id, known, customer_id, visitor_id, placed_at, status, o.currency::text, exponent, total,"
    " array_agg(product_id ORDER BY line) FILTER (WHERE line IS NOT NULL) AS product_ids,"
    " array_agg(quantity ORDER BY line) FILTER (WHERE line IS NOT NULL) AS quantities,"
    " array_agg(unit_price ORDER BY line) FILTER (WHERE line IS NOT NULL) AS unit_prices"
    " FROM orders o LEFT JOIN order_lines USING (order_id) GROUP BY order_id",
    "reviews": "SELECT review_id, product_id, customer_id, rating, title, body, locale, written_at FROM reviews",
}
_JSON = {"properties", "texts", "attributes", "traits"}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, float):
        return float(f"{value:.6g}")  # four bytes in the store, eight in Python: the same number
    if isinstance(value, list):
        return [_plain(name, item) for item in value]
    if name in _JSON and isinstance(value, str):
        return json.loads(value)
    return value


def _sorted(rows_of: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps({n: _plain(n, v) for n, v in row.items()}, sort_keys=True, default=str) for row in rows_of)


def differences(database: Database, mirror: Mirror) -> dict[str, tuple[list[str], list[str]]]:
    """By table: rows that only the store has, rows that only the mirror has. Empty when they are equal."""
    found = {}
    with mirror.read() as copy:
        for table, statement in _STORE.items():
            truth = _sorted(ask(database, statement))
            cursor = copy.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            held = _sorted([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
            if truth != held:
                missing, extra = list(truth), []
                for row in held:
                    if row in missing:
                        missing.remove(row)
                    else:
                        extra.append(row)
                found[table] = (missing, extra)
    return found


def bytes_of(folder: Path) -> list[Path]:
    """Every Parquet file that lies in a mirror's folder, counted by its manifest or not."""
    return sorted(folder.glob("*.parquet*"))
