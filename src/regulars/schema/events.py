"""Events: whatever a customer does or says, on one timeline. Here are their types, fields, strengths and limits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from regulars.schema.catalogue import Amount, Currency
from regulars.schema.identity import ExternalIdField
from regulars.schema.people import Purpose
from regulars.schema.text import IdText, ShortText, refuse_nul


class EventType(StrEnum):
    """The types Regulars gives a meaning to. A shop may send others (snake_case); they are kept on the timeline."""

    VIEW = "view"
    SEARCH = "search"
    CART = "cart"
    REMOVE_FROM_CART = "remove_from_cart"
    CHECKOUT = "checkout"
    PURCHASE = "purchase"
    CANCEL = "cancel"
    RETURN = "return"
    REVIEW = "review"
    LIKE = "like"
    TASTE = "taste"
    TASTE_UNDONE = "taste_undone"
    IMPRESSION = "impression"
    CLICK = "click"
    PAGE = "page"
    IDENTIFY = "identify"
    CONSENT = "consent"
    MESSAGE = "message"
    EMAIL_SENT = "email_sent"
    EMAIL_OPEN = "email_open"
    EMAIL_CLICK = "email_click"


STRENGTHS: dict[str, float] = {
    EventType.CLICK: 1.0,
    EventType.VIEW: 1.0,
    EventType.EMAIL_CLICK: 1.0,
    EventType.TASTE: 1.0,
    EventType.LIKE: 2.0,
    EventType.CART: 3.0,
    EventType.PURCHASE: 5.0,
}
"""How much an event says about liking its product. What isn't named here says nothing to the recommender.

The order (view < like < cart < purchase) is what matters; the numbers are those of the usual implicit-feedback
weighting (Hu, Koren, Volinsky 2008, confidence 1 + αr) and are only used relative to each other.
"""

PURPOSES: frozenset[str] = frozenset(get_args(Purpose))

PASSIVE = frozenset({EventType.IMPRESSION, EventType.EMAIL_SENT, EventType.EMAIL_OPEN})
"""What happens without the person doing anything: it opens no session and is no return."""

MAX_EVENTS_PER_BATCH = 10_000  # one commit stays under half a second
MAX_PROPERTIES_BYTES = 32_768
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _event_type(value: str) -> str:
    if not _TYPE.fullmatch(value):
        raise ValueError("an event type is a short lower-case name such as view, cart or purchase")
    return value


def _properties(value: dict[str, Any]) -> dict[str, Any]:
    size = 0
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for key in item:
                refuse_nul(key)
                size += len(key)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            refuse_nul(item)
            size += len(item)
        else:
            if isinstance(item, float) and (item != item or item in (float("inf"), float("-inf"))):
                raise ValueError("NaN and infinity aren't JSON numbers")
            size += 8
    if size > MAX_PROPERTIES_BYTES:
        raise ValueError(f"properties hold {size} bytes; the limit is {MAX_PROPERTIES_BYTES}")
    return value


class Event(BaseModel):
    """One thing that happened.

    `customer` or `visitor` says who; both together say that they are the same person from then on.
    """

    model_config = ConfigDict(extra="forbid")

    message_id: IdText | None = Field(
        default=None, description="Your id for this event. The same id is stored once, whatever else it says."
    )
    type: Annotated[str, AfterValidator(_event_type)] = Field(
        examples=["view", "cart", "purchase"], json_schema_extra={"pattern": f"^{_TYPE.pattern}$"}
    )
    occurred_at: datetime | str | None = Field(
        default=None, description="ISO 8601. Without a zone: the shop's. Missing: the time it is received."
    )
    sent_at: datetime | str | None = Field(
        default=None, description="The device's time when sending; a wrong device clock is corrected by it."
    )
    customer: ExternalIdField | None = None
    visitor: IdText | None = Field(default=None, description="An id your page keeps for the browser.")
    session: ShortText | None = None
    product: ExternalIdField | None = None
    variant: ExternalIdField | None = Field(default=None, description="A variant's id or SKU.")
    order: ExternalIdField | None = None
    quantity: int | None = Field(default=None, ge=-(2**31), lt=2**31)
    price: Amount = Field(default=None, description="Unit price in major units.")
    currency: Currency | None = None
    decision_id: UUID | None = Field(default=None, description="The decision whose list, reply or send led here.")
    position: int | None = Field(default=None, ge=0, le=10_000, description="0-based place in the list.")
    surface: ShortText | None = None
    properties: Annotated[dict[str, JsonValue], AfterValidator(_properties)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_its_answers(self) -> Self:
        if self.type == EventType.CONSENT:
            answers = self.properties
            if not answers or any(key not in PURPOSES or not isinstance(answers[key], bool) for key in answers):
                raise ValueError(
                    'the properties of a consent are its answers, such as {"personalisation": false}; purposes: '
                    + ", ".join(sorted(PURPOSES))
                )
        return self
