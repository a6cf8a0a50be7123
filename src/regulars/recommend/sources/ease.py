"""What goes with the whole of what a person chose, in no particular order. Knows who chose things, not what they are.

The linear item-item model EASE (Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data") on choices that fade:
where baskets have no order inside and histories are long, it sees what a model of the next step doesn't.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file
from scipy.linalg import lapack

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32, Histories, Query, Vocabulary
from regulars.recommend.sources._history import Weighted, whole_history
from regulars.recommend.sources._neighbours import Neighbours, NeighbourSource


@dataclass(frozen=True, slots=True)
class EaseSettings:
    """half_life_days: how fast a choice fades when counting, where there is a clock; infinite = never. regularisation:
    λ. items: the most chosen that take part; the matrix that is inverted has their number squared (6,000: 300 MB and
    about ten seconds). neighbours: kept for each item, the heaviest. history_half_life_days: how the past counts when
    serving.
    """

    half_life_days: float = 30.0
    regularisation: float = 200.0
    items: int = 6_000
    neighbours: int = 100
    history_half_life_days: float = 60.0


class EaseSource(NeighbourSource):
    """Score of an item: Σ_h weight(h) · B(h → item), over the different things h in a person's history."""

    name: ClassVar[str] = "ease"

    def __init__(self, neighbours: Neighbours, settings: EaseSettings) -> None:
        self.neighbours = neighbours
        self.settings = settings

    @classmethod
    def fit(cls, size: int, histories: Histories, settings: EaseSettings | None = None) -> Self:
        """size: number of items. X: (people, items), √ of each choice's faded weight, the strongest where repeated.

        P = (XᵀX + λI)⁻¹,  B(i → j) = −P(i, j) / P(j, j),  B(i → i) = 0.

        Of B the positive entries are kept: a list of reasons can't say "because you did not".
        """
        settings = settings or EaseSettings()
        chosen = choices(size, histories, settings.half_life_days)
        mass = np.asarray(chosen.multiply(chosen).sum(axis=0)).ravel()
        taking_part = np.sort(np.argsort(-mass, kind="stable")[: settings.items])
        taking_part = taking_part[mass[taking_part] > 0]
        part = chosen[:, taking_part]
        gram = (part.T @ part).toarray().astype(np.float64)
        weights = _ease(gram, settings.regularisation)
        limit = min(settings.neighbours, len(taking_part))
        rows, columns, data = _heaviest(weights, limit)
        lists = sparse.csr_matrix((data, (taking_part[rows], taking_part[columns])), shape=(size, size))
        return cls(Neighbours.of(lists, settings.neighbours), settings)

    def extended(self, vocabulary: Vocabulary) -> Self:
        return type(self)(self.neighbours.lengthened(len(vocabulary)), self.settings)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self.neighbours.tensors(), folder / "ease.safetensors")
        options = {**asdict(self.settings), "half_life_days": _finite(self.settings.half_life_days)}
        (folder / "ease.json").write_text(json.dumps(options))

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            neighbours = Neighbours.of_tensors(load_file(folder / "ease.safetensors"))
            options = json.loads((folder / "ease.json").read_text())
            half_life = math.inf if options["half_life_days"] is None else float(options["half_life_days"])
            return cls(neighbours, EaseSettings(**{**options, "half_life_days": half_life}))
        except Exception as error:
            raise DamagedModel(f"The EASE source in {folder} can't be read: {error}") from error

    def _history(self, query: Query) -> Weighted:
        return whole_history(query, self.settings.history_half_life_days)


def choices(size: int, histories: Histories, half_life_days: float) -> Any:
    """X as (people, size) CSR: the root of each choice's faded weight."""
    people = np.repeat(np.arange(len(histories), dtype=np.int64), np.diff(histories.offsets))
    pairs, inverse = np.unique(people * size + histories.items, return_inverse=True)
    weights = np.ones(len(histories.items), np.float32)
    if histories.clock and len(weights):
        weights = np.exp2(-(histories.times.max() - histories.times) / (86_400_000 * half_life_days)).astype(np.float32)
    strongest = np.zeros(len(pairs), np.float32)
    np.maximum.at(strongest, inverse, weights)
    return sparse.csr_matrix((np.sqrt(strongest), (pairs // size, pairs % size)), shape=(len(histories), size))


def _ease(gram: npt.NDArray[np.float64], regularisation: float) -> npt.NDArray[np.float64]:
    """B of EASE from XᵀX, in the memory of XᵀX and one more of its size."""
    diagonal = np.diag_indices(len(gram))
    gram[diagonal] += regularisation
    factor, failed = lapack.dpotrf(gram.T, lower=1, overwrite_a=1)
    inverse, singular = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or singular:  # λ > 0 makes the matrix positive definite: only numbers that aren't finite get here
        return np.zeros_like(gram)
    lower = np.tril(inverse, -1)
    weights: npt.NDArray[np.float64] = -(lower + lower.T) / np.diag(inverse)
    return weights


def _heaviest(
    weights: npt.NDArray[np.float64], limit: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Float32]:
    """Row, column and value of the `limit` largest positive entries of each row."""
    if limit == 0:
        nothing = np.zeros(0, np.intp)
        return nothing, nothing, np.zeros(0, np.float32)
    columns = np.argpartition(-weights, limit - 1, axis=1)[:, :limit]
    data = np.take_along_axis(weights, columns, axis=1)
    rows = np.repeat(np.arange(len(weights)), limit).reshape(data.shape)
    kept = data > 0
    return rows[kept], columns[kept], data[kept].astype(np.float32)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
