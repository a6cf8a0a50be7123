"""What a person may want to buy again: own purchases, by how due each is. Knows no model and nobody else's purchases."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.filters import Mask
from regulars.recommend.model import Candidates
from regulars.schema import EventType, Reason
from regulars.store.people import Person

SOURCE = "again"
USUAL_CYCLE_DAYS = 30.0  # of what is bought repeatedly by its category, until the person's own pace is known
SAME_DAY = 1.0  # purchases closer than this are one
TOO_SOON = 0.25  # of a cycle: what was bought just now isn't offered again


@dataclass(frozen=True, slots=True)
class Due:
    """A product bought before. place: in the catalogue. days: since the last time. cycle: days between purchases.

    score: 1 on the day when it is due, falling to both sides: min(days / cycle, cycle / days).
    """

    place: int
    days: float
    cycle: float
    own_cycle: bool
    score: float

    @property
    def reason(self) -> Reason:
        if self.own_cycle and self.cycle >= 2:
            return Reason("again_cycle", {"days": int(self.days), "cycle": round(self.cycle)})
        return Reason("again", {"days": int(self.days)})


def due(person: Person, catalogue: Catalogue, repeatable: Mask, now: float) -> list[Due]:
    """What was bought twice, or once in a category where products are bought again, the most due first.

    now: epoch seconds. repeatable: (n,) which products' categories are.
    """
    bought: dict[int, list[float]] = {}
    for product, kind, second in zip(person.products, person.types, person.seconds, strict=True):
        place = catalogue.place.get(product)
        if kind == EventType.PURCHASE and place is not None:
            bought.setdefault(place, []).append(max(0.0, now - second) / 86_400)
    found = []
    for place, ages in bought.items():
        days = min(ages)
        cycle = own_cycle(ages)
        if cycle is None and not repeatable[place]:
            continue
        length = cycle or USUAL_CYCLE_DAYS
        ratio = days / length
        if ratio >= TOO_SOON:
            found.append(Due(place, days, length, cycle is not None, min(ratio, 1 / ratio)))
    return sorted(found, key=lambda one: (-one.score, one.place))


def own_cycle(ages: list[float]) -> float | None:
    """Mean days between purchases; None for a single one.

    >>> round(own_cycle([5.0, 35.0, 65.2, 65.1]) or 0, 2)
    30.05
    >>> own_cycle([5.0, 5.1]) is None
    True
    """
    times: list[float] = []
    for age in sorted(ages):
        if not times or age - times[-1] >= SAME_DAY:
            times.append(age)
    return (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else None


def candidates(found: list[Due], barred: Mask) -> tuple[Candidates, list[Due]]:
    """As the sources' candidates are kept in a trace, with the purchases they stand for; removed: what filters took."""
    free = [one for one in found if not barred[one.place]]
    items = np.array([one.place for one in free], np.int32)
    scores = np.array([one.score for one in free], np.float32)
    ranks = np.arange(len(free), dtype=np.int16)[:, None]
    removed = np.array([one.place for one in found if barred[one.place]], np.int32)
    made = Candidates(items, scores, scores[:, None], (SOURCE,), ranks, (SOURCE,), removed)
    assert all(math.isfinite(one.score) for one in free)
    return made, free
