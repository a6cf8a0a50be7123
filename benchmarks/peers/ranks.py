"""Where each peer puts what a person chose next: popularity, cosine kNN, implicit (BM25 kNN, ALS, BPR), RecTools' SASRec.

All are given the same past and the same questions; what is in a question's history is left out of every list. A peer that
isn't installed is left out with a line that says so. Knows nothing of our own model.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse
from threadpoolctl import threadpool_limits

from benchmarks.peers.install import python_of
from regulars.recommend.dataset import Histories, Int32, Int64, Query, Vocabulary
from regulars.recommend.train import Split

DEEPEST = 20
"""Places of a list that the figures look at."""

NOT_LISTED = int(np.iinfo(np.int32).max)


@dataclass(frozen=True, slots=True)
class Questions:
    """A set to measure on. past: all that may be learned from. queries: what each asked person did before; targets:
    (cases,) what they chose next, new to them.
    """

    vocabulary: Vocabulary
    past: Histories
    queries: Sequence[Query]
    targets: Int32

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class SasrecSettings:
    """length: steps read; None = as ours, the 95th percentile of the histories' lengths within 20 to 100. batch: None = the
    library's 128, or as few as 32 where a sixty-fourth of the people is fewer, as ours does: else an epoch of a small set is a
    handful of steps, and no limit lets it learn.
    """

    seed: int = 0
    length: int | None = None
    factors: int = 128
    batch: int | None = None
    epochs: int = 200
    patience: int = 10
    max_seconds: float = 600.0
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Sasrec:
    """ranks: (cases,). epochs: (e, 2) seconds of training so far, NDCG@10 on the validation cases. best: its row."""

    ranks: Int64
    epochs: npt.NDArray[np.float64]
    best: int


def matrix_of(histories: Histories, size: int) -> Any:
    """How often each person chose each item, (people, size) CSR."""
    counts = np.ones(len(histories.items), np.float32)
    # A copy: sum_duplicates() sorts in place, and the order of these items is what sequence models learn.
    parts = (counts, histories.items.copy(), histories.offsets.copy())
    matrix = sparse.csr_matrix(parts, (len(histories), size))
    matrix.sum_duplicates()
    return matrix


def matrix_of_queries(queries: Sequence[Query], size: int) -> Any:
    """The same for questions, (cases, size) CSR."""
    offsets, items = _flat([query.items for query in queries])
    matrix = sparse.csr_matrix((np.ones(len(items), np.float32), items, offsets), (len(queries), size))
    matrix.sum_duplicates()
    return matrix


def rank_in(scores: npt.NDArray[np.floating], query: Query, target: int) -> int:
    """Place from 0 of the target among all items but the query's; NOT_LISTED where its score isn't above the least.

    Of equal scores half count as better (Krichene & Rendle 2020).
    """
    own = scores[target]
    scores = np.array(scores, np.float64)
    scores[query.items] = -np.inf
    return int((scores > own).sum() + (np.count_nonzero(scores == own) - 1) // 2)


def counting_ranks(questions: Questions) -> dict[str, Int64]:
    """Popularity (people who chose it), and item kNN: the sum over the history of the cosines of items' columns of people
    (Sarwar et al. 2001), the 100 nearest of each item.
    """
    size = len(questions.vocabulary)
    chosen = matrix_of(questions.past, size)
    chosen.data[:] = 1
    counts = np.asarray(chosen.sum(axis=0)).ravel()
    scaled = chosen.multiply(1 / np.sqrt(np.maximum(counts, 1))).tocsc()
    near = _nearest((scaled.T @ scaled).tocsr(), 100)
    asked = matrix_of_queries(questions.queries, size)
    asked.data[:] = 1
    out: dict[str, list[int]] = {"popularity": [], "item kNN, cosine": []}
    for row, (query, target) in enumerate(zip(questions.queries, questions.targets.tolist(), strict=True)):
        out["popularity"].append(rank_in(counts, query, target))
        scores = (asked[row] @ near).toarray().ravel()
        out["item kNN, cosine"].append(rank_in(scores, query, target) if scores[target] > 0 else NOT_LISTED)
    return {label: np.array(ranks, np.int64) for label, ranks in out.items()}


def implicit_ranks(questions: Questions, seed: int, only: Sequence[str] = ()) -> dict[str, Int64]:
    """implicit's BM25 kNN, ALS-128 and BPR, if it is installed; factors are folded in for each question's history.

    BPR has no folding in: it is asked only where every question is by somebody of the past, in the past's order.
    """
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.bpr import BayesianPersonalizedRanking
        from implicit.nearest_neighbours import BM25Recommender
    except ImportError:
        print("implicit isn't installed: left out. pip install '.[bench]' -c constraints.txt brings it.", flush=True)
        return {}
    size = len(questions.vocabulary)
    people, asked = matrix_of(questions.past, size), matrix_of_queries(questions.queries, size)
    models: dict[str, Any] = {
        "implicit BM25 kNN": BM25Recommender(K=100, num_threads=2),
        "implicit ALS-128": AlternatingLeastSquares(factors=128, random_state=seed, num_threads=2),
        "implicit BPR-128": BayesianPersonalizedRanking(factors=127, random_state=seed, num_threads=2),
    }
    persons = _persons(people, asked)
    out = {}
    for label, peer in models.items():
        if only and label not in only:
            continue
        with warnings.catch_warnings(), threadpool_limits(1, "blas"):
            warnings.simplefilter("ignore")  # implicit's own, about the layout of a matrix that it made itself
            peer.fit(people, show_progress=False)
            if "BPR" in label:
                if persons is None:
                    continue
                listed, _ = peer.recommend(persons, asked, N=DEEPEST, filter_already_liked_items=True)
            else:
                ids = np.arange(len(questions))
                fold_in = {"recalculate_user": True} if "ALS" in label else {}
                listed, _ = peer.recommend(ids, asked, N=DEEPEST, filter_already_liked_items=True, **fold_in)
        hits = listed == questions.targets[:, None]
        out[label] = np.where(hits.any(axis=1), hits.argmax(axis=1), NOT_LISTED).astype(np.int64)
    return out


def sasrec(questions: Questions, split: Split, settings: SasrecSettings | None = None) -> Sasrec | None:
    """RecTools' SASRec in a process of its own environment; None where that isn't installed.

    split: of questions.past, as `hold_out` gives it: what it trains on, and what stops it. Raises CalledProcessError.
    """
    python = python_of("rectools")
    if not python.exists():
        print("RecTools isn't installed: left out. python -m benchmarks.peers.install rectools brings it.", flush=True)
        return None
    settings = settings or SasrecSettings()
    options = {
        **asdict(settings),
        "length": settings.length or _length(split.past),
        "batch": settings.batch or int(np.clip(len(split.past) // 64, 32, 128)),
    }
    valid_offsets, valid_items = _flat([query.items for query in split.queries])
    test_offsets, test_items = _flat([query.items for query in questions.queries])
    with tempfile.TemporaryDirectory(prefix="regulars-peers-") as folder:
        given, got = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(
            given,
            items=split.past.items,
            offsets=split.past.offsets,
            valid_items=valid_items,
            valid_offsets=valid_offsets,
            valid_targets=split.targets,
            test_items=test_items,
            test_offsets=test_offsets,
            test_targets=questions.targets,
            settings=np.array(json.dumps(options)),
        )
        script = Path(__file__).with_name("sasrec.py")
        # As for our own training: on a busy machine OpenMP's threads otherwise burn the time that they wait for.
        environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "OMP_NUM_THREADS": str(settings.threads)}
        subprocess.run([str(python), "-I", str(script), str(given), str(got)], check=True, env=environment)
        with np.load(got, allow_pickle=False) as archive:
            return Sasrec(archive["ranks"], archive["epochs"], int(archive["best"]))


def _length(histories: Histories) -> int:
    lengths = np.diff(histories.offsets)
    return int(np.clip(np.percentile(lengths[lengths > 0], 95), 20, 100))


def _flat(rows: Sequence[Int32]) -> tuple[Int64, Int32]:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return offsets, (np.concatenate(rows) if len(rows) else np.zeros(0)).astype(np.int32)


def _nearest(matrix: Any, limit: int) -> Any:
    """The heaviest entries of each row of a square CSR matrix, its diagonal left out."""
    for row in range(matrix.shape[0]):
        span = slice(matrix.indptr[row], matrix.indptr[row + 1])
        values = matrix.data[span]
        values[matrix.indices[span] == row] = 0
        if len(values) > limit:
            values[np.argpartition(values, len(values) - limit)[:-limit]] = 0
    matrix.eliminate_zeros()
    return matrix


def _persons(people: Any, asked: Any) -> Int64 | None:
    """For each question the row of the past with that very history, by its fingerprint; None if one has none."""
    rows = {_fingerprint(people, row): row for row in range(people.shape[0])}
    found = [rows.get(_fingerprint(asked, row), -1) for row in range(asked.shape[0])]
    return None if -1 in found else np.array(found, np.int64)


def _fingerprint(matrix: Any, row: int) -> bytes:
    span = slice(matrix.indptr[row], matrix.indptr[row + 1])
    return bytes(matrix.indices[span].astype(np.int64).tobytes() + matrix.data[span].tobytes())
