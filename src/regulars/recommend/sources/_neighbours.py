"""Neighbour lists of items in CSR form, and what they say about a weighted history. Knows nothing of why they are near."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

from regulars.recommend import compiled
from regulars.recommend.dataset import Float32, Int32, Int64, Query
from regulars.recommend.sources._history import Weighted, strongest
from regulars.recommend.sources.answers import SparseAnswer
from regulars.recommend.sources.base import Answer, CandidateSource


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Item i's neighbours are indices[offsets[i]:offsets[i+1]], each once, with weights > 0 beside them."""

    offsets: Int64
    indices: Int32
    weights: Float32

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, matrix: Any, limit: int) -> Self:
        """The `limit` heaviest entries of each row of a CSR matrix; equal weights in the order they are stored."""
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        kept = np.arange(len(rows), dtype=np.int64)
        if len(rows) and int(np.diff(matrix.indptr).max()) > limit:
            order = np.lexsort((-matrix.data, rows))
            rank = np.arange(len(order)) - matrix.indptr[rows[order]]
            kept = np.sort(order[rank < limit])
        counts = np.bincount(rows[kept], minlength=matrix.shape[0])
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return cls(offsets, matrix.indices[kept].astype(np.int32), matrix.data[kept].astype(np.float32))

    def scores(self, history: Weighted) -> Float32:
        """Σ_h weight(h) · weight(h → item), (n,)."""
        return compiled.added_up(self.offsets, self.indices, self.weights, history.items, history.weights)

    def answer(self, history: Weighted) -> SparseAnswer:
        """The same scores, of the items that the history's lists name: work by the lists' length, not the catalogue's."""
        positions, lengths = self._lists(history.items)
        named = self.indices[positions]
        items, place = np.unique(named, return_inverse=True)
        contributions = self.weights[positions] * np.repeat(history.weights, lengths)
        scores = np.bincount(place, weights=contributions, minlength=len(items)).astype(np.float32)
        return SparseAnswer(items, scores, len(self))

    def evidence(self, history: Weighted, items: Int32) -> Int32:
        """Index of the history item that adds most to each of these items' scores; see CandidateSource.evidence.

        items: (m,), each once.
        """
        return strongest(self.between(history.items, items) * history.weights[:, None], history.indices)

    def between(self, first: Int32, items: Int32) -> Float32:
        """Weights of these items in the lists of each of `first`, (h, m); 0 where an item isn't in the list.

        items: (m,), each once.
        """
        return compiled.between(self.offsets, self.indices, self.weights, first, items)

    def without_each(self, history: Weighted, steps: Int32, items: Int32, small_share: float = 0.0) -> Float32:
        """(h, m) what the lists say of these items without each of the steps; see compiled.without_each."""
        return compiled.without_each(
            self.offsets, self.indices, self.weights, history.items, history.weights, steps, items, small_share
        )

    def _lists(self, of: Int32) -> tuple[Int64, Int64]:
        """Where the lists of these items stand, one after the other, and the length of each."""
        starts = self.offsets[of]
        lengths = self.offsets[of + 1] - starts
        before = np.cumsum(lengths) - lengths
        return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths), lengths

    def lengthened(self, size: int) -> Self:
        """The same lists for `size` items: those added have none and are in none."""
        added = np.full(size - len(self), self.offsets[-1], np.int64)
        return type(self)(np.concatenate([self.offsets, added]), self.indices, self.weights)

    def joined(self, forward: Any) -> Self:
        """The same lists with items added behind: each has a list of its own and stands in the lists of the items in it.

        forward: (added, all) CSR, the lists of the added items. Weights of the lists that were there don't change.
        """
        old, size = len(self), forward.shape[1]
        found = forward.tocoo()
        back = found.col < old
        present = self.lengthened(size)
        data = np.concatenate([present.weights, found.data, found.data[back]])
        sources = np.repeat(np.arange(size), np.diff(present.offsets))
        row = np.concatenate([sources, found.row + old, found.col[back]])
        column = np.concatenate([present.indices, found.col, found.row[back] + old])
        return type(self).of(sparse.coo_matrix((data, (row, column)), shape=(size, size)).tocsr(), size)

    def without(self, items: Int32) -> Self:
        """The same lists, with nothing in those of these items and these items in none."""
        gone = np.zeros(len(self), np.bool_)
        gone[items] = True
        row = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        kept = ~(gone[row] | gone[self.indices])
        counts = np.bincount(row[kept], minlength=len(self))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return type(self)(offsets, self.indices[kept], self.weights[kept])

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """For safetensors."""
        return {"offsets": self.offsets, "indices": self.indices, "weights": self.weights}

    @classmethod
    def of_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> Self:
        """What `tensors` gave. Raises KeyError."""
        return cls(tensors["offsets"], tensors["indices"], tensors["weights"])


class NeighbourSource(CandidateSource):
    """A source that is lists of neighbours and a way to weigh a history: co-visits, EASE, texts, pictures."""

    neighbours: Neighbours

    @abstractmethod
    def _history(self, query: Query) -> Weighted:
        """How much each thing the person did counts for this source."""

    def without_each(self, query: Query, steps: Int32, items: Int32, small_share: float = 0.0) -> Float32:
        """(h, m) scores of these items without each of the steps of the query's history; see compiled.without_each."""
        return self.neighbours.without_each(self._history(query), steps, items, small_share)

    def scores(self, query: Query) -> Float32:
        return self.neighbours.scores(self._history(query))

    def answer(self, query: Query) -> Answer:
        if len(self.neighbours) <= self.dense_up_to:
            return super().answer(query)
        return self.neighbours.answer(self._history(query))

    def evidence(self, query: Query, items: Int32) -> Int32:
        return self.neighbours.evidence(self._history(query), items)
