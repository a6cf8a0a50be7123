"""Vectors of passages: of the title, of each sentence beside its title, of the whole, of the questions that it was asked as. Knows no words.

All sentences of one language share a direction that says which language it is and what kind of text; two texts seem alike for it. So
the mean of each language and kind is taken off before anything is compared (Mu & Viswanath 2018). The means in `centres.safetensors` are the
encoder's on a help centre; a shop's own passages move them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from regulars.assist.knowledge.words import is_chinese
from regulars.language.sentence_vectors import SentenceEncoder
from regulars.language.unit_vectors import unit_rows

Float32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

WEIGHT = 30  # passages that the means which come along count for
CENTRES = "centres.safetensors"
ASKED_FROM = 0.3
"""Cosine from which two questions have something in common."""


@cache
def known_centres(encoder: str) -> dict[str, Float32]:
    """{"kind.language": (dims,)} as fitted for this encoder; empty for one that it wasn't fitted for."""
    read = load(resources.files(__package__).joinpath(CENTRES).read_bytes())
    return {
        name.partition("/")[2]: np.asarray(vector, np.float32)
        for name, vector in read.items()
        if name.partition("/")[0] == encoder
    }


class Vectors:
    """Vectors of n passages, centred and of length 1. Immutable."""

    def __init__(
        self,
        titles: Sequence[str],
        texts: Sequence[str],
        parts: Sequence[Sequence[str]],
        zh: Flags,
        encoder: SentenceEncoder,
        known: dict[str, Float32] | None = None,
        questions: Sequence[Sequence[str]] = (),
    ) -> None:
        """parts: the sentences of each passage. zh: (n,) whether it is Chinese. known: vectors of texts as encoded before; brought up to
        date, so that only what is new is encoded. questions: of each passage, how it was asked for, in any language.
        """
        known = {} if known is None else known
        self.encoder = encoder
        wholes = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
        said = [f"{title} {part}" for title, some in zip(titles, parts, strict=True) for part in some]
        asked = [text for some in questions for text in some]
        wanted = dict.fromkeys([*titles, *wholes, *said, *asked])
        new = [text for text in wanted if text not in known]
        if new:
            known.update(zip(new, encoder.encode(new), strict=True))
        for gone in known.keys() - wanted.keys():
            del known[gone]
        counts = [len(some) for some in parts]
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._owner = np.repeat(np.arange(len(titles)), counts)
        self.titles = self._stacked("title", titles, zh, known)
        self.wholes = self._stacked("whole", wholes, zh, known)
        self.sentences = self._stacked("sentence", said, zh[self._owner], known)
        self._asker = np.repeat(np.arange(len(questions)), [len(some) for some in questions])
        in_chinese = np.array([is_chinese(text) for text in asked], np.bool_)
        stacked = np.stack([known[text] for text in asked]) if asked else np.zeros((0, encoder.dims), np.float32)
        self._asked = centred(stacked, in_chinese, "question", encoder.name, 0)

    def of_question(self, vector: Float32, chinese: bool) -> Float32:
        """(dims,) centred, of length 1. vector: (1, dims) as encoded."""
        found: Float32 = centred(vector, np.array([chinese]), "question", self.encoder.name, 0)[0]
        return found

    def best_sentence(self, question: Float32, titles: Float32, sentences: Float32) -> Float32:
        """(n,) cosine of the passage's sentence that is nearest; of its title where it has no text. titles, sentences: these vectors, or the
        same in another space, as the question's is.
        """
        best: Float32 = titles @ question
        if len(self._owner):
            found = np.full(len(best), -np.inf, np.float32)
            np.maximum.at(found, self._owner, sentences @ question)
            best = np.where(np.isfinite(found), found, best).astype(np.float32)
        return best

    def asked(self, question: Float32) -> Float32:
        """(n,) by how much the likest question that a passage was asked as is nearer than ASKED_FROM; 0 where it has none: among
        eight wordings one is somewhat like anything, and an article that nobody asked for shouldn't lose by that.
        """
        found = np.zeros(len(self.titles), np.float32)
        if len(self._asker):
            np.maximum.at(found, self._asker, self._asked @ question - ASKED_FROM)
        return found

    def _stacked(self, kind: str, texts: Sequence[str], zh: Flags, known: dict[str, Float32]) -> Float32:
        if not texts:
            return np.zeros((0, self.encoder.dims), np.float32)
        return centred(np.stack([known[text] for text in texts]), zh, kind, self.encoder.name, WEIGHT)


def centred(vectors: Float32, zh: Flags, kind: str, encoder: str, weight: int) -> Float32:
    """(n, dims) without their language's mean, of length 1. weight: what the known mean counts for; 0: it alone."""
    out = vectors.copy()
    centres = known_centres(encoder)
    for language, chosen in (("zh", zh), ("en", ~zh)):
        if not chosen.any():
            continue
        mean = centres.get(f"{kind}.{language}", np.zeros(vectors.shape[1], np.float32))
        if weight:
            n = int(chosen.sum())
            mean = (weight * mean + n * vectors[chosen].mean(axis=0)) / (weight + n)
        out[chosen] -= mean
    return unit_rows(out)
