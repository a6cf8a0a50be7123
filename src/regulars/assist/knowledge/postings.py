"""BM25 (Robertson & Zaragoza 2009) over terms of any kind, as the share of a question that a document holds. Knows no text."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

SATURATION = 1.2  # k1: the fifth mention of a word says less than the second
LENGTH = 0.4  # b: how much a long text is held against a word


class Postings:
    """Which documents hold a term, and how much of it. Immutable."""

    def __init__(self, documents: Sequence[Mapping[Hashable, float]]) -> None:
        """documents: weighed mentions of each."""
        self._n = len(documents)
        lengths = np.array([sum(document.values()) for document in documents], np.float32)
        held = 1 - LENGTH + LENGTH * lengths / max(float(lengths.mean()) if self._n else 1.0, 1e-6)
        entries: dict[Hashable, tuple[list[int], list[float]]] = {}
        for place, document in enumerate(documents):
            for term, weight in document.items():
                entry = entries.setdefault(term, ([], []))
                entry[0].append(place)
                entry[1].append(weight / (weight + SATURATION * float(held[place])))
        self._entries = {
            term: (np.array(places, np.int32), np.array(weights, np.float32))
            for term, (places, weights) in entries.items()
        }

    def __contains__(self, term: Hashable) -> bool:
        return term in self._entries

    def rarity(self, term: Hashable) -> float:
        """Inverse document frequency; a term that no document has is the rarest."""
        held = len(self._entries[term][0]) if term in self._entries else 0
        return math.log(1 + (self._n - held + 0.5) / (held + 0.5))

    def share(self, asked: Iterable[Hashable]) -> Float32:
        """(n,) of what was asked, weighed by rarity, how much each document holds: 0 to 1."""
        score = np.zeros(self._n, np.float32)
        whole = 0.0
        for term in dict.fromkeys(asked):
            gain = self.rarity(term)
            whole += gain
            if term in self._entries:
                places, weights = self._entries[term]
                score[places] += gain * weights
        return score / whole if whole > 0 else score
