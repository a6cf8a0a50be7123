"""The Online Retail layout (UCI, CC0; one row an order line) as products, customers and orders. Streams; knows no store.

Columns: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country. An invoice whose number
begins with C takes goods back. Codes such as POST, D or M are charges, not products.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from regulars.feeds.contract import Look, Notes, Source
from regulars.feeds.grouping import groups
from regulars.feeds.reader import Broken, Read

COLUMNS = frozenset({"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"})
CURRENCY = "GBP"
# A product's code has five digits and perhaps letters; gift vouchers and dotcom gift sets are sold too.
_PRODUCT_CODE = re.compile(r"\d{5,6}[A-Za-z]{0,2}|gift_\d+_\d+|DCGS\w+", re.IGNORECASE)
# What staff wrote over a description when stock was lost; real descriptions are upper case.
_NOTE = re.compile(r"[a-z]")


_PLACES = {
    "products": {"StockCode": "id", "Description": "title", "UnitPrice": "price"},
    "customers": {"CustomerID": "id", "Country": "traits.country"},
    "orders": {
        "InvoiceNo": "id",
        "StockCode": "lines.product",
        "Description": "lines.title",
        "Quantity": "lines.quantity",
        "InvoiceDate": "placed_at",
        "UnitPrice": "lines.unit_price",
        "CustomerID": "customer",
    },
}


class OnlineRetail:
    name = "online-retail"
    title = "Online Retail (UCI)"
    kinds = ("products", "customers", "orders")
    flat = False

    def fits(self, look: Look) -> bool:
        return look.physical in ("csv", "parquet") and look.columns >= COLUMNS

    def place(self, kind: str, column: str) -> str | None:
        return _PLACES[kind].get(column)

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        for column in source.columns():
            if column not in _PLACES[kind]:
                notes.leave(column, 0)  # named, not counted: most of a line says nothing of this kind
        if kind == "products":
            return _products(source)
        return _customers(source) if kind == "customers" else _orders(source)


FORMAT = OnlineRetail()


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value).strip()
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _moment(value: Any) -> datetime | str:
    """The CSV edition writes 12/1/2010 8:26, month first."""
    if isinstance(value, datetime):
        return value
    text = _text(value)
    try:
        return datetime.strptime(text, "%m/%d/%Y %H:%M")
    except ValueError:
        return text


def _products(source: Source) -> Iterator[Read | Broken]:
    """One product a stock code: its newest real description and newest positive price. Memory: one entry a product."""
    best: dict[str, dict[str, Any]] = {}
    line_of: dict[str, int] = {}
    for row in source.rows():
        if isinstance(row, Broken):
            yield row
            continue
        code = _text(row.values.get("StockCode"))
        if not _PRODUCT_CODE.fullmatch(code):
            continue
        entry = best.setdefault(code, {"id": code})
        line_of.setdefault(code, row.line)
        title = " ".join(_text(row.values.get("Description")).split())
        if title and (not _NOTE.search(title) or "title" not in entry):
            entry["title"] = title
        price = _number(row.values.get("UnitPrice"))
        if price is not None and price > 0:
            entry["price"] = f"{price:.2f}"
    for code, entry in best.items():
        if "title" in entry:
            yield Read(line_of[code], {**entry, "currency": CURRENCY, "sku": code})


def _customers(source: Source) -> Iterator[Read | Broken]:
    seen: dict[str, tuple[int, str]] = {}
    for row in source.rows():
        if isinstance(row, Broken):
            yield row
            continue
        customer = _text(row.values.get("CustomerID"))
        if customer:
            seen.setdefault(customer, (row.line, _text(row.values.get("Country"))))
    for customer, (line, country) in seen.items():
        yield Read(line, {"id": customer, "traits": {"country": country} if country else {}})


def _invoice(row: Read) -> str | None:
    return _text(row.values.get("InvoiceNo")) or None


def _orders(source: Source) -> Iterator[Read | Broken]:
    for group in groups(source.rows, _invoice):
        if isinstance(group, Broken):
            yield group
            continue
        first = group[0].values
        invoice = _text(first.get("InvoiceNo"))
        lines: list[dict[str, Any]] = []
        order: dict[str, Any] = {
            "id": invoice,
            "placed_at": _moment(first.get("InvoiceDate")),
            "status": "returned" if invoice.upper().startswith("C") else "paid",
            "currency": CURRENCY,
            "lines": lines,
        }
        customer = _text(first.get("CustomerID"))
        if customer:
            order["customer"] = customer
        for row in group:
            values = row.values
            quantity = _number(values.get("Quantity"))
            if quantity is None:
                reason = f"Quantity: {_text(values.get('Quantity'))!r} isn't a number"
                yield Broken(row.line, reason, str(values)[:500])
                continue
            code = _text(values.get("StockCode"))
            line: dict[str, Any] = {"quantity": int(quantity), "title": _text(values.get("Description")) or code}
            if _PRODUCT_CODE.fullmatch(code):
                line["product"] = code
            price = _number(values.get("UnitPrice"))
            if price is not None:
                line["unit_price"] = f"{price:.4f}".rstrip("0").rstrip(".")
            lines.append(line)
        yield Read(group[0].line, order)
