"""A conversation held in this process, without a server: for the command line and Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from regulars.assist.actions.executor import Executor, Person
from regulars.assist.desk import Desk
from regulars.assist.service import Assistant
from regulars.assist.turns import Turn
from regulars.errors import NotFound
from regulars.schema import ExternalId, ShopSettings
from regulars.store import conversations as table
from regulars.store import decisions, identity, order_book
from regulars.store.database import Connection, Database

CHANNEL = "terminal"


@dataclass(frozen=True, slots=True)
class Traced:
    """Why a reply came out so: what was understood, what it stands on, what the policy said, how long each step took."""

    commands: tuple[str, ...]
    acts: tuple[str, ...]
    evidence: tuple[tuple[str, float], ...]
    checks: tuple[dict[str, Any], ...]
    gate: tuple[dict[str, Any], ...]
    timings_ms: dict[str, float]


class Talk:
    """One conversation. Threads don't share it."""

    def __init__(self, database: Database, assistant: Assistant, customer: ExternalId | None, locale: str) -> None:
        """Raises: NotFound for a customer whom no record describes."""
        self._database, self._assistant = database, assistant
        with database.connect() as connection:
            person = None if customer is None else _known(connection, customer)
            row = assistant.open(connection, person, None, locale, CHANNEL)
            self.id: UUID = row["conversation_id"]
            self.greeting: str = table.messages(connection, self.id)[0]["body"]

    def say(self, text: str) -> Turn:
        """Raises: InvalidInput, RateLimited, Conflict when the conversation is closed."""
        with self._database.connect() as connection:
            return self._assistant.turn(connection, self.id, text)

    def trace(self, turn: Turn) -> Traced | None:
        """None while a person has the conversation."""
        if turn.decision_id is None:
            return None
        with self._database.connect() as connection:
            row = decisions.read(connection, turn.decision_id)
        if row is None or not row["trace"]:
            return None
        trace = row["trace"]
        return Traced(
            tuple(trace.get("commands", ())),
            tuple(trace.get("acts", ())),
            tuple((source, score) for source, score in trace.get("evidence", ())),
            tuple(trace.get("checks", ())),
            tuple(trace.get("gate", ())),
            steps(row["timings_ms"]),
        )


def steps(timings: dict[str, float]) -> dict[str, float]:
    """Milliseconds of each step, and in all, of a decision's times since the turn began.

    >>> steps({"read": 2.0, "plan": 12.0, "act": 15.5})
    {'read': 2.0, 'plan': 10.0, 'act': 3.5, 'all': 15.5}
    """
    out, before = {}, 0.0
    for name, at in sorted(timings.items(), key=lambda pair: pair[1]):
        out[name] = round(at - before, 3)
        before = at
    return {**out, "all": round(before, 3)}


def begin(
    database: Database,
    desk: Desk,
    secret: bytes,
    settings: ShopSettings,
    customer: ExternalId | None = None,
    locale: str = "en",
) -> Talk:
    """Opens a conversation. customer: on whose behalf; whoever may run this may speak for anybody."""
    with database.connect() as connection:
        desk.refresh(connection, settings)
    return Talk(database, desk.assistant(Executor(secret), settings), customer, locale)


def _known(connection: Connection, customer: ExternalId) -> Person:
    found = identity.id_of(connection, "customer", customer)
    if found is None or order_book.read_profile(connection, found) is None:
        raise NotFound(f"There is no customer {customer.value[:60]!r}.", field="customer")
    return Person(found, "trusted")
