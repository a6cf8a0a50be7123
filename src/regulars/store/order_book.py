"""What the assistant's executor reads of one customer: who they are, their orders whole, ways to pay, what a variant costs.

Reads only, each time anew: what was true a second ago may not be. Knows no policy. `lock` holds the rows until the transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from regulars.schema import ExternalId
from regulars.store.database import Connection, Row, sql

GIFT_KINDS = ("gift_card", "store_credit")
"""Ways to pay that hold money themselves."""

MAX_ORDERS = 50


@dataclass(frozen=True, slots=True)
class Method:
    """A way to pay. balance: minor units left, for what holds money itself; None where it isn't counted."""

    method_id: int
    name: ExternalId | None
    kind: str
    label: str | None
    last4: str | None
    default: bool
    balance: int | None

    @property
    def holds_money(self) -> bool:
        return self.kind in GIFT_KINDS


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that can be bought. price: minor units. for_sale: its product is active. stock: None = not counted."""

    variant_id: int
    product_id: int
    name: ExternalId | None
    sku: str | None
    options: dict[str, str]
    price: int | None
    currency: str | None
    stock: int | None
    for_sale: bool
    titles: dict[str, str]

    @property
    def in_stock(self) -> bool:
        return self.for_sale and (self.stock is None or self.stock > 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order. unit_price: minor units, as it was paid, without the line's discount."""

    line: int
    product_id: int | None
    variant_id: int | None
    variant: ExternalId | None
    product: ExternalId | None
    title: str | None
    titles: dict[str, str]
    options: dict[str, str]
    category: tuple[str, ...]
    quantity: int
    unit_price: int | None
    discount: int | None

    @property
    def paid(self) -> int | None:
        """Minor units for all of its pieces; None where the price isn't known."""
        return None if self.unit_price is None else self.unit_price * self.quantity - (self.discount or 0)


@dataclass(frozen=True, slots=True)
class Paid:
    """Money that came in (charge) or went back (refund)."""

    place: int
    method_id: int | None
    kind: str
    amount: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment."""

    carrier: str | None
    tracking: str | None
    status: str
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order, whole. done: how often each action was done to it."""

    order_id: int
    name: ExternalId | None
    customer_id: int | None
    placed_at: datetime
    status: str
    currency: str
    exponent: int
    total: int | None
    shipping: int | None
    address: dict[str, Any] | None
    lines: tuple[Line, ...]
    payments: tuple[Paid, ...]
    parcels: tuple[Parcel, ...]
    done: dict[str, int]

    @property
    def delivered_at(self) -> datetime | None:
        """When the last of its parcels came; None while one is missing or nothing is known."""
        times = [parcel.delivered_at for parcel in self.parcels]
        known = [time for time in times if time is not None]
        return max(known) if known and len(known) == len(times) else None

    @property
    def worth(self) -> int | None:
        """What was paid for it: its charges less its refunds, else its total, else its lines. Minor units."""
        charged = [one for one in self.payments if one.amount is not None and one.status != "failed"]
        if any(one.kind == "charge" for one in charged):
            return sum((one.amount or 0) * (1 if one.kind == "charge" else -1) for one in charged)
        if self.total is not None:
            return self.total
        paid = [line.paid for line in self.lines]
        return None if any(one is None for one in paid) else sum(one or 0 for one in paid) + (self.shipping or 0)


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom an action is for."""

    customer_id: int
    name: str | None
    email: str | None
    locale: str | None
    addresses: tuple[dict[str, Any], ...]
    methods: tuple[Method, ...]

    def method(self, method_id: int | None) -> Method | None:
        return next((one for one in self.methods if one.method_id == method_id), None)


_NAME = """(SELECT ARRAY[x.namespace, x.value] FROM external_ids x WHERE x.kind = '{kind}' AND x.id = {of}
        ORDER BY x.namespace <> 'shop', x.namespace, x.value LIMIT 1)"""
_TITLES = "(SELECT jsonb_object_agg(key, value->>'title') FROM jsonb_each(p.texts))"
READ_ORDER = f"""
SELECT o.order_id, {_NAME.format(kind="order", of="o.order_id")} AS name, o.customer_id, o.placed_at, o.status,
       o.currency::text AS currency, coalesce(o.exponent, 2) AS exponent, o.total, o.shipping, o.address
FROM orders o WHERE o.order_id = ANY(%s) AND o.known ORDER BY o.order_id
"""
READ_LINES = f"""
SELECT l.order_id, l.line, l.product_id, l.variant_id, l.title, l.quantity, l.unit_price, l.discount, v.options, p.category,
       {_NAME.format(kind="variant", of="l.variant_id")} AS variant,
       {_NAME.format(kind="product", of="l.product_id")} AS product, {_TITLES} AS titles
FROM order_lines l LEFT JOIN variants v ON v.variant_id = l.variant_id LEFT JOIN products p ON p.product_id = l.product_id
WHERE l.order_id = ANY(%s) ORDER BY l.order_id, l.line
"""
READ_PAYMENTS = """
SELECT order_id, place, payment_method_id, kind, amount, status FROM payments WHERE order_id = ANY(%s) ORDER BY order_id, place
"""
READ_PARCELS = """
SELECT order_id, carrier, tracking, status, shipped_at, delivered_at FROM shipments WHERE order_id = ANY(%s) ORDER BY order_id, place
"""
READ_DONE = """
SELECT order_id, name, count(*) AS times FROM actions WHERE order_id = ANY(%s) AND state = 'done' GROUP BY 1, 2
"""
READ_PROFILE = "SELECT customer_id, name, email, locale, addresses FROM customers WHERE customer_id = %s AND known"
READ_METHODS = f"""
SELECT m.payment_method_id, {_NAME.format(kind="payment_method", of="m.payment_method_id")} AS name, m.kind, m.label,
       m.last4, m.is_default, m.balance
FROM payment_methods m WHERE m.customer_id = %s ORDER BY m.payment_method_id
"""
_VARIANT = f"""
SELECT v.variant_id, v.product_id, {_NAME.format(kind="variant", of="v.variant_id")} AS name, v.sku, v.options, v.price,
       v.currency::text AS currency, v.stock, p.known AND p.status = 'active' AS for_sale, {_TITLES} AS titles
FROM variants v JOIN products p ON p.product_id = v.product_id
"""
READ_VARIANT = _VARIANT + "WHERE v.variant_id = %s"
READ_VARIANTS_OF = _VARIANT + "WHERE v.product_id = %s ORDER BY v.place"
READ_ORDER_IDS = """
SELECT o.order_id FROM orders o WHERE o.customer_id = %s AND o.known ORDER BY o.placed_at DESC, o.order_id DESC LIMIT %s
"""
FIND_BY_EMAIL = (
    "SELECT customer_id FROM customers WHERE lower(email) = lower(%s) AND known ORDER BY customer_id LIMIT 2"
)
FIND_BY_NAME = """
SELECT customer_id, addresses FROM customers
WHERE lower(regexp_replace(btrim(name), '\\s+', ' ', 'g')) = lower(%s) AND known ORDER BY customer_id LIMIT 200
"""


def read_order(connection: Connection, order_id: int, *, lock: bool = False) -> OrderView | None:
    """An order with all that belongs to it; None when there is none by this id."""
    return _whole(connection, [order_id], lock=lock).get(order_id)


def read_orders(connection: Connection, customer_id: int, most: int = MAX_ORDERS) -> list[OrderView]:
    """A customer's orders, the latest first."""
    ids = [row["order_id"] for row in connection.execute(READ_ORDER_IDS, (customer_id, most))]
    found = _whole(connection, ids)
    return [found[one] for one in ids if one in found]


def _whole(connection: Connection, ids: list[int], *, lock: bool = False) -> dict[int, OrderView]:
    """Orders by their ids, each with all that belongs to it: as many questions to the database for twenty as for one."""
    rows = connection.execute(sql(READ_ORDER + (" FOR UPDATE OF o" if lock else "")), (ids,)).fetchall() if ids else []
    if not rows:
        return {}
    lines, payments, parcels, done = (
        _by_order(connection.execute(sql(query), (ids,)).fetchall())
        for query in (READ_LINES, READ_PAYMENTS, READ_PARCELS, READ_DONE)
    )
    out: dict[int, OrderView] = {}
    for row in rows:
        one = row["order_id"]
        out[one] = OrderView(
            one,
            _name(row["name"]),
            row["customer_id"],
            row["placed_at"],
            row["status"],
            row["currency"] or "",
            row["exponent"],
            row["total"],
            row["shipping"],
            row["address"],
            tuple(_line(each) for each in lines.get(one, ())),
            tuple(
                Paid(each["place"], each["payment_method_id"], each["kind"], each["amount"], each["status"])
                for each in payments.get(one, ())
            ),
            tuple(
                Parcel(each["carrier"], each["tracking"], each["status"], each["shipped_at"], each["delivered_at"])
                for each in parcels.get(one, ())
            ),
            {each["name"]: each["times"] for each in done.get(one, ())},
        )
    return out


def _by_order(rows: list[Row]) -> dict[int, list[Row]]:
    out: dict[int, list[Row]] = {}
    for row in rows:
        out.setdefault(row["order_id"], []).append(row)
    return out


def read_profile(connection: Connection, customer_id: int, *, lock: bool = False) -> Profile | None:
    """Who a customer is and how they can pay; None when no record describes them."""
    row = connection.execute(sql(READ_PROFILE + (" FOR UPDATE" if lock else "")), (customer_id,)).fetchone()
    if row is None:
        return None
    methods = connection.execute(sql(READ_METHODS), (customer_id,)).fetchall()
    return Profile(
        row["customer_id"],
        row["name"],
        row["email"],
        row["locale"],
        tuple(row["addresses"]),
        tuple(
            Method(
                one["payment_method_id"],
                _name(one["name"]),
                one["kind"],
                one["label"],
                one["last4"],
                one["is_default"],
                one["balance"],
            )
            for one in methods
        ),
    )


def read_variant(connection: Connection, variant_id: int) -> Variant | None:
    row = connection.execute(sql(READ_VARIANT), (variant_id,)).fetchone()
    return None if row is None else _variant(row)


def read_variants(connection: Connection, product_id: int) -> list[Variant]:
    """A product's variants in the shop's order."""
    return [_variant(row) for row in connection.execute(sql(READ_VARIANTS_OF), (product_id,))]


def cancelled(connection: Connection, names: Sequence[str]) -> list[str]:
    """Those of the shop's orders by these names that were cancelled."""
    found = connection.execute(
        "SELECT x.value FROM external_ids x JOIN orders o ON o.order_id = x.id"
        " WHERE x.kind = 'order' AND x.namespace = 'shop' AND x.value = ANY(%s) AND o.status = 'cancelled'",
        (list(names),),
    ).fetchall()
    return [row["value"] for row in found]


def find_by_email(connection: Connection, email: str) -> int | None:
    """The one customer with this address; None for nobody and for several."""
    found = connection.execute(FIND_BY_EMAIL, (email.strip(),)).fetchall()
    return found[0]["customer_id"] if len(found) == 1 else None


def find_by_name(connection: Connection, name: str, postcode: str) -> int | None:
    """The one customer of this name with this postcode in an address; None for nobody and for several."""
    wanted = _plain(postcode)
    if not wanted or not name.strip():
        return None
    found = [
        row["customer_id"]
        for row in connection.execute(FIND_BY_NAME, (" ".join(name.split()),))
        if any(_plain(str(address.get("postcode") or "")) == wanted for address in row["addresses"])
    ]
    return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    return "".join(text.split()).replace("-", "").casefold()


def _name(value: list[str] | None) -> ExternalId | None:
    return ExternalId(*value) if value else None


def _options(value: dict[str, Any] | None) -> dict[str, str]:
    return {str(name): str(one) for name, one in (value or {}).items()}


def _line(row: Row) -> Line:
    return Line(
        row["line"],
        row["product_id"],
        row["variant_id"],
        _name(row["variant"]),
        _name(row["product"]),
        row["title"],
        {key: value for key, value in (row["titles"] or {}).items() if value},
        _options(row["options"]),
        tuple(row["category"] or ()),
        row["quantity"],
        row["unit_price"],
        row["discount"],
    )


def _variant(row: Row) -> Variant:
    return Variant(
        row["variant_id"],
        row["product_id"],
        _name(row["name"]),
        row["sku"],
        _options(row["options"]),
        row["price"],
        row["currency"],
        row["stock"],
        row["for_sale"],
        {key: value for key, value in (row["titles"] or {}).items() if value},
    )
