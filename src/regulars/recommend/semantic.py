"""What products mean, as vectors of the bundled sentence encoder, in which English and Chinese lie together. Knows no words.

Two looks at a product: its titles, and its kind: the mean of what its category's products are called and described as, or the category's name. A kind
is what a query mostly means, and a mean of ten texts says it better than any of them. All texts of a language and sort share a direction that says only
which they are; it is taken off (Mu & Viswanath 2018).
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from regulars.language.sentence_vectors import SentenceEncoder
from regulars.language.unit_vectors import unit_rows
from regulars.recommend.items import Item

Float32 = npt.NDArray[np.float32]
MOST = 50_000  # products up to which meaning is searched; past it words alone
DESCRIBED = 240  # characters of a description that are read: its first sentences
AT_ONCE = 64


class VectorStore:
    """Vectors of texts as they were encoded, by the text's hash; kept in a file, so that a start doesn't encode a shop anew."""

    def __init__(self, encoder: SentenceEncoder, path: Path | None = None) -> None:
        """pause: times as long as a batch took that is waited after it, where something else has to go on beside."""
        self.pause = 0.0
        self.encoder = encoder
        self.path = path
        self._known: dict[str, Float32] = {}
        if path is not None and path.exists():
            try:
                kept = load_file(path)
                self._known = dict(zip(_names(kept["hashes"]), kept["vectors"].astype(np.float32), strict=True))
            except Exception:  # a cache: what can't be read is made again
                self._known = {}

    def rows(self, texts: Sequence[str]) -> Float32:
        """(n, dims) of these texts; new ones are encoded, those that aren't asked for any more are forgotten by `keep`."""
        names = [_hash(text) for text in texts]
        new = [(name, text) for name, text in dict(zip(names, texts, strict=True)).items() if name not in self._known]
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            began = time.monotonic()
            self._known.update(
                zip([name for name, _ in some], self.encoder.encode([text for _, text in some]), strict=True)
            )
            if self.pause and start + AT_ONCE < len(new):
                time.sleep(self.pause * (time.monotonic() - began))
        if not texts:
            return np.zeros((0, self.encoder.dims), np.float32)
        return np.stack([self._known[name] for name in names])

    def keep(self, texts: Sequence[str]) -> None:
        """Forgets all others, and writes the file."""
        wanted = {_hash(text) for text in texts}
        self._known = {name: vector for name, vector in self._known.items() if name in wanted}
        if self.path is None or not self._known:
            return
        hashes = np.array([list(bytes.fromhex(name)) for name in self._known], np.uint8)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(f".{os.getpid()}.part")
        save_file({"hashes": hashes, "vectors": np.stack(list(self._known.values())).astype(np.float16)}, part)
        part.replace(self.path)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _names(hashes: npt.NDArray[np.uint8]) -> list[str]:
    return [bytes(row.tolist()).hex() for row in hashes]


@dataclass(frozen=True, slots=True)
class Near:
    """(n,) how near each product is to a query: by its titles, by its kind."""

    title: Float32
    kind: Float32


class SemanticIndex:
    """Vectors of n products. Immutable."""

    def __init__(self, items: Sequence[Item], store: VectorStore) -> None:
        """items: at most MOST."""
        self.encoder = store.encoder
        self._views: list[tuple[Float32, Float32]] = []
        self._means: list[Float32] = []
        languages = _languages(items)
        texts: list[str] = []
        kinds, names = _kinds(items)
        self._kinds = kinds
        for language in languages:
            titles = [item.texts.get(language, {}).get("title", "") for item in items]
            about = [item.texts.get(language, {}).get("description", "")[:DESCRIBED] for item in items]
            texts += titles + about
            title_rows, about_rows = store.rows(titles), store.rows(about)
            self._means.append(_mean(title_rows))
            centred_titles, centred_about = _centred(title_rows), _centred(about_rows)
            kind_rows = unit_rows(_grouped(centred_titles, kinds) + _grouped(centred_about, kinds))
            self._views.append((centred_titles, kind_rows))
        named = [" ".join(name) for name in names]
        texts += named
        self._names = _centred(store.rows(named))
        self._name_mean = _mean(store.rows(named)) if named else np.zeros(self.encoder.dims, np.float32)
        store.keep(texts)

    def near(self, query: str) -> Near:
        """How near everything is to a query."""
        asked = self.encoder.encode([query])[0]
        n = len(self._kinds)
        title, kind = np.zeros(n, np.float32), np.zeros(n, np.float32)
        for (titles, kinds), mean in zip(self._views, self._means, strict=True):
            own = unit_rows((asked - mean)[None])[0]
            title = np.maximum(title, titles @ own)
            kind = np.maximum(kind, (kinds @ own)[self._kinds])
        own = unit_rows((asked - self._name_mean)[None])[0]
        kind = np.maximum(kind, (self._names @ own)[self._kinds])
        return Near(title, kind)


def _languages(items: Sequence[Item]) -> list[str]:
    counted: dict[str, int] = {}
    for item in items:
        for language in item.texts:
            counted[language] = counted.get(language, 0) + 1
    return sorted(counted, key=lambda one: -counted[one])[:4]


def _kinds(items: Sequence[Item]) -> tuple[npt.NDArray[np.int64], list[tuple[str, ...]]]:
    """(n,) the number of each product's category, and the narrowest name of each."""
    numbers: dict[tuple[str, ...], int] = {}
    of = [numbers.setdefault(item.category, len(numbers)) for item in items]
    return np.array(of, np.int64), [path[-1:] for path in numbers]


def _mean(rows: Float32) -> Float32:
    some = rows[np.abs(rows).sum(axis=1) > 0]
    return np.asarray(some.mean(axis=0) if len(some) else np.zeros(rows.shape[1]), np.float32)


def _centred(rows: Float32) -> Float32:
    """Without their mean, of length 1; an empty text stays a row of zeros."""
    there = np.abs(rows).sum(axis=1) > 0
    out = rows - _mean(rows)
    out[~there] = 0
    return unit_rows(out)


def _grouped(rows: Float32, groups: npt.NDArray[np.int64]) -> Float32:
    """(groups, dims) the mean of each group's rows."""
    size = int(groups.max(initial=-1)) + 1
    out = np.zeros((size, rows.shape[1]), np.float32)
    np.add.at(out, groups, rows)
    counts = np.maximum(np.bincount(groups, minlength=size), 1)[:, None]
    return np.asarray(out / counts, np.float32)
