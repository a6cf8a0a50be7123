"""Puts the best candidates in order by trees over all that is known of them. Doesn't find any, and knows no product.

LambdaRank (Burges 2010) as LightGBM does it (Ke et al. 2017), learned from lists in which somebody chose: held-out choices
among what the sources proposed for them, and logged decisions with what was clicked. It serves only where it put held-out
lists in a better order than the fitted blend did, and surely in one that is not worse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import lightgbm
import numpy as np
import numpy.typing as npt

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32, Int64
from regulars.recommend.features import FEATURES
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap

RANKED = 100
"""Candidates that are put in order: a tree more costs as much as a candidate more."""

FOLDS = 5
"""Parts of the held-out lists, each of which is ranked by trees that learned from the others."""

MARGIN = 0.01
"""Share of the blend's NDCG@10 that trees may lose, at the lower end of the interval, when they gain on average: to wait for a certain gain
left them out where they would have brought 5 % (docs/experiments.md).
"""

MIN_LISTS = 300
"""Lists in which somebody chose, below which trees would learn chance."""

NOT_LISTED = np.iinfo(np.int32).max

_STOPPING = 0.1
_ROUNDS = 400
_PATIENCE = 30
_PARAMETERS: Mapping[str, Any] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "metric": "ndcg",
    "eval_at": [10],
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.7,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists to learn from, one below the other, each in the order it had before.

    features: (rows, len(FEATURES)). offsets: (lists + 1,). labels: (rows,) 0 not chosen, 1 chosen, more for more; a list in
    which nothing was chosen is one that missed. weights: (rows,) how much each row counts, 1 where nothing is to be corrected.
    """

    features: Float32
    offsets: Int64
    labels: Float32
    weights: Float32

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def chosen(self) -> npt.NDArray[np.bool_]:
        """(lists,) was something chosen in it?"""
        total = np.concatenate([[0.0], np.cumsum(self.labels, dtype=np.float64)])
        hits: npt.NDArray[np.bool_] = total[self.offsets[1:]] > total[self.offsets[:-1]]
        return hits

    def some(self, which: Int64) -> Lists:
        """These lists alone, in this order."""
        lengths = np.diff(self.offsets)[which]
        before = np.cumsum(lengths) - lengths
        rows = np.arange(int(lengths.sum())) + np.repeat(self.offsets[which] - before, lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Lists(self.features[rows], offsets, self.labels[rows], self.weights[rows])

    def places(self, scores: Float32) -> Int64:
        """(lists,) the place from 0 of the first chosen row when each list is sorted by these (rows,) scores, equal ones in the
        order they had, as a served list is; a huge number where nothing was chosen.
        """
        out = np.full(len(self), NOT_LISTED, np.int64)
        for number in range(len(self)):
            span = slice(int(self.offsets[number]), int(self.offsets[number + 1]))
            order = np.argsort(-scores[span], kind="stable")
            chosen = np.flatnonzero(self.labels[span][order] > 0)
            if len(chosen):
                out[number] = chosen[0]
        return out

    def beside(self, other: Lists) -> Lists:
        """These lists, then the others."""
        return Lists(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.offsets, other.offsets[1:] + self.offsets[-1]]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.weights, other.weights]),
        )

    def as_they_were(self) -> Int64:
        """`places` in the order that the lists have."""
        return self.places(np.zeros(len(self.labels), np.float32))


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the trees' order compares with the one that the lists had, on judged lists that the trees didn't learn from.

    before, after: (judged,) the places of what was chosen. gain, low, high: of NDCG@10, with its 95 % interval. kept: do the
    trees serve? note: why not.
    """

    before: Int64
    after: Int64
    gain: float = 0.0
    low: float = 0.0
    high: float = 0.0
    kept: bool = False
    note: str = ""


@dataclass(frozen=True)
class Ranker:
    """Trees over FEATURES. Immutable; threads share it. text: LightGBM's own format. fitted_on: lists; of_log: those of
    them that were shown to somebody.
    """

    text: str
    fitted_on: int
    of_log: int = 0
    importance: Mapping[str, float] = field(default_factory=dict)
    _booster: lightgbm.Booster = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_booster", lightgbm.Booster(model_str=self.text))

    def scores(self, rows: Float32) -> Float32:
        """(c, len(FEATURES)) → (c,), comparable within one list only."""
        if len(rows) == 0:
            return np.zeros(0, np.float32)
        return np.asarray(self._booster.predict(rows, raw_score=True, num_threads=1), np.float32)

    @classmethod
    def fit(
        cls,
        lists: Lists,
        judged: Int64,
        logged: Lists | None = None,
        seed: int = 0,
        threads: int = 1,
        compared: int | None = None,
    ) -> tuple[Self | None, Verdict]:
        """Trees for these lists if they rank lists that they haven't seen better than these were, and surely not more than
        MARGIN worse, else None; and the comparison on the judged ones.

        lists: of held-out choices. judged: those of them that are kept apart to report on. logged: lists that were shown,
        to learn from besides. compared: the first lists, as a served list is, on which trees and present order are
        compared: each by trees that learned from the others (cross-fitting); None = all. A fifth of them alone is too few to see
        the few per cent that trees mostly bring. The trees that serve have learned from all.
        """
        apart = lists.some(judged)
        before = apart.as_they_were()
        count = len(lists)
        if logged is not None:
            lists = lists.beside(logged)
        learnable = np.flatnonzero(lists.chosen())
        enough = len(np.setdiff1d(learnable, judged))
        if enough < MIN_LISTS or len(judged) == 0:
            note = f"{enough} lists in which something was chosen; {MIN_LISTS} are needed"
            return None, Verdict(before, before, note=note)
        parameters = {**_PARAMETERS, "seed": seed, "num_threads": threads}
        parameters["min_data_in_leaf"] = int(np.clip(enough * len(lists.labels) / len(lists) / 2_000, 20, 200))
        rest = np.setdiff1d(np.arange(count if compared is None else compared), judged)
        shuffled = np.random.default_rng(seed).permutation(rest)
        after = before
        gained: list[npt.NDArray[np.float64]] = []
        base: list[npt.NDArray[np.float64]] = []
        rounds: list[int] = []
        for number, fold in enumerate([judged, *np.array_split(shuffled, FOLDS - 1)]):
            if len(fold) == 0:
                continue
            trial = _trial(lists, np.setdiff1d(learnable, fold), parameters, seed + number)
            unseen = lists.some(fold)
            places = unseen.places(np.asarray(trial.predict(unseen.features, raw_score=True), np.float32))
            were = ndcg_gains(unseen.as_they_were(), 10)
            gained.append(ndcg_gains(places, 10) - were)
            base.append(were)
            rounds.append(trial.best_iteration)
            if number == 0:
                after = places
        differences = np.concatenate(gained)
        gain = paired_bootstrap(np.zeros(len(differences)), differences, seed=seed)
        kept = gain.mean > 0 and gain.low > -MARGIN * float(np.mean(np.concatenate(base)))
        note = "" if kept else "not better than the blend on held-out lists, or perhaps worse"
        verdict = Verdict(before, after, gain.mean, gain.low, gain.high, kept, note)
        if not kept:
            return None, verdict
        whole = lists.some(learnable)
        shown = int(np.count_nonzero(learnable >= count))
        # A quarter more to learn from carries about a tenth more trees.
        booster = lightgbm.train(parameters, _dataset(whole), max(1, round(float(np.median(rounds)) * 1.1)))
        gains = booster.feature_importance("gain")
        shares = gains / max(gains.sum(), 1e-9)
        importance = {name: round(float(share), 5) for name, share in zip(FEATURES, shares, strict=True)}
        return cls(booster.model_to_string(), len(whole), shown, importance), verdict

    def save(self, folder: Path) -> None:
        """Write ranker.txt and ranker.json into the folder, which is made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ranker.txt").write_text(self.text)
        document = {
            "features": list(FEATURES),
            "fitted_on": self.fitted_on,
            "of_log": self.of_log,
            "importance": dict(self.importance),
        }
        (folder / "ranker.json").write_text(json.dumps(document, indent=1))

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read what `save` wrote, None where there is none. Raises DamagedModel when it can't, or when it was learned on
        other features than this version makes.
        """
        if not (folder / "ranker.json").exists():
            return None
        try:
            document = json.loads((folder / "ranker.json").read_text())
            known = tuple(document["features"]) == FEATURES
            fitted_on, of_log = int(document["fitted_on"]), int(document["of_log"])
            ranker = cls((folder / "ranker.txt").read_text(), fitted_on, of_log, document["importance"])
        except Exception as error:
            raise DamagedModel(f"The ranker in {folder} can't be read: {error}") from error
        if not known:
            raise DamagedModel(f"The ranker in {folder} was learned on other features.", hint="Train again.")
        return ranker


def _trial(lists: Lists, learnable: Int64, parameters: Mapping[str, Any], seed: int) -> lightgbm.Booster:
    """Trees of these lists; some of them say when to stop."""
    order = np.random.default_rng(seed).permutation(learnable).astype(np.int64)
    cut = int(len(order) * (1 - _STOPPING))
    base = _dataset(lists.some(order[:cut]))
    return lightgbm.train(
        dict(parameters),
        base,
        _ROUNDS,
        valid_sets=[_dataset(lists.some(order[cut:]), base)],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )


def _dataset(lists: Lists, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        lists.features,
        lists.labels,
        weight=lists.weights,
        group=np.diff(lists.offsets),
        reference=reference,
        feature_name=list(FEATURES),
        free_raw_data=False,
    )
