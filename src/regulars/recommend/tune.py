"""Finds settings that suit a shop better than the defaults: part by part, in a time box, resumable after a kill.

Searches with Optuna (TPE: Bergstra et al. 2011), the transformer with pruning by epoch. The winner is taken only if it beats
the defaults on choices that the search never saw. What it tried stands in the workspace's tuning/ folder. Training only.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from regulars.errors import Conflict, InvalidInput, NotEnoughData
from regulars.recommend import settings as saved
from regulars.recommend.dataset import Histories, Vocabulary
from regulars.recommend.metrics import PairedDifference, paired_bootstrap
from regulars.recommend.train import TrainSettings, silent

if TYPE_CHECKING:
    import optuna

    from regulars.recommend.sources.sequence import SequenceSource
    from regulars.recommend.tune_bench import Bench

Progress = Callable[[float, str], None]
Flat = dict[str, Any]
"""Settings by path: {"covisitation.window": 7}."""

JOURNAL, STUDY, LOCK = "trials.journal", "study.json", "lock"
FORMAT = 1
MIN_NETWORK_SECONDS = 5.0
NETWORKS = 6
"""At least so many networks should fit in their part of the time."""
FAIR_SECONDS = 60.0
"""A network that the clock ends sooner than this says who learns fast, not who learns well."""
ENOUGH_FOR_IMPORTANCE = 10


@dataclass(frozen=True, slots=True)
class Range:
    """Where a setting is looked for. step: of whole numbers. log: small values are as likely as large ones."""

    low: float
    high: float
    log: bool = False
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Settings that are searched together while all others stand still. share: of the time."""

    name: str
    share: float
    ranges: Mapping[str, Range]


PARTS = (
    Part("covisitation", 0.2, {
        "covisitation.window": Range(2, 30, log=True, step=1),
        "covisitation.lag_decay": Range(0.4, 1.0),
        "covisitation.backward": Range(0.0, 1.0),
        "covisitation.damping[0]": Range(0.0, 1.0),
        "covisitation.damping[1]": Range(0.0, 0.5),
        "covisitation.history_decay": Range(0.4, 0.98),
        "covisitation.gap_half_life_days": Range(1.0, 90.0, log=True),
    }),
    Part("ease", 0.15, {
        "ease.regularisation": Range(10.0, 5_000.0, log=True),
        "ease.history_half_life_days": Range(7.0, 365.0, log=True),
        "ease.neighbours": Range(30, 500, log=True, step=1),
    }),
    Part("text", 0.1, {
        "text_source.history_decay": Range(0.3, 0.98),
        "text_source.history_half_life_days": Range(5.0, 365.0, log=True),
    }),
    Part("sequence", 0.4, {
        "sequence.width": Range(64, 192, step=32),
        "sequence.layers": Range(1, 3, step=1),
        "sequence.dropout": Range(0.1, 0.6),
        "sequence.id_dropout": Range(0.0, 0.4),
        "sequence.learning_rate": Range(3e-4, 4e-3, log=True),
        "sequence.negative_power": Range(0.0, 1.0),
    }),
)  # fmt: skip
CHECK_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Tuned:
    """How a tuning ended. taken: do trainings use the settings from now on? study: as `shown` gives it."""

    taken: bool
    verdict: str
    study: dict[str, Any]


class _Pruned(Exception):
    """A network that is plainly behind."""


def shown(folder: Path) -> dict[str, Any] | None:
    """What tuning has tried and found so far, from its folder; None when it never ran. Reads no other library.

    {"state": "searching", "checking", "stopped" or "done"; "parts": [{"name", "defaults", "best", "importance", "trials":
    [{"number", "state", "value", "seconds", "settings"}]}], "best": settings by path, "result": or None, …}
    Raises InvalidInput when the file can't be read.
    """
    path = folder / STUDY
    try:
        study = json.loads(path.read_text(encoding="utf-8"))
        known = study["format"] == FORMAT
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} can't be read: {error}.", hint="`regulars tune --fresh` starts anew.", file=str(path)
        ) from error
    if not known:
        raise InvalidInput(f"{path} is of a format that this version doesn't know.", hint="Use `--fresh`.")
    if study["state"] in ("searching", "checking") and not running(folder):
        study["state"] = "stopped"
    return dict(study)


def running(folder: Path) -> bool:
    """Is a tuning at work in this folder, in whatever process?"""
    try:
        with (folder / LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def forget(folder: Path) -> bool:
    """Back to the defaults: removes settings.json, keeps the trials. Returns whether there was one."""
    try:
        (folder / saved.FILE).unlink()
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One tuning a workspace. Raises Conflict, saying whose the other is."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            whose = file.read().strip() or "another process"
            raise Conflict(f"A tuning is running already ({whose}).", hint="Wait for it, or stop it.") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
        file.flush()
        yield
        file.truncate(0)


def tune(
    folder: Path,
    data: Callable[[], tuple[Vocabulary, Histories]],
    *,
    minutes: float = 30.0,
    trials: int | None = None,
    fresh: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tuned:
    """Searches on from where the folder's study stands, checks the winner, and writes settings.json if it is better.

    data: reads the shop; a study that goes on sees no event later than its first. minutes: for everything; shared among the parts that
    aren't finished. trials: at most so many in each part. fresh: forget the study before; its settings stay until others
    are better. The same seed and data try the same settings in the same order, killed in between or not.

    Raises Conflict when another tuning runs here; NotEnoughData; InvalidInput for a broken settings.json or study.
    KeyboardInterrupt passes through: what was tried is kept.
    """
    with locked(folder):
        present = saved.read(folder)
        if fresh:
            for name in (JOURNAL, STUDY):
                (folder / name).unlink(missing_ok=True)
        study = shown(folder)
        if study is not None and study["result"] is not None:
            return Tuned(study["result"]["taken"], _verdict(study), study)
        tell = progress or silent
        tell(0.0, "reading the shop")
        vocabulary, histories = data()
        return _Search(folder, vocabulary, histories, study, present, minutes, trials, seed, tell).run()


class _Search:
    def __init__(
        self,
        folder: Path,
        vocabulary: Vocabulary,
        histories: Histories,
        study: dict[str, Any] | None,
        present: TrainSettings | None,
        minutes: float,
        trials: int | None,
        seed: int,
        tell: Progress,
    ) -> None:
        from regulars.recommend.tune_bench import Bench, until

        self.folder, self.most, self.tell = folder, trials, tell
        self.started, self.seconds = time.monotonic(), minutes * 60
        if study is None:
            last = int(histories.times.max()) if len(histories.times) else 0
            of_networks = sum(part.share for part in PARTS if part.name == "sequence") * self.seconds
            study = {
                "format": FORMAT,
                "started": _now(),
                "seed": seed,
                "until": last,
                "people": len(histories),
                "items": len(vocabulary),
                "interactions": len(histories.items),
                "network_seconds": round(max(MIN_NETWORK_SECONDS, of_networks / NETWORKS), 1),
                "usual": _usual(),
                "best": {},
                "finished": [],
                "skipped": {},
                "without_network": False,
                "parts": [],
                "result": None,
            }
        self.study = study
        self.present = (
            {} if present is None else {path: value for path, (value, _) in saved.differences(present).items()}
        )
        self.tell(0.0, "the defaults")
        self.bench: Bench = Bench(vocabulary, until(histories, study["until"]), study["seed"])
        self.networks: dict[str, SequenceSource] = {}
        self.by_clock = False
        """Did the clock end the last network?"""

    def run(self) -> Tuned:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._write("searching")
        try:
            storage = self._storage()
            for number, part in enumerate(PARTS):
                if part.name in self.study["finished"]:
                    continue
                self._search(part, self._opened(storage, part), number)
                self.study["finished"].append(part.name)
                self._write("searching")
            self._write("checking")
            self._check()
        except BaseException:
            self._write("stopped")
            raise
        self._write("done")
        self.tell(1.0, "done")
        return Tuned(self.study["result"]["taken"], _verdict(self.study), self.study)

    def _storage(self) -> optuna.storages.BaseStorage:
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        path = self.folder / JOURNAL
        if path.exists():
            # A kill in the middle of a line: what is after the last whole one never happened.
            whole = path.read_bytes()
            end = whole.rfind(b"\n") + 1
            if end < len(whole):
                os.truncate(path, end)
        return JournalStorage(JournalFileBackend(str(path), lock_obj=cast(Any, _Ours())))

    def _opened(self, storage: optuna.storages.BaseStorage, part: Part) -> optuna.Study:
        """The part's study; first in it are the defaults. What a kill interrupted comes first again."""
        import optuna
        from optuna.trial import TrialState

        study = optuna.create_study(
            storage=storage,
            study_name=part.name,
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=3),
        )
        if not study.trials:
            study.enqueue_trial(_parameters(part, {}))
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
            study.enqueue_trial(trial.params or trial.system_attrs.get("fixed_params", {}))
        return study

    def _search(self, part: Part, study: optuna.Study, number: int) -> None:
        import optuna
        from optuna.trial import TrialState

        spent = time.monotonic() - self.started
        open_shares = CHECK_SHARE + sum(one.share for one in PARTS if one.name not in self.study["finished"])
        deadline = time.monotonic() + max(0.0, self.seconds - spent) * part.share / open_shares
        distributions = {name: _distribution(one) for name, one in part.ranges.items()}
        over = (TrialState.COMPLETE, TrialState.PRUNED)
        while True:
            done = study.get_trials(deepcopy=False, states=over)
            if done and ((self.most is not None and len(done) >= self.most) or time.monotonic() >= deadline):
                break
            if len(done) == 1 and _fits(part, own := _parameters(part, self.present)):
                study.enqueue_trial(own, skip_if_exists=True)  # what is in use has to be beaten as well
            # A sampler of its own for each trial: a study that goes on asks what it would have asked without the kill.
            study.sampler = optuna.samplers.TPESampler(seed=self.study["seed"] * 100_003 + number * 10_007 + len(done))
            trial = study.ask(fixed_distributions=distributions)
            self._tell(part, done, trial)
            try:
                value = self._value(part, trial, _rounded(trial.params))
            except _Pruned:
                study.tell(trial, state=TrialState.PRUNED)
            except NotEnoughData as error:
                study.tell(trial, state=TrialState.FAIL)
                self.study["skipped"][part.name] = error.detail
                self.study["without_network"] = True
                break
            else:
                study.tell(trial, value)
            if part.name == "sequence" and not done and self.by_clock and self.study["network_seconds"] < FAIR_SECONDS:
                self.study["skipped"][part.name] = (
                    f"A network has {self.study['network_seconds']:g} s here, too little to compare them;"
                    f" {FAIR_SECONDS:g} s need --fresh --minutes {self._minutes_for(part):.0f}."
                )
                break
            self._note(part, study)
            self._write("searching")
        self._note(part, study)
        row = next((one for one in self.study["parts"] if one["name"] == part.name), None)
        if row is not None and row["defaults"] is not None and row["best"]["value"] > row["defaults"]:
            usual = _settings(_parameters(part, {}))
            chosen = row["best"]["settings"]
            self.study["best"] |= {path: value for path, value in chosen.items() if value != usual[path]}

    def _minutes_for(self, part: Part) -> float:
        return FAIR_SECONDS * NETWORKS / part.share / 60

    def _value(self, part: Part, trial: optuna.Trial, parameters: Flat) -> float:
        settings = saved.with_values(TrainSettings(), self.study["best"] | _settings(parameters))
        if part.name != "sequence":
            return self.bench.value(settings)

        def each_epoch(epoch: int, value: float) -> None:
            trial.report(value, epoch)
            if trial.should_prune():
                raise _Pruned

        seconds, seed = self.study["network_seconds"], self.study["seed"]
        best, self.by_clock = self.bench.network_value(settings, seconds, seed, each_epoch)
        return best

    def _tell(self, part: Part, done: Sequence[optuna.trial.FrozenTrial], trial: optuna.Trial) -> None:
        values = [one.value for one in done if one.value is not None]
        line = f"{part.name}, trial {trial.number + 1}"
        line += f": best NDCG@10 {max(values):.4f} (defaults {values[0]:.4f})" if values else ": the defaults"
        self.tell(min(0.99, (time.monotonic() - self.started) / self.seconds), line)

    def _note(self, part: Part, study: optuna.Study) -> None:
        """The part's trials, in the study's file."""
        from optuna.trial import TrialState

        states = {TrialState.COMPLETE: "done", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
        rows: list[dict[str, Any]] = [
            {
                "number": trial.number + 1,
                "state": states[trial.state],
                "value": None if trial.value is None else round(trial.value, 6),
                "seconds": round(trial.duration.total_seconds(), 1) if trial.duration else None,
                "settings": _settings(_rounded(trial.params)) if trial.params else {},
            }
            for trial in study.get_trials(deepcopy=False)
            if trial.state in states and trial.params
        ]
        complete = [row for row in rows if row["state"] == "done"]
        usual = _settings(_rounded(_parameters(part, {})))
        noted = {
            "name": part.name,
            "defaults": next((row["value"] for row in complete if row["settings"] == usual), None),
            "best": max(complete, key=lambda row: (row["value"], -row["number"])) if complete else None,
            "importance": _importance(study) if len(complete) >= ENOUGH_FOR_IMPORTANCE else {},
            "trials": rows,
        }
        self.study["parts"] = [one for one in self.study["parts"] if one["name"] != part.name] + [noted]

    def _check(self) -> None:
        """Winner against defaults on the half that the search never saw, networks from another seed."""
        found: Flat = self.study["best"]
        if not found:
            self.study["result"] = {"taken": False, "why": "defaults_best", "settings": {}, "at": _now()}
            return
        self.tell(0.9, "checking on choices not seen before")
        usual, own = TrainSettings(), saved.with_values(TrainSettings(), found)
        before = self.bench.gains(usual, self._network(usual))
        after = self.bench.gains(own, self._network(own))
        outcome = paired_bootstrap(before, after, seed=self.study["seed"])
        self.study["result"] = {
            "taken": is_better(outcome),
            "why": "better" if is_better(outcome) else "only_luck",
            "settings": found,
            "choices": len(before),
            "ndcg_at_10": {"defaults": round(float(before.mean()), 6), "found": round(float(after.mean()), 6)},
            "gain": [round(value, 6) for value in (outcome.mean, outcome.low, outcome.high)],
            "at": _now(),
        }
        if is_better(outcome):
            about = f"Written by `regulars tune` on {_now()[:10]}: {_verdict(self.study)}. `regulars tune --forget` undoes it."
            saved.write(self.folder, own, about)

    def _network(self, settings: TrainSettings) -> SequenceSource | None:
        if self.study["without_network"] or all(part.name != "sequence" for part in PARTS):
            return None
        key = json.dumps(saved.document_of(settings)["sequence"])
        if key not in self.networks:
            self.networks[key] = self.bench.network(settings, self.study["network_seconds"], self.study["seed"] + 1)
        return self.networks[key]

    def _write(self, state: str) -> None:
        self.study |= {"state": state, "changed": _now()}
        saved.write_whole(self.folder / STUDY, json.dumps(self.study, ensure_ascii=False, indent=1) + "\n")


class _Ours:
    """The journal's lock: the folder's own is held already, and a kill leaves none behind."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        return None


def is_better(outcome: PairedDifference) -> bool:
    """Not by luck: the whole 95 % interval is above 0."""
    return outcome.low > 0


def _verdict(study: Mapping[str, Any]) -> str:
    result = study["result"]
    if result["why"] == "defaults_best":
        return "no settings did better than the defaults"
    mean, low, high = result["gain"]
    figures = f"NDCG@10 {mean:+.4f} ({low:+.4f} to {high:+.4f}) on {result['choices']:,} choices not searched by"
    if result["taken"]:
        return f"better than the defaults, {figures}"
    return f"not surely better than the defaults, {figures}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _distribution(one: Range) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import FloatDistribution, IntDistribution

    if one.step is not None:
        return IntDistribution(int(one.low), int(one.high), log=one.log, step=one.step)
    return FloatDistribution(one.low, one.high, log=one.log)


def _fits(part: Part, parameters: Mapping[str, Any]) -> bool:
    return all(one.low <= parameters[name] <= one.high for name, one in part.ranges.items())


def _rounded(parameters: Mapping[str, Any]) -> Flat:
    """Four digits: what is tried is what can be read and written by hand."""
    return {name: value if isinstance(value, int) else float(f"{value:.4g}") for name, value in parameters.items()}


def _parameters(part: Part, flat: Mapping[str, Any]) -> Flat:
    """A part's parameters under settings by path, the defaults where those say nothing."""
    usual = saved.document_of(TrainSettings())
    made: Flat = {}
    for name in part.ranges:
        path, _, place = name.partition("[")
        room, setting = path.split(".")
        value = flat.get(path, usual[room][setting])
        made[name] = value[int(place[0])] if place else value
    return made


def _usual() -> Flat:
    """The defaults of all settings that are searched, by path."""
    made: Flat = {}
    for part in PARTS:
        made |= _settings(_parameters(part, {}))
    return made


def _settings(parameters: Mapping[str, Any]) -> Flat:
    """Parameters as settings by path: "damping[0]" and "damping[1]" are one pair."""
    made: Flat = {}
    for name, value in parameters.items():
        path, _, place = name.partition("[")
        if place:
            made.setdefault(path, []).append(value)
        else:
            made[path] = value
    return made


def _importance(study: optuna.Study) -> dict[str, float]:
    """How much each setting of a part mattered, as shares (PED-ANOVA: Watanabe et al. 2023)."""
    import optuna

    try:
        found = optuna.importance.get_param_importances(study)
    except (ValueError, RuntimeError):  # all trials equal: nothing mattered
        return {}
    return {name: round(float(share), 4) for name, share in found.items()}
