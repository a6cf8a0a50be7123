"""The whole main job on a real shop: import, train, evaluate: python -m benchmarks.online_retail --data DIR.

DIR holds online_retail.parquet (UCI Online Retail: 541,909 order lines of 4,372 customers, CC0). Products, customers and
orders are imported into a fresh workspace, each in a process of its own; the figure is the file's lines over the seconds
of all three. Then the shop trains on everything, as `regulars train` does, and once more on the past alone for the
evaluation: the last tenth of all interactions is the future, and for each customer with a past the next product that is
new to them is looked for in their list. Ours and every peer of benchmarks.generic (popularity, cosine kNN, implicit's
ALS, BPR and BM25 kNN, RecTools' SASRec) are given the same past and the same queries, and what a customer bought before
is left out for all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

import regulars
from benchmarks._importing import imported
from benchmarks.generic import beside_peers, questions_of, say
from benchmarks.peers.ranks import SasrecSettings
from regulars.learning import loop
from regulars.recommend.dataset import Int64
from regulars.recommend.evaluate import TimeSplit, next_item_ranks, time_split
from regulars.recommend.train import TrainSettings, settings_for
from regulars.store.supervisor import wait_stopped

FILE = "online_retail.parquet"


def popular_lately(split: TimeSplit, size: int) -> Int64:
    """(cases,) ranks by what was chosen most in the past's last 30 days, of `size` products."""
    month = split.past.times > split.cutoff - 30 * 86_400_000
    lately = np.bincount(split.past.items[month], minlength=size).astype(np.float32)
    return np.array(next_item_ranks(split, lambda _: lately), np.int64)


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online_retail", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--max-seconds", type=float, default=None, help="limit of one transformer's training")
    parser.add_argument("--sasrec-seconds", type=float, default=600.0, help="limit of RecTools' SASRec; 0 = without")
    parser.add_argument(
        "--sasrec-threads", type=int, default=2, help="of RecTools' SASRec; one where the machine is busy"
    )
    parser.add_argument(
        "--past-only", action="store_true", help="leave out the training on everything, which says its seconds alone"
    )
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    settings = TrainSettings() if options.max_seconds is None else settings_for(options.max_seconds)
    peer = SasrecSettings(seed=options.seed, max_seconds=options.sasrec_seconds, threads=options.sasrec_threads)
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        workspace = Path(folder) / "shop"
        try:
            _run(
                workspace,
                options.data / FILE,
                settings,
                peer if options.sasrec_seconds else None,
                options.seed,
                not options.past_only,
            )
        finally:
            wait_stopped(workspace)


def _run(
    workspace: Path, file: Path, settings: TrainSettings, peer: SasrecSettings | None, seed: int, everything: bool
) -> None:
    with regulars.init(workspace, name="Online Retail", currency="GBP", zone="Europe/London") as shop:
        runs = {kind: imported(workspace, kind, file) for kind in ("products", "customers", "orders")}
        for kind, run in runs.items():
            print(f"{kind}: {run.read:,} read, {run.new:,} new, {run.rejected:,} rejected in {run.seconds:.1f} s")
        lines = int(parquet.read_metadata(file).num_rows)
        import_seconds = sum(run.seconds for run in runs.values())
        figures = {
            "import_rows_per_second": lines / import_seconds,
            "import_seconds": import_seconds,
            "import_peak_mb": max(run.peak_mb for run in runs.values()),
            "events": float(shop.counts()["events"]),
        }
        if everything:
            started = time.monotonic()
            trained = shop.train(settings=settings, seed=seed, progress=say)
            figures["shop_train_seconds"] = time.monotonic() - started
            print(f"{trained.version}: {trained.verdict}")
        data = loop.read_data(shop.database, shop.workspace)
    split = time_split(data.histories, seed=seed)
    print(f"{len(split.queries):,} customers tested, {len(split.past.items):,} interactions in the past")
    lately = {"popular, 30 days": popular_lately(split, len(data.vocabulary))}
    beside_peers("online_retail", questions_of(data.vocabulary, split), settings, seed, peer, lately, figures)


if __name__ == "__main__":
    main()
