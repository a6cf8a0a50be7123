"""Tuning goes on after a kill, takes only what is surely better, and one at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regulars.errors import Conflict, InvalidInput, NotEnoughData
from regulars.recommend import settings as saved
from regulars.recommend import tune
from regulars.recommend.dataset import Histories, Vocabulary
from regulars.recommend.metrics import paired_bootstrap

DAY = 86_400_000
ITEMS = 40
COUNTING = tuple(part for part in tune.PARTS if part.name in ("covisitation", "text"))


def walkers(people: int = 240, seed: int = 0) -> tuple[Vocabulary, Histories]:
    """Everybody goes one or two steps on around a circle: what is far back in a history says nothing."""
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(people):
        steps = generator.integers(1, 3, generator.integers(3, 9))
        rows.append((generator.integers(ITEMS) + np.cumsum(steps)) % ITEMS)
    items = np.concatenate(rows).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    times = np.array([DAY * (1_000 + step) + p for p, row in enumerate(rows) for step in range(len(row))], np.int64)
    words = Vocabulary(np.arange(ITEMS) + 5, [f"thing {item // 10} of kind {item % 10}" for item in range(ITEMS)])
    return words, Histories(offsets, items, times, np.ones(len(items), np.float32))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is fitted in a moment; the network has a test of its own."""
    monkeypatch.setattr(tune, "PARTS", COUNTING)


def tried(study: dict[str, Any]) -> list[Any]:
    return [
        (part["name"], row["settings"], row["value"])
        for part in study["parts"]
        for row in part["trials"]
        if row["state"] == "done"
    ]


@pytest.mark.usefixtures("parts")
def test_better_settings_are_found_checked_and_written(tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    tuned = tune.tune(tmp_path, walkers, trials=14, progress=lambda share, line: told.append((share, line)))
    first = tuned.study["parts"][0]
    assert first["trials"][0]["settings"]["covisitation.window"] == 10  # the defaults
    assert first["trials"][0]["value"] == first["defaults"]
    assert tuned.taken, tuned.verdict
    result = tuned.study["result"]
    assert result["gain"][1] > 0
    assert result["choices"] == 120
    written = saved.read(tmp_path)
    assert written is not None
    assert {path: value for path, (value, _) in saved.differences(written).items()} == result["settings"]
    assert tune.shown(tmp_path) == tuned.study
    assert sum(first["importance"].values()) == pytest.approx(1, abs=0.01)
    assert told[-1] == (1.0, "done")
    assert any("best NDCG@10" in line for _, line in told)

    # It is over: asked again it says the same at once; forgotten, the defaults are back and the trials stay.
    assert tune.tune(tmp_path, walkers).study == tuned.study
    assert tune.forget(tmp_path)
    assert saved.read(tmp_path) is None
    assert not tune.forget(tmp_path)
    again = tune.tune(tmp_path, walkers, trials=2, fresh=True)
    assert [len(part["trials"]) for part in again.study["parts"]] == [2, 2]


def test_a_network_is_searched_with_pruning_and_what_is_in_use_is_tried_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sequence = next(part for part in tune.PARTS if part.name == "sequence")
    monkeypatch.setattr(tune, "PARTS", (sequence,))
    monkeypatch.setattr(tune, "MIN_NETWORK_SECONDS", 1.0)
    monkeypatch.setattr(tune, "NETWORKS", 40)
    monkeypatch.setattr(tune, "FAIR_SECONDS", 0.0)
    (tmp_path / saved.FILE).write_text('{"sequence": {"width": 64, "layers": 1, "learning_rate": 0.004}}')
    tuned = tune.tune(tmp_path, walkers, minutes=0.5, trials=2)
    rows = tuned.study["parts"][0]["trials"]
    assert [row["settings"]["sequence.width"] for row in rows][:2] == [128, 64]
    assert {row["state"] for row in rows} <= {"done", "pruned"}
    assert tuned.study["network_seconds"] == tune.MIN_NETWORK_SECONDS

    # The clock ends them too soon to say who learns well: then none but the defaults is tried, and it is said.
    monkeypatch.setattr(tune, "FAIR_SECONDS", 60.0)
    monkeypatch.setattr(tune, "MIN_NETWORK_SECONDS", 0.2)
    short = tune.tune(tmp_path, walkers, minutes=0.01, trials=3, fresh=True)
    assert len(short.study["parts"][0]["trials"]) == 1
    assert "--minutes 100" in short.study["skipped"]["sequence"]


@pytest.mark.usefixtures("parts")
def test_luck_is_refused(tmp_path: Path) -> None:
    """Choices at random: somewhere a setting does better than the defaults, and on other choices it doesn't."""
    generator = np.random.default_rng(3)
    people = 160
    items = generator.integers(0, ITEMS, people * 4).astype(np.int32)
    times = np.array([DAY * (1_000 + step) + p for p in range(people) for step in range(4)], np.int64)
    noise = Histories(np.arange(people + 1, dtype=np.int64) * 4, items, times, np.ones(len(items), np.float32))
    tuned = tune.tune(tmp_path, lambda: (walkers()[0], noise), trials=12)
    assert tuned.study["best"], "the search found nothing to refuse"
    assert not tuned.taken
    assert "not surely better" in tuned.verdict
    assert not (tmp_path / saved.FILE).exists()


def test_surely_is_the_whole_interval() -> None:
    assert tune.is_better(paired_bootstrap([0.0] * 60, [0.1, 0.2] * 30))
    assert not tune.is_better(paired_bootstrap([0.0] * 60, [0.5, -0.4] * 30))
    assert not tune.is_better(paired_bootstrap([0.5] * 60, [0.5] * 60))


KILLED = """
import sys
from pathlib import Path
from recommend.test_tune import COUNTING, walkers
from regulars.recommend import tune
tune.PARTS = COUNTING
tune.tune(Path(sys.argv[1]), walkers, trials=12, progress=lambda share, line: print(line, flush=True))
"""


@pytest.mark.usefixtures("parts")
def test_after_a_kill_the_same_study_goes_on(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("covisitation, trial 6"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    # The kill may have come in the middle of a line.
    with (tmp_path / "killed" / tune.JOURNAL).open("ab") as journal:
        journal.write(b'{"op_code":4,"worker')
    stopped = tune.shown(tmp_path / "killed")
    assert stopped is not None
    assert stopped["state"] == "stopped"
    before = tried(stopped)
    assert 4 <= len(before) <= 7
    resumed = tune.tune(tmp_path / "killed", walkers, trials=12)
    whole = tune.tune(tmp_path / "whole", walkers, trials=12)
    assert tried(resumed.study)[: len(before)] == before
    assert tried(resumed.study) == tried(whole.study)
    assert resumed.study["result"]["settings"] == whole.study["result"]["settings"]


@pytest.mark.usefixtures("parts")
def test_ctrl_c_keeps_what_was_tried(tmp_path: Path) -> None:
    def stop(share: float, line: str) -> None:
        if line.startswith("covisitation, trial 4"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune.tune(tmp_path, walkers, trials=9, progress=stop)
    stopped = tune.shown(tmp_path)
    assert stopped is not None
    assert (stopped["state"], len(tried(stopped))) == ("stopped", 3)
    assert not (tmp_path / saved.FILE).exists()

    def later() -> tuple[Vocabulary, Histories]:
        """More has happened since: a search that goes on doesn't see it."""
        words, past = walkers()
        items = np.concatenate([past.items, np.zeros(500, np.int32)])
        times = np.concatenate([past.times, np.full(500, past.times.max() + DAY)])
        offsets = np.concatenate([past.offsets, past.offsets[-1] + np.arange(1, 101) * 5])
        return words, Histories(offsets, items, times, np.ones(len(items), np.float32))

    resumed = tune.tune(tmp_path, later, trials=9)
    assert tried(resumed.study)[:3] == tried(stopped)
    assert tried(resumed.study) == tried(tune.tune(tmp_path / "whole", walkers, trials=9).study)


@pytest.mark.usefixtures("parts")
def test_two_at_once_are_refused(tmp_path: Path) -> None:
    def second(share: float, line: str) -> None:
        if line.startswith("covisitation, trial 1"):
            assert tune.running(tmp_path)
            shown = tune.shown(tmp_path)
            assert shown is not None
            assert shown["state"] == "searching"
            with pytest.raises(Conflict, match=f"running already .process {os.getpid()}"):
                tune.tune(tmp_path, walkers)

    tune.tune(tmp_path, walkers, trials=2, progress=second)
    assert not tune.running(tmp_path)


@pytest.mark.usefixtures("parts")
def test_a_time_box_is_kept(tmp_path: Path) -> None:
    began = time.monotonic()
    tuned = tune.tune(tmp_path, walkers, minutes=0.03)
    assert time.monotonic() - began < 20
    assert all(part["trials"] for part in tuned.study["parts"])


def test_what_is_missing_or_broken_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotEnoughData, match="tuning needs 100"):
        tune.tune(tmp_path, lambda: walkers(60))
    (tmp_path / saved.FILE).write_text('{"ease": {"lambda": 3}}')
    with pytest.raises(InvalidInput, match=r"ease\.lambda"):
        tune.tune(tmp_path, walkers)
    (tmp_path / saved.FILE).unlink()
    (tmp_path / tune.STUDY).write_text(json.dumps({"format": 99}))
    with pytest.raises(InvalidInput, match="format"):
        tune.tune(tmp_path, walkers)
