"""Seconds to equal quality, ours beside RecTools' SASRec: python -m benchmarks.equal_quality --data DIR.

DIR as for benchmarks.generic. Both learn from the same histories, on the same machine, one after the other, and are measured on the same
held-out choices (validation, leave-one-out of a sample of people). SASRec trains until ten epochs bring nothing or its limit
is over; its best NDCG@10 is the mark. `seconds_sasrec`: its training until it first had that. `seconds_ours`: ours until it first
had at least that: everything from the texts on, counted until the first part that reaches the mark: the sources that only
count, with the weights that come without fitting; then the transformer, epoch by epoch. Measuring counts for neither.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import generic
from benchmarks._report import print_report
from benchmarks.peers.ranks import Questions, SasrecSettings, sasrec
from regulars.recommend.dataset import Vocabulary
from regulars.recommend.metrics import ndcg_at
from regulars.recommend.sequence_network import Content
from regulars.recommend.sequence_training import Holdout, SequenceSettings, train_sequence
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import Split, TrainSettings, fit_starter, held_out_people, hold_out


@dataclass(frozen=True, slots=True)
class Reached:
    """seconds: until the mark, or until the end where it wasn't reached. by: which part reached it, "" if none."""

    seconds: float
    ndcg: float
    by: str


def ours(vocabulary: Vocabulary, split: Split, mark: float, settings: SequenceSettings, seed: int) -> Reached:
    """The starter model first, then the transformer alone, until either has NDCG@10 of at least the mark."""
    started = time.monotonic()
    starter = fit_starter(vocabulary, split.past, seed)
    seconds = time.monotonic() - started
    questions = Questions(vocabulary, split.past, split.queries, split.targets)
    counted = ndcg_at(generic.ranks_of_model(starter, questions), 10)
    print(f"ours, starter: {seconds:.1f} s, NDCG@10 {counted:.4f}", flush=True)
    if counted >= mark:
        return Reached(seconds, counted, "starter")
    before = time.monotonic()
    text = TextSource.fit(vocabulary, seed=seed)
    seconds += time.monotonic() - before
    holdout = Holdout([query.items for query in split.queries], split.targets)
    trained = train_sequence(Content(text.vectors, text.rows), split.past, holdout, settings, seed, generic.say)
    for epoch in trained.history:
        # Each epoch's seconds hold the measuring of the epochs before it: that is to our disadvantage.
        if epoch["ndcg_at_10"] >= mark:
            return Reached(seconds + epoch["seconds"], epoch["ndcg_at_10"], f"transformer, epoch {epoch['epoch']:.0f}")
    last = trained.history[-1]
    return Reached(seconds + last["seconds"], max(epoch["ndcg_at_10"] for epoch in trained.history), "")


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equal_quality", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-seconds", type=float, default=600.0, help="limit of each training")
    options = parser.parse_args()
    vocabulary, histories = generic.read(options.data, options.seed)
    questions = generic.leave_one_out(vocabulary, histories)
    split = hold_out(questions.past, held_out_people(questions.past, TrainSettings(), options.seed))
    peer = sasrec(questions, split, SasrecSettings(seed=options.seed, max_seconds=options.max_seconds))
    if peer is None:
        raise SystemExit(1)
    seconds_sasrec, mark = peer.epochs[peer.best].tolist()
    print(f"SASRec: NDCG@10 {mark:.4f} after {seconds_sasrec:.0f} s, {len(peer.epochs)} epochs in all", flush=True)
    settings = replace(SequenceSettings(), max_seconds=options.max_seconds)
    reached = ours(vocabulary, split, mark, settings, options.seed)
    print(f"Ours: NDCG@10 {reached.ndcg:.4f} after {reached.seconds:.1f} s by {reached.by or 'nothing: not reached'}")
    figures = {
        "seconds_ours": reached.seconds,
        "seconds_sasrec": seconds_sasrec,
        "times_faster": seconds_sasrec / reached.seconds,
        "ndcg_ours": reached.ndcg,
        "ndcg_sasrec": mark,
        "reached": float(bool(reached.by)),
    }
    print_report("equal_quality", figures)


if __name__ == "__main__":
    main()
