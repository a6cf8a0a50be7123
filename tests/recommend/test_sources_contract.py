"""One suite that every candidate source passes; then, source by source, answers that a reader sees by eye."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from regulars.errors import DamagedModel
from regulars.recommend.dataset import Query
from regulars.recommend.sources.base import CONTEXT_EVIDENCE, NO_EVIDENCE, CandidateSource, best
from regulars.recommend.sources.covisitation import CovisitationSettings, CovisitationSource
from regulars.recommend.sources.ease import EaseSettings, EaseSource, choices
from regulars.recommend.sources.factors import FactorsSettings, FactorsSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.text import TextSource

from .conftest import SMALL, Fitted
from .shop import (
    BLACK_TEA,
    GREEN_TEA,
    RUNNING_BOTTLE,
    RUNNING_SHOES,
    RUNNING_SOCKS,
    TEAPOT,
    histories,
    query,
    two_crowds,
    vocabulary,
)

QUERIES = {
    "nothing": query(),
    "one item": query(GREEN_TEA),
    "an open page only": query(context=RUNNING_SHOES),
    "history and page": query(GREEN_TEA, BLACK_TEA, context=RUNNING_SHOES),
    "page is the latest": query(GREEN_TEA, BLACK_TEA, context=BLACK_TEA),
    "repeats": query(GREEN_TEA, GREEN_TEA, BLACK_TEA, GREEN_TEA),
    "very long": query(*([0, 1, 2, 3, 4, 5] * 100)),
    "very old": query(GREEN_TEA, BLACK_TEA, ages=[20_000.0, 10_000.0]),
}


@pytest.fixture(params=["popular", "covisitation", "ease", "factors", "text", "sequence", "judge", "image"])
def source(request: pytest.FixtureRequest, fitted: Fitted) -> CandidateSource:
    return fitted.sources[request.param]


@pytest.fixture(params=list(QUERIES))
def asked(request: pytest.FixtureRequest) -> Query:
    return QUERIES[request.param]


def test_scores_are_finite_float32_one_an_item(source: CandidateSource, asked: Query) -> None:
    scores = source.scores(asked)
    assert scores.shape == (6,)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_same_question_same_answer_and_the_array_is_the_callers(source: CandidateSource, asked: Query) -> None:
    first = source.scores(asked)
    kept = first.copy()
    first[:] = np.nan
    np.testing.assert_array_equal(source.scores(asked), kept)


@pytest.mark.parametrize("k", [0, 1, 3, 6, 100])
def test_proposals_are_the_best_scores_in_order(source: CandidateSource, asked: Query, k: int) -> None:
    scores, proposal = source.scores(asked), source.propose(asked, k)
    assert len(proposal.items) <= min(k, 6)
    assert len(np.unique(proposal.items)) == len(proposal.items)
    np.testing.assert_array_equal(scores[proposal.items], proposal.scores)
    assert (np.diff(proposal.scores) <= 0).all()
    assert (proposal.scores > source.floor).all()
    if len(proposal.items):
        left_out = np.setdiff1d(np.arange(6), proposal.items)
        assert len(proposal.items) < k or (scores[left_out] <= proposal.scores[-1]).all()


def test_without_history_only_popularity_has_something_to_say(source: CandidateSource) -> None:
    assert (len(source.propose(query(), 6).items) > 0) == (source.name == "popular")


def test_evidence_is_an_index_into_the_query_or_negative(source: CandidateSource, asked: Query) -> None:
    evidence = source.evidence(asked, np.arange(6, dtype=np.int32))
    assert evidence.shape == (6,)
    assert set(evidence.tolist()) <= {CONTEXT_EVIDENCE, NO_EVIDENCE, *range(len(asked.items))}
    assert asked.context is not None or CONTEXT_EVIDENCE not in evidence
    assert len(source.evidence(asked, np.zeros(0, np.int32))) == 0


def test_extended_keeps_old_scores_and_knows_the_new_items(source: CandidateSource, asked: Query) -> None:
    longer = source.extended(vocabulary(("White tea, loose leaf", "")))
    assert longer.scores(asked).shape == (8,)
    np.testing.assert_allclose(longer.scores(asked)[:6], source.scores(asked), rtol=1e-5, atol=1e-6)
    for item in (6, 7):
        scores = longer.scores(query(item))
        assert np.isfinite(scores).all()
        assert np.isfinite(longer.scores(query(GREEN_TEA, item, context=item))).all()
    assert longer.scores(query()).shape == (8,)


def test_saved_and_loaded_is_the_same(source: CandidateSource, asked: Query, tmp_path: Path) -> None:
    source.save(tmp_path / "source")
    loaded = type(source).load(tmp_path / "source")
    np.testing.assert_array_equal(loaded.scores(asked), source.scores(asked))
    np.testing.assert_array_equal(
        loaded.evidence(asked, np.arange(6, dtype=np.int32)), source.evidence(asked, np.arange(6, dtype=np.int32))
    )
    longer = vocabulary(("White tea, loose leaf",))
    np.testing.assert_array_equal(loaded.extended(longer).scores(asked), source.extended(longer).scores(asked))
    assert not list(tmp_path.rglob("*.pkl"))


def test_a_missing_or_damaged_file_is_refused(source: CandidateSource, tmp_path: Path) -> None:
    with pytest.raises(DamagedModel):
        type(source).load(tmp_path / "nowhere")
    source.save(tmp_path)
    for file in tmp_path.glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(DamagedModel):
        type(source).load(tmp_path)


def test_best_takes_equal_scores_by_position_and_nothing_at_the_floor() -> None:
    scores = np.array([0.5, 0.0, 0.9, 0.5, -1.0, 0.5], np.float32)
    assert best(scores, 3, 0.0).items.tolist() == [2, 0, 3]
    assert best(scores, 6, 0.0).items.tolist() == [2, 0, 3, 5]
    assert best(scores, 0, 0.0).items.tolist() == []
    assert best(np.zeros(0, np.float32), 5, 0.0).items.tolist() == []


@pytest.mark.parametrize("name", ["covisitation", "ease", "factors", "text", "sequence", "judge", "image"])
def test_a_tea_drinker_is_shown_tea_things_and_a_runner_running_things(fitted: Fitted, name: str) -> None:
    source = fitted.sources[name]
    tea = source.propose(query(GREEN_TEA, BLACK_TEA), 3).items.tolist()
    run = source.propose(query(RUNNING_SHOES, RUNNING_SOCKS), 3).items.tolist()
    assert TEAPOT in tea
    assert RUNNING_BOTTLE in run
    assert set(tea) <= {GREEN_TEA, BLACK_TEA, TEAPOT}
    assert set(run) <= {RUNNING_SHOES, RUNNING_SOCKS, RUNNING_BOTTLE}


@pytest.mark.parametrize("name", ["text", "sequence", "judge", "image"])
def test_a_tea_added_today_is_near_to_tea(fitted: Fitted, name: str) -> None:
    longer = fitted.sources[name].extended(vocabulary(("White tea, loose leaf", "Running cap")))
    tea = longer.scores(query(GREEN_TEA, BLACK_TEA))
    assert tea[6] > tea[7]
    from_new = longer.scores(query(6))
    assert from_new[[GREEN_TEA, BLACK_TEA, TEAPOT]].min() > from_new[[RUNNING_SHOES, RUNNING_SOCKS]].max()


@pytest.mark.parametrize("name", ["covisitation", "ease", "factors", "text", "sequence", "judge", "image"])
def test_evidence_names_the_tea_for_the_teapot(fitted: Fitted, name: str) -> None:
    evidence = fitted.sources[name].evidence(query(RUNNING_SHOES, GREEN_TEA), np.array([TEAPOT], np.int32))
    assert evidence.tolist() == [1]
    from_page = fitted.sources[name].evidence(
        query(RUNNING_SHOES, context=GREEN_TEA), np.array([TEAPOT, RUNNING_BOTTLE], np.int32)
    )
    assert from_page.tolist() == [CONTEXT_EVIDENCE, 0]


def test_popular_counts_people_not_clicks() -> None:
    people = histories([0] * 50, [1, 2], [1, 3])
    assert PopularSource.fit(6, people).propose(query(), 1).items.tolist() == [1]


def test_popular_forgets() -> None:
    old, new = [1, 0, 0, 0, 0, 0, 0], [2]
    people = histories(old, old, new, days_apart=30)
    assert PopularSource.fit(6, people, half_life_days=30).shares[[1, 2]].argmax() == 1
    assert PopularSource.fit(6, people, half_life_days=10_000).shares[[1, 2]].argmax() == 0


def test_ease_is_the_inverse_that_its_paper_gives() -> None:
    people = histories([0, 1], [0, 1], [0, 2], [1, 2], [3])
    source = EaseSource.fit(6, people, EaseSettings(regularisation=0.5, half_life_days=math.inf))
    chosen = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]], np.float64)
    inverse = np.linalg.inv(chosen.T @ chosen + 0.5 * np.eye(4))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    for item in range(4):
        scores = source.scores(query(item))
        np.testing.assert_allclose(scores[:4], np.maximum(expected[item], 0), rtol=1e-5, atol=1e-7)
        assert scores[4:].tolist() == [0, 0]


def test_ease_reads_a_history_in_any_order_and_each_thing_once() -> None:
    source = EaseSource.fit(6, two_crowds(50))
    once = source.scores(query(GREEN_TEA, BLACK_TEA))
    np.testing.assert_allclose(source.scores(query(BLACK_TEA, GREEN_TEA)), once, rtol=1e-6)
    np.testing.assert_allclose(source.scores(query(GREEN_TEA, GREEN_TEA, BLACK_TEA, GREEN_TEA)), once, rtol=1e-6)


def test_ease_lets_old_choices_fade() -> None:
    people = histories(*[[0, 1, 2]] * 20, days_apart=60)
    forgetful = EaseSource.fit(6, people, EaseSettings(half_life_days=10)).scores(query(2))
    faithful = EaseSource.fit(6, people, EaseSettings(half_life_days=math.inf)).scores(query(2))
    assert faithful[0] == pytest.approx(faithful[1])
    assert forgetful[0] < 0.5 * forgetful[1]


def test_ease_leaves_out_what_is_chosen_least_when_there_is_too_much() -> None:
    people = histories(*[[0, 1, 2]] * 5, [3, 4])
    source = EaseSource.fit(6, people, EaseSettings(items=3))
    assert source.scores(query(0))[[1, 2]].min() > 0
    assert source.scores(query(3)).max() == 0


def test_factors_are_where_their_loss_is_least() -> None:
    """At the end of many sweeps each item's vector solves its own equations, and a fold-in gives the person's own vector."""
    people = histories(*[[0, 1]] * 6, *[[0, 1, 2]] * 4, *[[3, 4]] * 6, *[[3, 4, 5]] * 3, [2, 5])
    settings = FactorsSettings(width=3, unobserved=0.2, regularisation=0.01, sweeps=200, steps=6)
    source = FactorsSource.fit(6, people, settings, seed=1)
    chosen = choices(6, people, math.inf).toarray()
    ridge = settings.regularisation
    vectors = source.vectors.astype(np.float64)
    shared = 0.2 * vectors.T @ vectors
    own = np.stack(
        [
            np.linalg.solve(
                shared + vectors[row > 0].T @ vectors[row > 0] + ridge * (row.sum() + 1.2) * np.eye(3), row @ vectors
            )
            for row in chosen
        ]
    )
    shared = 0.2 * own.T @ own
    for item, column in enumerate(chosen.T):
        equations = shared + own[column > 0].T @ own[column > 0] + ridge * (column.sum() + 0.2 * len(own)) * np.eye(3)
        np.testing.assert_allclose(np.linalg.solve(equations, column @ own), vectors[item], atol=2e-3)
    np.testing.assert_allclose(source.scores(query(0, 1)), np.maximum(vectors @ own[0], 0), atol=1e-4)


def test_factors_repeat_with_the_same_seed_and_let_old_choices_fade() -> None:
    people = histories(*[[0, 1, 2], [3, 4, 5]] * 10, days_apart=60)
    one, other = (FactorsSource.fit(6, people, FactorsSettings(width=4), seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.vectors, other.vectors)
    scores = one.scores(query(0, 3, ages=[600.0, 0.0]))
    assert scores[[4, 5]].min() > scores[[1, 2]].max()


def test_covisitation_prefers_the_next_step_to_a_later_one_and_to_an_earlier_one() -> None:
    source = CovisitationSource.fit(6, histories(*[[0, 1, 2, 3]] * 5), CovisitationSettings(damping=(0.0, 0.0)))
    assert source.propose(query(1), 6).items.tolist() == [2, 3, 0]


def test_covisitation_fades_with_the_time_between() -> None:
    settings = CovisitationSettings(damping=(0.0, 0.0), gap_half_life_days=10)
    near = CovisitationSource.fit(6, histories([0, 1], days_apart=0.1), settings).scores(query(0))[1]
    far = CovisitationSource.fit(6, histories([0, 1], days_apart=10.1), settings).scores(query(0))[1]
    assert far == pytest.approx(near / 2, rel=1e-3)


def test_covisitation_keeps_the_heaviest_neighbours_of_each_item() -> None:
    rows = [[0, 1]] * 3 + [[0, 2]] * 2 + [[0, 3]]
    source = CovisitationSource.fit(6, histories(*rows), CovisitationSettings(neighbours=2, damping=(0.0, 0.0)))
    assert source.propose(query(0), 6).items.tolist() == [1, 2]


def test_the_latest_step_counts_most() -> None:
    source = CovisitationSource.fit(6, two_crowds())
    assert source.propose(query(GREEN_TEA, RUNNING_SHOES), 1).items[0] >= RUNNING_SHOES
    assert source.propose(query(RUNNING_SHOES, GREEN_TEA), 1).items[0] <= TEAPOT


def test_a_recent_look_outweighs_one_of_last_year() -> None:
    source = TextSource.fit(vocabulary(), SMALL)
    scores = source.scores(query(GREEN_TEA, RUNNING_SHOES, ages=[365.0, 0.0]))
    assert scores[RUNNING_BOTTLE] > scores[TEAPOT]


@pytest.mark.parametrize("people", [histories(), histories([]), histories([2])])
def test_sources_of_a_shop_nobody_came_to(people: object) -> None:
    for source in (CovisitationSource.fit(6, people), PopularSource.fit(6, people), FactorsSource.fit(6, people)):  # type: ignore[arg-type]
        assert np.isfinite(source.scores(query(0, 1))).all()
