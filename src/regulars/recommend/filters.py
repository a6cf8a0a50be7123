"""What may not stand in a list, and why. Each filter is a named mask over the catalogue; nothing is ranked here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Int32

Mask = npt.NDArray[np.bool_]
ENOUGH_ALIKE = 3  # with fewer of a kind there is nothing to compare: the category around it is taken


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request narrows a list to. Prices in major units of the shop's currency."""

    category: str | None = None
    brand: str | None = None
    min_price: float | None = None
    max_price: float | None = None

    @property
    def any(self) -> bool:
        return any(value is not None for value in (self.category, self.brand, self.min_price, self.max_price))


@dataclass(frozen=True, slots=True)
class Barred:
    """Who may not be shown, and by which filter. The first filter that hits an item names the reason."""

    mask: Mask
    by: dict[str, Mask]

    def items(self) -> Int32:
        return np.flatnonzero(self.mask).astype(np.int32)

    def reason(self, item: int) -> str:
        return next((code for code, mask in self.by.items() if mask[item]), "")

    def counts(self) -> dict[str, int]:
        """How many products each filter takes away from all there are, counted once each."""
        taken = np.zeros(len(self.mask), np.bool_)
        out = {}
        for code, mask in self.by.items():
            out[code] = int(np.count_nonzero(mask & ~taken))
            taken |= mask
        return out


class FilterBase:
    """The filters that are the same for everybody at one moment: computed once per catalogue, not per request."""

    def __init__(self, catalogue: Catalogue, excluded: Iterable[tuple[str, str]], repeatable: Iterable[str]) -> None:
        n = len(catalogue)
        self.catalogue = catalogue
        self.not_for_sale: Mask = ~catalogue.for_sale
        self.out_of_stock: Mask = ~catalogue.in_stock
        self.excluded_by_shop: Mask = np.zeros(n, np.bool_)
        for name in excluded:
            item = catalogue.named(*name)
            if item is not None:
                self.excluded_by_shop[catalogue.place[item.product_id]] = True
        self.repeatable: Mask = np.zeros(n, np.bool_)
        for category in repeatable:
            self.repeatable |= catalogue.in_category(category)
        self.everybody: Mask = self.not_for_sale | self.out_of_stock | self.excluded_by_shop

    def bar(
        self, wishes: Wishes, excluded: Int32, context: int | None, bought: Int32, seen: Int32, kind: str = ""
    ) -> Barred:
        """excluded: by the request. bought, seen: empty where the surface lets them come back. All positions.

        kind: "same" or "other": whether a list keeps to the context's own category, or out of it.
        """
        catalogue, n = self.catalogue, len(self.catalogue)
        by: dict[str, Mask] = {
            "not_for_sale": self.not_for_sale,
            "out_of_stock": self.out_of_stock,
            "excluded_by_shop": self.excluded_by_shop,
        }
        mask = self.everybody
        if len(excluded):
            by["excluded_by_request"] = _at(n, excluded)
        if context is not None:
            by["open_page"] = _at(n, np.array([context], np.int32))
        if len(bought):
            by["already_bought"] = _at(n, bought) & ~self.repeatable
        if len(seen):
            by["seen_lately"] = _at(n, seen)
        if context is not None and kind == "same":
            by["other_kind"] = ~self._alike(context)
        elif context is not None and kind == "other":
            by["same_kind"] = self._of_path(context)
        if wishes.category is not None:
            by["other_category"] = ~catalogue.in_category(wishes.category)
        if wishes.brand is not None:
            by["other_brand"] = ~catalogue.of_brand(wishes.brand)
        if wishes.min_price is not None:
            by["price_too_low"] = ~(catalogue.price >= wishes.min_price)
        if wishes.max_price is not None:
            by["price_too_high"] = ~(catalogue.price <= wishes.max_price)
        for code, more in by.items():
            if code not in ("not_for_sale", "out_of_stock", "excluded_by_shop"):
                mask = mask | more
        return Barred(mask, by)

    def _of_path(self, context: int, levels: int | None = None) -> Mask:
        """What stands in the context's category, by its whole path or its first levels; nothing where it has none."""
        item = self.catalogue.items[context]
        path = item.category[:levels] if item is not None else ()
        return self.catalogue.in_category(" > ".join(path)) if path else np.zeros(len(self.catalogue), np.bool_)

    def _alike(self, context: int) -> Mask:
        """What is of the context's kind: of its narrowest category in which there is enough to compare; all without one."""
        item = self.catalogue.items[context]
        for levels in range(len(item.category) if item is not None else 0, 0, -1):
            mask = self._of_path(context, levels)
            if np.count_nonzero(mask & ~self.everybody) > ENOUGH_ALIKE:
                return mask
        return np.ones(len(self.catalogue), np.bool_)


def _at(n: int, items: Int32) -> Mask:
    mask = np.zeros(n, np.bool_)
    mask[items] = True
    return mask
