"""One turn of a conversation: what was said → commands → what was found or done → a frame → a reply through the gate.

All of a turn is one transaction: message, proposal or act, reply, state and the decision that tells of them, or nothing. The conversation is
locked meanwhile, so two messages at once are two turns. While a person has the conversation the assistant is mute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils

from regulars.assist.actions.executor import Executor, How, Person
from regulars.assist.commands import Command, as_text
from regulars.assist.compose import Reply, compose
from regulars.assist.facts import Facts
from regulars.assist.flows import Flows
from regulars.assist.planner import Context, Planner
from regulars.assist.state import State
from regulars.assist.texts import language_of
from regulars.assist.turns import Knows, Shows, Turn, Work
from regulars.errors import Conflict, InvalidInput, NotFound, RateLimited
from regulars.language.grounding import check
from regulars.schema import Decision, Event, ShopSettings
from regulars.schema.conversations import Frame
from regulars.store import conversations as table
from regulars.store import decisions, identity, records, rows
from regulars.store.database import Connection, Row

MAX_MESSAGE = 4_000
"""Characters of a message that are read; a longer one is answered with a request to say it shorter."""

MAX_A_MINUTE = 30
"""Messages of one conversation within a minute that are answered."""

OPEN_MODES = ("waiting", "human")


class Assistant:
    """Answers for one shop. Threads may share it; planner and knowledge are swapped whole when they change."""

    def __init__(
        self,
        executor: Executor,
        planner: Planner,
        knowledge: Callable[[], Knows | None],
        shows: Shows,
        settings: ShopSettings,
        rephrase: Callable[[Frame, str], str] | None = None,
    ) -> None:
        self.executor = executor
        self.planner = planner
        self.flows = Flows(executor, knowledge, shows, settings)
        self.settings = settings
        self.rephrase = rephrase

    def open(
        self,
        connection: Connection,
        person: Person | None,
        visitor_id: int | None,
        locale: str,
        channel: str,
        conversation_id: UUID | None = None,
    ) -> Row:
        """A new conversation, with its greeting. conversation_id: None draws one; wordings vary with it."""
        at = self.executor.stamp
        locale = "zh" if locale.startswith("zh") else "en"
        row = table.open_one(
            connection,
            None if person is None else person.customer_id,
            visitor_id,
            None if person is None else person.how,
            locale,
            channel,
            conversation_id,
            at,
        )
        frame = Frame("greet", locale, Facts(locale).name("shop", self.settings.name).all)
        greeting = compose(frame, str(row["conversation_id"]), 0)
        table.append(connection, row["conversation_id"], "assistant", greeting.text, locale, at=at)
        return row

    def turn(
        self,
        connection: Connection,
        conversation_id: UUID,
        text: str,
        person: Person | None = None,
        visitor: str | None = None,
        message_key: str | None = None,
        attachments: int = 0,
    ) -> Turn:
        """Answers one message. person: whom the caller has signed for; it replaces what the conversation knew.

        message_key: the sender's own id of the message; the same one again is answered with what was answered. attachments: how
        many files came along; they aren't taken, and the reply says so.
        Raises: NotFound, InvalidInput for an empty message, RateLimited, Conflict when the conversation is closed.
        """
        began = time.perf_counter()
        row = table.read(connection, conversation_id, lock=True)
        if row is None:
            raise NotFound("There is no such conversation.", field="conversation")
        if row["mode"] == "closed":
            raise Conflict("This conversation is closed.", hint="Begin a new one.")
        if message_key is not None:
            before = table.said_before(connection, conversation_id, message_key)
            if before is not None:
                return self._again(connection, row, before)
        text = text.replace("\x00", "").strip()
        if not text and not attachments:
            raise InvalidInput("The message is empty.", field="text")
        at = self.executor.stamp
        if table.said_lately(connection, conversation_id, at) >= MAX_A_MINUTE:
            raise RateLimited("These are more messages than can be answered.", hint="Wait a moment.", retry_after=20)
        if person is not None:
            row = {**row, "customer_id": person.customer_id, "verified": person.how}
        state = State.of(row["state"])
        locale = language_of(text, row["locale"])
        said = table.append(
            connection, conversation_id, "customer", text[:20_000], locale, message_key=message_key, at=at
        )
        self._remember(connection, row, visitor, at)
        known = _person_of(row)
        work = Work(connection, row, state, text, locale, known, visitor=visitor)
        if row["mode"] in OPEN_MODES:
            table.update(connection, {**row, "locale": locale}, state.document(), at)
            return Turn(conversation_id, said["place"], None, row["mode"], locale, "mute")
        state.turns += 1
        self.flows.load(work)
        timings = {"read": _ms(began)}
        if attachments:
            work.frames.append(Frame("no_attachments", locale))
        commands = self._commands(work) if text else []
        timings["plan"] = _ms(began)
        named = state.articles
        for command in commands:
            self.flows.carry_out(work, command)
        if not [frame for frame in work.frames if frame.act != "no_attachments"] and text:
            self.flows.go_on(work)
        self.flows.show_again(work)
        if state.articles is named:
            state.articles, state.question = [], ""  # a number said later means something else
        timings["act"] = _ms(began)
        reply, verdicts = self._reply(work)
        timings["compose"] = _ms(began)
        return self._keep(work, reply, verdicts, commands, timings)

    def _remember(
        self, connection: Connection, row: Mapping[str, Any], visitor: str | None, at: datetime | None
    ) -> None:
        """That somebody wrote is an event on their timeline; what they wrote stays in the conversation."""
        customer = None
        if row["customer_id"] is not None:
            customer = identity.names_of(connection, "customer", [row["customer_id"]]).get(row["customer_id"])
        if customer is None and visitor is None:
            return
        told = {"type": "message", "customer": customer, "visitor": visitor, "surface": "assistant", "properties": {"conversation": str(row["conversation_id"])}}  # fmt: skip
        event = Event.model_validate({name: value for name, value in told.items() if value is not None})
        clock = rows.Clock.of(self.settings, at)
        records.append_events(connection, [rows.event_row(event, clock, self.settings)], "assistant", clock.received)

    # What is known before anything is decided.

    def _commands(self, work: Work) -> list[Command]:
        if len(work.text) > MAX_MESSAGE:
            work.frames.append(Frame("too_long", work.locale))
            return []
        methods = work.profile.methods if work.profile is not None else ()
        context = Context(work.person is not None, tuple(work.orders), methods)
        return self.planner.plan(work.text, work.locale, work.state, context)

    # The reply.

    def _reply(self, work: Work) -> tuple[Reply, list[dict[str, Any]]]:
        """All frames as one text. Each draft passes the gate, or a plain wording goes out in its place."""
        texts: list[str] = []
        verdicts: list[dict[str, Any]] = []
        wording = ""
        conversation = str(work.row["conversation_id"])
        for frame in work.frames[:3]:
            composed = compose(frame, conversation, work.state.turns, work.state.last_act)
            text = composed.text
            if self.rephrase is not None:
                text = self.rephrase(frame, text)
            verdict = check(text, frame)
            verdicts.append(
                {"act": frame.act, "passed": verdict.passed, "findings": [one.kind for one in verdict.findings]}
            )
            if not verdict.passed:
                text = compose(Frame("unavailable", frame.locale), conversation, work.state.turns).text
            texts.append(text)
            wording = composed.wording
        return Reply("\n\n".join(texts), wording), verdicts

    def _keep(
        self,
        work: Work,
        reply: Reply,
        verdicts: list[dict[str, Any]],
        commands: list[Command],
        timings: dict[str, float],
    ) -> Turn:
        connection, row, state = work.connection, work.row, work.state
        act = work.frames[-1].act
        if act.startswith("no_evidence"):
            state.last_act = "offer_handover"
        elif state.last_act != "offer_handover" or act != "chitchat:complaint":
            state.last_act = reply.wording
        decision_id = UUID(bytes=uuid_utils.uuid7().bytes)
        choices = _choices(work.frames[-1])
        passages = [passage for frame in work.frames for passage in frame.passages]
        decision = Decision(
            decision_id=decision_id,
            at=self.executor.now(),
            surface="assistant",
            customer_id=row["customer_id"],
            visitor_id=row["visitor_id"],
            context_product_id=None,
            mode=self.planner.name,
            model_version=None,
            policy="reply",
            seed=state.turns,
            arm=None,
            actions=(),
            timings_ms=timings,
            trace={
                "conversation": str(row["conversation_id"]),
                "commands": [as_text(one) for one in commands],
                "acts": [frame.act for frame in work.frames],
                "facts": [[fact.name, fact.value, fact.kind] for frame in work.frames for fact in frame.facts],
                "evidence": [[one.source, round(one.score, 4)] for one in passages],
                "checks": [
                    {**one, "action_id": str(one["action_id"])} if one.get("action_id") else one for one in work.checks
                ],
                "gate": verdicts,
            },
        )
        decisions.record(connection, [decision])
        sources = tuple({"source": one.source, "title": one.title} for one in passages)
        said = table.append(
            connection,
            row["conversation_id"],
            "assistant",
            reply.text,
            work.locale,
            decision_id,
            {"act": act, "sources": list(sources), "products": [_plain(one) for one in work.products], "needs_yes": state.token is not None, "choices": choices},
            at=self.executor.stamp,
        )  # fmt: skip
        table.update(connection, {**row, "locale": work.locale}, state.document(), self.executor.stamp)
        return Turn(
            row["conversation_id"], said["place"], reply.text, row["mode"], work.locale, act, decision_id,
            tuple(_plain(one) for one in work.products), sources, state.token is not None, tuple(choices),
        )  # fmt: skip

    def _again(self, connection: Connection, row: Row, place: int) -> Turn:
        """The message came before: what was answered to it, without doing anything."""
        after = table.messages(connection, row["conversation_id"], place, 1)
        answered = after[0] if after and after[0]["role"] == "assistant" else None
        details = answered["details"] if answered is not None else {}
        return Turn(
            row["conversation_id"], place, None if answered is None else answered["body"], row["mode"], row["locale"],
            details.get("act", "mute"), None if answered is None else answered["decision_id"],
            tuple(details.get("products", ())), tuple(details.get("sources", ())), details.get("needs_yes", False),
            tuple(details.get("choices", ())), True,
        )  # fmt: skip


def _person_of(row: Mapping[str, Any]) -> Person | None:
    how: How | None = row["verified"]
    return None if row["customer_id"] is None or how is None else Person(row["customer_id"], how)


def _choices(frame: Frame) -> list[str]:
    """What is offered to be chosen by its number."""
    if frame.act not in ("no_evidence:near", "clarify:options"):
        return []
    return [fact.shown for fact in frame.facts if fact.name.endswith((".title", ".label"))]


def _plain(product: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in product.items() if name != "price_money"}


def _ms(began: float) -> float:
    return round((time.perf_counter() - began) * 1_000, 3)
