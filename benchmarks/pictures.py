"""What product pictures add: python -m benchmarks.pictures [--texts full|bare] [--seed 0] [--missing 0.5].

The demo's invented half year (demo/world.py) and its drawn pictures. A random fifth of the products is *cold*: unknown in
training, added afterwards with text and picture. The last tenth of the time is the future: warm cases are the first
warm product that was new to a person then, cold cases the first cold one. Trained four ways, all else alike: without
pictures; pictures as a source of the blend; also in the transformer's item vectors; the last with part of the pictures
missing. --texts bare leaves of each record its category alone, as shops with thin records have it. Differences in
NDCG@10 to "without" come with a 95 % interval, paired bootstrap. Products and customers are invented, and so is how alike
the pictures of products are that the same people like: what photos add for a real shop its own validation has to say.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks._report import print_report
from regulars.demo.pictures import picture
from regulars.demo.world import CUSTOMERS, SEED, World
from regulars.language.image_features import ImageEncoder
from regulars.language.picture_reader import Reader
from regulars.recommend.dataset import Float32, Histories, Int32, Query, Vocabulary
from regulars.recommend.evaluate import MISSED
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import TrainSettings, fit_model
from regulars.schema.events import STRENGTHS

TODAY = datetime(2026, 3, 1, tzinfo=UTC)
WAYS = ("without", "source", "pictures", "half missing")


def encoded(products: Sequence[dict[str, Any]], folder: Path) -> tuple[Float32, float]:
    """(n, d) of the products' drawings, and the seconds it took, the encoder's making left out."""
    encoder = ImageEncoder(folder)
    began = time.monotonic()
    with Reader() as reader:
        pixels = [reader.pixels((picture(product["id"]) or "").encode()) for product in products]
    vectors = encoder.encode(pixels)
    return vectors, time.monotonic() - began


def text_of(product: dict[str, Any], bare: bool) -> str:
    """As recommend.catalogue.item_text makes it."""
    category = " ".join(product["category"])
    if bare:
        return category
    attributes = " ".join(str(value) for value in product["attributes"].values())
    titles, descriptions = product["title"].values(), product["description"].values()
    return " ".join([*titles, product["brand"] or "", category, attributes, *descriptions])


def histories_of(events: Sequence[dict[str, Any]], place: dict[str, int]) -> Histories:
    """Everybody's choices, person by person, oldest first."""
    rows = sorted(
        (event["customer"], datetime.fromisoformat(event["occurred_at"]).timestamp(), place[event["product"]], number)
        for number, event in enumerate(events)
        if event.get("customer") and event["type"] in STRENGTHS and event.get("product") in place
    )
    names = np.array([row[0] for row in rows])
    starts = np.flatnonzero(np.append(True, names[1:] != names[:-1]))
    return Histories(
        np.append(starts, len(rows)).astype(np.int64),
        np.array([row[2] for row in rows], np.int32),
        np.array([row[1] * 1000 for row in rows], np.int64),
        np.array([STRENGTHS[events[row[3]]["type"]] for row in rows], np.float32),
    )


class Trial:
    """The cold items stand last in the vocabulary: `warm` is how many come before them."""

    def __init__(self, histories: Histories, warm: int, share: float = 0.1) -> None:
        cutoff = float(np.quantile(histories.times, 1 - share))
        kept = (histories.times <= cutoff) & (histories.items < warm)
        people = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
        counts = np.bincount(people[kept], minlength=len(histories))
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.past = Histories(offsets, histories.items[kept], histories.times[kept], histories.strengths[kept])
        self.queries: list[Query] = []
        self.targets: list[tuple[int, int]] = []  # the first new warm item and the first new cold one, −1 for none
        for person in range(len(histories)):
            span, before = histories.of(person), self.past.of(person)
            if before.start == before.stop:
                continue
            earlier = histories.items[span][histories.times[span] <= cutoff]
            later = histories.items[span][histories.times[span] > cutoff]
            later = later[~np.isin(later, earlier)]
            warm_ones, cold_ones = later[later < warm], later[later >= warm]
            if len(later) == 0:
                continue
            ages = ((cutoff - self.past.times[before]) / 86_400_000).astype(np.float32)
            self.queries.append(Query(self.past.items[before], ages, self.past.strengths[before]))
            self.targets.append(
                (int(warm_ones[0]) if len(warm_ones) else -1, int(cold_ones[0]) if len(cold_ones) else -1)
            )

    def ranks(self, model: Model) -> tuple[Int32, Int32]:
        """Places of the warm and of the cold targets among all items, by the code that serves."""
        found: tuple[list[int], list[int]] = ([], [])
        with threadpool_limits(1):
            for query, targets in zip(self.queries, self.targets, strict=True):
                listed = model.retrieve(query, exclude=query.items).items
                for kind, target in enumerate(targets):
                    if target >= 0:
                        at = np.flatnonzero(listed == target)
                        found[kind].append(int(at[0]) if len(at) else MISSED)
        return np.array(found[0], np.int32), np.array(found[1], np.int32)


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", choices=["full", "bare"], default="full")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--missing", type=float, default=0.5, help="share of pictures missing in the last way")
    parser.add_argument("--max-seconds", type=float, default=45.0, help="limit of one transformer's training")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--encoder", type=Path, metavar="DIR", help="keep the picture encoder here")
    options = parser.parse_args()

    from regulars.recommend.sequence_training import SequenceSettings

    generator = np.random.default_rng(options.seed)
    world = World(TODAY, SEED, options.customers)
    products = list(world.products())
    products = [products[place] for place in generator.permutation(len(products)).tolist()]
    warm = round(0.8 * len(products))
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        vectors, took = encoded(products, options.encoder or Path(scratch))
    texts = [text_of(product, options.texts == "bare") for product in products]
    history, _ = world.live()
    histories = histories_of(history.events, {product["id"]: place for place, product in enumerate(products)})
    trial = Trial(histories, warm)
    gone = generator.random(len(products)) < options.missing
    small = SequenceSettings(width=64, layers=1, length=32, max_seconds=options.max_seconds)
    settings = TrainSettings(sequence=small)
    ids = np.arange(len(products), dtype=np.int64)
    rows: dict[str, dict[str, float]] = {}
    gains: dict[str, tuple[Any, Any]] = {}
    for way in options.ways:
        pictures = None if way == "without" else vectors
        if way == "half missing":
            pictures = np.where(gone[:, None], np.float32(0), vectors)
        whole = Vocabulary(ids, texts, pictures=pictures)
        known = Vocabulary(ids[:warm], texts[:warm], pictures=None if pictures is None else pictures[:warm])
        began = time.monotonic()
        model, report = fit_model(
            known,
            trial.past,
            replace(settings, picture_source=True, picture_content=way != "source"),
            options.seed,
            None,
        )
        seconds = time.monotonic() - began
        ranks = trial.ranks(model.extended(whole))
        gains[way] = (ndcg_gains(ranks[0].tolist(), 10), ndcg_gains(ranks[1].tolist(), 10))
        rows[way] = {
            f"{kind}_{name}": value
            for kind, places in zip(("warm", "cold"), ranks, strict=True)
            for name, value in ranking_report(places.tolist(), at=(10,)).items()
        }
        rows[way] |= {"warm_cases": len(ranks[0]), "cold_cases": len(ranks[1]), "train_seconds": seconds}
        rows[way]["image_weight"] = report["weights"].get("image", 0.0)
        print(f"{way}: weights {report['weights']}, validation {report['validation']['ndcg_at_10']:.4f}", flush=True)
        for number, kind in enumerate(("warm", "cold")):
            if way != "without" and "without" in gains:
                found = paired_bootstrap(gains["without"][number], gains[way][number], seed=options.seed)
                print(f"{way}: {kind} NDCG@10 {found.mean:+.4f} [{found.low:+.4f}, {found.high:+.4f}]", flush=True)
    ours = "pictures" if "pictures" in rows else next(iter(rows))
    figures = {**rows.pop(ours), "encode_ms_per_picture": 1000 * took / len(products)}
    print_report("pictures", figures, rows)


if __name__ == "__main__":
    main()
