"""An invented shop and half a year of its life: products, customers with tastes and moods, visits, orders, reviews. Seeded.

Nothing here is real. The behaviour has structure on purpose, so that a recommender finds something, and so that what it shows
has consequences: see `regulars.demo.life`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from regulars.demo.articles import articles
from regulars.demo.catalogue import items, label, products
from regulars.demo.life import Life
from regulars.demo.people import People
from regulars.demo.state import State

__all__ = ["CUSTOMERS", "DAYS", "NAME", "SEED", "History", "World", "label", "sold_out"]

NAME = "Kettle & Thread"
CUSTOMERS = 3_000
DAYS = 182
SEED = 7
_SUPPLY_DAYS = 21
_SHORT = 0.045

Record = dict[str, Any]


@dataclass(slots=True)
class History:
    """What happened, each oldest first."""

    events: list[Record]
    orders: list[Record]
    reviews: list[Record]


class World:
    """The invented shop on one day. The same seed, size and day give the same records."""

    def __init__(self, today: datetime, seed: int = SEED, customers: int = CUSTOMERS) -> None:
        """today: the day after the last of what has happened."""
        self.today = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.seed = seed
        self.people = People(customers, seed)
        self.began = self.today - timedelta(days=DAYS)

    def products(self) -> Iterator[Record]:
        return products(self.began, sold_out(self.seed, DAYS - 1))

    def customers(self) -> Iterator[Record]:
        return self.people.records(self.began)

    def articles(self) -> Iterator[Record]:
        return articles(self.today)

    def live(self, progress: Callable[[int, int | None], None] | None = None) -> tuple[History, State]:
        """The half year, in which the shop had no lists, and how everybody is doing at its end."""
        state = State.new(self.people, self.seed, self.began.isoformat())
        life = Life(self.people, state)
        events: list[Record] = []
        orders: dict[str, Record] = {}
        reviews: list[Record] = []
        for number in range(DAYS):
            day = life.day(sold_out(self.seed, number), None)
            events.extend(day.events)
            orders.update((order["id"], order) for order in day.orders)
            reviews.extend(day.reviews)
            if progress is not None:
                progress(number + 1, DAYS)
        events.sort(key=lambda event: (event["occurred_at"], event["message_id"]))
        placed = sorted(orders.values(), key=lambda order: (order["placed_at"], order["id"]))
        reviews.sort(key=lambda review: (review["written_at"], review["id"]))
        return History(events, placed, reviews), state


def sold_out(seed: int, day: int) -> frozenset[int]:
    """The items that are out of stock on a day: suppliers fail by a timetable of their own, whatever is bought."""
    block, within = divmod(day, _SUPPLY_DAYS)
    draw = np.random.default_rng([seed, 3, block])
    short = np.flatnonzero(draw.random(len(items())) < _SHORT * 2)
    begins = draw.integers(0, _SUPPLY_DAYS, len(short))
    lasts = draw.integers(3, 16, len(short))
    return frozenset(short[(begins <= within) & (within < begins + lasts)].tolist())
