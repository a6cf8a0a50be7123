"""The demo's customers: who they are, what they like, what they can spend. Drawn from a seed, the same each time.

Nobody here exists. E-mail addresses end in example.com, telephone numbers come from the range kept for fiction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.demo.catalogue import items, numbers_by_kind
from regulars.demo.kinds import BRANDS, CATEGORIES, COLLECTIONS, KINDS

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

CHINESE = 0.3
PETS = {"dog": 0.28, "cat": 0.3}
_FIRST = ("Ada", "Ben", "Clara", "Dora", "Eli", "Finn", "Grace", "Hugo", "Ines", "Jack", "Kofi", "Lena", "Maya", "Noor", "Otto", "Priya", "Quinn", "Rosa", "Sami", "Tess", "Uma", "Viktor", "Willa", "Yusuf", "Zoe", "Arlo", "Bea", "Cormac", "Daphne", "Emil", "Freya", "Gil", "Hana", "Ivo", "June", "Kit", "Lars", "Mina", "Nell", "Oscar")  # fmt: skip
_LAST = ("Abbott", "Berg", "Carver", "Dias", "Evans", "Fischer", "Grant", "Hart", "Ito", "Jones", "Khan", "Lambert", "Moreau", "Novak", "Okoye", "Price", "Quill", "Reyes", "Sato", "Turner", "Underwood", "Vance", "Walsh", "Young", "Zeller", "Ashby", "Bright", "Castle", "Dunn", "Ellis", "Frost", "Gale", "Holm")  # fmt: skip
_FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = ("静", "伟", "敏", "磊", "洋", "艳", "杰", "娟", "涛", "明", "超", "秀兰", "霞", "平", "刚", "桂英", "子涵", "雨桐", "浩然", "诗涵", "宇轩", "欣怡", "梓萱", "一诺", "思远", "晓东", "雪梅", "建国", "佳琪", "文博")  # fmt: skip
_CITIES = ("Bath", "Bristol", "Cardiff", "Durham", "Edinburgh", "Exeter", "Glasgow", "Leeds", "London", "Norwich", "Oxford", "York")  # fmt: skip
_STREETS = ("Mill Lane", "Orchard Road", "Quay Street", "Station Road", "Castle Hill", "Larch Avenue", "Canal Walk", "Church Row")  # fmt: skip


class People:
    """All customers as arrays, one row each."""

    def __init__(self, count: int, seed: int) -> None:
        generator = np.random.default_rng([seed, 1])
        self.count = count
        self.ids = [f"c{number + 1:04d}" for number in range(count)]
        self.chinese = generator.random(count) < CHINESE
        self.budget: Float64 = generator.lognormal(3.2, 0.6, count)
        self.sensitivity: Float64 = generator.gamma(2.0, 0.35, count)
        self.pace: Float64 = 6 + generator.gamma(2.2, 11.0, count)
        """Mean days between two visits in an even mood."""
        self.attention: Float64 = generator.uniform(0.75, 0.93, count)
        """The chance to go on to the next place of a list."""
        self.temper: Float64 = np.clip(generator.normal(0.05, 0.15, count), -0.5, 0.5)
        """The mood one falls back to."""
        self.since = generator.integers(0, 150, count)
        """Days after the world's beginning at which one first comes."""
        self._taste(generator)
        self._faces = generator.integers(0, 1 << 30, count)

    def _taste(self, generator: np.random.Generator) -> None:
        """How much everybody would like everything: standardised for each person."""
        count, stock = self.count, items()
        categories = list(CATEGORIES)
        brands = sorted({brand for own in BRANDS.values() for brand in own})
        kinds = [kind.key for kind in KINDS]
        category = np.array([categories.index(item.kind.category) for item in stock])
        kind = np.array([kinds.index(item.kind.key) for item in stock])
        look = np.array([COLLECTIONS.index(item.collection) for item in stock])
        brand = np.array([brands.index(item.brand) for item in stock])
        price = np.array([item.price for item in stock])
        loves = np.full((count, len(categories)), -0.6)
        order = generator.random((count, len(categories))).argsort(axis=1)
        for rank, strength in enumerate((1.9, 1.3, 0.7)):
            loves[np.arange(count), order[:, rank]] = strength
        likes_kind = generator.normal(0, 0.7, (count, len(kinds)))
        for animal, owned in (("dog", ("dog-food", "dog-lead")), ("cat", ("cat-food", "cat-toy"))):
            has_one = generator.random(count) < PETS[animal]
            for key in owned:  # pets are had or not: nobody is a little fond of dog food
                likes_kind[:, kinds.index(key)] += np.where(has_one, 1.6, -1.4)
        likes_look = generator.normal(0, 0.55, (count, len(COLLECTIONS)))
        likes_brand = generator.normal(0, 0.3, (count, len(brands)))
        quality = np.array([item.quality for item in stock])
        dear = np.maximum(0.0, np.log(price[None, :] / self.budget[:, None])) * self.sensitivity[:, None]
        liking = (
            loves[:, category]
            + likes_kind[:, kind]
            + likes_look[:, look]
            + likes_brand[:, brand]
            + 0.25 * quality[None, :]
            - dear
            + generator.normal(0, 0.25, (count, len(stock)))
        )
        liking -= liking.mean(axis=1, keepdims=True)
        liking /= liking.std(axis=1, keepdims=True)
        self.liking: Float32 = liking.astype(np.float32)
        own = list(numbers_by_kind().values())
        self.liking_of_kind: Float32 = np.stack(
            [np.sort(self.liking[:, list(numbers)], axis=1)[:, -3:].mean(axis=1) for numbers in own], axis=1
        )

    @cached_property
    def standing(self) -> Float32:
        """(people, items) from 0, what one likes least, to 1."""
        places = self.liking.argsort(axis=1).argsort(axis=1)
        return np.asarray(places / (places.shape[1] - 1), np.float32)

    def locale(self, person: int) -> str:
        return "zh" if self.chinese[person] else "en"

    def name(self, person: int) -> str:
        face = int(self._faces[person])
        if self.chinese[person]:
            return _FAMILY[face % len(_FAMILY)] + _GIVEN[face // 64 % len(_GIVEN)]
        return f"{_FIRST[face % len(_FIRST)]} {_LAST[face // 64 % len(_LAST)]}"

    def records(self, began: datetime) -> Iterator[dict[str, Any]]:
        """Customer records. began: the world's first day."""
        for person, customer in enumerate(self.ids):
            face = int(self._faces[person])
            joined = began + timedelta(days=int(self.since[person]) - face % 300)
            kind = ("card", "card", "paypal", "bank")[face % 4]
            yield {
                "id": customer,
                "name": self.name(person),
                "email": f"{customer}@example.com",
                "phone": f"+44 7700 900{face % 1000:03d}",
                "locale": self.locale(person),
                "traits": {"member": face % 5 == 0},
                "addresses": [
                    {
                        "name": self.name(person),
                        "line1": f"{face % 120 + 1} {_STREETS[face // 7 % len(_STREETS)]}",
                        "city": _CITIES[face // 11 % len(_CITIES)],
                        "country": "GB",
                        "default": True,
                    }
                ],
                "payment_methods": [
                    {
                        "id": f"pay-{customer}",
                        "kind": kind,
                        "last4": f"{face % 10_000:04d}" if kind == "card" else None,
                        "default": True,
                    }
                ],
                "consent": [
                    {"purpose": purpose, "granted": granted, "at": joined.isoformat(), "source": "sign-up"}
                    for purpose, granted in (
                        ("personalisation", True),
                        ("analytics", face % 10 > 0),
                        ("email", face % 3 > 0),
                    )
                ],
                "created_at": joined.isoformat(),
            }
