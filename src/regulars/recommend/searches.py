"""What people searched for, and what came of it: reads for the console's page and for HTTP. Knows no index.

Counted from the `search` events of the last days, whoever's search page sent them; clicks from the decisions of our own.
"""

from __future__ import annotations

from dataclasses import dataclass

from regulars.store.database import Connection

DAYS = 28
LEAST_PEOPLE = 2  # what one person alone typed may be a name or an address: it is nobody else's to read
READ = f"""
WITH asked AS (
    SELECT lower(btrim(properties->>'query')) AS query, count(*) AS times,
           count(*) FILTER (WHERE CASE WHEN properties->>'results' ~ '^[0-9]+$' THEN (properties->>'results')::bigint = 0 END) AS nothing,
           max(occurred_at) AS latest
    FROM events WHERE type = 'search' AND occurred_at > now() - interval '{DAYS} days' AND btrim(properties->>'query') <> ''
    GROUP BY 1 HAVING count(DISTINCT coalesce(customer_id, -visitor_id, 0)) >= {LEAST_PEOPLE}
), shown AS (
    SELECT lower(btrim(t.trace->'request'->>'query')) AS query, count(*) AS lists,
           count(*) FILTER (WHERE EXISTS (SELECT FROM events e WHERE e.decision_id = d.decision_id AND e.type = 'click')) AS followed
    FROM decisions d JOIN decision_traces t USING (decision_id)
    WHERE d.surface = 'search' AND d.at > now() - interval '{DAYS} days' GROUP BY 1
)
SELECT a.query, a.times, a.nothing, a.latest, coalesce(s.lists, 0) AS lists, coalesce(s.followed, 0) AS followed
FROM asked a LEFT JOIN shown s USING (query) ORDER BY a.times DESC, a.query LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Term:
    """A query as people typed it. nothing: how often nothing was found. lists, followed: pages of ours, and those something was clicked in."""

    query: str
    times: int
    nothing: int
    lists: int
    followed: int


def terms(connection: Connection, limit: int = 500) -> list[Term]:
    """The most frequent queries of the last 28 days."""
    rows = connection.execute(READ, (limit,)).fetchall()
    return [Term(row["query"][:200], row["times"], row["nothing"], row["lists"], row["followed"]) for row in rows]
