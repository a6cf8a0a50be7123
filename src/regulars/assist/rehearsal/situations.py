"""Which situations scripted customers come in, for one shop's policy: each action on both sides of each of its limits.

How each ends isn't said here: `rules` says it when the orders are there. What is called `done` or `refused` below is only a guess that
decides what else its customer has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, cycle
from random import Random
from typing import Any

from regulars.assist.rehearsal.goals import (
    Branch,
    address,
    alert,
    cancel,
    handover,
    invoice,
    nonsense,
    own_address,
    payment,
    refunded,
    returned,
    store_credit,
    stranger,
    track,
    variant,
)

Situations = dict[str, list[Branch]]
MOST_DAYS = 3_650
"""Limits that lie further back aren't looked beyond: no order is that old."""

ORDER = (
    "cancel_order", "return_items", "track_order", "change_address", "question", "exchange_items", "change_items", "stranger",
    "change_payment", "refund_status", "stock_alert", "nonsense", "invoice", "update_profile_address", "store_credit", "handover",
)  # fmt: skip
TWICE = ("cancel_order", "return_items", "exchange_items", "change_items", "change_address", "change_payment")
"""What has many branches comes twice as often."""


def situations(policy: Mapping[str, Mapping[str, Any]], questions: Sequence[Branch]) -> Situations:
    """By action. policy: complete rules, as `Rules.policy` has them. questions: what the help centre answers."""
    return {
        "track_order": [track(status) for status in ("open", "paid", "shipped", "delivered")],
        "refund_status": [refunded(state) for state in ("pending", "refunded", None)],
        "invoice": [invoice],
        "store_credit": [store_credit],
        "question": list(questions),
        "nonsense": [nonsense],
        "handover": [handover],
        "stranger": [stranger],
        "cancel_order": _cancelling(policy["cancel_order"]),
        "change_address": _addresses(policy["change_address"]),
        "update_profile_address": [own_address],
        "change_items": _other_items(policy["change_items"]),
        "change_payment": _paying(policy["change_payment"]),
        "return_items": _returning(policy["return_items"]),
        "exchange_items": _exchanging(policy["exchange_items"]),
        "stock_alert": [alert("sold_out", "done", 4), alert("in_stock", "refused", 1)],
    }


def drawn(found: Mapping[str, Situations], many: int, rng: Random) -> list[tuple[str, Branch]]:
    """(language, situation) of this many goals: all actions in turn, each in one language after the other, its situations shuffled.
    found: situations by language."""
    languages = list(found)
    decks = {
        (language, action): cycle(rng.sample(branches, len(branches)))
        for language, actions in found.items() for action, branches in actions.items() if branches
    }  # fmt: skip
    out: list[tuple[str, Branch]] = []
    for number in count():
        for place, action in enumerate((*ORDER, *TWICE)):
            if len(out) >= many:
                return out
            # An action that comes twice a round comes in both languages, and the next round begins with the other one.
            language = languages[(number + place + (place >= len(ORDER))) % len(languages)]
            if (language, action) in decks:
                out.append((language, next(decks[language, action])))
    return out


def _soon(rule: Mapping[str, Any]) -> float:
    """Days ago that are surely in time."""
    hours = rule.get("within_hours")
    return 1.0 if hours is None else min(1.0, hours / 48)


def _too_old(rule: Mapping[str, Any]) -> float | None:
    """Days ago that are surely too late; None where nothing is."""
    hours = rule.get("within_hours")
    return None if hours is None or hours / 24 > MOST_DAYS else hours / 24 + 2


def _came(rule: Mapping[str, Any]) -> dict[str, Any]:
    """An order that came in time."""
    days = rule.get("within_days")
    since = 6.0 if days is None else min(6.0, days / 2)
    return {"days": since + 2, "delivered": since}


def _came_long_ago(rule: Mapping[str, Any]) -> dict[str, Any] | None:
    days = rule.get("within_days")
    return None if days is None or days > MOST_DAYS else {"days": days + 6.0, "delivered": days + 3.0}


def _cancelling(rule: Mapping[str, Any]) -> list[Branch]:
    soon, old = _soon(rule), _too_old(rule)
    reason: Any = "good" if rule.get("reasons") else None
    out = [
        cancel("paid", "done", "paid", reason, days=soon),
        cancel("open", "done", "open", reason, days=soon / 5),
        cancel("gift_card", "done", "paid", reason, days=soon, method="gift", gift=90_000),
        cancel("two_lines", "done", "paid", reason, days=soon, lines=["lamp-0", "kettle-1"]),
        cancel("shipped", "refused", "shipped", reason, days=soon + 1),
        cancel("delivered", "refused", "delivered", reason, days=6),
        cancel("cancelled", "refused", "cancelled", reason, days=soon, refunded="pending"),
    ]
    if old is not None:
        out.append(cancel("too_late", "refused", "paid", reason, days=old))
    if reason:
        out.append(cancel("other_reason", "refused", "paid", "bad", days=soon))
    return out


def _addresses(rule: Mapping[str, Any]) -> list[Branch]:
    soon, old = _soon(rule), _too_old(rule)
    out = [
        address("paid", "done", "paid", days=soon),
        address("open", "done", "open", days=soon / 5),
        address("shipped", "refused", "shipped", days=soon + 1, decoy=False),
        address("cancelled", "refused", "cancelled", days=soon, decoy=False),
    ]
    return out if old is None else [*out, address("too_late", "refused", "paid", days=old, decoy=False)]


def _other_items(rule: Mapping[str, Any]) -> list[Branch]:
    soon, old = _soon(rule), _too_old(rule)
    out = [
        variant("change_items", "same_price", "done", 1, days=soon),
        variant("change_items", "dearer", "done", 2, days=soon),
        variant("change_items", "cheaper", "done", 3, days=soon),
        variant("change_items", "dearer_by_gift_card", "done", 2, method="gift", days=soon),
        variant("change_items", "gift_card_too_low", "refused", 2, method="gift", gift=300, decoy=False, days=soon),
        variant("change_items", "sold_out", "refused", 4, decoy=False, days=soon),
        variant("change_items", "a_second_time", "refused", 1, again=2, decoy=False, days=soon),
        variant("change_items", "cancelled", "refused", 1, at="cancelled", refunded="pending", decoy=False, days=soon),
    ]
    if old is not None:
        out.append(variant("change_items", "too_late", "refused", 1, decoy=False, days=old))
    return out


def _paying(rule: Mapping[str, Any]) -> list[Branch]:
    soon, old = _soon(rule), _too_old(rule)
    out = [
        payment("paypal", "done", "paypal", gift=90_000, days=soon),
        payment("gift_card", "done", "gift", gift=90_000, days=soon),
        payment("gift_card_too_low", "refused", "gift", gift=300, decoy=False, days=soon),
        payment("the_same", "refused", "card", decoy=False, days=soon),
        payment("shipped", "refused", "paypal", status="shipped", days=soon + 1, decoy=False),
    ]
    return out if old is None else [*out, payment("too_late", "refused", "paypal", days=old, decoy=False)]


def _returning(rule: Mapping[str, Any]) -> list[Branch]:
    came, late = _came(rule), _came_long_ago(rule)
    original = "original" in rule["refund_to"]
    back: Any = None if original else "gift"
    out = [
        returned("one_line", "done", method=back, **came),
        returned("one_of_two", "done", "first", method=back, **came),
        returned("all", "done", "all", method=back, **came),
        returned("not_delivered", "refused", method=back, at="paid", days=1, decoy=False),
        returned("on_its_way", "refused", method=back, at="shipped", days=2, decoy=False),
        returned("asked_before", "refused", method=back, at="return_requested", decoy=False, **came),
        returned("to_gift_card", "done", method="gift", **came) if original else returned("to_card", "refused", method="card", decoy=False, **came),
    ]  # fmt: skip
    if rule.get("never_categories"):
        out.append(returned("never", "refused", method=back, never=True, decoy=False, **came))
    if late is not None:
        out.append(returned("too_late", "refused", method=back, decoy=False, **late))
    return out


def _exchanging(rule: Mapping[str, Any]) -> list[Branch]:
    came, late = _came(rule), _came_long_ago(rule)
    out = [
        variant("exchange_items", "same_price", "done", 1, at="delivered", **came),
        variant("exchange_items", "dearer", "done", 2, at="delivered", **came),
        variant("exchange_items", "cheaper", "done", 3, at="delivered", **came),
        variant("exchange_items", "gift_card", "done", 3, method="gift", at="delivered", **came),
        variant("exchange_items", "sold_out", "refused", 4, at="delivered", decoy=False, **came),
        variant("exchange_items", "the_same_again", "refused", 0, at="delivered", decoy=False, **came),
        variant("exchange_items", "on_its_way", "refused", 1, at="shipped", decoy=False, days=2),
    ]
    if rule.get("never_categories"):
        out.append(variant("exchange_items", "never", "refused", 1, at="delivered", never=True, decoy=False, **came))
    if late is not None:
        out.append(variant("exchange_items", "too_late", "refused", 1, at="delivered", decoy=False, **late))
    return out
