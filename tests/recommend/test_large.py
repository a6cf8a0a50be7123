"""What a large catalogue is answered with, against the exact answer of a small one: proposals, scores, sums, filters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from regulars.recommend.blend import on_scale, standardised
from regulars.recommend.dataset import Float32, Int32
from regulars.recommend.sources._history import Weighted
from regulars.recommend.sources._neighbours import Neighbours
from regulars.recommend.sources.answers import DenseAnswer, SparseAnswer
from regulars.recommend.sources.nearest import NearestAnswer, NearestIndex

SIZE, WIDTH = 20_000, 32


def lists_of(size: int, seed: int) -> Neighbours:
    generator = np.random.default_rng(seed)
    counts = generator.integers(0, 6, size)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    indices = [generator.choice(size, count, replace=False) for count in counts]
    weights = generator.random(int(offsets[-1])).astype(np.float32) + np.float32(0.01)
    return Neighbours(offsets, np.concatenate(indices).astype(np.int32), weights)


@settings(max_examples=60, deadline=None)
@given(some.data())
def test_a_sparse_answer_is_the_dense_one(data: some.DataObject) -> None:
    size = data.draw(some.integers(6, 60))
    near = lists_of(size, data.draw(some.integers(0, 1_000)))
    items = np.array(data.draw(some.lists(some.integers(0, size - 1), max_size=8)), np.int32)
    weights = np.full(len(items), 1 / max(len(items), 1), np.float32)
    history = Weighted(items, weights, np.arange(len(items), dtype=np.int32))
    exclude = np.array(data.draw(some.lists(some.booleans(), min_size=size, max_size=size)), np.bool_)
    scores = near.scores(history)
    dense, sparse = DenseAnswer(scores.copy(), 0.0), near.answer(history)
    everything = np.arange(size, dtype=np.int32)
    np.testing.assert_array_equal(sparse.at(everything), scores)
    for k in (1, 3, size):
        for mask in (None, exclude):
            one, other = dense.best(k, mask), sparse.best(k, mask)
            np.testing.assert_array_equal(one.proposal.items, other.proposal.items)
            np.testing.assert_array_equal(one.proposal.scores, other.proposal.scores)
            assert set(one.removed.tolist()) == set(other.removed.tolist())
            assert mask is None or not mask[other.proposal.items].any()
    assert dense.total() == pytest.approx(sparse.total(), rel=1e-6)
    assert dense.log_mean_exp() == pytest.approx(sparse.log_mean_exp(), abs=1e-5)
    for source in ("ease", "covisitation", "text", "popular"):
        np.testing.assert_allclose(on_scale(source, sparse, everything), standardised(source, scores), rtol=1e-5)


def test_a_dense_answer_is_whole_again_after_its_best() -> None:
    scores = np.random.default_rng(0).random(50).astype(np.float32)
    answer = DenseAnswer(scores.copy(), 0.0)
    answer.best(5, scores > 0.5)
    np.testing.assert_array_equal(answer.at(np.arange(50, dtype=np.int32)), scores)


@pytest.fixture(scope="module")
def vectors() -> Float32:
    """Clusters of vectors of length 1, as learned item vectors are, and some that stand alone."""
    generator = np.random.default_rng(1)
    centres = generator.standard_normal((300, WIDTH))
    points = centres[generator.integers(0, 300, SIZE)] + 0.7 * generator.standard_normal((SIZE, WIDTH))
    points[::10] = generator.standard_normal((SIZE // 10, WIDTH))
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def index(vectors: Float32) -> NearestIndex:
    return NearestIndex.build(lambda items: vectors[items], SIZE, seed=0)


def wanted(vectors: Float32, number: int) -> Float32:
    generator = np.random.default_rng(number)
    near = vectors[generator.integers(0, SIZE, 3)].sum(axis=0)
    return np.asarray(12 * near / np.linalg.norm(near), np.float32)


def answers(vectors: Float32, index: NearestIndex, number: int) -> tuple[DenseAnswer, NearestAnswer]:
    asked = wanted(vectors, number)
    return DenseAnswer(vectors @ asked, -1e30), NearestAnswer(index, lambda items: vectors[items], asked)


def test_the_index_finds_what_a_full_comparison_finds(vectors: Float32, index: NearestIndex) -> None:
    exclude = np.random.default_rng(2).random(SIZE) < 0.1
    found = []
    for number in range(40):
        exact, near = answers(vectors, index, number)
        for mask in (None, exclude):
            one, other = exact.best(100, mask).proposal, near.best(100, mask).proposal
            assert len(other.items) == 100
            assert mask is None or not mask[other.items].any()
            np.testing.assert_allclose(other.scores, exact.at(other.items), rtol=1e-4, atol=1e-4)
            assert (np.diff(other.scores) <= 0).all()
            found.append(len(np.intersect1d(one.items, other.items)) / 100)
    assert np.mean(found) > 0.95


def test_the_softmax_is_near_the_whole_one(vectors: Float32, index: NearestIndex) -> None:
    errors = []
    for number in range(40):
        exact, near = answers(vectors, index, number)
        errors.append(abs(float(exact.log_mean_exp() - near.log_mean_exp())))
    assert np.mean(errors) < 0.03
    assert max(errors) < 0.12


def test_filters_that_leave_little_never_leave_a_list_short(vectors: Float32, index: NearestIndex) -> None:
    for left in (0, 1, 50, 150):
        exclude = np.ones(SIZE, np.bool_)
        exclude[np.random.default_rng(left).choice(SIZE, left, replace=False)] = False
        exact, near = answers(vectors, index, 7)
        one, other = exact.best(100, exclude).proposal, near.best(100, exclude).proposal
        np.testing.assert_array_equal(np.sort(one.items), np.sort(other.items))


def test_what_was_added_is_found_at_once(vectors: Float32, index: NearestIndex) -> None:
    asked = wanted(vectors, 3)
    added = np.asarray(asked / np.linalg.norm(asked), np.float32)[None]
    longer = index.extended(added)
    whole = np.concatenate([vectors, added])
    answer = NearestAnswer(longer, lambda items: whole[items], asked)
    assert answer.best(5).proposal.items[0] == SIZE
    assert longer.added == 1


def test_the_index_survives_a_file_and_is_the_same_for_a_seed(vectors: Float32, index: NearestIndex) -> None:
    again = NearestIndex.build(lambda items: vectors[items], SIZE, seed=0)
    for name, tensor in index.tensors().items():
        np.testing.assert_array_equal(again.tensors()[name], tensor)
    loaded = NearestIndex.of_tensors(index.tensors())
    np.testing.assert_array_equal(loaded.look(vectors[0]).items, index.look(vectors[0]).items)


def test_nothing_named_is_nothing() -> None:
    nothing = SparseAnswer(np.zeros(0, np.int32), np.zeros(0, np.float32), 10)
    some_items: Int32 = np.array([1, 9], np.int32)
    assert nothing.at(some_items).tolist() == [0, 0]
    assert len(nothing.best(5, np.zeros(10, np.bool_)).proposal.items) == 0
    assert nothing.log_mean_exp() == 0
