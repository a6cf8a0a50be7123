"""How the assistant does, counted over the conversations of a period: what stays with it, what is solved, how it was found. Reads only.

A conversation is *contained* if it was never handed over or taken over. It is *resolved* if it is contained, its last reply isn't that nothing
was found, and it wasn't rated 1 or 2: nobody can say more without asking. It counts on the day it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from regulars.experiments.statistics import Rate
from regulars.store.database import Connection

_HAD = """
WITH had AS (
    SELECT c.conversation_id, c.locale, c.handover_reason, c.rating,
           (SELECT m.details->>'act' FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role = 'assistant'
            ORDER BY m.place DESC LIMIT 1) AS last_act,
           coalesce(
             (SELECT substring(command FROM '^StartFlow\\((.*)\\)$') FROM decisions d JOIN decision_traces t USING (decision_id)
              JOIN messages m ON m.decision_id = d.decision_id, LATERAL json_array_elements_text(t.trace->'commands') command
              WHERE m.conversation_id = c.conversation_id AND command LIKE 'StartFlow(%%' ORDER BY m.place LIMIT 1),
             CASE WHEN EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.conversation_id AND m.details->>'act' LIKE 'answer%%'
                               OR m.conversation_id = c.conversation_id AND m.details->>'act' LIKE 'no_evidence%%') THEN 'ask_help'
                  ELSE 'other' END) AS topic,
           EXISTS (SELECT FROM actions a WHERE a.conversation_id = c.conversation_id AND a.state = 'done') AS acted
    FROM conversations c
    WHERE c.channel <> 'import' AND c.created_at > now() - make_interval(days => %(days)s)
    AND EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role = 'customer')
)
"""
OVERALL = f"""
{_HAD}
SELECT locale, topic, count(*) AS conversations, count(*) FILTER (WHERE handover_reason IS NULL) AS contained,
       count(*) FILTER (WHERE handover_reason IS NULL AND coalesce(last_act, '') NOT LIKE 'no_evidence%%' AND coalesce(rating, 3) > 2) AS resolved,
       count(*) FILTER (WHERE acted) AS acted, count(rating) AS rated, count(*) FILTER (WHERE rating >= 4) AS satisfied
FROM had GROUP BY 1, 2
"""
TURNS = f"""
{_HAD}
SELECT had.locale, had.topic, percentile_cont(0.5) WITHIN GROUP (ORDER BY (d.timings_ms->>'compose')::float8) AS ms
FROM had JOIN messages m USING (conversation_id) JOIN decisions d USING (decision_id)
GROUP BY GROUPING SETS ((had.locale), (had.topic))
"""
HANDOVERS = """
SELECT handover_reason AS reason, count(*) AS times FROM conversations
WHERE channel <> 'import' AND handover_reason IS NOT NULL AND created_at > now() - make_interval(days => %(days)s)
GROUP BY 1 ORDER BY 2 DESC, 1
"""
MOODS = """
SELECT substring(m.details->>'act' FROM 10) AS kind, count(DISTINCT m.conversation_id) AS conversations FROM messages m JOIN conversations c USING (conversation_id)
WHERE m.role = 'assistant' AND m.details->>'act' IN ('chitchat:praise', 'chitchat:complaint', 'chitchat:abuse', 'chitchat:thanks')
AND c.channel <> 'import' AND c.created_at > now() - make_interval(days => %(days)s) GROUP BY 1
"""
TIMES = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50, percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95, count(*) AS turns
FROM (SELECT (timings_ms->>'compose')::float8 AS ms FROM decisions
      WHERE surface = 'assistant' AND policy = 'reply' AND at > now() - make_interval(days => %(days)s) ORDER BY at DESC LIMIT 10000) turns
"""
WAITS = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median, count(*) AS answered FROM (
    SELECT extract(epoch FROM first.at - asked.at)::float8 AS seconds FROM conversations c
    JOIN LATERAL (SELECT at, place FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role = 'human' ORDER BY place LIMIT 1) first ON true
    JOIN LATERAL (SELECT at FROM messages m WHERE m.conversation_id = c.conversation_id AND m.role = 'customer' AND m.place < first.place
                  ORDER BY place DESC LIMIT 1) asked ON true
    WHERE c.channel <> 'import' AND c.created_at > now() - make_interval(days => %(days)s)) waited
"""
SUGGESTED = """
SELECT m.details->>'outcome' AS outcome, count(*) AS times FROM messages m
WHERE m.details ? 'outcome' AND m.at > now() - make_interval(days => %(days)s) GROUP BY 1
"""


@dataclass(slots=True)
class Had:
    """Conversations counted: of all, of one language, or of one topic. turn_ms: the median of their turns, None for all."""

    conversations: int = 0
    contained_: int = 0
    resolved_: int = 0
    acted_: int = 0
    rated: int = 0
    satisfied_: int = 0
    turn_ms: float | None = None

    @property
    def contained(self) -> Rate:
        return Rate(self.contained_, self.conversations)

    @property
    def resolved(self) -> Rate:
        return Rate(self.resolved_, self.conversations)

    @property
    def acted(self) -> Rate:
        return Rate(self.acted_, self.conversations)

    @property
    def satisfied(self) -> Rate:
        """CSAT: rated 4 or 5, of those that were rated."""
        return Rate(self.satisfied_, self.rated)

    def add(self, row: dict[str, Any]) -> None:
        self.conversations += row["conversations"]
        self.contained_ += row["contained"]
        self.resolved_ += row["resolved"]
        self.acted_ += row["acted"]
        self.rated += row["rated"]
        self.satisfied_ += row["satisfied"]


@dataclass(frozen=True, slots=True)
class Quality:
    """turn_ms: (median, 95th percentile, turns). waited: (median seconds for a person's first answer, how often). suggested: what became
    of suggested replies.
    """

    all: Had
    languages: dict[str, Had]
    topics: dict[str, Had]
    handovers: list[tuple[str, int]]
    moods: dict[str, int]
    turn_ms: tuple[float | None, float | None, int]
    waited: tuple[float | None, int]
    suggested: dict[str, int]


def measured(connection: Connection, days: int) -> Quality:
    """Of the conversations begun in the last `days` days."""
    values = {"days": days}
    whole, languages, topics = Had(), dict[str, Had](), dict[str, Had]()
    for row in connection.execute(OVERALL, values).fetchall():
        whole.add(row)
        languages.setdefault(row["locale"], Had()).add(row)
        topics.setdefault(row["topic"], Had()).add(row)
    for row in connection.execute(TURNS, values).fetchall():
        of = topics[row["topic"]] if row["locale"] is None else languages[row["locale"]]
        of.turn_ms = row["ms"]
    times = connection.execute(TIMES, values).fetchone()
    waits = connection.execute(WAITS, values).fetchone()
    assert times is not None
    assert waits is not None
    return Quality(
        whole,
        languages,
        dict(sorted(topics.items(), key=lambda pair: (-pair[1].conversations, pair[0]))),
        [(row["reason"], row["times"]) for row in connection.execute(HANDOVERS, values).fetchall()],
        {row["kind"]: row["conversations"] for row in connection.execute(MOODS, values).fetchall()},
        (times["p50"], times["p95"], times["turns"]),
        (waits["median"], waits["answered"]),
        {row["outcome"]: row["times"] for row in connection.execute(SUGGESTED, values).fetchall()},
    )
