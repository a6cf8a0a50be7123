"""How good the assistant is, from the shop's own records: what it understands, answers and keeps. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from regulars.assist.intents.measures import judged
from regulars.assist.knowledge.library import read_articles
from regulars.assist.knowledge.passages import ArticleText, language_of
from regulars.assist.knowledge.service import Knowledge
from regulars.assist.train import labelled, serving
from regulars.store.database import Database

MOST_ASKED, SHOWN = 2_000, 10
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
    labels that the version learned from flatter it. search: of the wordings that articles are asked as (see `searched`), None where there
    are none. conversations, handovers, acts, turn_ms: as they were had.
    """
    with database.connect() as connection:
        own = labelled(connection)
        model = serving(connection, models)
        articles = read_articles(connection)
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
    return {"intents": intents, "validation": model.report.get("validation"), "search": searched(articles), **told}


def searched(articles: Sequence[ArticleText]) -> dict[str, Any] | None:
    """How often the help centre's search finds the article that a wording belongs to, among the first and the first three, when no article
    carries its wordings: as it goes with a question that nobody asked before. missed: some that aren't found. None without wordings."""
    asked = [(question, one.id) for one in articles for question in one.questions]
    if not asked:
        return None
    knowledge = Knowledge.of([replace(one, questions=()) for one in articles])
    first = third = 0
    missed: list[dict[str, str]] = []
    for question, article in asked[:MOST_ASKED]:
        found = list(
            dict.fromkeys(
                passage.source.partition(":")[2] for passage in knowledge.search(question, language_of(question), 9)
            )
        )[:3]
        first += found[:1] == [article]
        third += article in found
        if article not in found and len(missed) < SHOWN:
            missed.append({"question": question, "article": article})
    many = min(len(asked), MOST_ASKED)
    return {"wordings": many, "hit_at_1": first / many, "hit_at_3": third / many, "missed": missed}
