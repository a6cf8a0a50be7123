"""A shop with the order book of a seed, for as long as it is needed: made in a folder of its own, with its own database."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import structlog

from benchmarks.assistant.book import CURRENCY, POLICIES, PRODUCTS, Book
from benchmarks.assistant.customer import Bank, phrases
from benchmarks.assistant.goals import Goal, goals
from benchmarks.assistant.play import Line
from benchmarks.assistant.rules import Rules
from regulars import shop as shops
from regulars.shop import stop_database
from regulars.store.workspace import Workspace

SHOP_NAME = "Larch & Lantern"


@dataclass(slots=True)
class Stage:
    """What is played with. rules: one reading of each policy."""

    line: Line
    book: Book
    goals: list[Goal]
    banks: dict[str, Bank]
    rules: dict[str, Rules]

    def under(self, policy: str) -> None:
        """Puts a policy in force."""
        self.line.policy(POLICIES[policy])


@contextmanager
def stage(seed: int, split: str, more_customers: int = 0) -> Iterator[Stage]:
    """more_customers: beside those of the goals, with orders in every state."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    banks = phrases(split)
    book = Book(Random(seed))
    wanted = goals(book, banks)
    for place in range(more_customers):
        _furnish(book, ("en", "zh")[place % 2])
    with tempfile.TemporaryDirectory(prefix="regulars-assistant-") as folder:
        root = Path(folder) / "shop"
        shop = shops.init(root, name=SHOP_NAME, currency=CURRENCY, locales=["en", "zh"])
        try:
            book.load(shop, Path(folder))
            line = Line(shop)
            delivered = {
                name: datetime.fromisoformat(one["shipments"][0]["delivered_at"])
                for name, one in book.orders.items()
                if one["shipments"] and "delivered_at" in one["shipments"][0]
            }
            rules = {name: Rules(policy, delivered) for name, policy in POLICIES.items()}
            yield Stage(line, book, wanted, banks, rules)
        finally:
            shop.close()
            stop_database(Workspace(root))


def _furnish(book: Book, language: str) -> None:
    """A customer with an order in each of the states that an action may ask for."""
    rng = book.rng
    shelf = [one.id for one in PRODUCTS.values() if one.language == language]
    customer = book.customer(language, rng.choice((None, 300, 5_000, 90_000)))
    for status, days in (("open", 0.1), ("paid", 1.0), ("paid", 6.0), ("shipped", 2.0), ("delivered", 9.0), ("delivered", 45.0)):  # fmt: skip
        lines = [f"{one}-{rng.randint(0, 3)}" for one in rng.sample(shelf, rng.randint(1, 2))]
        book.order(customer, status, lines, days=days, method=rng.choice(("card", "paypal")))
