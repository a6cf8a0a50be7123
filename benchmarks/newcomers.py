"""What a new visitor is shown after 0, 1, 2, 3 and 5 clicks: python -m benchmarks.newcomers --data DIR.

DIR as for benchmarks.sequences or benchmarks.generic. Some people (2,000, drawn from the seed) are left out of training
altogether: to the models they are new. Of each the last item is what is looked for, and the last k before it are the
clicks: k = 0 is a stranger. The same people are asked at every k, those with more than five items before the last, so that rows can be
compared; a second table asks everybody who has k. Peers: popularity, BM25 kNN of implicit, cosine kNN, and co-visitation alone. All items are
ranked, the clicks left out. The clicks carry no ages: a newcomer's are of this minute.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks import generic
from benchmarks._report import print_report
from benchmarks.peers.ranks import Questions, counting_ranks, implicit_ranks
from regulars.recommend.blend import Blend
from regulars.recommend.dataset import Histories, Int64, Query, Vocabulary
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import TrainSettings, fit_model, settings_for

CLICKS = (0, 1, 2, 3, 5)


def without(histories: Histories, people: Int64) -> Histories:
    """The histories of all others."""
    lengths = np.diff(histories.offsets)
    others = np.ones(len(histories), np.bool_)
    others[people] = False
    keep = np.repeat(others, lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths[others])]).astype(np.int64)
    return Histories(offsets, histories.items[keep], histories.times[keep], histories.strengths[keep], histories.clock)


def after_clicks(
    vocabulary: Vocabulary, histories: Histories, past: Histories, people: Int64, clicks: int, least: int
) -> Questions:
    """What these people chose last, asked after their `clicks` before it; those with fewer than `least` aren't asked."""
    queries, targets = [], []
    for person in people.tolist():
        items = histories.items[histories.of(person)]
        before, last = items[:-1], int(items[-1])
        if len(before) < max(clicks, least) or last in before:
            continue
        known = before[len(before) - clicks :]
        queries.append(Query(known, np.zeros(clicks, np.float32), np.ones(clicks, np.float32)))
        targets.append(last)
    return Questions(vocabulary, past, queries, np.array(targets, np.int32))


def main() -> None:
    """Command line; prints a table a number of clicks, then the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.newcomers", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--people", type=int, default=2_000, help="left out of training and asked")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-seconds", type=float, default=None, help="limit of the transformer's training")
    options = parser.parse_args()
    settings = TrainSettings() if options.max_seconds is None else settings_for(options.max_seconds)
    vocabulary, histories = generic.read(options.data, options.seed)
    generator = np.random.default_rng(options.seed)
    able = np.flatnonzero(np.diff(histories.offsets) >= 2)
    people = np.sort(generator.choice(able, min(options.people, len(able) // 2), replace=False)).astype(np.int64)
    past = without(histories, people)
    started = time.monotonic()
    model, _ = fit_model(vocabulary, past, settings, options.seed, generic.say)
    figures = {"train_seconds": time.monotonic() - started}
    peers: dict[str, dict[str, float]] = {}
    for label, least in (("same", CLICKS[-1]), ("all", 0)):
        for clicks in CLICKS:
            questions = after_clicks(vocabulary, histories, past, people, clicks, least)
            ranks = _ranks(model, questions, clicks, options.seed)
            own = ranks.pop("regulars")
            gains = ndcg_gains(own.tolist(), 10)
            interval = paired_bootstrap(np.zeros(len(gains)), gains, seed=options.seed)
            name = f"{label}_ndcg_{clicks}"
            figures[name] = interval.mean
            print(
                f"{label} people, {clicks} clicks, {len(questions):,} asked: NDCG@10 {interval.mean:.4f} "
                f"[{interval.low:.4f}, {interval.high:.4f}]"
            )
            for peer, theirs in ranks.items():
                peers.setdefault(peer, {})[name] = ranking_report(theirs.tolist())["ndcg_at_10"]
            generic.differences(own, ranks, options.seed)
    print_report("newcomers", figures, peers)


def _ranks(model: Model, questions: Questions, clicks: int, seed: int) -> dict[str, Int64]:
    """Ours, and each peer's that has something to say: without a click only popularity has."""
    out = {"regulars": generic.ranks_of_model(model, questions), **counting_ranks(questions)}
    if clicks == 0:
        return {name: out[name] for name in ("regulars", "popularity")}
    alone = Model(model.product_ids, [model.sources["covisitation"]], Blend.default(["covisitation"]))
    out["co-visitation alone"] = generic.ranks_of_model(alone, questions)
    return {**out, **implicit_ranks(questions, seed, only=("implicit BM25 kNN",))}


if __name__ == "__main__":
    main()
