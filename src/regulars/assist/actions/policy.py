"""A shop's policy for what its assistant may do: data that the shop edits, with a text in plain words for each rule.

The defaults are careful ones. A text is quoted as it stands when the rule refuses; the shop writes it in its languages.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regulars.errors import InvalidInput
from regulars.schema.orders import OrderStatus
from regulars.schema.text import LongText, Plain, ShortText

Texts = dict[Plain, LongText]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Days = Annotated[int, Field(ge=0, le=36_500)]
RefundTo = Literal["original", "gift_card"]
Way = Literal["email", "name_postcode"]
WAITING: list[OrderStatus] = ["open", "paid"]
DELIVERED: list[OrderStatus] = ["delivered"]
ORIGINAL: list[RefundTo] = ["original"]
EITHER: list[RefundTo] = ["original", "gift_card"]
WAYS: list[Way] = ["email", "name_postcode"]


class Rule(BaseModel):
    """What all rules have. text: said to customers, by language."""

    model_config = ConfigDict(extra="forbid")
    allowed: bool = Field(default=True, description="Whether the assistant may do this at all; else a person does.")
    text: Texts = Field(
        default_factory=dict, description="The rule in plain words, by language; quoted when it refuses."
    )


class OrderRule(Rule):
    """A rule about an order. statuses: in which states of the order it applies."""

    statuses: list[OrderStatus] = Field(default_factory=lambda: list(WAITING), max_length=20)
    within_hours: Count | None = Field(default=None, description="Counted from when the order was placed.")
    times: Count | None = Field(default=None, description="How often for one order; null: no limit.")


class CancelRule(OrderRule):
    """Cancelling before it is on its way."""

    reasons: list[ShortText] = Field(
        default_factory=list, max_length=50, description="Reasons that are accepted; empty: any, or none."
    )
    refund_to: list[RefundTo] = Field(default_factory=lambda: list(ORIGINAL), min_length=1)


class ChangeItemsRule(OrderRule):
    """Other variants of what was ordered, before it is on its way."""

    times: Count | None = 1
    other_products: bool = Field(default=False, description="Whether another product may come in its place.")
    same_variant: bool = Field(default=False, description="Whether the new variant may be the old one.")
    needs_stock: bool = Field(default=True, description="Whether the new variant must be in stock.")


class ChangePaymentRule(OrderRule):
    """Another way to pay, before it is on its way."""

    same_method: bool = False
    balance_must_cover: bool = Field(default=True, description="A gift card must hold the whole amount.")


class ReturnRule(OrderRule):
    """Sending something back."""

    statuses: list[OrderStatus] = Field(default_factory=lambda: list(DELIVERED), max_length=20)
    within_days: Days | None = Field(default=30, description="Counted from delivery, or else from the order.")
    times: Count | None = 1
    refund_to: list[RefundTo] = Field(default_factory=lambda: list(EITHER), min_length=1)
    never_categories: list[ShortText] = Field(
        default_factory=list, max_length=200, description="Categories that can't come back, by a name of their path."
    )
    cost: Count = Field(default=0, description="What the customer pays for sending it back, in minor units.")
    shipping_refunded: Literal["never", "whole_order", "always"] = "whole_order"


class ExchangeRule(ChangeItemsRule):
    """Another variant for one that was delivered."""

    statuses: list[OrderStatus] = Field(default_factory=lambda: list(DELIVERED), max_length=20)
    within_days: Days | None = Field(default=30, description="Counted from delivery, or else from the order.")
    never_categories: list[ShortText] = Field(default_factory=list, max_length=200)


class IdentityRule(BaseModel):
    """How customers may say who they are when nobody has signed for them."""

    model_config = ConfigDict(extra="forbid")
    ways: list[Way] = Field(default_factory=lambda: list(WAYS))
    attempts: Annotated[int, Field(ge=1, le=100)] = 5
    within_minutes: Annotated[int, Field(ge=1, le=100_000)] = 60
    confirm_within_minutes: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=30, description="How long a confirmation can be given."
    )


class Policy(BaseModel):
    """All rules of a shop."""

    model_config = ConfigDict(extra="forbid")
    identity: IdentityRule = Field(default_factory=IdentityRule)
    cancel_order: CancelRule = Field(default_factory=CancelRule)
    change_address: OrderRule = Field(default_factory=OrderRule)
    change_items: ChangeItemsRule = Field(default_factory=ChangeItemsRule)
    change_payment: ChangePaymentRule = Field(default_factory=ChangePaymentRule)
    return_items: ReturnRule = Field(default_factory=ReturnRule)
    exchange_items: ExchangeRule = Field(default_factory=ExchangeRule)
    stock_alert: Rule = Field(default_factory=Rule)
    update_profile_address: Rule = Field(default_factory=Rule)
    track_order: Rule = Field(default_factory=Rule)
    refund_status: Rule = Field(default_factory=Rule)
    invoice: Rule = Field(default_factory=Rule)
    store_credit: Rule = Field(default_factory=Rule)

    def rule(self, action: str) -> Rule:
        rule: Rule = getattr(self, action)
        return rule

    def text(self, action: str, locale: str) -> str:
        """The rule in plain words: the shop's own text, in this language, the shop's other one, or else ours."""
        texts = self.rule(action).text
        language = locale.split("-")[0]
        return (
            texts.get(locale)
            or texts.get(language)
            or next(iter(texts.values()), "")
            or described(self, action, language)
        )


def policy_of(document: dict[str, Any]) -> Policy:
    """Raises: InvalidInput, naming the first field that can't be used."""
    try:
        return Policy.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"The policy can't be used: {field}: {first['msg']}.", field=field) from None


_STATUS_WORDS = {
    "en": {
        "open": "open", "paid": "paid but not sent yet", "shipped": "on its way", "delivered": "delivered",
        "cancelled": "cancelled", "returned": "returned", "return_requested": "being returned",
        "exchange_requested": "being exchanged",
    },
    "zh": {
        "open": "待付款", "paid": "已付款待发货", "shipped": "运输中", "delivered": "已签收",
        "cancelled": "已取消", "returned": "已退货", "return_requested": "退货中", "exchange_requested": "换货中",
    },
}  # fmt: skip
_ACTION_WORDS = {
    "en": {
        "cancel_order": "An order can be cancelled", "change_address": "The delivery address of an order can be changed",
        "change_items": "Items of an order can be changed", "change_payment": "The way to pay for an order can be changed",
        "return_items": "Items can be returned", "exchange_items": "Items can be exchanged",
    },
    "zh": {
        "cancel_order": "订单可以取消", "change_address": "订单的收货地址可以修改", "change_items": "订单中的商品可以更换规格",
        "change_payment": "订单的付款方式可以更改", "return_items": "商品可以退货", "exchange_items": "商品可以换货",
    },
}  # fmt: skip


def described(policy: Policy, action: str, language: str) -> str:
    """A rule in plain words, made from its settings: what is said where the shop has written nothing."""
    rule, zh = policy.rule(action), language == "zh"
    if not rule.allowed:
        return "这项需要由客服人员处理。" if zh else "This is something that our team does for you."
    if not isinstance(rule, OrderRule):
        return ""
    language = "zh" if zh else "en"
    words = [_STATUS_WORDS[language][one] for one in rule.statuses]
    what = _ACTION_WORDS[language].get(action, "")
    parts = [f"订单状态为{'或'.join(words)}时，{what}" if zh else f"{what} while the order is {' or '.join(words)}"]
    days = getattr(rule, "within_days", None)
    if days is not None:
        parts.append(f"须在签收后 {days} 天内" if zh else f"within {days} days of delivery")
    if rule.within_hours is not None:
        parts.append(
            f"须在下单后 {rule.within_hours} 小时内" if zh else f"within {rule.within_hours} hours of ordering"
        )
    if rule.times is not None:
        once = "仅限一次" if zh else "once"
        many = f"最多 {rule.times} 次" if zh else f"{rule.times} times at most"
        parts.append(once if rule.times == 1 else many)
    if isinstance(rule, ChangeItemsRule) and not rule.other_products:
        parts.append("只能换同款商品的其他规格" if zh else "for another option of the same product")
    return ("，".join(parts) + "。") if zh else (", ".join(parts) + ".")
