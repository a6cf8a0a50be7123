"""Values derived by hand, and every docstring's example."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest

from regulars.recommend import metrics


def test_docstring_examples() -> None:
    result = doctest.testmod(metrics)
    assert result.attempted >= 10
    assert result.failed == 0


def test_ndcg_by_hand() -> None:
    # Places 1, 2 and 11: 1 + 1/log2(3) + 0, over three cases.
    assert metrics.ndcg_at([0, 1, 10], 10) == pytest.approx((1 + 1 / math.log2(3)) / 3)


def test_no_cases_is_zero() -> None:
    assert metrics.recall_at([], 10) == metrics.ndcg_at([], 10) == metrics.mean_reciprocal_rank([]) == 0.0


def test_a_constant_score_is_not_a_perfect_list() -> None:
    assert metrics.rank_of_target(np.zeros(101), target=100) == 50


def test_removed_items_leave_the_list_but_the_target_never_does() -> None:
    assert metrics.rank_of_target([3.0, 2.0, 1.0], target=2, removed=[0, 1, 2]) == 0


def test_bootstrap_of_noise_covers_zero_and_repeats() -> None:
    generator = np.random.default_rng(5)
    a, b = generator.random(400), generator.random(400)
    first, second = metrics.paired_bootstrap(a, b, seed=1), metrics.paired_bootstrap(a, b, seed=1)
    assert first == second
    assert first.low < 0 < first.high
    assert first.p_value > 0.05


def test_bootstrap_pairs_by_user() -> None:
    # A constant gain is certain however much users differ.
    a = np.random.default_rng(0).random(50) * 100
    result = metrics.paired_bootstrap(a, a + 0.01)
    assert result.low == pytest.approx(0.01)
    assert result.p_value == pytest.approx(1 / 2_000)


@pytest.mark.parametrize(("a", "b"), [([], []), ([[1.0]], [[2.0]])])
def test_bootstrap_refuses_what_it_cannot_draw_from(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="paired_bootstrap"):
        metrics.paired_bootstrap(a, b)
