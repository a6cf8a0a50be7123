"""Orders with lines, payments and shipments. An imported order also puts one purchase a line on the timeline."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from regulars.schema.catalogue import Amount, Currency, Scalar
from regulars.schema.identity import ExternalIdField
from regulars.schema.moments import Moment
from regulars.schema.people import Address
from regulars.schema.text import IdText, Plain, ShortText, Title

OrderStatus = Literal[
    "open", "paid", "shipped", "delivered", "cancelled", "returned", "return_requested", "exchange_requested"
]


class OrderLine(BaseModel):
    """One product in one quantity at one price. A negative quantity is a return."""

    model_config = ConfigDict(extra="forbid")
    product: ExternalIdField | None = None
    variant: ExternalIdField | None = None
    title: Title | None = Field(default=None, description="What the receipt said.")
    quantity: int = Field(default=1, ge=-(2**31), lt=2**31)
    unit_price: Amount = None
    discount: Amount = None


class Payment(BaseModel):
    """Money that came in, or went back."""

    model_config = ConfigDict(extra="forbid")
    id: ExternalIdField | None = None
    method: ExternalIdField | None = Field(default=None, description="The customer's payment method.")
    kind: Literal["charge", "refund"] = "charge"
    amount: Amount = None
    status: Literal["pending", "paid", "failed", "refunded"] = "paid"
    at: Moment | None = None


class Shipment(BaseModel):
    """A parcel on its way."""

    model_config = ConfigDict(extra="forbid")
    id: ExternalIdField | None = None
    carrier: ShortText | None = None
    tracking: ShortText | None = None
    status: Literal["pending", "shipped", "delivered", "returned"] = "pending"
    shipped_at: Moment | None = None
    delivered_at: Moment | None = None


class Order(BaseModel):
    """One order."""

    model_config = ConfigDict(extra="forbid")

    id: ExternalIdField
    customer: ExternalIdField | None = None
    visitor: IdText | None = None
    placed_at: datetime | str | None = None
    status: OrderStatus = "paid"
    currency: Currency | None = None
    total: Amount = None
    shipping: Amount = None
    address: Address | None = None
    lines: list[OrderLine] = Field(default_factory=list, max_length=5_000)
    payments: list[Payment] = Field(default_factory=list, max_length=200)
    shipments: list[Shipment] = Field(default_factory=list, max_length=200)
    traits: dict[Plain, Scalar] = Field(default_factory=dict, max_length=200)
