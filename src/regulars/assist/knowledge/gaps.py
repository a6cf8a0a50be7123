"""What was asked and not found, grouped by meaning over both languages: what the help centre lacks. Knows no person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from regulars.assist.knowledge.passages import language_of
from regulars.assist.knowledge.vectors import centred
from regulars.language.sentence_vectors import SentenceEncoder, sentence_encoder

ALIKE = 0.5  # cosine from which two questions want the same article
MAX_QUESTIONS = 5_000  # the newest; some milliseconds each to read


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that found nothing. The text has to be free of personal data."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """title: the question nearest to all of its group. questions: newest first, each wording once. count: how often it was asked."""

    title: str
    questions: tuple[str, ...]
    count: int
    first: datetime
    last: datetime
    locales: tuple[str, ...]


def gaps(log: Iterable[Unanswered], encoder: SentenceEncoder | None = None) -> list[Gap]:
    """Groups, the most asked first. Each question joins the group whose middle is nearest, else begins one (leader clustering)."""
    asked = sorted((one for one in log if one.text.strip()), key=lambda one: one.at, reverse=True)[:MAX_QUESTIONS]
    if not asked:
        return []
    encoder = encoder or sentence_encoder()
    texts = list(dict.fromkeys(one.text.strip() for one in asked))
    zh = np.array([language_of(text) == "zh" for text in texts], np.bool_)
    vectors = dict(zip(texts, centred(encoder.encode(texts), zh, "question", encoder.name, 0), strict=True))
    groups: list[list[Unanswered]] = []
    sums = np.zeros((len(texts), encoder.dims), np.float32)
    for one in asked:
        vector = vectors[one.text.strip()]
        middles = sums[: len(groups)]
        near = middles @ vector / np.maximum(np.linalg.norm(middles, axis=1), 1e-6)
        best = int(near.argmax()) if len(groups) else -1
        if best < 0 or near[best] < ALIKE:
            best = len(groups)
            groups.append([])
        groups[best].append(one)
        sums[best] += vector
    found = []
    for place, group in enumerate(groups):
        wordings = list(dict.fromkeys(one.text.strip() for one in group))
        title = max(wordings, key=lambda text: float(vectors[text] @ sums[place]))
        locales = tuple(sorted({language_of(text) for text in wordings}))
        found.append(Gap(title, tuple(wordings), len(group), group[-1].at, group[0].at, locales))
    return sorted(found, key=lambda gap: (-gap.count, -gap.last.timestamp()))
