"""Vectors of length 1, whose products are cosines. Knows neither texts nor products."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


def unit_rows(rows: Float32) -> Float32:
    """(n, dims) each row divided by its length; one shorter than a millionth, the vector of an empty text, becomes zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Float32 = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-6)
    return unit
