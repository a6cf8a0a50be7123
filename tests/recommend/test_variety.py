"""Variety: half of a list at most is of one kind, as long as there is anything else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regulars.recommend.variety import varied


def order(kinds: list[int], n: int) -> tuple[list[int], int]:
    return varied(np.array(kinds, np.int32), n)


def test_the_fifth_coffee_of_eight_waits_for_tea() -> None:
    coffee, tea, mug = 0, 1, 2
    rows, put_off = order([coffee] * 6 + [tea, mug, tea, tea, coffee], 8)
    assert rows[:8] == [0, 1, 2, 3, 6, 7, 8, 9]
    assert rows[8:] == [4, 5, 10]
    assert put_off == 2


def test_a_shop_of_coffee_fills_its_list() -> None:
    assert order([0] * 10, 8) == (list(range(10)), 0)


def test_products_of_no_kind_never_wait_and_short_lists_stay() -> None:
    assert order([-1] * 10, 8) == (list(range(10)), 0)
    assert order([0, 0, 0, 1], 3) == ([0, 1, 2, 3], 0)


@given(st.lists(st.integers(-1, 4), max_size=60), st.integers(1, 20))
def test_it_is_a_permutation_and_keeps_order_within_a_kind(kinds: list[int], n: int) -> None:
    rows, put_off = order(kinds, n)
    assert sorted(rows) == list(range(len(kinds)))
    assert 0 <= put_off <= len(kinds)
    for kind in set(kinds):
        own = [row for row in rows[:n] if kinds[row] == kind]
        assert own == sorted(own)
    if n >= 4 and len({kind for kind in kinds if kind >= 0}) > 1:
        most = -(-n // 2)
        for kind in {one for one in kinds if one >= 0}:
            in_list = sum(kinds[row] == kind for row in rows[:n])
            others = sum(one != kind for one in kinds)
            assert in_list <= max(most, n - others)
