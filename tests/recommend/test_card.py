"""The model card: its intervals against cases by hand, its slices, what it says of a small shop, and that it names nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from regulars.errors import DamagedModel
from regulars.language.translations import say_in
from regulars.recommend import card
from regulars.recommend.blend import Cases, ranks
from regulars.recommend.card import Origin
from regulars.recommend.card_words import limit, markdown
from regulars.recommend.sequence_training import SequenceSettings
from regulars.recommend.slices import mean_intervals, measure
from regulars.recommend.train import TrainSettings, fit_model

from .conftest import SMALL
from .shop import TEXTS, histories, query, two_crowds, vocabulary

SOURCE_LANGUAGE = say_in("en")
NO_NETWORK = TrainSettings(text=SMALL, sequence=SequenceSettings(min_people=10**9))


def test_intervals_by_hand() -> None:
    """100 people, half of them right: the bootstrap's standard error is √(¼ / 100) = .05, its interval .5 ± 1.96 · .05."""
    mean, low, high = mean_intervals(np.array([[0.0], [1.0]] * 50))[0]
    assert mean == 0.5
    assert low == pytest.approx(0.402, abs=0.012)
    assert high == pytest.approx(0.598, abs=0.012)
    assert mean_intervals(np.array([[0.0], [1.0]] * 50))[0].tolist() == [mean, low, high]  # repeats


def test_nobody_right_is_not_surely_nothing() -> None:
    """0 of 30: the exact 97.5 % bound is 1 − .025^(1/30) = .1157; 30 of 30 is its mirror."""
    none, every = mean_intervals(np.stack([np.zeros(30), np.ones(30)], axis=1))
    assert none.tolist() == pytest.approx([0, 0, 0.1157], abs=1e-4)
    assert every.tolist() == pytest.approx([1, 0.8843, 1], abs=1e-4)
    assert np.isnan(mean_intervals(np.zeros((0, 1)))).all()


def test_equal_scores_put_no_target_first() -> None:
    """A source that says nothing of anybody isn't perfect: with weight 0 all is equal."""
    cases = Cases(np.ones((8, 1), np.float32), np.array([0, 5, 8], np.int64), np.array([3, -1]))
    assert ranks(cases, np.zeros(1)).tolist() == [2, np.iinfo(np.int32).max]
    assert ranks(cases, np.ones(1))[0] == 2


def test_slices_by_hand() -> None:
    past = histories([0, 1], [0, 2], [0, 3], [0, 1])  # item 0 alone is half of all choices
    queries = [query(0), query(0, 1, 2), query(0, 1, 2, 3, 1), query(1)]
    targets = np.array([0, 1, 5, 3], np.int32)
    prices = np.array([1, 2, 3, 4, 5, np.nan], np.float32)
    places = {"model": np.array([0, 0, 20, 0]), "popular": np.array([0, 5, 20, 20])}
    found = measure(places, queries, targets, past, 6, prices)
    assert found["head_items"] == 1
    rows = {(row["kind"], row["slice"]): row for row in found["slices"]}
    assert {key: row["choices"] for key, row in rows.items()} == {
        ("history", "1"): 2, ("history", "2-4"): 1, ("history", "5+"): 1,
        ("popularity", "head"): 1, ("popularity", "tail"): 2, ("popularity", "untouched"): 1,
        ("price", "low"): 2, ("price", "middle"): 0, ("price", "high"): 1,
    }  # fmt: skip
    assert found["sources"]["model"]["recall_at_10"][0] == 0.75
    assert found["sources"]["popular"]["recall_at_10"][0] == 0.5
    tail = rows["popularity", "tail"]
    assert tail["gain"][0] == pytest.approx(1 - 0.5 / np.log2(7), abs=1e-5)  # (1 + 1)/2 − (1/log2(7) + 0)/2
    assert "gain" not in rows["price", "middle"]
    assert measure({}, [], np.zeros(0, np.int32), past, 6)["choices"] == 0


def small_shop() -> dict[str, object]:
    words, people = vocabulary(("", "")), two_crowds(80)
    _, report = fit_model(words, people, NO_NETWORK)
    return card.made(Origin("recommender-1", 3, refused=2, before="recommender-0", currency="EUR"), words, people, NO_NETWORK, report)  # fmt: skip


def test_the_card_of_a_small_shop(tmp_path: Path) -> None:
    made = small_shop()
    data = made["data"]
    assert isinstance(data, dict)
    assert (data["people"], data["items"], data["interactions"], data["items_with_text"]) == (80, 8, 240, 6)
    assert (data["refused"], data["from"]) == (2, None)  # no clock
    codes = [one["code"] for one in made["limits"]]  # type: ignore[attr-defined]
    assert codes[:3] == ["few_choices", "few_people", "without_sequence"]
    assert "not_measured" not in codes
    assert codes[-1] == "offline_only"
    assert made["settings"]["changed"]["sequence.min_people"] == {"value": 10**9, "default": 50}  # type: ignore[index]
    card.save(made, tmp_path)
    assert card.load(tmp_path) == json.loads(json.dumps(made))
    text = (tmp_path / card.TEXT).read_text()
    for part in ("# recommender-1", "seed 3", "## Limits", "80 people", "recommender-0", "`regulars models rollback`"):
        assert part in text
    assert not any(title in text for title in TEXTS)


def test_with_nothing_to_measure_it_says_so() -> None:
    words, people = vocabulary(), histories([0, 1, 2], [3])
    _, report = fit_model(words, people, NO_NETWORK)
    made = card.made(Origin("first", 0), words, people, NO_NETWORK, report)
    assert made["limits"][0]["code"] == "not_measured"
    assert "It is the first." in markdown(made, SOURCE_LANGUAGE)


def test_a_slice_that_is_worse_than_the_popular_list_is_named() -> None:
    words, people = vocabulary(), two_crowds(80)
    count = 120
    queries = [query(*([0] * (1 if case < 60 else 6))) for case in range(count)]
    worse = np.array([3 if case < 60 else 0 for case in range(count)])
    places = {"model": worse, "popular": np.where(worse == 3, 0, 3), "text": np.zeros(count, np.int64)}
    held = measure(places, queries, np.zeros(count, np.int32), people, 6)
    made = card.made(Origin("v", 0), words, people, None, {"held_out": held, "weights": {"text": 1.0, "popular": 0.1}})
    named = [one for one in made["limits"] if one["code"] == "slice_worse"]
    assert [(one["kind"], one["slice"]) for one in named] == [("history", "1")]
    assert "people with one event before" in limit(SOURCE_LANGUAGE, named[0])
    assert {"code": "source_is_better", "source": "text"} in made["limits"]


def test_every_limit_is_said_in_both_languages() -> None:
    arguments = {"choices": 3, "people": 4, "reason": "…", "items": 1, "of": 9, "source": "text", "kind": "history",
                 "slice": "5+", "slices": [{"kind": "price", "slice": "low", "choices": 3}], "gain": -0.01, "low": -0.02, "high": 0.0}  # fmt: skip
    codes = re.findall(r'beware\(\s*"(\w+)"', Path(card.__file__).read_text())
    codes += ["slice_worse", "slice_not_better"]
    assert len(codes) > 8
    for code in codes:
        english, chinese = (limit(say_in(locale), {"code": code, **arguments}) for locale in ("en", "zh"))
        assert english != code
        assert chinese != english, f"{english!r} isn't translated"


def test_a_broken_card_is_named(tmp_path: Path) -> None:
    assert card.load(tmp_path) is None
    (tmp_path / card.FILE).write_text("{")
    with pytest.raises(DamagedModel, match=r"card\.json"):
        card.load(tmp_path)
    (tmp_path / card.FILE).write_text('{"format": 99}')
    with pytest.raises(DamagedModel, match="format"):
        card.load(tmp_path)
