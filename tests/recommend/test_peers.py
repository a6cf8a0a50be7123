"""What the comparison with peers rests on: how a set is read and asked, and where a peer is said to put an answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.generic import leave_one_out, read
from benchmarks.newcomers import after_clicks, without
from benchmarks.peers.install import python_of
from benchmarks.peers.ranks import (
    NOT_LISTED,
    Questions,
    SasrecSettings,
    counting_ranks,
    implicit_ranks,
    matrix_of,
    rank_in,
    sasrec,
)

from regulars.errors import UnreadableFile
from regulars.recommend.train import hold_out

from .shop import TEAPOT, histories, query, two_crowds, vocabulary

INTER = """user_id:token\titem_id:token\trating:float\ttimestamp:float
7\ta\t3\t100
7\tb\t5\t200
7\tc\t5\t300
8\tc\t1\t50
8\ta\t1\t50
"""
ITEM = """item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq
a\tToy Story\t1995\tAnimation Comedy
c\tHeat\t1995\tAction
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.inter").write_text(INTER)
    (tmp_path / "small.item").write_text(ITEM)
    return tmp_path


def test_a_set_is_read_in_the_order_of_its_clock(folder: Path) -> None:
    words, people = read(folder, seed=0)
    texts = [words.texts[item] for item in people.items[people.of(0)]]
    assert texts == ["Toy Story Animation Comedy", "", "Heat Action"]
    assert people.times[people.of(0)].tolist() == [100_000, 200_000, 300_000]
    assert people.clock


def test_ties_are_in_an_order_of_the_seed(folder: Path) -> None:
    def order(seed: int) -> list[str]:
        words, people = read(folder, seed)
        return [words.texts[item] for item in people.items[people.of(1)]]

    orders = {tuple(order(seed)) for seed in range(20)}
    assert orders == {("Toy Story Animation Comedy", "Heat Action"), ("Heat Action", "Toy Story Animation Comedy")}
    assert order(3) == order(3)


def test_a_folder_with_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read(tmp_path, seed=0)


def test_leave_one_out_asks_for_the_last_and_keeps_it_from_the_past() -> None:
    questions = leave_one_out(vocabulary(), histories([0, 1, 2], [3], [4, 5, 4], days_apart=2))
    assert questions.targets.tolist() == [2]  # one thing is no question, and a repeat is no answer
    assert questions.queries[0].items.tolist() == [0, 1]
    assert questions.queries[0].ages.tolist() == [4.0, 2.0]
    assert questions.past.items.tolist() == [0, 1, 3, 4, 5, 4]
    assert questions.past.offsets.tolist() == [0, 2, 3, 6]


def test_equal_scores_count_half() -> None:
    assert rank_in(np.zeros(6), query(0), 3) == 2  # among five that are equal
    assert rank_in(np.array([9.0, 2, 3, 1, 0, 0]), query(0), 1) == 1


def test_counting_peers_by_hand() -> None:
    people = histories([0, 1], [0, 1], [0, 2], [3, 2], [3])
    found = counting_ranks(
        Questions(vocabulary(), people, [query(0), query(3), query(0)], np.array([1, 2, 5], np.int32))
    )
    # 0 and 1: 2 / √(3·2); 0 and 2: 1 / √(3·2). 3 and 2: 1 / √(2·2). Nobody chose 5.
    assert found["item kNN, cosine"].tolist() == [0, 0, NOT_LISTED]
    assert found["popularity"][0] == 1  # 0 left out, 1, 2 and 3 have two people each


def test_peers_leave_the_order_of_histories_alone() -> None:
    people = histories([5, 1, 3, 1], [4, 0])
    matrix_of(people, 6)
    implicit_ranks(Questions(vocabulary(), people, [query(5, 1)], np.array([3], np.int32)), seed=0)
    assert people.items.tolist() == [5, 1, 3, 1, 4, 0]


def test_newcomers_are_nobody_that_the_past_knows() -> None:
    people = histories([0, 1, 2], [3, 4], [5, 0, 1, 2], days_apart=1)
    past = without(people, np.array([0, 2]))
    assert past.items.tolist() == [3, 4]
    assert past.offsets.tolist() == [0, 2]
    asked = after_clicks(vocabulary(), people, past, np.array([0, 2]), clicks=2, least=2)
    assert [one.items.tolist() for one in asked.queries] == [[0, 1], [0, 1]]
    assert asked.targets.tolist() == [2, 2]
    assert len(after_clicks(vocabulary(), people, past, np.array([0, 2]), clicks=2, least=3)) == 1
    assert after_clicks(vocabulary(), people, past, np.array([0]), clicks=0, least=0).queries[0].items.tolist() == []


@pytest.mark.skipif(not python_of("rectools").exists(), reason="python -m benchmarks.peers.install rectools")
def test_rectools_learns_what_tea_drinkers_choose() -> None:
    people = two_crowds(400)
    split = hold_out(people, np.arange(0, 400, 5))
    questions = Questions(vocabulary(), split.past, [query(0, 1), query(1, 0)], np.array([TEAPOT, TEAPOT], np.int32))
    found = sasrec(questions, split, SasrecSettings(length=4, factors=16, epochs=15, max_seconds=60, threads=1))
    assert found is not None
    assert found.ranks.tolist() == [0, 0]
    assert found.epochs[found.best, 1] > 0.9
