"""Neighbour lists of items in CSR form, and what they say about a weighted history. Knows nothing of why they are near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Int32, Int64
from regulars.recommend.sources._history import Weighted, strongest


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
        positions, lengths = self._lists(history)
        contributions = self.weights[positions] * np.repeat(history.weights, lengths)
        return np.bincount(self.indices[positions], weights=contributions, minlength=len(self)).astype(np.float32)

    def evidence(self, history: Weighted, items: Int32) -> Int32:
        """Index of the history item that adds most to each of these items' scores; see CandidateSource.evidence.

        items: (m,), each once.
        """
        positions, lengths = self._lists(history)
        column = np.full(len(self), -1, np.int32)
        column[items] = np.arange(len(items), dtype=np.int32)
        columns = column[self.indices[positions]]
        hit = np.flatnonzero(columns >= 0)
        rows = np.repeat(np.arange(len(history.items)), lengths)[hit]
        contributions = np.zeros((len(history.items), len(items)), np.float32)
        contributions[rows, columns[hit]] = self.weights[positions[hit]] * history.weights[rows]
        return strongest(contributions, history.indices)

    def _lists(self, history: Weighted) -> tuple[Int64, Int64]:
        """Where the lists of the history's items stand, one after the other, and the length of each."""
        starts = self.offsets[history.items]
        lengths = self.offsets[history.items + 1] - starts
        before = np.cumsum(lengths) - lengths
        return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths), lengths

    def lengthened(self, size: int) -> Self:
        """The same lists for `size` items: those added have none and are in none."""
        added = np.full(size - len(self), self.offsets[-1], np.int64)
        return type(self)(np.concatenate([self.offsets, added]), self.indices, self.weights)

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """For safetensors."""
        return {"offsets": self.offsets, "indices": self.indices, "weights": self.weights}

    @classmethod
    def of_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> Self:
        """What `tensors` gave. Raises KeyError."""
        return cls(tensors["offsets"], tensors["indices"], tensors["weights"])
