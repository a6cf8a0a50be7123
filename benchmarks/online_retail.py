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
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import scipy.sparse as sparse
from threadpoolctl import threadpool_limits

import regulars
from benchmarks._importing import imported
from benchmarks._report import print_report
from regulars.learning import loop
from regulars.recommend.blend import Blend
from regulars.recommend.dataset import Query
from regulars.recommend.evaluate import MISSED, TimeSplit, model_ranks, next_item_ranks, time_split
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import fit_model, settings_for
from regulars.store.supervisor import wait_stopped

FILE = "online_retail.parquet"
DEEPEST = 20
"""Places of a list that the figures look at."""


def ranks_of_peers(split: TimeSplit, size: int, seed: int) -> dict[str, list[int]]:
    """Popularity over all of the past and over its last 30 days; implicit's ALS and BM25 kNN, if it is installed.

    implicit is given how often each customer bought each product.
    """
    past = split.past
    month = past.times > split.cutoff - 30 * 86_400_000
    popularity = np.bincount(past.items, minlength=size).astype(np.float32)
    lately = np.bincount(past.items[month], minlength=size).astype(np.float32)
    out = {
        "popular": next_item_ranks(split, lambda _: popularity),
        "popular, 30 days": next_item_ranks(split, lambda _: lately),
    }
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import BM25Recommender
    except ImportError:
        return out
    people = sparse.csr_matrix((np.ones(len(past.items), np.float32), past.items, past.offsets), (len(past), size))
    people.sum_duplicates()
    asked = _matrix(split.queries, size)
    targets = np.array([future[0] for future in split.futures])
    models: dict[str, Any] = {
        "implicit BM25 kNN": BM25Recommender(K=100, num_threads=2),
        "implicit ALS-128": AlternatingLeastSquares(factors=128, random_state=seed, num_threads=2),
    }
    for label, peer in models.items():
        with warnings.catch_warnings(), threadpool_limits(1, "blas"):
            warnings.simplefilter("ignore")  # implicit's own, about the layout of a matrix that it made itself
            peer.fit(people, show_progress=False)
            listed, _ = peer.recommend(
                np.arange(len(targets)), asked, N=DEEPEST, filter_already_liked_items=True, recalculate_user=True
            )
        hits = listed == targets[:, None]
        out[label] = np.where(hits.any(axis=1), hits.argmax(axis=1), MISSED).tolist()
    return out


def _matrix(queries: list[Query], size: int) -> sparse.csr_matrix:
    offsets = np.concatenate([[0], np.cumsum([len(query.items) for query in queries])])
    items = np.concatenate([query.items for query in queries])
    matrix = sparse.csr_matrix((np.ones(len(items), np.float32), items, offsets), (len(queries), size))
    matrix.sum_duplicates()
    return matrix


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online_retail", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--max-seconds", type=float, default=240.0, help="limit of one transformer's training")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as folder:
        workspace = Path(folder) / "shop"
        try:
            _run(workspace, options.data / FILE, options.max_seconds, options.seed)
        finally:
            wait_stopped(workspace)


def _run(workspace: Path, file: Path, max_seconds: float, seed: int) -> None:
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
    peers = ranks_of_peers(split, len(data.vocabulary), seed)
    reports = {label: ranking_report(ranks) for label, ranks in peers.items()}
    best = max(reports, key=lambda label: reports[label]["ndcg_at_10"])
    gain = paired_bootstrap(ndcg_gains(peers[best], 10), ndcg_gains(own, 10), seed=seed)
    print(f"NDCG@10 over {best}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}], paired bootstrap")
    for name, source in model.sources.items():
        # Of no peer's: they say which part of the blend carries it.
        reports[f"only {name}"] = ranking_report(
            model_ranks(split, Model(model.product_ids, [source], Blend.default([name])))
        )
    figures = {
        **ranking_report(own),
        "ndcg_gain": gain.mean,
        "ndcg_gain_low": gain.low,
        "ndcg_gain_high": gain.high,
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
