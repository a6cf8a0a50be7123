"""The goals of the benchmark: every action with every branch of its two policies, in two languages, each with a way of behaving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from random import Random
from typing import Any

from benchmarks.assistant.terms import REASONS, TOPICS
from regulars.assist.rehearsal.book import Book
from regulars.assist.rehearsal.goals import (
    LANGUAGES,
    TWISTS,
    Branch,
    Goal,
    Identity,
    Writer,
    address,
    alert,
    asks_only,
    cancel,
    fits,
    handover,
    invoice,
    nonsense,
    own_address,
    payment,
    question,
    refunded,
    returned,
    store_credit,
    stranger,
    track,
    variant,
)

PLAIN: tuple[Branch, ...] = (
    *(track(status) for status in ("open", "paid", "shipped", "delivered")),
    *(refunded(state) for state in ("pending", "refunded", None)),
    invoice,
    store_credit,
    *(question(topic, {language: f"{topic}.{language}" for language in LANGUAGES}) for topic in TOPICS),
    nonsense,
    handover,
    stranger,
    cancel("paid", "done", "paid", days=1.5),
    cancel("open", "done", "open", days=0.2),
    cancel("gift_card", "done", "paid", days=1, method="gift", gift=90_000),
    cancel("two_lines", "done", "paid", days=1, lines=["lamp-0", "kettle-1"]),
    cancel("too_late", "refused", "paid", days=5),
    cancel("shipped", "refused", "shipped", days=2),
    cancel("delivered", "refused", "delivered", days=6),
    cancel("cancelled", "refused", "cancelled", days=1, refunded="pending"),
    address("paid", "done", "paid", days=1),
    address("open", "done", "open", days=0.1),
    address("shipped", "refused", "shipped", days=2, decoy=False),
    address("cancelled", "refused", "cancelled", days=1, decoy=False),
    own_address,
    variant("change_items", "same_price", "done", 1),
    variant("change_items", "dearer", "done", 2),
    variant("change_items", "cheaper", "done", 3),
    variant("change_items", "dearer_by_gift_card", "done", 2, method="gift"),
    variant("change_items", "gift_card_too_low", "refused", 2, method="gift", gift=300, decoy=False),
    variant("change_items", "sold_out", "refused", 4, decoy=False),
    variant("change_items", "once_only", "refused", 1, again=2, decoy=False),
    variant("change_items", "cancelled", "refused", 1, at="cancelled", refunded="pending", decoy=False),
    variant("exchange_items", "same_price", "done", 1, at="delivered", days=9),
    variant("exchange_items", "dearer", "done", 2, at="delivered", days=9),
    variant("exchange_items", "cheaper", "done", 3, at="delivered", days=9),
    variant("exchange_items", "gift_card", "done", 3, method="gift", at="delivered", days=9),
    variant("exchange_items", "sold_out", "refused", 4, at="delivered", days=9, decoy=False),
    variant("exchange_items", "too_late", "refused", 1, at="delivered", days=45, decoy=False),
    variant("exchange_items", "never", "refused", 1, at="delivered", days=9, never=True, decoy=False),
    variant("exchange_items", "same_again", "refused", 0, at="delivered", days=9, decoy=False),
    payment("paypal", "done", "paypal", gift=90_000),
    payment("gift_card", "done", "gift", gift=90_000),
    payment("gift_card_too_low", "refused", "gift", gift=300, decoy=False),
    payment("the_same", "refused", "card", decoy=False),
    payment("shipped", "refused", "paypal", status="shipped", days=2, decoy=False),
    returned("one_line", "done"),
    returned("one_of_two", "done", "first"),
    returned("all", "done", "all"),
    returned("to_gift_card", "done", method="gift"),
    returned("too_late", "refused", days=45, decoy=False),
    returned("never", "refused", never=True, decoy=False),
    returned("not_delivered", "refused", at="paid", days=1, decoy=False),
    returned("on_its_way", "refused", at="shipped", days=2, decoy=False),
    returned("asked_before", "refused", at="return_requested", decoy=False),
    alert("sold_out", "done", 4),
    alert("in_stock", "refused", 1),
)
STRICT: tuple[Branch, ...] = (
    cancel("accepted_reason", "done", "paid", "good", days=1),
    cancel("other_reason", "refused", "paid", "bad", days=1),
    address("in_time", "done", "paid", days=0.4),
    address("too_late", "refused", "paid", days=2, decoy=False),
    variant("exchange_items", "same_again_allowed", "done", 0, at="delivered", days=9),
    payment("never", "refused", "paypal", decoy=False),
    returned("at_a_cost", "done"),
    returned("all_at_a_cost", "done", "all"),
    returned("after_a_fortnight", "refused", days=25, decoy=False),
    alert("never", "refused", 4),
)

IDENTITIES: tuple[Identity, ...] = ("signed", "signed", "email", "signed", "name")
VARIATIONS = 3


def goals(book: Book, words: dict[str, dict[str, Any]]) -> list[Goal]:
    """All goals, with their customers and orders written into the book. words: phrases by language."""
    out: list[Goal] = []
    turn: Iterator[tuple[str, Identity]] = zip(cycle(TWISTS), cycle(IDENTITIES))
    for policy, branches in (("plain", PLAIN), ("strict", STRICT)):
        for branch in branches:
            for language in LANGUAGES:
                for variation in range(VARIATIONS):
                    goal = branch(Writer(book, language, policy, words[language], REASONS[language]))
                    twist, identity = next(turn)
                    name = f"{goal.policy}/{goal.name}/{variation}"
                    who: Identity = "signed" if asks_only(goal) else identity
                    out.append(replace(goal, name=name, twist=_fitting(goal, twist, book.rng), identity=who))
    return out


def _fitting(goal: Goal, twist: str, rng: Random) -> str:
    """The way of behaving, or another where it makes no sense for the goal."""
    if fits(goal, twist):
        return twist
    return "typos" if twist == "correction" else rng.choice(("digression", "mixed", "chat"))
