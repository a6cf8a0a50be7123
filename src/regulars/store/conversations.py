"""Conversations and their messages. A turn locks its conversation: two messages at once are answered one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import uuid_utils

from regulars.store.database import Connection, Row

OPEN = """
INSERT INTO conversations (conversation_id, customer_id, visitor_id, verified, locale, channel, created_at, changed_at)
VALUES (%(conversation_id)s, %(customer_id)s, %(visitor_id)s, %(verified)s, %(locale)s, %(channel)s,
        coalesce(%(at)s, now()), coalesce(%(at)s, now()))
RETURNING *
"""
READ = "SELECT * FROM conversations WHERE conversation_id = %s"
APPEND = """
INSERT INTO messages (conversation_id, place, role, body, locale, decision_id, details, message_key, at)
SELECT %(conversation_id)s, coalesce(max(place), 0) + 1, %(role)s, %(body)s, %(locale)s, %(decision_id)s, %(details)s, %(message_key)s,
       coalesce(%(at)s, now())
FROM messages WHERE conversation_id = %(conversation_id)s
RETURNING place, role, body, locale, decision_id, details, at
"""
MESSAGES = """
SELECT place, role, body, locale, decision_id, details, at FROM messages
WHERE conversation_id = %s AND place > %s ORDER BY place LIMIT %s
"""
LAST_MESSAGES = """
SELECT place, role, body, locale, decision_id, details, at FROM messages
WHERE conversation_id = %s AND role <> 'note' ORDER BY place DESC LIMIT %s
"""
SAID_BEFORE = "SELECT place FROM messages WHERE conversation_id = %s AND message_key = %s"
RECENT_COUNT = """
SELECT count(*) AS many FROM messages
WHERE conversation_id = %s AND role = 'customer' AND at > coalesce(%s, now()) - interval '1 minute'
"""
LISTED = """
SELECT c.*, (SELECT m.body FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role <> 'note'
             ORDER BY m.place DESC LIMIT 1) AS last,
       (SELECT count(*) FROM messages m WHERE m.conversation_id = c.conversation_id) AS messages,
       p.name AS customer_name
FROM conversations c LEFT JOIN customers p ON p.customer_id = c.customer_id
WHERE c.mode = ANY(%s) ORDER BY c.changed_at DESC LIMIT %s
"""
UPDATE = """
UPDATE conversations SET customer_id = %(customer_id)s, verified = %(verified)s, locale = %(locale)s, mode = %(mode)s,
    handover_reason = %(handover_reason)s, state = %(state)s, summary = %(summary)s, changed_at = coalesce(%(at)s, now())
WHERE conversation_id = %(conversation_id)s
"""


def open_one(
    connection: Connection,
    customer_id: int | None,
    visitor_id: int | None,
    verified: str | None,
    locale: str,
    channel: str,
    conversation_id: UUID | None = None,
    at: datetime | None = None,
) -> Row:
    """A new conversation. conversation_id: None draws one. at: None = now, by the database's clock; so in all of this module."""
    values = {
        "conversation_id": conversation_id or UUID(bytes=uuid_utils.uuid7().bytes),
        "customer_id": customer_id,
        "visitor_id": visitor_id,
        "verified": verified,
        "locale": locale,
        "channel": channel,
        "at": at,
    }
    row = connection.execute(OPEN, values).fetchone()
    assert row is not None
    return row


def read(connection: Connection, conversation_id: UUID, *, lock: bool = False) -> Row | None:
    return connection.execute(READ + (" FOR UPDATE" if lock else ""), (conversation_id,)).fetchone()


def append(
    connection: Connection,
    conversation_id: UUID,
    role: str,
    body: str,
    locale: str | None = None,
    decision_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
    message_key: str | None = None,
    at: datetime | None = None,
) -> Row:
    """One more message; the conversation is locked by the caller."""
    values = {
        "conversation_id": conversation_id,
        "role": role,
        "body": body,
        "locale": locale,
        "decision_id": decision_id,
        "details": orjson.dumps(details or {}, default=str).decode(),
        "message_key": message_key,
        "at": at,
    }
    row = connection.execute(APPEND, values).fetchone()
    assert row is not None
    return row


def messages(connection: Connection, conversation_id: UUID, after: int = 0, limit: int = 500) -> list[Row]:
    """Oldest first, those behind place `after`."""
    return connection.execute(MESSAGES, (conversation_id, after, limit)).fetchall()


def last_messages(connection: Connection, conversation_id: UUID, limit: int) -> list[Row]:
    """The latest first, notes of the shop's side left out."""
    return connection.execute(LAST_MESSAGES, (conversation_id, limit)).fetchall()


def said_before(connection: Connection, conversation_id: UUID, message_key: str) -> int | None:
    """The place of the message with the sender's own id, if it came already."""
    row = connection.execute(SAID_BEFORE, (conversation_id, message_key)).fetchone()
    return None if row is None else int(row["place"])


def said_lately(connection: Connection, conversation_id: UUID, at: datetime | None = None) -> int:
    """The customer's messages within the last minute."""
    row = connection.execute(RECENT_COUNT, (conversation_id, at)).fetchone()
    assert row is not None
    return int(row["many"])


def listed(connection: Connection, modes: list[str], limit: int = 100) -> list[Row]:
    """Conversations in these modes, the one that moved last first."""
    return connection.execute(LISTED, (modes, limit)).fetchall()


def update(
    connection: Connection, row: Mapping[str, Any], state: Mapping[str, Any], at: datetime | None = None
) -> None:
    """Writes back what a turn changed."""
    connection.execute(UPDATE, {**row, "state": orjson.dumps(state).decode(), "at": at})


def rate(connection: Connection, conversation_id: UUID, rating: int) -> None:
    """How the customer found it, 1 to 5."""
    connection.execute("UPDATE conversations SET rating = %s WHERE conversation_id = %s", (rating, conversation_id))


# For the desk: what waits, what is had, what was said of whom.

_NAMED = """
SELECT c.conversation_id, c.customer_id, c.visitor_id, c.verified, c.locale, c.channel, c.mode, c.handover_reason, c.summary, c.rating,
       c.created_at, c.changed_at, p.name AS customer_name, p.email AS customer_email,
       (SELECT value FROM external_ids x WHERE x.kind = 'customer' AND x.id = c.customer_id
        ORDER BY namespace <> 'shop', namespace, value LIMIT 1) AS customer,
       (SELECT namespace FROM external_ids x WHERE x.kind = 'customer' AND x.id = c.customer_id
        ORDER BY namespace <> 'shop', namespace, value LIMIT 1) AS customer_namespace
FROM conversations c LEFT JOIN customers p USING (customer_id)
"""
INBOX = f"""
WITH c AS ({_NAMED})
SELECT c.*, last.body AS last, last.role AS last_role, many.messages FROM c
JOIN LATERAL (SELECT body, role FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role <> 'note'
              ORDER BY place DESC LIMIT 1) last ON true
JOIN LATERAL (SELECT count(*) FILTER (WHERE role <> 'note') AS messages, count(*) FILTER (WHERE role = 'customer') AS asked
              FROM messages m WHERE m.conversation_id = c.conversation_id) many ON true
WHERE c.mode = ANY(%(modes)s) AND c.channel <> 'import' AND many.asked > 0
AND (%(text)s = '' OR c.customer_name ILIKE %(like)s OR c.customer = %(text)s OR lower(c.customer_email) = lower(%(text)s)
     OR EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role <> 'note' AND m.body ILIKE %(like)s))
ORDER BY array_position(ARRAY['waiting', 'human', 'bot', 'closed'], c.mode),
         CASE WHEN c.mode = 'waiting' THEN c.changed_at END, c.changed_at DESC
LIMIT %(limit)s
"""
MODE_COUNTS = """
SELECT mode, count(*) AS many FROM conversations c
WHERE channel <> 'import' AND EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role = 'customer')
GROUP BY 1
"""
TRANSCRIPT = """
SELECT m.place, m.role, m.body, m.locale, m.decision_id, m.details, m.at, d.timings_ms, t.trace
FROM messages m LEFT JOIN decisions d USING (decision_id) LEFT JOIN decision_traces t USING (decision_id)
WHERE m.conversation_id = %s ORDER BY m.place DESC LIMIT %s
"""


def inbox(connection: Connection, modes: list[str], text: str = "", limit: int = 100) -> list[Row]:
    """Conversations in which a customer said something: who waits longest first, then the latest. text: words said in them, or who it is."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"modes": modes, "text": text, "like": f"%{escaped}%", "limit": limit}
    return connection.execute(INBOX, values).fetchall()


def mode_counts(connection: Connection) -> dict[str, int]:
    """How many are in each mode."""
    return {row["mode"]: int(row["many"]) for row in connection.execute(MODE_COUNTS).fetchall()}


def named(connection: Connection, conversation_id: UUID) -> Row | None:
    """One, with who it is."""
    return connection.execute(_NAMED + " WHERE c.conversation_id = %s", (conversation_id,)).fetchone()


def transcript(connection: Connection, conversation_id: UUID, limit: int = 300) -> list[Row]:
    """The latest `limit` messages, oldest first, notes too; the assistant's with their traces, where those are still kept."""
    return connection.execute(TRANSCRIPT, (conversation_id, limit)).fetchall()[::-1]


def label(connection: Connection, body: str, intent: str | None) -> int:
    """Says what customers want who wrote exactly this; None takes it back. Returns the number of messages."""
    if intent is None:
        cursor = connection.execute(
            "UPDATE messages SET details = details - 'intent' WHERE role = 'customer' AND body = %s", (body,)
        )
    else:
        cursor = connection.execute(
            "UPDATE messages SET details = details || jsonb_build_object('intent', %s::text) WHERE role = 'customer' AND body = %s",
            (intent, body),
        )
    return cursor.rowcount
