"""How exposure is spread over products: who is shown how often beside what the shop holds, and how unequal that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Float32
from regulars.recommend.slate import Exposures

NEW_DAYS = 28
POINTS = 50


@dataclass(frozen=True, slots=True)
class Group:
    """A brand, a price range or an age. products, shown, clicked: counts; held, seen: shares of what is for sale and of all impressions."""

    name: str
    products: int
    shown: int
    clicked: int
    held: float
    seen: float

    @property
    def rate(self) -> float | None:
        return self.clicked / self.shown if self.shown else None


@dataclass(frozen=True, slots=True)
class Spread:
    """gini: 0 everything is shown alike, 1 one product is shown alone. lorenz: shares of impressions that the least shown 0 … 100 % have.

    never: products for sale that nobody was shown.
    """

    gini: float
    lorenz: list[float]
    shown: int
    never: int
    products: int
    brands: list[Group]
    prices: list[Group]
    ages: list[Group]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""

        def groups(found: list[Group]) -> list[dict[str, Any]]:
            return [
                {"name": one.name, "products": one.products, "shown": one.shown, "clicked": one.clicked, "share_of_products": one.held, "share_of_impressions": one.seen}
                for one in found
            ]  # fmt: skip

        return {
            "days": NEW_DAYS,
            "impressions": self.shown,
            "products": self.products,
            "never_shown": self.never,
            "gini": self.gini,
            "lorenz": self.lorenz,
            "brands": groups(self.brands),
            "prices": groups(self.prices),
            "ages": groups(self.ages),
        }


def spread_of(catalogue: Catalogue, exposures: Exposures, now: float) -> Spread:
    """now: epoch seconds."""
    sold = catalogue.for_sale
    shown = exposures.shown[sold]
    names = catalogue.brand_names
    brands = [names[number] if 0 <= number < len(names) else "" for number in catalogue.brands[sold].tolist()]
    price, age = catalogue.price[sold], (now - catalogue.created[sold]) / 86_400
    known = price[np.isfinite(price)]
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75])) if len(known) >= 4 else np.zeros(0)
    ranges = ["" if not np.isfinite(one) else _range(one, edges) for one in price.tolist()]
    ages = ["new" if days <= NEW_DAYS else "half_year" if days <= 182 else "older" for days in age.tolist()]
    gini, lorenz = _gini(shown)
    return Spread(
        gini,
        lorenz,
        int(shown.sum()),
        int(np.count_nonzero(shown == 0)),
        len(shown),
        _groups(brands, exposures, sold),
        sorted(
            _groups(ranges, exposures, sold),
            key=lambda one: float(one.name.split("–")[0].lstrip("<≥ ") or 0) if one.name else -1,
        ),
        sorted(_groups(ages, exposures, sold), key=lambda one: ("new", "half_year", "older").index(one.name)),
    )


def _range(price: float, edges: Any) -> str:
    at = int(np.searchsorted(edges, price, side="right"))
    if at == 0:
        return f"0–{edges[0]:.2f}" if len(edges) else "0–"
    return f"{edges[at - 1]:.2f}–" + (f"{edges[at]:.2f}" if at < len(edges) else "")


def _groups(keys: list[str], exposures: Exposures, sold: Any) -> list[Group]:
    shown, clicked = exposures.shown[sold], exposures.clicked[sold]
    total, count = float(shown.sum()) or 1.0, len(keys) or 1
    found: dict[str, list[float]] = {}
    for key, seen, followed in zip(keys, shown.tolist(), clicked.tolist(), strict=True):
        own = found.setdefault(key, [0, 0, 0])
        own[0] += 1
        own[1] += seen
        own[2] += followed
    made = [Group(key, int(n), int(s), int(c), n / count, s / total) for key, (n, s, c) in found.items() if key]
    return sorted(made, key=lambda one: (-one.seen, one.name))


def _gini(values: Float32) -> tuple[float, list[float]]:
    """The Gini coefficient and the Lorenz curve at POINTS + 1 even places."""
    ordered = np.sort(values.astype(np.float64))
    total = ordered.sum()
    if len(ordered) == 0 or total == 0:
        return 0.0, [index / POINTS for index in range(POINTS + 1)]
    rising = np.concatenate([[0.0], np.cumsum(ordered) / total])
    curve = np.interp(np.linspace(0, 1, POINTS + 1), np.linspace(0, 1, len(rising)), rising)
    area = float(np.trapezoid(rising, dx=1 / (len(rising) - 1)))
    return round(1 - 2 * area, 4), [round(float(one), 4) for one in curve]
