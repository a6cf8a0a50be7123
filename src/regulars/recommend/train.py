"""Fits a model from people's histories, offline. Knows arrays, not the store; imports torch only where it is used."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from regulars.errors import NotEnoughData
from regulars.experiments.curves import curve_of
from regulars.language.text_features import TextSettings
from regulars.recommend.blend import Blend, Cases, ranks
from regulars.recommend.cold import forgetting
from regulars.recommend.dataset import Float32, Histories, Int32, Int64, Query, Vocabulary
from regulars.recommend.features import FEATURES
from regulars.recommend.metrics import ranking_report
from regulars.recommend.model import Model
from regulars.recommend.ranker import NOT_LISTED, Lists, Ranker
from regulars.recommend.slices import MODEL, measure
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSettings, CovisitationSource
from regulars.recommend.sources.ease import EaseSettings, EaseSource
from regulars.recommend.sources.factors import FactorsSettings, FactorsSource
from regulars.recommend.sources.image import ImageSource, ImageSourceSettings
from regulars.recommend.sources.popular import DEFAULT_HALF_LIFE_DAYS, PopularSource
from regulars.recommend.sources.sequence import SequenceSource
from regulars.recommend.sources.text import TextSource, TextSourceSettings

if TYPE_CHECKING:
    from regulars.recommend.judge.settings import JudgeSettings
    from regulars.recommend.sequence_network import Content
    from regulars.recommend.sequence_training import SequenceSettings
    from regulars.recommend.sources.judge import JudgeSource

Progress = Callable[[float, str], None]

MAX_HELD_OUT = 25_000
"""People whose last choice teaches the ranker and the weights: as many as half a minute of lists allows."""

MAX_STOPPING = 5_000
"""Held-out choices that stop the transformer and fit the weights: recall's standard error is then under .005."""

JUDGED = 0.2
"""Share of the held-out choices that neither weights nor ranker learn from: they say how good the version is."""

MIN_JUDGED = 250
"""Held-out choices below which weights are judged on what they were fitted on: a fifth would say nothing."""

HAZY, FORGOTTEN = 1 / 6, 0.15
"""Share of the lists that a ranker learns from in which some items are as if nobody had touched them, and share of the items
that are. More of them shows new things more and known ones less (docs/experiments.md).
"""

FINISH_RATE = 0.3
"""Of the learning rate, when the trained network reads on."""

HALF_LIVES_DAYS = (7.0, 30.0, 90.0)
EASE_HALF_LIVES_DAYS = (30.0, 90.0, math.inf)
UNOBSERVED_WEIGHTS = (0.1, 0.3)
MAX_EASE_CASES = 2_000

STARTER_TEXT = TextSettings(dims=96, max_words=10_000, max_pieces=0, iterations=1)
"""Words only, fewer directions: a new shop has its first model in about a second, the full one follows."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One set of defaults for every shop. sequence: None = SequenceSettings(). members: networks trained with
    consecutive seeds and averaged; the time budget is split between them. judge: a pretrained language model as one more
    source, without by default. held_out_share, held_out_people: of the people, whose last choice is held out at first, and
    how many at most. finish: in the end count again on everything, the held-out choices too, and let the network read
    everything finish_epochs times more. Only a comparison with papers' protocol, where no source learns from anybody's item
    before the last, turns it off. factors: matrix factorisation as one
    more source, without by default (docs/experiments.md). ranker: learn trees over the candidates, which serve if they are surely better than the
    blend. picture_source: pictures are a source of their own; picture_content: they are in the transformer's item vectors.
    Both are off: on the catalogue that was tried they bring nothing certain (docs/experiments.md).
    """

    sequence: SequenceSettings | None = None
    judge: JudgeSettings | None = None
    members: int = 1
    held_out_share: float = 0.5
    held_out_people: int = MAX_HELD_OUT
    finish: bool = True
    finish_epochs: int = 2
    ranker: bool = True
    text: TextSettings = field(default_factory=TextSettings)
    text_source: TextSourceSettings = field(default_factory=TextSourceSettings)
    image: ImageSourceSettings = field(default_factory=ImageSourceSettings)
    picture_source: bool = False
    picture_content: bool = False
    covisitation: CovisitationSettings = field(default_factory=CovisitationSettings)
    ease: EaseSettings = field(default_factory=EaseSettings)
    factors: FactorsSettings | None = None

    @property
    def looks(self) -> bool:
        """Whether pictures are used at all."""
        return self.picture_source or self.picture_content


def settings_for(max_seconds: float, pictures: bool = False) -> TrainSettings:
    """The defaults with another time budget for the transformer, in seconds; with pictures where asked."""
    from regulars.recommend.sequence_training import SequenceSettings

    sequence = SequenceSettings(max_seconds=max_seconds)
    return TrainSettings(sequence=sequence, picture_source=pictures, picture_content=pictures)


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
        now = float(histories.times[span.start + at]) / 1_000 if histories.clock else math.nan
        queries.append(Query(histories.items[past], ages, histories.strengths[past], at=now))
        targets.append(target)
    people_of = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    counts = np.bincount(people_of[keep], minlength=len(histories))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    kept = {name: getattr(histories, name)[keep] for name in ("items", "times", "strengths")}
    return Split(replace(histories, offsets=offsets, **kept), queries, np.array(targets, np.int32))


def gather_cases(model: Model, queries: list[Query], targets: Int32, per_source: int = 100) -> tuple[Cases, Lists]:
    """What the model retrieves for each query, its own history excluded, with the row of the true item.

    The same twice: all candidates for the blend, and the best of them, by the blend that the model has, for a ranker.
    """
    blocks: list[Float32] = []
    heads: list[Float32] = []
    rows: list[int] = []
    chosen: list[int] = []
    start = first = 0
    for query, target in zip(queries, targets.tolist(), strict=True):
        candidates = model.retrieve(query, per_source, exclude=query.items)
        found = np.flatnonzero(candidates.items == target)
        place = int(found[0]) if len(found) else -1
        rows.append(start + place if place >= 0 else -1)
        blocks.append(candidates.features)
        start += len(candidates)
        heads.append(candidates.rows)
        if 0 <= place < len(heads[-1]):
            chosen.append(first + place)
        first += len(heads[-1])
    features = np.concatenate(blocks) if blocks else np.zeros((0, len(model.source_names)), np.float32)
    offsets = np.concatenate([[0], np.cumsum([len(block) for block in blocks])]).astype(np.int64)
    head = np.concatenate(heads) if heads else np.zeros((0, len(FEATURES)), np.float32)
    bounds = np.concatenate([[0], np.cumsum([len(block) for block in heads])]).astype(np.int64)
    labels = np.zeros(len(head), np.float32)
    labels[chosen] = 1
    lists = Lists(head, bounds, labels, np.ones(len(head), np.float32))
    return Cases(features, offsets, np.array(rows, np.int64)), lists


def fit_starter(vocabulary: Vocabulary, histories: Histories, seed: int = 0) -> Model:
    """A first model without torch: popular, co-visitation and words, default weights, in seconds.

    Raises NotEnoughData for an empty catalogue; without histories it proposes by text alone.
    """
    require_items(vocabulary)
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
    logged: Lists | None = None,
) -> tuple[Model, dict[str, Any]]:
    """Fit all sources, their blend and the ranker. logged: lists that were shown and what was chosen, for the ranker.

    1. The last new item of half of the people (of fewer, in a big shop) is held out. It stops the transformer's training, and what the
       sources propose for it fits the weights and teaches the ranker; a fifth of it judges both.
    2. Then everything is learned: the counts are made again, and the network reads on for a few epochs.

    Where there is too little for a transformer or for a ranker the model does without, and the report says why
    ("sequence_skipped", "ranker"). progress: called with the share done, 0 to 1, and a line of text.

    Returns the model and a report: "validation" (recall_at_k, ndcg_at_k on the judged choices, before step 2),
    "validation_by_source", "weights", "cases", "ranker", "seconds" per step, "sequence" (epochs …).
    Raises NotEnoughData for an empty catalogue.
    """
    require_items(vocabulary)
    settings = settings or TrainSettings()
    report: dict[str, Any] = {"items": len(vocabulary), "people": len(histories), "interactions": len(histories.items)}
    seconds: dict[str, float] = {}
    tell = progress or silent
    clock = Clock(seconds)

    tell(0.0, "texts")
    split = hold_out(histories, held_out_people(histories, settings, seed))
    text = TextSource.fit(vocabulary, settings.text, settings.text_source, seed)
    clock.lap("text")
    image = ImageSource.fit(vocabulary, settings.image) if settings.looks and ImageSource.fits(vocabulary) else None
    report["pictures"] = 0 if image is None else int(np.count_nonzero(image.vectors.any(axis=1)))
    looks: list[CandidateSource] = [image] if image is not None and settings.picture_source else []
    clock.lap("pictures")
    tell(0.02, "co-visits")
    half_life = _best_half_life(len(vocabulary), split)
    ease = _best_ease(len(vocabulary), split, settings.ease)
    factors = _best_factors(len(vocabulary), split, settings.factors, ease.settings.half_life_days, seed)
    counting: list[CandidateSource] = [
        ease,
        *([factors] if factors else []),
        CovisitationSource.fit(len(vocabulary), split.past, settings.covisitation),
        text,
        *looks,
        PopularSource.fit(len(vocabulary), split.past, half_life),
    ]
    clock.lap("counts")
    sequence: SequenceSource | None = None
    if with_sequence:
        try:
            sequence = _fit_sequence(
                text,
                image if settings.picture_content else None,
                split,
                settings,
                seed,
                lambda done, line: tell(0.04 + 0.7 * done, line),
                report,
            )
        except NotEnoughData as error:
            report["sequence_skipped"] = str(error)
        clock.lap("sequence")
    judge: JudgeSource | None = None
    if settings.judge is not None:
        try:
            judge = _fit_judge(vocabulary, text, split, settings.judge, seed, tell, report)
        except NotEnoughData as error:
            report["judge_skipped"] = str(error)
        clock.lap("judge")
    judges: list[CandidateSource] = [judge] if judge else []
    learned: list[CandidateSource] = [*([sequence] if sequence else []), *judges, *counting]
    # Thousands of tiny products: handed to several threads, they wait for one another when the machine is busy.
    with threadpool_limits(1, user_api="blas"):
        tell(0.75, "blend")
        blend = fit_blend(vocabulary, learned, split, seed)
        clock.lap("blend")
        tell(0.79, "ranker")
        ranker = fit_ranker(vocabulary, learned, blend, split, logged, settings, seed, report)
        clock.lap("ranker")
    report["weights"] = dict(blend.weights)
    final = learned
    if settings.finish:
        tell(0.86, "everything once more")
        if sequence is not None:
            content = content_of(text, image.vectors if image and settings.picture_content else None)
            states = [member.state for member in sequence.members]
            sequence = finish_sequence(sequence, states, content, histories, settings, seed)
            clock.lap("finish_sequence")
        tell(0.98, "final counts")
        kept = [sequence if one.name == "sequence" and sequence else one for one in learned]
        final = recounted(kept, len(vocabulary), histories, seed)
        clock.lap("final_counts")
    report["popular_half_life_days"] = half_life
    report["ease_half_life_days"] = ease.settings.half_life_days if np.isfinite(ease.settings.half_life_days) else None
    report["seconds"] = {**seconds, "total": round(sum(seconds.values()), 3)}
    tell(1.0, "done")
    return Model(vocabulary.product_ids, final, blend, ranker, vocabulary.facts), report


def recounted(
    sources: Sequence[CandidateSource], size: int, histories: Histories, seed: int = 0
) -> list[CandidateSource]:
    """The same sources, those that count made anew from these histories with the settings that they have."""
    out: list[CandidateSource] = []
    for source in sources:
        if isinstance(source, EaseSource):
            source = EaseSource.fit(size, histories, source.settings)
        elif isinstance(source, FactorsSource):
            source = FactorsSource.fit(size, histories, source.settings, seed)
        elif isinstance(source, CovisitationSource):
            source = CovisitationSource.fit(size, histories, source.settings)
        elif isinstance(source, PopularSource):
            source = PopularSource.fit(size, histories, source.half_life_days)
        out.append(source)
    return out


def _judged(cases: int, seed: int) -> Int64:
    """The held-out choices that nothing is fitted on, in order."""
    return _drawn(cases, round(cases * JUDGED), seed)


def _drawn(cases: int, most: int, seed: int) -> Int64:
    """At most `most` of this many held-out choices, in order."""
    return np.sort(np.random.default_rng(seed).permutation(cases)[:most]).astype(np.int64)


def fit_blend(vocabulary: Vocabulary, sources: list[CandidateSource], split: Split, seed: int) -> Blend:
    """On a sample of the held-out choices, without the judged ones."""
    names = [source.name for source in sources]
    draft = Model(vocabulary.product_ids, sources, Blend.default(names), facts=vocabulary.facts)
    free = np.arange(len(split.queries))
    if len(free) >= MIN_JUDGED:
        free = np.setdiff1d(free, _judged(len(free), seed))
    chosen = free[_drawn(len(free), MAX_STOPPING, seed + 1)]
    cases, _ = gather_cases(draft, [split.queries[one] for one in chosen], split.targets[chosen])
    return Blend.fit(draft.source_names, cases)


def fit_ranker(
    vocabulary: Vocabulary,
    sources: list[CandidateSource],
    blend: Blend,
    split: Split,
    logged: Lists | None,
    settings: TrainSettings,
    seed: int,
    report: dict[str, Any],
) -> Ranker | None:
    """And how good blend, ranker and each source are on the judged choices, into the report."""
    model = Model(vocabulary.product_ids, sources, blend, facts=vocabulary.facts)
    everybody = np.arange(len(split.queries), dtype=np.int64)
    judged = _judged(len(everybody), seed) if len(everybody) >= MIN_JUDGED else everybody
    hazy = everybody[:0]
    if len(everybody) >= MIN_JUDGED and settings.ranker:
        hazy = _drawn(len(everybody), round(len(everybody) * HAZY), seed + 2)
        hazy = np.setdiff1d(hazy, judged)
    clear = np.setdiff1d(everybody, hazy)
    cases, lists = gather_cases(model, [split.queries[one] for one in clear], split.targets[clear])
    judged = np.searchsorted(clear, judged)
    report["cases"] = len(everybody)
    if len(everybody) == 0:
        return None
    if len(hazy):
        forgotten = _drawn(len(vocabulary), round(len(vocabulary) * FORGOTTEN), seed + 3).astype(np.int32)
        without = forgetting(model, forgotten)
        _, more = gather_cases(without, [split.queries[one] for one in hazy], split.targets[hazy])
        lists = lists.beside(more)
    blended = ranks(cases, blend.vector(model.source_names))[judged]
    ranker = None
    places = blended
    if settings.ranker:
        ranker, verdict = Ranker.fit(lists, judged, logged, seed, compared=len(clear))
        if ranker is not None:
            # What stands behind the ranked head keeps its place.
            places = np.where(verdict.after < NOT_LISTED, verdict.after, blended)
        report["ranker"] = {
            "kept": verdict.kept,
            "note": verdict.note,
            "lists": len(lists),
            "logged": 0 if logged is None else len(logged),
            "ndcg_gain": [verdict.gain, verdict.low, verdict.high],
            "importance": dict(ranker.importance) if ranker is not None else {},
        }
    report["judged"] = len(judged)
    report["validation"] = ranking_report(places.tolist())
    report["validation_blend"] = ranking_report(blended.tolist())
    alone = {
        name: ranks(cases, np.eye(len(model.source_names))[column])[judged]
        for column, name in enumerate(model.source_names)
    }
    report["validation_by_source"] = {name: ranking_report(own.tolist(), at=(10,)) for name, own in alone.items()}
    report["held_out"] = measure(
        {MODEL: places, **alone},
        [split.queries[one] for one in clear[judged]],
        split.targets[clear[judged]],
        split.past,
        len(vocabulary),
        vocabulary.facts.prices if vocabulary.facts else None,
        fitted=len(everybody) < MIN_JUDGED,
        seed=seed,
    )
    return ranker


def _fit_sequence(
    text: TextSource,
    image: ImageSource | None,
    split: Split,
    settings: TrainSettings,
    seed: int,
    tell: Progress,
    report: dict[str, Any],
) -> SequenceSource:
    from regulars.recommend.sequence_training import Holdout, SequenceSettings, train_sequence

    options = settings.sequence or SequenceSettings()
    options = replace(options, max_seconds=options.max_seconds / settings.members)
    holdout = None
    if split.queries:
        chosen = _drawn(len(split.queries), MAX_STOPPING, seed)
        holdout = Holdout([split.queries[one].items for one in chosen], split.targets[chosen])
    trained = []
    for number in range(settings.members):

        def share(done: float, line: str, number: int = number) -> None:
            tell((number + done) / settings.members, line)

        trained.append(
            train_sequence(
                content_of(text, image.vectors if image else None), split.past, holdout, options, seed + number, share
            )
        )
    report["sequence"] = [
        {
            "epochs": one.epochs,
            "stopped": one.stopped,
            "length": one.length,
            **one.history[one.epochs - 1],
            "history": curve_of(one.history),
        }
        for one in trained
    ]
    return SequenceSource(
        [one.member for one in trained], trained[0].length, text.encoder, image.space if image else None
    )


def content_of(text: TextSource, pictures: Float32 | None) -> Content:
    """What the network reads of the items: texts, and beside them what is on pictures (n, dims), where it is given."""
    from regulars.recommend.sequence_network import Content

    vectors = text.vectors if pictures is None else np.concatenate([text.vectors, pictures], axis=1)
    return Content(vectors, text.rows)


def finish_sequence(
    sequence: SequenceSource,
    states: Sequence[Mapping[str, Float32] | None],
    content: Content,
    histories: Histories,
    settings: TrainSettings,
    seed: int,
) -> SequenceSource:
    """The source's networks after finish_epochs over everything. states: where each of them goes on from."""
    from regulars.recommend.sequence_training import SequenceSettings, train_sequence

    options = settings.sequence or SequenceSettings()
    options = replace(options, epochs=settings.finish_epochs, learning_rate=options.learning_rate * FINISH_RATE)
    finished = [
        train_sequence(content, histories, None, options, seed + number, start=state, length=sequence.length)
        for number, state in enumerate(states)
    ]
    return SequenceSource([one.member for one in finished], sequence.length, sequence.encoder, sequence.space)


def _fit_judge(
    vocabulary: Vocabulary,
    text: TextSource,
    split: Split,
    settings: JudgeSettings,
    seed: int,
    tell: Progress,
    report: dict[str, Any],
) -> JudgeSource:
    from regulars.language.encoder_weights import encoder_folder
    from regulars.recommend.judge.export import export_source
    from regulars.recommend.judge.training import train_judge

    def share(done: float, line: str) -> None:
        tell(0.74 + 0.01 * done, line)

    taught = train_judge(vocabulary, split.past, text.neighbours, encoder_folder(), settings, seed, share)
    report["judge"] = taught.report
    return export_source(taught, settings)


def held_out_people(histories: Histories, settings: TrainSettings, seed: int) -> Int64:
    """Of the people with two interactions or more, held_out_share, at most held_out_people, in order.

    Drawn by a hash of who they are: the next training, which may go on from this one, holds out the same people, and so
    isn't judged by what this one has learned.
    """
    able = np.flatnonzero(np.diff(histories.offsets) >= 2)
    who = able if histories.people is None else histories.people[able]
    order = np.argsort(_mixed(who.astype(np.int64), seed), kind="stable")
    count = min(settings.held_out_people, round(len(able) * settings.held_out_share))
    return np.sort(able[order[:count]]).astype(np.int64)


def _mixed(numbers: Int64, seed: int) -> npt.NDArray[np.uint64]:
    """A well-spread 64-bit number for each (splitmix64; Steele, Lea & Flood 2014)."""
    with np.errstate(over="ignore"):
        mixed = numbers.view(np.uint64) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    spread: npt.NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return spread


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
    sources = (EaseSource.fit(size, split.past, one) for one in tried)
    return max(sources, key=lambda source: _gain(source, split))


def _best_factors(
    size: int, split: Split, settings: FactorsSettings | None, half_life_days: float, seed: int
) -> FactorsSource | None:
    """Fitted on the past with the weight of what wasn't chosen under which the held-out choices rank best; None where it
    is off. Choices fade as they do for EASE: both count the same ones.
    """
    if settings is None:
        return None
    settings = replace(settings, half_life_days=half_life_days)
    tried = [settings]
    if len(split.targets):
        tried = [replace(settings, unobserved=weight) for weight in UNOBSERVED_WEIGHTS]
    sources = [FactorsSource.fit(size, split.past, one, seed) for one in tried]
    return max(sources, key=lambda source: _gain(source, split))


def _gain(source: CandidateSource, split: Split) -> float:
    """Sum of NDCG@10 over the first MAX_EASE_CASES held-out choices, from this source alone."""
    gain = 0.0
    for query, target in zip(split.queries[:MAX_EASE_CASES], split.targets[:MAX_EASE_CASES], strict=True):
        scores = source.scores(query)
        own = scores[target]
        scores[query.items] = 0
        place = int(np.count_nonzero(scores > own))
        gain += 1 / math.log2(place + 2) if own > 0 and place < 10 else 0.0
    return gain


def silent(done: float, text: str) -> None:  # noqa: ARG001
    return None


def require_items(vocabulary: Vocabulary) -> None:
    if len(vocabulary) == 0:
        raise NotEnoughData("The catalogue is empty.", hint="A model needs at least one product.", field="vocabulary")


class Clock:
    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds, self.last = seconds, time.monotonic()

    def lap(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step] = round(now - self.last, 3)
        self.last = now
