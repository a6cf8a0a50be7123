"""Word by word: how much of a question a passage holds in other words, in either language. Knows no sentences.

Every word of the passages has a vector. Each word of a question counts for a passage as much as the likest word in it is like ("courier" for
"delivery" or "快递"), weighed by how few passages have such a word; late interaction in the manner of ColBERT (Khattab & Zaharia 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from regulars.assist.knowledge.words import is_chinese
from regulars.language.sentence_vectors import SentenceEncoder

Float32 = npt.NDArray[np.float32]

UNLIKE = 0.2  # cosine up to which two words have nothing in common
MAX_WORDS = 24  # of a question


class Likeness:
    """Words of n passages as vectors. Immutable."""

    def __init__(
        self, passages: Sequence[set[str]], encoder: SentenceEncoder, known: dict[str, Float32] | None = None
    ) -> None:
        """passages: the words of each. known: vectors of words as encoded before; brought up to date."""
        known = {} if known is None else known
        vocabulary = sorted(set().union(*passages)) if passages else []
        new = [word for word in vocabulary if word not in known]
        if new:
            known.update(zip(new, encoder.encode(new), strict=True))
        for gone in known.keys() - set(vocabulary):
            del known[gone]
        places = {word: place for place, word in enumerate(vocabulary)}
        self._encoder = encoder
        self._n = len(passages)
        self._rows = [np.array([places[word] for word in sorted(words)], np.int32) for words in passages]
        self._held = np.concatenate([np.zeros(0, np.int32), *self._rows])
        self._filled = np.array([place for place, row in enumerate(self._rows) if len(row)], np.int64)
        self._starts = np.cumsum([0, *(len(row) for row in self._rows if len(row))])[:-1]
        zh = np.array([is_chinese(word) for word in vocabulary], np.bool_)
        vectors = (
            np.stack([known[word] for word in vocabulary]) if vocabulary else np.zeros((0, encoder.dims), np.float32)
        )
        self._means = {
            language: vectors[chosen].mean(axis=0) if chosen.any() else np.zeros(encoder.dims, np.float32)
            for language, chosen in ((True, zh), (False, ~zh))
        }
        self._vectors = self._unit(vectors, zh)

    def share(self, words: Sequence[str], vectors: Float32) -> Float32:
        """(n,) 0 to 1. words: of the question; vectors: (w, dims) of them, as encoded."""
        if not len(words) or not len(self._held):
            return np.zeros(self._n, np.float32)
        unit = self._unit(vectors, np.array([is_chinese(word) for word in words], np.bool_))
        alike = np.clip((unit @ self._vectors.T - UNLIKE) / (1 - UNLIKE), 0, 1)
        best = np.zeros((len(words), self._n), np.float32)
        best[:, self._filled] = np.maximum.reduceat(alike[:, self._held], self._starts, axis=1)
        often = best.sum(axis=1)
        rarity = np.log(1 + (self._n - often + 0.5) / (often + 0.5))
        share: Float32 = (rarity @ best / max(float(rarity.sum()), 1e-6)).astype(np.float32)
        return share

    def _unit(self, vectors: Float32, zh: npt.NDArray[np.bool_]) -> Float32:
        out = vectors - np.where(zh[:, None], self._means[True], self._means[False])
        unit: Float32 = (out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6)).astype(np.float32)
        return unit
