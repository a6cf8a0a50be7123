"""What customers asked and the help centre didn't answer, from the traces of turns. Reads only."""

from __future__ import annotations

import re

from regulars.assist.knowledge.gaps import Gap, Unanswered, gaps
from regulars.assist.texts import EMAIL
from regulars.store.database import Connection

MOST = 1_000
UNANSWERED = """
SELECT one->>'asked' AS text, d.at FROM decisions d JOIN decision_traces t USING (decision_id),
       LATERAL jsonb_array_elements((t.trace->'checks')::jsonb) one
WHERE d.surface = 'assistant' AND one ? 'asked' AND one->>'found' = 'false' ORDER BY d.at DESC LIMIT %s
"""
_NUMBER = re.compile(r"[A-Za-z#-]*\d[\w-]{3,}")


def without_personal(text: str) -> str:
    """E-mail addresses and longer numbers (orders, telephones, cards) left out.

    >>> without_personal("Is NB-10415 for ada@example.org wrapped? I have 2")
    'Is … for … wrapped? I have 2'
    """
    return _NUMBER.sub("…", EMAIL.sub("…", text))


def unanswered(connection: Connection, most: int = MOST) -> list[Gap]:
    """What was asked and not found, as far as traces are kept, grouped by meaning; the most asked first."""
    rows = connection.execute(UNANSWERED, (most,)).fetchall()
    return gaps(Unanswered(without_personal(row["text"])[:300], row["at"]) for row in rows)
