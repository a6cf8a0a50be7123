"""The nearest of very many vectors without comparing all: an inverted file of short codes. Knows no items' meaning, only places.

Vectors of one length are put into lists around centroids (spherical k-means). A question looks through the lists of the centroids
nearest to it, on codes of a byte a number; whoever asks scores the few best again exactly. (Inverted file with scalar
quantisation: Jégou, Douze & Schmid 2011; Sivic & Zisserman 2003.) NumPy alone: it is built in seconds where a graph of
neighbours takes minutes, and exclusions act inside the lists, so that a filter never leaves a list short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Int32, Int64
from regulars.recommend.sources.answers import Answer, Found, Mask, Proposal, best

PROBES = 96
"""Lists that are looked through: of 2,000 in a catalogue of a million, with some 48,000 items in them."""
WIDER = 4  # times as many candidates as wanted are scored again exactly
SAMPLE = 4_096  # items whose scores stand for all that isn't looked at, in sums over everything
FEW = 20_000  # what filters leave is scored whole when it isn't more than this
_TRAINED_ON = 64  # vectors a list that k-means sees
_ROUNDS = 8
_CHUNK = 8_192

Directions = Callable[[Int32], Float32]
"""(m,) places → (m, d) vectors, all of the same length."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What the looked-at lists hold. items: (m,) places; scores: (m,) to a hundredth or so of the vectors' length.

    rest: the sampled items (r,) that stand for the `unseen` items in no list that was looked at.
    """

    items: Int32
    scores: Float32
    rest: Int32
    unseen: int


@dataclass(frozen=True, slots=True)
class NearestIndex:
    """centroids: (c, d). List l holds the places order[offsets[l]:offsets[l + 1]], and codes in the same order; what was added since
    stands behind all lists and is always looked at. step: what one of a code's units is worth. sample: (s,) places, ascending;
    sample_list: the list of each.
    """

    centroids: Float32
    offsets: Int64
    order: Int32
    codes: npt.NDArray[np.int8]
    step: float
    sample: Int32
    sample_list: Int32

    def __len__(self) -> int:
        return len(self.order)

    @classmethod
    def build(cls, directions: Directions, size: int, seed: int = 0) -> Self:
        """Of `size` ≥ 1 vectors. Deterministic for a seed."""
        generator = np.random.default_rng(seed)
        lists = int(np.clip(2 * np.sqrt(size), 1, 4_096))
        seen = np.sort(generator.choice(size, min(size, lists * _TRAINED_ON), replace=False)).astype(np.int32)
        centroids = _centroids(directions(seen), lists, generator)
        own = np.empty(size, np.int32)
        largest = 1e-12
        for start in range(0, size, _CHUNK):
            block = directions(np.arange(start, min(start + _CHUNK, size), dtype=np.int32))
            own[start : start + len(block)] = (block @ centroids.T).argmax(axis=1)
            largest = max(largest, float(np.abs(block).max()))
        step = largest / 127
        order = np.argsort(own, kind="stable").astype(np.int32)
        codes = np.concatenate(
            [_coded(directions(order[start : start + _CHUNK]), step) for start in range(0, size, _CHUNK)]
        )
        offsets = np.concatenate([[0], np.cumsum(np.bincount(own, minlength=lists))]).astype(np.int64)
        sample = np.sort(generator.choice(size, min(size, SAMPLE), replace=False)).astype(np.int32)
        return cls(centroids, offsets, order, codes, step, sample, own[sample])

    def look(self, wanted: Float32, probes: int = PROBES) -> Hits:
        """wanted: (d,) of any length. What stands in the `probes` lists nearest to it."""
        near = self.centroids @ wanted
        lists = np.argpartition(-near, probes)[:probes] if probes < len(near) else np.arange(len(near))
        starts, ends = self.offsets[lists], self.offsets[lists + 1]
        spans = [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True) if end > start]
        if self.offsets[-1] < len(self.order):
            spans.append(slice(int(self.offsets[-1]), len(self.order)))
        scaled = (wanted * np.float32(self.step)).astype(np.float32)
        scores = np.concatenate([self.codes[span].astype(np.float32) @ scaled for span in spans])
        items = np.concatenate([self.order[span] for span in spans])
        looked = np.zeros(len(near), np.bool_)
        looked[lists] = True
        return Hits(items, scores, self.sample[~looked[self.sample_list]], len(self.order) - len(items))

    def extended(self, added: Float32) -> Self:
        """With (m, d) more vectors behind the present ones."""
        places = np.arange(len(self.order), len(self.order) + len(added), dtype=np.int32)
        codes = np.concatenate([self.codes, _coded(added, self.step)])
        order = np.concatenate([self.order, places])
        return type(self)(self.centroids, self.offsets, order, codes, self.step, self.sample, self.sample_list)

    @property
    def added(self) -> int:
        """How many vectors stand behind the lists."""
        return len(self.order) - int(self.offsets[-1])

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """For safetensors."""
        return {
            "centroids": self.centroids,
            "offsets": self.offsets,
            "order": self.order,
            "codes": self.codes,
            "step": np.array([self.step]),
            "sample": self.sample,
            "sample_list": self.sample_list,
        }

    @classmethod
    def of_tensors(cls, tensors: dict[str, npt.NDArray[Any]]) -> Self:
        """What `tensors` gave. Raises KeyError."""
        names = ("centroids", "offsets", "order", "codes", "step", "sample", "sample_list")
        centroids, offsets, order, codes, step, sample, sample_list = (tensors[name] for name in names)
        return cls(centroids, offsets, order, codes, float(step[0]), sample, sample_list)


class NearestAnswer(Answer):
    """Of a source whose score is directions(item) · wanted. Exact for every item named; which items are best is found by an index.

    The mean of exp(score) counts what was looked at one by one, and the rest by a seeded sample of all items.
    """

    def __init__(self, index: NearestIndex, directions: Directions, wanted: Float32, probes: int = PROBES) -> None:
        self._index = index
        self._directions = directions
        self._wanted = wanted
        self._probes = probes
        self._hits = index.look(wanted, probes)

    def best(self, k: int, exclude: Mask | None = None) -> Found:
        hits, probes, lists = self._hits, self._probes, len(self._index.centroids)
        out = np.zeros(len(hits.items), np.bool_) if exclude is None else exclude[hits.items]
        if exclude is not None and len(out) - np.count_nonzero(out) < WIDER * k:
            free = len(exclude) - int(np.count_nonzero(exclude))
            if free <= FEW:
                items = np.flatnonzero(~exclude).astype(np.int32)
                return Found(self._exactly(items, k), self._removed(hits, out, k, None))
            while len(out) - np.count_nonzero(out) < WIDER * k and probes < lists:
                probes *= 4
                hits = self._index.look(self._wanted, probes)
                out = exclude[hits.items]
        inside = np.flatnonzero(~out)
        found = self._exactly(hits.items[inside[_top(hits.scores[inside], WIDER * k)]], k)
        return Found(found, self._removed(hits, out, k, found))

    def at(self, items: Int32) -> Float32:
        scores: Float32 = self._directions(items) @ self._wanted
        return scores

    def total(self) -> np.float32:
        hits = self._hits
        rest = self.at(hits.rest).mean() * hits.unseen if len(hits.rest) else 0.0
        return np.float32(hits.scores.sum() + rest)

    def log_mean_exp(self) -> np.float32:
        hits = self._hits
        rest = self.at(hits.rest)
        top = max(hits.scores.max(initial=-np.inf), rest.max(initial=-np.inf))
        seen = np.exp(hits.scores - top).sum(dtype=np.float64)
        others = np.exp(rest - top).mean(dtype=np.float64) * hits.unseen if len(rest) else 0.0
        return np.float32(top + np.log((seen + others) / len(self._index)))

    def _exactly(self, items: Int32, k: int) -> Proposal:
        items = np.sort(items)
        found = best(self.at(items), k, -np.inf)
        return Proposal(items[found.items], found.scores)

    def _removed(self, hits: Hits, out: Mask, k: int, found: Proposal | None) -> Int32:
        """Of the excluded ones in the lists those that would have been proposed, k at most."""
        barred = np.flatnonzero(out)
        if len(barred) == 0:
            return hits.items[:0]
        barred = barred[_top(hits.scores[barred], k)]
        proposal = self._exactly(hits.items[barred], k)
        if found is None or len(found.items) < k:
            return proposal.items
        kept: Int32 = proposal.items[proposal.scores >= found.scores[-1]]
        return kept


def _top(scores: Float32, k: int) -> npt.NDArray[np.intp]:
    """Places of the k highest, in no order."""
    return np.argpartition(-scores, k - 1)[:k] if 0 < k < len(scores) else np.arange(len(scores) if k > 0 else 0)


def _coded(vectors: Float32, step: float) -> npt.NDArray[np.int8]:
    codes: npt.NDArray[np.int8] = np.clip(np.rint(vectors / np.float32(step)), -127, 127).astype(np.int8)
    return codes


def _centroids(vectors: Float32, lists: int, generator: np.random.Generator) -> Float32:
    """Spherical k-means: (lists, d) of length 1. A list that nobody is near takes a vector drawn anew."""
    centroids = _normed(vectors[generator.choice(len(vectors), lists, replace=False)])
    for _ in range(_ROUNDS):
        own = np.concatenate(
            [(vectors[start : start + _CHUNK] @ centroids.T).argmax(axis=1) for start in range(0, len(vectors), _CHUNK)]
        )
        order = np.argsort(own, kind="stable")
        found, starts = np.unique(own[order], return_index=True)
        centroids = vectors[generator.choice(len(vectors), lists, replace=False)].copy()
        centroids[found] = np.add.reduceat(vectors[order], starts, axis=0)
        centroids = _normed(centroids)
    return centroids


def _normed(vectors: Float32) -> Float32:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)
