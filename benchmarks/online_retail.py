"""The whole main job on a real shop: import, train, evaluate: python -m benchmarks.online_retail --data DIR.

DIR holds online_retail.parquet (UCI Online Retail: 541,909 order lines of 4,372 customers, CC0). Products, customers and
orders are imported into a fresh workspace, each in a process of its own; the figure is the file's lines over the seconds
of all three. Then the shop trains on everything, as `regulars train` does, and once more on the past alone for the
evaluation: the last tenth of all interactions is the future, and for each customer with a past the next product that is
new to them is looked for in their list. Everybody is given the same past and the same queries, and what a customer
bought before is left out for all.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

import regulars
from benchmarks._importing import imported
from benchmarks._report import print_report
from benchmarks.generic import differences
from benchmarks.peers.ranks import Questions, SasrecSettings, counting_ranks, implicit_ranks, sasrec
from regulars.learning import loop
from regulars.recommend.blend import Blend
from regulars.recommend.dataset import Vocabulary
from regulars.recommend.evaluate import TimeSplit, model_ranks, next_item_ranks, time_split
from regulars.recommend.metrics import ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import TrainSettings, fit_model, held_out_people, hold_out, settings_for
from regulars.store.supervisor import wait_stopped

FILE = "online_retail.parquet"


def questions_of(split: TimeSplit, vocabulary: Vocabulary) -> Questions:
    """The split as every peer is asked it."""
    targets = np.array([future[0] for future in split.futures], np.int32)
    return Questions(vocabulary, split.past, split.queries, targets)


def ranks_of_peers(split: TimeSplit, vocabulary: Vocabulary, seed: int, sasrec_seconds: float) -> dict[str, list[int]]:
    """Popularity over the past's last 30 days, and every peer of benchmarks/peers; sasrec_seconds: 0 leaves that out."""
    questions = questions_of(split, vocabulary)
    month = split.past.times > split.cutoff - 30 * 86_400_000
    lately = np.bincount(split.past.items[month], minlength=len(vocabulary)).astype(np.float32)
    peers = {**counting_ranks(questions), **implicit_ranks(questions, seed)}
    if sasrec_seconds > 0:
        settings = SasrecSettings(seed=seed, max_seconds=sasrec_seconds)
        held_out = hold_out(split.past, held_out_people(split.past, TrainSettings(), seed))
        found = sasrec(questions, held_out, settings)
        if found is not None:
            peers["RecTools SASRec"] = found.ranks
    own = {label: ranks.tolist() for label, ranks in peers.items()}
    return {"popular, 30 days": next_item_ranks(split, lambda _: lately), **own}


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online_retail", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--max-seconds", type=float, default=240.0, help="limit of one transformer's training")
    parser.add_argument("--sasrec-seconds", type=float, default=240.0, help="limit of RecTools' SASRec; 0 = without")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        workspace = Path(folder) / "shop"
        try:
            _run(workspace, options.data / FILE, options.max_seconds, options.sasrec_seconds, options.seed)
        finally:
            wait_stopped(workspace)


def _run(workspace: Path, file: Path, max_seconds: float, sasrec_seconds: float, seed: int) -> None:
    settings = settings_for(max_seconds)
    with regulars.init(workspace, name="Online Retail", currency="GBP", zone="Europe/London") as shop:
        runs = {kind: imported(workspace, kind, file) for kind in ("products", "customers", "orders")}
        for kind, run in runs.items():
            print(f"{kind}: {run.read:,} read, {run.new:,} new, {run.rejected:,} rejected in {run.seconds:.1f} s")
        counts = shop.counts()
        lines = int(parquet.read_metadata(file).num_rows)
        import_seconds = sum(run.seconds for run in runs.values())
        started = time.monotonic()
        trained = shop.train(settings=settings, seed=seed, progress=_say)
        train_seconds = time.monotonic() - started
        print(f"{trained.version}: {trained.verdict}")
        data = loop.read_data(shop.database, shop.workspace)
    split = time_split(data.histories, seed=seed)
    print(f"{len(split.queries):,} customers tested, {len(split.past.items):,} interactions in the past")
    model, learned = fit_model(data.vocabulary, split.past, settings, seed, _say)
    print(json.dumps(learned), flush=True)
    own = model_ranks(split, model)
    peers = ranks_of_peers(split, data.vocabulary, seed, sasrec_seconds)
    reports = {label: ranking_report(ranks) for label, ranks in peers.items()}
    gains = differences(np.array(own, np.int64), {name: np.array(ranks) for name, ranks in peers.items()}, seed)
    for name, source in model.sources.items():
        # Of no peer's: they say which part of the blend carries it.
        reports[f"only {name}"] = ranking_report(
            model_ranks(split, Model(model.product_ids, [source], Blend.default([name])))
        )
    figures = {
        **ranking_report(own),
        **gains,
        "import_rows_per_second": lines / import_seconds,
        "import_seconds": import_seconds,
        "import_peak_mb": max(run.peak_mb for run in runs.values()),
        "events": float(counts["events"]),
        "train_seconds": train_seconds,
        "tested": float(len(own)),
    }
    print_report("online_retail", figures, reports)


def _say(done: float, text: str) -> None:
    print(f"{done:6.1%} {text}", flush=True)


if __name__ == "__main__":
    main()
