"""Things whose pictures look like those of what the person chose. Doesn't know words or what others chose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel, InvalidInput
from regulars.recommend.dataset import Float32, Query, Vocabulary
from regulars.recommend.sources._history import Weighted, weighted_history
from regulars.recommend.sources._neighbours import Neighbours, NeighbourSource
from regulars.recommend.sources._pictures import PictureSpace

MIN_SHARE = 0.1
"""With fewer pictures a product would be found for having one, more than for what is on it."""

_CELLS = 2_000_000
"""Similarities held at once: eight megabytes."""


@dataclass(frozen=True, slots=True)
class ImageSourceSettings:
    """neighbours: kept for each item. history_decay per step back, history_half_life_days where there is a clock."""

    neighbours: int = 100
    history_decay: float = 0.6
    history_half_life_days: float = 30.0


class ImageSource(NeighbourSource):
    """Score of an item: Σ_h history weight(h) · cos(picture of h, picture of the item), over each h's nearest items.

    Cosines are of PictureSpace's vectors, whose mean is 0: a picture no more alike than any two adds nothing.
    """

    name: ClassVar[str] = "image"

    def __init__(
        self,
        vectors: Float32,
        neighbours: Neighbours,
        space: PictureSpace,
        settings: ImageSourceSettings | None = None,
    ) -> None:
        """vectors: (n, k) of the space, zero rows where there is no picture. neighbours: of the same n items."""
        self.vectors = vectors
        self.neighbours = neighbours
        self.space = space
        self.settings = settings or ImageSourceSettings()

    @classmethod
    def fits(cls, vocabulary: Vocabulary) -> bool:
        """Whether enough of the items have pictures: MIN_SHARE of them, and at least two."""
        if vocabulary.pictures is None:
            return False
        count = int(np.count_nonzero(vocabulary.pictures.any(axis=1)))
        return count >= max(2.0, MIN_SHARE * len(vocabulary))

    @classmethod
    def fit(cls, vocabulary: Vocabulary, settings: ImageSourceSettings | None = None) -> Self:
        """Fit the space on the catalogue and find each item's neighbours. Raises InvalidInput without pictures."""
        if vocabulary.pictures is None:
            raise InvalidInput("There are no pictures to compare.", field="pictures")
        settings = settings or ImageSourceSettings()
        space = PictureSpace.fit(vocabulary.pictures)
        vectors = space.project(vocabulary.pictures, len(vocabulary))
        near = _similar(vectors, vectors, settings.neighbours)
        return cls(vectors, Neighbours.of(near, settings.neighbours), space, settings)

    def extended(self, vocabulary: Vocabulary) -> Self:
        """New items have lists of their own, and stand in the lists of the items in theirs. Old weights don't change.

        Pictures of items that the source has already aren't read again.
        """
        old, size = len(self.vectors), len(vocabulary)
        pictures = None if vocabulary.pictures is None else vocabulary.pictures[old:]
        vectors = np.concatenate([self.vectors, self.space.project(pictures, size - old)])
        forward = _similar(vectors[old:], vectors, self.settings.neighbours, first=old)
        return type(self)(vectors, self.neighbours.joined(forward), self.space, self.settings)

    def save(self, folder: Path) -> None:
        self.space.save(folder)
        save_file({"vectors": self.vectors, **self.neighbours.tensors()}, folder / "image.safetensors")
        (folder / "image.json").write_text(json.dumps(asdict(self.settings)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        space = PictureSpace.load(folder)
        if space is None:
            raise DamagedModel(f"The image source in {folder} has no picture space.")
        try:
            tensors = load_file(folder / "image.safetensors")
            settings = ImageSourceSettings(**json.loads((folder / "image.json").read_text()))
            return cls(tensors["vectors"], Neighbours.of_tensors(tensors), space, settings)
        except Exception as error:
            raise DamagedModel(f"The image source in {folder} can't be read: {error}") from error

    def _history(self, query: Query) -> Weighted:
        return weighted_history(query, self.settings.history_decay, self.settings.history_half_life_days)


def _similar(left: Float32, right: Float32, limit: int, first: int = 0) -> Any:
    """Positive cosines of the rows of left to their `limit` nearest in right, (len(left), len(right)) CSR, itself left out.

    left's row i is right's row first + i.
    """
    size = len(right)
    keep = min(limit, size)
    chunk = max(1, _CELLS // max(size, 1))
    rows, columns, data = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    transposed = np.ascontiguousarray(right.T)
    for start in range(0, len(left), chunk):
        block = left[start : start + chunk] @ transposed
        own = np.arange(len(block))
        block[own, first + start + own] = 0
        near = np.argpartition(block, size - keep, axis=1)[:, size - keep :]
        weights = np.take_along_axis(block, near, axis=1)
        row, place = np.nonzero(weights > 1e-6)
        rows.append(row + start)
        columns.append(near[row, place])
        data.append(weights[row, place])
    parts = (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns)))
    lists = sparse.csr_matrix(parts, shape=(len(left), size))
    lists.sort_indices()
    return lists
