"""Customers: traits, ways to pay, consent. A visitor is a browser that may become a customer later."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from regulars.schema.catalogue import Amount, Currency, Locale, Scalar
from regulars.schema.identity import ExternalIdField
from regulars.schema.moments import Moment
from regulars.schema.text import Plain, ShortText, Title

Purpose = Literal["personalisation", "analytics", "email", "sms", "push"]


class Consent(BaseModel):
    """One answer to one question, with its time. The history is kept, the newest counts."""

    model_config = ConfigDict(extra="forbid")
    purpose: Purpose
    granted: bool
    at: Moment | None = None
    source: ShortText | None = Field(default=None, description="Where it was given: checkout, banner, import …")


class PaymentMethod(BaseModel):
    """A way to pay, by reference only: a card number never enters Regulars."""

    model_config = ConfigDict(extra="forbid")
    id: ExternalIdField
    kind: Literal["card", "paypal", "bank", "gift_card", "store_credit", "invoice", "other"] = "other"
    label: ShortText | None = None
    last4: Annotated[str, Field(pattern=r"^\d{4}$")] | None = None
    expires: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")] | None = None
    default: bool = False
    balance: Amount = Field(default=None, description="What is left on a gift card or of store credit, in major units.")
    currency: Currency | None = Field(default=None, description="Of the balance; the shop's own where none is given.")


class Address(BaseModel):
    """A postal address as the customer wrote it."""

    model_config = ConfigDict(extra="forbid")
    name: ShortText | None = None
    line1: ShortText | None = None
    line2: ShortText | None = None
    city: ShortText | None = None
    region: ShortText | None = None
    postcode: ShortText | None = None
    country: ShortText | None = None
    default: bool = False


def _consents(value: Any) -> Any:
    if value is None:
        return []
    if isinstance(value, dict):
        return [{"purpose": purpose, "granted": granted} for purpose, granted in value.items()]
    return value


class Customer(BaseModel):
    """One customer as the shop knows them."""

    model_config = ConfigDict(extra="forbid")

    id: ExternalIdField
    also_known_as: list[ExternalIdField] = Field(default_factory=list, max_length=50)
    email: Annotated[Plain, Field(max_length=320)] | None = None
    name: Title | None = None
    phone: ShortText | None = None
    locale: Locale | None = None
    traits: dict[Plain, Scalar | list[Scalar]] = Field(default_factory=dict, max_length=500)
    addresses: list[Address] = Field(default_factory=list, max_length=50)
    payment_methods: list[PaymentMethod] = Field(default_factory=list, max_length=50)
    consent: Annotated[list[Consent], BeforeValidator(_consents)] = Field(
        default_factory=list, description='Also {"email": true, "analytics": false}.'
    )
    created_at: Moment | None = None
