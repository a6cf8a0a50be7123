"""A shop of six things whose right answers a reader sees by eye: three for tea, three for running."""

from __future__ import annotations

import numpy as np

from regulars.recommend.dataset import Float32, Histories, Query, Vocabulary

GREEN_TEA, BLACK_TEA, TEAPOT, RUNNING_SHOES, RUNNING_SOCKS, RUNNING_BOTTLE = range(6)

TEXTS = [
    "Green tea, loose leaf",
    "Black tea, loose leaf",
    "Teapot for loose leaf tea",
    "Running shoes for trails",
    "Running socks",
    "Running bottle for trails",
]

DAY = 86_400_000


def pictures(count: int) -> Float32:
    """What the three for tea show is alike, so is what the three for running show; what was added later shows tea, then running."""
    draw = np.random.default_rng(5)
    tea, running = draw.normal(size=(2, 20))
    rows = [tea if item in (0, 1, 2, 6) else running for item in range(count)]
    return np.array([row + draw.normal(size=20) * 0.3 for row in rows], np.float32)


def vocabulary(added: tuple[str, ...] = ()) -> Vocabulary:
    """Product ids are arbitrary: neither dense nor sorted."""
    texts = [*TEXTS, *added]
    return Vocabulary(
        np.array([900, 17, 5_000_000_000, 3, 44, 12, *range(100, 100 + len(added))], np.int64),
        texts,
        pictures=pictures(6 + len(added)),
    )


def histories(*rows: list[int], days_apart: float | None = None, strengths: list[float] | None = None) -> Histories:
    """rows: each person's items, oldest first. days_apart: with a clock, steps this far apart, all ending on one day."""
    items = np.array([item for row in rows for item in row], np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    steps = [step - len(row) + 1 for row in rows for step in range(len(row))]
    times = np.array([int(DAY * (1_000 + (days_apart or 0) * step)) for step in steps], np.int64)
    if days_apart is None:
        times = np.arange(len(items), dtype=np.int64)
    weights = np.array(strengths if strengths is not None else [1.0] * len(items), np.float32)
    return Histories(offsets, items, times, weights, clock=days_apart is not None)


def query(*items: int, context: int | None = None, ages: list[float] | None = None) -> Query:
    return Query(
        np.array(items, np.int32),
        np.array(ages if ages is not None else [0.0] * len(items), np.float32),
        np.ones(len(items), np.float32),
        context,
    )


def two_crowds(people: int = 40) -> Histories:
    """Tea drinkers end at the teapot, runners at the bottle; nobody does both."""
    rows = []
    for person in range(people):
        first, second = ((0, 1), (1, 0))[person // 2 % 2]
        rows.append([first, second, TEAPOT] if person % 2 == 0 else [3 + first, 3 + second, RUNNING_BOTTLE])
    return histories(*rows)
