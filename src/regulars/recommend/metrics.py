"""How good a ranked list is against what people then chose. Doesn't know how the list was made.

Most functions take `ranks`: the place, from 0, of each case's one true item among all items ranked, as leave-one-out
evaluation gives it. Every example runs as a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ranks = npt.NDArray[np.integer] | Sequence[int]
Values = npt.NDArray[np.floating] | Sequence[float]


def rank_of_target(scores: Values, target: int, removed: npt.NDArray[np.integer] | Sequence[int] = ()) -> int:
    """The target's place from 0 when all items are sorted by score; of equal scores, half count as better.

    Half of the ties, rounded up, so that a constant score isn't taken for a perfect list (Krichene & Rendle 2020).
    scores: (n,). removed: items taken out of the list, the target never is.

    >>> rank_of_target([0.1, 0.9, 0.5, 0.7], target=2)
    2
    >>> rank_of_target([0.1, 0.9, 0.5, 0.7], target=2, removed=[1])
    1
    >>> rank_of_target([1.0, 1.0, 1.0, 1.0, 1.0], target=0)
    2
    """
    array = np.array(scores, dtype=np.float64)
    own = array[target]
    array[np.asarray(removed, dtype=np.int64)] = -np.inf
    array[target] = -np.inf
    return int((array > own).sum()) + (int((array == own).sum()) + 1) // 2


def hit_count(ranks: Ranks, k: int) -> int:
    """Cases whose true item stands among the first k: #{rank < k}.

    >>> hit_count([0, 3, 12], k=10)
    2
    """
    return int((np.asarray(ranks) < k).sum())


def recall_at(ranks: Ranks, k: int) -> float:
    """Recall@k with one true item a case, also called hit rate: #{rank < k} / cases. 0 without cases.

    Source: Deshpande & Karypis 2004, "Item-based top-N recommendation algorithms".

    >>> recall_at([0, 3, 12, 40], k=10)
    0.5
    """
    return hit_count(ranks, k) / len(ranks) if len(ranks) else 0.0


def ndcg_at(ranks: Ranks, k: int) -> float:
    """NDCG@k with one true item a case: mean of 1 / log2(rank + 2) where rank < k, else 0 (the ideal DCG is 1).

    Source: Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques".

    >>> round(ndcg_at([0, 2, 12, 40], k=10), 4)  # (1 + 1/log2(4)) / 4
    0.375
    """
    return float(ndcg_gains(ranks, k).mean()) if len(ranks) else 0.0


def ndcg_gains(ranks: Ranks, k: int) -> npt.NDArray[np.float64]:
    """Each case's part of `ndcg_at`, (cases,).

    >>> ndcg_gains([0, 2, 12], k=10).tolist()
    [1.0, 0.5, 0.0]
    """
    array = np.asarray(ranks, dtype=np.float64)
    return np.where(array < k, 1 / np.log2(array + 2), 0.0)


def mean_reciprocal_rank(ranks: Ranks) -> float:
    """MRR: mean of 1 / (rank + 1). Source: Voorhees 1999, the TREC-8 question answering track.

    >>> mean_reciprocal_rank([0, 1, 3])
    0.5833333333333334
    """
    return float(np.mean(1 / (np.asarray(ranks, dtype=np.float64) + 1))) if len(ranks) else 0.0


def coverage(lists: Sequence[Sequence[int]], items: int) -> float:
    """Catalogue coverage: share of the items that stand in at least one list (Ge, Delgado-Battenfeld & Jannach 2010).

    >>> coverage([[0, 1], [1, 2]], items=6)
    0.5
    """
    return len({item for row in lists for item in row}) / items if items else 0.0


def ranking_report(ranks: Ranks, at: Sequence[int] = (5, 10, 20)) -> dict[str, float]:
    """recall_at_k and ndcg_at_k for each k.

    >>> ranking_report([0, 2], at=(1,))
    {'recall_at_1': 0.5, 'ndcg_at_1': 0.5}
    """
    recalls = {f"recall_at_{k}": recall_at(ranks, k) for k in at}
    return recalls | {f"ndcg_at_{k}": ndcg_at(ranks, k) for k in at}


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """mean: of b − a. low, high: the 95 % interval. p_value: two-sided, of no difference."""

    mean: float
    low: float
    high: float
    p_value: float


def paired_bootstrap(a: Values, b: Values, samples: int = 2_000, seed: int = 0) -> PairedDifference:
    """Is b better than a, case by case? Users are drawn again with replacement, each with both of their values.

    a, b: (cases,) one value a user under each system, e.g. `ndcg_gains`. Percentile interval; p = twice the smaller
    share of resampled means on one side of 0, at least 1/samples. Source: Efron & Tibshirani 1993, ch. 13 and 16;
    Sakai 2006 for ranked lists. Raises ValueError when the lengths differ or there are no cases.

    >>> result = paired_bootstrap([0.0] * 50, [0.0, 1.0] * 25)
    >>> round(result.mean, 2), result.low > 0, result.p_value < 0.01
    (0.5, True, True)
    """
    difference = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    if difference.ndim != 1 or len(difference) == 0:
        raise ValueError("paired_bootstrap needs two equally long, non-empty rows of values.")
    generator = np.random.default_rng(seed)
    means = np.array(
        [difference[generator.integers(0, len(difference), len(difference))].mean() for _ in range(samples)]
    )
    low, high = np.quantile(means, [0.025, 0.975])
    smaller = min(float((means <= 0).mean()), float((means >= 0).mean()))
    return PairedDifference(float(difference.mean()), float(low), float(high), min(1.0, max(2 * smaller, 1 / samples)))
