"""People who chose this also chose that, soon after or before. Knows who touched things, not what they are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Histories, Query, Vocabulary
from regulars.recommend.sources._history import Weighted, weighted_history
from regulars.recommend.sources._neighbours import Neighbours, NeighbourSource


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
    damping: tuple[float, float] = (0.5, 0.0)
    neighbours: int = 100
    history_decay: float = 0.7
    history_half_life_days: float = 30.0


class CovisitationSource(NeighbourSource):
    """Score of an item: Σ_h history weight(h) · weight(h → item), from each item's list of neighbours."""

    name: ClassVar[str] = "covisitation"

    def __init__(self, neighbours: Neighbours, settings: CovisitationSettings) -> None:
        self.neighbours = neighbours
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
        counts.data /= mass[rows] ** settings.damping[0] * mass[counts.indices] ** settings.damping[1]
        return cls(Neighbours.of(counts, settings.neighbours), settings)

    def extended(self, vocabulary: Vocabulary) -> Self:
        return type(self)(self.neighbours.lengthened(len(vocabulary)), self.settings)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self.neighbours.tensors(), folder / "covisitation.safetensors")
        (folder / "covisitation.json").write_text(json.dumps(asdict(self.settings)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            neighbours = Neighbours.of_tensors(load_file(folder / "covisitation.safetensors"))
            options = json.loads((folder / "covisitation.json").read_text())
            return cls(neighbours, CovisitationSettings(**{**options, "damping": tuple(options["damping"])}))
        except Exception as error:
            raise DamagedModel(f"The co-visitation source in {folder} can't be read: {error}") from error

    def _history(self, query: Query) -> Weighted:
        return weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)


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
