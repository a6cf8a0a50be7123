"""Trees rank by what blends can't see, stay away where they would learn chance, and say the same after a folder and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from regulars.errors import DamagedModel
from regulars.recommend.blend import Blend
from regulars.recommend.features import FEATURES
from regulars.recommend.logged import MAX_WEIGHT, Shown, examination, logged
from regulars.recommend.model import Model
from regulars.recommend.ranker import NOT_LISTED, Lists, Ranker

from .conftest import Fitted
from .shop import query, vocabulary

HIDDEN = FEATURES.index("price_fit")
TEN = 10


def lists_of(count: int, telling: bool, seed: int = 0) -> Lists:
    """Lists of ten in an order that says nothing. Where `telling`, the thing chosen is the one whose price fits best."""
    generator = np.random.default_rng(seed)
    features = generator.standard_normal((count * TEN, len(FEATURES))).astype(np.float32)
    fit = np.abs(features[:, HIDDEN]).reshape(count, TEN)
    chosen = fit.argmin(axis=1) if telling else generator.integers(0, TEN, count)
    labels = np.zeros((count, TEN), np.float32)
    labels[np.arange(count), chosen] = 1
    offsets = np.arange(count + 1, dtype=np.int64) * TEN
    return Lists(features, offsets, labels.ravel(), np.ones(count * TEN, np.float32))


def test_it_learns_what_no_weight_can_say() -> None:
    """Neither dearer nor cheaper is better, but nearer: a weighted sum has no word for it."""
    ranker, verdict = Ranker.fit(lists_of(1_000, telling=True), np.arange(800, 1_000), seed=1, threads=1)
    assert ranker is not None
    assert verdict.kept
    assert verdict.low > 0
    fresh = lists_of(200, telling=True, seed=9)
    assert np.mean(fresh.places(ranker.scores(fresh.features)) == 0) > 0.7
    assert np.mean(fresh.as_they_were() == 0) < 0.25
    assert max(ranker.importance, key=lambda name: ranker.importance[name]) == "price_fit"


def test_chance_is_not_kept() -> None:
    ranker, verdict = Ranker.fit(lists_of(1_000, telling=False), np.arange(800, 1_000), threads=1)
    assert ranker is None
    assert "blend" in verdict.note


def test_too_few_lists_are_said() -> None:
    ranker, verdict = Ranker.fit(lists_of(200, telling=True), np.arange(150, 200), threads=1)
    assert ranker is None
    assert "150 lists" in verdict.note
    assert "300" in verdict.note


def test_the_log_makes_up_for_few_held_out_choices() -> None:
    """What is judged stays the held-out choices; what is learned is mostly what was shown and clicked."""
    ranker, verdict = Ranker.fit(
        lists_of(300, telling=True), np.arange(100, 300), lists_of(800, telling=True, seed=4), threads=1
    )
    assert ranker is not None
    assert verdict.kept
    assert ranker.of_log == 800
    assert len(verdict.before) == 200


def test_a_list_that_missed_counts_as_missed() -> None:
    lists = lists_of(3, telling=True)
    lists.labels[:TEN] = 0
    assert lists.chosen().tolist() == [False, True, True]
    # Equal scores leave the order as it was: trees that can't tell rows apart have put nobody first.
    assert lists.places(np.zeros(30, np.float32)).tolist() == lists.as_they_were().tolist()
    assert lists.as_they_were()[0] == NOT_LISTED
    assert lists.as_they_were()[1] == lists.labels[TEN : 2 * TEN].argmax()
    assert len(lists.some(np.array([2, 0])).labels) == 20


def test_the_same_seed_the_same_trees_and_a_folder_keeps_them(tmp_path: Path) -> None:
    lists, judged = lists_of(600, telling=True), np.arange(500, 600)
    first, _ = Ranker.fit(lists, judged, seed=5, threads=1)
    second, _ = Ranker.fit(lists, judged, seed=5, threads=1)
    assert first is not None
    assert second is not None
    assert first.text == second.text
    first.save(tmp_path)
    loaded = Ranker.load(tmp_path)
    assert loaded is not None
    rows = lists.features[:50]
    np.testing.assert_array_equal(loaded.scores(rows), first.scores(rows))
    assert Ranker.load(tmp_path / "elsewhere") is None


def test_unknown_values_rank_too() -> None:
    ranker, _ = Ranker.fit(lists_of(600, telling=True), np.arange(500, 600), threads=1)
    assert ranker is not None
    nothing = np.full((5, len(FEATURES)), np.nan, np.float32)
    assert np.isfinite(ranker.scores(nothing)).all()
    assert ranker.scores(nothing[:0]).shape == (0,)


def test_trees_over_other_features_are_refused(tmp_path: Path) -> None:
    ranker, _ = Ranker.fit(lists_of(600, telling=True), np.arange(500, 600), threads=1)
    assert ranker is not None
    ranker.save(tmp_path)
    document = json.loads((tmp_path / "ranker.json").read_text())
    document["features"] = document["features"][::-1]
    (tmp_path / "ranker.json").write_text(json.dumps(document))
    with pytest.raises(DamagedModel, match="other features"):
        Ranker.load(tmp_path)
    (tmp_path / "ranker.json").write_text("{")
    with pytest.raises(DamagedModel):
        Ranker.load(tmp_path)


def test_looking_is_told_from_liking() -> None:
    """Every place shows things of every worth alike; each further place is looked at half as often as the one before."""
    generator = np.random.default_rng(0)
    rows = 200_000
    places, buckets = generator.integers(0, 4, rows), generator.integers(0, 10, rows)
    liked = 0.05 + 0.05 * buckets
    clicked = generator.random(rows) < 0.5**places * liked
    found = examination(places, buckets, clicked)
    np.testing.assert_allclose(found, [1, 0.5, 0.25, 0.125], rtol=0.1)


def test_a_click_far_down_counts_more_and_an_often_shown_thing_less() -> None:
    generator = np.random.default_rng(0)
    shown = []
    for number in range(400):
        features = generator.standard_normal((3, len(FEATURES))).astype(np.float32)
        labels = (generator.random(3) < np.array([0.6, 0.3, 0.1])).astype(np.float32)
        products = np.array([1, 2, 100 + number], np.int64)  # the third is another thing each time
        shown.append(Shown(features, products, np.arange(3), labels))
    found = logged(shown)
    weights = found.lists.weights.reshape(-1, 3)
    clicked = found.lists.labels.reshape(-1, 3) > 0
    assert (weights[~clicked] == 1).all()
    assert weights[clicked[:, 2], 2].min() > weights[clicked[:, 1], 1].max() > weights[clicked[:, 0], 0].max()
    assert weights.max() <= MAX_WEIGHT
    assert found.looked_at[0] == 1
    assert (np.diff(found.looked_at) < 0).all()


def test_no_log_is_no_lists() -> None:
    assert len(logged([]).lists) == 0


def test_who_did_nothing_yet_is_shown_the_popular_in_their_order(fitted: Fitted) -> None:
    """Trees learned from people who did something: of a stranger they know nothing."""
    ranker, _ = Ranker.fit(lists_of(1_000, telling=True), np.arange(800, 1_000), seed=1, threads=1)
    assert ranker is not None
    names = ("popular", "covisitation", "text")
    sources = [fitted.sources[name] for name in names]
    model = Model(vocabulary().product_ids, sources, Blend.default(names), ranker)
    popular = fitted.sources["popular"].propose(query(), 6).items
    assert model.retrieve(query()).items.tolist() == popular.tolist()
