"""The bundle that serves: the sources, the blend that makes one list of theirs, and the ranker that puts its head in order.
NumPy, onnxruntime and LightGBM only.

It speaks of items by their position in the vocabulary, and doesn't know stock, prices, rules or who is asking.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel, InvalidInput
from regulars.recommend import causes, compiled
from regulars.recommend.blend import SOURCE_ORDER, Blend, on_scale, standardised
from regulars.recommend.dataset import Float32, Int32, Int64, ItemFacts, Query, Vocabulary
from regulars.recommend.features import FEATURES, features
from regulars.recommend.ranker import RANKED, Ranker
from regulars.recommend.sources._neighbours import Neighbours
from regulars.recommend.sources.answers import Answer, Mask, best
from regulars.recommend.sources.base import NO_EVIDENCE, CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.ease import EaseSource
from regulars.recommend.sources.factors import FactorsSource
from regulars.recommend.sources.image import ImageSource
from regulars.recommend.sources.judge import JudgeSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource

FORMAT = 2
"""Of a saved model's folder. A loader refuses what it doesn't know instead of guessing."""

LENDERS = 10
"""Text and picture neighbours that lend to an item nobody touched yet what counting says of them."""

COUNTING = ("ease", "factors", "covisitation", "popular")
"""Sources that know an item only by what people did with it."""

SOURCE_TYPES: dict[str, type[CandidateSource]] = {
    source.name: source
    for source in (
        SequenceSource,
        EaseSource,
        FactorsSource,
        CovisitationSource,
        TextSource,
        JudgeSource,
        ImageSource,
        PopularSource,
    )
}


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a model proposes for a query, best first.

    items: (c,) positions in the vocabulary. scores: (c,) comparable within one query only.
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
    rows: Float32 = field(default_factory=lambda: np.zeros((0, len(FEATURES)), np.float32))
    """(r, len(FEATURES)) what a ranker is told of the first r candidates: it is logged for the next one to learn from."""
    expected_without: Float32 | None = None
    """(h, d) what the transformer expects without each of causes.steps_of(query): asked along where reasons will be."""

    def __len__(self) -> int:
        return len(self.items)


_NO_ITEMS = np.zeros(0, np.int32)


class Model:
    """A set of sources and their blend. Immutable; threads share it. Works with any non-empty subset of the sources."""

    def __init__(
        self,
        product_ids: Int64,
        sources: Sequence[CandidateSource],
        blend: Blend,
        ranker: Ranker | None = None,
        facts: ItemFacts | None = None,
    ) -> None:
        """product_ids: (n,) the store's ids of the items. facts: of the same items; None = nothing is known of them.

        Raises InvalidInput for no sources or an unknown one.
        """
        by_name = {source.name: source for source in sources}
        if not by_name or len(by_name) != len(sources) or any(name not in SOURCE_TYPES for name in by_name):
            raise InvalidInput(f"A model can't be made of the sources {[source.name for source in sources]}.")
        self.product_ids = product_ids
        self.sources = {name: by_name[name] for name in SOURCE_ORDER if name in by_name}
        self.source_names = tuple(self.sources)
        self.blend = blend
        self.ranker = ranker
        self.facts = facts
        self._weights = blend.vector(self.source_names)
        self._untouched, lenders = _lending(self.sources)
        self._lender_items, self._lender_weights = _as_table(lenders)
        self._is_untouched = np.zeros(len(product_ids), np.bool_)
        self._is_untouched[self._untouched] = True
        self._fixed = {
            name: self._without_query(name, source) for name, source in self.sources.items() if not source.personal
        }

    def __len__(self) -> int:
        return len(self.product_ids)

    @property
    def looks(self) -> bool:
        """Whether pictures take part, so that an added product's picture is worth reading."""
        sequence = self.sources.get("sequence")
        return "image" in self.sources or (isinstance(sequence, SequenceSource) and sequence.space is not None)

    def retrieve(
        self, query: Query, per_source: int = 100, exclude: Int32 | Mask | None = None, *, explained: bool = False
    ) -> Candidates:
        """The best `per_source` items of each source, without the excluded, sorted by the ranker's score, or by the
        blend's where there is no ranker.

        exclude: positions, or an (n,) mask that is True for them. Every candidate has every source's score, also of those that
        didn't propose it. At most per_source × sources. explained: `evidence` will be asked of them, and what it needs of the transformer
        is worked out along.
        """
        barred = _as_mask(exclude, len(self))
        silent = len(query.items) == 0 and query.context is None
        answers: list[Answer | None] = []
        lists: list[Int32] = []
        removed: list[Int32] = []
        steps = causes.steps_of(query)[0] if explained else _NO_ITEMS
        without: Float32 | None = None
        for name, source in self.sources.items():
            if name in self._fixed:
                answers.append(None)
                proposed, out = _first_free(self._fixed[name][1], barred, per_source)
            else:
                if len(steps) > 1 and isinstance(source, SequenceSource):
                    answer, without = source.answer_without(query, steps)
                else:
                    answer = source.answer(query)
                answers.append(answer)
                best_of = answer.best(per_source, barred)
                proposed, out = best_of.proposal.items, best_of.removed
            if silent and name != "popular":
                proposed, out = proposed[:0], out[:0]
            lists.append(proposed)
            removed.append(out)
        lengths = np.array([len(one) for one in lists], np.int64)
        items, ranks = compiled.merged(np.concatenate(lists), np.concatenate([[0], np.cumsum(lengths)]))
        values = np.stack(
            [self._column(name, answer, items) for name, answer in zip(self.sources, answers, strict=True)], axis=1
        )
        self._lend(items, answers, values)
        # A score that is no number says nothing: an item whose score can't be compared has no place in a list or a log.
        if not np.isfinite(values).all():
            np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        # Who did nothing yet is shown the popular in their order: ranker and blend learned from people who did something.
        popular = self.source_names.index("popular") if silent and "popular" in self.sources else None
        with np.errstate(invalid="ignore"):  # some processors' products raise it of lanes that hold nothing
            scores = values @ self._weights if popular is None else values[:, popular].copy()
        order = np.argsort(-scores, kind="stable")
        found = Candidates(
            items[order],
            scores[order],
            values[order],
            self.source_names,
            ranks[order],
            self.source_names,
            np.unique(np.concatenate(removed)),
            expected_without=without,
        )
        found = replace(found, rows=self._rows(query, found))
        return found if self.ranker is None or silent else _ranked(self.ranker, found)

    def _rows(self, query: Query, candidates: Candidates) -> Float32:
        """What a ranker is told of the first RANKED candidates in the blend's order, (r, len(FEATURES))."""
        items = candidates.items[:RANKED]
        return features(
            self.sources,
            query,
            items,
            candidates.scores[:RANKED],
            candidates.features[:RANKED],
            candidates.ranks[:RANKED],
            self._is_untouched[items],
            self.facts,
        )

    def knowing(self, facts: ItemFacts | None) -> Self:
        """The same model with these facts about its items. Raises InvalidInput when they are of another number."""
        if facts is not None and len(facts) != len(self):
            raise InvalidInput(f"There are facts of {len(facts)} items; the model has {len(self)}.", field="facts")
        other = copy.copy(self)
        other.facts = facts
        return other

    def evidence(self, query: Query, candidates: Candidates, places: Sequence[int]) -> list[tuple[str, int]]:
        """For the candidates at these places: (source, index into query.items of what the person did that moves the item there).

        Of several things the one is named without which the item would fall furthest, and the source through which it does.
        The index is CONTEXT_EVIDENCE for the open page and NO_EVIDENCE where nothing in particular moves it; then the source
        is the one that adds most to its score.
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
        names = [self.source_names[number] for number in strongest.tolist()]
        if len(causes.steps_of(query)[0]) < 2:
            # The open page alone, or the one thing they did: without it there would be another list altogether.
            return self._spoken(query, items, names)
        found = [(name, NO_EVIDENCE) for name in names]
        moving = [at for at, name in enumerate(names) if self.sources[name].personal]
        if moving:
            for at, cause in zip(moving, self._causes(query, candidates, chosen[moving]), strict=True):
                if cause is not None:
                    found[at] = cause
        return found

    def _spoken(self, query: Query, items: Int32, names: Sequence[str]) -> list[tuple[str, int]]:
        """What each item's strongest source itself says speaks for it: with an open page alone there is nothing else."""
        found = [("", NO_EVIDENCE)] * len(items)
        for name in dict.fromkeys(names):
            of_source = [at for at, one in enumerate(names) if one == name]
            indices = self.sources[name].evidence(query, items[of_source])
            for at, index in zip(of_source, indices.tolist(), strict=True):
                found[at] = (name, index)
        return found

    def _causes(
        self, query: Query, candidates: Candidates, places: npt.NDArray[np.int64]
    ) -> list[tuple[str, int] | None]:
        """What makes each item fall furthest when it is taken away, and through which source; None where nothing does."""
        compared = np.unique(np.concatenate([np.arange(min(causes.COMPARED, len(candidates))), places]))
        items = candidates.items[compared]
        values = {name: candidates.features[compared, number] for number, name in enumerate(self.source_names)}
        steps, indices = causes.steps_of(query)
        by_source = causes.effects(
            self.sources, query, items, values, self.blend.weights, steps, candidates.expected_without
        )
        if not by_source or not len(steps):
            return [None] * len(places)
        stacked = np.stack(list(by_source.values()))
        together = stacked.sum(axis=0)
        scores = np.ascontiguousarray(candidates.scores[compared])
        blended = candidates.features[compared] @ self._weights
        apart = blended - blended.mean()
        slope = float(apart @ (scores - scores.mean())) / max(float(apart @ apart), 1e-9)
        at = np.searchsorted(compared, places)
        fell = compiled.falls(scores, together * np.float32(max(slope, 1e-6)), at)
        names = list(by_source)
        step, through = compiled.causes_of(fell, together, stacked, at, causes.LEAST)
        return [
            None if one < 0 else (names[source], int(indices[one]))
            for one, source in zip(step.tolist(), through.tolist(), strict=True)
        ]

    def _without_query(self, name: str, source: CandidateSource) -> tuple[Float32, Int32]:
        """Of a source that says the same to everybody: its blended column and its items, best first."""
        scores = source.scores(Query(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32)))
        order = best(scores, len(scores), source.floor).items
        column = standardised(name, scores)
        if name in COUNTING:
            column[self._untouched] = np.maximum(column[self._untouched], self._lent(column, self._untouched))
        return column, order

    def _column(self, name: str, answer: Answer | None, items: Int32) -> Float32:
        """A source's values of these items on the blend's scale; answer: None where it says the same to everybody."""
        return self._fixed[name][0][items] if answer is None else on_scale(name, answer, items)

    def _lend(self, items: Int32, answers: Sequence[Answer | None], values: Float32) -> None:
        """Gives untouched candidates what their text neighbours lend: in place, in the features of the counting sources
        that look at the query.

        Otherwise they would compete without a bonus that every other item has, and never be shown, never be touched.
        """
        rows = np.flatnonzero(self._is_untouched[items])
        if len(rows) == 0:
            return
        place = np.searchsorted(self._untouched, items[rows])
        lenders, weights = self._lender_items[place], self._lender_weights[place]
        for number, (name, answer) in enumerate(zip(self.source_names, answers, strict=True)):
            if name in COUNTING and answer is not None:
                scaled = on_scale(name, answer, lenders.ravel()).reshape(lenders.shape)
                values[rows, number] = np.maximum(values[rows, number], (scaled * weights).sum(axis=1))

    def _lent(self, column: Float32, untouched: Int32) -> Float32:
        """The mean of the text neighbours' values in a counting source's column, for each of these untouched items."""
        place = np.searchsorted(self._untouched, untouched)
        lent: Float32 = (column[self._lender_items[place]] * self._lender_weights[place]).sum(axis=1)
        return lent

    def extended(self, vocabulary: Vocabulary) -> Self:
        """The same model for a vocabulary that begins with the present items: products added since it was trained.

        Raises InvalidInput when the vocabulary doesn't begin with them.
        """
        if not np.array_equal(vocabulary.product_ids[: len(self)], self.product_ids):
            raise InvalidInput("The vocabulary doesn't begin with the items that the model has.", field="product_ids")
        if len(vocabulary) == len(self):
            return self
        sources = [source.extended(vocabulary) for source in self.sources.values()]
        return type(self)(vocabulary.product_ids, sources, self.blend, self.ranker, vocabulary.facts)

    def save(self, folder: Path) -> None:
        """Write the model into a folder: model.json, blend.json, items.safetensors and one folder a source."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in self.sources.items():
            source.save(folder / name)
        self.blend.save(folder)
        if self.ranker is not None:
            self.ranker.save(folder)
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
        model = cls(product_ids, sources, Blend.load(folder), Ranker.load(folder))
        sequence, text = model.sources.get("sequence"), model.sources.get("text")
        if isinstance(sequence, SequenceSource) and isinstance(text, TextSource):
            # Both save their encoder, mostly the same one: tens of megabytes that need not be held twice.
            sequence.share_encoder(text.encoder)
        return model


def _ranked(ranker: Ranker, found: Candidates) -> Candidates:
    """The first RANKED in the ranker's order; those behind keep theirs, each below what stands before it."""
    count = len(found.rows)
    if count == 0:
        return found
    own = ranker.scores(found.rows)
    head = np.argsort(-own, kind="stable")
    order = np.concatenate([head, np.arange(count, len(found))])
    behind = found.scores[count:] - found.scores[count - 1] + own.min()
    return replace(
        found,
        items=found.items[order],
        scores=np.concatenate([own[head], behind]).astype(np.float32),
        features=found.features[order],
        ranks=found.ranks[order],
        rows=found.rows[head],
    )


def _as_mask(exclude: Int32 | Mask | None, size: int) -> Mask:
    if exclude is not None and exclude.dtype == np.bool_:
        return exclude.view(np.bool_)
    mask = np.zeros(size, np.bool_)
    if exclude is not None:
        mask[exclude] = True
    return mask


def _first_free(order: Int32, barred: Mask, k: int) -> tuple[Int32, Int32]:
    """Of all items in order of their scores: the first k that aren't barred, and the barred ones (k at most) among them.

    Looks only as far as it has to.
    """
    end = 2 * k
    while True:
        begin = order[:end]
        hit = barred[begin]
        free = begin[~hit]
        if len(free) >= k or end >= len(order):
            break
        end *= 4
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
    """Items that no one touched but whose text or picture has neighbours, (u,), and the (u, n) CSR weights of those, rows sum to 1.

    Weights are cosines over the LENDERS nearest that somebody touched; where both are known, of text and picture
    together.
    """
    text, counted, image = sources.get("text"), sources.get("covisitation"), sources.get("image")
    nothing = np.zeros(0, np.int32), sparse.csr_matrix((0, 0), dtype=np.float32)
    if not isinstance(text, TextSource) or not isinstance(counted, CovisitationSource):
        return nothing
    size = len(counted.neighbours)
    touched = np.diff(counted.neighbours.offsets) > 0
    touched[counted.neighbours.indices] = True
    untouched = np.flatnonzero(~touched)
    if len(untouched) in (0, size):
        return nothing
    near = [text.neighbours, *([image.neighbours] if isinstance(image, ImageSource) else [])]
    lists = sum(
        sparse.csr_matrix((one.weights, one.indices, one.offsets), shape=(size, size))[untouched] for one in near
    )
    lists.data *= touched[lists.indices]
    lists.eliminate_zeros()
    lenders = Neighbours.of(lists, LENDERS)
    has = np.diff(lenders.offsets) > 0
    matrix = sparse.csr_matrix((lenders.weights, lenders.indices, lenders.offsets), shape=(len(untouched), size))[has]
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    matrix.data /= np.repeat(sums, np.diff(matrix.indptr))
    return untouched[has].astype(np.int32), matrix
