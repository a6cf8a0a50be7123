"""An outcome as JSON for programs, and its one plain sentence. Facts only: the conversation's own wording is the composer's."""

from __future__ import annotations

from typing import Any

from babel.numbers import format_currency

from regulars.assist.actions.executor import Outcome
from regulars.assist.actions.plans import Plan
from regulars.schema.money import Money
from regulars.store.order_book import Line, OrderView


def outcome_told(outcome: Outcome, locale: str = "en") -> dict[str, Any]:
    """As POST /v1/actions answers."""
    plan = outcome.plan
    details = {name: value for name, value in outcome.told.items() if value is not None}
    if plan is not None:
        details |= {"pays": plan.pays, "currency": plan.currency or None, "exponent": plan.exponent}
        if plan.lines:
            details["items"] = [line_told(line) for line in plan.lines]
        if plan.swaps:
            details["items"] = [
                {**line_told(swap.line), "new": {"variant": _name(swap.new.name), "options": swap.new.options, "price": swap.new.price}}
                for swap in plan.swaps
            ]  # fmt: skip
    return {
        "action": outcome.action,
        "state": outcome.state,
        "action_id": outcome.action_id,
        "confirmation": outcome.token,
        "confirm_until": outcome.until,
        "code": outcome.code,
        "text": outcome.text or (summary(plan, outcome.order, locale) if plan is not None else ""),
        "details": details,
        "order": None if outcome.order is None else order_told(outcome.order),
        "done_at": outcome.done_at,
        "repeated": outcome.repeated,
    }


def order_told(order: OrderView) -> dict[str, Any]:
    """An order for its own customer."""
    return {
        "id": _name(order.name),
        "status": order.status,
        "placed_at": order.placed_at,
        "currency": order.currency,
        "exponent": order.exponent,
        "total": order.total,
        "shipping": order.shipping,
        "address": order.address,
        "lines": [line_told(line) for line in order.lines],
        "payments": [{"kind": one.kind, "amount": one.amount, "status": one.status} for one in order.payments],
        "shipments": [
            {
                "carrier": one.carrier,
                "tracking": one.tracking,
                "status": one.status,
                "shipped_at": one.shipped_at,
                "delivered_at": one.delivered_at,
            }
            for one in order.parcels
        ],
    }


def line_told(line: Line) -> dict[str, Any]:
    return {
        "line": line.line,
        "product": _name(line.product),
        "variant": _name(line.variant),
        "title": line.title or next(iter(line.titles.values()), None),
        "options": line.options,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
    }


def summary(plan: Plan, order: OrderView | None, locale: str = "en") -> str:
    """One sentence of what is (to be) done and what it costs; "" for what only reads."""
    if plan.reads:
        return ""
    chinese = locale.startswith("zh")
    name = "" if order is None or order.name is None else order.name.value
    words = _ZH if chinese else _EN
    text = words[plan.action].format(order=name)
    if plan.pays and plan.currency:
        money = spoken(abs(plan.pays), plan.currency, plan.exponent, locale)
        text += words["pays" if plan.pays > 0 else "gets"].format(money=money)
    return text + ("。" if chinese else ".")


def spoken(minor: int, currency: str, exponent: int, locale: str) -> str:
    """An amount as a reader of the locale writes it."""
    return str(format_currency(Money(minor, currency, exponent).major, currency, locale=locale.replace("-", "_")))


def _name(name: Any) -> str | None:
    return None if name is None else name.value


_EN = {
    "cancel_order": "Cancel order {order}",
    "change_address": "Send order {order} to the new address",
    "change_items": "Change items of order {order}",
    "change_payment": "Pay for order {order} in the other way",
    "return_items": "Take back items of order {order}",
    "exchange_items": "Exchange items of order {order}",
    "stock_alert": "Tell them when it is back",
    "update_profile_address": "Keep the new address as their own",
    "pays": "; {money} is to be paid",
    "gets": "; {money} goes back",
}
_ZH = {
    "cancel_order": "取消订单 {order}",
    "change_address": "订单 {order} 改寄新地址",
    "change_items": "更换订单 {order} 中商品的规格",
    "change_payment": "更改订单 {order} 的付款方式",
    "return_items": "退回订单 {order} 中的商品",
    "exchange_items": "更换订单 {order} 中已收到的商品",
    "stock_alert": "到货时通知",
    "update_profile_address": "将新地址保存为默认地址",
    "pays": "，需补 {money}",
    "gets": "，退回 {money}",
}
