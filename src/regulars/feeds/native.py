"""Our own layout: flat rows (CSV, Parquet) or nested ones (JSON lines) to records. Reads no files, writes nothing.

A column named like a field is that field; `title.zh`, `attributes.colour`, `options.size` or `id.namespace` reach inside.
What has no field of its own is kept where a record keeps such things: attributes, traits, properties. Where a record keeps
none (reviews, articles) its column is named in the report.
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from regulars.feeds.amounts import read_amount
from regulars.schema import Article, Conversation, Customer, Event, Order, Product, Review
from regulars.store.rows import FieldError

KINDS: dict[str, type[BaseModel]] = {
    "products": Product,
    "customers": Customer,
    "events": Event,
    "orders": Order,
    "reviews": Review,
    "articles": Article,
    "conversations": Conversation,
}
LEFTOVERS = {"products": "attributes", "customers": "traits", "events": "properties", "orders": "traits"}
ORDER_LINE = ("product", "variant", "quantity", "unit_price", "discount", "title")
FIELDS = {kind: frozenset(model.model_fields) for kind, model in KINDS.items()}
_AMOUNTS = frozenset({"price", "compare_at_price", "cost", "total", "shipping"})
_LINE_AMOUNTS = frozenset({"unit_price", "discount"})
_JSON_CELLS = frozenset({"pictures", "variants", "also_known_as", "addresses", "payment_methods", "consent", "lines", "payments", "shipments", "messages", "tags", "attributes", "traits", "properties", "options", "title", "description", "id", "customer", "product", "variant", "order", "address", "category"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """A row that can't become a record: the field, and why."""

    field: str
    reason: str


def record_of(kind: str, values: dict[str, Any], flat: bool) -> BaseModel:
    """One row as a record. `flat` rows come from CSV or Parquet: empty cells are absent and cells may hold JSON.

    Raises: Refused.
    """
    fields = shaped(kind, values) if flat else dict(values)
    if not flat:
        _read_amounts(fields, _AMOUNTS)
    leftovers = LEFTOVERS.get(kind)
    unknown = [name for name in fields if name not in FIELDS[kind]]
    if unknown:
        kept = {name: fields.pop(name) for name in unknown}
        if leftovers:
            own = fields.get(leftovers)
            fields[leftovers] = {
                **{name: _plain(value) for name, value in kept.items()},
                **(own if isinstance(own, dict) else {}),
            }
    try:
        return KINDS[kind].model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        steps = [str(part) for part in first["loc"] if not str(part).startswith(("function-", "[key]"))]
        field = _printable(".".join(steps).rstrip(".")) or "row"
        message = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] == "missing":
            message = "is missing"
        raise Refused(field, message) from None
    except FieldError as error:
        raise Refused(error.field, error.message) from None


def shaped(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Flat cells to nested fields: dots reach inside, empty cells are absent, JSON in a cell is read."""
    nested: dict[str, Any] = {}
    for name, cell in values.items():
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            continue
        if isinstance(cell, str):
            cell = cell.strip()
            if not cell:
                continue
            if cell[0] in "[{" and name in _JSON_CELLS:
                with contextlib.suppress(orjson.JSONDecodeError):
                    cell = orjson.loads(cell)
        outer, dot, inner = name.partition(".")
        if dot and inner and outer in FIELDS[kind]:
            holder = nested.get(outer)
            if not isinstance(holder, dict):
                holder = {} if holder is None else {"": holder}
            holder[inner] = cell
            nested[outer] = holder
        elif isinstance(nested.get(name), dict) and isinstance(cell, str):
            nested[name][""] = cell
        else:
            nested[name] = cell
    if kind == "orders":
        _read_amounts(nested, _LINE_AMOUNTS)
    if kind == "orders" and "lines" not in nested:
        line = {name: nested.pop(name) for name in ORDER_LINE if name in nested}
        if line:
            nested["lines"] = [line]
    if kind == "articles" and isinstance(nested.get("tags"), str):
        nested["tags"] = [tag.strip() for tag in nested["tags"].split(",") if tag.strip()]
    if kind == "articles" and isinstance(nested.get("questions"), str):
        nested["questions"] = [one.strip() for one in re.split(r"[\n|]", nested["questions"]) if one.strip()]
    _read_amounts(nested, _AMOUNTS)
    return nested


def _read_amounts(fields: dict[str, Any], names: frozenset[str]) -> None:
    """`1.234,56 €` becomes an amount and its currency. What is no price stays, to be refused by name."""
    for name in names & fields.keys():
        text = fields[name]
        if isinstance(text, str) and not text.isdigit():
            with contextlib.suppress(ValueError):
                fields[name], currency = read_amount(text)
                if currency:
                    fields.setdefault("currency", currency)


def unplaced(kind: str, values: dict[str, Any]) -> list[str]:
    """The columns of a row that no record of this kind holds."""
    if kind in LEFTOVERS:
        return []
    return [
        name for name, value in values.items() if name.partition(".")[0] not in FIELDS[kind] and value not in (None, "")
    ]


def place(kind: str, column: str) -> str | None:
    """Where a column goes: its field, what is kept beside the fields, or None."""
    outer = column.partition(".")[0]
    if outer in FIELDS[kind]:
        return column
    if kind == "orders" and column in ORDER_LINE:
        return f"lines.{column}"
    return f"{LEFTOVERS[kind]}.{column}" if kind in LEFTOVERS else None


def _printable(name: str) -> str:
    """A column's name may hold what no text may: the report and the rejects file have to say it all the same."""
    return name.encode("utf-8", "replace").decode().replace("\x00", "?")


def _plain(value: Any) -> Any:
    """A value that attributes can hold: anything that isn't a scalar or a list of scalars is kept as its JSON text."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, list) and all(isinstance(item, (str, int, float, bool)) or item is None for item in value):
        return value
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
