"""What may not stand in a list, and why. Each filter is a named mask over the catalogue; nothing is ranked here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Int32
from regulars.recommend.rules.book import NOTHING, Steering

Mask = npt.NDArray[np.bool_]
RULE = "rule"  # the code of the shop's own exclusions
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
    """Who may not be shown, and by which filter. The first filter that hits an item names the reason.

    mask: (n,), the union. by: each filter in the order they act, a mask where it takes many, positions where it takes a few.
    counts: how many products each filter takes away from what those before it left.
    """

    mask: Mask
    by: dict[str, Mask | Int32]
    counts: dict[str, int]
    steering: Steering = NOTHING

    def reason(self, item: int) -> str:
        """The filter's code, `rule:7` for the rule on line 7; "" where nothing bars it."""
        code = next((code for code, items in self.by.items() if _holds(items, item)), "")
        return f"{RULE}:{self.steering.line_of(item)}" if code == RULE else code

    def reasons(self, item: int) -> list[str]:
        """All that bar it, in the order in which they act."""
        found = [code for code, items in self.by.items() if _holds(items, item) and code != RULE]
        return found + [f"{RULE}:{line}" for line, mask, _ in self.steering.by_line if mask[item]]


def _holds(items: Mask | Int32, item: int) -> bool:
    return bool(items[item]) if items.dtype == np.bool_ else item in items


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
        self._counts = {
            "not_for_sale": int(np.count_nonzero(self.not_for_sale)),
            "out_of_stock": int(np.count_nonzero(self.out_of_stock & ~self.not_for_sale)),
            "excluded_by_shop": int(np.count_nonzero(self.excluded_by_shop & ~(self.not_for_sale | self.out_of_stock))),
        }

    def bar(
        self,
        wishes: Wishes,
        excluded: Int32,
        context: int | None,
        bought: Int32,
        seen: Int32,
        kind: str = "",
        steering: Steering = NOTHING,
        category: str | None = None,
    ) -> Barred:
        """excluded: by the request. bought, seen: empty where the surface lets them come back. All positions.

        kind: "same" or "other": whether a list keeps to the context's own category, or out of it. steering: the shop's rules
        for this request. category: what the surface keeps to.
        """
        catalogue = self.catalogue
        own: dict[str, Mask | Int32] = {}
        if len(excluded):
            own["excluded_by_request"] = excluded
        if context is not None:
            own["open_page"] = np.array([context], np.int32)
        if len(bought):
            own["already_bought"] = bought[~self.repeatable[bought]]
        if len(seen):
            own["seen_lately"] = seen
        if context is not None and kind == "same":
            own["other_kind"] = ~self._alike(context)
        elif context is not None and kind == "other":
            own["same_kind"] = self._of_path(context)
        if category is not None:
            own["other_category_of_surface"] = ~catalogue.in_category(category)
        if steering.excluded is not None:
            own[RULE] = steering.excluded
        if wishes.category is not None:
            own["other_category"] = ~catalogue.in_category(wishes.category)
        if wishes.brand is not None:
            own["other_brand"] = ~catalogue.of_brand(wishes.brand)
        if wishes.min_price is not None:
            own["price_too_low"] = ~(catalogue.price >= wishes.min_price)
        if wishes.max_price is not None:
            own["price_too_high"] = ~(catalogue.price <= wishes.max_price)
        # Few filters touch more than a handful of products. The rest costs nothing per product of the catalogue.
        mask = self.everybody.copy() if own else self.everybody
        counts = dict(self._counts)
        for code, items in own.items():
            if items.dtype == np.bool_:
                wide = items.view(np.bool_)
                counts[code] = int(np.count_nonzero(wide & ~mask))
                mask |= wide
            else:
                counts[code] = len(set(items[~mask[items]].tolist()))
                mask[items] = True
        by: dict[str, Mask | Int32] = {
            "not_for_sale": self.not_for_sale,
            "out_of_stock": self.out_of_stock,
            "excluded_by_shop": self.excluded_by_shop,
            **own,
        }
        return Barred(mask, by, counts, steering)

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
