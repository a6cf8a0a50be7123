"""Next item on public sequences, leave-one-out, all items ranked: python -m benchmarks.sequences --data DIR.

DIR holds user_sequence.txt ("USER ITEM ITEM …", oldest first) and items.jsonl ({"product_id", "title"}), as the Amazon
reviews 5-core sets are commonly passed on. The last item of each person is the test and is used for nothing but the
figures. All before it is given to `fit_model`, which holds out validation of its own from a sample of people; papers
keep everyone's item before the last for it and learn nothing from those, as --strict does. Items are relabelled by a
random permutation, since in these files the order of ids tells the order within a day. Peers get the same histories.
With --cold, a share of the items is kept from training and added to the trained model with their titles only.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from threadpoolctl import threadpool_limits

from benchmarks._report import print_report
from regulars.errors import UnreadableFile
from regulars.recommend.dataset import Histories, Int32, Int64, Query, Vocabulary
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import TrainSettings, fit_model

DEEPEST = 20
"""Places of a list that the figures look at."""

NOT_LISTED = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Data:
    """vocabulary: relabelled items. sequences: each person's items, oldest first, the test item last."""

    vocabulary: Vocabulary
    sequences: list[Int32]


def read(folder: Path, seed: int) -> Data:
    """Read a folder and relabel its items by a permutation drawn from the seed. Raises UnreadableFile."""
    try:
        lines = (folder / "user_sequence.txt").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in (folder / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"The sequences in {folder} can't be read: {error}") from error
    rows = [line.split()[1:] for line in lines]
    names = sorted({item for row in rows for item in row})
    position = dict(zip(names, np.random.default_rng(seed).permutation(len(names)).tolist(), strict=True))
    texts = [""] * len(names)
    for record in records:
        if record["product_id"] in position:
            texts[position[record["product_id"]]] = record.get("title") or ""
    sequences = [np.array([position[item] for item in row], np.int32) for row in rows if len(row) >= 2]
    return Data(Vocabulary(np.arange(len(names), dtype=np.int64), texts), sequences)


def histories_of(sequences: list[Int32]) -> Histories:
    """Order without a clock, every interaction of strength 1."""
    offsets = np.concatenate([[0], np.cumsum([len(sequence) for sequence in sequences])]).astype(np.int64)
    items = np.concatenate(sequences)
    times = np.arange(len(items), dtype=np.int64)
    return Histories(offsets, items, times, np.ones(len(items), np.float32), clock=False)


def query_of(items: Int32) -> Query:
    return Query(items, np.zeros(len(items), np.float32), np.ones(len(items), np.float32))


def evaluate(model: Model, data: Data) -> tuple[dict[str, Int64], float]:
    """Places of the last items in the model's list ("model") and in each source's own, and milliseconds a person.

    One call of `Model.retrieve` a person, on one thread: the very code that serves.
    """
    ranks = {name: np.full(len(data.sequences), NOT_LISTED, np.int64) for name in ("model", *model.source_names)}
    seconds = 0.0
    with threadpool_limits(1):
        for person, sequence in enumerate(data.sequences):
            query = query_of(sequence[:-1])
            started = time.perf_counter()
            candidates = model.retrieve(query, exclude=query.items)
            seconds += time.perf_counter() - started
            found = np.flatnonzero(candidates.items == sequence[-1])
            if len(found):
                ranks["model"][person] = found[0]
                for name, rank in zip(candidates.source_names, candidates.ranks[found[0]].tolist(), strict=True):
                    if rank >= 0:
                        ranks[name][person] = rank
    return ranks, seconds / len(data.sequences) * 1e3


def cold_figures(
    model: Model, trained: Model, data: Data, ranks: Int64, added: npt.NDArray[np.bool_], warm: int, seed: int
) -> dict[str, float]:
    """cold_recall_at_10_all: the added targets, among all items; cold_recall_at_10_cold: among the added items alone.

    warm_recall_change: what the cold path (lending, added items as candidates) does to everybody else's recall, relative: the
    extended model against the very same one as it was trained, which can neither show nor read what was added;
    warm_recall_change_low: the lower end of its interval, paired bootstrap over people. warm_recall_change_barred: against the
    extended model that reads added items but may not show them.
    """
    is_cold = np.arange(len(data.vocabulary)) >= warm
    cold_hits, before, barred = [], [], []
    with threadpool_limits(1):
        for person in np.flatnonzero(added).tolist():
            sequence = data.sequences[person]
            mask = ~is_cold
            mask[sequence[:-1]] = True
            listed = model.retrieve(query_of(sequence[:-1]), exclude=mask).items[:10]
            cold_hits.append(float(sequence[-1] in listed))
        for person in np.flatnonzero(~added).tolist():
            past, target = data.sequences[person][:-1], data.sequences[person][-1]
            mask = is_cold.copy()
            mask[past] = True
            barred.append(float(target in model.retrieve(query_of(past), exclude=mask).items[:10]))
            query = query_of(past[past < warm])
            before.append(float(target in trained.retrieve(query, exclude=query.items).items[:10]))
    after = (ranks[~added] < 10).astype(np.float64)
    change = paired_bootstrap(before, after, seed=seed)
    return {
        "cold_recall_at_10_all": float((ranks[added] < 10).mean()),
        "cold_recall_at_10_cold": float(np.mean(cold_hits)),
        "warm_recall_at_10": float(after.mean()),
        "warm_recall_change": change.mean / float(np.mean(before)),
        "warm_recall_change_low": change.low / float(np.mean(before)),
        "warm_recall_change_barred": float(after.mean() / np.mean(barred) - 1),
    }


def implicit_peers(data: Data, seed: int) -> dict[str, Int64]:
    """implicit's BM25 kNN and ALS-128, if it is installed, on the same histories."""
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import BM25Recommender
    except ImportError:
        return {}
    pasts = histories_of([sequence[:-1] for sequence in data.sequences])
    shape = (len(pasts), len(data.vocabulary))
    matrix = sparse.csr_matrix((np.ones(len(pasts.items), np.float32), pasts.items, pasts.offsets), shape=shape)
    targets = np.array([sequence[-1] for sequence in data.sequences])
    models: dict[str, Any] = {
        "implicit BM25 kNN": BM25Recommender(K=100, num_threads=2),
        "implicit ALS-128": AlternatingLeastSquares(factors=128, random_state=seed, num_threads=2),
    }
    out = {}
    for label, peer in models.items():
        peer.fit(matrix, show_progress=False)
        listed, _ = peer.recommend(np.arange(len(pasts)), matrix, N=DEEPEST, filter_already_liked_items=True)
        hits = listed == targets[:, None]
        out[label] = np.where(hits.any(axis=1), hits.argmax(axis=1), NOT_LISTED).astype(np.int64)
    return out


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sequences", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1, help="trainings with consecutive seeds; figures are their mean")
    parser.add_argument("--members", type=int, default=1, help="networks averaged in one model")
    parser.add_argument("--max-seconds", type=float, default=None, help="limit of one transformer's training")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument(
        "--rehearse", action="store_true", help="drop every last item first: for choices, not for figures"
    )
    parser.add_argument("--cold", type=float, default=0.0, help="share of items added only after training")
    parser.add_argument(
        "--strict", action="store_true", help="as in papers: nothing is learned from anyone's item before the last"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="save the last model and its ranks here")
    options = parser.parse_args()

    from regulars.recommend.sequence_training import SequenceSettings

    sequence = SequenceSettings()
    if options.max_seconds is not None:
        sequence = replace(sequence, max_seconds=options.max_seconds)
    if options.epochs is not None:
        sequence = replace(sequence, epochs=options.epochs)
    settings = TrainSettings(sequence=sequence, members=options.members)
    if options.strict:
        settings = replace(settings, held_out_share=1.0, finish=False)
    figures: list[dict[str, float]] = []
    peers: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seed, options.seed + options.seeds):
        data = read(options.data, seed)
        if options.rehearse:
            data = Data(data.vocabulary, [sequence[:-1] for sequence in data.sequences if len(sequence) > 2])
        started = time.monotonic()
        warm = round(len(data.vocabulary) * (1 - options.cold))
        pasts = histories_of([sequence[:-1][sequence[:-1] < warm] for sequence in data.sequences])
        words = Vocabulary(data.vocabulary.product_ids[:warm], data.vocabulary.texts[:warm])
        model, report = fit_model(words, pasts, settings, seed, _say)
        trained = model
        model = model.extended(data.vocabulary)
        train_seconds = time.monotonic() - started
        print(json.dumps(report), flush=True)
        ranks_of, per_user = evaluate(model, data)
        ranks = ranks_of.pop("model")
        measured = ranking_report(ranks.tolist())
        if options.cold:
            # Labels are random, so the last ones are a random share.
            added = np.array([sequence[-1] >= warm for sequence in data.sequences])
            measured |= {f"cold_{name}": value for name, value in ranking_report(ranks[added].tolist()).items()}
            by_text = ranking_report(ranks_of["text"][added].tolist(), at=(10,))
            measured |= {f"cold_text_{name}": value for name, value in by_text.items()}
            measured |= cold_figures(model, trained, data, ranks, added, warm, seed)
            measured["cold_cases"] = float(added.sum())
        figures.append({**measured, "train_seconds": train_seconds, "ms_per_user": per_user})
        if options.keep:
            model.save(options.keep)
            np.save(options.keep / "ranks.npy", ranks)
        if not options.no_peers:
            others = ranks_of | implicit_peers(data, seed)
            for label, other in others.items():
                peers.setdefault(label, []).append(ranking_report(other.tolist()))
                difference = paired_bootstrap(ndcg_gains(other.tolist(), 10), ndcg_gains(ranks.tolist(), 10), seed=seed)
                interval = f"[{difference.low:+.4f}, {difference.high:+.4f}]"
                print(f"seed {seed}: NDCG@10 over {label} {difference.mean:+.4f} {interval}, paired bootstrap")
    print_report("sequences", _mean(figures), {label: _mean(rows) for label, rows in peers.items()})


def _say(done: float, text: str) -> None:
    print(f"{done:6.1%} {text}", flush=True)


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


if __name__ == "__main__":
    main()
