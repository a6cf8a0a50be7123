"""WooCommerce's order exports as orders and customers: one row an order with its lines in cells, or one row a line. Knows no store.

WooCommerce itself exports no orders; its common export plugins do, under a few sets of names. Lines stand in `line_item_1`,
`line_item_2`, … or `line_items` (`name:Mug|sku:M1|quantity:2|total:19;…`), or in columns of their own, a row a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import orjson

from regulars.feeds.contract import Cells, Look, Notes, Places, Source, whole
from regulars.feeds.grouping import groups
from regulars.feeds.reader import Broken, Read
from regulars.feeds.said import amount, aware, by_email, when

_ADDRESS = {
    "address_1": "line1", "address_2": "line2", "city": "city", "state": "region", "state_code": "region",
    "postcode": "postcode", "country": "country", "country_code": "country",
}  # fmt: skip
_PARTS = {"First Name": "first", "Last Name": "last", "Full Name": "name", "Company": "company", "Address 1&2": "line1", "Address 1": "line1", "Address 2": "line2", "City": "city", "State Code": "region", "State Name": "region_name", "Postcode": "postcode", "Country Code": "country", "Country Name": "country_name", "Email": "email", "Phone": "phone"}  # fmt: skip
PLACES = Places(
    {
        "order_id": "id", "Order ID": "id", "order_number": "number", "Order Number": "number", "Order #": "number",
        "order_number_formatted": "number", "order_date": "placed_at", "Order Date": "placed_at", "date": "placed_at",
        "date_created": "placed_at", "paid_date": "paid_at", "date_paid": "paid_at", "date_completed": "completed_at",
        "status": "status", "order_status": "status", "Order Status": "status", "order_currency": "currency",
        "currency": "currency", "Currency": "currency", "order_total": "total", "Order Total Amount": "total",
        "total": "total", "shipping_total": "shipping", "Order Shipping Amount": "shipping", "order_shipping": "shipping",
        "refunded_total": "refunded", "Order Refund Amount": "refunded", "customer_id": "customer",
        "customer_user": "customer", "Customer User ID": "customer", "customer_email": "email", "billing_email": "email",
        "Email (Billing)": "email", "billing_first_name": "billing.first", "billing_last_name": "billing.last",
        "shipping_first_name": "address.first", "shipping_last_name": "address.last", "billing_phone": "billing.phone",
        "billing_company": "billing.company", "shipping_company": "address.company",
        "customer_note": "traits.customer_note", "Customer Note": "traits.customer_note",
        "payment_method": "traits.payment_method", "payment_method_title": "traits.payment_method_title",
        "Payment Method Title": "traits.payment_method_title", "shipping_method": "carrier",
        "Shipping Method Title": "carrier", "line_items": "items", "product_items": "items",
        "item_product_id": "lines.product", "item_name": "lines.title", "Item Name": "lines.title",
        "item_sku": "lines.sku", "SKU": "lines.sku", "item_quantity": "lines.quantity", "Quantity": "lines.quantity",
        "Quantity (- Refund)": "lines.quantity_after", "Item Cost": "lines.unit_price", "item_total": "lines.total",
        "item_subtotal": "lines.subtotal", "Product ID": "lines.product", "Variation ID": "lines.variation",
        "item_variation_id": "lines.variation", "Product Name": "lines.title", "Item #": None, "item_id": None,
        "customer_ip_address": None, "customer_user_agent": None, "transaction_id": None, "order_key": None,
        "download_permissions": None, "order_notes": None, "wt_import_key": None,
        **{f"billing_{theirs}": f"billing.{ours}" for theirs, ours in _ADDRESS.items()},
        **{f"shipping_{theirs}": f"address.{ours}" for theirs, ours in _ADDRESS.items()},
        **{f"{theirs} (Billing)": f"billing.{ours}" for theirs, ours in _PARTS.items() if ours != "email"},
        **{f"{theirs} (Shipping)": f"address.{ours}" for theirs, ours in _PARTS.items() if ours != "email"},
    },
    [
        (r"line_item_(\d+)", "item.{}"),
        (r"(?:tax|shipping|fee|coupon|refund)_items|(?:coupon|refund|fee)s?", None),
        (r"item_.+|Item .+", None),
        (r"meta:_.+", None),
    ],
    rest="traits",
)  # fmt: skip
SHOWN = {
    "number": "id", "email": "customer", "paid_at": "payments.at", "completed_at": "shipments", "refunded": "payments",
    "carrier": "shipments.carrier", "items": "lines", "lines.sku": "lines.variant", "lines.variation": "lines.variant",
    "lines.total": "lines.unit_price", "lines.subtotal": "lines.unit_price", "lines.quantity_after": "lines.quantity",
    "address.first": "address.name", "address.last": "address.name",
}  # fmt: skip
STATUSES = {
    "pending": "open", "on hold": "open", "checkout draft": "open", "draft": "open", "pending payment": "open",
    "processing": "paid", "completed": "shipped", "cancelled": "cancelled", "canceled": "cancelled", "failed": "cancelled",
    "refunded": "returned", "trash": "cancelled", "shipped": "shipped", "delivered": "delivered",
}  # fmt: skip


class WooCommerceOrders:
    name = "woocommerce-orders"
    title = "WooCommerce orders (CSV)"
    kinds = ("orders", "customers")
    flat = False

    def fits(self, look: Look) -> bool:
        numbered = look.some("order id", "order number", "order number formatted")
        telling = look.some("line items", "line item 1", "item name", "item sku", "product items", "billing email", "email (billing)", "billing first name", "order total amount", "order currency", "customer user", "shipping total")  # fmt: skip
        return look.physical in ("csv", "parquet") and numbered > 0 and telling >= 2 and not look.has("lineitem name")

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        if place is None:
            return None
        if kind == "customers":
            if place in ("customer", "email"):
                return "id" if place == "customer" else "email"
            if not place.startswith("billing."):
                return None
            part = place[8:]
            return "name" if part in ("first", "last", "name") else "phone" if part == "phone" else "addresses"
        if place.startswith("item."):
            return "lines"
        return None if place.startswith("billing.") else SHOWN.get(place, place)

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        if kind == "customers":
            yield from _customers(source, notes)
            return
        for group in groups(source.rows, _number, "the order's number is missing"):
            yield group if isinstance(group, Broken) else _order(group, notes)


FORMAT = WooCommerceOrders()


def _number(row: Read) -> str | None:
    number = ""
    for column, value in row.values.items():
        place = PLACES.of(column)
        if place in ("id", "number") and value not in (None, ""):
            text = str(value).strip()
            if place == "id":
                return text or None
            number = number or text
    return number or None


def _order(rows: list[Read], notes: Notes) -> Read | Broken:
    head = Cells()
    lines: list[dict[str, Any]] = []
    for row in rows:
        cells = PLACES.sort(row.values, notes)
        own = {place[6:]: value for place, value in cells.items() if place.startswith("lines.")}
        given = [own] if own else []
        for place, value in cells.items():
            if place == "items" or place.startswith("item."):
                given.extend(_written(value))
            elif place.startswith("billing."):
                notes.leave(cells.columns[place])
            elif not place.startswith("lines."):
                if place not in head:
                    head[place] = value
                    head.columns[place] = cells.columns[place]
                elif head[place] != value:
                    notes.leave(cells.columns[place])
        for one in given:
            line = _line(one, notes)
            if isinstance(line, str):
                return Broken(row.line, line, str(row.values)[:2_000])
            if line:
                lines.append(line)
    order: dict[str, Any] = {"id": _number(rows[0]), "lines": lines, "traits": {}}
    if "number" in head and head["number"] != order["id"]:
        order["traits"]["number"] = head["number"]
    customer = _customer_id(head)
    if customer:
        order["customer"] = customer
        if isinstance(customer, str) and "email" in head:
            order["traits"]["email"] = head["email"]
    elif "email" in head:
        notes.leave(head.columns["email"])
    if "placed_at" in head or "paid_at" in head:
        order["placed_at"] = when(head.get("placed_at") or head["paid_at"])
    if "currency" in head:
        order["currency"] = head["currency"]
    for place in ("total", "shipping"):
        if place in head:
            order[place] = amount(head[place])
    word = head.get("status", "").lower().removeprefix("wc-").replace("-", " ").replace("_", " ")
    if word and word not in STATUSES:
        notes.count(f"the status {word[:40]!r}: taken as open")
    order["status"] = STATUSES.get(word, "open") if word else "paid"
    payments: list[dict[str, Any]] = []
    if "paid_at" in head:
        payments.append(
            {"kind": "charge", "amount": order.get("total"), "status": "paid", "at": aware(head["paid_at"])}
        )
    refunded = amount(head.get("refunded", "0")).lstrip("-")
    if refunded.strip("0.") != "":
        payments.append({"kind": "refund", "amount": refunded, "status": "refunded"})
    order["payments"] = payments
    if "carrier" in head or "completed_at" in head:
        shipment = {"carrier": head.get("carrier", "")[:500] or None}
        if "completed_at" in head:
            shipment.update(status="shipped", shipped_at=aware(head["completed_at"]))
        order["shipments"] = [shipment]
    order["address"] = _address(
        {place[8:]: value for place, value in head.items() if place.startswith("address.")}, order["traits"], "shipping"
    )
    for place, value in head.items():
        if place.startswith("traits."):
            order["traits"][place[7:]] = value
    return Read(rows[0].line, order)


def _customer_id(cells: dict[str, str]) -> str | dict[str, str] | None:
    number = cells.get("customer", "").strip()
    if number and number != "0":
        return number
    return by_email(cells.get("email", ""))


def _address(parts: dict[str, str], traits: dict[str, Any], whose: str) -> dict[str, str] | None:
    own = ("line1", "line2", "city", "region", "postcode", "country")
    made: dict[str, str] = {name: parts[name][:512] for name in own if name in parts}
    name = parts.get("name") or " ".join(part for part in (parts.get("first"), parts.get("last")) if part)
    if name:
        made["name"] = name
    for long, short in (("region_name", "region"), ("country_name", "country")):
        if long in parts:
            made[short] = (
                f"{parts[long]} ({made[short]})" if short in made and made[short] != parts[long] else parts[long]
            )
    for extra in ("company", "phone"):
        if extra in parts:
            traits[f"{whose}_{extra}"] = parts[extra]
    return made or None


_PAIR = re.compile(r"\s*([A-Za-z_][\w \-]*?)\s*:\s*(.*?)\s*", re.DOTALL)
_LINE_NAMES = {
    "name": "title", "product_name": "title", "product_id": "product", "variation_id": "variation", "sku": "sku", "quantity": "quantity",
    "qty": "quantity", "total": "total", "subtotal": "subtotal", "sub_total": "subtotal", "price": "unit_price",
}  # fmt: skip


def _written(text: str) -> list[dict[str, str]]:
    """Lines as plugins write them in a cell: `name:Mug|sku:M1|quantity:2|total:19.00;name:…`, or as JSON."""
    if text.lstrip().startswith(("[", "{")):
        with suppress(orjson.JSONDecodeError):
            read = orjson.loads(text)
            return [_named(one) for one in (read if isinstance(read, list) else [read]) if isinstance(one, dict)]
    lines = []
    for part in re.split(r";(?=\s*(?:id|name|product_id|sku)\s*:)", text):
        if part.strip():
            pairs = {found[1]: found[2] for piece in part.split("|") if (found := _PAIR.fullmatch(piece))}
            lines.append(_named(pairs) if pairs else {"title": part.strip()})
    return lines


def _named(values: dict[str, Any]) -> dict[str, str]:
    own = {str(name).strip().lower().replace(" ", "_"): value for name, value in values.items()}
    return {ours: str(own[theirs]) for theirs, ours in _LINE_NAMES.items() if own.get(theirs) not in (None, "")} | {
        f"left.{name}": str(value) for name, value in own.items() if name not in _LINE_NAMES
    }


def _line(given: dict[str, str], notes: Notes) -> dict[str, Any] | str | None:
    line: dict[str, Any] = {}
    if given.get("title"):
        line["title"] = given["title"]
    quantity = 1
    if "quantity" in given or "quantity_after" in given:
        text = given.get("quantity") or given["quantity_after"]
        found = whole(text)
        if found is None:
            return f"quantity: {text[:40]!r} isn't a number"
        quantity = found
    line["quantity"] = quantity
    product = given.get("product", "")
    if product and product != "0":
        line["product"] = product
    variation, sku = given.get("variation", ""), given.get("sku", "")
    if sku:
        line["variant"] = {"namespace": "sku", "value": sku[:512]}
        if variation and variation != "0":
            notes.leave("variation_id")
    elif variation and variation != "0":
        line["variant"] = {"namespace": "woocommerce", "value": variation}
    total = given.get("total")
    if given.get("unit_price"):
        line["unit_price"] = amount(given["unit_price"])
        if total:
            notes.leave("line total")
    elif total or given.get("subtotal"):
        base = amount(given.get("subtotal") or total or "0")
        paid = amount(total or base)
        try:
            line["unit_price"] = f"{(Decimal(base) / (quantity or 1)).quantize(Decimal('0.0001')).normalize():f}"
            if Decimal(base) > Decimal(paid):
                line["discount"] = str(Decimal(base) - Decimal(paid))
        except ArithmeticError:
            line["unit_price"] = base
    for name in given:
        if name.startswith("left."):
            notes.leave(f"line_items.{name[5:]}")
    return line if "title" in line or "product" in line or "variant" in line else None


def _customers(source: Source, notes: Notes) -> Iterator[Read | Broken]:
    """Each customer once, as the first row in the file says. Remembers what it says of each."""
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for column in source.columns():
        if FORMAT.place("customers", column) is None:
            notes.leave(column, 0)
    for row in source.rows():
        if isinstance(row, Broken):
            yield row
            continue
        cells = PLACES.sort(row.values, Notes())
        customer, email = _customer_id(cells), by_email(cells.get("email", ""))
        if customer is None or str(customer) in found:
            continue
        traits: dict[str, Any] = {}
        billing = {place[8:]: value for place, value in cells.items() if place.startswith("billing.")}
        made: dict[str, Any] = {"id": customer, "traits": traits}
        if email:
            made["email"] = email["value"]
            if isinstance(customer, str):
                made["also_known_as"] = [email]
        phone = billing.pop("phone", None)
        if phone:
            made["phone"] = phone
        address = _address(billing, traits, "billing")
        if address:
            if "name" in address:
                made["name"] = address["name"]
            made["addresses"] = [address]
        found[str(customer)] = row.line, made
    for line, made in found.values():
        yield Read(line, made)
