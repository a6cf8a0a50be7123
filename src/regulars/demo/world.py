"""An invented shop: products, customers with tastes, half a year of what they did. Seeded; writes plain records.

Nothing here is real. The behaviour has structure on purpose, so that a recommender finds something: customers like two
of the shop's worlds and one style, have a budget, come back at their own pace, and what is bought leads to what goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from regulars.demo.catalogue import Item, items, label, numbers_by_kind, products
from regulars.demo.kinds import CATEGORIES, COLLECTIONS, KINDS

__all__ = ["NAME", "World", "label"]

NAME = "Kettle & Thread"
CUSTOMERS = 600
DAYS = 182
SEED = 7

Record = dict[str, Any]


_FIRST = ("Ada", "Ben", "Chen", "Dora", "Eli", "Fang", "Grace", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Mei", "Noor", "Otto", "Priya", "Quinn", "Rosa", "Sami", "Tao")  # fmt: skip
_LAST = ("Abbott", "Berg", "Cheng", "Dias", "Evans", "Fischer", "Gao", "Hart", "Ito", "Jones", "Khan", "Lin", "Moreau", "Novak", "Okoye", "Price")  # fmt: skip


class World:
    """The invented shop on one day. The same seed and day give the same records."""

    def __init__(self, today: datetime, seed: int = SEED, customers: int = CUSTOMERS) -> None:
        """today: the last day of what has happened."""
        self.today = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.seed = seed
        self.customers_wanted = customers
        generator = np.random.default_rng(seed)
        self.items = items()
        self._by_kind = {kind: [self.items[number] for number in own] for kind, own in numbers_by_kind().items()}
        self._sold_out = frozenset(generator.choice(len(self.items), 12, replace=False).tolist())
        self._people = [self._person(number, generator) for number in range(customers)]

    def products(self) -> Iterator[Record]:
        """Product records, in both languages."""
        return products(self.today, self._sold_out)

    def customers(self) -> Iterator[Record]:
        for person in self._people:
            yield {
                "id": person["id"],
                "name": person["name"],
                "email": f"{person['id']}@example.com",
                "locale": person["locale"],
                "consent": {"personalisation": True, "email": person["number"] % 3 > 0},
                "created_at": (self.today - timedelta(days=DAYS)).isoformat(),
            }

    def days(self) -> tuple[list[Record], list[Record], list[Record]]:
        """What happened: events, orders and reviews, each oldest first."""
        events: list[Record] = []
        orders: list[Record] = []
        reviews: list[Record] = []
        for person in self._people:
            self._live(person, events, orders, reviews)
        events.sort(key=lambda event: (event["occurred_at"], event["message_id"]))
        orders.sort(key=lambda order: (order["placed_at"], order["id"]))
        reviews.sort(key=lambda review: (review["written_at"], review["id"]))
        return events, orders, reviews

    def _person(self, number: int, generator: np.random.Generator) -> Record:
        worlds = list(CATEGORIES)
        return {
            "number": number,
            "id": f"c{number + 1:04d}",
            "name": f"{_FIRST[number % len(_FIRST)]} {_LAST[(number // len(_FIRST)) % len(_LAST)]}",
            "locale": "zh" if generator.random() < 0.3 else "en",
            "worlds": [worlds[place] for place in generator.choice(len(worlds), 2, replace=False)],
            "styles": [COLLECTIONS[place].key for place in generator.choice(len(COLLECTIONS), 7, replace=False)],
            "budget": float(generator.lognormal(3.4, 0.5)),
            "pace": float(generator.gamma(2.0, 9.0) + 3),
            "seed": int(generator.integers(2**32)),
        }

    def _live(self, person: Record, events: list[Record], orders: list[Record], reviews: list[Record]) -> None:
        """One customer's half year: visits at their pace; in each they look along their taste and sometimes buy."""
        generator = np.random.default_rng(person["seed"])
        day = float(generator.uniform(0, person["pace"]))
        wanted: list[str] = []
        bought: set[int] = set()
        visit = 0
        while day < DAYS:
            visit += 1
            at = self.today - timedelta(days=DAYS - int(day)) + timedelta(hours=float(generator.uniform(8, 22)))
            seen: list[Item] = []
            for step in range(int(generator.integers(2, 9))):
                item = self._pick(person, wanted, seen, generator)
                seen.append(item)
                at += timedelta(seconds=float(generator.uniform(15, 120)))
                events.append(_event(person, "view", item, at, f"{visit}-{step}-v"))
            basket = [
                item
                for item in dict.fromkeys(seen)
                if item.number not in bought and item.price <= person["budget"] * 1.6 and generator.random() < 0.22
            ]
            for item in basket:
                at += timedelta(seconds=20)
                events.append(_event(person, "cart", item, at, f"{visit}-{item.number}-c"))
            if basket and generator.random() < 0.6:
                at += timedelta(minutes=2)
                orders.append(_order(person, visit, basket, at))
                bought |= {item.number for item in basket}
                wanted = [kind for item in basket for kind in item.kind.goes_with]
                written = at + timedelta(days=6)
                if generator.random() < 0.25 and written < self.today:
                    reviews.append(_review(person, visit, basket[0], written, generator))
            day += float(generator.exponential(person["pace"])) + 0.5

    def _pick(self, person: Record, wanted: list[str], seen: list[Item], generator: np.random.Generator) -> Item:
        chance = generator.random()
        if wanted and chance < 0.35:
            kind = wanted[int(generator.integers(len(wanted)))]
        elif seen and chance < 0.65:
            near = (seen[-1].kind.key, *seen[-1].kind.goes_with)
            kind = near[int(generator.integers(len(near)))]
        elif chance < 0.95:
            world = person["worlds"][0 if generator.random() < 0.65 else 1]
            keys = [one.key for one in KINDS if one.category == world]
            kind = keys[int(generator.integers(len(keys)))]
        else:
            kind = KINDS[int(generator.integers(len(KINDS)))].key
        able = self._by_kind[kind]
        if generator.random() < 0.75:
            able = [item for item in able if item.collection.key in person["styles"]] or able
        return able[int(generator.integers(len(able)))]


def _event(person: Record, kind: str, item: Item, at: datetime, key: str) -> Record:
    return {
        "message_id": f"demo:{person['id']}:{key}",
        "type": kind,
        "occurred_at": at.isoformat(timespec="seconds"),
        "customer": person["id"],
        "product": item.id,
    }


def _order(person: Record, visit: int, basket: list[Item], at: datetime) -> Record:
    return {
        "id": f"{person['id']}-{visit}",
        "customer": person["id"],
        "placed_at": at.isoformat(timespec="seconds"),
        "status": "delivered",
        "lines": [{"product": item.id, "quantity": 1, "unit_price": f"{item.price:.2f}"} for item in basket],
        "total": f"{sum(item.price for item in basket):.2f}",
    }


_GOOD = {
    "en": ("Just right.", "Even better than the picture.", "Would buy it again."),
    "zh": ("正合适。", "比图片还好。", "会再买。"),
}
_BAD = {"en": ("Smaller than I thought.", "It arrived late."), "zh": ("比想象的小。", "送得有点慢。")}


def _review(person: Record, visit: int, item: Item, at: datetime, generator: np.random.Generator) -> Record:
    good = generator.random() < 0.8
    words = (_GOOD if good else _BAD)[person["locale"]]
    return {
        "id": f"{person['id']}-{visit}",
        "product": item.id,
        "customer": person["id"],
        "rating": int(generator.integers(4, 6)) if good else int(generator.integers(1, 4)),
        "body": words[int(generator.integers(len(words)))],
        "locale": person["locale"],
        "written_at": at.isoformat(timespec="seconds"),
    }
