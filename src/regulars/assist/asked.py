"""What customers asked and the help centre didn't answer, from the traces of turns. Reads only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from regulars.assist.knowledge.gaps import Gap, Unanswered, gaps
from regulars.assist.texts import EMAIL
from regulars.store.database import Connection

MOST = 1_000
UNANSWERED = """
SELECT one->>'asked' AS text, d.at FROM decisions d JOIN decision_traces t USING (decision_id),
       LATERAL jsonb_array_elements((t.trace->'checks')::jsonb) one
WHERE d.surface = 'assistant' AND one ? 'asked' AND one->>'found' = 'false' ORDER BY d.at DESC LIMIT %s
"""
CHOSEN = """
SELECT one->>'asked' AS text, one->>'read' AS source, count(*) AS times, max(d.at) AS last
FROM decisions d JOIN decision_traces t USING (decision_id), LATERAL jsonb_array_elements((t.trace->'checks')::jsonb) one
WHERE d.surface = 'assistant' AND one ? 'asked' AND one ? 'read' GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC LIMIT %s
"""
_NUMBER = re.compile(r"[A-Za-z#-]*\d[A-Za-z0-9-]{3,}|\+?\d(?:[ ./-]?\(?\d\)?){6,}")

_PERSONAL = re.compile(
    r"…|\d{3,}|\b(?:my name is|this is|i am|i'm|i live|my (?:address|street|phone|number|husband|wife))\b|\b(?:mr|mrs|ms|miss|dr)\b\.?"
    r"|我叫|我姓|先生|女士|我的(?:地址|电话|手机)|[路街弄]\d|\d+[号室]|小区",
    re.I,
)
_NAME = re.compile(r"(?<=[a-z,;:’'\"] )[A-Z][a-z]+")


def without_personal(text: str) -> str:
    """E-mail addresses and longer numbers (orders, telephones, cards) left out.

    >>> without_personal("Is NB-10415 for ada@example.org wrapped? I have 2")
    'Is … for … wrapped? I have 2'
    >>> without_personal("Call 06 12 34 56 78. 7天无理由退货，满50元包邮")
    'Call …. 7天无理由退货，满50元包邮'
    """
    return _NUMBER.sub("…", EMAIL.sub("…", text))


def unanswered(connection: Connection, most: int = MOST) -> list[Gap]:
    """What was asked and not found, as far as traces are kept, grouped by meaning; the most asked first."""
    rows = connection.execute(UNANSWERED, (most,)).fetchall()
    return gaps(Unanswered(without_personal(row["text"])[:300], row["at"]) for row in rows)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A question that found no sure answer, and the article that customers chose for it of those that were named."""

    question: str
    source: str
    times: int
    last: datetime


def chosen(connection: Connection, most: int = MOST) -> list[Chosen]:
    """What customers chose, the most often chosen first. Questions that may say who asked are left out: none is to be kept for good."""
    rows = connection.execute(CHOSEN, (most,)).fetchall()
    return [
        Chosen(row["text"][:300], row["source"], row["times"], row["last"])
        for row in rows
        if row["text"].strip() and impersonal(row["text"]) and without_personal(row["text"]) == row["text"]
    ]


def impersonal(text: str) -> bool:
    """Whether a wording may be kept beside an article for good: it says nothing of who asked. Rather too few than one too many.

    >>> [impersonal(one) for one in ("Can I return worn shoes?", "Can you ring Ada Byron?", "I live at 1 Mill Lane", "能退吗？")]
    [True, False, False, True]
    """
    return not _PERSONAL.search(text) and not _NAME.search(text)
