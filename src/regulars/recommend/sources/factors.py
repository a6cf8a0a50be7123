"""Taste as a few dozen numbers: matrix factorisation by alternating least squares. Knows who chose things, not what they are.

Hu, Koren & Volinsky 2008, "Collaborative filtering for implicit feedback datasets", with the scaled regularisation of
Rendle, Krichene, Zhang & Koren 2021, "Revisiting the performance of iALS on item recommendation benchmarks", on choices
that fade as in sources/ease.py. A person's numbers aren't kept: they are solved for from what the query says, so that
somebody who came a minute ago is answered like anybody else.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.linalg
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32, Histories, Int32, Query, Vocabulary
from regulars.recommend.sources._history import Weighted, strongest, whole_history
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.ease import choices

_BLOCK = 100_000
"""Choices whose products are held at once: 100,000 of width 64 are 26 MB."""


@dataclass(frozen=True, slots=True)
class FactorsSettings:
    """width: numbers an item. unobserved: weight of "didn't choose" against 1 of "chose". regularisation: λ, times
    (choices + unobserved · possible ones) for each person and item. sweeps over people and items, each of `steps` steps of
    conjugate gradients. half_life_days: how fast a choice fades when counting, infinite = never; history_half_life_days:
    and when serving.
    """

    width: int = 64
    unobserved: float = 0.1
    regularisation: float = 0.003
    sweeps: int = 12
    steps: int = 3
    half_life_days: float = math.inf
    history_half_life_days: float = 60.0


class FactorsSource(CandidateSource):
    """Score of an item: u · v(item), u the vector of the query's person, solved for in the query; 1 is "surely", below 0 is 0."""

    name: ClassVar[str] = "factors"

    def __init__(self, vectors: Float32, gram: Float32, settings: FactorsSettings) -> None:
        """vectors: (n, width), zeros for an item nobody chose. gram: (width, width), what every person's equations share."""
        self.vectors = vectors
        self.gram = gram
        self.settings = settings

    @classmethod
    def fit(cls, size: int, histories: Histories, settings: FactorsSettings | None = None, seed: int = 0) -> Self:
        """size: number of items. Minimises, over vectors u of people p and v of items i, with w the faded choices:

        Σ_chosen w (1 − u·v)² + unobserved Σ_all (u·v)² + λ Σ_p (Σ w + unobserved · n) |u|² + the same for items
        """
        settings = settings or FactorsSettings()
        chosen = choices(size, histories, settings.half_life_days)
        chosen.data **= 2  # choices() gives roots
        transposed = chosen.T.tocsr()
        generator = np.random.default_rng(seed)
        items = generator.normal(0, 0.1 / math.sqrt(settings.width), (size, settings.width)).astype(np.float32)
        people = np.zeros((chosen.shape[0], settings.width), np.float32)
        for _ in range(settings.sweeps):
            people = _solved(chosen, people, items, settings)
            items = _solved(transposed, items, people, settings)
        items[np.diff(transposed.indptr) == 0] = 0
        gram = settings.unobserved * (items.T @ items)
        gram[np.diag_indices(settings.width)] += settings.regularisation * settings.unobserved * size
        return cls(items, gram, settings)

    def scores(self, query: Query) -> Float32:
        history = self._history(query)
        if len(history.items) == 0:
            return np.zeros(len(self.vectors), np.float32)
        expected: Float32 = self.vectors @ self._pull(history).sum(axis=0)
        return np.asarray(np.maximum(expected, 0), np.float32)

    def evidence(self, query: Query, items: Int32) -> Int32:
        """The history item that adds most: a solution of linear equations is a sum of one part for each of them."""
        history = self._history(query)
        if len(history.items) == 0:
            return strongest(np.zeros((0, len(items)), np.float32), history.indices)
        return strongest(self._pull(history) @ self.vectors[items].T, history.indices)

    def extended(self, vocabulary: Vocabulary) -> Self:
        added = np.zeros((len(vocabulary) - len(self.vectors), self.vectors.shape[1]), np.float32)
        return type(self)(np.concatenate([self.vectors, added]), self.gram, self.settings)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"vectors": self.vectors, "gram": self.gram}, folder / "factors.safetensors")
        finite = math.isfinite(self.settings.half_life_days)
        options = {**asdict(self.settings), "half_life_days": self.settings.half_life_days if finite else None}
        (folder / "factors.json").write_text(json.dumps(options))

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            tensors = load_file(folder / "factors.safetensors")
            options = json.loads((folder / "factors.json").read_text())
            half_life = math.inf if options["half_life_days"] is None else float(options["half_life_days"])
            return cls(tensors["vectors"], tensors["gram"], FactorsSettings(**{**options, "half_life_days": half_life}))
        except Exception as error:
            raise DamagedModel(f"The factors in {folder} can't be read: {error}") from error

    def _history(self, query: Query) -> Weighted:
        return whole_history(query, self.settings.history_half_life_days)

    def _pull(self, history: Weighted) -> Float32:
        """What each of the history's items adds to the person's vector, (h, width)."""
        weights = history.weights / history.weights.max()
        vectors = self.vectors[history.items]
        own = self.gram + (vectors * weights[:, None]).T @ vectors
        own[np.diag_indices(len(own))] += self.settings.regularisation * weights.sum() + 1e-6
        pulled: Float32 = scipy.linalg.solve(own, (vectors * weights[:, None]).T, assume_a="pos").T.astype(np.float32)
        return pulled


def _solved(weights: Any, start: Float32, other: Float32, settings: FactorsSettings) -> Float32:
    """One side's vectors, given the other's: (rows, width). A few steps of conjugate gradients for all rows at once, from
    where they stand (Takács, Pilászy & Tikk 2011). weights: (rows, columns) CSR.
    """
    shared = settings.unobserved * (other.T @ other)
    masses = np.asarray(weights.sum(axis=1)).ravel() + settings.unobserved * weights.shape[1]
    ridge = (settings.regularisation * masses)[:, None].astype(np.float32)
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))

    def applied(x: Float32) -> Float32:
        dots = np.empty(len(rows), np.float32)
        for begin in range(0, len(rows), _BLOCK):
            span = slice(begin, begin + _BLOCK)
            dots[span] = np.einsum("ij,ij->i", x[rows[span]], other[weights.indices[span]])
        chosen = sparse.csr_matrix((weights.data * dots, weights.indices, weights.indptr), weights.shape) @ other
        product: Float32 = x @ shared + ridge * x + chosen
        return product

    x = start.copy()
    left = (weights @ other - applied(x)).astype(np.float32)
    direction, size = left.copy(), np.einsum("ij,ij->i", left, left)
    for _ in range(settings.steps):
        along = applied(direction)
        length = size / np.maximum(np.einsum("ij,ij->i", direction, along), 1e-20)
        x += length[:, None] * direction
        left -= length[:, None] * along
        before, size = size, np.einsum("ij,ij->i", left, left)
        direction = left + (size / np.maximum(before, 1e-20))[:, None] * direction
    return x.astype(np.float32)
