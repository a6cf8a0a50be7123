"""The directions in which a catalogue's pictures differ. Knows vectors, not pictures; shared by the sources that use them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32

MAX_DIMS = 64
_FITTED_ON = 20_000
_FILE = "pictures.safetensors"


@dataclass(frozen=True, slots=True)
class PictureSpace:
    """Principal components of the pictures' vectors (PCA, Pearson 1901), so that what all pictures of a shop share (a
    white ground, a studio's light) makes none of them alike. mean: (d,); components: (d, k), k at most MAX_DIMS.
    """

    mean: Float32
    components: Float32

    @classmethod
    def fit(cls, pictures: Float32) -> Self:
        """pictures: (n, d), zero rows where there is none. Of many an evenly spread sample is looked at."""
        present = np.flatnonzero(pictures.any(axis=1))
        chosen = present[:: max(1, len(present) // _FITTED_ON)]
        rows = pictures[chosen].astype(np.float64)
        mean = rows.mean(axis=0) if len(rows) else np.zeros(pictures.shape[1])
        centred = rows - mean
        dims = max(1, min(MAX_DIMS, len(rows) - 1, pictures.shape[1]))
        _, vectors = np.linalg.eigh(centred.T @ centred)
        return cls(mean.astype(np.float32), np.ascontiguousarray(vectors[:, ::-1][:, :dims], np.float32))

    @property
    def dims(self) -> int:
        return len(self.components.T)

    def project(self, pictures: Float32 | None, size: int) -> Float32:
        """(size, d) vectors, or None for none at all → (size, k), rows of length 1, or zero where there is no picture."""
        out = np.zeros((size, self.dims), np.float32)
        if pictures is None:
            return out
        present = np.flatnonzero(pictures.any(axis=1))
        rows = (pictures[present] - self.mean) @ self.components
        out[present] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return out

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"mean": self.mean, "components": self.components}, folder / _FILE)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What `save` wrote, or None where it wrote nothing. Raises DamagedModel."""
        if not (folder / _FILE).exists():
            return None
        try:
            tensors = load_file(folder / _FILE)
            return cls(tensors["mean"], tensors["components"])
        except Exception as error:
            raise DamagedModel(f"The picture space in {folder} can't be read: {error}") from error
