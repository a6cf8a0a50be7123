"""What a turn of a conversation works with and what it gives: the parts it is handed, and its answer. Data and contracts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from regulars.assist.actions.executor import Person
from regulars.assist.knowledge.products import ProductText
from regulars.assist.state import State
from regulars.schema.conversations import Frame, Passage
from regulars.store import order_book
from regulars.store.database import Connection, Row


class Answers(Protocol):
    """The help centre's answer to a question."""

    @property
    def passages(self) -> Sequence[Passage]: ...
    @property
    def extract(self) -> str: ...
    @property
    def confident(self) -> bool: ...
    @property
    def older(self) -> Sequence[str]: ...
    @property
    def near(self) -> Sequence[Passage]: ...


class Knows(Protocol):
    def answer(self, text: str, locale: str, product: ProductText | None = None) -> Answers: ...
    def read(self, source: str, text: str, locale: str) -> Passage | None: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """Products for a conversation, chosen by the recommender as a decision of its own."""

    decision_id: UUID | None
    products: tuple[dict[str, Any], ...]


class Shows(Protocol):
    """The recommender and the search, as a conversation needs them."""

    def find(
        self, connection: Connection, text: str, locale: str, customer: int | None, visitor: str | None
    ) -> Shown: ...
    def recommend(self, connection: Connection, locale: str, customer: int | None, visitor: str | None) -> Shown: ...
    def product(self, connection: Connection, text: str) -> ProductText | None: ...
    def variants(self, connection: Connection, text: str, locale: str) -> list[order_book.Variant]: ...


@dataclass(slots=True)
class Turn:
    """What is answered. text is None while a person has the conversation. choices: what can be chosen by its number, 1 first."""

    conversation_id: UUID
    place: int
    text: str | None
    mode: str
    locale: str
    act: str
    decision_id: UUID | None = None
    products: tuple[dict[str, Any], ...] = ()
    sources: tuple[dict[str, str], ...] = ()
    needs_yes: bool = False
    choices: tuple[str, ...] = ()
    repeated: bool = False


@dataclass(slots=True)
class Work:
    """One turn under way. frames: what will be said, in order. checks: what the executor said. said: the message, where a flow reads it."""

    connection: Connection
    row: Row
    state: State
    text: str
    locale: str
    person: Person | None
    orders: list[order_book.OrderView] = field(default_factory=list)
    profile: order_book.Profile | None = None
    frames: list[Frame] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    products: tuple[dict[str, Any], ...] = ()
    visitor: str | None = None
    said: str = ""
