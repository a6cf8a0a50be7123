"""The bundle that serves: the sources, and the blend that makes one list of theirs. NumPy and onnxruntime only.

It speaks of items by their position in the vocabulary, and doesn't know stock, prices, rules or who is asking.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel, InvalidInput
from regulars.recommend.blend import SOURCE_ORDER, Blend, standardised
from regulars.recommend.dataset import Float32, Int32, Int64, Query, Vocabulary
from regulars.recommend.sources._neighbours import Neighbours
from regulars.recommend.sources.base import NO_EVIDENCE, CandidateSource, best
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.ease import EaseSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource

FORMAT = 1
"""Of a saved model's folder. A loader refuses what it doesn't know instead of guessing."""

LENDERS = 10
"""Text neighbours that lend to an item nobody touched yet what counting says of them."""

COUNTING = ("ease", "covisitation", "popular")
"""Sources that know an item only by what people did with it."""

SOURCE_TYPES: dict[str, type[CandidateSource]] = {
    source.name: source for source in (SequenceSource, EaseSource, CovisitationSource, TextSource, PopularSource)
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a model proposes for a query, best first.

    items: (c,) positions in the vocabulary. scores: (c,) blended, comparable within one query only.
    features: (c, f) each source's score on the blend's scale (blend.standardised), for rankers that come after.
    ranks: (c, sources) place from 0 in each source's own list, −1 where that source didn't propose the item.
    """

    items: Int32
    scores: Float32
    features: Float32
    feature_names: tuple[str, ...]
    ranks: npt.NDArray[np.int16]
    source_names: tuple[str, ...]
    removed: Int32
    """What sources had among their best but was excluded: a trace says of each which filter it was."""

    def __len__(self) -> int:
        return len(self.items)


class Model:
    """A set of sources and their blend. Immutable; threads share it. Works with any non-empty subset of the sources."""

    def __init__(self, product_ids: Int64, sources: Sequence[CandidateSource], blend: Blend) -> None:
        """product_ids: (n,) the store's ids of the items. Raises InvalidInput for no sources or an unknown one."""
        by_name = {source.name: source for source in sources}
        if not by_name or len(by_name) != len(sources) or any(name not in SOURCE_TYPES for name in by_name):
            raise InvalidInput(f"A model can't be made of the sources {[source.name for source in sources]}.")
        self.product_ids = product_ids
        self.sources = {name: by_name[name] for name in SOURCE_ORDER if name in by_name}
        self.source_names = tuple(self.sources)
        self.blend = blend
        self._weights = blend.vector(self.source_names)
        self._untouched, self._lenders = _lending(self.sources)
        self._is_untouched = np.zeros(len(product_ids), np.bool_)
        self._is_untouched[self._untouched] = True
        self._lender_items, self._lender_weights = _as_table(self._lenders)
        self._fixed = {
            name: self._without_query(name, source) for name, source in self.sources.items() if not source.personal
        }

    def __len__(self) -> int:
        return len(self.product_ids)

    def retrieve(self, query: Query, per_source: int = 100, exclude: Int32 | None = None) -> Candidates:
        """The best `per_source` items of each source, without the excluded, sorted by blended score.

        Every candidate has every source's score, also of those that didn't propose it. At most per_source × sources.
        """
        columns: list[Float32] = []
        lists: list[Int32] = []
        removed: list[Int32] = [np.zeros(0, np.int32)]
        barred = np.zeros(0, np.int32) if exclude is None else exclude
        silent = len(query.items) == 0 and query.context is None
        for name, source in self.sources.items():
            if name in self._fixed:
                column, in_order = self._fixed[name]
                proposed, out = _first_free(in_order, barred, len(self), per_source)
            else:
                scores = source.scores(query)
                column = standardised(name, scores)
                proposed, out = _best_free(scores, barred, per_source, source.floor)
            columns.append(column)
            if silent and name != "popular":
                proposed, out = proposed[:0], out[:0]
            lists.append(proposed)
            removed.append(out)
        items = np.unique(np.concatenate(lists))
        features = np.stack([column[items] for column in columns], axis=1)
        self._lend(items, columns, features)
        ranks = np.full((len(items), len(lists)), -1, np.int16)
        for number, proposed in enumerate(lists):
            ranks[np.searchsorted(items, proposed), number] = np.arange(len(proposed), dtype=np.int16)
        scores = features @ self._weights
        order = np.argsort(-scores, kind="stable")
        return Candidates(
            items[order],
            scores[order],
            features[order],
            self.source_names,
            ranks[order],
            self.source_names,
            np.unique(np.concatenate(removed)),
        )

    def evidence(self, query: Query, candidates: Candidates, places: Sequence[int]) -> list[tuple[str, int]]:
        """For the candidates at these places: (source that adds most to the score, index into query.items of what
        speaks for the item there).

        The index is CONTEXT_EVIDENCE for the open page and NO_EVIDENCE where nothing in particular does.
        """
        if len(places) == 0:
            return []
        chosen = np.asarray(places, np.int64)
        items = candidates.items[chosen]
        added = (candidates.features[chosen] * self._weights).T
        # What is lent is no evidence of its own: an untouched item is shown for its text or its place in a sequence.
        lent = np.flatnonzero(self._is_untouched[items])
        if len(lent):
            for number, name in enumerate(self.source_names):
                if name in COUNTING:
                    added[number, lent] = -np.inf
        strongest = added.argmax(axis=0)
        found = [("", NO_EVIDENCE)] * len(items)
        for number, source in enumerate(self.sources.values()):
            of_source = np.flatnonzero(strongest == number)
            if len(of_source):
                indices = source.evidence(query, items[of_source])
                for place, index in zip(of_source.tolist(), indices.tolist(), strict=True):
                    found[place] = (source.name, index)
        return found

    def _without_query(self, name: str, source: CandidateSource) -> tuple[Float32, Int32]:
        """Of a source that says the same to everybody: its blended column and its items, best first."""
        scores = source.scores(Query(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32)))
        order = best(scores, len(scores), source.floor).items
        return self._lent(name, standardised(name, scores)), order

    def _lend(self, items: Int32, columns: Sequence[Float32], features: Float32) -> None:
        """`_lent` for the candidates alone: in place, in the features of the counting sources that look at the query."""
        rows = np.flatnonzero(self._is_untouched[items])
        if len(rows) == 0:
            return
        place = np.searchsorted(self._untouched, items[rows])
        lenders, weights = self._lender_items[place], self._lender_weights[place]
        for number, name in enumerate(self.source_names):
            if name in COUNTING and name not in self._fixed:
                lent = (columns[number][lenders] * weights).sum(axis=1)
                features[rows, number] = np.maximum(features[rows, number], lent)

    def _lent(self, source: str, column: Float32) -> Float32:
        """A counting source's column, with untouched items given the mean of their text neighbours' values.

        Otherwise they would compete without a bonus that every other item has, and never be shown, never be touched.
        """
        if source in COUNTING and len(self._untouched):
            own = column[self._untouched]
            column[self._untouched] = np.maximum(own, self._lenders @ column)
        return column

    def extended(self, vocabulary: Vocabulary) -> Self:
        """The same model for a vocabulary that begins with the present items: products added since it was trained.

        Raises InvalidInput when the vocabulary doesn't begin with them.
        """
        if not np.array_equal(vocabulary.product_ids[: len(self)], self.product_ids):
            raise InvalidInput("The vocabulary doesn't begin with the items that the model has.", field="product_ids")
        if len(vocabulary) == len(self):
            return self
        sources = [source.extended(vocabulary) for source in self.sources.values()]
        return type(self)(vocabulary.product_ids, sources, self.blend)

    def save(self, folder: Path) -> None:
        """Write the model into a folder: model.json, blend.json, items.safetensors and one folder a source."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in self.sources.items():
            source.save(folder / name)
        self.blend.save(folder)
        save_file({"product_ids": self.product_ids}, folder / "items.safetensors")
        # Last, so that a folder with a model.json is a whole one.
        (folder / "model.json").write_text(json.dumps({"format": FORMAT, "sources": list(self.source_names)}))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises DamagedModel when a part is missing, unreadable or of another format."""
        try:
            document = json.loads((folder / "model.json").read_text())
            product_ids = load_file(folder / "items.safetensors")["product_ids"]
            names = [str(name) for name in document["sources"]]
        except Exception as error:
            raise DamagedModel(f"The model in {folder} can't be read: {error}") from error
        if document.get("format") != FORMAT or any(name not in SOURCE_TYPES for name in names):
            raise DamagedModel(f"The model in {folder} is of a format that this version doesn't know.")
        sources = [SOURCE_TYPES[name].load(folder / name) for name in names]
        model = cls(product_ids, sources, Blend.load(folder))
        sequence, text = model.sources.get("sequence"), model.sources.get("text")
        if isinstance(sequence, SequenceSource) and isinstance(text, TextSource):
            # Both save their encoder, mostly the same one: tens of megabytes that need not be held twice.
            sequence.share_encoder(text.encoder)
        return model


def _best_free(scores: Float32, barred: Int32, k: int, floor: float) -> tuple[Int32, Int32]:
    """The k best of (n,) scores that aren't barred, best first, and the barred ones (k at most) that rank among them.

    Changes scores.
    """
    of_barred = scores[barred]
    scores[barred] = -np.inf
    proposed = best(scores, k, floor)
    least = proposed.scores[-1] if len(proposed.items) == k else np.float32(floor)
    hit = np.flatnonzero((of_barred > floor) & (of_barred >= least))
    if len(hit) > k:
        hit = hit[np.argsort(-of_barred[hit], kind="stable")[:k]]
    return proposed.items, barred[hit]


def _first_free(order: Int32, barred: Int32, size: int, k: int) -> tuple[Int32, Int32]:
    """As _best_free, from all items in order of their scores."""
    out = np.zeros(size, np.bool_)
    out[barred] = True
    begin = order[: 2 * k]
    hit = out[begin]
    free = begin[~hit]
    if len(free) < k < len(order):
        hit = out[order]
        free, begin = order[~hit], order
    if len(free) > k:
        last = int(np.flatnonzero(~hit)[k - 1])
        return free[:k], begin[:last][hit[:last]][:k]
    return free, begin[hit][:k]


def _as_table(lenders: Any) -> tuple[Int32, Float32]:
    """A CSR matrix's rows side by side, (u, widest): columns and values, filled up with weight 0."""
    lengths = np.diff(lenders.indptr)
    widest = int(lengths.max()) if len(lengths) else 0
    items = np.zeros((len(lengths), widest), np.int32)
    weights = np.zeros((len(lengths), widest), np.float32)
    filled = np.arange(widest) < lengths[:, None]
    items[filled], weights[filled] = lenders.indices, lenders.data
    return items, weights


def _lending(sources: dict[str, CandidateSource]) -> tuple[Int32, Any]:
    """Items that no one touched but whose text has neighbours, (u,), and the (u, n) CSR weights of those, rows sum to 1.

    Weights are cosines over the LENDERS nearest that somebody touched.
    """
    text, counted = sources.get("text"), sources.get("covisitation")
    nothing = np.zeros(0, np.int32), sparse.csr_matrix((0, 0), dtype=np.float32)
    if not isinstance(text, TextSource) or not isinstance(counted, CovisitationSource):
        return nothing
    size = len(counted.neighbours)
    touched = np.diff(counted.neighbours.offsets) > 0
    touched[counted.neighbours.indices] = True
    untouched = np.flatnonzero(~touched)
    if len(untouched) in (0, size):
        return nothing
    near = text.neighbours
    lists = sparse.csr_matrix((near.weights, near.indices, near.offsets), shape=(size, size))[untouched]
    lists.data *= touched[lists.indices]
    lists.eliminate_zeros()
    lenders = Neighbours.of(lists, LENDERS)
    has = np.diff(lenders.offsets) > 0
    matrix = sparse.csr_matrix((lenders.weights, lenders.indices, lenders.offsets), shape=(len(untouched), size))[has]
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    matrix.data /= np.repeat(sums, np.diff(matrix.indptr))
    return untouched[has].astype(np.int32), matrix
