"""Any set of interactions, ours beside the peers, untouched settings: python -m benchmarks.generic --data DIR.

DIR holds one of
- ml-100k.inter and ml-100k.item, as the package `recbole` passes MovieLens-100k on (GroupLens; Harper & Konstan 2015):
  every rating is an interaction, titles and genres are the texts;
- NAME.inter and NAME.item of any other set in that format (tab-separated `user_id:token item_id:token timestamp:float`);
- user_sequence.txt and items.jsonl, as benchmarks.sequences describes them.

Two protocols. Leave-one-out: everybody's last interaction is the question, all before it everybody's past. Time split,
where there is a clock: the last tenth of all interactions is the future (regulars.recommend.evaluate.time_split). All items
are ranked, what is in the history is left out, and nobody's settings know the set. MovieLens was rated in bursts: half of
its neighbouring ratings carry the same second. Ties are put in an order drawn from the seed, the same for all.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks import sequences
from benchmarks._report import print_report
from benchmarks.peers.ranks import (
    NOT_LISTED,
    Questions,
    SasrecSettings,
    counting_ranks,
    implicit_ranks,
    sasrec,
)
from regulars.errors import UnreadableFile
from regulars.recommend.blend import Blend
from regulars.recommend.dataset import Histories, Int64, Query, Vocabulary
from regulars.recommend.evaluate import TimeSplit, time_split
from regulars.recommend.metrics import ndcg_gains, paired_bootstrap, ranking_report
from regulars.recommend.model import Model
from regulars.recommend.train import TrainSettings, fit_model, held_out_people, hold_out, settings_for

DAY = 86_400_000


def read(folder: Path, seed: int) -> tuple[Vocabulary, Histories]:
    """The set in a folder, items relabelled by a permutation drawn from the seed. Raises UnreadableFile."""
    files = sorted(folder.glob("*.inter"))
    if files:
        return read_atomic(files[0], seed)
    data = sequences.read(folder, seed)
    return data.vocabulary, sequences.histories_of(data.sequences)


def read_atomic(file: Path, seed: int) -> tuple[Vocabulary, Histories]:
    """NAME.inter with NAME.item beside it, if that is there. Raises UnreadableFile."""
    try:
        rows = _table(file)
        described = _table(file.with_suffix(".item")) if file.with_suffix(".item").exists() else []
        users = [row["user_id"] for row in rows]
        items = [row["item_id"] for row in rows]
        moments = np.array([float(row["timestamp"]) for row in rows])
    except (OSError, KeyError, ValueError) as error:
        raise UnreadableFile(f"The interactions in {file} can't be read: {error}") from error
    generator = np.random.default_rng(seed)
    names = sorted({*items})
    position = dict(zip(names, generator.permutation(len(names)).tolist(), strict=True))
    texts = [""] * len(names)
    for row in described:
        if row["item_id"] in position:
            texts[position[row["item_id"]]] = " ".join(
                text for name, text in row.items() if name != "item_id" and text and not text.isdigit()
            )
    _, person = np.unique(users, return_inverse=True)
    order = np.lexsort((generator.random(len(rows)), moments, person))
    counts = np.bincount(person)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    histories = Histories(
        offsets,
        np.array([position[item] for item in items], np.int32)[order],
        (moments[order] * 1000).astype(np.int64),
        np.ones(len(rows), np.float32),
    )
    return Vocabulary(np.arange(len(names), dtype=np.int64), texts), histories


def leave_one_out(vocabulary: Vocabulary, histories: Histories) -> Questions:
    """Everybody's last interaction is the question; people with one interaction, or whose last repeats, aren't asked."""
    keep = np.ones(len(histories.items), np.bool_)
    queries, targets = [], []
    for person in range(len(histories)):
        span = histories.of(person)
        last = span.stop - 1
        before = slice(span.start, last)
        if last <= span.start or histories.items[last] in histories.items[before]:
            continue
        keep[last] = False
        ages = np.zeros(last - span.start, np.float32)
        if histories.clock:
            ages = ((histories.times[last] - histories.times[before]) / DAY).astype(np.float32)
        queries.append(Query(histories.items[before], ages, histories.strengths[before]))
        targets.append(int(histories.items[last]))
    people = np.repeat(np.arange(len(histories)), np.diff(histories.offsets))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(people[keep], minlength=len(histories)))]).astype(np.int64)
    past = Histories(offsets, histories.items[keep], histories.times[keep], histories.strengths[keep], histories.clock)
    return Questions(vocabulary, past, queries, np.array(targets, np.int32))


def questions_of(vocabulary: Vocabulary, split: TimeSplit) -> Questions:
    """The question is what each chose first, among what was new to them, after the cut in time."""
    return Questions(vocabulary, split.past, split.queries, np.array([future[0] for future in split.futures], np.int32))


def ranks_of_model(model: Model, questions: Questions) -> Int64:
    """Places in what `Model.retrieve`, the code that serves, lists."""
    out = np.full(len(questions), NOT_LISTED, np.int64)
    with threadpool_limits(1, "blas"):
        for row, (query, target) in enumerate(zip(questions.queries, questions.targets.tolist(), strict=True)):
            found = np.flatnonzero(model.retrieve(query, exclude=query.items).items == target)
            if len(found):
                out[row] = found[0]
    return out


def ranks_of_peers(
    questions: Questions, settings: TrainSettings, seed: int = 0, sasrec_settings: SasrecSettings | None = None
) -> dict[str, Int64]:
    """(cases,) ranks by peer, all trained on the same past. settings: ours; SASRec is stopped by the people that they hold
    out. sasrec_settings: None leaves that peer out.
    """
    peers: dict[str, Int64] = {**counting_ranks(questions), **implicit_ranks(questions, seed)}
    if sasrec_settings is not None:
        before = time.monotonic()
        split = hold_out(questions.past, held_out_people(questions.past, settings, seed))
        found = sasrec(questions, split, sasrec_settings)
        if found is not None:
            peers["RecTools SASRec"] = found.ranks
            print(
                f"RecTools SASRec: best of {len(found.epochs)} epochs is the {found.best + 1}th, "
                f"{time.monotonic() - before:.0f} s in all",
                flush=True,
            )
    return peers


def beside_peers(
    label: str,
    questions: Questions,
    settings: TrainSettings,
    seed: int = 0,
    sasrec_settings: SasrecSettings | None = None,
    more_peers: Mapping[str, Int64] | None = None,
    more_figures: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Train ours and every peer on the same past, print the table with 95 % intervals of NDCG@10 ours minus theirs, and
    return ours: its figures, and the least favourable peer's difference. sasrec_settings: None leaves that peer out.
    more_peers: (cases,) ranks by name. more_figures: of ours, for the table.
    """
    started = time.monotonic()
    model, report = fit_model(questions.vocabulary, questions.past, settings, seed, say)
    seconds = time.monotonic() - started
    print(json.dumps(report), flush=True)
    own = ranks_of_model(model, questions)
    peers = {**(more_peers or {}), **ranks_of_peers(questions, settings, seed, sasrec_settings)}
    reports = {name: ranking_report(ranks.tolist()) for name, ranks in peers.items()}
    figures = {**ranking_report(own.tolist()), **differences(own, peers, seed), "train_seconds": seconds}
    for name, source in model.sources.items():
        # Of no peer's: they say which part of the blend carries it.
        alone = Model(model.product_ids, [source], Blend.default([name]))
        reports[f"only {name}"] = ranking_report(ranks_of_model(alone, questions).tolist())
    print_report(label, {**figures, **(more_figures or {}), "tested": float(len(questions))}, reports)
    return figures


def differences(own: Int64, peers: Mapping[str, Int64], seed: int) -> dict[str, float]:
    """Prints NDCG@10 ours − theirs with its 95 % interval for each peer; returns the one that ours beats least."""
    least: dict[str, float] = {}
    for name, ranks in peers.items():
        gain = paired_bootstrap(ndcg_gains(ranks.tolist(), 10), ndcg_gains(own.tolist(), 10), seed=seed)
        verdict = "ahead" if gain.low > 0 else "BEHIND" if gain.high < 0 else "level"
        print(f"NDCG@10 over {name}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}], {verdict}", flush=True)
        if not least or gain.mean < least["ndcg_gain"]:
            least = {"ndcg_gain": gain.mean, "ndcg_gain_low": gain.low, "ndcg_gain_high": gain.high}
    return least


def main() -> None:
    """Command line; prints a report of benchmarks/_report.py for each protocol."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generic", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--protocol", choices=("leave-one-out", "time", "both"), default="both")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--max-seconds", type=float, default=None, help="limit of each transformer's training, ours and the peer's"
    )
    parser.add_argument("--no-sasrec", action="store_true", help="leave RecTools' SASRec out")
    options = parser.parse_args()
    settings = TrainSettings() if options.max_seconds is None else settings_for(options.max_seconds)
    peer = SasrecSettings(seed=options.seed)
    if options.max_seconds is not None:
        peer = replace(peer, max_seconds=options.max_seconds)
    vocabulary, histories = read(options.data, options.seed)
    print(f"{len(histories):,} people, {len(vocabulary):,} items, {len(histories.items):,} interactions", flush=True)
    sets = {}
    if options.protocol != "time":
        sets["leave-one-out"] = leave_one_out(vocabulary, histories)
    if options.protocol != "leave-one-out" and histories.clock:
        sets["time"] = questions_of(vocabulary, time_split(histories, seed=options.seed))
    for protocol, questions in sets.items():
        beside_peers(f"generic, {protocol}", questions, settings, options.seed, None if options.no_sasrec else peer)


def _table(file: Path) -> list[dict[str, str]]:
    """Rows of a tab-separated file whose header names columns as name:type."""
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        names = [name.split(":")[0] for name in next(reader)]
        return [dict(zip(names, row, strict=False)) for row in reader]


def say(done: float, text: str) -> None:
    """A line of progress."""
    print(f"{done:6.1%} {text}", flush=True)


if __name__ == "__main__":
    main()
