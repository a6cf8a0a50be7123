"""What each action needs to be told, as it comes over HTTP and from the planner. Unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from regulars.errors import InvalidInput
from regulars.schema.identity import ExternalIdField
from regulars.schema.people import Address
from regulars.schema.text import ShortText

LineNumber = Annotated[int, Field(ge=1, le=100_000)]


class NoArguments(BaseModel):
    """Nothing but who asks."""

    model_config = ConfigDict(extra="forbid")
    ACTION: ClassVar[str] = "store_credit"


class OrderArguments(BaseModel):
    """One order, by its id."""

    model_config = ConfigDict(extra="forbid")
    ACTION: ClassVar[str] = ""
    order: ExternalIdField


class TrackArguments(OrderArguments):
    ACTION: ClassVar[str] = "track_order"


class RefundStatusArguments(OrderArguments):
    ACTION: ClassVar[str] = "refund_status"


class InvoiceArguments(OrderArguments):
    ACTION: ClassVar[str] = "invoice"


class CancelArguments(OrderArguments):
    ACTION: ClassVar[str] = "cancel_order"
    reason: ShortText | None = None


class AddressArguments(OrderArguments):
    ACTION: ClassVar[str] = "change_address"
    address: Address


class PaymentArguments(OrderArguments):
    ACTION: ClassVar[str] = "change_payment"
    payment_method: ExternalIdField = Field(description="One of the customer's own.")


class Item(BaseModel):
    """A line of the order: by its number from 1, or by the variant that is in it."""

    model_config = ConfigDict(extra="forbid")
    line: LineNumber | None = None
    variant: ExternalIdField | None = None

    @model_validator(mode="after")
    def _one(self) -> Item:
        if (self.line is None) == (self.variant is None):
            raise ValueError("name the line by its number or by its variant, one of the two")
        return self


class Swap(Item):
    """A line and the variant that is to take its place."""

    new: ExternalIdField


class ItemsArguments(OrderArguments):
    ACTION: ClassVar[str] = "change_items"
    items: Annotated[list[Swap], Field(min_length=1, max_length=500)]
    payment_method: ExternalIdField | None = Field(
        default=None, description="What pays, or gets back, the difference; needed when there is one."
    )


class ExchangeArguments(ItemsArguments):
    ACTION: ClassVar[str] = "exchange_items"


class ReturnArguments(OrderArguments):
    ACTION: ClassVar[str] = "return_items"
    items: Annotated[list[Item], Field(min_length=1, max_length=500)] | None = Field(
        default=None, description="Which lines; missing: all of them."
    )
    refund_to: ExternalIdField | None = Field(
        default=None, description="A way to pay of the customer; missing: as it was paid."
    )
    reason: ShortText | None = None


class StockAlertArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ACTION: ClassVar[str] = "stock_alert"
    variant: ExternalIdField


class ProfileAddressArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ACTION: ClassVar[str] = "update_profile_address"
    address: Address


Arguments = NoArguments | OrderArguments | StockAlertArguments | ProfileAddressArguments
_TYPES: tuple[type[Arguments], ...] = (
    NoArguments,
    TrackArguments,
    RefundStatusArguments,
    InvoiceArguments,
    CancelArguments,
    AddressArguments,
    PaymentArguments,
    ItemsArguments,
    ExchangeArguments,
    ReturnArguments,
    StockAlertArguments,
    ProfileAddressArguments,
)
BY_ACTION: dict[str, type[Arguments]] = {one.ACTION: one for one in _TYPES}


def arguments_of(action: str, given: dict[str, Any]) -> Arguments:
    """Raises: InvalidInput for an action that isn't known and for arguments that don't fit it, naming the field."""
    wanted = BY_ACTION.get(action)
    if wanted is None:
        raise InvalidInput(
            f"There is no action {action[:60]!r}.",
            hint=f"Choose one of {', '.join(sorted(BY_ACTION))}.",
            field="action",
        )
    try:
        return wanted.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = "arguments" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        raise InvalidInput(f"{field}: {first['msg']}.", field=field) from None
