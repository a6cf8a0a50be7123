"""Turns product texts into short dense vectors by counting: TF-IDF of words and character n-grams, then an SVD.

Does not know grammar, synonyms or translations: two texts are near when they share words or pieces of words.
Fitted on a catalogue in seconds, works for any script, and needs no pretrained weights.
"""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel, InvalidInput
from regulars.language.unit_vectors import unit_rows

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import CountVectorizer

Float32 = npt.NDArray[np.float32]

MAX_CHARACTERS = 2_000
"""A text is read up to here. A name and the start of a description say what a thing is; a page of terms does not."""

# Scripts written without spaces: each character is a token of its own, so that pairs of them act as words.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class TextSettings:
    """dims: length of a vector. max_words, max_pieces: the vocabulary's bounds, the commonest are kept, 0 for none;
    together with dims they bound an encoder's size: (max_words + max_pieces) × dims × 2 bytes. min_documents: a term in
    fewer texts says nothing about likeness (1 below 100 texts). max_share: nor does one in more of them than this, and it
    costs most (no limit below 100 texts). iterations: power iterations of the randomised SVD.
    pieces: shortest and longest character n-gram.
    """

    dims: int = 256
    max_words: int = 20_000
    max_pieces: int = 20_000
    min_documents: int = 2
    max_share: float = 0.1
    iterations: int = 2
    pieces: tuple[int, int] = (3, 5)


def normalise(text: str) -> str:
    """Unicode NFKC, lower case, Latin accents removed, cut to MAX_CHARACTERS."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).lower()
    if text.isascii():
        return text
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    """Words and neighbouring pairs of words; in Chinese and Japanese, characters and pairs of characters."""
    tokens = _TOKEN.findall(text)
    return tokens + [f"{a} {b}" for a, b in itertools.pairwise(tokens)]


def pieces(text: str, shortest: int = 3, longest: int = 5) -> list[str]:
    """Character n-grams of each word with a space on both sides: "ox" → " ox", "ox ", " ox "; an unspaced run is one."""
    out: list[str] = []
    for word in _TOKEN.sub(lambda m: m.group() + ("" if _is_unspaced(m.group()) else " "), text).split():
        padded = f" {word} "
        for n in range(shortest, longest + 1):
            out.extend([padded[i : i + n] for i in range(len(padded) - n + 1)])
    return out


def _is_unspaced(token: str) -> bool:
    return len(token) == 1 and re.match(rf"[{_UNSPACED}]", token) is not None


class TextEncoder:
    """TF-IDF → SVD, fitted on a catalogue. Immutable after `fit` or `load`; threads may share it."""

    def __init__(self, terms: dict[str, list[str]], idf: Float32, components: Float32, settings: TextSettings) -> None:
        """terms: {"words": [...], "pieces": [...]}, idf: (v,), components: (v, dims) with v = words + pieces."""
        self.terms = terms
        self.idf = idf
        self.components = components
        self.settings = settings

    @cached_property
    def _counters(self) -> dict[str, CountVectorizer | None]:
        """Made at first use: most processes that load an encoder only serve vectors made before."""
        return {
            kind: _counter(kind, self.settings, vocabulary=self.terms[kind]) if self.terms[kind] else None
            for kind in ("words", "pieces")
        }

    @property
    def dims(self) -> int:
        """Length of a vector, always `settings.dims`: a tiny catalogue's missing directions are zeros."""
        return self.settings.dims

    @classmethod
    def fit(cls, texts: Sequence[str], settings: TextSettings | None = None, seed: int = 0) -> Self:
        """Learn vocabulary, weights and directions from n texts.

        TF-IDF: (1 + ln tf) · (1 + ln((1 + n) / (1 + df))), words and pieces each scaled to unit length
        (Salton & Buckley 1988; scikit-learn's smooth idf). SVD: Halko, Martinsson & Tropp 2011.
        Raises InvalidInput for no texts at all.
        """
        return cls.fit_rows(texts, settings, seed)[0]

    @classmethod
    def fit_rows(cls, texts: Sequence[str], settings: TextSettings | None = None, seed: int = 0) -> tuple[Self, Any]:
        """`fit`, and `rows` of the same texts without counting them twice."""
        if len(texts) == 0:
            raise InvalidInput("A text encoder needs at least one text.", field="texts")
        settings = settings or TextSettings()
        cleaned = [normalise(text) for text in texts]
        terms: dict[str, list[str]] = {"words": [], "pieces": []}
        counts: dict[str, Any] = {}
        for kind, limit in (("words", settings.max_words), ("pieces", settings.max_pieces)):
            if limit == 0:
                continue
            counter = _counter(kind, settings, documents=len(texts))
            try:
                counted = counter.fit_transform(cleaned)
            except ValueError:  # "empty vocabulary": no text, or no term common to enough texts
                continue
            terms[kind] = [str(term) for term in counter.get_feature_names_out()]
            counts[kind] = counted
        size = sum(map(len, terms.values()))
        frequency = [np.bincount(counted.indices, minlength=counted.shape[1]) for counted in counts.values()]
        documents = np.concatenate(frequency) if frequency else np.zeros(0)
        idf = (1 + np.log((1 + len(texts)) / (1 + documents))).astype(np.float32)
        components = np.zeros((size, settings.dims), np.float32)
        matrix = sparse.csr_matrix((len(texts), 0), dtype=np.float32)
        if size:
            matrix = _weigh(list(counts.values()), idf)
            from sklearn.utils.extmath import randomized_svd

            rank = min(settings.dims, size, len(texts))
            _, _, directions = randomized_svd(matrix, rank, n_iter=settings.iterations, random_state=seed)
            components[:, :rank] = directions.T
        # Half precision is what is stored: rounding now makes a loaded encoder equal to the fitted one.
        encoder = cls(terms, idf, components.astype(np.float16).astype(np.float32), settings)
        return encoder, _unit_sparse_rows(matrix)

    def transform(self, texts: Sequence[str]) -> Float32:
        """Vectors of n texts, (n, dims) float32, each of length 1, or all zeros where no known term occurs."""
        return self.project(self.rows(texts))

    def rows(self, texts: Sequence[str]) -> Any:
        """TF-IDF of n texts before the SVD, (n, v) CSR float32, rows of length 1 or empty. Exact where vectors blur."""
        cleaned = [normalise(text) for text in texts]
        counted = [
            counter.transform(cleaned) for kind in ("words", "pieces") if (counter := self._counters[kind]) is not None
        ]
        if not counted or not cleaned:
            return sparse.csr_matrix((len(texts), len(self.idf)), dtype=np.float32)
        return _unit_sparse_rows(_weigh(counted, self.idf))

    def project(self, rows: Any) -> Float32:
        """`rows` → vectors, (n, dims) float32, each of length 1 or all zeros."""
        vectors = np.asarray(rows @ self.components, np.float32)
        return unit_rows(vectors)

    def same_as(self, other: TextEncoder) -> bool:
        """Do both give the same vector to every text?"""
        return (
            self.settings == other.settings
            and self.terms == other.terms
            and np.array_equal(self.idf, other.idf)
            and np.array_equal(self.components, other.components)
        )

    def save(self, folder: Path) -> None:
        """Write text_terms.json and text_components.safetensors into the folder, which is made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        options = {name: getattr(self.settings, name) for name in self.settings.__slots__}
        document = {"settings": options, "terms": self.terms}
        (folder / "text_terms.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        tensors: dict[str, npt.NDArray[Any]] = {"idf": self.idf, "components": self.components.astype(np.float16)}
        save_file(tensors, folder / "text_components.safetensors")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises DamagedModel when a file is missing or the parts do not fit."""
        try:
            document = json.loads((folder / "text_terms.json").read_text(encoding="utf-8"))
            tensors = load_file(folder / "text_components.safetensors")
            settings = TextSettings(**{**document["settings"], "pieces": tuple(document["settings"]["pieces"])})
            terms, idf, components = document["terms"], tensors["idf"], tensors["components"].astype(np.float32)
        except Exception as error:
            raise DamagedModel(f"The text encoder in {folder} can't be read: {error}") from error
        if components.shape != (len(terms["words"]) + len(terms["pieces"]), settings.dims):
            raise DamagedModel(f"The text encoder in {folder} has a vocabulary and a matrix of different sizes.")
        return cls(terms, idf, components, settings)


class _Analyser:
    """Module-level callables instead of lambdas, so that a counter can be copied between processes."""

    def __init__(self, kind: str, lengths: tuple[int, int]) -> None:
        self.kind, self.lengths = kind, lengths

    def __call__(self, text: str) -> list[str]:
        return words(text) if self.kind == "words" else pieces(text, *self.lengths)


def _counter(
    kind: str, settings: TextSettings, documents: int = 0, vocabulary: Sequence[str] | None = None
) -> CountVectorizer:
    # Loaded here: scikit-learn takes most of a second, and serving needs it only when a product was added.
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(
        analyzer=_Analyser(kind, settings.pieces),
        min_df=settings.min_documents if documents >= 100 else 1,
        max_df=settings.max_share if documents >= 100 else 1.0,
        max_features=None if vocabulary else settings.max_words if kind == "words" else settings.max_pieces,
        vocabulary=vocabulary,
        dtype=np.float32,
    )


def _weigh(counted: Sequence[Any], idf: Float32) -> Any:
    """Counts → TF-IDF, one block beside the other, each block's rows of length 1; (n, v) CSR."""
    blocks, start = [], 0
    for counts in counted:
        block = sparse.csr_matrix(counts, dtype=np.float32, copy=True)
        block.data = (1 + np.log(block.data)) * idf[start + block.indices]
        start += block.shape[1]
        blocks.append(_unit_sparse_rows(block))
    return sparse.hstack(blocks, format="csr", dtype=np.float32)


def _unit_sparse_rows(matrix: Any) -> Any:
    """Each row of a CSR matrix divided by its length; empty rows stay."""
    squares = np.concatenate([[0.0], np.cumsum(matrix.data.astype(np.float64) ** 2)])
    lengths = np.sqrt(np.maximum(squares[matrix.indptr[1:]] - squares[matrix.indptr[:-1]], 0))
    scale = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    data = (matrix.data * np.repeat(scale, np.diff(matrix.indptr))).astype(np.float32)
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)
