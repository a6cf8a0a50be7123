"""What tuning measures on: held-out choices in two halves, one to search by, one that is looked at once, at the end.

Fits single sources and whole models for given settings. Doesn't know how settings are chosen. Training only: imports torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from regulars.errors import NotEnoughData
from regulars.recommend.blend import MIN_CASES, Blend, ranks
from regulars.recommend.dataset import Histories, Int32, Int64, Query, Vocabulary
from regulars.recommend.metrics import ndcg_at, ndcg_gains
from regulars.recommend.model import Model
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSource
from regulars.recommend.sources.ease import EaseSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import Split, TrainSettings, _best_ease, _best_half_life, gather_cases, hold_out

if TYPE_CHECKING:
    from regulars.recommend.sequence_training import SequenceSettings, Trained

MAX_HALF = 1_500
"""Choices in a half: a trial's list-making takes two seconds then, and NDCG's standard error is under .008."""

EachEpoch = Callable[[int, float], None]
"""Called with the epoch and its NDCG@10; what it raises ends the training."""


class _Measured(Exception):
    """All that was asked for is known."""


@dataclass(frozen=True, slots=True)
class Half:
    """Some of the held-out choices."""

    queries: list[Query]
    targets: Int32


class Bench:
    """The shop's data, split once by the seed, and what was fitted with the defaults."""

    def __init__(self, vocabulary: Vocabulary, histories: Histories, seed: int) -> None:
        """Raises NotEnoughData when a half would hold fewer than MIN_CASES choices."""
        able = np.flatnonzero(np.diff(histories.offsets) >= 2)
        generator = np.random.default_rng(seed)
        count = min(2 * MAX_HALF, len(able))
        split = hold_out(histories, np.sort(generator.choice(able, count, replace=False)).astype(np.int64))
        cases = len(split.targets)
        if cases < 2 * MIN_CASES:
            raise NotEnoughData(
                f"There are {cases} people whose last choice can be held out; tuning needs {2 * MIN_CASES}.",
                hint="The defaults are good until then.",
            )
        order = generator.permutation(cases)
        self.vocabulary, self.past, self.seed = vocabulary, split.past, seed
        self.search = _half(split, np.sort(order[: cases // 2]))
        self.check = _half(split, np.sort(order[cases // 2 :]))
        usual = TrainSettings()
        seen = Split(split.past, self.search.queries, self.search.targets)
        self.popular = PopularSource.fit(len(vocabulary), self.past, _best_half_life(len(vocabulary), seen))
        self.text = TextSource.fit(vocabulary, usual.text, usual.text_source, seed)
        ease = _best_ease(len(vocabulary), seen, usual.ease)
        self.ease_half_life_days = ease.settings.half_life_days
        """Chosen anew in every training, so it isn't searched."""
        self._fitted: dict[tuple[str, object], CandidateSource] = {("ease", usual.ease): ease}

    def sources(self, settings: TrainSettings) -> list[CandidateSource]:
        """The sources that count, without the transformer. The last few of each kind are kept."""
        size = len(self.vocabulary)
        ease = replace(settings.ease, half_life_days=self.ease_half_life_days)
        makers: dict[tuple[str, object], Callable[[], CandidateSource]] = {
            ("ease", settings.ease): lambda: EaseSource.fit(size, self.past, ease),
            ("covisitation", settings.covisitation): lambda: CovisitationSource.fit(
                size, self.past, settings.covisitation
            ),
        }
        made = []
        for key, make in makers.items():
            if key not in self._fitted:
                self._fitted[key] = make()
            made.append(self._fitted[key])
        while len(self._fitted) > 6:
            self._fitted.pop(next(key for key in self._fitted if key not in makers))
        text = TextSource(self.text.rows, self.text.neighbours, self.text.encoder, settings.text_source)
        return [*made, text, self.popular]

    def value(self, settings: TrainSettings) -> float:
        """NDCG@10 of the counting sources on the search half, blended as well as two rounds can."""
        with threadpool_limits(1, user_api="blas"):
            model = self._model(self.sources(settings))
            cases = gather_cases(model, self.search.queries, self.search.targets)[0]
            blend = Blend.fit(model.source_names, cases, rounds=2)
            return ndcg_at(ranks(cases, blend.vector(model.source_names)), 10)

    def network_value(
        self, settings: TrainSettings, seconds: float, seed: int, each_epoch: EachEpoch
    ) -> tuple[float, bool]:
        """The best NDCG@10 of a transformer alone on the search half, stopped by it; and was it the clock that ended it?

        Raises NotEnoughData, and whatever each_epoch raises.
        """
        best, since, options = 0.0, 0, self._options(settings, seconds)
        by_clock = True

        def told(entry: dict[str, float]) -> None:
            nonlocal best, since, by_clock
            epoch, value = int(entry["epoch"]), entry["ndcg_at_10"]
            best, since = (value, 0) if value > best else (best, since + 1)
            each_epoch(epoch, value)
            over = since >= options.patience or epoch >= options.epochs
            by_clock = not over
            if over or entry["seconds"] * (1 + 1 / epoch) > options.max_seconds:
                raise _Measured  # exporting it would take longer than an epoch, for nothing

        with contextlib.suppress(_Measured):
            self._train(options, seed, told)
        return best, by_clock

    def network(self, settings: TrainSettings, seconds: float, seed: int) -> SequenceSource:
        """A transformer that is stopped by the search half. Raises NotEnoughData."""
        trained = self._train(self._options(settings, seconds), seed)
        return SequenceSource([trained.member], trained.length, self.text.encoder)

    def _options(self, settings: TrainSettings, seconds: float) -> SequenceSettings:
        from regulars.recommend.sequence_training import SequenceSettings

        return replace(settings.sequence or SequenceSettings(), max_seconds=seconds)

    def _train(
        self, options: SequenceSettings, seed: int, each_epoch: Callable[[dict[str, float]], None] | None = None
    ) -> Trained:
        from regulars.recommend.sequence_network import Content
        from regulars.recommend.sequence_training import Holdout, train_sequence

        holdout = Holdout([query.items for query in self.search.queries], self.search.targets)
        return train_sequence(
            Content(self.text.vectors, self.text.rows), self.past, holdout, options, seed, each_epoch=each_epoch
        )

    def gains(self, settings: TrainSettings, network: SequenceSource | None) -> npt.NDArray[np.float64]:
        """Each choice's NDCG@10 on the check half; the weights are fitted on the search half. (choices,)"""
        with threadpool_limits(1, user_api="blas"):
            model = self._model([*([network] if network else []), *self.sources(settings)])
            blend = Blend.fit(model.source_names, gather_cases(model, self.search.queries, self.search.targets)[0])
            return ndcg_gains(
                ranks(gather_cases(model, self.check.queries, self.check.targets)[0], blend.vector(model.source_names)),
                10,
            )

    def _model(self, sources: list[CandidateSource]) -> Model:
        blend = Blend.default([source.name for source in sources])
        return Model(self.vocabulary.product_ids, sources, blend, facts=self.vocabulary.facts)


def until(histories: Histories, milliseconds: int) -> Histories:
    """What had happened by then: a search that goes on later reads what it began with."""
    if not histories.clock:
        return histories
    keep = histories.times <= milliseconds
    people = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))[keep]
    counts = np.bincount(people, minlength=len(histories))
    there = None if histories.people is None else histories.people[counts > 0]
    counts = counts[counts > 0]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Histories(offsets, histories.items[keep], histories.times[keep], histories.strengths[keep], people=there)


def _half(split: Split, chosen: Int64) -> Half:
    return Half([split.queries[one] for one in chosen.tolist()], split.targets[chosen])
