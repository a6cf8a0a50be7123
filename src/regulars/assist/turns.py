"""What a turn of a conversation works with and what it gives: the parts it is handed, and its answer. Data and contracts only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
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
    """Products for a conversation, chosen by the search or the recommender as a decision of its own.

    how: "found" has what was said, "near" is like it, "else" is something else: nothing is like it; "chosen" by the recommender, as it
    was asked to.
    """

    decision_id: UUID | None
    products: tuple[dict[str, Any], ...]
    how: Literal["found", "near", "else", "chosen"] = "chosen"
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A product that a sentence may name. share: of its title's words, those that are said."""

    product_id: int
    title: str
    share: float


class Shows(Protocol):
    """The recommender and the search, as a conversation needs them."""

    def find(
        self,
        connection: Connection,
        words: str,
        locale: str,
        customer: int | None,
        visitor: str | None,
        surely: bool = ...,
    ) -> Shown: ...
    def recommend(
        self,
        connection: Connection,
        locale: str,
        customer: int | None,
        visitor: str | None,
        surface: str = ...,
        beside: int | None = ...,
    ) -> Shown: ...
    def named(self, text: str, locale: str) -> Sequence[Named]: ...
    def title(self, product_id: int, locale: str) -> str | None: ...
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
