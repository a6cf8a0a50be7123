"""One product as lists show it, and many of them packed: a million take some hundred bytes each until somebody looks."""

from __future__ import annotations

import array
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, overload

import numpy as np
import orjson

from regulars.recommend.dataset import Int32, Int64
from regulars.schema import Money
from regulars.store.database import Row

UNPACKED = 50_000  # products kept as objects once somebody looked at them: all of a usual shop


@dataclass(frozen=True, slots=True)
class Item:
    """One product as lists show it. price and compare_at: minor units, of the cheapest variant that can be bought.

    stock: pieces of all variants, None where one isn't counted. cost: what the shop itself pays, minor units; shown to no shopper.
    """

    product_id: int
    names: tuple[tuple[str, str], ...]
    texts: dict[str, dict[str, str]]
    brand: str | None
    category: tuple[str, ...]
    attributes: dict[str, Any]
    pictures: tuple[dict[str, Any], ...]
    url: str | None
    price: int | None
    compare_at: int | None
    currency: str | None
    exponent: int
    for_sale: bool
    in_stock: bool
    created: float
    stock: int | None = None
    cost: int | None = None

    @property
    def margin(self) -> float | None:
        """Per cent of the price that is left after the cost; negative where it costs more than it brings; None where not known."""
        if self.cost is None or not self.price:
            return None
        return 100 * (self.price - self.cost) / self.price

    @property
    def discount(self) -> float:
        """Per cent off the price before; 0 where it isn't reduced."""
        if self.price is None or not self.compare_at or self.compare_at <= self.price:
            return 0.0
        return 100 * (self.compare_at - self.price) / self.compare_at

    @property
    def price_text(self) -> str | None:
        """In major units, exactly: 19.99"""
        return None if self.price is None else _major(self.price, self.exponent)

    def title(self, locale: str | None = None) -> str:
        return self.text("title", locale)

    def text(self, field: str, locale: str | None = None) -> str:
        """In the asked language, else in any there is."""
        if locale:
            for name in (locale, locale.split("-")[0]):
                if name in self.texts and self.texts[name].get(field):
                    return self.texts[name][field]
        return next((text[field] for text in self.texts.values() if text.get(field)), "")


@lru_cache(UNPACKED)
def _major(minor: int, exponent: int) -> str:
    return f"{Money(minor, '', exponent).major}"


def item_of(row: Row) -> Item:
    pictures = row["pictures"] or row["variant_pictures"] or []
    return Item(
        row["product_id"],
        tuple((name[0], name[1]) for name in row["names"] or ()),
        row["texts"],
        row["brand"],
        tuple(row["category"]),
        row["attributes"],
        tuple(pictures),
        row["url"],
        row["price"],
        row["compare_at"],
        row["currency"],
        row["exponent"] if row["exponent"] is not None else 2,
        bool(row["known"]) and row["status"] == "active",
        bool(row["in_stock"]),
        row["created_at"].timestamp(),
        None if row["stock"] is None else int(row["stock"]),
        row["cost"],
    )


def item_text(item: Item) -> str:
    """All that is written about a product, for text models: titles count most, so they come first and once more at the end."""
    titles = [text["title"] for text in item.texts.values() if text.get("title")]
    parts = [
        *titles,
        item.brand or "",
        " ".join(item.category),
        *(str(value) for value in item.attributes.values() if isinstance(value, (str, int))),
        *(text["description"][:1_000] for text in item.texts.values() if text.get("description")),
    ]
    return " ".join(part for part in parts if part)


class Packing:
    """Items as bytes and back. What was looked at lately stays unpacked."""

    def __init__(self) -> None:
        self._known: dict[bytes, Item] = {}

    @staticmethod
    def packed(item: Item) -> bytes:
        values = [getattr(item, name) for name in Item.__slots__]
        try:
            return orjson.dumps(values)
        except TypeError:  # a whole number past 64 bits among the attributes
            return json.dumps(values).encode()

    def unpacked(self, packed: bytes) -> Item:
        item = self._known.get(packed)
        if item is None:
            product_id, names, texts, brand, category, attributes, pictures, *rest = orjson.loads(packed)
            name_pairs = tuple((name[0], name[1]) for name in names)
            item = Item(product_id, name_pairs, texts, brand, tuple(category), attributes, tuple(pictures), *rest)
            if len(self._known) >= UNPACKED:
                self._known.clear()
            self._known[packed] = item
        return item


class PackedItems(Sequence[Item | None]):
    """(n,) items, unpacked when they are looked at. Immutable."""

    def __init__(self, packed: list[bytes], rows: Int32, packing: Packing) -> None:
        """rows: (n,) where each stands in packed, −1 for none."""
        self._packed, self._rows, self._packing = packed, rows, packing

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Item | None: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item | None]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item | None] | None:
        if isinstance(place, slice):
            return [self._at(row) for row in self._rows[place].tolist()]
        return self._at(int(self._rows[place]))

    def _at(self, row: int) -> Item | None:
        return None if row < 0 else self._packing.unpacked(self._packed[row])


class Texts(Sequence[str]):
    """What is written about each item, put together when it is asked for."""

    def __init__(self, items: Sequence[Item | None]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return ["" if item is None else item_text(item) for item in self._items[place]]
        item = self._items[place]
        return "" if item is None else item_text(item)


class Places:
    """{product id: place}. Ids count up from 1, so a table of four bytes an id does what a dict does with a hundred."""

    def __init__(self, product_ids: Int64) -> None:
        n, last = len(product_ids), int(product_ids.max(initial=0))
        self._dict: dict[int, int] | None = None
        self._table = array.array("i")
        if last > 4 * n + 1_000_000 or product_ids.min(initial=0) < 0:
            self._dict = {product_id: place for place, product_id in enumerate(product_ids.tolist())}
        else:
            table = np.full(last + 1, -1, np.int32)
            table[product_ids] = np.arange(n, dtype=np.int32)
            self._table.frombytes(table.tobytes())

    def get(self, product_id: int) -> int | None:
        if self._dict is not None:
            return self._dict.get(product_id)
        if not 0 <= product_id < len(self._table):
            return None
        place = self._table[product_id]
        return None if place < 0 else place

    def __contains__(self, product_id: int) -> bool:
        return self.get(product_id) is not None

    def __getitem__(self, product_id: int) -> int:
        """Raises KeyError."""
        place = self.get(product_id)
        if place is None:
            raise KeyError(product_id)
        return place
