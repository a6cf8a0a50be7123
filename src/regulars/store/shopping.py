"""What a shopper reads and does in the shop's records: variants, reviews, own orders; and placing an order.

Placing is one transaction: stock is looked at and taken, order and events are written, or nothing is. The same order id
twice is one order. Knows no page and no price but the database's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regulars.schema.identity import ExternalId
from regulars.store import records
from regulars.store.database import AsyncConnection, AsyncPool, Row, sql, translated

MAX_REVIEWS = 12
MAX_ORDERS = 50

READ_VARIANTS = """
SELECT v.variant_id, v.product_id, v.sku, v.options, v.price, v.compare_at, v.currency::text AS currency,
       coalesce(v.exponent, 2) AS exponent, v.stock, v.pictures,
       (SELECT ARRAY[x.namespace, x.value] FROM external_ids x WHERE x.id = v.variant_id AND x.kind = 'variant'
        ORDER BY x.namespace <> 'shop', x.namespace, x.value LIMIT 1) AS name
FROM variants v WHERE v.product_id = ANY(%s) ORDER BY v.product_id, v.place
"""
READ_REVIEWS = """
SELECT r.rating, r.title, r.body, r.locale, r.written_at, count(*) OVER () AS many,
       avg(r.rating) OVER () AS mean
FROM reviews r WHERE r.product_id = %s ORDER BY r.written_at DESC, r.review_id DESC LIMIT %s
"""
_LINES = """
       (SELECT coalesce(json_agg(json_build_object('product_id', l.product_id, 'title', l.title, 'quantity', l.quantity,
               'unit_price', l.unit_price, 'options', v.options) ORDER BY l.line), '[]')
        FROM order_lines l LEFT JOIN variants v ON v.variant_id = l.variant_id WHERE l.order_id = o.order_id) AS lines
"""
_ORDER = f"""
SELECT o.order_id, o.customer_id, o.visitor_id, o.placed_at, o.status, o.currency::text AS currency,
       coalesce(o.exponent, 2) AS exponent, o.total, o.shipping,
       (SELECT x.value FROM external_ids x WHERE x.id = o.order_id AND x.kind = 'order' ORDER BY x.namespace LIMIT 1) AS name,
       {_LINES}
FROM orders o
"""
READ_ORDERS_OF_CUSTOMER = _ORDER + "WHERE o.customer_id = %s AND o.known ORDER BY o.placed_at DESC LIMIT %s"
# Orders have no index by visitor: a browser's are found by the events that they put on its timeline.
READ_ORDERS_OF_VISITOR = (
    _ORDER
    + """WHERE o.known AND o.order_id IN (SELECT e.order_id FROM events e
         WHERE e.visitor_id = %s AND e.customer_id IS NULL AND e.type = 'purchase' AND e.order_id IS NOT NULL)
    ORDER BY o.placed_at DESC LIMIT %s"""
)
READ_ORDER = (
    _ORDER
    + "WHERE o.known AND o.order_id = (SELECT id FROM external_ids WHERE (kind, namespace, value) = ('order', %s, %s))"
)
_ONCE = "SELECT pg_advisory_xact_lock(hashtext('place_order'), hashtext(%s))"
_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtext('identities'))"  # see 0001_records.sql
_LOCK_PRODUCTS = """
SELECT product_id, known AND status = 'active' AS for_sale FROM products WHERE product_id = ANY(%s)
ORDER BY product_id FOR UPDATE
"""
_LOCK_VARIANTS = """
SELECT variant_id, product_id, stock, price FROM variants WHERE variant_id = ANY(%s) ORDER BY variant_id FOR UPDATE
"""
_TAKE = """
UPDATE variants v SET stock = v.stock - w.quantity
FROM unnest(%s::bigint[], %s::integer[]) AS w (variant_id, quantity)
WHERE v.variant_id = w.variant_id AND v.stock IS NOT NULL
"""
# The fingerprint stays: the same product file imported again must not bring sold pieces back.
_TELL = """
WITH c AS (INSERT INTO changes (change_id, kind, tables) VALUES (nextval('change_ids'), 'join', '{products}') RETURNING change_id)
UPDATE products SET updated_at = now(), change_id = (SELECT change_id FROM c) WHERE product_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be put in a cart. key: how forms name it among its product's variants."""

    variant_id: int
    product_id: int
    key: str
    name: ExternalId | None
    options: dict[str, str]
    price: int | None
    compare_at: int | None
    currency: str | None
    exponent: int
    stock: int | None
    pictures: list[dict[str, Any]]

    @property
    def in_stock(self) -> bool:
        return self.stock is None or self.stock > 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of an order to be placed. price: minor units, as it was shown."""

    product_id: int
    variant_id: int
    quantity: int
    price: int


@dataclass(frozen=True, slots=True)
class Short:
    """A line that can't be had as wanted. left: pieces there are; None: the product or its price isn't as shown any more."""

    variant_id: int
    left: int | None


def variant_of(row: Row) -> Variant:
    options = {str(name): str(value) for name, value in (row["options"] or {}).items()}
    key = row["sku"] or " / ".join(options.values())
    name = ExternalId(*row["name"]) if row["name"] else None
    return Variant(
        row["variant_id"],
        row["product_id"],
        key,
        name,
        options,
        row["price"],
        row["compare_at"],
        row["currency"],
        row["exponent"],
        row["stock"],
        row["pictures"] or [],
    )


async def variants(pool: AsyncPool, product_ids: Sequence[int]) -> dict[int, list[Variant]]:
    """By product, in the shop's order. Raises: DatabaseUnavailable."""
    found: dict[int, list[Variant]] = {product_id: [] for product_id in product_ids}
    if product_ids:
        for row in await pool.fetch(READ_VARIANTS, (list(product_ids),)):
            found[row["product_id"]].append(variant_of(row))
    return found


async def place(
    connection: AsyncConnection, order_id: ExternalId, wanted: Sequence[Wanted], order: dict[str, Any], events: Any
) -> list[Short]:
    """Places the order, in one transaction. What it returns can't be had; then nothing was written.

    order, events: as `rows.order_rows` makes them. An order of this id that was placed before stays as it is.
    Raises: DatabaseUnavailable.
    """
    with translated():
        async with connection.transaction():
            await connection.execute(sql(_SHARED))
            await connection.execute(_ONCE, (f"{order_id.namespace}:{order_id.value}",))
            if await (await connection.execute(sql(READ_ORDER), tuple(order_id))).fetchone():
                return []
            short = await _missing(connection, wanted)
            if short:
                return short
            await connection.execute(sql(_TAKE), ([w.variant_id for w in wanted], [w.quantity for w in wanted]))
            await connection.execute(sql(_TELL), ([w.product_id for w in wanted],))
            await connection.execute(
                sql(records.UPSERT_ORDERS), (records.as_json([order]), records.as_json(list(events)))
            )
    return []


async def _missing(connection: AsyncConnection, wanted: Sequence[Wanted]) -> list[Short]:
    """Locks products and variants, in one order for all, and looks whether each line can be had."""
    products = await connection.execute(sql(_LOCK_PRODUCTS), (sorted({one.product_id for one in wanted}),))
    for_sale = {row["product_id"] for row in await products.fetchall() if row["for_sale"]}
    locked = await connection.execute(sql(_LOCK_VARIANTS), (sorted({one.variant_id for one in wanted}),))
    there = {row["variant_id"]: row for row in await locked.fetchall()}
    out = []
    for one in wanted:
        row = there.get(one.variant_id)
        if row is None or row["product_id"] != one.product_id or one.product_id not in for_sale:
            out.append(Short(one.variant_id, None))
        elif row["stock"] is not None and row["stock"] < one.quantity:
            out.append(Short(one.variant_id, max(0, row["stock"])))
        elif row["price"] != one.price:
            out.append(Short(one.variant_id, None))
    return out
