"""From what the executor found to what a reply may say: facts, named as the wordings name them. Decides nothing, words nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regulars.assist.actions.executor import Outcome
from regulars.assist.actions.plans import Plan, Swapped
from regulars.assist.facts import Facts
from regulars.schema import Money, exponent_of
from regulars.schema.conversations import Frame, Passage
from regulars.store.order_book import Line, Method, OrderView, Variant

_STATES = {"open": "unpaid", "return_requested": "return_open", "exchange_requested": "return_open"}
"""Order states that the wordings call otherwise."""

_REFUSED = {
    "window_passed": "window_passed",
    "done_before": "already_done",
    "out_of_stock": "out_of_stock",
    "same_variant": "same_variant",
    "never_returned": "final_sale",
    "balance_too_low": "balance",
    "unknown_method": "method",
    "same_method": "method",
    "refund_elsewhere": "method",
    "several_payments": "method",
    "no_gift_card": "method",
}
_WORDS = {
    "en": {
        "card": "card", "paypal": "PayPal", "bank": "bank transfer", "gift_card": "gift card", "store_credit": "store credit",
        "invoice": "invoice", "other": "other", "original": "the original payment method", "ending": "{kind} ending in {last4}",
        "track_order": "Where is my order", "cancel_order": "Cancel an order", "change_address": "Change the delivery address",
        "change_items": "Change items of an order", "change_payment": "Change the way to pay", "return_items": "Return something",
        "exchange_items": "Exchange something", "refund_status": "The state of a refund", "invoice_flow": "An invoice",
        "store_credit_flow": "What is left on my gift card", "stock_alert": "Tell me when it is back", "update_profile_address": "Change my own address",
    },
    "zh": {
        "card": "银行卡", "paypal": "PayPal", "bank": "银行转账", "gift_card": "礼品卡", "store_credit": "账户余额", "invoice": "账单",
        "other": "其他方式", "original": "原支付方式", "ending": "尾号 {last4} 的{kind}",
        "track_order": "查询订单", "cancel_order": "取消订单", "change_address": "修改收货地址", "change_items": "更换订单中的商品规格",
        "change_payment": "更改付款方式", "return_items": "退货", "exchange_items": "换货", "refund_status": "退款进度", "invoice_flow": "开发票",
        "store_credit_flow": "礼品卡余额", "stock_alert": "到货通知", "update_profile_address": "修改我的地址",
    },
}  # fmt: skip

_FOR_STAFF = {
    "en": {
        "done": "done", "proposed": "waits for a yes", "refused": "refused", "void": "not confirmed", "expired": "expired",
        "amount_unknown": "the amount isn't known", "balance_too_low": "the balance is too low", "done_before": "it was done before",
        "in_stock": "it is in stock", "method_needed": "no way to pay was named", "never_returned": "it never comes back",
        "no_gift_card": "there is no gift card", "not_allowed": "the policy doesn't allow it", "not_in_order": "it isn't in the order",
        "other_currency": "another currency", "other_product": "another product", "out_of_stock": "it is out of stock",
        "reason_needed": "the reason isn't one of the policy's", "refund_elsewhere": "refunds don't go there", "same_address": "the same address",
        "same_method": "the same way to pay", "same_variant": "the same variant", "several_payments": "several payments",
        "unknown_method": "the way to pay isn't known", "unknown_variant": "the variant isn't known", "window_passed": "it is too late",
        "wrong_status": "the order's state doesn't allow it",
    },
    "zh": {
        "done": "已办理", "proposed": "等待确认", "refused": "已拒绝", "void": "未确认", "expired": "已过期",
        "amount_unknown": "金额不明", "balance_too_low": "余额不足", "done_before": "之前已办过", "in_stock": "有货", "method_needed": "没有说明付款方式",
        "never_returned": "不可退换的商品", "no_gift_card": "没有礼品卡", "not_allowed": "政策不允许", "not_in_order": "订单里没有", "other_currency": "币种不同",
        "other_product": "不是同一商品", "out_of_stock": "缺货", "reason_needed": "原因不在政策允许之列", "refund_elsewhere": "不能退到该处", "same_address": "地址相同",
        "same_method": "付款方式相同", "same_variant": "规格相同", "several_payments": "有多笔付款", "unknown_method": "付款方式不明",
        "unknown_variant": "规格不明", "window_passed": "已过期限", "wrong_status": "订单状态不允许",
    },
}  # fmt: skip
"""States of an action, and why it was refused, as the shop's own people read them."""


def for_staff(code: str | None, locale: str) -> str:
    """An action's state or the code of a refusal in words; one that has none as it is."""
    return _FOR_STAFF["zh" if locale.startswith("zh") else "en"].get(code or "", code or "")


def words(locale: str) -> Mapping[str, str]:
    return _WORDS["zh" if locale.startswith("zh") else "en"]


def flow_word(flow: str, locale: str) -> str:
    """A flow as a customer calls it."""
    said = words(locale)
    return said.get(f"{flow}_flow") or said.get(flow, flow)


def order_name(order: OrderView) -> str:
    return order.name.value if order.name is not None else str(order.order_id)


def method_word(method: Mapping[str, Any] | None, locale: str) -> str:
    """A way to pay, told without what it is kept under: "card ending in 4242"."""
    said = words(locale)
    if method is None:
        return said["original"]
    kind = said.get(str(method["kind"]), str(method["kind"]))
    if method.get("last4"):
        return said["ending"].format(kind=kind, last4=method["last4"])
    return kind


def title_of(line: Line, locale: str) -> str:
    language = locale.split("-")[0]
    return line.titles.get(locale) or line.titles.get(language) or line.title or next(iter(line.titles.values()), "?")


def variant_title(variant: Variant, locale: str) -> str:
    return variant.titles.get(locale.split("-")[0]) or next(iter(variant.titles.values()), "?")


def options_word(options: Mapping[str, str]) -> str | None:
    return ", ".join(options.values()) or None


def address_word(address: Mapping[str, Any]) -> str:
    names = ("name", "line1", "line2", "city", "region", "postcode", "country")
    return ", ".join(str(address[name]) for name in names if address.get(name))


def order_frame(order: OrderView, locale: str, zone: str) -> Frame:
    """Where an order is."""
    facts = Facts(locale, zone).id("order", order_name(order))
    state = _STATES.get(order.status, order.status)
    facts.status("status", state).date("placed_at", order.placed_at).money("total", _money(order, order.total))
    parcel = order.parcels[-1] if order.parcels else None
    if parcel is not None and order.status != "cancelled":
        facts.name("carrier", parcel.carrier).id("tracking", parcel.tracking)
        facts.date("shipped_at", parcel.shipped_at)
    facts.date("delivered_at", order.delivered_at)
    refunds = [one for one in order.payments if one.kind == "refund" and one.amount]
    if refunds:
        facts.money("refund", _money(order, sum(one.amount or 0 for one in refunds)))
    return Frame("order_status", locale, facts.all)


def refund_frame(outcome: Outcome, locale: str, zone: str) -> Frame:
    order = outcome.order
    assert order is not None
    refunds = outcome.told.get("refunds") or []
    facts = Facts(locale, zone).id("order", order_name(order))
    if not refunds:
        return Frame("refund_status", locale, facts.status("status", "none").all)
    at_once = all(one["status"] == "refunded" for one in refunds)
    facts.status("status", "sent" if at_once else "pending")
    facts.money("refund", _money(order, sum(one["amount"] or 0 for one in refunds)))
    return Frame("refund_status", locale, facts.all)


def credit_frame(outcome: Outcome, currency: str, exponent: int, locale: str, zone: str) -> Frame:
    held = outcome.told.get("methods") or []
    balance = sum(int(one["balance"]) for one in held)
    return Frame("store_credit", locale, Facts(locale, zone).money("balance", Money(balance, currency, exponent)).all)


def proposal_frame(outcome: Outcome, locale: str, zone: str, *, done: bool = False) -> Frame:
    """What would be done (to be confirmed), or what was."""
    plan, order = outcome.plan, outcome.order
    assert plan is not None
    facts = Facts(locale, zone)
    if order is not None:
        facts.id("order", order_name(order))
    _consequences(facts, plan, order, locale)
    told = plan.told
    if "address" in told:
        facts.text("new_address", address_word(told["address"]))
    if plan.action == "change_payment":
        facts.name("new_method", method_word(told["method"], locale))
    if plan.action == "stock_alert":
        facts.name("product", _titled(told["titles"], locale))
        facts.option("option", options_word(told["options"]))
    act = f"{'done' if done else 'confirm'}:{plan.action}"
    return Frame(act, locale, facts.all, done=(plan.action,) if done else ())


def _consequences(facts: Facts, plan: Plan, order: OrderView | None, locale: str) -> None:
    for number, line in enumerate(plan.lines, 1):
        _item(facts, number, line, order, locale)
    for number, swap in enumerate(plan.swaps, 1):
        _swap(facts, number, swap, order, locale)
    money = Money(abs(plan.pays), plan.currency, plan.exponent) if plan.currency else None
    if plan.pays > 0:
        facts.money("to_pay", money)
    elif plan.pays < 0:
        facts.money("refund", money)
        refunds = plan.told.get("refunds")
        method = refunds[0]["method"] if refunds else plan.told.get("method")
        facts.name("refund_to", method_word(method, locale))
    if plan.told.get("cost") and plan.currency:
        facts.money("fee", Money(int(plan.told["cost"]), plan.currency, plan.exponent))


def _item(facts: Facts, number: int, line: Line, order: OrderView | None, locale: str) -> None:
    facts.number(f"items.{number}.quantity", line.quantity).name(f"items.{number}.title", title_of(line, locale))
    facts.option(f"items.{number}.option", options_word(line.options))
    if order is not None and line.unit_price is not None:
        facts.money(f"items.{number}.price", _money(order, line.unit_price))


def _swap(facts: Facts, number: int, swap: Swapped, order: OrderView | None, locale: str) -> None:
    facts.number(f"items.{number}.quantity", swap.line.quantity)
    facts.name(f"items.{number}.title", title_of(swap.line, locale))
    before, after = options_word(swap.line.options), options_word(swap.new.options)
    if before and after:
        facts.option(f"items.{number}.option", f"{before} → {after}")
    if order is not None and swap.new.price is not None:
        facts.money(f"items.{number}.price", _money(order, swap.new.price))


def refusal_frame(outcome: Outcome, locale: str, zone: str) -> Frame:
    """Why not, with the policy's own words as a passage."""
    order = outcome.order
    facts = Facts(locale, zone)
    if order is not None:
        facts.id("order", order_name(order))
        facts.status("status", _STATES.get(order.status, order.status))
    code = _REFUSED.get(outcome.code, "")
    if outcome.code == "wrong_status" and order is not None:
        if order.status == "cancelled":
            code = "already_cancelled"
        elif outcome.action in ("return_items", "exchange_items") and order.status in ("open", "paid", "shipped"):
            code = "not_delivered"
        elif order.status in ("shipped", "delivered"):
            code = "already_shipped"
    told = outcome.told
    if "titles" in told:
        named, options = _titled(told["titles"], locale), options_word(told.get("options") or {})
        facts.name("product", f"{named} ({options})" if options else named)
        if outcome.code == "out_of_stock":
            facts.status("stock", "out_of_stock")
    elif "item" in told:
        facts.name("product", str(told["item"]))
    if "balance" in told and order is not None:
        facts.money("balance", _money(order, told["balance"]))
    passages: tuple[Passage, ...] = ()
    if outcome.text:
        passages = (Passage(f"policy:{outcome.action}", "", outcome.text, locale, 1.0),)
    return Frame(f"refused:{code}" if code else "refused", locale, facts.all, passages)


def choice_frame(act: str, labels: Iterable[str], locale: str, zone: str) -> Frame:
    facts = Facts(locale, zone)
    for number, label in enumerate(labels, 1):
        facts.text(f"choices.{number}.label", label)
    return Frame(act, locale, facts.all)


def articles_frame(titles: Iterable[str], locale: str, zone: str) -> Frame:
    """Nothing is sure; these articles may have it, to be chosen by number."""
    facts = Facts(locale, zone)
    for number, title in enumerate(titles, 1):
        facts.number(f"pages.{number}.number", number).text(f"pages.{number}.title", title)
    return Frame("no_evidence:near", locale, facts.all)


def orders_frame(act: str, orders: Sequence[OrderView], locale: str, zone: str) -> Frame:
    facts = Facts(locale, zone)
    for number, order in enumerate(orders[:8], 1):
        facts.id(f"orders.{number}.id", order_name(order))
        facts.status(f"orders.{number}.status", _STATES.get(order.status, order.status))
        facts.date(f"orders.{number}.placed_at", order.placed_at)
        facts.money(f"orders.{number}.total", _money(order, order.total))
    return Frame(act, locale, facts.all)


def items_frame(act: str, order: OrderView, locale: str, zone: str) -> Frame:
    facts = Facts(locale, zone).id("order", order_name(order))
    for number, line in enumerate((one for one in order.lines if one.quantity > 0), 1):
        _item(facts, number, line, order, locale)
    return Frame(act, locale, facts.all)


def variants_frame(variants: Sequence[Variant], locale: str, zone: str) -> Frame:
    facts = Facts(locale, zone)
    for number, variant in enumerate(variants[:8], 1):
        facts.option(f"choices.{number}.label", options_word(variant.options) or variant_title(variant, locale))
    return Frame("ask_slot:option", locale, facts.all)


def products_frame(
    act: str, products: Sequence[Mapping[str, Any]], locale: str, zone: str, about: str | None = None
) -> Frame:
    """A list of products, each a line. about: the product that it goes with or comes close to."""
    facts = Facts(locale, zone).name("product", about)
    for number, product in enumerate(products, 1):
        facts.name(f"products.{number}.title", product["title"])
        facts.money(f"products.{number}.price", product.get("price_money"))
    return Frame(act, locale, facts.all)


def size_frame(title: str, wanted: Variant | None, larger: bool, locale: str, zone: str) -> Frame:
    """Whether a product comes in another size, and whether that is in stock. wanted: None = there is no such size."""
    facts = Facts(locale, zone).name("product", title)
    if wanted is None:
        return Frame("size:none_larger" if larger else "size:none_smaller", locale, facts.all)
    state = "in_stock" if wanted.in_stock else "out_of_stock"
    facts.option("option", options_word(wanted.options)).status("stock", state)
    if wanted.price is not None and wanted.currency:
        facts.money("price", Money(wanted.price, wanted.currency, exponent_of(wanted.currency)))
    return Frame(f"size:{state}", locale, facts.all)


def sizes_frame(title: str, variants: Sequence[Variant], locale: str, zone: str) -> Frame:
    """What a product is in stock in, where it isn't known which of it they have. variants: those in stock."""
    facts = Facts(locale, zone).name("product", title).status("stock", "in_stock")
    for number, variant in enumerate(variants[:10], 1):
        facts.option(f"choices.{number}.label", options_word(variant.options) or variant_title(variant, locale))
    return Frame("size:all", locale, facts.all)


def methods_frame(methods: Sequence[Method], locale: str, zone: str) -> Frame:
    told = [method_word({"kind": one.kind, "last4": one.last4}, locale) for one in methods]
    return choice_frame("ask_slot:method", told, locale, zone)


def _money(order: OrderView, minor: int | None) -> Money | None:
    return None if minor is None or not order.currency else Money(int(minor), order.currency, order.exponent)


def _titled(titles: Mapping[str, str], locale: str) -> str:
    return titles.get(locale.split("-")[0]) or next(iter(titles.values()), "?")
