"""What a person did with products of the catalogue, as a list is made for them. Knows no store and no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.dataset import Float32, Int32
from regulars.schema import EventType
from regulars.schema.events import STRENGTHS
from regulars.store.people import Person

HISTORY_READ = 200  # newest interactions a query holds; sources look at fewer


@dataclass(frozen=True, slots=True)
class History:
    """A person's interactions with products of the catalogue, oldest first."""

    items: Int32
    ages: Float32
    strengths: Float32
    products: list[int]
    types: list[str]
    bought: Int32
    unknown: int

    @classmethod
    def of(cls, person: Person, catalogue: Catalogue, now: float) -> History:
        place = catalogue.place
        kept: list[tuple[int, int, str, float]] = []
        bought: set[int] = {place[product] for product in person.bought if product in place}
        unknown = 0
        for product, kind, second in zip(person.products, person.types, person.seconds, strict=True):
            item = place.get(product)
            if item is None:
                unknown += 1
                continue
            if kind == EventType.PURCHASE:
                bought.add(item)
            if len(kept) < HISTORY_READ:
                # A clock that jumped: what "will happen" happened now.
                kept.append((item, product, kind, max(0.0, now - second) / 86_400))
        kept.reverse()
        return cls(
            np.array([row[0] for row in kept], np.int32),
            np.array([row[3] for row in kept], np.float32),
            np.array([STRENGTHS.get(row[2], 1.0) for row in kept], np.float32),
            [row[1] for row in kept],
            [row[2] for row in kept],
            np.fromiter(bought, np.int32, len(bought)),
            unknown,
        )

    @property
    def purchases(self) -> npt.NDArray[np.bool_]:
        """(h,) which of the interactions are purchases."""
        return np.array([kind == EventType.PURCHASE for kind in self.types], np.bool_)

    def seen_within(self, days: float) -> Int32:
        return self.items[self.ages <= days]

    def bought_last(self, most: int) -> list[int]:
        """Positions of what was bought last, the newest first."""
        acts = zip(self.items[::-1].tolist(), self.types[::-1], strict=True)
        return list(dict.fromkeys(item for item, kind in acts if kind == EventType.PURCHASE))[:most]
