"""The live catalogue: what is for sale right now, as arrays beside a model's items. Follows the change feed; knows no person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Int32, Int64, Vocabulary
from regulars.schema import Money
from regulars.store.database import Connection, Row

READ_PRODUCTS = """
SELECT p.product_id, p.known, p.status, p.texts, p.brand, p.category, p.attributes, p.pictures, p.url, p.created_at,
       v.price, v.compare_at, v.currency, v.exponent, v.in_stock, v.pictures AS variant_pictures,
       (SELECT array_agg(ARRAY[x.namespace, x.value] ORDER BY x.namespace <> 'shop', x.namespace, x.value)
        FROM external_ids x WHERE x.id = p.product_id AND x.kind = 'product') AS names
FROM products p
LEFT JOIN LATERAL (
    SELECT min(price) FILTER (WHERE available) AS price, min(compare_at) FILTER (WHERE available) AS compare_at,
           min(currency)::text AS currency, min(exponent) AS exponent, bool_or(stock IS NULL OR stock > 0) AS in_stock,
           (array_agg(pictures ORDER BY place) FILTER (WHERE pictures <> '[]'))[1] AS pictures
    FROM (SELECT *, (stock IS NULL OR stock > 0) OR NOT bool_or(stock IS NULL OR stock > 0) OVER () AS available
          FROM variants WHERE product_id = p.product_id) w
) v ON true
"""
CHANGED_PRODUCTS = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin,
       (SELECT array_agg(change_id) FROM changes WHERE xact >= %s::xid8 AND 'products' = ANY(tables)) AS change_ids,
       EXISTS (SELECT FROM changes WHERE xact >= %s::xid8 AND kind = 'delete' AND 'products' = ANY(tables)) AS deleted
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One product as lists show it. price and compare_at: minor units, of the cheapest variant that can be bought."""

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

    @property
    def price_text(self) -> str | None:
        """In major units, exactly: 19.99"""
        return None if self.price is None else f"{Money(self.price, self.currency or '', self.exponent).major}"

    def title(self, locale: str | None = None) -> str:
        return self.text("title", locale)

    def text(self, field: str, locale: str | None = None) -> str:
        """In the asked language, else in any there is."""
        if locale:
            for name in (locale, locale.split("-")[0]):
                if name in self.texts and self.texts[name].get(field):
                    return self.texts[name][field]
        return next((text[field] for text in self.texts.values() if text.get(field)), "")


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


class Catalogue:
    """All products at one moment, aligned with a model: the model's items first, then those added since. Immutable."""

    def __init__(self, items: Sequence[Item | None], product_ids: Int64) -> None:
        """items: (n,) None where a model's product is gone. product_ids: (n,)."""
        self.items = items
        self.product_ids = product_ids
        self.place = {int(product_id): place for place, product_id in enumerate(product_ids)}
        n = len(items)
        self.for_sale = np.fromiter((item is not None and item.for_sale for item in items), np.bool_, n)
        self.in_stock = np.fromiter((item is not None and item.in_stock for item in items), np.bool_, n)
        self.price = np.fromiter(
            (np.nan if item is None or item.price is None else item.price / 10**item.exponent for item in items),
            np.float64,
            n,
        )
        self.created = np.fromiter((0.0 if item is None else item.created for item in items), np.float64, n)
        paths = {
            path: code for code, path in enumerate(dict.fromkeys(item.category for item in items if item is not None))
        }
        self.kinds: Int32 = np.fromiter(
            (-1 if item is None or not item.category else paths[item.category] for item in items), np.int32, n
        )
        self._categories: dict[str, npt.NDArray[np.bool_]] = {}
        self._brands: dict[str, npt.NDArray[np.bool_]] = {}
        self._by_name: dict[tuple[str, str], int] | None = None
        newest = np.lexsort((-product_ids, -self.created))
        self.newest: Int32 = newest.astype(np.int32)

    def __len__(self) -> int:
        return len(self.items)

    def of(self, product_id: int) -> Item | None:
        place = self.place.get(product_id)
        return None if place is None else self.items[place]

    def named(self, namespace: str, value: str) -> Item | None:
        """The product with this external id."""
        if self._by_name is None:
            self._by_name = {
                name: place for place, item in enumerate(self.items) if item is not None for name in item.names
            }
        place = self._by_name.get((namespace, value))
        return None if place is None else self.items[place]

    def in_category(self, name: str) -> npt.NDArray[np.bool_]:
        """(n,) whether a product's path holds this category at any level, or this whole path "A > B"."""
        mask = self._categories.get(name)
        if mask is None:
            wanted = tuple(part.strip().casefold() for part in name.split(">"))
            mask = np.fromiter(
                (item is not None and _holds(item.category, wanted) for item in self.items), np.bool_, len(self)
            )
            self._categories[name] = mask
            if len(self._categories) > 1_000:  # names come from requests: a stranger must not fill the memory
                self._categories.pop(next(iter(self._categories)))
        return mask

    def of_brand(self, name: str) -> npt.NDArray[np.bool_]:
        mask = self._brands.get(name)
        if mask is None:
            wanted = name.casefold()
            mask = np.fromiter(
                (item is not None and (item.brand or "").casefold() == wanted for item in self.items),
                np.bool_,
                len(self),
            )
            self._brands[name] = mask
            if len(self._brands) > 1_000:
                self._brands.pop(next(iter(self._brands)))
        return mask

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.product_ids, ["" if item is None else item_text(item) for item in self.items])


def _holds(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    folded = tuple(part.casefold() for part in path)
    return any(folded[start : start + len(wanted)] == wanted for start in range(len(folded) - len(wanted) + 1))


class CatalogueReader:
    """Keeps up with the store's products. One per process, used by one thread."""

    def __init__(self) -> None:
        self._items: dict[int, Item] = {}
        self._xmin = "0"

    def refresh(self, connection: Connection) -> bool:
        """Reads what changed since the last time. Returns whether anything did. Raises: DatabaseUnavailable."""
        first = self._xmin == "0"
        state = connection.execute(CHANGED_PRODUCTS, (self._xmin, self._xmin)).fetchone()
        assert state is not None
        if first or state["deleted"]:
            rows: Iterable[Row] = connection.execute(READ_PRODUCTS)
            fresh = {row["product_id"]: item_of(row) for row in rows}
            changed = fresh != self._items
            self._items = fresh
        else:
            changed = False
            if state["change_ids"]:
                for row in connection.execute(READ_PRODUCTS + " WHERE p.change_id = ANY(%s)", (state["change_ids"],)):
                    item = item_of(row)
                    if self._items.get(item.product_id) != item:
                        self._items[item.product_id] = item
                        changed = True
        self._xmin = state["xmin"]
        return changed or first

    def catalogue(self, model_ids: Int64) -> Catalogue:
        """Aligned with a model's items; products without a record of their own (named by events only) are left out."""
        in_model = set(model_ids.tolist())
        added = sorted(
            (product_id for product_id, item in self._items.items() if item.texts and product_id not in in_model)
        )
        product_ids = np.concatenate([model_ids, np.array(added, np.int64)])
        return Catalogue([self._items.get(int(product_id)) for product_id in product_ids], product_ids)
