"""A shop with the order book of a seed, for as long as it is needed: made in a folder of its own, with its own database."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog

from benchmarks.assistant.goals import goals
from benchmarks.assistant.terms import ARTICLES, POLICIES, TOPICS
from regulars.assist.rehearsal.book import CURRENCY, PRODUCTS, Book
from regulars.assist.rehearsal.customer import Bank
from regulars.assist.rehearsal.customer import phrases as own_phrases
from regulars.assist.rehearsal.goals import Goal
from regulars.assist.rehearsal.line import Line
from regulars.assist.rehearsal.rules import Rules
from regulars.assist.rehearsal.stage import throwaway
from regulars.schema import ShopSettings

SHOP_NAME = "Larch & Lantern"
ASIDES = tuple(f"q_{topic}" for topic in TOPICS)
_HERE = Path(__file__).parent


def phrases(split: str) -> dict[str, Bank]:
    """Phrases by language. split: "scored" for figures, "dev" for looking at what goes wrong: no wording is in both. Those of "dev" are
    the product's own; what a way to pay is called is the same for both."""
    out = {}
    for language in ("en", "zh"):
        own = own_phrases(language)
        here = json.loads((_HERE / f"phrases.{language}.json").read_text(encoding="utf-8"))
        questions = {name: given[split] for name, given in here.items() if isinstance(given, dict)}
        scored = {name: given for name, given in here.items() if isinstance(given, list)}
        out[language] = (own if split == "dev" else {"method_words": own["method_words"], **scored}) | questions
    return out


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
    articles = [
        {"id": f"{topic}.{language}", "locale": language, "title": title, "body": body, "tags": []}
        for topic, language, title, body in ARTICLES
    ]
    settings = ShopSettings(name=SHOP_NAME, currency=CURRENCY, locales=["en", "zh"])
    with throwaway(book, settings, articles) as line:
        rules = {name: Rules(policy, book.delivered()) for name, policy in POLICIES.items()}
        yield Stage(line, book, wanted, banks, rules)


def _furnish(book: Book, language: str) -> None:
    """A customer with an order in each of the states that an action may ask for."""
    rng = book.rng
    shelf = [one.id for one in PRODUCTS.values() if one.language == language]
    customer = book.customer(language, rng.choice((None, 300, 5_000, 90_000)))
    for status, days in (("open", 0.1), ("paid", 1.0), ("paid", 6.0), ("shipped", 2.0), ("delivered", 9.0), ("delivered", 45.0)):  # fmt: skip
        lines = [f"{one}-{rng.randint(0, 3)}" for one in rng.sample(shelf, rng.randint(1, 2))]
        book.order(customer, status, lines, days=days, method=rng.choice(("card", "paypal")))
