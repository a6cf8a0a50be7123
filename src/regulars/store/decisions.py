"""Keeping and reading decisions: slim for good, features for 180 days, the full trace for 30."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson

from regulars.schema import Decision
from regulars.schema.decisions import FEATURES_KEPT_DAYS, TRACE_KEPT_DAYS
from regulars.store.database import Connection, Row

RECORD_DECISIONS = "SELECT record_decisions(%s::json)"
READ_DECISION = """
SELECT d.*, t.trace FROM decisions d LEFT JOIN decision_traces t USING (decision_id) WHERE d.decision_id = %s
"""
READ_OUTCOMES = """
SELECT type, product_id, position, occurred_at FROM events
WHERE decision_id = %s ORDER BY occurred_at, event_id LIMIT 1000
"""
_FORGET = (
    ("decision_traces", TRACE_KEPT_DAYS),
    ("decision_features", FEATURES_KEPT_DAYS),
)


def decision_row(decision: Decision) -> dict[str, Any]:
    """A decision as `record_decisions` takes it."""
    actions = decision.actions
    row: dict[str, Any] = {
        "decision_id": decision.decision_id,
        "at": decision.at,
        "surface": decision.surface,
        "customer_id": decision.customer_id,
        "visitor_id": decision.visitor_id,
        "context_product_id": decision.context_product_id,
        "mode": decision.mode,
        "model_version": decision.model_version,
        "policy": decision.policy,
        "seed": decision.seed,
        "arm": decision.arm,
        "product_ids": [action.product_id for action in actions],
        "scores": [action.score for action in actions],
        "propensities": [action.propensity for action in actions],
        "sources": [action.source for action in actions],
        "reasons": [{"code": action.reason.code, **action.reason.arguments} for action in actions],
        "timings_ms": decision.timings_ms,
        "trace": decision.trace,
    }
    if decision.feature_names:
        row["feature_names"] = decision.feature_names
        row["feature_product_ids"] = decision.feature_product_ids
        row["feature_shown"] = decision.feature_shown
        row["feature_rows"] = decision.feature_rows
    return row


def as_json(decisions: Sequence[Decision]) -> str:
    return orjson.dumps([decision_row(decision) for decision in decisions], option=orjson.OPT_SERIALIZE_NUMPY).decode()


def record(connection: Connection, decisions: Sequence[Decision]) -> None:
    connection.execute(RECORD_DECISIONS, (as_json(decisions),))


def read(connection: Connection, decision_id: UUID) -> Row | None:
    return connection.execute(READ_DECISION, (decision_id,)).fetchone()


def outcomes(connection: Connection, decision_id: UUID) -> list[Row]:
    """The events that came back with this decision's id, oldest first."""
    return connection.execute(READ_OUTCOMES, (decision_id,)).fetchall()


def forget_old(connection: Connection) -> dict[str, int]:
    """Deletes traces and features past their time. Returns rows deleted by table."""
    gone = {}
    for table, days in _FORGET:
        gone[table] = connection.execute(
            f"DELETE FROM {table} WHERE at < now() - make_interval(days => %s)", (days,)
        ).rowcount
    return gone
