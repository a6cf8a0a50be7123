"""What each part of the recommender brings: python -m benchmarks.ablation --data DIR.

DIR as in benchmarks/sequences.py. One model is trained as papers do (nothing is learned from anybody's item before the
last but the weights and the ranker); then each part is taken out in turn, weights and ranker are fitted anew without it,
and everybody is asked for the last item. Differences are paired, in NDCG@10, with 95 % intervals. --contrast W trains another
transformer with altered copies of histories read alike (weight W), everything else the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks._report import print_report
from benchmarks.sequences import Data, evaluate, histories_of, read
from regulars.recommend.dataset import Histories, Int64
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.model import Model
from regulars.recommend.sequence_training import SequenceSettings
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.train import TrainSettings, fit_blend, fit_model, fit_ranker, held_out_people, hold_out


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-seconds", type=float, default=150.0, help="limit of one transformer's training")
    parser.add_argument("--contrast", type=float, action="append", default=[], metavar="W")
    options = parser.parse_args()
    data = read(options.data, options.seed)
    histories = histories_of([sequence[:-1] for sequence in data.sequences])
    sequence = SequenceSettings(max_seconds=options.max_seconds)
    settings = TrainSettings(sequence=sequence, held_out_share=1.0, finish=False)
    whole, _ = fit_model(data.vocabulary, histories, settings, options.seed, _say)
    ranks = {"all parts": _ranks(whole, data)}
    ranks["without ranker"] = _ranks(Model(whole.product_ids, list(whole.sources.values()), whole.blend), data)
    for name in whole.sources:
        rest = [source for source in whole.sources.values() if source.name != name]
        ranks[f"without {name}"] = _ranks(_fitted(data, histories, rest, settings, options.seed), data)
    for weight in options.contrast:
        other = replace(settings, sequence=replace(sequence, contrast=weight))
        model, _ = fit_model(data.vocabulary, histories, other, options.seed, _say)
        ranks[f"contrast {weight:g}"] = _ranks(model, data)
    base = ndcg_gains(ranks["all parts"].tolist(), 10)
    peers = {}
    for label, own in ranks.items():
        change = paired_bootstrap(base, ndcg_gains(own.tolist(), 10), seed=options.seed)
        row = ranking_report(own.tolist(), at=(10,))
        peers[label] = {**row, "change": change.mean, "change_low": change.low, "change_high": change.high}
        print(f"{label:<24} N@10 {row['ndcg_at_10']:.4f} {change.mean:+.4f} [{change.low:+.4f}, {change.high:+.4f}]")
    print_report("ablation", peers.pop("all parts"), peers)


def _fitted(
    data: Data, histories: Histories, sources: Sequence[CandidateSource], settings: TrainSettings, seed: int
) -> Model:
    split = hold_out(histories, held_out_people(histories, settings, seed))
    blend = fit_blend(data.vocabulary, list(sources), split, seed)
    ranker = fit_ranker(data.vocabulary, list(sources), blend, split, None, settings, seed, {})
    return Model(data.vocabulary.product_ids, list(sources), blend, ranker, data.vocabulary.facts)


def _ranks(model: Model, data: Data) -> Int64:
    print(f"asking, with {', '.join(model.source_names)}", flush=True)
    return evaluate(model, data)[0]["model"]


def _say(done: float, text: str) -> None:
    print(f"{done:6.1%} {text}", flush=True)


if __name__ == "__main__":
    main()
