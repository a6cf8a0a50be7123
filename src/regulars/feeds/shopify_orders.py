"""Shopify's order CSV as orders, and as the customers who placed them. Streams; knows no store.

An order is the rows of one `Name`; the first says what is the order's, each is a line. Shopify writes no customer number
here, so the e-mail address names the customer, in the namespace `email`, or without one the telephone number, in `phone`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regulars.feeds.contract import Cells, Look, Notes, Places, Source, truth, whole
from regulars.feeds.grouping import groups
from regulars.feeds.reader import Broken, Read
from regulars.feeds.said import amount, aware, by_email, by_phone, when

_ADDRESS = {"Name": "name", "Address1": "line1", "Address2": "line2", "City": "city", "Province": "region", "Province Name": "region_name", "Zip": "postcode", "Country": "country"}  # fmt: skip
PLACES = Places(
    {
        "Name": "id", "Email": "email", "Created at": "placed_at", "Paid at": "paid_at", "Currency": "currency",
        "Total": "total", "Shipping": "shipping", "Financial Status": "financial", "Fulfillment Status": "fulfilment",
        "Fulfilled at": "shipped_at", "Cancelled at": "cancelled_at", "Lineitem quantity": "lines.quantity",
        "Lineitem name": "lines.title", "Lineitem price": "lines.unit_price", "Lineitem sku": "lines.variant",
        "Lineitem discount": "lines.discount", "Refunded Amount": "refunded", "Accepts Marketing": "consent",
        "Phone": "phone", "Billing Phone": "billing.phone", "Shipping Phone": "address.phone",
        "Shipping Method": "carrier", "Id": "traits.shopify_id", "Tags": "traits.tags", "Notes": "traits.notes",
        "Discount Code": "traits.discount_code", "Discount Amount": "traits.discount_amount", "Subtotal": "traits.subtotal",
        "Taxes": "traits.taxes", "Source": "traits.source", "Payment Method": "traits.payment_method",
        **{f"Shipping {theirs}": f"address.{ours}" for theirs, ours in _ADDRESS.items()},
        **{f"Billing {theirs}": f"billing.{ours}" for theirs, ours in _ADDRESS.items()},
        "Shipping Street": None, "Billing Street": None,  # Address1 and Address2 once more
        "Shipping Company": "address.company", "Billing Company": "billing.company", "Vendor": None,
        "Note Attributes": None, "Payment Reference": None, "Payment References": None, "Payment ID": None,
        "Outstanding Balance": None, "Employee": None, "Location": None, "Device ID": None, "Risk Level": None,
        "Receipt Number": None, "Duties": None, "Payment Terms Name": None, "Next Payment Due At": None,
    },
    [(r"Lineitem .+", None), (r"Tax \d+ .+", None)],
    rest="traits",
)  # fmt: skip
SHOWN = {
    "email": "customer", "financial": "status", "fulfilment": "status", "cancelled_at": "status", "paid_at": "payments.at",
    "refunded": "payments", "shipped_at": "shipments", "carrier": "shipments.carrier", "address.region_name": "address.region",
}  # fmt: skip
CUSTOMER_SHOWN = {
    "email": "id", "consent": "consent.email", "phone": "phone", "billing.name": "name",
    **{f"billing.{name}": "addresses" for name in (*_ADDRESS.values(), "company")},
    "billing.phone": "phone",
}  # fmt: skip


class ShopifyOrders:
    name = "shopify-orders"
    title = "Shopify orders (CSV)"
    kinds = ("orders", "customers")
    flat = False

    def fits(self, look: Look) -> bool:
        return look.physical in ("csv", "parquet") and look.has("name", "lineitem name") and look.some("lineitem quantity", "lineitem price", "lineitem sku") > 0  # fmt: skip

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        if kind == "customers":
            return CUSTOMER_SHOWN.get(place or "")
        if place in ("phone", "billing.phone"):
            return "customer"
        if place is None or place.startswith("billing.") or place == "consent":
            return None
        return SHOWN.get(place, place)

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        if kind == "customers":
            yield from _customers(source, notes)
            return
        for group in groups(source.rows, _number, "the order's name is missing"):
            yield group if isinstance(group, Broken) else _order(group, notes)


FORMAT = ShopifyOrders()


def _number(row: Read) -> str | None:
    for column, value in row.values.items():
        if PLACES.of(column) == "id":
            return str(value).strip() or None if value is not None else None
    return None


def _order(rows: list[Read], notes: Notes) -> Read | Broken:
    head = Cells()
    lines: list[dict[str, Any]] = []
    for row in rows:
        cells = PLACES.sort(row.values, notes)
        line: dict[str, Any] = {}
        for place, value in cells.items():
            if place.startswith("lines."):
                line[place[6:]] = value
            elif (place.startswith("billing.") and place != "billing.phone") or place == "consent":
                notes.leave(cells.columns[place])
            elif place not in head:
                head[place] = value
                head.columns[place] = cells.columns[place]
            elif head[place] != value:
                notes.leave(cells.columns[place])
        if line:
            quantity = line.get("quantity")
            if quantity is not None and whole(quantity) is None:
                return Broken(row.line, f"Lineitem quantity: {quantity[:40]!r} isn't a number", str(row.values)[:2_000])
            lines.append(_line(line))
    order: dict[str, Any] = {"id": head["id"], "lines": lines, "traits": {}}
    customer, phone = by_email(head.get("email", "")), head.get("phone") or head.get("billing.phone", "")
    if customer is None:
        customer = by_phone(phone)
    elif phone:
        notes.leave(head.columns["phone" if "phone" in head else "billing.phone"])
    if customer:
        order["customer"] = customer
    elif "email" in head:
        notes.leave(head.columns["email"])
    for place in ("placed_at", "currency"):
        if place in head:
            order[place] = head[place]
    if "placed_at" not in order and "paid_at" in head:
        order["placed_at"] = head["paid_at"]
    if "placed_at" in order:
        order["placed_at"] = when(order["placed_at"])
    for place in ("total", "shipping"):
        if place in head:
            order[place] = amount(head[place])
    order["status"] = _status(head, notes)
    order["payments"] = _payments(head)
    if head.get("shipped_at") or head.get("carrier"):
        shipment: dict[str, Any] = {"carrier": head.get("carrier", "")[:500] or None}
        if "shipped_at" in head:
            shipment.update(status="shipped", shipped_at=aware(head["shipped_at"]))
        order["shipments"] = [shipment]
    address = {place[8:]: value for place, value in head.items() if place.startswith("address.")}
    order["address"] = _address(address, order["traits"])
    for place, value in head.items():
        if place.startswith("traits."):
            order["traits"][place[7:]] = value
    return Read(rows[0].line, order)


def _line(line: dict[str, Any]) -> dict[str, Any]:
    for name in ("unit_price", "discount"):
        if name in line:
            line[name] = amount(line[name])
    line["quantity"] = whole(line["quantity"]) if "quantity" in line else 1
    if "variant" in line:
        line["variant"] = {"namespace": "sku", "value": line["variant"].lstrip("'")[:512]}
    return line


def _address(address: dict[str, str], traits: dict[str, Any]) -> dict[str, str] | None:
    made = {
        name: value.lstrip("'")[:512]
        for name, value in address.items()
        if name in _ADDRESS.values() and name != "region_name"
    }
    region_name = address.get("region_name")
    if region_name:
        code = made.get("region")
        made["region"] = region_name if not code or code == region_name else f"{region_name} ({code})"
    for name in ("company", "phone"):
        if name in address:
            traits[f"shipping_{name}"] = address[name]
    return made or None


def _status(head: dict[str, str], notes: Notes) -> str:
    financial, fulfilment = head.get("financial", "").lower(), head.get("fulfilment", "").lower()
    if head.get("cancelled_at") or financial == "voided":
        return "cancelled"
    if financial == "refunded":
        return "returned"
    if fulfilment in ("fulfilled", "shipped"):
        return "shipped"
    if financial in ("paid", "partially_refunded", "partially refunded"):
        return "paid"
    if financial in ("pending", "authorized", "partially_paid", "unpaid", "expired", ""):
        return "open" if financial else "paid"
    notes.count(f"the financial status {financial[:40]!r}: taken as open")
    return "open"


def _payments(head: dict[str, str]) -> list[dict[str, Any]]:
    payments: list[dict[str, Any]] = []
    if head.get("paid_at"):
        payments.append({"kind": "charge", "amount": amount(head["total"]) if "total" in head else None, "status": "paid", "at": aware(head["paid_at"])})  # fmt: skip
    refunded = amount(head.get("refunded", "0"))
    if refunded.strip("0.") != "":
        payments.append({"kind": "refund", "amount": refunded, "status": "refunded"})
    return payments


def _customers(source: Source, notes: Notes) -> Iterator[Read | Broken]:
    """Each address once, as its newest row in the file says. Remembers what it says of each customer."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for column in source.columns():
        if FORMAT.place("customers", column) is None:
            notes.leave(column, 0)
    for row in source.rows():
        if isinstance(row, Broken):
            yield row
            continue
        cells = PLACES.sort(row.values, Notes())
        email = by_email(cells.get("email", ""))
        customer = email or by_phone(cells.get("phone") or cells.get("billing.phone", ""))
        if customer is None or customer["value"] in found:
            continue
        made: dict[str, Any] = {"id": customer}
        if email:
            made["email"] = email["value"]
        if "billing.name" in cells:
            made["name"] = cells["billing.name"]
        phone = cells.get("phone") or cells.get("billing.phone")
        if phone:
            made["phone"] = phone.lstrip("'")
        address = _address({place[8:]: value for place, value in cells.items() if place.startswith("billing.")}, {})
        if address:
            made["addresses"] = [address]
        agreed = truth(cells.get("consent"))
        if agreed is not None:
            made["consent"] = [{"purpose": "email", "granted": agreed, "source": "Shopify order"}]
        if "billing.company" in cells:
            made["traits"] = {"company": cells["billing.company"]}
        found[customer["value"]] = row.line, made
    for line, made in found.values():
        yield Read(line, made)
