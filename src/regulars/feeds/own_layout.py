"""Our own layout as a format: JSON lines, CSV or Parquet with our own fields. `native` makes records of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regulars.feeds import native
from regulars.feeds.contract import Look, Notes, Source
from regulars.feeds.grouping import groups
from regulars.feeds.reader import Broken, Read

_NEEDED = {
    "events": ({"type"},),
    "orders": ({"id", "lines"}, {"id", "placed_at"}, {"id", "product", "unit_price"}),
    "reviews": ({"id", "product", "rating"}, {"id", "product", "body"}),
    "products": ({"id", "title"},),
    "customers": ({"id", "email"}, {"id", "traits"}, {"id", "consent"}, {"id", "addresses"}, {"id", "name", "phone"}, {"id", "name", "locale"}),
    "articles": ({"id", "title", "body"},),
    "conversations": ({"id", "messages"},),
}  # fmt: skip


class OwnLayout:
    name = ""
    title = "Regulars' own layout"
    kinds = tuple(native.KINDS)
    flat = True

    def fits(self, look: Look) -> bool:
        return look.physical in ("jsonl", "csv", "parquet")

    def place(self, kind: str, column: str) -> str | None:
        return native.place(kind, column)

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        flat = source.physical != "jsonl"
        rows = orders(source) if flat and kind == "orders" else source.rows()
        leaves = kind not in native.LEFTOVERS
        for row in rows:
            if leaves and isinstance(row, Read):
                for column in native.unplaced(kind, row.values):
                    notes.leave(column)
            yield row


FORMAT = OwnLayout()


def kind_of(look: Look) -> str | None:
    """The kind whose fields these columns are; None where several or none could be."""
    outer = {column.partition(".")[0] for column in look.columns}
    best: list[tuple[int, str]] = []
    for kind, ways in _NEEDED.items():
        if any(way <= outer for way in ways):
            best.append((len(outer & native.FIELDS[kind]), kind))
    if not best:
        return None
    best.sort(reverse=True)
    if len(best) > 1 and best[0][0] == best[1][0]:
        named = [kind for score, kind in best if score == best[0][0]]
        for kind in ("events", "orders", "reviews", "customers"):  # the ones that need a column of their own
            if kind in named:
                return kind
        return "products" if "products" in named and outer & {"price", "sku", "stock", "variants"} else None
    return best[0][1]


def orders(source: Source) -> Iterator[Read | Broken]:
    """Flat order files have a row a line of an order; here they become one row an order."""

    def key(row: Read) -> str | None:
        identity = native.shaped("orders", row.values).get("id")
        return None if identity is None else str(identity)

    for group in groups(source.rows, key):
        if isinstance(group, Broken):
            yield group
            continue
        order: dict[str, Any] = native.shaped("orders", group[0].values)
        for row in group[1:]:
            order.setdefault("lines", []).extend(native.shaped("orders", row.values).get("lines", []))
        yield Read(group[0].line, order)
