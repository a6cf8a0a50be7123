"""The dial of variety on Amazon Beauty: how different the ten products are, and what that costs in NDCG@10.

Different: the mean of 1 − cosine over the pairs of a list, of their titles' TF-IDF rows, worked out here from the rows. Leave-one-out as in
benchmarks/sequences.py; the people are drawn from the seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sequences import histories_of, query_of, read
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap
from regulars.recommend.model import Model
from regulars.recommend.slate import diversified
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import fit_model, settings_for

DIALS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
PEOPLE = 5_000
TEN = 10
MAY_COST = 0.02


def measure(folder: Path, seconds: float, seed: int) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """The figures of the dial that costs 2 % at most, and a row for each dial."""
    data = read(folder, seed)
    pasts = histories_of([sequence[:-1] for sequence in data.sequences])
    began = time.monotonic()
    model, _ = fit_model(data.vocabulary, pasts, settings_for(seconds), seed)
    print(f"trained in {time.monotonic() - began:.0f} s", flush=True)
    people = np.sort(
        np.random.default_rng(seed).choice(len(data.sequences), min(PEOPLE, len(data.sequences)), replace=False)
    )
    ranks: dict[float, list[int]] = {dial: [] for dial in DIALS}
    apart: dict[float, list[float]] = {dial: [] for dial in DIALS}
    text = model.sources["text"]
    assert isinstance(text, TextSource)
    milliseconds = []
    for person in people.tolist():
        sequence = data.sequences[person]
        past, target = sequence[:-1], int(sequence[-1])
        found = model.retrieve(query_of(past), exclude=past)
        for dial in DIALS:
            started = time.perf_counter()
            order = diversified(found.scores, _likeness(text, found.items), dial, TEN)
            if dial == 0.3:
                milliseconds.append((time.perf_counter() - started) * 1_000)
            items = found.items[order[:TEN]]
            hit = np.flatnonzero(items == target)
            ranks[dial].append(int(hit[0]) if len(hit) else 10**6)
            apart[dial].append(_apart(model, items))
    base = ndcg_gains(ranks[0.0], TEN)
    plain = float(np.mean(apart[0.0]))
    rows: dict[str, dict[str, float]] = {}
    chosen: dict[str, float] = {}
    for dial in DIALS:
        gains = ndcg_gains(ranks[dial], TEN)
        change = paired_bootstrap(base, gains, seed=seed)
        mean = float(base.mean())
        row = {
            "ndcg_at_10": float(gains.mean()),
            "ndcg_change": change.mean / mean,
            "ndcg_change_low": change.low / mean,
            "list_distance": float(np.mean(apart[dial])),
            "list_distance_change": float(np.mean(apart[dial])) / plain - 1,
        }
        rows[f"dial {dial:g}"] = row
        if row["ndcg_change"] >= -MAY_COST:
            chosen = {"diversity_dial": dial, **{f"diversity_{name}": value for name, value in row.items()}}
    return {**chosen, "diversity_ms": float(np.median(milliseconds))}, rows


def _likeness(text: TextSource, items: Any) -> Callable[[Any], Any]:
    return lambda rows: text.likeness(items[rows])


def _apart(model: Model, items: Any) -> float:
    text = model.sources["text"]
    assert isinstance(text, TextSource)
    rows = text.rows[items].toarray()
    near = rows @ rows.T
    pairs = np.triu_indices(len(items), 1)
    return float(1 - near[pairs].mean()) if len(items) > 1 else 0.0
