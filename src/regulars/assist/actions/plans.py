"""What exactly an action would do: effects as data, what they cost, and what a customer must be told before a yes.

Pure: from records as they were read, arguments and the policy. Writes nothing, asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from regulars.assist.actions.arguments import (
    AddressArguments,
    Arguments,
    CancelArguments,
    ItemsArguments,
    NoArguments,
    OrderArguments,
    PaymentArguments,
    ProfileAddressArguments,
    ReturnArguments,
    StockAlertArguments,
    Swap,
)
from regulars.assist.actions.policy import (
    ChangeItemsRule,
    ExchangeRule,
    OrderRule,
    Policy,
    RefundTo,
    ReturnRule,
)
from regulars.schema.identity import ExternalId
from regulars.store.order_book import Line, Method, OrderView, Profile, Variant


@dataclass(frozen=True, slots=True)
class Swapped:
    """One line of an order and the variant that takes its place."""

    line: Line
    new: Variant


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done. effects: as store.actions.apply takes them. pays: minor units that the customer pays more, negative
    for what they get back. told: what a summary says, by name. reads: it changes nothing, so nothing needs to be confirmed.
    """

    action: str
    effects: tuple[dict[str, Any], ...] = ()
    pays: int = 0
    currency: str = ""
    exponent: int = 2
    told: dict[str, Any] = field(default_factory=dict)
    reads: bool = False
    lines: tuple[Line, ...] = ()
    swaps: tuple[Swapped, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. code: the reason, for programs; text: the policy's words, or "" where it isn't a matter of policy."""

    action: str
    code: str
    text: str = ""
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Records:
    """What a plan is made from. method_of: the customer's own way to pay by its name; variant_of: any variant by its name."""

    profile: Profile
    order: OrderView | None
    method_of: Callable[[ExternalId], Method | None]
    variant_of: Callable[[ExternalId], Variant | None]
    now: datetime


OF_POLICY = frozenset(
    (
        "not_allowed", "wrong_status", "window_passed", "done_before", "reason_needed", "never_returned",
        "refund_elsewhere", "other_product", "same_variant", "same_method",
    )
)  # fmt: skip
"""Refusals that the policy's words explain; the others are facts of the order or of what was asked."""


class _No(Exception):
    def __init__(self, code: str, **told: Any) -> None:
        super().__init__(code)
        self.code, self.told = code, told


def plan(action: str, given: Arguments, records: Records, policy: Policy, locale: str = "en") -> Plan | Refusal:
    """What the action would do to these records under this policy, or why it may not be done."""
    rule = policy.rule(action)
    try:
        if not rule.allowed:
            raise _No("not_allowed")
        if isinstance(rule, OrderRule):
            _check_order(action, rule, _order(records), records.now)
        return _PLANS[action](given, records, policy)
    except _No as refused:
        text = policy.text(action, locale) if refused.code in OF_POLICY else ""
        return Refusal(action, refused.code, text, refused.told)


def _order(records: Records) -> OrderView:
    assert records.order is not None, "the executor reads the order first"
    return records.order


def _check_order(action: str, rule: OrderRule, order: OrderView, now: datetime) -> None:
    if order.status not in rule.statuses:
        raise _No("wrong_status", status=order.status)
    if rule.within_hours is not None and now - order.placed_at > timedelta(hours=rule.within_hours):
        raise _No("window_passed", since=order.placed_at)
    days = rule.within_days if isinstance(rule, ReturnRule | ExchangeRule) else None
    if days is not None:
        since = order.delivered_at or order.placed_at
        if now - since > timedelta(days=days):
            raise _No("window_passed", since=since)
    if rule.times is not None and order.done.get(action, 0) >= rule.times:
        raise _No("done_before")


def _cancel(given: Arguments, records: Records, policy: Policy) -> Plan:
    assert isinstance(given, CancelArguments)
    order, rule = _order(records), policy.cancel_order
    if rule.reasons and given.reason not in rule.reasons:
        raise _No("reason_needed", reasons=list(rule.reasons))
    effects: list[dict[str, Any]] = [{"set": "order_status", "value": "cancelled"}]
    refunds = _refund_all(order, records.profile, rule.refund_to)
    effects += _withdrawn(order)
    for amount, method in refunds:
        effects += _pay_back(order, amount, method)
    worth = sum(amount for amount, _ in refunds)
    return Plan("cancel_order", tuple(effects), -worth, order.currency, order.exponent, {"reason": given.reason, "refunds": _told(refunds)})  # fmt: skip


def _refund_all(order: OrderView, profile: Profile, ways: list[RefundTo]) -> list[tuple[int, Method | None]]:
    """What was paid, by way to pay: what goes back where. What an open order still waits for hasn't been paid."""
    left: dict[int | None, int] = {}
    for one in order.payments:
        waited_for = order.status == "open" and one.kind == "charge" and one.status == "pending"
        if one.amount is not None and one.status != "failed" and not waited_for:
            left[one.method_id] = left.get(one.method_id, 0) + one.amount * (1 if one.kind == "charge" else -1)
    if not left and order.status != "open" and order.worth:
        left = {None: order.worth}
    if "original" not in ways:
        card = next((one for one in profile.methods if one.holds_money), None)
        if card is None:
            raise _No("no_gift_card")
        total = sum(amount for amount in left.values() if amount > 0)
        return [(total, card)] if total else []
    return [(amount, profile.method(method)) for method, amount in left.items() if amount > 0]


def _withdrawn(order: OrderView) -> list[dict[str, Any]]:
    """What an open order still waits for isn't to be charged any more: it is cancelled, or paid in another way."""
    waiting = [one.place for one in order.payments if one.kind == "charge" and one.status == "pending"]
    return [{"set": "charges_withdrawn", "places": waiting}] if waiting and order.status == "open" else []


def _pay_back(order: OrderView, amount: int, method: Method | None) -> list[dict[str, Any]]:
    """A refund. Onto a gift card it is there at once; by another way it is under way until the shop's bank has done it."""
    at_once = method is not None and method.holds_money
    effects: list[dict[str, Any]] = [
        {
            "set": "payment",
            "method": None if method is None else method.method_id,
            "kind": "refund",
            "amount": amount,
            "status": "refunded" if at_once else "pending",
        }
    ]
    if at_once and method is not None:
        effects.append(_moved(order, amount, method))
    return effects


def _charge(order: OrderView, amount: int, method: Method, must_cover: bool = True) -> list[dict[str, Any]]:
    if method.holds_money:
        if must_cover and (method.balance or 0) < amount:
            raise _No("balance_too_low", method=_method_told(method), needed=amount, balance=method.balance or 0)
        at_once = (method.balance or 0) >= amount
        paid = {"set": "payment", "method": method.method_id, "kind": "charge", "amount": amount, "status": "paid" if at_once else "pending"}  # fmt: skip
        return [paid, *([_moved(order, -amount, method)] if at_once else [])]
    return [{"set": "payment", "method": method.method_id, "kind": "charge", "amount": amount, "status": "pending"}]


def _moved(order: OrderView, amount: int, method: Method) -> dict[str, Any]:
    return {
        "set": "balance",
        "method": method.method_id,
        "amount": amount,
        "currency": order.currency,
        "exponent": order.exponent,
    }


def _own_method(records: Records, name: ExternalId) -> Method:
    method = records.method_of(name)
    if method is None:
        raise _No("unknown_method")
    return method


def _change_address(given: Arguments, records: Records, policy: Policy) -> Plan:  # noqa: ARG001
    assert isinstance(given, AddressArguments)
    order = _order(records)
    address = _address(given.address.model_dump(exclude_none=True, exclude={"default"}))
    if _same_address(address, order.address):
        raise _No("same_address")
    return Plan("change_address", ({"set": "order_address", "value": address},), 0, order.currency, order.exponent, {"address": address})  # fmt: skip


def _profile_address(given: Arguments, records: Records, policy: Policy) -> Plan:  # noqa: ARG001
    assert isinstance(given, ProfileAddressArguments)
    address = _address(given.address.model_dump(exclude_none=True, exclude={"default"}))
    if records.profile.addresses and _same_address(address, records.profile.addresses[0]):
        raise _No("same_address")
    return Plan("update_profile_address", ({"set": "profile_address", "value": address},), told={"address": address})


def _address(address: dict[str, Any]) -> dict[str, Any]:
    if not address.get("line1") or not (address.get("city") or address.get("postcode")):
        raise _No(
            "address_incomplete", missing=[name for name in ("line1", "city", "postcode") if not address.get(name)]
        )
    return address


def _same_address(first: Mapping[str, Any], second: Mapping[str, Any] | None) -> bool:
    def plain(address: Mapping[str, Any]) -> dict[str, str]:
        return {name: str(value).strip() for name, value in address.items() if value and name != "default"}

    return second is not None and plain(first) == plain(second)


def _change_payment(given: Arguments, records: Records, policy: Policy) -> Plan:
    assert isinstance(given, PaymentArguments)
    order, rule = _order(records), policy.change_payment
    method = _own_method(records, given.payment_method)
    paid = _refund_all(order, records.profile, ["original"])
    if len(paid) > 1:
        raise _No("several_payments")
    # An open order waits for its whole total, whatever part of it a changed item put down as a charge of its own.
    due = order.total if order.status == "open" and order.total is not None else order.worth
    if due is None:
        raise _No("amount_unknown")
    before = paid[0][1] if paid else next((records.profile.method(one.method_id) for one in order.payments), None)
    if not rule.same_method and before is not None and before.method_id == method.method_id:
        raise _No("same_method", method=_method_told(method))
    effects = [*_withdrawn(order), *_charge(order, due, method, rule.balance_must_cover)]
    for amount, old in paid:
        effects += _pay_back(order, amount, old)
    told = {"method": _method_told(method), "before": None if before is None else _method_told(before), "amount": due}
    return Plan("change_payment", tuple(effects), 0, order.currency, order.exponent, told)


def _lines_of(order: OrderView, given: ItemsArguments | ReturnArguments, records: Records) -> list[Line]:
    """The lines that are meant: by number, or by the variant in them; each once. Two of one variant are taken in order."""
    chosen: list[Line] = []
    for item in given.items or []:
        variant = None if item.variant is None else records.variant_of(item.variant)
        fitting = [
            line
            for line in order.lines
            if line not in chosen
            and line.quantity > 0
            and (line.line == item.line if variant is None else variant.variant_id == line.variant_id)
        ]
        if not fitting:
            raise _No("not_in_order", item=item.line if item.variant is None else item.variant.value)
        chosen.append(fitting[0])
    return chosen


def _swaps(given: ItemsArguments, order: OrderView, records: Records, rule: ChangeItemsRule) -> list[Swapped]:
    lines = _lines_of(order, given, records)
    out = []
    for line, item in zip(lines, given.items, strict=True):
        new = records.variant_of(item.new)
        if new is None:
            raise _No("unknown_variant", item=item.new.value)
        if new.product_id != line.product_id and not rule.other_products:
            raise _No("other_product", item=item.new.value)
        if new.variant_id == line.variant_id and not rule.same_variant:
            raise _No("same_variant", item=item.new.value)
        if rule.needs_stock and new.variant_id != line.variant_id and not _enough(new, line.quantity):
            raise _No("out_of_stock", item=item.new.value, titles=new.titles, options=new.options)
        if new.price is None or line.unit_price is None:
            raise _No("amount_unknown")
        if new.currency and order.currency and new.currency != order.currency:
            raise _No("other_currency")
        out.append(Swapped(line, new))
    return out


def _enough(variant: Variant, quantity: int) -> bool:
    return variant.for_sale and (variant.stock is None or variant.stock >= quantity)


def _difference(swaps: list[Swapped]) -> int:
    return sum(((swap.new.price or 0) - (swap.line.unit_price or 0)) * swap.line.quantity for swap in swaps)


def _settled(
    given: ItemsArguments, order: OrderView, records: Records, difference: int, later: bool
) -> tuple[list[dict[str, Any]], Method | None]:
    """How the difference is paid or given back. later: only when the goods have come back."""
    if difference == 0 and given.payment_method is None:
        return [], None
    if given.payment_method is None:
        raise _No("method_needed", difference=difference)
    method = _own_method(records, given.payment_method)
    if method.holds_money and difference > 0 and (method.balance or 0) < difference:
        raise _No("balance_too_low", method=_method_told(method), needed=difference, balance=method.balance or 0)
    if difference == 0:
        return [], method
    if later:
        kind = "charge" if difference > 0 else "refund"
        return [{"set": "payment", "method": method.method_id, "kind": kind, "amount": abs(difference), "status": "pending"}], method  # fmt: skip
    return (_charge(order, difference, method) if difference > 0 else _pay_back(order, -difference, method)), method


def _change_items(given: Arguments, records: Records, policy: Policy) -> Plan:
    assert isinstance(given, ItemsArguments)
    order, rule = _order(records), policy.change_items
    swaps = _swaps(given, order, records, rule)
    difference = _difference(swaps)
    effects: list[dict[str, Any]] = [
        {
            "set": "line",
            "line": swap.line.line,
            "variant": swap.new.variant_id,
            "product": swap.new.product_id,
            "unit_price": swap.new.price,
            "title": None
            if swap.new.product_id == swap.line.product_id
            else next(iter(swap.new.titles.values()), None),
        }
        for swap in swaps
    ]
    if order.total is not None and difference:
        effects.append({"set": "order_total", "value": order.total + difference})
    money, method = _settled(given, order, records, difference, later=False)
    told = {"difference": difference, "method": None if method is None else _method_told(method)}
    return Plan(
        "change_items", (*effects, *money), difference, order.currency, order.exponent, told, swaps=tuple(swaps)
    )


def _exchange(given: Arguments, records: Records, policy: Policy) -> Plan:
    assert isinstance(given, ItemsArguments)
    order, rule = _order(records), policy.exchange_items
    swaps = _swaps(given, order, records, rule)
    _check_categories([swap.line for swap in swaps], rule.never_categories)
    difference = _difference(swaps)
    money, method = _settled(given, order, records, difference, later=True)
    told = {"difference": difference, "method": None if method is None else _method_told(method)}
    effects = ({"set": "order_status", "value": "exchange_requested"}, *money)
    return Plan("exchange_items", effects, difference, order.currency, order.exponent, told, swaps=tuple(swaps))


def _return(given: Arguments, records: Records, policy: Policy) -> Plan:
    assert isinstance(given, ReturnArguments)
    order, rule = _order(records), policy.return_items
    lines = (
        [line for line in order.lines if line.quantity > 0] if given.items is None else _lines_of(order, given, records)
    )
    _check_categories(lines, rule.never_categories)
    if any(line.paid is None for line in lines):
        raise _No("amount_unknown")
    amount = sum(line.paid or 0 for line in lines)
    whole = len(lines) == len([line for line in order.lines if line.quantity > 0])
    if rule.shipping_refunded == "always" or (rule.shipping_refunded == "whole_order" and whole):
        amount += order.shipping or 0
    amount = max(0, amount - rule.cost)
    originals = _refund_all(order, records.profile, ["original"])
    method = _own_method(records, given.refund_to) if given.refund_to is not None else None
    if method is None:
        method = originals[0][1] if originals else None
    is_original = method is None or any(old is not None and old.method_id == method.method_id for _, old in originals)
    if not is_original and not (method is not None and method.holds_money and "gift_card" in rule.refund_to):
        raise _No("refund_elsewhere", method=None if method is None else _method_told(method))
    if is_original and "original" not in rule.refund_to and not (method is not None and method.holds_money):
        raise _No("refund_elsewhere", method=None if method is None else _method_told(method))
    paid = {"set": "payment", "method": None if method is None else method.method_id, "kind": "refund", "amount": amount, "status": "pending"}  # fmt: skip
    effects: list[dict[str, Any]] = [{"set": "order_status", "value": "return_requested"}, *([paid] if amount else [])]
    told = {
        "refund": amount,
        "method": None if method is None else _method_told(method),
        "cost": rule.cost,
        "reason": given.reason,
    }
    return Plan("return_items", tuple(effects), -amount, order.currency, order.exponent, told, lines=tuple(lines))


def _check_categories(lines: list[Line], never: list[str]) -> None:
    barred = {name.casefold() for name in never}
    for line in lines:
        if barred & {name.casefold() for name in line.category}:
            raise _No("never_returned", item=line.title or next(iter(line.titles.values()), ""))


def _stock_alert(given: Arguments, records: Records, policy: Policy) -> Plan:  # noqa: ARG001
    assert isinstance(given, StockAlertArguments)
    variant = records.variant_of(given.variant)
    if variant is None:
        raise _No("unknown_variant", item=given.variant.value)
    if variant.in_stock:
        raise _No("in_stock", item=given.variant.value)
    told = {"titles": variant.titles, "options": variant.options}
    return Plan("stock_alert", ({"set": "stock_alert", "variant": variant.variant_id},), told=told)


def _reading(given: Arguments, records: Records, policy: Policy) -> Plan:  # noqa: ARG001
    """What only tells. What there is to tell the executor reads from the same records."""
    action = given.ACTION if isinstance(given, NoArguments | OrderArguments) else ""
    order = records.order
    currency, exponent = (order.currency, order.exponent) if order is not None else ("", 2)
    return Plan(action, (), 0, currency, exponent, reads=True)


def _told(refunds: list[tuple[int, Method | None]]) -> list[dict[str, Any]]:
    return [{"amount": amount, "method": None if one is None else _method_told(one)} for amount, one in refunds]


def _method_told(method: Method) -> dict[str, Any]:
    return {
        "id": None if method.name is None else method.name.value,
        "kind": method.kind,
        "label": method.label,
        "last4": method.last4,
        "holds_money": method.holds_money,
    }


_PLANS: dict[str, Callable[[Arguments, Records, Policy], Plan]] = {
    "cancel_order": _cancel,
    "change_address": _change_address,
    "change_items": _change_items,
    "change_payment": _change_payment,
    "return_items": _return,
    "exchange_items": _exchange,
    "stock_alert": _stock_alert,
    "update_profile_address": _profile_address,
    "track_order": _reading,
    "refund_status": _reading,
    "invoice": _reading,
    "store_credit": _reading,
}

ACTIONS = tuple(_PLANS)
"""All that can be asked for, by name."""

__all__ = ["ACTIONS", "Plan", "Records", "Refusal", "Swap", "Swapped", "plan"]
