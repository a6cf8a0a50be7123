"""The live catalogue: what is for sale right now, as arrays beside a model's items. Follows the change feed; knows no person.

What filters and lists ask of every product stands in arrays; what is shown of one waits packed (some hundred bytes instead of
kilobytes of Python objects) until somebody looks at it. A million products fit, and one that changes costs no walk over the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Int32, Int64, ItemFacts, Vocabulary
from regulars.recommend.items import Item, PackedItems, Packing, Places, Texts, item_of, item_text
from regulars.schema.identity import DEFAULT_NAMESPACE
from regulars.store.database import Connection

READ_PRODUCTS = """
SELECT p.product_id, p.known, p.status, p.texts, p.brand, p.category, p.attributes, p.pictures, p.url, p.created_at,
       v.price, v.compare_at, v.currency, v.exponent, v.in_stock, v.pictures AS variant_pictures, v.stock, v.cost,
       (SELECT array_agg(ARRAY[x.namespace, x.value] ORDER BY x.namespace <> 'shop', x.namespace, x.value)
        FROM external_ids x WHERE x.id = p.product_id AND x.kind = 'product') AS names
FROM products p
LEFT JOIN LATERAL (
    SELECT min(price) FILTER (WHERE available) AS price,
           (array_agg(compare_at ORDER BY available DESC, price, place))[1] AS compare_at,
           min(currency)::text AS currency, min(exponent) AS exponent, bool_or(stock IS NULL OR stock > 0) AS in_stock,
           (array_agg(pictures ORDER BY place) FILTER (WHERE pictures <> '[]'))[1] AS pictures,
           CASE WHEN bool_or(stock IS NULL) THEN NULL ELSE sum(greatest(stock, 0)) END AS stock,
           (array_agg(cost ORDER BY available DESC, price, place))[1] AS cost
    FROM (SELECT *, (stock IS NULL OR stock > 0) OR NOT bool_or(stock IS NULL OR stock > 0) OVER () AS available
          FROM variants WHERE product_id = p.product_id) w
) v ON true
"""
CHANGED_PRODUCTS = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin,
       (SELECT array_agg(change_id) FROM changes WHERE xact >= %s::xid8 AND 'products' = ANY(tables)) AS change_ids,
       EXISTS (SELECT FROM changes WHERE xact >= %s::xid8 AND kind = 'delete' AND 'products' = ANY(tables)) AS deleted
"""


__all__ = ["Catalogue", "CatalogueReader", "Columns", "Item", "Packing", "holds", "item_text", "named", "reference"]

COLUMNS = ("for_sale", "in_stock", "price", "created", "kinds", "brands", "stock", "margin", "discount")
READ_TOGETHER = 5_000  # products of a round trip when all are read


@dataclass(frozen=True, slots=True)
class Columns:
    """(n,) of what lists and filters ask of every item. price: major units, NaN where there is none. created: epoch seconds.

    kinds: number of the category path in `paths`, −1 for none. brands: number of the brand in `brand_names`, −1 where there is no item.
    stock: pieces; margin: per cent; both NaN where not known. discount: per cent.
    """

    for_sale: npt.NDArray[np.bool_]
    in_stock: npt.NDArray[np.bool_]
    price: npt.NDArray[np.float64]
    created: npt.NDArray[np.float64]
    kinds: Int32
    brands: Int32
    stock: Float32
    margin: Float32
    discount: Float32
    paths: dict[tuple[str, ...], int]
    brand_names: dict[str, int]

    @classmethod
    def of(
        cls,
        items: Sequence[Item | None],
        paths: dict[tuple[str, ...], int] | None = None,
        brand_names: dict[str, int] | None = None,
    ) -> Self:
        """paths, brand_names: numbers given already; new ones are added to them."""
        paths = {} if paths is None else paths
        brand_names = {} if brand_names is None else brand_names
        n = len(items)
        kinds, brands = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
        price, created = np.full(n, np.nan), np.zeros(n)
        for_sale, in_stock = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        stock, margin, discount = (np.full(n, np.nan, np.float32) for _ in range(3))
        for place, item in enumerate(items):
            if item is None:
                continue
            for_sale[place], in_stock[place], created[place] = item.for_sale, item.in_stock, item.created
            if item.price is not None:
                price[place] = item.price / 10**item.exponent
            if item.stock is not None:
                stock[place] = item.stock
            if item.margin is not None:
                margin[place] = item.margin
            discount[place] = item.discount
            if item.category:
                kinds[place] = paths.setdefault(item.category, len(paths))
            brands[place] = brand_names.setdefault(item.brand or "", len(brand_names))
        return cls(for_sale, in_stock, price, created, kinds, brands, stock, margin, discount, paths, brand_names)

    def rows(self, rows: Int32) -> Self:
        """These rows; −1 is a row of nothing."""
        gone = rows < 0

        def taken(column: npt.NDArray[Any], nothing: Any) -> npt.NDArray[Any]:
            out = column[rows] if len(column) else np.full(len(rows), nothing, column.dtype)
            out[gone] = nothing
            return out

        return type(self)(
            taken(self.for_sale, False),
            taken(self.in_stock, False),
            taken(self.price, np.nan),
            taken(self.created, 0.0),
            taken(self.kinds, -1),
            taken(self.brands, -1),
            taken(self.stock, np.nan),
            taken(self.margin, np.nan),
            taken(self.discount, np.nan),
            self.paths,
            self.brand_names,
        )


class Catalogue:
    """All products at one moment, aligned with a model: the model's items first, then those added since. Immutable."""

    def __init__(
        self,
        items: Sequence[Item | None],
        product_ids: Int64,
        columns: Columns | None = None,
        names: tuple[Int64, Int32] | None = None,
        before: Catalogue | None = None,
    ) -> None:
        """items: (n,) None where a model's product is gone. product_ids: (n,). columns: of the same items. names: hashes of external
        ids, ascending, and the place of each. before: the catalogue until now, whose tables are taken over where they fit.
        """
        columns = Columns.of(items) if columns is None else columns
        self.items = items
        self.product_ids = product_ids
        self.for_sale, self.in_stock = columns.for_sale, columns.in_stock
        self.price, self.created, self.kinds = columns.price, columns.created, columns.kinds
        self.stock, self.margin, self.discount = columns.stock, columns.margin, columns.discount
        self._columns = columns
        unnamed = columns.brand_names.get("", -1)
        self.facts = ItemFacts(
            columns.price.astype(np.float32),
            columns.kinds,
            np.where(columns.brands == unnamed, -1, columns.brands).astype(np.int32),
            np.where(columns.created > 0, columns.created, np.nan),
        )
        self._paths, self._brand_names = list(columns.paths), list(columns.brand_names)
        same = before is not None and np.array_equal(before.product_ids, product_ids)
        if same and before is not None:
            self.place, self.newest = before.place, before.newest
        else:
            self.place = Places(product_ids)
        if not same or before is None or not np.array_equal(before.created, self.created):
            self.newest = np.lexsort((-product_ids, -self.created)).astype(np.int32)
        self._categories: dict[str, npt.NDArray[np.bool_]] = {}
        self._brands: dict[str, npt.NDArray[np.bool_]] = {}
        self._names = names

    place: Places
    newest: Int32

    def __len__(self) -> int:
        return len(self.items)

    def of(self, product_id: int) -> Item | None:
        place = self.place.get(product_id)
        return None if place is None else self.items[place]

    def named(self, namespace: str, value: str) -> Item | None:
        """The product with this external id."""
        if self._names is None:
            self._names = _sorted_names(*_hashed(list(self.items)))
        hashes, places = self._names
        wanted = hash((namespace, value))
        at = int(np.searchsorted(hashes, wanted))
        while at < len(hashes) and hashes[at] == wanted:  # two names may have one hash
            item = self.items[int(places[at])]
            if item is not None and (namespace, value) in item.names:
                return item
            at += 1
        return None

    def in_category(self, name: str) -> npt.NDArray[np.bool_]:
        """(n,) whether a product's path holds this category at any level, or this whole path "A > B"."""
        mask = self._categories.get(name)
        if mask is None:
            wanted = tuple(part.strip().casefold() for part in name.split(">"))
            mask = _chosen([holds(tuple(map(str.casefold, path)), wanted) for path in self._paths], self.kinds)
            self._categories[name] = mask
            if len(self._categories) > self._kept:  # names come from requests: a stranger must not fill the memory
                self._categories.pop(next(iter(self._categories)))
        return mask

    def of_brand(self, name: str) -> npt.NDArray[np.bool_]:
        mask = self._brands.get(name)
        if mask is None:
            wanted = name.casefold()
            mask = _chosen([brand.casefold() == wanted for brand in self._brand_names], self._columns.brands)
            self._brands[name] = mask
            if len(self._brands) > self._kept:
                self._brands.pop(next(iter(self._brands)))
        return mask

    @property
    def brands(self) -> Int32:
        """(n,) number of each product's brand in `brand_names`, −1 where there is no product."""
        return self._columns.brands

    @property
    def brand_names(self) -> list[str]:
        return self._brand_names

    @property
    def paths(self) -> list[tuple[str, ...]]:
        """The category paths that `kinds` numbers."""
        return self._paths

    @property
    def _kept(self) -> int:
        """Masks that are kept of each sort: 50 MB of them at most."""
        return min(1_000, 50_000_000 // max(len(self), 1))

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.product_ids, Texts(self.items), self.facts)


def _chosen(wanted: list[bool], numbers: Int32) -> npt.NDArray[np.bool_]:
    """(n,) whether what an item's number stands for is wanted; −1 never is."""
    mask: npt.NDArray[np.bool_] = np.array([*wanted, False], np.bool_)[numbers]
    return mask


def _hashed(items: Sequence[Item | None]) -> tuple[Int64, Int32]:
    """The hash of every external id, and the place of its item."""
    pairs = [(hash(name), place) for place, item in enumerate(items) if item is not None for name in item.names]
    return np.array([pair[0] for pair in pairs], np.int64), np.array([pair[1] for pair in pairs], np.int32)


def _sorted_names(hashes: Int64, places: Int32) -> tuple[Int64, Int32]:
    order = np.argsort(hashes, kind="stable")
    return hashes[order], places[order]


def holds(path: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether a category path holds these parts one after the other; both folded."""
    return any(path[start : start + len(wanted)] == wanted for start in range(len(path) - len(wanted) + 1))


def named(catalogue: Catalogue, given: str) -> Item | None:
    """The product that `reference` named."""
    found = catalogue.named(DEFAULT_NAMESPACE, given)
    if found is None and ":" in given:
        namespace, _, value = given.partition(":")
        found = catalogue.named(namespace, value)
    return found


def reference(item: Item) -> str:
    """One text for a product: `value` in the shop's own namespace, else `namespace:value`."""
    namespace, value = item.names[0]
    return value if namespace == DEFAULT_NAMESPACE else f"{namespace}:{value}"


class CatalogueReader:
    """Keeps up with the store's products. One per process, used by one thread."""

    def __init__(self) -> None:
        self._packing = Packing()
        self._xmin = "0"
        self._before: Catalogue | None = None
        self._clear()

    def _clear(self) -> None:
        self._ids: Int64 = np.zeros(0, np.int64)  # ascending
        self._packed: list[bytes] = []
        self._written = np.zeros(0, np.bool_)  # described by a record, not only named by events
        self._columns = Columns.of([])
        self._names: tuple[Int64, Int32] = np.zeros(0, np.int64), np.zeros(0, np.int32)

    def refresh(self, connection: Connection) -> bool:
        """Reads what changed since the last time. Returns whether anything did. Raises: DatabaseUnavailable."""
        first = self._xmin == "0"
        state = connection.execute(CHANGED_PRODUCTS, (self._xmin, self._xmin)).fetchone()
        assert state is not None
        if first or state["deleted"]:
            before = self._ids, self._packed
            self._clear()
            with connection.transaction(), connection.cursor("catalogue") as cursor:
                cursor.itersize = READ_TOGETHER
                cursor.execute(READ_PRODUCTS + " ORDER BY p.product_id")
                parts = []
                while rows := cursor.fetchmany(READ_TOGETHER):
                    parts.append(self._numbered([item_of(row) for row in rows]))
            self._append(parts)
            changed = not np.array_equal(before[0], self._ids) or before[1] != self._packed
        else:
            changed = False
            if state["change_ids"]:
                found = connection.execute(READ_PRODUCTS + " WHERE p.change_id = ANY(%s)", (state["change_ids"],))
                changed = self._put({row["product_id"]: item_of(row) for row in found})
        self._xmin = state["xmin"]
        return changed or first

    def catalogue(self, model_ids: Int64) -> Catalogue:
        """Aligned with a model's items; products without a record of their own (named by events only) are left out."""
        added = self._ids[self._written & ~np.isin(self._ids, model_ids)]
        product_ids = np.concatenate([model_ids, added])
        rows = self._rows(product_ids)
        place_of_row = np.full(len(self._ids), -1, np.int32)
        there = np.flatnonzero(rows >= 0).astype(np.int32)
        place_of_row[rows[there]] = there
        places = place_of_row[self._names[1]]
        names = self._names[0][places >= 0], places[places >= 0]
        items = PackedItems(self._packed, rows, self._packing)
        self._before = Catalogue(items, product_ids, self._columns.rows(rows), names, self._before)
        return self._before

    def _numbered(self, items: list[Item]) -> _Part:
        return _Part(
            [one.product_id for one in items],
            [self._packing.packed(one) for one in items],
            [bool(one.texts) for one in items],
            Columns.of(items, self._columns.paths, self._columns.brand_names),
            _hashed(items),
        )

    def _append(self, parts: list[_Part]) -> None:
        """Behind what there is: rows of higher ids, in order."""
        first = len(self._ids)
        starts = np.cumsum([first, *(len(part.ids) for part in parts)])
        self._ids = np.concatenate([self._ids, *(np.array(part.ids, np.int64) for part in parts)])
        self._packed = self._packed + [one for part in parts for one in part.packed]
        self._written = np.concatenate([self._written, *(np.array(part.written, np.bool_) for part in parts)])
        joined = [self._columns, *(part.columns for part in parts)]
        columns = {name: np.concatenate([getattr(one, name) for one in joined]) for name in COLUMNS}
        self._columns = Columns(**columns, paths=self._columns.paths, brand_names=self._columns.brand_names)
        hashes = np.concatenate([self._names[0], *(part.names[0] for part in parts)])
        of_rows = [part.names[1] + np.int32(start) for part, start in zip(parts, starts, strict=False)]
        self._names = _sorted_names(hashes, np.concatenate([self._names[1], *of_rows]))

    def _put(self, items: dict[int, Item]) -> bool:
        """Takes these over. What was given out before stays as it was: arrays and lists are made anew."""
        rows = {
            product_id: int(row)
            for product_id, row in zip(items, self._rows(np.array(list(items), np.int64)), strict=True)
        }
        fresh = [items[product_id] for product_id in sorted(items) if rows[product_id] < 0]
        changed = {
            rows[product_id]: item
            for product_id, item in items.items()
            if rows[product_id] >= 0 and self._packed[rows[product_id]] != self._packing.packed(item)
        }
        if changed:
            part = self._numbered(list(changed.values()))
            at = np.array(list(changed), np.int32)
            self._packed = self._packed.copy()
            for row, packed in zip(changed, part.packed, strict=True):
                self._packed[row] = packed
            self._written = self._written.copy()
            self._written[at] = part.written
            columns = {}
            for name in COLUMNS:
                column = getattr(self._columns, name).copy()
                column[at] = getattr(part.columns, name)
                columns[name] = column
            self._columns = Columns(**columns, paths=self._columns.paths, brand_names=self._columns.brand_names)
            kept = ~np.isin(self._names[1], at)
            hashes, places = part.names
            self._names = _sorted_names(
                np.concatenate([self._names[0][kept], hashes]), np.concatenate([self._names[1][kept], at[places]])
            )
        if fresh and len(self._ids) and fresh[0].product_id < self._ids[-1]:
            # Ids are given in order, but transactions commit in any: rows are put in order again.
            self._insert(fresh)
        elif fresh:
            self._append([self._numbered(fresh)])
        return bool(changed or fresh)

    def _insert(self, fresh: list[Item]) -> None:
        """Rows of ids among the present ones."""
        self._append([self._numbered(fresh)])
        order = np.argsort(self._ids, kind="stable").astype(np.int32)
        self._ids, self._written = self._ids[order], self._written[order]
        self._packed = [self._packed[row] for row in order.tolist()]
        self._columns = self._columns.rows(order)
        place = np.empty(len(order), np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        self._names = self._names[0], place[self._names[1]]

    def _rows(self, wanted: Int64) -> Int32:
        """Where these ids stand, −1 for one that doesn't."""
        rows = np.searchsorted(self._ids, wanted).astype(np.int32)
        rows[rows == len(self._ids)] = -1
        if len(self._ids):
            rows[self._ids[rows] != wanted] = -1
        return rows


@dataclass(frozen=True, slots=True)
class _Part:
    """Some read products, side by side. names: hashes of external ids and the place in this part of each."""

    ids: list[int]
    packed: list[bytes]
    written: list[bool]
    columns: Columns
    names: tuple[Int64, Int32]
