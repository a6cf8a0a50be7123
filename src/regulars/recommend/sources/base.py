"""The contract of a candidate source. Every source passes tests/recommend/test_sources_contract.py.

A source is fitted offline, saved as a folder of safetensors/JSON/ONNX (never pickle), loaded for serving with NumPy and
onnxruntime alone, and immutable from then on: threads share it. It doesn't know of stock, prices or the shop's rules.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from regulars.recommend.dataset import Float32, Int32, Query, Vocabulary

NO_EVIDENCE = -1
"""In `evidence`: nothing the person did speaks for the item."""
CONTEXT_EVIDENCE = -2
"""In `evidence`: the item whose page is open (`Query.context`) speaks most for it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A source's best items for a query, best first. items: (k,), scores: (k,), in the source's own unit."""

    items: Int32
    scores: Float32


class CandidateSource(ABC):
    """One way to find items for a person."""

    name: ClassVar[str]
    """The field's standard term, as in traces and blends: "popular", "covisitation", "ease", "text", "sequence"."""

    floor: ClassVar[float] = 0.0
    """A score at or below this one says nothing in favour of an item: it isn't proposed."""

    personal: ClassVar[bool] = True
    """False where the scores are the same for every query: they are then asked for once."""

    @abstractmethod
    def scores(self, query: Query) -> Float32:
        """Scores of all items, (n,): higher is better; 0 (or the source's floor) where it has nothing to say.

        Finite, deterministic, defined for an empty history too. The array is the caller's to change.
        """

    def propose(self, query: Query, k: int) -> Proposal:
        """At most k items it has something to say for, best first. Empty when it has no evidence."""
        return best(self.scores(query), k, self.floor)

    @abstractmethod
    def evidence(self, query: Query, items: Int32) -> Int32:
        """For each item, the index into query.items that speaks most for it, (m,).

        CONTEXT_EVIDENCE where the open page does, NO_EVIDENCE where nothing does: both are negative.
        """

    @abstractmethod
    def extended(self, vocabulary: Vocabulary) -> Self:
        """The same source for a longer vocabulary whose first items are the present ones: products added since."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the source's files into the folder, which is made if needed."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises DamagedModel when it can't."""


def _threshold(scores: Float32, k: int) -> np.float32:
    """A number that at least k of the scores reach, and few more.

    A sample's quantile almost always is one: looking through a tenth and comparing all is a quarter of the work of
    putting all in order around it.
    """
    sample = scores[:: len(scores) // 1_000] if len(scores) >= 4_000 else scores[:0]
    place = int(len(sample) * k / len(scores) * 1.5) + 8
    if 0 < place < len(sample):
        found = np.partition(sample, len(sample) - place)[len(sample) - place]
        if np.count_nonzero(scores >= found) >= k:
            return np.float32(found)
    return np.float32(np.partition(scores, len(scores) - k)[len(scores) - k])


def best(scores: Float32, k: int, floor: float) -> Proposal:
    """The k highest of (n,) scores that are above the floor, best first; equal scores by position in the vocabulary."""
    if k <= 0:
        return Proposal(np.zeros(0, np.int32), np.zeros(0, np.float32))
    above = scores > floor
    count = int(np.count_nonzero(above))
    if count * 4 < len(scores):
        # Most of a sparse source's scores are the floor: a partition among so many equals takes ten times as long.
        chosen = np.flatnonzero(above)
        if k < count:
            least = np.partition(scores[chosen], count - k)[count - k]
            chosen = chosen[scores[chosen] >= least]
    elif k < count:
        chosen = np.flatnonzero(scores >= _threshold(scores, k))
    else:
        chosen = np.flatnonzero(above)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")[:k]]
    return Proposal(chosen.astype(np.int32), scores[chosen])
