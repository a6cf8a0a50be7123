"""What many people chose lately. Doesn't know the person: it is what a stranger is shown, and the others' fallback."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Float32, Histories, Int32, Query, Vocabulary
from regulars.recommend.sources.base import NO_EVIDENCE, CandidateSource

DEFAULT_HALF_LIFE_DAYS = 30.0
"""A month: long enough for a slow shop's counts, short enough to leave the last season behind."""


class PopularSource(CandidateSource):
    """Score of an item: the decayed strength of the people who chose it, as a share of the most popular item's."""

    name: ClassVar[str] = "popular"
    personal: ClassVar[bool] = False

    def __init__(self, shares: Float32, half_life_days: float) -> None:
        """shares: (n,) in [0, 1]."""
        self.shares = shares
        self.half_life_days = half_life_days

    @classmethod
    def fit(cls, size: int, histories: Histories, half_life_days: float = DEFAULT_HALF_LIFE_DAYS) -> Self:
        """size: number of items. Each person counts once per item, at their strongest, by the age of their latest:

        popularity(i) = Σ_people max strength · 2^(−(now − latest time) / half life), now = the data's latest time.
        One person (or robot) who looks a thousand times adds no more than one who looks once. Without a clock
        nothing decays.
        """
        popularity: npt.NDArray[np.float64] = np.zeros(size, np.float64)
        if len(histories.items):
            people = np.repeat(np.arange(len(histories), dtype=np.int64), np.diff(histories.offsets))
            pairs, inverse = np.unique(people * size + histories.items, return_inverse=True)
            strength = np.zeros(len(pairs), np.float64)
            np.maximum.at(strength, inverse, histories.strengths)
            if histories.clock:
                latest = np.full(len(pairs), np.iinfo(np.int64).min)
                np.maximum.at(latest, inverse, histories.times)
                days = (histories.times.max() - latest) / 86_400_000
                strength *= np.exp2(-days / half_life_days)
            popularity = np.bincount(pairs % size, weights=strength, minlength=size).astype(np.float64)
        top = popularity.max() if size else 0.0
        return cls((popularity / top if top > 0 else popularity).astype(np.float32), half_life_days)

    def scores(self, query: Query) -> Float32:  # noqa: ARG002
        return self.shares.copy()

    def evidence(self, query: Query, items: Int32) -> Int32:  # noqa: ARG002
        return np.full(len(items), NO_EVIDENCE, np.int32)

    def extended(self, vocabulary: Vocabulary) -> Self:
        added = np.zeros(len(vocabulary) - len(self.shares), np.float32)
        return type(self)(np.concatenate([self.shares, added]), self.half_life_days)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"shares": self.shares}, folder / "popular.safetensors")
        (folder / "popular.json").write_text(json.dumps({"half_life_days": self.half_life_days}))

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            shares = load_file(folder / "popular.safetensors")["shares"]
            half_life = float(json.loads((folder / "popular.json").read_text())["half_life_days"])
        except Exception as error:
            raise DamagedModel(f"The popular source in {folder} can't be read: {error}") from error
        if not math.isfinite(half_life):
            raise DamagedModel(f"The popular source in {folder} has no finite half-life.")
        return cls(shares, half_life)
