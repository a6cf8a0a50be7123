"""Going on from yesterday's version against training in full today: python -m benchmarks.incremental --data DIR.

DIR as in benchmarks/sequences.py. Yesterday is everything but the latest item before the test of every fifth person, and
without a twentieth of the products. Yesterday's model is trained in full and saved; today's is trained in full, and made
by going on from yesterday's folder. Both are asked for everybody's last item, all items ranked.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._report import print_report
from benchmarks.sequences import evaluate, histories_of, read
from regulars.recommend.dataset import Vocabulary
from regulars.recommend.going_on import continue_model
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.train import fit_model, settings_for

NEW_PRODUCTS = 0.05


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incremental", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--max-seconds", type=float, default=420.0, help="limit of one transformer's full training")
    options = parser.parse_args()
    data = read(options.data, options.seed)
    settings = settings_for(options.max_seconds)
    size = len(data.vocabulary)
    known = round(size * (1 - NEW_PRODUCTS))
    today = [sequence[:-1] for sequence in data.sequences]
    yesterday = [past[:-1] if person % 5 == 0 else past for person, past in enumerate(today)]
    words = Vocabulary(data.vocabulary.product_ids[:known], data.vocabulary.texts[:known])
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        before, _ = fit_model(
            words, histories_of([past[past < known] for past in yesterday]), settings, options.seed, _say
        )
        before.save(Path(folder))
        began = time.monotonic()
        gone_on, report = continue_model(
            data.vocabulary, histories_of(today), Path(folder), settings, options.seed, _say
        )
        seconds = time.monotonic() - began
    print(report["seconds"])
    began = time.monotonic()
    full, _ = fit_model(data.vocabulary, histories_of(today), settings, options.seed, _say)
    full_seconds = time.monotonic() - began
    own, other = (evaluate(model, data)[0]["model"].tolist() for model in (gone_on, full))
    change = paired_bootstrap(ndcg_gains(other, 10), ndcg_gains(own, 10), seed=options.seed)
    base = float(np.mean(ndcg_gains(other, 10)))
    figures = {
        **ranking_report(own, at=(10,)),
        "seconds": seconds,
        "full_seconds": full_seconds,
        "seconds_share": seconds / full_seconds,
        "ndcg_change": change.mean / base,
        "ndcg_change_low": change.low / base,
        "ndcg_change_high": change.high / base,
    }
    print_report("incremental", figures, {"trained in full": ranking_report(other, at=(10,))})


def _say(done: float, text: str) -> None:
    print(f"{done:6.1%} {text}", flush=True)


if __name__ == "__main__":
    main()
