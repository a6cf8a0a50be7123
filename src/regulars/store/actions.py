"""Actions on orders and customers: kept as proposed, done once in one transaction, with what was before. Knows no policy.

An effect is one change of one row, as data: {"set": "order_status", "value": "cancelled"}. `apply` is the only place that
writes to orders and customers on somebody's word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from regulars.store.database import Connection, Row

PROPOSE = """
INSERT INTO actions (action_id, conversation_id, customer_id, order_id, name, arguments, effects, policy_id, state, refusal,
                     digest, token, identity, proposed_at)
VALUES (%(action_id)s, %(conversation_id)s, %(customer_id)s, %(order_id)s, %(name)s, %(arguments)s, %(effects)s,
        %(policy_id)s, %(state)s, %(refusal)s, %(digest)s, %(token)s, %(identity)s, coalesce(%(at)s, now()))
"""
VOID_OTHERS = """
UPDATE actions SET state = 'void' WHERE state = 'proposed' AND action_id <> %(action_id)s
AND (conversation_id = %(conversation_id)s OR (customer_id = %(customer_id)s AND order_id IS NOT DISTINCT FROM %(order_id)s))
"""
READ_BY_TOKEN = "SELECT * FROM actions WHERE token = %s FOR UPDATE"
FINISH = (
    "UPDATE actions SET state = %s, done_at = coalesce(%s, now()), before = %s WHERE action_id = %s RETURNING done_at"
)
SET_STATE = "UPDATE actions SET state = %s WHERE action_id = %s"
READ_ACTIONS = """
SELECT action_id, conversation_id, customer_id, order_id, name, arguments, effects, policy_id, state, refusal, identity,
       proposed_at, done_at FROM actions
WHERE (%(customer)s::bigint IS NULL OR customer_id = %(customer)s) AND (%(order)s::bigint IS NULL OR order_id = %(order)s)
AND (%(conversation)s::uuid IS NULL OR conversation_id = %(conversation)s)
ORDER BY proposed_at DESC, action_id DESC LIMIT %(limit)s
"""
_CHANGE = """
WITH c AS (INSERT INTO changes (change_id, kind, tables) VALUES (nextval('change_ids'), 'join', %s) RETURNING change_id)
SELECT change_id FROM c
"""


def record(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keeps a proposal or a refusal. What was proposed before, in this conversation or on this order, can't be confirmed any more."""
    values = {
        **row,
        "arguments": orjson.dumps(row["arguments"]).decode(),
        "effects": orjson.dumps(row["effects"]).decode(),
    }
    connection.execute(VOID_OTHERS, values)
    connection.execute(PROPOSE, values)


def by_token(connection: Connection, token: bytes) -> Row | None:
    """The action that a confirmation token's SHA-256 belongs to, held until the transaction ends."""
    return connection.execute(READ_BY_TOKEN, (token,)).fetchone()


def set_state(connection: Connection, action_id: UUID, state: str) -> None:
    connection.execute(SET_STATE, (state, action_id))


def finish(connection: Connection, action_id: UUID, before: Mapping[str, Any], at: datetime | None = None) -> datetime:
    """Marks an action as done: its audit row. before: what its effects replaced. at: None = now."""
    row = connection.execute(FINISH, ("done", at, orjson.dumps(before, default=str).decode(), action_id)).fetchone()
    assert row is not None
    done_at: datetime = row["done_at"]
    return done_at


def read_actions(
    connection: Connection,
    customer: int | None = None,
    order: int | None = None,
    conversation: UUID | None = None,
    limit: int = 50,
) -> list[Row]:
    """Actions, the latest first."""
    values = {"customer": customer, "order": order, "conversation": conversation, "limit": limit}
    return connection.execute(READ_ACTIONS, values).fetchall()


def apply(
    connection: Connection,
    effects: Sequence[Mapping[str, Any]],
    customer_id: int,
    order_id: int | None,
    at: datetime | None = None,
) -> None:
    """Carries out effects in the caller's transaction. at: when money moves, None = now.

    Raises: KeyError for an effect that isn't known: nothing is left to chance.
    """
    tables: set[str] = set()
    for effect in effects:
        tables.add(_APPLY[effect["set"]](connection, {**effect, "at": at}, customer_id, order_id))
    touched = [table for table in ("orders", "customers") if table in tables]
    if not touched:
        return
    row = connection.execute(_CHANGE, (touched,)).fetchone()
    assert row is not None
    if "orders" in touched:
        connection.execute(
            "UPDATE orders SET change_id = %s, updated_at = now() WHERE order_id = %s", (row["change_id"], order_id)
        )
    if "customers" in touched:
        connection.execute(
            "UPDATE customers SET change_id = %s, updated_at = now() WHERE customer_id = %s",
            (row["change_id"], customer_id),
        )


def _order_status(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute("UPDATE orders SET status = %s WHERE order_id = %s", (effect["value"], order))
    return "orders"


def _order_address(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute(
        "UPDATE orders SET address = %s WHERE order_id = %s", (orjson.dumps(effect["value"]).decode(), order)
    )
    return "orders"


def _order_total(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute("UPDATE orders SET total = %s WHERE order_id = %s", (effect["value"], order))
    return "orders"


def _line(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    """discount: None leaves it."""
    connection.execute(
        "UPDATE order_lines SET variant_id = %s, product_id = %s, unit_price = %s, title = coalesce(%s, title)"
        " WHERE order_id = %s AND line = %s",
        (effect["variant"], effect["product"], effect["unit_price"], effect.get("title"), order, effect["line"]),
    )
    return "orders"


def _payment(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute(
        "INSERT INTO payments (order_id, place, payment_method_id, kind, amount, status, at)"
        " SELECT %s, coalesce(max(place), 0) + 1, %s, %s, %s, %s, coalesce(%s, now()) FROM payments WHERE order_id = %s",
        (order, effect["method"], effect["kind"], effect["amount"], effect["status"], effect["at"], order),
    )
    return "orders"


def _charges_withdrawn(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute(
        "UPDATE payments SET status = 'failed' WHERE order_id = %s AND place = ANY(%s) AND kind = 'charge' AND status = 'pending'",
        (order, effect["places"]),
    )
    return "orders"


def _balance(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute(
        "UPDATE payment_methods SET balance = coalesce(balance, 0) + %s, currency = coalesce(currency, %s),"
        " exponent = coalesce(exponent, %s) WHERE payment_method_id = %s AND customer_id = %s",
        (effect["amount"], effect["currency"], effect["exponent"], effect["method"], customer),
    )
    return "payment_methods"


def _profile_address(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    """The new address is the customer's own from now on: the first, and the default one."""
    connection.execute(
        "UPDATE customers SET addresses = %s::jsonb || coalesce((SELECT jsonb_agg(a.value - 'default' ORDER BY a.n)"
        " FROM jsonb_array_elements(addresses) WITH ORDINALITY AS a (value, n)"
        " WHERE a.n > 1 AND a.value - 'default' <> %s::jsonb - 'default'), '[]') WHERE customer_id = %s",
        (
            orjson.dumps([{**effect["value"], "default": True}]).decode(),
            orjson.dumps(effect["value"]).decode(),
            customer,
        ),
    )
    return "customers"


def _stock_alert(connection: Connection, effect: Mapping[str, Any], customer: int, order: int | None) -> str:  # noqa: ARG001
    connection.execute(
        "INSERT INTO stock_alerts (customer_id, variant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (customer, effect["variant"]),
    )
    return "stock_alerts"


_APPLY = {
    "order_status": _order_status,
    "order_address": _order_address,
    "order_total": _order_total,
    "line": _line,
    "payment": _payment,
    "charges_withdrawn": _charges_withdrawn,
    "balance": _balance,
    "profile_address": _profile_address,
    "stock_alert": _stock_alert,
}


# Policies: append-only, the newest is in force.
READ_POLICY = "SELECT policy_id, document, note, at FROM policies ORDER BY policy_id DESC LIMIT 1"


def read_policy(connection: Connection) -> Row | None:
    """The shop's policy; None where it never wrote one."""
    return connection.execute(READ_POLICY).fetchone()


def write_policy(connection: Connection, document: Mapping[str, Any], note: str | None) -> int:
    row = connection.execute(
        "INSERT INTO policies (document, note) VALUES (%s, %s) RETURNING policy_id",
        (orjson.dumps(document).decode(), note),
    ).fetchone()
    assert row is not None
    return int(row["policy_id"])


def policy_history(connection: Connection, limit: int = 50) -> list[Row]:
    return connection.execute(
        "SELECT policy_id, document, note, at FROM policies ORDER BY policy_id DESC LIMIT %s", (limit,)
    ).fetchall()


# Attempts to say who one is.
def failed_attempts(connection: Connection, subjects: Sequence[bytes], within: timedelta) -> int:
    """The most failures of one of these subjects since it last succeeded, in the time before now."""
    row = connection.execute(
        "SELECT coalesce(max(n), 0) AS most FROM (SELECT count(*) AS n FROM identity_attempts a"
        " WHERE a.subject = ANY(%s) AND NOT a.succeeded AND a.at > now() - %s"
        " AND NOT EXISTS (SELECT FROM identity_attempts b WHERE b.subject = a.subject AND b.succeeded AND b.at > a.at)"
        " GROUP BY a.subject) counted",
        (list(subjects), within),
    ).fetchone()
    assert row is not None
    return int(row["most"])


def keep_attempt(connection: Connection, subjects: Sequence[bytes], succeeded: bool) -> None:
    connection.execute(
        "INSERT INTO identity_attempts (subject, succeeded) SELECT unnest(%s::bytea[]), %s", (list(subjects), succeeded)
    )
