"""What each action should come to, by a reading of its own of the policy and docs/assist.md. Used to judge; shares no code with what acts.

`carried_out` gives the state after an action, or says why the policy forbids it; `explained` says which allowed action, if any, turns
one state into another.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from regulars.assist.rehearsal.book import PRODUCTS, VARIANTS
from regulars.assist.rehearsal.tables import State, canonical

Done = dict[tuple[str, str], int]
_EARLY = ["open", "paid"]
DEFAULTS: dict[str, dict[str, Any]] = {
    "cancel_order": {"statuses": _EARLY, "refund_to": ["original"]},
    "change_address": {"statuses": _EARLY},
    "change_items": {"statuses": _EARLY, "times": 1},
    "change_payment": {"statuses": _EARLY},
    "return_items": {"statuses": ["delivered"], "within_days": 30, "times": 1, "refund_to": ["original", "gift_card"], "shipping_refunded": "whole_order"},
    "exchange_items": {"statuses": ["delivered"], "within_days": 30, "times": 1},
    "stock_alert": {},
    "update_profile_address": {},
}  # fmt: skip
READS = ("track_order", "refund_status", "invoice", "store_credit")


class RuledOut(Exception):
    """Why it may not be done, as half a sentence. Raised and caught here and in `play`; no user meets it."""


class Rules:
    """One policy, read beside the defaults."""

    def __init__(
        self, policy: Mapping[str, Any], delivered: Mapping[str, datetime], categories: Mapping[str, str] | None = None
    ) -> None:
        """policy: the document that is in force. delivered: when an order came, by order. categories: by product, where they
        aren't as on the shelf."""
        self.policy = {name: {**rule, **policy.get(name, {})} for name, rule in DEFAULTS.items()}
        self.policy |= {name: dict(policy.get(name, {})) for name in READS}
        self.delivered = delivered
        self.categories = categories or {name: one.category for name, one in PRODUCTS.items()}

    def carried_out(self, action: str, given: dict[str, Any], state: State, done: Done) -> State:
        """The state after it. done: how often each was done before, by order and action. Raises: RuledOut."""
        rule = self.policy[action]
        if rule.get("allowed") is False:
            raise RuledOut("it is left to a person")
        after = copy.deepcopy(state)
        if action in READS:
            return after
        if action == "update_profile_address":
            new = canonical(given["address"])
            after["addresses"] = [new, *[one for one in state["addresses"][1:] if one != new]]
            return after
        if action == "stock_alert":
            variant = VARIANTS[given["variant"]]
            if variant.stock is None or variant.stock > 0:
                raise RuledOut("it is in stock")
            after["alerts"] = [*state["alerts"], variant.id]
            return after
        name = given["order"]
        if name not in state["orders"]:
            raise RuledOut("the order isn't theirs")
        order = after["orders"][name]
        self._allowed(action, rule, name, order, done)
        getattr(self, f"_{action}")(rule, order, after, given)
        return after

    def _allowed(self, action: str, rule: dict[str, Any], name: str, order: dict[str, Any], done: Done) -> None:
        now = datetime.now(UTC)
        if order["status"] not in rule["statuses"]:
            raise RuledOut(f"the order is {order['status'].replace('_', ' ')}")
        if rule.get("within_hours") is not None and now - order["placed_at"] > timedelta(hours=rule["within_hours"]):
            raise RuledOut(f"the order is older than {rule['within_hours']} hours")
        since = self.delivered.get(name, order["placed_at"])
        if rule.get("within_days") is not None and now - since > timedelta(days=rule["within_days"]):
            raise RuledOut(f"more than {rule['within_days']} days have passed since delivery")
        if rule.get("times") is not None and done.get((name, action), 0) >= rule["times"]:
            raise RuledOut(f"it may be done {rule['times']} times for an order")

    def _cancel_order(self, rule: dict[str, Any], order: dict[str, Any], after: State, given: dict[str, Any]) -> None:
        if rule.get("reasons") and given.get("reason") not in rule["reasons"]:
            raise RuledOut("the reason is none that is accepted")
        paid = _paid(order)
        if "original" not in rule["refund_to"]:
            card = next((one for one in after["methods"] if _holds_money(after, one)), None)
            if card is None:
                raise RuledOut("there is no gift card to pay back to")
            paid = {card: sum(paid.values())} if paid else {}
        _withdraw(order)
        order["status"] = "cancelled"
        for method, amount in paid.items():
            _give_back(order, after, method, amount)

    def _change_address(self, rule: dict[str, Any], order: dict[str, Any], after: State, given: dict[str, Any]) -> None:  # noqa: ARG002
        order["address"] = canonical(given["address"])

    def _change_payment(self, rule: dict[str, Any], order: dict[str, Any], after: State, given: dict[str, Any]) -> None:
        new, paid = given["method"], _paid(order)
        if new not in after["methods"]:
            raise RuledOut("it isn't their way to pay")
        if new in paid and not rule.get("same_method"):
            raise RuledOut("it is paid that way already")
        amount = order["total"] if order["status"] == "open" else sum(paid.values()) or order["total"]
        _withdraw(order)
        _take(order, after, new, amount, rule.get("balance_must_cover", True))
        for method, back in paid.items():
            _give_back(order, after, method, back)

    def _change_items(self, rule: dict[str, Any], order: dict[str, Any], after: State, given: dict[str, Any]) -> None:
        difference = self._swapped(rule, order, given)
        for number, new in given["items"]:
            line = order["lines"][number - 1]
            line[1], line[2], line[4] = VARIANTS[new].product, new, VARIANTS[new].price
        order["total"] += difference
        if difference > 0:
            _take(order, after, given["method"], difference)
        elif difference < 0:
            _give_back(order, after, given["method"], -difference)

    def _exchange_items(self, rule: dict[str, Any], order: dict[str, Any], after: State, given: dict[str, Any]) -> None:
        difference = self._swapped(rule, order, given)
        self._may_come_back(rule, order, [number for number, _ in given["items"]])
        order["status"] = "exchange_requested"
        if difference:
            method = given["method"]
            if difference > 0 and after["balances"].get(method) is not None and after["balances"][method] < difference:
                raise RuledOut("there isn't enough on the gift card")
            order["payments"].append(["charge" if difference > 0 else "refund", method, abs(difference), "pending"])

    def _swapped(self, rule: dict[str, Any], order: dict[str, Any], given: dict[str, Any]) -> int:
        """What is to be paid more."""
        difference = 0
        for number, new in given["items"]:
            line, variant = order["lines"][number - 1], VARIANTS[new]
            if variant.product != line[1] and not rule.get("other_products"):
                raise RuledOut("it is another product")
            if variant.id == line[2] and not rule.get("same_variant"):
                raise RuledOut("it is the same again")
            short = variant.stock is not None and variant.stock < line[3]
            if rule.get("needs_stock", True) and variant.id != line[2] and short:
                raise RuledOut("it is sold out")
            difference += (variant.price - line[4]) * line[3]
        return difference

    def _return_items(self, rule: dict[str, Any], order: dict[str, Any], after: State, given: dict[str, Any]) -> None:
        self._may_come_back(rule, order, given["items"])
        lines = [line for line in order["lines"] if line[0] in given["items"]]
        amount = sum(line[4] * line[3] - (line[5] or 0) for line in lines)
        whole = len(lines) == len(order["lines"])
        if rule["shipping_refunded"] == "always" or (rule["shipping_refunded"] == "whole_order" and whole):
            amount += order["shipping"] or 0
        amount = max(0, amount - rule.get("cost", 0))
        originals = _paid(order)
        method = given.get("method") or next(iter(originals), None)
        onto_card = _holds_money(after, method)
        if method not in originals and not (onto_card and "gift_card" in rule["refund_to"]):
            raise RuledOut("money doesn't go back to that way to pay")
        if method in originals and "original" not in rule["refund_to"] and not onto_card:
            raise RuledOut("money doesn't go back the way it came")
        order["status"] = "return_requested"
        if amount:
            order["payments"].append(["refund", method, amount, "pending"])

    def _may_come_back(self, rule: dict[str, Any], order: dict[str, Any], numbers: list[int]) -> None:
        barred = {name.casefold() for name in rule.get("never_categories", ())}
        for number in numbers:
            category = self.categories[order["lines"][number - 1][1]]
            if barred & {part.strip().casefold() for part in category.split(">")}:
                raise RuledOut("things of its category never come back")

    def explained(self, before: State, after: State, done: Done) -> tuple[str, str] | None:
        """(order or "", action) of an allowed action that makes the one state the other; None where there is none."""
        for action, given in _guesses(before, after, self.policy):
            try:
                if _same(self.carried_out(action, given, before, done), after):
                    return given.get("order", ""), action
            except RuledOut:
                continue
        return None


def _same(first: State, second: State) -> bool:
    """Equal, whatever the order in which payments and alerts were written."""
    return _sorted(first) == _sorted(second)


def _sorted(state: State) -> State:
    orders = {
        name: {**order, "payments": sorted(order["payments"], key=str)} for name, order in state["orders"].items()
    }
    return {**state, "orders": orders, "alerts": sorted(state["alerts"])}


same_state = _same


def _guesses(before: State, after: State, policy: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What could have been done, by the shape of the change."""
    if before["addresses"] != after["addresses"] and after["addresses"]:
        yield "update_profile_address", {"address": _Written(after["addresses"][0])}
    for variant in set(after["alerts"]) - set(before["alerts"]):
        yield "stock_alert", {"variant": variant}
    for name, order in before["orders"].items():
        now = after["orders"].get(name)
        if now is None or now == order:
            continue
        methods = list(before["methods"]) or [None]
        if now["status"] == "cancelled":
            for reason in (None, *policy["cancel_order"].get("reasons", ())):
                yield "cancel_order", {"order": name, "reason": reason}
        elif now["address"] != order["address"]:
            yield "change_address", {"order": name, "address": _Written(now["address"])}
        elif now["lines"] != order["lines"]:
            items = [
                (old[0], new[2]) for old, new in zip(order["lines"], now["lines"], strict=False) if old[2] != new[2]
            ]
            for method in methods:
                yield "change_items", {"order": name, "items": items, "method": method}
        elif now["status"] == "return_requested":
            numbers = [line[0] for line in order["lines"]]
            for many in range(1, len(numbers) + 1):
                for chosen in itertools.combinations(numbers, many):
                    for method in methods:
                        yield "return_items", {"order": name, "items": list(chosen), "method": method}
        elif now["status"] == "exchange_requested":
            choices = [
                [None, *(one.id for one in PRODUCTS[line[1]].variants)] if line[1] in PRODUCTS else [None]
                for line in order["lines"]
            ]
            for picked in itertools.product(*choices):
                items = [(line[0], new) for line, new in zip(order["lines"], picked, strict=True) if new is not None]
                for method in methods if items else ():
                    yield "exchange_items", {"order": name, "items": items, "method": method}
        else:
            for method in methods:
                yield "change_payment", {"order": name, "method": method}


class _Written(dict[str, Any]):
    """An address of which only the canonical form is known: `canonical` gives it back."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(postcode=known[0], rest=known[1])


def _paid(order: dict[str, Any]) -> dict[str, int]:
    """What was paid and not given back, by way to pay."""
    left: dict[str, int] = {}
    for kind, method, amount, status in order["payments"]:
        if status != "failed" and not (order["status"] == "open" and kind == "charge" and status == "pending"):
            left[method] = left.get(method, 0) + (amount if kind == "charge" else -amount)
    return {method: amount for method, amount in left.items() if amount > 0}


def _withdraw(order: dict[str, Any]) -> None:
    """Charges that an open order waits for aren't charged any more."""
    for one in order["payments"] if order["status"] == "open" else ():
        if one[0] == "charge" and one[3] == "pending":
            one[3] = "failed"


def _holds_money(state: State, method: str | None) -> bool:
    return method is not None and state["methods"].get(method, [""])[0] in ("gift_card", "store_credit")


def _give_back(order: dict[str, Any], state: State, method: str, amount: int) -> None:
    order["payments"].append(["refund", method, amount, "refunded" if _holds_money(state, method) else "pending"])
    if _holds_money(state, method):
        state["balances"][method] += amount


def _take(order: dict[str, Any], state: State, method: str, amount: int, must_cover: bool = True) -> None:
    """must_cover: else what a gift card doesn't hold is charged later."""
    short = _holds_money(state, method) and state["balances"][method] < amount
    if _holds_money(state, method) and not (short and not must_cover):
        if short:
            raise RuledOut("there isn't enough on the gift card")
        state["balances"][method] -= amount
    order["payments"].append(
        ["charge", method, amount, "paid" if _holds_money(state, method) and not short else "pending"]
    )
