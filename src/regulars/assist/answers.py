"""What people of the shop answered well, gathered from solved conversations: drafts of help articles, every sentence said by a person.

A question joins those that want the same (see knowledge.gaps). Of their answers the sentences that most answers agree with are
taken, in the order in which they were said; greetings, thanks and what is about one customer are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from regulars.assist.asked import impersonal, without_personal
from regulars.assist.knowledge.gaps import Unanswered, gaps
from regulars.assist.knowledge.passages import language_of, sentences
from regulars.assist.reading import wants_person
from regulars.language.sentence_vectors import SentenceEncoder, sentence_encoder
from regulars.store.database import Connection

MOST = 2_000
MAX_SENTENCES = 5
SHORTEST = 8
"""Letters of a question: below, it says nothing on its own."""
AGREES = 0.45
"""Cosine from which a sentence of another answer says the same."""
READ = """
SELECT q.conversation_id, q.body AS question, a.body AS answer, q.at, b.body AS before,
       concat_ws(' ', k.name, k.email, k.phone, jsonb_path_query_array(k.addresses, '$[*].*')::text) AS person
FROM messages q JOIN conversations c USING (conversation_id) LEFT JOIN customers k ON k.customer_id = c.customer_id
JOIN LATERAL (
    SELECT string_agg(h.body, E'\\n' ORDER BY h.place) AS body FROM messages h
    WHERE h.conversation_id = q.conversation_id AND h.role = 'human' AND h.place > q.place
      AND h.place < coalesce((SELECT min(n.place) FROM messages n WHERE n.conversation_id = q.conversation_id
                              AND n.role = 'customer' AND n.place > q.place), 2147483647)
) a ON a.body IS NOT NULL
LEFT JOIN LATERAL (
    SELECT m.body FROM messages m WHERE m.conversation_id = q.conversation_id AND m.role = 'customer' AND m.place < q.place
    ORDER BY m.place DESC LIMIT 1
) b ON true
WHERE q.role = 'customer' AND c.mode = 'closed' AND coalesce(c.rating, 5) >= 4 AND length(q.body) <= 600
ORDER BY q.at DESC, q.conversation_id, q.place LIMIT %s
"""
_EMPTY = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks?|thank you|you'?re welcome|sorry|of course|sure|certainly|no problem|bye|"
    r"kind regards|best regards|regards|cheers|one moment|let me (?:check|look|see)|have a|glad|happy to|my name|is there anything|anything else|"
    r"你好|您好|谢谢|不客气|抱歉|好的|没问题|再见|请稍等|稍等|祝您|还有什么)(?![a-z])",
    re.I,
)
_ONE_CUSTOMER = re.compile(
    r"…|\b(?:your|ur) (?:order|parcel|package|refund|card|account|address)\b|\bI(?:'ve| have| just|'ll| will| can see| see| checked| cancelled| sent|'m| am)\b|"
    r"\b(?:today|tomorrow|yesterday|tonight|this (?:morning|afternoon|week)|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|"
    r"您的(?:订单|包裹|退款|账户|地址)|我(?:已|刚|帮您|这边|看到|查)|今天|明天|昨天|周[一二三四五六日]",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and what a person of the shop answered."""

    conversation_id: UUID
    question: str
    answer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft of an article. title: the question nearest to all of its group. questions: how it was asked. agree: of each sentence, how
    many answers say the same. count: how often it was asked and answered. conversations: where, the newest first."""

    title: str
    body: tuple[str, ...]
    agree: tuple[int, ...]
    locale: str
    questions: tuple[str, ...]
    count: int
    last: datetime
    conversations: tuple[UUID, ...]

    @property
    def text(self) -> str:
        """The sentences as an article's body."""
        return ("" if self.locale == "zh" else " ").join(self.body)


def read(connection: Connection, most: int = MOST) -> list[Answered]:
    """Questions that a person answered in conversations that are closed and weren't rated badly, the newest first; without personal data."""
    found = []
    for row in connection.execute(READ, (most,)):
        # Who only asked for a person had asked something else before; that is what was answered.
        question = (row["before"] or "") if wants_person(row["question"]) else row["question"]
        if len(question.strip()) >= SHORTEST and not wants_person(question):
            told = _masked(row["answer"], row["person"])[:4_000]
            found.append(Answered(row["conversation_id"], _masked(question, row["person"])[:300], told, row["at"]))
    return found


def _masked(text: str, person: str) -> str:
    """Without personal data, and without the words of the customer's own name and addresses."""
    for word in set(re.findall(r"[^\W\d_]{2,}|\d{3,}", person)):
        if word[0].isupper() or not word.isascii() or word.isdigit():
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word), "…", text)
    return without_personal(text)


def drafts(log: Iterable[Answered], least: int = 2, encoder: SentenceEncoder | None = None) -> list[Draft]:
    """Drafts in each language that was answered in, the most asked first. least: answers that have to agree on at least one sentence.

    Nothing is made of answers that are all about one customer's own order.
    """
    answered = [one for one in log if usable(one.answer)]
    encoder = encoder or sentence_encoder()
    found = []
    for locale in ("en", "zh"):
        own = [one for one in answered if language_of(one.question) == locale and language_of(one.answer) == locale]
        for gap in gaps((Unanswered(one.question, one.at) for one in own), encoder):
            wordings = set(gap.questions)
            group = [one for one in own if one.question.strip() in wordings]
            made = _draft(gap.title, group, locale, least, encoder)
            if made is not None:
                found.append(made)
    return sorted(found, key=lambda one: (-one.count, -one.last.timestamp()))


def usable(answer: str) -> list[str]:
    """An answer's sentences that say something to everybody.

    >>> usable("Hello Ada! Returns are free within 30 days. I have sent you a label. You can use any parcel shop.")
    ['Returns are free within 30 days.', 'You can use any parcel shop.']
    """
    return [
        one.strip()
        for one in sentences(answer)
        if len(one.strip()) >= (6 if language_of(one) == "zh" else 16)
        and not one.rstrip().endswith(("?", "？"))
        and not _EMPTY.match(one.strip())
        and not _ONE_CUSTOMER.search(one)
    ]


def _draft(title: str, group: Sequence[Answered], locale: str, least: int, encoder: SentenceEncoder) -> Draft | None:
    by_answer = [usable(one.answer) for one in group]
    said = [(place, at, text) for place, several in enumerate(by_answer) for at, text in enumerate(several)]
    where = {name: place for place, name in enumerate(dict.fromkeys(one.conversation_id for one in group))}
    if len(where) < least or not said:
        return None
    vectors = encoder.encode([text for _, _, text in said])
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    near = vectors @ vectors.T >= AGREES
    owner = np.array(
        [where[group[place].conversation_id] for place, _, _ in said]
    )  # who says a thing twice agrees once
    agree = [len(set(owner[row].tolist())) for row in near]
    chosen: list[int] = []
    for place in sorted(
        range(len(said)), key=lambda one: (-agree[one], -group[said[one][0]].at.timestamp(), said[one][1])
    ):
        if agree[place] < least or len(chosen) == MAX_SENTENCES:
            break
        if not any(near[place, other] for other in chosen):
            chosen.append(place)
    if not chosen:
        return None
    chosen.sort(key=lambda one: (said[one][1], -agree[one]))
    return Draft(
        title,
        tuple(said[one][2] for one in chosen),
        tuple(agree[one] for one in chosen),
        locale,
        tuple(text for text in dict.fromkeys(one.question.strip() for one in group) if impersonal(text)),
        len(group),
        max(one.at for one in group),
        tuple(dict.fromkeys(one.conversation_id for one in group)),
    )


def drafted(connection: Connection) -> list[Draft]:
    """Drafts from everything that was answered so far."""
    return drafts(read(connection))
