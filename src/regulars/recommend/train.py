"""Fits a model from people's histories, offline. Knows arrays, not the store; imports torch only where it is used."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from regulars.errors import NotEnoughData
from regulars.language.text_features import TextSettings
from regulars.recommend.blend import Blend, Cases, ranks
from regulars.recommend.dataset import Float32, Histories, Int32, Int64, Query, Vocabulary
from regulars.recommend.metrics import ranking_report
from regulars.recommend.model import Model
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSettings, CovisitationSource
from regulars.recommend.sources.ease import EaseSettings, EaseSource
from regulars.recommend.sources.popular import DEFAULT_HALF_LIFE_DAYS, PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource, TextSourceSettings

if TYPE_CHECKING:
    from regulars.recommend.sequence_training import SequenceSettings

Progress = Callable[[float, str], None]

MAX_VALIDATION_PEOPLE = 5_000
"""Recall's standard error is then under .005; more would only take learning away."""

HALF_LIVES_DAYS = (7.0, 30.0, 90.0)
EASE_HALF_LIVES_DAYS = (30.0, 90.0, math.inf)
MAX_EASE_CASES = 2_000

STARTER_TEXT = TextSettings(dims=96, max_words=10_000, max_pieces=0, iterations=1)
"""Words only, fewer directions: a new shop has its first model in about a second, the full one follows."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One set of defaults for every shop. sequence: None = SequenceSettings(). members: networks trained with
    consecutive seeds and averaged; the time budget is split between them. validation_share, validation_people: held
    out for stopping and weights, at most; a small shop still learns from most last steps. refit_counts: count again on
    everything at the end. Only a comparison with papers' protocol, where nobody learns from validation, turns it off.
    """

    sequence: SequenceSettings | None = None
    members: int = 1
    validation_share: float = 0.2
    validation_people: int = MAX_VALIDATION_PEOPLE
    refit_counts: bool = True
    text: TextSettings = field(default_factory=TextSettings)
    text_source: TextSourceSettings = field(default_factory=TextSourceSettings)
    covisitation: CovisitationSettings = field(default_factory=CovisitationSettings)
    ease: EaseSettings = field(default_factory=EaseSettings)


def settings_for(max_seconds: float) -> TrainSettings:
    """The defaults with another time budget for the transformer, in seconds."""
    from regulars.recommend.sequence_training import SequenceSettings

    return TrainSettings(sequence=SequenceSettings(max_seconds=max_seconds))


@dataclass(frozen=True, slots=True)
class Split:
    """past: the histories without what was held out. queries, targets: (cases,) the held-out choices."""

    past: Histories
    queries: list[Query]
    targets: Int32


def hold_out(histories: Histories, people: Int64) -> Split:
    """Hold out, of each of these people, the last item that was new to them; what they did from then on goes as well.

    A repeat (the purchase of what was just looked at) is no recommendation, so it isn't a case. What happened at the
    very moment of the held-out choice is no past either: the rest of a basket would give it away, and weights fitted
    on that are wrong for the next visit. People whose every step after the first repeats it are left whole.
    """
    keep = np.ones(len(histories.items), np.bool_)
    queries: list[Query] = []
    targets: list[int] = []
    for person in people.tolist():
        span = histories.of(person)
        items = histories.items[span]
        _, first = np.unique(items, return_index=True)
        at = int(first.max()) if len(first) else 0
        target = int(items[at]) if at else 0
        if at and histories.clock:
            times = histories.times[span]
            at = int(np.searchsorted(times, times[at], side="left"))
        if at == 0:
            continue
        keep[span.start + at : span.stop] = False
        past = slice(span.start, span.start + at)
        ages = np.zeros(at, np.float32)
        if histories.clock:
            ages = ((histories.times[span.start + at] - histories.times[past]) / 86_400_000).astype(np.float32)
        queries.append(Query(histories.items[past], ages, histories.strengths[past]))
        targets.append(target)
    people_of = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    counts = np.bincount(people_of[keep], minlength=len(histories))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    past_histories = Histories(
        offsets, histories.items[keep], histories.times[keep], histories.strengths[keep], histories.clock
    )
    return Split(past_histories, queries, np.array(targets, np.int32))


def gather_cases(model: Model, queries: list[Query], targets: Int32, per_source: int = 100) -> Cases:
    """What the model retrieves for each query, its own history excluded, with the row of the true item."""
    blocks: list[Float32] = []
    rows: list[int] = []
    start = 0
    for query, target in zip(queries, targets.tolist(), strict=True):
        candidates = model.retrieve(query, per_source, exclude=query.items)
        found = np.flatnonzero(candidates.items == target)
        rows.append(start + int(found[0]) if len(found) else -1)
        blocks.append(candidates.features)
        start += len(candidates)
    features = np.concatenate(blocks) if blocks else np.zeros((0, len(model.source_names)), np.float32)
    offsets = np.concatenate([[0], np.cumsum([len(block) for block in blocks])]).astype(np.int64)
    return Cases(features, offsets, np.array(rows, np.int64))


def fit_starter(vocabulary: Vocabulary, histories: Histories, seed: int = 0) -> Model:
    """A first model without torch: popular, co-visitation and words, default weights, in seconds.

    Raises NotEnoughData for an empty catalogue; without histories it proposes by text alone.
    """
    _require_items(vocabulary)
    sources: list[CandidateSource] = [
        CovisitationSource.fit(len(vocabulary), histories),
        TextSource.fit(vocabulary, STARTER_TEXT, seed=seed),
        PopularSource.fit(len(vocabulary), histories),
    ]
    return Model(vocabulary.product_ids, sources, Blend.default([source.name for source in sources]))


def fit_model(
    vocabulary: Vocabulary,
    histories: Histories,
    settings: TrainSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    with_sequence: bool = True,
) -> tuple[Model, dict[str, Any]]:
    """Fit all sources and their blend.

    The last new item of a sample of people is held out: it stops the transformer's training and fits the weights.
    Then the counting sources are fitted again on everything. The transformer is not: all but the sample's last steps
    have taught it already. Where there is too little for a transformer the model does without, and the report's
    "sequence_skipped" says why. progress: called with the share done, 0 to 1, and a line of text.

    Returns the model and a report: "validation" (recall_at_k, ndcg_at_k of the blend, measured on the cases that its
    weights were fitted on), "validation_by_source", "weights", "cases", "seconds" per step, "sequence" (epochs …).
    Raises NotEnoughData for an empty catalogue.
    """
    _require_items(vocabulary)
    settings = settings or TrainSettings()
    report: dict[str, Any] = {"items": len(vocabulary), "people": len(histories), "interactions": len(histories.items)}
    seconds: dict[str, float] = {}
    tell = progress or _silent
    clock = _Clock(seconds)

    tell(0.0, "texts")
    split = hold_out(histories, _validation_people(histories, settings, seed))
    text = TextSource.fit(vocabulary, settings.text, settings.text_source, seed)
    clock.lap("text")
    tell(0.02, "co-visits")
    half_life = _best_half_life(len(vocabulary), split)
    ease = _best_ease(len(vocabulary), split, settings.ease)
    counting: list[CandidateSource] = [
        ease,
        CovisitationSource.fit(len(vocabulary), split.past, settings.covisitation),
        text,
        PopularSource.fit(len(vocabulary), split.past, half_life),
    ]
    clock.lap("counts")
    sequence: SequenceSource | None = None
    if with_sequence:
        try:
            sequence = _fit_sequence(
                text, split, settings, seed, lambda done, line: tell(0.04 + 0.9 * done, line), report
            )
        except NotEnoughData as error:
            report["sequence_skipped"] = str(error)
        clock.lap("sequence")
    tell(0.95, "blend")
    learned: list[CandidateSource] = [*([sequence] if sequence else []), *counting]
    names = [source.name for source in learned]
    draft = Model(vocabulary.product_ids, learned, Blend.default(names))
    # Thousands of tiny products: handed to several threads, they wait for one another when the machine is busy.
    with threadpool_limits(1, user_api="blas"):
        cases = gather_cases(draft, split.queries, split.targets)
        blend = Blend.fit(draft.source_names, cases)
    report["cases"] = len(cases)
    report["weights"] = dict(blend.weights)
    if len(cases):
        report["validation"] = ranking_report(ranks(cases, blend.vector(draft.source_names)).tolist())
        report["validation_by_source"] = {
            name: ranking_report(ranks(cases, np.eye(len(names))[column]).tolist(), at=(10,))
            for column, name in enumerate(draft.source_names)
        }
    clock.lap("blend")
    tell(0.98, "final counts")
    final = learned
    if settings.refit_counts:
        final = [
            *([sequence] if sequence else []),
            EaseSource.fit(len(vocabulary), histories, ease.settings),
            CovisitationSource.fit(len(vocabulary), histories, settings.covisitation),
            text,
            PopularSource.fit(len(vocabulary), histories, half_life),
        ]
    clock.lap("final_counts")
    report["popular_half_life_days"] = half_life
    report["ease_half_life_days"] = ease.settings.half_life_days if np.isfinite(ease.settings.half_life_days) else None
    report["seconds"] = {**seconds, "total": round(sum(seconds.values()), 3)}
    tell(1.0, "done")
    return Model(vocabulary.product_ids, final, blend), report


def _fit_sequence(
    text: TextSource, split: Split, settings: TrainSettings, seed: int, tell: Progress, report: dict[str, Any]
) -> SequenceSource:
    from regulars.recommend.sequence_training import Holdout, SequenceSettings, train_sequence

    options = settings.sequence or SequenceSettings()
    options = replace(options, max_seconds=options.max_seconds / settings.members)
    holdout = Holdout([query.items for query in split.queries], split.targets) if split.queries else None
    trained = []
    for number in range(settings.members):

        def share(done: float, line: str, number: int = number) -> None:
            tell((number + done) / settings.members, line)

        trained.append(train_sequence(text.vectors, split.past, holdout, options, seed + number, share))
    report["sequence"] = [
        {"epochs": one.epochs, "stopped": one.stopped, "length": one.length, **one.history[one.epochs - 1]}
        for one in trained
    ]
    return SequenceSource([one.member for one in trained], trained[0].length, text.encoder)


def _validation_people(histories: Histories, settings: TrainSettings, seed: int) -> Int64:
    """A sample of the people with two interactions or more, in order."""
    able = np.flatnonzero(np.diff(histories.offsets) >= 2)
    count = min(settings.validation_people, int(len(able) * settings.validation_share))
    chosen = np.random.default_rng(seed).choice(able, count, replace=False) if count else able[:0]
    return np.sort(chosen).astype(np.int64)


def _best_half_life(size: int, split: Split) -> float:
    """The half-life under which the held-out choices are likeliest (mean log of smoothed share)."""
    if not split.past.clock or len(split.targets) == 0:
        return DEFAULT_HALF_LIFE_DAYS
    likelihood = {}
    for half_life in HALF_LIVES_DAYS:
        shares = PopularSource.fit(size, split.past, half_life).shares + 1e-3
        likelihood[half_life] = float(np.log(shares[split.targets] / shares.sum()).mean())
    return max(likelihood, key=lambda half_life: likelihood[half_life])


def _best_ease(size: int, split: Split, settings: EaseSettings) -> EaseSource:
    """Fitted on the past with the half-life under which the held-out choices rank best (NDCG@10)."""
    tried = [replace(settings, half_life_days=days) for days in EASE_HALF_LIVES_DAYS]
    if not split.past.clock or len(split.targets) == 0:
        return EaseSource.fit(size, split.past, replace(settings, half_life_days=math.inf))
    best, best_gain = None, -1.0
    for one in tried:
        source = EaseSource.fit(size, split.past, one)
        gain = 0.0
        for query, target in zip(split.queries[:MAX_EASE_CASES], split.targets[:MAX_EASE_CASES], strict=True):
            scores = source.scores(query)
            own = scores[target]
            scores[query.items] = 0
            place = int(np.count_nonzero(scores > own))
            gain += 1 / math.log2(place + 2) if own > 0 and place < 10 else 0.0
        if gain > best_gain:
            best, best_gain = source, gain
    assert best is not None
    return best


def _silent(done: float, text: str) -> None:  # noqa: ARG001
    return None


def _require_items(vocabulary: Vocabulary) -> None:
    if len(vocabulary) == 0:
        raise NotEnoughData("The catalogue is empty.", hint="A model needs at least one product.", field="vocabulary")


class _Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.last = seconds, time.monotonic()

    def lap(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step] = round(now - self.last, 3)
        self.last = now
