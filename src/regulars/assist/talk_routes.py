"""HTTP of conversations: begin, say something, read on; and the desk's side: take over, answer, hand back, close."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any, Literal, Protocol, TypeVar
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from regulars.assist import handing
from regulars.assist.actions.executor import Person
from regulars.assist.routes import IdentityIn, person_of
from regulars.assist.service import Assistant
from regulars.assist.turns import Turn
from regulars.errors import Forbidden, InvalidInput, NotFound
from regulars.schema import ExternalId
from regulars.schema.identity import ExternalIdField
from regulars.schema.text import IdText, LongText
from regulars.store import conversations as table
from regulars.store import identity
from regulars.store.database import Connection, Row

T = TypeVar("T")
WAIT_SECONDS = 1.0
STREAM_SECONDS = 300.0
"""After this long a stream of events ends; a browser opens it anew by itself."""


class Talks(Protocol):
    """What these routes need of the engine."""

    async def assistant(self) -> Assistant: ...
    async def in_transaction(self, work: Callable[[Connection], T]) -> T: ...


class ConversationIn(BaseModel):
    """Begins a conversation."""

    model_config = ConfigDict(extra="forbid")
    customer: ExternalIdField | None = None
    visitor: IdText | None = None
    locale: str = Field(default="en", max_length=64)
    channel: Literal["widget", "terminal", "api"] = "api"


class MessageIn(BaseModel):
    """Something said."""

    model_config = ConfigDict(extra="forbid")
    text: LongText = ""
    visitor: IdText | None = None
    message_id: IdText | None = Field(default=None, description="Your own id of it: the same one twice is one message.")
    attachments: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="How many files came along; none is taken."
    )


class RatingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rating: Annotated[int, Field(ge=1, le=5)]


class HumanIn(BaseModel):
    """What a person answers. suggestion: the reply that was suggested, where one was; edits are what is learned from."""

    model_config = ConfigDict(extra="forbid")
    text: LongText
    suggestion: LongText | None = None


class MessageOut(BaseModel):
    """One message of a transcript."""

    place: int
    role: Literal["customer", "assistant", "human"]
    body: str
    at: str
    details: dict[str, Any]


def router(
    engine_of: Callable[[], Talks], any_caller: Any, secret_caller: Any, responses: dict[int | str, Any]
) -> APIRouter:
    """The routes. A conversation's id is what lets its own browser read it; one of a signed-in customer needs their token too."""
    routes = APIRouter(prefix="/v1", tags=["assistant"], responses=responses)

    @routes.post("/conversations", summary="Begin a conversation")
    async def begin(asked: Annotated[ConversationIn, Body()], caller: Any = Depends(any_caller)) -> Response:
        engine = engine_of()
        who = caller.speaks_for(asked.customer)
        assistant = await engine.assistant()

        def work(connection: Connection) -> dict[str, Any]:
            person = _signed(connection, assistant, who, caller.scope)
            visitor_id = None
            if asked.visitor is not None:
                visitor_id = identity.id_of(connection, "visitor", ExternalId("shop", asked.visitor))
            row = assistant.open(connection, person, visitor_id, asked.locale, asked.channel)
            return _told(row, table.messages(connection, row["conversation_id"]))

        return _json(await engine.in_transaction(work))

    @routes.get("/conversations/{conversation}", summary="Read a conversation")
    async def read(
        conversation: UUID, caller: Any = Depends(any_caller), after: Annotated[int, Query(ge=0)] = 0
    ) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            row = _readable(connection, conversation, caller)
            return _told(row, table.messages(connection, conversation, after))

        return _json(await engine_of().in_transaction(work))

    @routes.post("/conversations/{conversation}/messages", summary="Say something and be answered")
    async def say(
        conversation: UUID,
        asked: Annotated[MessageIn, Body()],
        request: Request,
        caller: Any = Depends(any_caller),
    ) -> Response:
        engine = engine_of()
        assistant = await engine.assistant()

        def work(connection: Connection) -> Turn:
            _readable(connection, conversation, caller)
            person = _signed(connection, assistant, caller.customer, caller.scope)
            return assistant.turn(
                connection, conversation, asked.text, person, asked.visitor, asked.message_id, asked.attachments
            )

        turn = await engine.in_transaction(work)
        if "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(
                _spoken(turn), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
            )
        return _json(_turn(turn))

    @routes.get("/conversations/{conversation}/events", summary="What is said from now on, as server-sent events")
    async def follow(
        conversation: UUID, caller: Any = Depends(any_caller), after: Annotated[int, Query(ge=0)] = 0
    ) -> Response:
        engine = engine_of()
        await engine.in_transaction(lambda connection: _readable(connection, conversation, caller))

        async def events() -> AsyncIterator[bytes]:
            seen, waited = after, 0.0
            while waited < STREAM_SECONDS:
                rows = await engine.in_transaction(partial(_since, conversation=conversation, place=seen))
                for row in rows:
                    seen = row["place"]
                    if row["role"] != "note":
                        yield _event("message", _message(row))
                if not rows:
                    yield b": waiting\n\n"
                await asyncio.sleep(WAIT_SECONDS)
                waited += WAIT_SECONDS

        return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    @routes.post("/conversations/{conversation}/rating", summary="Say how it was, 1 to 5")
    async def rate(
        conversation: UUID, asked: Annotated[RatingIn, Body()], caller: Any = Depends(any_caller)
    ) -> Response:
        def work(connection: Connection) -> None:
            _readable(connection, conversation, caller)
            table.rate(connection, conversation, asked.rating)

        await engine_of().in_transaction(work)
        return _json({"rating": asked.rating})

    @routes.get("/conversations", summary="Conversations, the one that moved last first")
    async def listed(
        caller: Any = Depends(secret_caller),  # noqa: ARG001
        mode: Annotated[list[Literal["bot", "waiting", "human", "closed"]] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        modes = [str(one) for one in mode or ("waiting", "human", "bot")]

        def work(connection: Connection) -> list[dict[str, Any]]:
            return [
                {
                    **_head(row),
                    "customer_name": row["customer_name"],
                    "messages": row["messages"],
                    "last": row["last"],
                    "changed_at": row["changed_at"],
                }
                for row in table.listed(connection, modes, limit)
            ]

        return _json({"conversations": await engine_of().in_transaction(work)})

    async def by_hand(conversation: UUID, act: Callable[[Connection, UUID], Any]) -> Response:
        def work(connection: Connection) -> dict[str, Any]:
            act(connection, conversation)
            row = table.read(connection, conversation)
            assert row is not None
            return _told(row, table.messages(connection, conversation))

        return _json(await engine_of().in_transaction(work))

    @routes.post("/conversations/{conversation}/take", summary="A person takes it: the assistant is mute")
    async def take(conversation: UUID, caller: Any = Depends(secret_caller)) -> Response:  # noqa: ARG001
        return await by_hand(conversation, handing.take_over)

    @routes.post("/conversations/{conversation}/hand-back", summary="The assistant answers again")
    async def hand_back(conversation: UUID, caller: Any = Depends(secret_caller)) -> Response:  # noqa: ARG001
        return await by_hand(conversation, handing.hand_back)

    @routes.post("/conversations/{conversation}/close", summary="It is over")
    async def close(conversation: UUID, caller: Any = Depends(secret_caller)) -> Response:  # noqa: ARG001
        return await by_hand(conversation, handing.close)

    @routes.post("/conversations/{conversation}/reply", summary="A person answers")
    async def reply(
        conversation: UUID,
        asked: Annotated[HumanIn, Body()],
        caller: Any = Depends(secret_caller),  # noqa: ARG001
    ) -> Response:
        if not asked.text.strip():
            raise InvalidInput("The reply is empty.", field="text")
        details = None if asked.suggestion is None else {"suggestion": asked.suggestion}
        return await by_hand(conversation, lambda connection, one: handing.say(connection, one, asked.text, details))

    return routes


def _signed(connection: Connection, assistant: Assistant, who: ExternalId | None, scope: str) -> Person | None:
    if who is None:
        return None
    return person_of(connection, assistant.executor, who, IdentityIn(), scope)


def _readable(connection: Connection, conversation: UUID, caller: Any) -> Row:
    """Raises: NotFound, Forbidden for a signed-in customer's conversation without their token."""
    row = table.read(connection, conversation)
    if row is None:
        raise NotFound("There is no such conversation.", field="conversation")
    if row["verified"] == "signed" and caller.scope != "secret":
        own = None if caller.customer is None else identity.id_of(connection, "customer", caller.customer)
        if own != row["customer_id"]:
            raise Forbidden(
                "This conversation is a signed-in customer's.", hint="Send their token as Regulars-Customer."
            )
    return row


def _since(connection: Connection, conversation: UUID, place: int) -> list[Row]:
    return table.messages(connection, conversation, place)


def _head(row: Row) -> dict[str, Any]:
    names = (
        "conversation_id",
        "mode",
        "locale",
        "channel",
        "verified",
        "handover_reason",
        "summary",
        "rating",
        "created_at",
    )
    return {name: row[name] for name in names}


def _told(row: Row, messages: list[Row]) -> dict[str, Any]:
    return {**_head(row), "messages": [_message(one) for one in messages if one["role"] != "note"]}


def _message(row: Row) -> dict[str, Any]:
    names = ("place", "role", "body", "at", "decision_id", "details")
    return {name: row[name] for name in names}


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "conversation_id": turn.conversation_id,
        "place": turn.place,
        "text": turn.text,
        "mode": turn.mode,
        "locale": turn.locale,
        "act": turn.act,
        "decision_id": turn.decision_id,
        "products": list(turn.products),
        "sources": list(turn.sources),
        "needs_yes": turn.needs_yes,
        "choices": list(turn.choices),
        "repeated": turn.repeated,
    }


async def _spoken(turn: Turn) -> AsyncIterator[bytes]:
    """The reply piece by piece, then whole. It has passed the gate before its first word goes out."""
    for piece in _pieces(turn.text or ""):
        yield _event("delta", {"text": piece})
        await asyncio.sleep(0)
    yield _event("reply", _turn(turn))


def _pieces(text: str) -> list[str]:
    """Words with the blanks behind them; Chinese in runs of a few characters."""
    out, piece = [], ""
    for one in text:
        piece += one
        if one.isspace() or len(piece) >= 12 or one in "，。！？、；":
            out.append(piece)
            piece = ""
    return [*out, piece] if piece else out


def _event(name: str, content: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(content, default=str) + b"\n\n"


def _json(content: Any) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
