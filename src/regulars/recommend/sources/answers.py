"""What a source says to one query: its best items, its scores of named items, and the sums over all that the blend's scales need.

Three forms: all scores (small catalogues), the scores of the few items that are not 0 (neighbour lists), and what an index of
vectors found (sources/nearest.py). Knows neither where scores come from nor what they are for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.recommend import compiled
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
        self._scores = np.ascontiguousarray(scores, np.float32)
        self._floor = floor
        self._total: np.float32 | None = None

    def best(self, k: int, exclude: Mask | None = None) -> Found:
        items, removed = compiled.best_above(
            self._scores, max(k, 0), self._floor, _NOBODY if exclude is None else exclude
        )
        return Found(Proposal(items, self._scores[items]), removed)

    def at(self, items: Int32) -> Float32:
        return self._scores[items]

    def total(self) -> np.float32:
        if self._total is None:
            self._total = np.float32(self._scores.sum())
        return self._total

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
_NOBODY = np.zeros(0, np.bool_)


def best(scores: Float32, k: int, floor: float) -> Proposal:
    """The k highest of (n,) scores that are above the floor, best first; equal scores by position in the vocabulary."""
    scores = np.ascontiguousarray(scores, np.float32)
    items, _ = compiled.best_above(scores, min(max(k, 0), len(scores)), floor, _NOBODY)
    return Proposal(items, scores[items])
