"""What a source says to one query: its best items, its scores of named items, and the sums over all that the blend's scales need.

Three forms: all scores (small catalogues), the scores of the few items that are not 0 (neighbour lists), and what an index of
vectors found (sources/nearest.py). Knows neither where scores come from nor what they are for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Int32

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A source's best items for a query, best first. items: (k,), scores: (k,), in the source's own unit."""

    items: Int32
    scores: Float32


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal, and the excluded items that would have ranked in it, (≤ k,): a trace says of each which filter it was."""

    proposal: Proposal
    removed: Int32


class Answer(ABC):
    """One source's answer to one query. Used by one thread, while the query is answered."""

    @abstractmethod
    def best(self, k: int, exclude: Mask | None = None) -> Found:
        """At most k items the source speaks for, best first, equal scores by position, without the excluded, (n,) True."""

    @abstractmethod
    def at(self, items: Int32) -> Float32:
        """Scores of these items, (m,)."""

    @abstractmethod
    def total(self) -> np.float32:
        """Sum of all items' scores."""

    @abstractmethod
    def log_mean_exp(self) -> np.float32:
        """log(Σ exp(score) / n) over all n items: what a score must pass to say more than chance does."""


class DenseAnswer(Answer):
    """Of the scores of all items. Exact."""

    def __init__(self, scores: Float32, floor: float) -> None:
        """scores: (n,), this answer's own from now on. floor: what says nothing."""
        self._scores = scores
        self._floor = floor

    def best(self, k: int, exclude: Mask | None = None) -> Found:
        scores, floor = self._scores, self._floor
        if exclude is None:
            return Found(best(scores, k, floor), _NONE)
        barred = np.flatnonzero(exclude)
        of_barred = scores[barred]
        scores[barred] = -np.inf
        proposed = best(scores, k, floor)
        scores[barred] = of_barred
        least = proposed.scores[-1] if len(proposed.items) == k else np.float32(floor)
        hit = np.flatnonzero((of_barred > floor) & (of_barred >= least))
        if len(hit) > k:
            hit = hit[np.argsort(-of_barred[hit], kind="stable")[:k]]
        return Found(proposed, barred[hit].astype(np.int32))

    def at(self, items: Int32) -> Float32:
        return self._scores[items]

    def total(self) -> np.float32:
        return np.float32(self._scores.sum())

    def log_mean_exp(self) -> np.float32:
        top = self._scores.max() if len(self._scores) else np.float32(0)
        return np.float32(top + np.log(np.exp(self._scores - top).sum() / np.float32(max(len(self._scores), 1))))


class SparseAnswer(Answer):
    """Of a source that scores few items above 0 and all others 0: only those few are touched. Exact."""

    def __init__(self, items: Int32, scores: Float32, size: int) -> None:
        """items: (u,) ascending, each once. scores: (u,). size: of the catalogue."""
        self._items = items
        self._scores = scores
        self._size = size

    def best(self, k: int, exclude: Mask | None = None) -> Found:
        items, scores = self._items, self._scores
        if exclude is None:
            found = best(scores, k, 0.0)
            return Found(Proposal(items[found.items], found.scores), _NONE)
        out = exclude[items]
        free = np.flatnonzero(~out)
        found = best(scores[free], k, 0.0)
        least = found.scores[-1] if len(found.items) == k else np.float32(0)
        hit = np.flatnonzero(out & (scores > 0) & (scores >= least))
        if len(hit) > k:
            hit = hit[np.argsort(-scores[hit], kind="stable")[:k]]
        return Found(Proposal(items[free[found.items]], found.scores), items[hit])

    def at(self, items: Int32) -> Float32:
        if len(self._items) == 0:
            return np.zeros(len(items), np.float32)
        places = np.searchsorted(self._items, items)
        places[places == len(self._items)] = 0
        return np.where(self._items[places] == items, self._scores[places], np.float32(0))

    def total(self) -> np.float32:
        return np.float32(self._scores.sum())

    def log_mean_exp(self) -> np.float32:
        return np.float32(np.log((np.exp(self._scores).sum() + (self._size - len(self._items))) / max(self._size, 1)))


_NONE = np.zeros(0, np.int32)


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
