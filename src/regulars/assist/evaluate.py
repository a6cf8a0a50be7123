"""How good the assistant is, from the shop's own records: what it understands, answers and keeps. Reads only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regulars.assist.intents.measures import judged
from regulars.assist.train import labelled, serving
from regulars.store.database import Database

CONVERSATIONS = """
SELECT c.locale, count(*) AS conversations,
       count(*) FILTER (WHERE c.handover_reason IS NULL) AS contained,
       count(*) FILTER (WHERE EXISTS (SELECT FROM actions a WHERE a.conversation_id = c.conversation_id AND a.state = 'done')) AS acted,
       avg(c.rating) AS rating, count(c.rating) AS rated
FROM conversations c WHERE c.channel <> 'import'
AND EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role = 'customer')
GROUP BY 1 ORDER BY 1
"""
HANDOVERS = """
SELECT handover_reason AS reason, count(*) AS times FROM conversations
WHERE channel <> 'import' AND handover_reason IS NOT NULL GROUP BY 1 ORDER BY 2 DESC
"""
ACTS = """
SELECT m.details->>'act' AS act, count(*) AS times FROM messages m
WHERE m.role = 'assistant' AND m.details ? 'act' GROUP BY 1 ORDER BY 2 DESC LIMIT 40
"""
TIMES = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95, count(*) AS turns
FROM (SELECT (timings_ms->>'compose')::float8 AS ms FROM decisions WHERE surface = 'assistant' ORDER BY at DESC LIMIT 10000) turns
"""


def evaluate_assistant(database: Database, models: Path) -> dict[str, Any]:
    """intents: of labelled messages (accuracy, recall of what is out of scope, confusions), None without labels. Careful:
    labels that the version learned from flatter it. conversations, handovers, acts, turn_ms: as they were had.
    """
    with database.connect() as connection:
        own = labelled(connection)
        model = serving(connection, models)
        told = {
            "conversations": connection.execute(CONVERSATIONS).fetchall(),
            "handovers": connection.execute(HANDOVERS).fetchall(),
            "acts": connection.execute(ACTS).fetchall(),
            "turn_ms": connection.execute(TIMES).fetchone(),
        }
    intents = None
    if own:
        intents = {
            **judged(model.predict([one.text for one in own]), [one.intent for one in own]),
            "messages": len(own),
        }
    return {"intents": intents, "validation": model.report.get("validation"), **told}
