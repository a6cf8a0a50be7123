"""What scripted customers want: every action with every branch of two policies, in two languages, each with a way of behaving.

A goal names what is truly wanted (`given`), how it should end, and what its customer knows to say. What the database should hold in
the end isn't written here: `rules` works it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle
from random import Random
from typing import Any, Literal

from benchmarks.assistant.book import PRODUCTS, REASONS, TOPICS, VARIANTS, Book

Ending = Literal["done", "refused", "read", "answered", "unanswered", "handed_over"]
LANGUAGES = ("en", "zh")
TWISTS = ("plain", "correction", "digression", "declined", "typos", "chat", "injection", "mixed", "emoji")
TURNS = 18
"""Messages after which a customer gives up."""


@dataclass(frozen=True, slots=True)
class Goal:
    """told: what the customer fills phrases with. wrong: what they say by mistake at first. again: what they want once more
    afterwards. shown: what a reply has to contain where something was only asked.
    """

    name: str
    action: str
    language: str
    policy: str
    customer: str
    ending: Ending
    told: dict[str, str] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    again: dict[str, str] | None = None
    again_given: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    twist: str = "plain"
    identity: Literal["signed", "email", "name"] = "signed"
    done_before: int = 0


class _Writer:
    """Writes one goal after the other into a book."""

    def __init__(self, book: Book, language: str, policy: str, words: dict[str, Any]) -> None:
        self.book, self.language, self.policy, self.words = book, language, policy, words
        self.rng = book.rng
        own = [one.id for one in PRODUCTS.values() if one.language == language]
        never = {"en": "briefs", "zh": "socks"}[language]
        self.never = never
        self.shelf = [one for one in own if one != never]

    def product(self) -> str:
        return self.rng.choice(self.shelf)

    def item(self, variant: str) -> str:
        return PRODUCTS[VARIANTS[variant].product].said[self.language]

    def method(self, customer: str, kind: str) -> str:
        said: str = self.rng.choice(self.words["method_words"][kind])
        last4 = next(one["last4"] for one in self.book.customers[customer]["payment_methods"] if one["kind"] == "card")
        return said.format(last4=last4)

    def order(
        self,
        status: str,
        lines: list[str] | None = None,
        gift: int | None = 5_000,
        decoy: bool | None = None,
        **more: Any,
    ) -> tuple[str, str, list[str]]:
        """(customer, order, its variants). decoy: a second order in the same state, so that it must be said which."""
        customer = self.book.customer(self.language, gift)
        lines = lines or [f"{self.product()}-0"]
        order = self.book.order(customer, status, lines, **more)
        if decoy if decoy is not None else self.rng.random() < 0.5:
            more.pop("quantities", None)
            self.book.order(customer, status, [f"{self.product()}-1"], **more)
        return customer, order, lines

    def goal(self, name: str, action: str, customer: str, ending: Ending, **more: Any) -> Goal:
        return Goal(f"{name}/{self.language}", action, self.language, self.policy, customer, ending, **more)

    def other_order(self, customer: str, order: str) -> str | None:
        mine = [name for name, one in self.book.orders.items() if one["customer"] == customer and name != order]
        return mine[0] if mine else None


Branch = Callable[[_Writer], Goal]
PLAIN: dict[str, Branch] = {}
STRICT: dict[str, Branch] = {}


def _branch(name: str, table: dict[str, Branch] = PLAIN) -> Callable[[Branch], Branch]:
    def add(branch: Branch) -> Branch:
        table[name] = branch
        return branch

    return add


# Reading. ------------------------------------------------------------------------------------------------------------


def _track(status: str) -> Branch:
    def make(w: _Writer) -> Goal:
        customer, order, lines = w.order(status, days=6 if status == "delivered" else 1)
        parcels = w.book.orders[order]["shipments"]
        shown = (order, *(one["tracking"] for one in parcels))
        return w.goal(
            f"track_order.{status}",
            "track_order",
            customer,
            "read",
            told={"order": order, "item": w.item(lines[0])},
            shown=shown,
        )

    return make


for _status in ("open", "paid", "shipped", "delivered"):
    PLAIN[f"track_order.{_status}"] = _track(_status)


def _refunded(state: str | None) -> Branch:
    def make(w: _Writer) -> Goal:
        customer, order, _ = w.order("cancelled" if state else "paid", refunded=state, decoy=False)
        total = w.book.orders[order]["total"]
        return w.goal(
            f"refund_status.{state}",
            "refund_status",
            customer,
            "read",
            told={"order": order},
            shown=(order, *((total,) if state else ())),
        )

    return make


for _state in ("pending", "refunded", None):
    PLAIN[f"refund_status.{_state}"] = _refunded(_state)


@_branch("invoice")
def _invoice(w: _Writer) -> Goal:
    customer, order, lines = w.order("delivered", days=5, lines=[f"{w.product()}-0", f"{w.never}-1"])
    prices = tuple(f"{VARIANTS[one].price / 100:.2f}" for one in lines)
    return w.goal("invoice", "invoice", customer, "read", told={"order": order}, shown=(order, *prices))


@_branch("store_credit")
def _credit(w: _Writer) -> Goal:
    cents = w.book.number(1_000, 9_999)
    customer, _, _ = w.order("paid", gift=cents)
    return w.goal("store_credit", "store_credit", customer, "read", shown=(f"{cents / 100:.2f}",))


def _question(topic: str) -> Branch:
    def make(w: _Writer) -> Goal:
        customer = w.book.customer(w.language)
        return w.goal(f"question.{topic}", f"q_{topic}", customer, "answered", shown=(f"article:{topic}.{w.language}",))

    return make


for _topic in TOPICS:
    PLAIN[f"question.{_topic}"] = _question(_topic)


@_branch("nonsense")
def _nonsense(w: _Writer) -> Goal:
    return w.goal("nonsense", "nonsense", w.book.customer(w.language), "unanswered")


@_branch("handover")
def _handover(w: _Writer) -> Goal:
    return w.goal("handover", "handover", w.book.customer(w.language), "handed_over")


@_branch("stranger")
def _stranger(w: _Writer) -> Goal:
    customer = w.book.customer(w.language)
    w.book.order(customer, "paid", [f"{w.product()}-0"])
    _, order, _ = w.order("paid", decoy=False)
    return w.goal("stranger", "stranger", customer, "refused", told={"order": order}, given={"order": order})


# Cancelling. ---------------------------------------------------------------------------------------------------------


def _cancel(
    name: str, ending: Ending, status: str, table: dict[str, Branch] = PLAIN, reason: str | None = None, **more: Any
) -> None:
    def make(w: _Writer) -> Goal:
        customer, order, lines = w.order(status, decoy=None if ending == "done" else False, **more)
        told = {"order": order, "item": w.item(lines[0])}
        given: dict[str, Any] = {"order": order}
        if reason is not None:
            said = w.rng.choice(REASONS[w.language]) if reason == "good" else None
            told |= {"reason": said or "", "reason_phrase": "reason" if said else "bad_reason"}
            given["reason"] = said
        other = w.other_order(customer, order)
        return w.goal(
            f"cancel_order.{name}",
            "cancel_order",
            customer,
            ending,
            told=told,
            given=given,
            wrong={"order": other} if other else {},
        )

    table[f"cancel_order.{name}"] = make


_cancel("paid", "done", "paid", days=1.5)
_cancel("open", "done", "open", days=0.2)
_cancel("gift_card", "done", "paid", days=1, method="gift", gift=90_000)
_cancel("two_lines", "done", "paid", days=1, lines=["lamp-0", "kettle-1"])
_cancel("too_late", "refused", "paid", days=5)
_cancel("shipped", "refused", "shipped", days=2)
_cancel("delivered", "refused", "delivered", days=6)
_cancel("cancelled", "refused", "cancelled", days=1, refunded="pending")
_cancel("accepted_reason", "done", "paid", STRICT, "good", days=1)
_cancel("other_reason", "refused", "paid", STRICT, "bad", days=1)


# Addresses. ----------------------------------------------------------------------------------------------------------


def _said_address(address: dict[str, Any]) -> str:
    return ", ".join(str(address[name]) for name in ("line1", "city", "postcode") if address.get(name))


def _address(name: str, ending: Ending, status: str, table: dict[str, Branch] = PLAIN, **more: Any) -> None:
    def make(w: _Writer) -> Goal:
        customer, order, lines = w.order(status, **more)
        new, typo = w.book.address(w.language), w.book.address(w.language)
        new.pop("country", None)
        return w.goal(
            f"change_address.{name}", "change_address", customer, ending,
            told={"order": order, "item": w.item(lines[0]), "address": _said_address(new)}, given={"order": order, "address": new},
            wrong={"address": _said_address(typo)},
        )  # fmt: skip

    table[f"change_address.{name}"] = make


_address("paid", "done", "paid", days=1)
_address("open", "done", "open", days=0.1)
_address("shipped", "refused", "shipped", days=2, decoy=False)
_address("cancelled", "refused", "cancelled", days=1, decoy=False)
_address("in_time", "done", "paid", STRICT, days=0.4)
_address("too_late", "refused", "paid", STRICT, days=2, decoy=False)


@_branch("update_profile_address")
def _own_address(w: _Writer) -> Goal:
    customer = w.book.customer(w.language)
    new, typo = w.book.address(w.language), w.book.address(w.language)
    new.pop("country", None)
    told, wrong = {"address": _said_address(new)}, {"address": _said_address(typo)}
    return w.goal(
        "update_profile_address",
        "update_profile_address",
        customer,
        "done",
        told=told,
        given={"address": new},
        wrong=wrong,
    )


# Other variants. -----------------------------------------------------------------------------------------------------


def _variant(
    action: str,
    name: str,
    ending: Ending,
    to: int,
    table: dict[str, Branch] = PLAIN,
    method: str = "card",
    at: str = "paid",
    again: int | None = None,
    never: bool = False,
    **more: Any,
) -> None:
    """to: the place of the wished variant on the shelf: 1 costs the same, 2 more, 3 less, 4 is sold out, 0 is the same."""

    def make(w: _Writer) -> Goal:
        product = w.never if never else w.product()
        customer, order, _ = w.order(at, lines=[f"{product}-0"], **more)
        options = [one.option for one in PRODUCTS[product].variants]
        told = {
            "order": order,
            "item": w.item(f"{product}-0"),
            "option": options[to],
            "method": w.method(customer, {"card": "card", "gift": "gift_card"}[method]),
            "method_kind": method,
        }
        given = {"order": order, "items": [(1, f"{product}-{to}")], "method": f"{customer}-{method}"}
        wrong = {"option": options[1 if to != 1 else 2]}
        more_wished: dict[str, Any] = {}
        if again is not None:
            more_wished = {
                "again": {**told, "option": options[again]},
                "again_given": {**given, "items": [(1, f"{product}-{again}")]},
            }
        return w.goal(f"{action}.{name}", action, customer, ending, told=told, given=given, wrong=wrong, **more_wished)

    table[f"{action}.{name}"] = make


_variant("change_items", "same_price", "done", 1)
_variant("change_items", "dearer", "done", 2)
_variant("change_items", "cheaper", "done", 3)
_variant("change_items", "dearer_by_gift_card", "done", 2, method="gift")
_variant("change_items", "gift_card_too_low", "refused", 2, method="gift", gift=300, decoy=False)
_variant("change_items", "sold_out", "refused", 4, decoy=False)
_variant("change_items", "once_only", "refused", 1, again=2, decoy=False)
_variant("change_items", "cancelled", "refused", 1, at="cancelled", refunded="pending", decoy=False)
_variant("exchange_items", "same_price", "done", 1, at="delivered", days=9)
_variant("exchange_items", "dearer", "done", 2, at="delivered", days=9)
_variant("exchange_items", "cheaper", "done", 3, at="delivered", days=9)
_variant("exchange_items", "gift_card", "done", 3, method="gift", at="delivered", days=9)
_variant("exchange_items", "sold_out", "refused", 4, at="delivered", days=9, decoy=False)
_variant("exchange_items", "too_late", "refused", 1, at="delivered", days=45, decoy=False)
_variant("exchange_items", "never", "refused", 1, at="delivered", days=9, never=True, decoy=False)
_variant("exchange_items", "same_again", "refused", 0, at="delivered", days=9, decoy=False)
_variant("exchange_items", "same_again_allowed", "done", 0, STRICT, at="delivered", days=9)


# Paying. -------------------------------------------------------------------------------------------------------------


def _payment(
    name: str, ending: Ending, to: str, table: dict[str, Branch] = PLAIN, status: str = "paid", **more: Any
) -> None:
    def make(w: _Writer) -> Goal:
        customer, order, _ = w.order(status, lines=[f"{w.product()}-0"], **more)
        kind = {"gift": "gift_card"}.get(to, to)
        told = {"order": order, "method": w.method(customer, kind), "method_kind": to}
        wrong_kind = "gift" if to == "paypal" else "paypal"
        wrong = (
            {"method": w.method(customer, {"gift": "gift_card"}.get(wrong_kind, wrong_kind))}
            if ending == "done"
            else {}
        )
        return w.goal(
            f"change_payment.{name}",
            "change_payment",
            customer,
            ending,
            told=told,
            given={"order": order, "method": f"{customer}-{to}"},
            wrong=wrong,
        )

    table[f"change_payment.{name}"] = make


_payment("paypal", "done", "paypal", gift=90_000)
_payment("gift_card", "done", "gift", gift=90_000)
_payment("gift_card_too_low", "refused", "gift", gift=300, decoy=False)
_payment("the_same", "refused", "card", decoy=False)
_payment("shipped", "refused", "paypal", status="shipped", days=2, decoy=False)
_payment("never", "refused", "paypal", STRICT, decoy=False)


# Returning. ----------------------------------------------------------------------------------------------------------


def _return(
    name: str,
    ending: Ending,
    lines: str = "one",
    table: dict[str, Branch] = PLAIN,
    method: str | None = None,
    at: str = "delivered",
    never: bool = False,
    **more: Any,
) -> None:
    """lines: of an order with one line, of one with two one or all."""

    def make(w: _Writer) -> Goal:
        first, second = w.rng.sample(w.shelf, 2)
        variants = [f"{w.never if never else first}-0"] + ([f"{second}-1"] if lines != "one" else [])
        customer, order, _ = w.order(at, lines=variants, **{"days": 10, **more})
        numbers = [1, 2] if lines == "all" else [1]
        told = {"order": order, "item": w.item(variants[0]), "items_phrase": "all_items" if lines == "all" else "items"}
        if lines == "all":
            told |= {"item2": w.item(variants[1]), "items_phrase": w.rng.choice(("all_items", "two_items"))}
        given: dict[str, Any] = {"order": order, "items": numbers}
        if method is not None:
            told |= {"method": w.method(customer, {"gift": "gift_card"}.get(method, method)), "method_kind": method}
            given["method"] = f"{customer}-{method}"
        wrong = {"item": w.item(variants[1]), "items_phrase": "items"} if lines == "first" else {}
        return w.goal(f"return_items.{name}", "return_items", customer, ending, told=told, given=given, wrong=wrong)

    table[f"return_items.{name}"] = make


_return("one_line", "done")
_return("one_of_two", "done", "first")
_return("all", "done", "all")
_return("to_gift_card", "done", method="gift")
_return("too_late", "refused", days=45, decoy=False)
_return("never", "refused", never=True, decoy=False)
_return("not_delivered", "refused", at="paid", days=1, decoy=False)
_return("on_its_way", "refused", at="shipped", days=2, decoy=False)
_return("asked_before", "refused", at="return_requested", decoy=False)
_return("at_a_cost", "done", table=STRICT)
_return("all_at_a_cost", "done", "all", STRICT)
_return("after_a_fortnight", "refused", table=STRICT, days=25, decoy=False)


# Being told. ---------------------------------------------------------------------------------------------------------


def _alert(name: str, ending: Ending, place: int, table: dict[str, Branch] = PLAIN) -> None:
    def make(w: _Writer) -> Goal:
        product = w.product()
        option = PRODUCTS[product].variants[place].option
        return w.goal(
            f"stock_alert.{name}", "stock_alert", w.book.customer(w.language), ending,
            told={"item": w.item(f"{product}-0"), "option": option}, given={"variant": f"{product}-{place}"},
        )  # fmt: skip

    table[f"stock_alert.{name}"] = make


_alert("sold_out", "done", 4)
_alert("in_stock", "refused", 1)
_alert("never", "refused", 4, STRICT)

WRITES = ("cancel_order", "change_address", "change_items", "change_payment", "return_items", "exchange_items", "stock_alert", "update_profile_address")  # fmt: skip
IDENTITIES = ("signed", "signed", "email", "signed", "name")
VARIATIONS = 3


def goals(book: Book, words: dict[str, dict[str, Any]]) -> list[Goal]:
    """All goals, with their customers and orders written into the book. words: phrases by language."""
    out: list[Goal] = []
    turn: Iterator[tuple[str, str]] = zip(cycle(TWISTS), cycle(IDENTITIES))
    for policy, table in (("plain", PLAIN), ("strict", STRICT)):
        for branch in table.values():
            for language in LANGUAGES:
                for variation in range(VARIATIONS):
                    goal = branch(_Writer(book, language, policy, words[language]))
                    twist, identity = next(turn)
                    out.append(_behaving(goal, twist, identity, variation, book.rng))
    return out


def _behaving(goal: Goal, twist: str, identity: Any, variation: int, rng: Random) -> Goal:
    """The goal with a way of behaving, where that way makes sense for it."""
    if twist == "correction" and not (goal.wrong and goal.ending == "done"):
        twist = "typos"
    if twist == "declined" and not (goal.action in WRITES and goal.ending == "done"):
        twist = rng.choice(("digression", "mixed", "chat"))
    if goal.action in ("handover", "nonsense") or goal.action.startswith("q_"):
        identity = "signed"
    name = f"{goal.policy}/{goal.name}/{variation}"
    return replace(goal, name=name, twist=twist, identity=identity)
