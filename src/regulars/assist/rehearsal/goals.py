"""What a scripted customer may want, and the makers of it: one for each action, each writing a customer and orders into a book.

A goal names what is truly wanted (`given`), how it should end, and what its customer knows to say. What the database should hold in
the end isn't written here: `rules` works it out. Which goals are played isn't either: `situations` says it for a shop's own policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from regulars.assist.rehearsal.book import PRODUCTS, VARIANTS, Book

Ending = Literal["done", "refused", "read", "answered", "unanswered", "handed_over"]
LANGUAGES = ("en", "zh")
Identity = Literal["signed", "email", "name"]
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
    identity: Identity = "signed"


class Writer:
    """Writes goals into a book."""

    def __init__(
        self, book: Book, language: str, policy: str, words: Mapping[str, Any], reasons: Sequence[str] = ()
    ) -> None:
        """policy: its name. words: what customers say in this language. reasons: those for which the policy lets cancel."""
        self.book, self.language, self.policy, self.words, self.reasons = book, language, policy, words, reasons
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


Branch = Callable[[Writer], Goal]


# Reading. ------------------------------------------------------------------------------------------------------------


def track(status: str) -> Branch:
    """Where an order is."""

    def make(w: Writer) -> Goal:
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


def refunded(state: str | None) -> Branch:
    """Where a refund is. state: its state, None where there is none."""

    def make(w: Writer) -> Goal:
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


def invoice(w: Writer) -> Goal:
    customer, order, lines = w.order("delivered", days=5, lines=[f"{w.product()}-0", f"{w.never}-1"])
    prices = tuple(w.book.money(VARIANTS[one].price) for one in lines)
    return w.goal("invoice", "invoice", customer, "read", told={"order": order}, shown=(order, *prices))


def store_credit(w: Writer) -> Goal:
    cents = w.book.number(1_000, 9_999)
    customer, _, _ = w.order("paid", gift=cents)
    return w.goal("store_credit", "store_credit", customer, "read", shown=(w.book.money(cents),))


def question(name: str, articles: Mapping[str, str]) -> Branch:
    """Something that an article of the help centre answers. name: of the phrases that ask it, after `q_`. articles: id by language."""

    def make(w: Writer) -> Goal:
        customer, source = w.book.customer(w.language), f"article:{articles[w.language]}"
        return w.goal(f"question.{name}", f"q_{name}", customer, "answered", shown=(source,))

    return make


def nonsense(w: Writer) -> Goal:
    return w.goal("nonsense", "nonsense", w.book.customer(w.language), "unanswered")


def handover(w: Writer) -> Goal:
    return w.goal("handover", "handover", w.book.customer(w.language), "handed_over")


def stranger(w: Writer) -> Goal:
    customer = w.book.customer(w.language)
    w.book.order(customer, "paid", [f"{w.product()}-0"])
    _, order, _ = w.order("paid", decoy=False)
    return w.goal("stranger", "stranger", customer, "refused", told={"order": order}, given={"order": order})


# Cancelling. ---------------------------------------------------------------------------------------------------------


def cancel(name: str, ending: Ending, status: str, reason: Literal["good", "bad"] | None = None, **more: Any) -> Branch:
    """reason: one that the policy accepts, another, or none. more: of the order; see Book.order."""

    def make(w: Writer) -> Goal:
        customer, order, lines = w.order(status, decoy=None if ending == "done" else False, **more)
        told = {"order": order, "item": w.item(lines[0])}
        given: dict[str, Any] = {"order": order}
        if reason is not None:
            said = w.rng.choice(w.reasons) if reason == "good" else None
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

    return make


# Addresses. ----------------------------------------------------------------------------------------------------------


def _said_address(address: dict[str, Any]) -> str:
    return ", ".join(str(address[name]) for name in ("line1", "city", "postcode") if address.get(name))


def address(name: str, ending: Ending, status: str, **more: Any) -> Branch:
    """Another delivery address of an order."""

    def make(w: Writer) -> Goal:
        customer, order, lines = w.order(status, **more)
        new, typo = w.book.address(w.language), w.book.address(w.language)
        new.pop("country", None)
        return w.goal(
            f"change_address.{name}", "change_address", customer, ending,
            told={"order": order, "item": w.item(lines[0]), "address": _said_address(new)}, given={"order": order, "address": new},
            wrong={"address": _said_address(typo)},
        )  # fmt: skip

    return make


def own_address(w: Writer) -> Goal:
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


def variant(
    action: str,
    name: str,
    ending: Ending,
    to: int,
    method: str = "card",
    at: str = "paid",
    again: int | None = None,
    never: bool = False,
    **more: Any,
) -> Branch:
    """action: change_items or exchange_items. to: the place of the wished variant on the shelf: 1 costs the same, 2 more, 3 less, 4 is
    sold out, 0 is the same. again: another one, wished afterwards. never: of the product that isn't taken back."""

    def make(w: Writer) -> Goal:
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

    return make


# Paying. -------------------------------------------------------------------------------------------------------------


def payment(name: str, ending: Ending, to: str, status: str = "paid", **more: Any) -> Branch:
    """to: card, paypal or gift."""

    def make(w: Writer) -> Goal:
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

    return make


# Returning. ----------------------------------------------------------------------------------------------------------


def returned(
    name: str,
    ending: Ending,
    lines: str = "one",
    method: str | None = None,
    at: str = "delivered",
    never: bool = False,
    **more: Any,
) -> Branch:
    """lines: of an order with one line, of one with two one or all."""

    def make(w: Writer) -> Goal:
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

    return make


# Being told. ---------------------------------------------------------------------------------------------------------


def alert(name: str, ending: Ending, place: int) -> Branch:
    """place: of the variant on the shelf; 4 is sold out."""

    def make(w: Writer) -> Goal:
        product = w.product()
        option = PRODUCTS[product].variants[place].option
        return w.goal(
            f"stock_alert.{name}", "stock_alert", w.book.customer(w.language), ending,
            told={"item": w.item(f"{product}-0"), "option": option}, given={"variant": f"{product}-{place}"},
        )  # fmt: skip

    return make


WRITES = ("cancel_order", "change_address", "change_items", "change_payment", "return_items", "exchange_items", "stock_alert", "update_profile_address")  # fmt: skip


def fits(goal: Goal, twist: str) -> bool:
    """Whether the way of behaving makes sense for the goal: only what will be done can be corrected or declined."""
    if twist == "correction":
        return bool(goal.wrong) and goal.ending == "done"
    return twist != "declined" or (goal.action in WRITES and goal.ending == "done")


def asks_only(goal: Goal) -> bool:
    """Whether nobody needs to know who asks."""
    return goal.action in ("handover", "nonsense") or goal.action.startswith("q_")
