"""Settings go into a file and come back; what is wrong in a file written by hand is named, field by field."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regulars.errors import InvalidInput
from regulars.recommend import settings as saved
from regulars.recommend.judge.settings import JudgeSettings
from regulars.recommend.sequence_training import SequenceSettings
from regulars.recommend.sources.covisitation import CovisitationSettings
from regulars.recommend.sources.ease import EaseSettings
from regulars.recommend.train import TrainSettings

OTHERS = TrainSettings(
    sequence=SequenceSettings(width=64, length=30),
    covisitation=CovisitationSettings(window=4, damping=(0.25, 0.1)),
    ease=EaseSettings(half_life_days=math.inf),
)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    path = saved.write(tmp_path / "tuning", OTHERS, "by hand")
    written = json.loads(path.read_text())
    assert written["covisitation"] == {"window": 4, "damping": [0.25, 0.1]}
    assert written["ease"] == {"half_life_days": "never"}
    assert "text" not in written  # only what differs
    assert saved.read(tmp_path / "tuning") == OTHERS
    assert saved.settings_of(saved.document_of(OTHERS)) == OTHERS


def test_without_a_file_there_is_nothing(tmp_path: Path) -> None:
    assert saved.read(tmp_path) is None


def test_the_defaults_differ_in_nothing() -> None:
    assert saved.differences(TrainSettings()) == {}
    assert saved.differences(TrainSettings(sequence=SequenceSettings())) == {}
    changed = replace(TrainSettings(), members=2)
    assert saved.differences(changed) == {"members": (2, 1)}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"covisitation": {"windwo": 7}}', "covisitation.windwo"),
        ('{"horoscope": {}}', "horoscope"),
        ('{"covisitation": {"window": "seven"}}', "covisitation.window: it is a whole number"),
        ('{"covisitation": {"window": 7.5}}', "covisitation.window: it is a whole number"),
        ('{"covisitation": {"window": true}}', "covisitation.window"),
        ('{"covisitation": {"window": 0}}', "between 1 and 100"),
        ('{"covisitation": {"damping": [0.5]}}', "a list of 2 numbers"),
        ('{"covisitation": 7}', "covisitation: it is a group"),
        ('{"ease": {"history_half_life_days": -3}}', "ease.history_half_life_days"),
        ('{"ease": {"history_half_life_days": "soon"}}', "ease.history_half_life_days"),
        ('{"sequence": {"width": 90}}', "sequence.width: 90 can't be divided"),
        ('{"sequence": {"dropout": 1e999}}', "sequence.dropout"),
        ('{\n"sequence": {\n', "line 3"),
        ("[1]", "isn't a JSON object"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / saved.FILE).write_text(text)
    with pytest.raises(InvalidInput) as caught:
        saved.read(tmp_path)
    assert named in str(caught.value)
    assert str(tmp_path / saved.FILE) in str(caught.value)


def test_every_default_is_within_its_bounds() -> None:
    document: dict[str, Any] = saved.document_of(TrainSettings())
    assert saved.settings_of(document) == saved.settings_of({})


def test_a_part_that_is_switched_on_is_told_as_on_beside_what_it_has_of_its_own() -> None:
    assert saved.told(TrainSettings()) == {}
    found = saved.told(TrainSettings(judge=JudgeSettings(method="lora")))
    assert found == {"judge": ("on", "off"), "judge.method": ("lora", JudgeSettings().method)}
