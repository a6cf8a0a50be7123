"""Handing over to a person and back: what they need to know in a few lines. A state of the conversation, not a phrase."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.assist import framing
from regulars.assist.state import State
from regulars.errors import Conflict, NotFound
from regulars.store import actions as action_table
from regulars.store import conversations as table
from regulars.store.database import Connection, Row

SUMMARISED = 12
"""Messages back that a summary looks at."""


ASKED_BEFORE = 3
"""Of the customer's earlier messages, how many are quoted."""


def summary_of(connection: Connection, conversation_id: UUID, state: State, text: str, locale: str) -> str:
    """What it is about: the open flow and its facts, what was done or refused, the customer's last words. Facts only, no guess."""
    chinese = locale == "zh"
    parts: list[str] = []
    if state.flow is not None:
        told = [value for name, value in state.slots.items() if name in ("order", "items", "new", "reason")]
        flow = framing.flow_word(state.flow, locale)
        parts.append(f"{flow}{'：' if chinese else ': '}{', '.join(told)}" if told else flow)
    for row in action_table.read_actions(connection, conversation=conversation_id, limit=5):
        came = framing.for_staff(row["state"], locale)
        if row["refusal"]:
            came += ("，" if chinese else ", ") + framing.for_staff(row["refusal"], locale)
        parts.append(f"{framing.flow_word(row['name'], locale)}{'：' if chinese else ': '}{came}")
    asked = [row for row in table.last_messages(connection, conversation_id, SUMMARISED) if row["role"] == "customer"]
    before = [row["body"] for row in asked if row["body"].strip() and row["body"] != text][:ASKED_BEFORE]
    parts += [f"“{one[:200]}”" for one in reversed(before)]
    parts.append(f"“{text[:300]}”")
    return "\n".join(parts)


def take_over(connection: Connection, conversation_id: UUID, at: datetime | None = None) -> Row:
    """A person takes the conversation: the assistant is mute from now on. at: None = now; so in all that follows.

    Raises: NotFound, Conflict when it is closed.
    """
    row = _locked(connection, conversation_id)
    table.update(
        connection, {**row, "mode": "human", "handover_reason": row["handover_reason"] or "taken"}, row["state"], at
    )
    return row


def hand_back(connection: Connection, conversation_id: UUID) -> Row:
    """The assistant answers again, from the beginning: what was open before isn't taken up. Raises: NotFound, Conflict."""
    row = _locked(connection, conversation_id)
    table.update(connection, {**row, "mode": "bot"}, State().document())
    return row


def close(connection: Connection, conversation_id: UUID, at: datetime | None = None) -> Row:
    row = _locked(connection, conversation_id)
    table.update(connection, {**row, "mode": "closed"}, State().document(), at)
    return row


def say(
    connection: Connection,
    conversation_id: UUID,
    text: str,
    details: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Row:
    """A person's message. Taking over is part of it. Raises: NotFound, Conflict."""
    row = take_over(connection, conversation_id, at)
    return table.append(connection, conversation_id, "human", text, row["locale"], details=details, at=at)


def _locked(connection: Connection, conversation_id: UUID) -> Row:
    row = table.read(connection, conversation_id, lock=True)
    if row is None:
        raise NotFound("There is no such conversation.", field="conversation")
    if row["mode"] == "closed":
        raise Conflict("This conversation is closed.", hint="Begin a new one.")
    return row
