"""The assistant at the other end of a scripted conversation, in this process, and a look into its database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from regulars.assist.actions.executor import Executor, Person
from regulars.assist.desk import Desk
from regulars.assist.intents.model import IntentModel
from regulars.assist.rehearsal.customer import Heard
from regulars.assist.rehearsal.tables import Reader, State
from regulars.assist.rephrase import rephrase
from regulars.assist.service import Assistant
from regulars.errors import RegularsError
from regulars.language.chat_models import ChatModel
from regulars.recommend.service import Serving
from regulars.schema.conversations import Frame
from regulars.store import actions as action_table
from regulars.store import decisions
from regulars.store import shop as shop_table
from regulars.store.database import Database


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message and its answer."""

    conversation: UUID
    said: str
    text: str


class Line:
    """One shop's assistant. turns_ms: how long each turn took, with its transaction. heard: everything that was said."""

    def __init__(
        self, database: Database, models: Path, serving_of: Callable[[], Serving], intents: IntentModel | None = None
    ) -> None:
        """intents: what understands, None for what the database has promoted."""
        self.database = database
        self.desk = Desk(models, serving_of, intents=intents)
        with database.connect() as connection:
            self.row = shop_table.read(connection)
            self.reader = Reader(connection)
            self.desk.refresh(connection, self.row.settings)
        self.assistant: Assistant = self.desk.assistant(Executor(self.row.secret), self.row.settings)
        self.turns_ms: list[float] = []
        self.heard: list[Spoken] = []
        self.rephrased = 0

    def policy(self, document: Mapping[str, Any]) -> None:
        """Puts a policy in force."""
        with self.database.connect() as connection:
            action_table.write_policy(connection, document, None)
        with self.database.connect() as connection:
            self.desk.refresh(connection, self.row.settings)

    def write_with(self, writer: ChatModel) -> None:
        """From now on this model says replies in its own words, as far as the gate lets it. It reads nothing."""

        def said(frame: Frame, text: str) -> str:
            done = rephrase(writer, text, frame)
            self.rephrased += done.text != text
            return done.text

        self.assistant.rephrase = said

    def open(self, customer: str | None, language: str) -> UUID:
        """customer: whose session is signed; None: nobody's."""
        person = None if customer is None else Person(self.reader.ids["customer", customer], "signed")
        with self.database.connect() as connection:
            row = self.assistant.open(connection, person, None, language, "api")
        return UUID(str(row["conversation_id"]))

    def say(self, conversation: UUID, text: str) -> Heard:
        """An error of ours is heard as an act of its own, `error:` and its code: a customer would see it too."""
        began = time.perf_counter()
        try:
            with self.database.connect() as connection:
                turn = self.assistant.turn(connection, conversation, text)
        except RegularsError as error:
            return Heard(f"error:{error.code}", (), str(error), "bot")
        self.turns_ms.append((time.perf_counter() - began) * 1_000)
        acts = [turn.act]
        if turn.decision_id is not None:
            with self.database.connect() as connection:
                found = decisions.read(connection, turn.decision_id)
            acts = found["trace"]["acts"] if found is not None and found["trace"] else acts
        reply = (turn.text or "") + "".join(f" [{one['source']}]" for one in turn.sources)
        self.heard.append(Spoken(conversation, text, reply))
        return Heard(turn.act, tuple(acts), reply, turn.mode)

    def states(self, customers: Sequence[str] | None = None) -> dict[str, State]:
        """What the database holds of these customers; of all where none are named."""
        with self.database.connect() as connection:
            return self.reader.read(connection, customers)

    def addresses(self, customer: str) -> dict[str, str]:
        """The customer's addresses as they are written: an order's by its name, their own first one under ""."""
        with self.database.connect() as connection:
            return self.reader.written(connection, customer)
