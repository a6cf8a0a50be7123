"""Things whose texts resemble what the person did. Doesn't know what others chose: a product added today counts too."""

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
from regulars.language.text_features import TextEncoder, TextSettings
from regulars.language.unit_vectors import unit_rows
from regulars.recommend.dataset import Float32, Query, Vocabulary
from regulars.recommend.sources._history import Weighted, weighted_history
from regulars.recommend.sources._neighbours import Neighbours, NeighbourSource

_CHUNK = 256
"""Rows of the similarity matrix held at once: tens of megabytes for 100,000 items."""

ADDED_LONGER = 4
"""Times as many neighbours for an item that was added after the fit."""


@dataclass(frozen=True, slots=True)
class TextSourceSettings:
    """neighbours: kept for each item. history_decay per step back, history_half_life_days where there is a clock."""

    neighbours: int = 100
    history_decay: float = 0.6
    history_half_life_days: float = 30.0


class TextSource(NeighbourSource):
    """Score of an item: Σ_h history weight(h) · cos(TF-IDF of h, TF-IDF of the item), over each h's nearest items.

    The exact rows, not the encoder's short vectors: a brand or a model name that few texts share is what an SVD blurs
    first and what a buyer goes by. The lists are made when fitting; serving adds up a few thousand numbers.
    """

    name: ClassVar[str] = "text"

    def __init__(
        self, rows: Any, neighbours: Neighbours, encoder: TextEncoder, settings: TextSourceSettings | None = None
    ) -> None:
        """rows: (n, v) CSR from TextEncoder.rows. neighbours: of the same n items."""
        self.rows = rows
        self.neighbours = neighbours
        self.encoder = encoder
        self.settings = settings or TextSourceSettings()

    @classmethod
    def fit(
        cls,
        vocabulary: Vocabulary,
        text_settings: TextSettings | None = None,
        settings: TextSourceSettings | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit the encoder on the catalogue and find each item's neighbours. Raises InvalidInput for an empty one."""
        encoder, rows = TextEncoder.fit_rows(vocabulary.texts, text_settings, seed)
        return cls._near(rows, encoder, settings)

    @classmethod
    def read_with(
        cls, encoder: TextEncoder, vocabulary: Vocabulary, settings: TextSourceSettings | None = None
    ) -> Self:
        """With an encoder that was fitted before, on a catalogue that has changed little since."""
        return cls._near(encoder.rows(list(vocabulary.texts)), encoder, settings)

    @classmethod
    def _near(cls, rows: Any, encoder: TextEncoder, settings: TextSourceSettings | None) -> Self:
        settings = settings or TextSourceSettings()
        near = Neighbours.of(_similar(rows, rows, settings.neighbours), settings.neighbours)
        return cls(rows, near, encoder, settings)

    @property
    def vectors(self) -> Float32:
        """(n, dims) the encoder's short vectors of all items, computed at each call."""
        return self.encoder.project(self.rows)

    def likeness(self, items: npt.NDArray[np.integer[Any]]) -> Float32:
        """(m,) items → (m, m) how alike their texts are, in [0, 1]: cosines of the short vectors, which see past the single word."""
        unit = (
            self._short()[items]
            if self.rows.shape[0] <= self.dense_up_to
            else unit_rows(self.encoder.project(self.rows[items]))
        )
        near = (1 + unit @ unit.T) / 2
        np.fill_diagonal(near, 1.0)
        return np.asarray(near, np.float32)

    def _short(self) -> Float32:
        """(n, dims) unit vectors of all items, made when they are first asked for: a small catalogue's fit into a few megabytes."""
        kept: Float32 | None = getattr(self, "_short_vectors", None)
        if kept is None:
            kept = self._short_vectors = unit_rows(self.vectors)
        return kept

    def extended(self, vocabulary: Vocabulary) -> Self:
        """New items have lists of their own, and stand in the lists of the items in theirs. Old weights don't change."""
        old = self.rows.shape[0]
        added = self.encoder.rows(list(vocabulary.texts[old:]))
        rows = sparse.vstack([self.rows, added], format="csr") if old else added
        # Of a thing nobody touched its text is all there is: its list is longer than the others'.
        forward = _similar(rows[old:], rows, ADDED_LONGER * self.settings.neighbours, first=old)
        return type(self)(rows, self.neighbours.joined(forward), self.encoder, self.settings)

    def save(self, folder: Path) -> None:
        self.encoder.save(folder)
        tensors: dict[str, npt.NDArray[Any]] = {
            "row_offsets": self.rows.indptr.astype(np.int64),
            "row_terms": self.rows.indices.astype(np.int32),
            "row_weights": self.rows.data,
            **self.neighbours.tensors(),
        }
        save_file(tensors, folder / "text.safetensors")
        (folder / "text.json").write_text(json.dumps(asdict(self.settings)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        encoder = TextEncoder.load(folder)
        try:
            tensors = load_file(folder / "text.safetensors")
            neighbours = Neighbours.of_tensors(tensors)
            parts = (tensors["row_weights"], tensors["row_terms"], tensors["row_offsets"])
            rows = sparse.csr_matrix(parts, shape=(len(neighbours), len(encoder.idf)))
            settings = TextSourceSettings(**json.loads((folder / "text.json").read_text()))
        except Exception as error:
            raise DamagedModel(f"The text source in {folder} can't be read: {error}") from error
        return cls(rows, neighbours, encoder, settings)

    def _history(self, query: Query) -> Weighted:
        return weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)


def _similar(left: Any, right: Any, limit: int, first: int = 0) -> Any:
    """Cosines of the rows of left to their `limit` nearest in right, as (len(left), len(right)) CSR, itself left out.

    left's row i is right's row first + i.
    """
    transposed = right.T.tocsr()
    indices, data, counts = [], [], []
    for start in range(0, left.shape[0], _CHUNK):
        block = (left[start : start + _CHUNK] @ transposed).tocsr()
        own = first + start + np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        block.data[block.indices == own] = 0
        block.eliminate_zeros()
        for row in range(block.shape[0]):
            span = slice(block.indptr[row], block.indptr[row + 1])
            weights, near = block.data[span], block.indices[span]
            if len(weights) > limit:
                chosen = np.argpartition(weights, len(weights) - limit)[-limit:]
                weights, near = weights[chosen], near[chosen]
            order = np.argsort(near)
            indices.append(near[order])
            data.append(weights[order])
            counts.append(len(near))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    parts = (
        np.concatenate(data) if data else np.zeros(0, np.float32),
        np.concatenate(indices) if indices else np.zeros(0, np.int32),
        offsets,
    )
    return sparse.csr_matrix(parts, shape=(left.shape[0], right.shape[0]))
