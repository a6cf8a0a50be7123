"""What the judge learns from: neighbouring things in people's histories, and choices beside what wasn't chosen. Arrays only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.recommend.dataset import Float32, Histories, Int64
from regulars.recommend.judge.wrote import latest, looked_at
from regulars.recommend.sources._neighbours import Neighbours


@dataclass(frozen=True, slots=True)
class Judgements:
    """Each case: what somebody had looked at, and candidates of which they chose the first.

    pasts: for each case the latest items, newest first; among them searches, see wrote.py. candidates: (cases, c), the chosen one in
    column 0. titles: how many texts are items'; a higher number is a search.
    """

    pasts: list[Int64]
    candidates: Int64
    titles: int

    def __len__(self) -> int:
        return len(self.pasts)

    def chosen(self, index: Int64) -> Judgements:
        """These cases only."""
        return Judgements([self.pasts[place] for place in index.tolist()], self.candidates[index], self.titles)


def split_people(histories: Histories, share: float, most: int, seed: int) -> tuple[Int64, Int64]:
    """(people to learn from, people held out whole), both in order, of those with two interactions or more."""
    able = np.flatnonzero(np.diff(histories.offsets) >= 2)
    count = min(most, int(len(able) * share))
    held = np.sort(np.random.default_rng(seed).choice(able, count, replace=False)) if count else able[:0]
    return np.setdiff1d(able, held), held


def neighbour_pairs(
    rows: Sequence[Int64], window: int, decay: float, backward: float, titles: int | None = None
) -> tuple[Int64, Int64, Float32]:
    """(from, to, weight) of all pairs at most `window` steps apart: decay^(steps − 1), times `backward` for earlier ones.

    titles: numbers from here on are searches. They are nobody's answer, and lead only to what was looked at after them.

    >>> neighbour_pairs([np.array([4, 7])], window=3, decay=0.6, backward=0.5)[2].tolist()
    [1.0, 0.5]
    """
    left: list[Int64] = []
    right: list[Int64] = []
    weights: list[Float32] = []
    ahead: list[npt.NDArray[np.bool_]] = []
    for row in rows:
        for lag in range(1, min(window, len(row) - 1) + 1):
            for begin, end, weight, on in (
                (row[:-lag], row[lag:], 1.0, True),
                (row[lag:], row[:-lag], backward, False),
            ):
                ahead.append(np.full(len(begin), on))
                left.append(begin)
                right.append(end)
                weights.append(np.full(len(begin), weight * decay ** (lag - 1), np.float32))
    if not left:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, np.zeros(0, np.float32)
    a, b, w = np.concatenate(left), np.concatenate(right), np.concatenate(weights)
    kept = a != b
    if titles is not None:
        later = np.concatenate(ahead)
        kept &= (b < titles) & ((a < titles) | later)
    return a[kept], b[kept], w[kept]


def judgements(
    histories: Histories,
    people: Int64,
    near: Neighbours,
    seed: int,
    look_back: int = 6,
    popular: int = 3,
    hard: int = 2,
    any_step: bool = False,
) -> Judgements:
    """One case a person: a thing new to them, beside `popular` things drawn by popularity^½ and `hard` of its neighbours.

    any_step: a random step of theirs, else the last. What the person ever touched is never a wrong answer. Where the thing
    has too few neighbours, popular things take their places.
    """
    generator = np.random.default_rng(seed)
    titles = len(near)
    popularity = np.sqrt(
        np.bincount(looked_at(histories.items.astype(np.int64), titles), minlength=titles).astype(np.float64)
    )
    shares = np.cumsum(popularity / max(popularity.sum(), 1e-9))
    pasts: list[Int64] = []
    rows: list[Int64] = []
    for person in people.tolist():
        items = histories.items[histories.of(person)].astype(np.int64)
        _, first = np.unique(items, return_index=True)
        first = np.sort(first[items[first] < titles])
        steps = first[1:]  # something has been looked at before
        if len(steps) == 0:
            continue
        at = int(generator.choice(steps)) if any_step else int(steps[-1])
        target = int(items[at])
        lists = near.indices[near.offsets[target] : near.offsets[target + 1]].astype(np.int64)
        lists = lists[~np.isin(lists, items)]
        difficult = generator.choice(lists, min(hard, len(lists)), replace=False) if len(lists) else lists
        drawn = np.minimum(np.searchsorted(shares, generator.random(4 * (popular + hard))), len(near) - 1)
        drawn = np.setdiff1d(drawn, np.concatenate([items, difficult]))
        drawn = generator.permutation(drawn)[: popular + hard - len(difficult)]
        if len(drawn) + len(difficult) < popular + hard:
            continue
        pasts.append(latest(items[:at], titles, look_back))
        rows.append(np.concatenate([[target], difficult, drawn]))
    columns = 1 + popular + hard
    return Judgements(pasts, np.stack(rows) if rows else np.zeros((0, columns), np.int64), titles)


def histories_rows(histories: Histories, people: Int64, longest: int) -> list[Int64]:
    """Each person's latest items, oldest first, immediate repeats once; only those with two or more."""
    out = []
    for person in people.tolist():
        items = histories.items[histories.of(person)].astype(np.int64)
        items = items[np.append(items[1:] != items[:-1], True)] if len(items) else items
        if len(items) >= 2:
            out.append(items[-longest:])
    return out


def figures(scores: Float32) -> dict[str, float]:
    """(cases, c) scores, the chosen one in column 0 → "accuracy": share of cases in which it stands first; "auc": share of
    (chosen, other) pairs in the right order, within cases, equal scores half.

    >>> figures(np.array([[0.9, 0.1], [0.2, 0.8]], np.float32))
    {'accuracy': 0.5, 'auc': 0.5}
    """
    if len(scores) == 0:
        return {"accuracy": 0.0, "auc": 0.0}
    own, others = scores[:, :1], scores[:, 1:]
    right = (own > others) + 0.5 * (own == others)
    return {"accuracy": float((own > others).all(axis=1).mean()), "auc": float(right.mean())}
