"""Lets scripted customers talk to a shop's assistant, and looks into the database what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from benchmarks.assistant.book import Book
from benchmarks.assistant.customer import Bank, Customer, Heard
from benchmarks.assistant.goals import Goal
from benchmarks.assistant.rules import Forbidden, Rules, same_state
from benchmarks.assistant.tables import Reader, State, differences
from regulars.assist.actions.executor import Executor, Person
from regulars.assist.desk import Desk
from regulars.assist.rephrase import rephrase
from regulars.assist.service import Assistant
from regulars.errors import RegularsError
from regulars.language.chat_models import ChatModel
from regulars.schema.conversations import Frame
from regulars.shop import Shop
from regulars.store import actions as action_table
from regulars.store import decisions
from regulars.store import shop as shop_table


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message and its answer."""

    conversation: UUID
    said: str
    text: str


class Line:
    """The shop's assistant at the other end, in this process."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.desk = Desk(shop.workspace.models, shop.live.serving)
        with shop.database.connect() as connection:
            self.row = shop_table.read(connection)
            self.reader = Reader(connection)
            self.desk.refresh(connection, self.row.settings)
        self.assistant: Assistant = self.desk.assistant(Executor(self.row.secret), self.row.settings)
        self.turns_ms: list[float] = []
        self.heard: list[Spoken] = []
        self.rephrased = 0

    def policy(self, document: dict[str, object]) -> None:
        with self.shop.database.connect() as connection:
            action_table.write_policy(connection, document, None)
        with self.shop.database.connect() as connection:
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
        with self.shop.database.connect() as connection:
            row = self.assistant.open(connection, person, None, language, "api")
        return UUID(str(row["conversation_id"]))

    def say(self, conversation: UUID, text: str) -> Heard:
        began = time.perf_counter()
        try:
            with self.shop.database.connect() as connection:
                turn = self.assistant.turn(connection, conversation, text)
        except RegularsError as error:
            return Heard(f"error:{error.code}", (), str(error), "bot")
        self.turns_ms.append((time.perf_counter() - began) * 1_000)
        acts = [turn.act]
        if turn.decision_id is not None:
            with self.shop.database.connect() as connection:
                found = decisions.read(connection, turn.decision_id)
            acts = found["trace"]["acts"] if found is not None and found["trace"] else acts
        reply = (turn.text or "") + "".join(f" [{one['source']}]" for one in turn.sources)
        self.heard.append(Spoken(conversation, text, reply))
        return Heard(turn.act, tuple(acts), reply, turn.mode)

    def states(self, customers: list[str] | None = None) -> dict[str, State]:
        with self.shop.database.connect() as connection:
            return self.reader.read(connection, customers)


@dataclass(slots=True)
class Played:
    """How a goal ended. good: the database holds what was intended, and what was asked for was told. wrong: it holds something
    else than it did before and than was wanted.
    """

    goal: Goal
    good: bool
    wrong: bool
    why: str
    handed_over: bool
    said: list[tuple[str, str]] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)


def play(line: Line, book: Book, goal: Goal, banks: dict[str, Bank], seed: str, rules: Rules) -> Played:
    """One conversation for one goal."""
    customer = Customer(goal, book.customers[goal.customer], banks, Random(f"{seed}/{goal.name}"))
    before = line.states([goal.customer])[goal.customer]
    conversation = line.open(goal.customer if goal.identity == "signed" else None, goal.language)
    said: list[tuple[str, str]] = []
    acts: list[str] = []
    heard = Heard("greet", (), "", "bot")
    messages = customer.first()
    while messages:
        text = messages.pop(0)
        heard = line.say(conversation, text)
        said += [("customer", text), (heard.act, heard.text)]
        acts += heard.acts or [heard.act]
        if not messages:
            following = customer.next(heard)
            messages = [] if following is None else [following]
    after = line.states([goal.customer])[goal.customer]
    wanted, expected = _wanted(goal, before, rules)
    replies = "\n".join(text for who, text in said if who != "customer")
    same = same_state(after, wanted)
    told = _told(goal, heard, acts, replies)
    why = "" if same and told else "; ".join(differences(wanted, after)) or "what was asked wasn't told"
    return Played(
        goal,
        same and told and expected,
        not same and not same_state(after, before),
        why,
        heard.mode == "waiting",
        said,
        acts,
    )


def _wanted(goal: Goal, before: State, rules: Rules) -> tuple[State, bool]:
    """(the state that should come of it, whether the rules see it as the goal does)."""
    if goal.ending not in ("done", "refused") or goal.twist == "declined" or goal.action == "stranger":
        return before, True
    state = before
    try:
        state = rules.carried_out(goal.action, goal.given, state, {})
        if goal.again is not None:
            done = {(goal.given["order"], goal.action): 1}
            state = rules.carried_out(goal.action, goal.again_given, state, done)
    except Forbidden:
        return state, goal.ending == "refused"
    return state, goal.ending == "done"


def _told(goal: Goal, heard: Heard, acts: list[str], replies: str) -> bool:
    if goal.ending in ("read", "answered"):
        return all(one in replies for one in goal.shown)
    if goal.ending == "refused":
        return any(one.startswith("refused") for one in acts)
    if goal.ending == "unanswered":
        return not any(one.startswith(("answer", "confirm", "done")) for one in acts)
    if goal.ending == "handed_over":
        return heard.mode == "waiting"
    return True
