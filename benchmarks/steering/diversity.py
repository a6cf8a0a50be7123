"""The dial of variety on Amazon Beauty: how different the ten products are, and what that costs in NDCG@10.

Different: the mean of 1 − cosine over the pairs of a list, of their titles' short vectors (which the dial goes by), and of their titles as the
bundled sentence encoder reads them (which it doesn't know). Leave-one-out as in benchmarks/sequences.py; the people are drawn from the seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sequences import histories_of, query_of, read
from regulars.language.sentence_vectors import sentence_encoder
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap
from regulars.recommend.slate import diversified
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import fit_model, settings_for

DIALS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 1.0)
PEOPLE = 4_000
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
    meant: dict[float, list[float]] = {dial: [] for dial in DIALS}
    text = model.sources["text"]
    assert isinstance(text, TextSource)
    short = _unit(text.vectors)
    said = sentence_encoder().encode(list(data.vocabulary.texts))
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
            apart[dial].append(_apart(short, items))
            meant[dial].append(_apart(said, items))
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
            "list_meaning_change": float(np.mean(meant[dial])) / float(np.mean(meant[0.0])) - 1,
        }
        rows[f"dial {dial:g}"] = row
        if row["ndcg_change"] >= -MAY_COST:
            chosen = {"diversity_dial": dial, **{f"diversity_{name}": value for name, value in row.items()}}
    return {**chosen, "diversity_ms": float(np.median(milliseconds))}, rows


def _likeness(text: TextSource, items: Any) -> Callable[[Any], Any]:
    return lambda rows: text.likeness(items[rows])


def _apart(vectors: Any, items: Any) -> float:
    rows = vectors[items]
    return float(1 - (rows @ rows.T)[np.triu_indices(len(items), 1)].mean()) if len(items) > 1 else 0.0


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
