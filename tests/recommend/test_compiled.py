"""The compiled loops against the same said in a line of NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.recommend import compiled
from regulars.recommend.dataset import Float32, Int32, Int64

SEEDS = st.integers(0, 2**32 - 1)


def lists(generator: np.random.Generator, n: int) -> tuple[Int64, Int32, Float32]:
    """Neighbour lists of n items as CSR, some of them empty."""
    matrix = sparse.random(n, n, 0.3, format="csr", random_state=generator, dtype=np.float32)
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)


def dense(offsets: Int64, indices: Int32, weights: Float32) -> Float32:
    n = len(offsets) - 1
    return np.asarray(sparse.csr_matrix((weights, indices, offsets), shape=(n, n)).todense(), np.float32)


@given(SEEDS, st.integers(1, 40), st.integers(0, 50))
@settings(max_examples=200, deadline=None)
def test_the_best_are_those_of_a_full_sort_and_the_removed_would_have_been_among_them(
    seed: int, n: int, count: int
) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.integers(-2, 5, n).astype(np.float32)  # many equal ones
    scores[generator.random(n) < 0.1] = np.nan
    barred = generator.random(n) < 0.3
    kept, removed = compiled.best_above(scores, count, 0.0, barred)
    order = [item for item in np.argsort(-scores, kind="stable").tolist() if scores[item] > 0]
    free = [item for item in order if not barred[item]][:count]
    assert kept.tolist() == free
    least = scores[free[-1]] if free and len(free) == count else 0.0
    assert set(removed.tolist()) <= {item for item in order if barred[item]}
    assert all(scores[item] >= least for item in removed.tolist())
    wanted = [item for item in order if barred[item] and scores[item] >= least] if count else []
    assert len(removed) == min(len(wanted), count)
    everything, nothing = compiled.best_above(scores, count, 0.0, np.zeros(0, np.bool_))
    assert everything.tolist() == order[:count]
    assert len(nothing) == 0


@given(SEEDS, st.integers(2, 15), st.integers(1, 8))
@settings(max_examples=100, deadline=None)
def test_lists_add_up_and_come_apart_again(seed: int, n: int, length: int) -> None:
    generator = np.random.default_rng(seed)
    offsets, indices, weights = lists(generator, n)
    matrix = dense(offsets, indices, weights)
    of = generator.integers(0, n, length).astype(np.int32)
    shares = generator.random(length).astype(np.float32)
    shares /= shares.sum()
    assert compiled.added_up(offsets, indices, weights, of, shares) == pytest.approx(shares @ matrix[of], abs=1e-5)
    items = generator.permutation(n)[: max(1, n // 2)].astype(np.int32)
    assert (compiled.between(offsets, indices, weights, of, items) == matrix[of][:, items]).all()
    steps = np.unique(of)
    left = compiled.without_each(offsets, indices, weights, of, shares, steps, items, 0.0)
    as_shares = compiled.without_each(offsets, indices, weights, of, shares, steps, items, 1e-3)
    for row, step in enumerate(steps.tolist()):
        other = of != step
        scores = shares[other] @ matrix[of[other]]
        assert left[row] == pytest.approx(scores[items] / max(shares[other].sum(), 1e-6), rel=1e-2, abs=1e-4)
        total = scores.sum()
        expected = np.log1p(scores[items] / (1e-3 * total)) if total > 1e-6 else np.zeros(len(items))
        assert as_shares[row] == pytest.approx(expected, rel=1e-2, abs=1e-2)


@given(SEEDS, st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_a_history_weighs_by_strength_steps_and_days_and_sums_to_one(seed: int, length: int) -> None:
    generator = np.random.default_rng(seed)
    strengths, ages = (
        generator.random(length).astype(np.float32) * 5,
        generator.random(length).astype(np.float32) * 90,
    )
    weights = compiled.weigh(strengths, ages, np.log(0.6), np.log(2) / 30)
    back = np.arange(length - 1, -1, -1)
    wanted = np.sqrt(np.maximum(strengths, 1e-6)) * 0.6**back * 2 ** (-ages / 30)
    assert weights == pytest.approx(wanted / wanted.sum(), rel=1e-4, abs=1e-7)
    items = generator.integers(0, 5, length).astype(np.int32)
    latest = compiled.latest_of_each(items)
    assert latest.tolist() == sorted({item: place for place, item in enumerate(items.tolist())}.values())


@given(SEEDS, st.integers(1, 15), st.integers(1, 6))
@settings(max_examples=100, deadline=None)
def test_histories_without_a_step_are_those_of_somebody_who_never_did_it(seed: int, length: int, most: int) -> None:
    generator = np.random.default_rng(seed)
    items = generator.integers(0, 4, length).astype(np.int32)
    steps = np.unique(items)
    histories, lengths = compiled.histories_without(items, steps, most)
    for row, step in enumerate(steps.tolist()):
        rest = [item for item in items.tolist() if item != step]
        kept = [item for place, item in enumerate(rest) if place == len(rest) - 1 or rest[place + 1] != item]
        assert histories[row, : lengths[row]].tolist() == kept[-most:]


@given(SEEDS, st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_a_tree_of_histories_has_each_of_them_and_shares_their_beginnings(seed: int, length: int) -> None:
    generator = np.random.default_rng(seed)
    items = generator.integers(0, 5, length).astype(np.int32)
    steps = np.unique(items)
    histories, lengths = compiled.histories_without(items, steps, 12)
    tokens, distance, last = compiled.tree_without(items, steps, 12)
    for row in range(len(steps)):
        if lengths[row] == 0:
            assert last[row] == -1
            continue
        seen = np.flatnonzero(distance[last[row]] >= 0)
        path = seen[np.argsort(-distance[last[row]][seen])]
        assert tokens[path].tolist() == histories[row, : lengths[row]].tolist()
        for rank, token in enumerate(
            path.tolist()
        ):  # each of its things sees what stands before it there, and nothing else
            assert distance[token][path[: rank + 1]].tolist() == list(range(rank, -1, -1))
            assert (distance[token] >= 0).sum() == rank + 1
    assert len(tokens) <= (1 + len(steps)) * length
    whole = int(last[len(steps)])
    assert tokens[: whole + 1].tolist() == items[np.append(items[1:] != items[:-1], True)][-12:].tolist()
    assert distance[whole][: whole + 1].tolist() == list(range(whole, -1, -1))


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_lists_of_several_sources_become_one_with_each_place(seed: int, sources: int) -> None:
    generator = np.random.default_rng(seed)
    proposed = [generator.permutation(9)[: generator.integers(0, 6)].astype(np.int32) for _ in range(sources)]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in proposed])]).astype(np.int64)
    items, ranks = compiled.merged(np.concatenate(proposed), offsets)
    assert items.tolist() == sorted({item for one in proposed for item in one.tolist()})
    for number, one in enumerate(proposed):
        places = {item: place for place, item in enumerate(one.tolist())}
        assert ranks[:, number].tolist() == [places.get(item, -1) for item in items.tolist()]


@given(SEEDS, st.integers(1, 5), st.integers(2, 12))
@settings(max_examples=100, deadline=None)
def test_what_makes_an_item_fall_furthest_is_named(seed: int, steps: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    scores = generator.permutation(count).astype(np.float32)
    by_source = generator.normal(size=(2, steps, count)).astype(np.float32) * 3
    together = by_source.sum(axis=0)
    places = np.arange(count, dtype=np.int64)
    fell = compiled.falls(scores, together, places)
    for step in range(steps):
        left = scores - together[step]
        for item in range(count):
            assert fell[step, item] == (left > left[item]).sum() - (scores > scores[item]).sum()
    step, source = compiled.causes_of(fell, together, by_source, places, 1)
    for item in range(count):
        if step[item] < 0:
            best = max(range(steps), key=lambda one: (fell[one, item], together[one, item]))
            assert fell[best, item] < 1 or together[best, item] <= 0
        else:
            assert fell[step[item], item] == fell[:, item].max()
            assert by_source[source[item], step[item], item] == by_source[:, step[item], item].max()
    values, left = (
        generator.normal(size=count).astype(np.float32),
        generator.normal(size=(steps, count)).astype(np.float32),
    )
    rows = 2.0 * (values[None] - left)
    assert compiled.centred(values, left, 2.0) == pytest.approx(rows - np.median(rows, axis=1, keepdims=True), abs=1e-5)


def test_facts_are_told_as_the_features_say() -> None:
    prices = np.array([10, 20, 40, np.nan, 0], np.float32)
    kinds, brands = np.array([0, 0, 1, -1, 1], np.int32), np.array([2, 3, 3, 3, -1], np.int32)
    created = np.array([0.0, 86_400.0, np.nan, 0.0, 10 * 86_400.0])
    out = np.full((3, 8), np.nan, np.float32)
    steps, items = np.array([1, 2, 4], np.int32), np.array([0, 2, 3], np.int32)
    compiled.of_facts(out, 1, prices, kinds, brands, created, 2 * 86_400.0, steps, items)
    usual = np.log(30.0)  # the middle of 20 and 40; what is free has no price to compare
    nothing = float("nan")
    wanted = [
        [np.log(10) - usual, np.log(10), 1 / 3, 1, 0, 0, np.log1p(2)],
        [np.log(40) - usual, np.log(40), 2 / 3, 0, 2 / 3, 1, nothing],
        [nothing, nothing, nothing, nothing, 2 / 3, 1, np.log1p(2)],
    ]
    assert out[:, 1:] == pytest.approx(np.array(wanted, np.float32), abs=1e-5, nan_ok=True)
    assert np.isnan(out[:, 0]).all()
