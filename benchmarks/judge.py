"""What the judge of interest adds, and what it costs: python -m benchmarks.judge --data DIR.

The folder and the relabelling are those of benchmarks.sequences. A fifth of the items are kept from training (--cold) and
encoded afterwards. Beside each other: exact TF-IDF (the text source's rows), the judge alone, and their weighted sum, whose
weight is found on people whose last warm item is held out from training and taken for cold; for tests with a warm target, with
a cold one (among all, and among cold items), and for new visitors, of whose past only the latest item is known.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sparse

from benchmarks._report import print_report
from benchmarks.sequences import histories_of, query_of, read
from regulars.recommend.dataset import Float32, Histories, Int32, Int64, Vocabulary
from regulars.recommend.metrics import ndcg_at, paired_bootstrap, recall_at
from regulars.recommend.sources._history import weighted_history
from regulars.recommend.sources._neighbours import Neighbours
from regulars.recommend.sources.text import TextSource

WEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
CHUNK = 512


def customers(pasts: list[Int32], size: int) -> Any:
    """(people, n) CSR of what each thing of a past counts."""
    rows, columns, values = [], [], []
    for person, past in enumerate(pasts):
        history = weighted_history(query_of(past), 0.6, 30.0)
        rows.append(np.full(len(history.items), person))
        columns.append(history.items)
        values.append(history.weights)
    parts = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_matrix(parts, shape=(len(pasts), size))


def places(
    pasts: list[Int32], targets: Int64, rows: Any, vectors: Float32 | None, weight: float | None, among: Any = None
) -> Int64:
    """Places from 0. weight: of the judge beside TF-IDF; None = the judge alone. among: (n,) items that are ranked."""
    history = customers(pasts, rows.shape[0])
    transposed = rows.T.tocsr()
    out = np.zeros(len(pasts), np.int64)
    for begin in range(0, len(pasts), CHUNK):
        part = history[begin : begin + CHUNK]
        scores = np.zeros((part.shape[0], rows.shape[0]), np.float32)
        if weight is not None:
            scores += ((part @ rows) @ transposed).toarray()
        if vectors is not None and weight != 0:
            customer = part @ vectors
            customer /= np.maximum(np.linalg.norm(customer, axis=1, keepdims=True), 1e-9)
            scores += np.float32(1 if weight is None else weight) * (customer @ vectors.T)
        if among is not None:
            scores[:, ~among] = -np.inf
        own = scores[np.arange(len(scores)), targets[begin : begin + CHUNK]].copy()
        for row, past in enumerate(pasts[begin : begin + CHUNK]):
            scores[row, past] = -np.inf
        above, equal = (scores > own[:, None]).sum(1), (scores == own[:, None]).sum(1)
        out[begin : begin + CHUNK] = above + equal // 2
    return out


def without(histories: Histories, items: Int64, size: int) -> Histories:
    """The histories without these items."""
    gone = np.zeros(size, np.bool_)
    gone[items] = True
    keep = ~gone[histories.items]
    people = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))[keep]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(people, minlength=len(histories)))]).astype(np.int64)
    return Histories(offsets, histories.items[keep], histories.times[keep], histories.strengths[keep], histories.clock)


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cold", type=float, default=0.2, help="share of items encoded only after training")
    parser.add_argument("--methods", default="frozen,adapter,lora,full")
    parser.add_argument("--max-seconds", type=float, default=60.0, help="of learning, each method")
    parser.add_argument("--teacher-seconds", type=float, default=0.0, help="of the cross-encoder's training before it")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cases", type=int, default=2_000, help="of each kind that are measured, at most")
    options = parser.parse_args()

    from regulars.language.encoder_weights import encoder_folder
    from regulars.recommend.judge.settings import JudgeSettings
    from regulars.recommend.judge.training import train_judge

    generator = np.random.default_rng(options.seed)
    data = read(options.data, options.seed)
    size = len(data.vocabulary)
    warm = round(size * (1 - options.cold))
    # Of the warm items a tenth is taken for cold while weights are found; labels are random, so the last are a sample.
    learned = round(warm * 0.9)
    kept = histories_of([sequence[:-1][sequence[:-1] < warm] for sequence in data.sequences])
    past = without(kept, np.arange(learned, warm), size)
    texts = TextSource.fit(Vocabulary(data.vocabulary.product_ids[:warm], data.vocabulary.texts[:warm]))
    rows = texts.extended(data.vocabulary).rows
    near = Neighbours.of(sparse.csr_matrix((size, size), dtype=np.float32), 1)
    near = Neighbours(
        np.append(texts.neighbours.offsets, np.full(size - warm, texts.neighbours.offsets[-1])),
        texts.neighbours.indices,
        texts.neighbours.weights,
    )
    everyone = [(sequence[:-1], int(sequence[-1])) for sequence in data.sequences]

    def sample(kind: str) -> tuple[list[Int32], Int64, Any]:
        """Pasts, targets and which items are ranked."""
        cold_item = np.arange(size) >= warm
        if kind == "validation":
            found = [
                (sequence[: at[-1]], int(sequence[at[-1]]))
                for sequence in (s[:-1] for s in data.sequences)
                if len(at := np.flatnonzero((sequence >= learned) & (sequence < warm))) and at[-1] > 0
            ]
            among = (np.arange(size) >= learned) & (np.arange(size) < warm)
        else:
            cold = kind in ("cold", "cold_among_cold")
            found = [pair for pair in everyone if (pair[1] >= warm) == cold or kind == "visitor"]
            if kind == "visitor":
                found = [(items[-1:], target) for items, target in found]
            among = cold_item if kind == "cold_among_cold" else None
        chosen = np.sort(generator.choice(len(found), min(options.cases, len(found)), replace=False))
        return [found[at][0] for at in chosen], np.array([found[at][1] for at in chosen], np.int64), among

    kinds = ("warm", "cold", "cold_among_cold", "visitor")
    samples = {kind: sample(kind) for kind in ("validation", *kinds)}
    text_places = {kind: places(*samples[kind][:2], rows, None, 0.0, samples[kind][2]) for kind in kinds}
    table = {"TF-IDF": {f"{kind}_r10": recall_at(text_places[kind], 10) for kind in kinds} | {"seconds": 0.0}}
    for method in options.methods.split(","):
        settings = replace(
            JudgeSettings(method=method),
            max_seconds=options.max_seconds,
            teacher_seconds=options.teacher_seconds,
            threads=options.threads,
        )
        started = time.monotonic()
        taught = train_judge(data.vocabulary, past, near, encoder_folder(), settings, options.seed, _say)
        seconds = time.monotonic() - started
        pasts, targets, among = samples["validation"]
        tried = {weight: ndcg_at(places(pasts, targets, rows, taught.vectors, weight, among), 10) for weight in WEIGHTS}
        weight = max(tried, key=lambda one: tried[one])
        row = {"weight": weight, "seconds": seconds}
        for kind in kinds:
            pasts, targets, among = samples[kind]
            alone = places(pasts, targets, rows, taught.vectors, None, among)
            both = places(pasts, targets, rows, taught.vectors, weight, among)
            row |= {f"{kind}_alone_r10": recall_at(alone, 10), f"{kind}_r10": recall_at(both, 10)}
            change = paired_bootstrap((text_places[kind] < 10) * 1.0, (both < 10) * 1.0, seed=options.seed)
            print(f"{method} {kind}: R@10 {change.mean:+.4f} [{change.low:+.4f}, {change.high:+.4f}] over TF-IDF alone")
        table[method] = row
    best = max((name for name in table if name != "TF-IDF"), key=lambda name: table[name]["cold_among_cold_r10"])
    print_report("judge", table[best], table)


def _say(done: float, line: str) -> None:
    print(f"{done:6.1%} {line}", flush=True)


if __name__ == "__main__":
    main()
