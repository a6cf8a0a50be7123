"""What the assistant would say to the customer's last message, for a person who has the conversation: said to nobody, done by nobody.

The turn is taken in a transaction that is rolled back whatever comes of it: no message, no proposal, no attempt, no decision stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from regulars.assist.service import OPEN_MODES, Assistant
from regulars.assist.state import State
from regulars.errors import RegularsError
from regulars.store import conversations as table
from regulars.store.database import Connection

KEPT = frozenset({"order_status", "refund_status", "store_credit", "order_items", "list:orders_empty"})
BEGINNINGS = ("answer", "ask_slot:", "verify:ask", "refused", "list", "size:", "clarify", "chitchat:")
"""Acts that may be said by a person too. The rest speaks of what was done, or would be, or of handing over: none of it is so."""

TOO_LONG_AGO = 20
"""Messages back in which the customer's last words are looked for."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A reply that may be sent as it is. text is "" where there is none. could_do: the action that the assistant would do itself,
    after a yes, if it had the conversation again.
    """

    text: str
    act: str
    sources: tuple[dict[str, str], ...] = ()
    could_do: str | None = None
    answers: int = 0


def suggest(assistant: Assistant, connection: Connection, conversation_id: UUID) -> Suggestion | None:
    """None where no message of the customer's waits for an answer."""
    row = table.read(connection, conversation_id)
    if row is None or row["mode"] not in OPEN_MODES:
        return None
    last = table.last_messages(connection, conversation_id, TOO_LONG_AGO)
    asked = []
    for message in last:
        if message["role"] == "human":
            break
        if message["role"] == "customer" and message["body"].strip():
            asked.append(message)
        elif message["role"] == "assistant" and asked:
            break
    if not asked:
        return None
    with connection.transaction(force_rollback=True):
        # An open proposal can't be confirmed here: what it would have done would be told as done.
        state = State.of(row["state"])
        state.clear()
        table.update(connection, {**row, "mode": "bot"}, state.document())
        try:
            turn = assistant.turn(connection, conversation_id, asked[0]["body"])
        except RegularsError:
            return None
    could_do = turn.act.removeprefix("confirm:") if turn.act.startswith("confirm:") else None
    usable = turn.text and (turn.act in KEPT or turn.act.startswith(BEGINNINGS)) and not turn.needs_yes
    text = turn.text if usable and turn.text else ""
    return Suggestion(text, turn.act, turn.sources if text else (), could_do, asked[0]["place"])
