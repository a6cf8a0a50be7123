"""People who chose this also chose that, soon after or before. Knows who touched things, not what they are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32, Histories, Int32, Int64, Query, Vocabulary
from regulars.recommend.sources._history import strongest, weighted_history
from regulars.recommend.sources.base import CandidateSource


@dataclass(frozen=True, slots=True)
class CovisitationSettings:
    """window: pairs up to this many steps apart count. lag_decay: weight of a pair, per further step apart.
    gap_half_life_days: and by the time between the two, where there is a clock. backward: weight of the earlier item
    as a neighbour of the later one. damping: exponents on the popularity of the item had and of the neighbour.
    neighbours: kept for each item. history_decay, history_half_life_days: how the past counts when serving.
    """

    window: int = 10
    lag_decay: float = 0.8
    gap_half_life_days: float = 14.0
    backward: float = 0.5
    damping: tuple[float, float] = (0.5, 0.3)
    neighbours: int = 100
    history_decay: float = 0.7
    history_half_life_days: float = 30.0


class CovisitationSource(CandidateSource):
    """Neighbour lists in CSR form: item i's are indices[offsets[i]:offsets[i+1]], with weights beside them."""

    name: ClassVar[str] = "covisitation"

    def __init__(self, offsets: Int64, indices: Int32, weights: Float32, settings: CovisitationSettings) -> None:
        """offsets: (n + 1,), indices and weights: (neighbour pairs,)."""
        self.offsets = offsets
        self.indices = indices
        self.weights = weights
        self.settings = settings

    @classmethod
    def fit(cls, size: int, histories: Histories, settings: CovisitationSettings | None = None) -> Self:
        """size: number of items. For i at step s and j at step s + l of one person, l ≤ window, i ≠ j:

        c(i → j) += √(strength of i · strength of j) · lag_decay^(l−1) · 2^(−time between / gap_half_life)
        c(j → i) += backward · the same
        weight(i → j) = c(i → j) / (mass(i)^damping₀ · mass(j)^damping₁), mass(i) = Σ_j c(i → j) + c(j → i)

        Deshpande & Karypis 2004 (item-based top-N with popularity damping), with recency added.
        """
        settings = settings or CovisitationSettings()
        counts = _count_pairs(size, histories, settings)
        mass = np.asarray(counts.sum(axis=1)).ravel() + np.asarray(counts.sum(axis=0)).ravel()
        mass = np.maximum(mass, 1e-9)
        rows = np.repeat(np.arange(size), np.diff(counts.indptr))
        weights = counts.data / (mass[rows] ** settings.damping[0] * mass[counts.indices] ** settings.damping[1])
        kept = _heaviest_per_row(rows, weights, counts.indptr, settings.neighbours)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=size))]).astype(np.int64)
        return cls(offsets, counts.indices[kept].astype(np.int32), weights[kept].astype(np.float32), settings)

    def scores(self, query: Query) -> Float32:
        """Σ_h history weight(h) · weight(h → item), (n,)."""
        history = weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)
        starts = self.offsets[history.items]
        lengths = self.offsets[history.items + 1] - starts
        total = int(lengths.sum())
        if total == 0:
            return np.zeros(len(self.offsets) - 1, np.float32)
        before = np.cumsum(lengths) - lengths
        positions = np.arange(total) + np.repeat(starts - before, lengths)
        contributions = self.weights[positions] * np.repeat(history.weights, lengths)
        summed = np.bincount(self.indices[positions], weights=contributions, minlength=len(self.offsets) - 1)
        return summed.astype(np.float32)

    def evidence(self, query: Query, items: Int32) -> Int32:
        history = weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)
        contributions = np.zeros((len(history.items), len(items)), np.float32)
        for row, (item, weight) in enumerate(zip(history.items, history.weights, strict=True)):
            near = slice(int(self.offsets[item]), int(self.offsets[item + 1]))
            order = np.argsort(self.indices[near], kind="stable")
            known = self.indices[near][order]
            if len(known):
                at = np.minimum(np.searchsorted(known, items), len(known) - 1)
                contributions[row] = np.where(known[at] == items, self.weights[near][order][at] * weight, 0)
        return strongest(contributions, history.indices)

    def extended(self, vocabulary: Vocabulary) -> Self:
        added = np.full(len(vocabulary) - (len(self.offsets) - 1), self.offsets[-1], np.int64)
        return type(self)(np.concatenate([self.offsets, added]), self.indices, self.weights, self.settings)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, npt.NDArray[Any]] = {
            "offsets": self.offsets,
            "indices": self.indices,
            "weights": self.weights,
        }
        save_file(tensors, folder / "covisitation.safetensors")
        (folder / "covisitation.json").write_text(json.dumps(asdict(self.settings)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            tensors = load_file(folder / "covisitation.safetensors")
            options = json.loads((folder / "covisitation.json").read_text())
            settings = CovisitationSettings(**{**options, "damping": tuple(options["damping"])})
            return cls(tensors["offsets"], tensors["indices"], tensors["weights"], settings)
        except Exception as error:
            raise DamagedModel(f"The co-visitation source in {folder} can't be read: {error}") from error


def _count_pairs(size: int, histories: Histories, settings: CovisitationSettings) -> Any:
    """c as a (size, size) CSR matrix. One lag at a time, so that memory grows with the pairs that differ."""
    people = np.repeat(np.arange(len(histories), dtype=np.int64), np.diff(histories.offsets))
    counts: Any = sparse.csr_matrix((size, size), dtype=np.float64)
    strength = np.sqrt(histories.strengths)
    for lag in range(1, settings.window + 1):
        valid = (people[lag:] == people[:-lag]) & (histories.items[lag:] != histories.items[:-lag])
        first = np.flatnonzero(valid)
        if len(first) == 0:
            continue
        second = first + lag
        weight = strength[first] * strength[second] * settings.lag_decay ** (lag - 1)
        if histories.clock:
            days = np.abs(histories.times[second] - histories.times[first]) / 86_400_000
            weight = weight * np.exp2(-days / settings.gap_half_life_days)
        pair = (weight.astype(np.float64), (histories.items[first], histories.items[second]))
        counts = counts + sparse.coo_matrix(pair, shape=(size, size)).tocsr()
    return (counts + settings.backward * counts.T).tocsr()


def _heaviest_per_row(rows: Int64, weights: Any, offsets: Any, limit: int) -> Int64:
    """Positions of each row's `limit` heaviest entries, in row order; equal weights in column order."""
    if len(rows) == 0 or int(np.diff(offsets).max()) <= limit:
        return np.arange(len(rows), dtype=np.int64)
    order = np.lexsort((-weights, rows))
    rank = np.arange(len(order)) - offsets[rows[order]]
    return np.sort(order[rank < limit])
