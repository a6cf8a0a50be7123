"""Weights follow the source that is right; scales have a zero that says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regulars.errors import DamagedModel, InvalidInput
from regulars.recommend.blend import Blend, Cases, ranks, standardised


def cases(count: int, right_column: int, absent: int = 0) -> Cases:
    """Ten candidates a case; one column puts the target first, the others are noise."""
    generator = np.random.default_rng(0)
    features = generator.random((count * 10, 2)).astype(np.float32)
    targets = np.arange(count) * 10 + generator.integers(0, 10, count)
    features[targets, right_column] = 1.5
    targets[:absent] = -1
    return Cases(features, np.arange(count + 1, dtype=np.int64) * 10, targets.astype(np.int64))


def test_ranks_by_hand() -> None:
    two = Cases(
        np.array([[0.1], [0.9], [0.5], [0.2], [0.3]], np.float32), np.array([0, 3, 5], np.int64), np.array([2, -1])
    )
    places = ranks(two, np.ones(1))
    assert places[0] == 1
    assert places[1] > 1_000_000


def test_weights_follow_the_source_that_is_right() -> None:
    text_is_right = Blend.fit(["covisitation", "text"], cases(200, 1))
    text_is_wrong = Blend.fit(["covisitation", "text"], cases(200, 0))
    assert text_is_right.weights["text"] > 2 * text_is_wrong.weights["text"]
    assert text_is_right.metrics["ndcg_at_10"] >= text_is_right.metrics["ndcg_at_10_default_weights"]
    assert text_is_right.weights["covisitation"] == 1.0


def test_fitting_repeats() -> None:
    assert Blend.fit(["covisitation", "text"], cases(100, 1)) == Blend.fit(["covisitation", "text"], cases(100, 1))


def test_too_few_cases_keep_the_defaults() -> None:
    blend = Blend.fit(["covisitation", "text"], cases(10, 1))
    assert blend == Blend.default(["covisitation", "text"])
    assert blend.fitted_on == 0


def test_absent_targets_count_as_misses() -> None:
    assert Blend.fit(["covisitation", "text"], cases(100, 0, absent=100)).metrics["ndcg_at_10"] == 0.0


def test_a_source_without_a_default_is_refused() -> None:
    with pytest.raises(InvalidInput):
        Blend.default(["horoscope"])


def test_zero_says_nothing() -> None:
    nothing = np.zeros(4, np.float32)
    for source in ("sequence", "ease", "factors", "covisitation", "text", "popular"):
        np.testing.assert_allclose(standardised(source, nothing), 0, atol=1e-6)
    # Twice as likely as by chance is log 2.
    scores = np.log(np.array([2, 1, 0.5, 0.5], np.float32))
    assert standardised("sequence", scores)[0] == pytest.approx(np.log(2), abs=1e-5)
    assert standardised("text", np.array([-0.3, 0.3], np.float32)).tolist() == [0, np.float32(0.3)]


def test_co_visits_are_shares_of_the_query() -> None:
    few, many = np.array([1, 3], np.float32), np.array([100, 300], np.float32)
    np.testing.assert_allclose(standardised("covisitation", few), standardised("covisitation", many), rtol=1e-5)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    blend = Blend.fit(["covisitation", "text"], cases(100, 1))
    blend.save(tmp_path)
    assert Blend.load(tmp_path) == blend
    (tmp_path / "blend.json").write_text("{")
    with pytest.raises(DamagedModel):
        Blend.load(tmp_path)
