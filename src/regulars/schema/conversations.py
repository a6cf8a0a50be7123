"""What an answer stands on: passages that may be cited, facts that may be said, and the frame that holds them. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from regulars.schema.catalogue import Locale
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import LongText, ShortText

FactKind = Literal["money", "date", "number", "id", "name", "option", "text", "status", "duration"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of text that may be cited. source: "article:ID", "policy:KEY", "product:ID" or "review:ID"."""

    source: str
    title: str
    text: str
    locale: str
    score: float
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that may be said. value: a decimal number is its text. shown: as a reader of the frame's locale sees it.

    Facts of one thing among several share what stands before the last dot: "orders.1.id", "orders.1.status".
    """

    name: str
    value: str | int
    kind: FactKind
    shown: str


@dataclass(frozen=True, slots=True)
class Frame:
    """All that a reply may say. act: what is said, such as "order_status" or "confirm:cancel_order".

    done: names of the actions that have an audit row of this turn.
    """

    act: str
    locale: str
    facts: tuple[Fact, ...] = ()
    passages: tuple[Passage, ...] = ()
    done: tuple[str, ...] = ()


class Said(BaseModel):
    """One message of a conversation that was had elsewhere."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["customer", "agent", "bot"]
    text: LongText
    at: datetime | str | None = None
    intent: ShortText | None = Field(
        default=None, description="What the customer wanted, as an intent's name, where it is known."
    )


class Conversation(BaseModel):
    """One conversation of the shop's past: what the assistant's intents are trained on, and what people answered."""

    model_config = ConfigDict(extra="forbid")
    id: ExternalIdField
    customer: ExternalIdField | None = None
    locale: Locale | None = None
    messages: list[Said] = Field(min_length=1, max_length=2_000)
    rating: int | None = Field(default=None, ge=1, le=5)
