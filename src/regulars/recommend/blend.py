"""One score from several sources': a weighted sum of each on a scale where 0 says nothing. Doesn't know the sources.

    sequence      log(softmax(score) · n), the log of how much likelier than by chance
    ease          log(1 + share of the query's weights / SMALL_SHARE)
    factors       log(1 + share of all that is expected / SMALL_SHARE)
    covisitation  log(1 + share of the query's co-visits / SMALL_SHARE)
    text, judge, image   cosine, not below 0
    popular       log(1 + share of the most popular item / SMALL_SHARE)

Adding logs multiplies odds (a product of experts, Hinton 2002). Only the weights are learned, on held-out choices.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from regulars.errors import DamagedModel, InvalidInput
from regulars.recommend.dataset import Float32, Int32, Int64
from regulars.recommend.metrics import ndcg_at
from regulars.recommend.sources.answers import Answer

SMALL_SHARE = 1e-3
"""Shares below this count about linearly, above it by their logarithm: one chance co-visit in a thousand is noise."""

SOURCE_ORDER = ("sequence", "ease", "factors", "covisitation", "text", "judge", "image", "popular")
"""The first of them that is present has weight 1; the others are relative to it."""

DEFAULT_WEIGHTS: Mapping[str, float] = {
    "sequence": 1.0,
    "ease": 0.3,
    "factors": 0.2,
    "covisitation": 0.5,
    "text": 4.0,
    "judge": 0.8,
    "image": 1.0,
    "popular": 0.05,
}
"""Where there is too little validation data to fit: rounded from what was fitted on Amazon Beauty (docs/experiments.md)."""

DEFAULT_STARTER_WEIGHTS: Mapping[str, float] = {
    "ease": 1.0,
    "factors": 0.5,
    "covisitation": 1.0,
    "text": 8.0,
    "judge": 1.6,
    "image": 2.0,
    "popular": 0.03,
}

MIN_CASES = 50
"""Held-out choices below which weights are not fitted: NDCG's standard error would exceed what weights can bring."""

_FACTORS = (0.0, 0.25, 0.5, 0.7, 0.85, 1.15, 1.4, 2.0, 4.0)


def standardised(source: str, scores: Float32) -> Float32:
    """A source's (n,) scores on the blend's scale, (n,) float32; see the module's table. Unknown sources pass as is."""
    if source == "sequence":
        top = scores.max() if len(scores) else np.float32(0)
        total = np.exp(scores - top).sum()
        above_chance: Float32 = scores - (top + np.log(total / np.float32(max(len(scores), 1))))
        return above_chance
    if source in ("ease", "factors", "covisitation"):
        total = scores.sum()
        shares: Float32 = scores * np.float32(1 / (SMALL_SHARE * total)) if total > 0 else np.zeros_like(scores)
        return np.log1p(shares)
    if source == "popular":
        return np.asarray(np.log1p(scores * np.float32(1 / SMALL_SHARE)), np.float32)
    if source in ("text", "judge", "image"):
        return np.maximum(scores, np.float32(0))
    return scores


def on_scale(source: str, answer: Answer, items: Int32) -> Float32:
    """`standardised` of these items alone, (m,): what needs all items (a softmax, a share) the answer knows as one number."""
    scores = answer.at(items)
    if source == "sequence":
        above_chance: Float32 = scores - answer.log_mean_exp()
        return above_chance
    if source in ("ease", "factors", "covisitation"):
        total = answer.total()
        shares: Float32 = scores * np.float32(1 / (SMALL_SHARE * total)) if total > 0 else np.zeros_like(scores)
        return np.log1p(shares)
    return standardised(source, scores)


@dataclass(frozen=True, slots=True)
class Cases:
    """Held-out choices with the candidates each had.

    features: (rows, f) all cases' candidates one below the other; offsets: (cases + 1,);
    targets: (cases,) the row of the true item, or −1 where no source proposed it.
    """

    features: Float32
    offsets: Int64
    targets: Int64

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Blend:
    """weights: {source: weight}, in the order of the features' columns. fitted_on: held-out choices, 0 for defaults."""

    weights: Mapping[str, float]
    fitted_on: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def default(cls, sources: Sequence[str]) -> Self:
        """Weights for these sources where none can be fitted. Raises InvalidInput for a source it has none for."""
        table = DEFAULT_WEIGHTS if "sequence" in sources else DEFAULT_STARTER_WEIGHTS
        unknown = [source for source in sources if source not in table]
        if unknown:
            raise InvalidInput(f"There is no default weight for the source {unknown[0]}.", field="sources")
        return cls({source: table[source] for source in sources})

    def vector(self, sources: Sequence[str]) -> Float32:
        """Weights of these sources as (f,), 0 for one the blend doesn't know."""
        return np.array([self.weights.get(source, 0.0) for source in sources], np.float32)

    @classmethod
    def fit(cls, sources: Sequence[str], cases: Cases, rounds: int = 6) -> Self:
        """Weights that raise NDCG@10 on the cases most, found one weight at a time from the defaults: deterministic.

        A case whose target no source proposed counts 0, whatever the weights. Fewer than MIN_CASES: the defaults.
        """
        start = cls.default(sources)
        if len(cases) < MIN_CASES:
            return start
        fixed = next(source for source in SOURCE_ORDER if source in sources)
        weights = start.vector(sources).astype(np.float64)
        best = ndcg_at(ranks(cases, weights), 10)
        for _ in range(rounds):
            before = best
            for column in range(len(sources)):
                origin = weights[column] or 0.01
                for factor in _FACTORS:
                    trial = weights.copy()
                    trial[column] = origin * factor
                    score = ndcg_at(ranks(cases, trial), 10)
                    if score > best + 1e-9:
                        best, weights = score, trial
            if best <= before + 1e-6:
                break
        anchor = weights[list(sources).index(fixed)]
        if anchor > 0:  # only relative weights matter; a first source that says nothing yet may have none at all
            weights = weights / anchor
        metrics = {"ndcg_at_10": best, "ndcg_at_10_default_weights": ndcg_at(ranks(cases, start.vector(sources)), 10)}
        return cls(
            {source: round(float(w), 6) for source, w in zip(sources, weights, strict=True)}, len(cases), metrics
        )

    def save(self, folder: Path) -> None:
        """Write blend.json into the folder, which is made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {"weights": dict(self.weights), "fitted_on": self.fitted_on, "metrics": dict(self.metrics)}
        (folder / "blend.json").write_text(json.dumps(document, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises DamagedModel when it can't."""
        try:
            document = json.loads((folder / "blend.json").read_text())
            weights = {str(source): float(weight) for source, weight in document["weights"].items()}
            return cls(weights, int(document["fitted_on"]), document["metrics"])
        except Exception as error:
            raise DamagedModel(f"The blend in {folder} can't be read: {error}") from error


def ranks(cases: Cases, weights: npt.NDArray[np.floating]) -> Int64:
    """Place from 0 of each case's target among its candidates under these weights; a huge number where it is absent.

    Of equal scores half count as better, as in metrics.rank_of_target: else weights of 0, which make all equal, would put
    every target first.
    """
    scores = cases.features @ np.asarray(weights, np.float32)
    present = cases.targets >= 0
    own = np.repeat(np.where(present, scores[np.maximum(cases.targets, 0)], np.float32(0)), np.diff(cases.offsets))

    def counted(mask: npt.NDArray[np.bool_]) -> Int64:
        sums = np.concatenate([[0], np.cumsum(mask)])
        return np.asarray(sums[cases.offsets[1:]] - sums[cases.offsets[:-1]], np.int64)

    # The target is one of the equals: half of the others, rounded up, is half of all, rounded down.
    places = counted(scores > own) + counted(scores == own) // 2
    return np.where(present, places, np.iinfo(np.int32).max).astype(np.int64)
