"""How well intents are understood: python -m benchmarks.intents --data DIR.

DIR holds banking77/ (train.csv, test.csv with columns text, category) and clinc150/data_full.json. Ten examples a class: several
seeded draws from the training part, the mean; nothing else of the set is looked at. Full: CLINC150 has a validation part, of
Banking77's training part a seeded tenth is held out. Weights, temperature and the one threshold come from there; the test part is
predicted once, through IntentModel.predict, the code that serves.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._report import print_report
from regulars.assist.intents.measures import judged
from regulars.assist.intents.model import IntentModel
from regulars.assist.intents.settings import OUT_OF_SCOPE, Example, IntentSettings
from regulars.assist.intents.train import fit_intents

SHOTS = 10
FEW = IntentSettings(
    method="full", networks=4, learning_rate=2e-4, max_seconds=600.0, word_dropout=0.1, held_share=0.03
)
FEW_EPOCHS = {"banking77": 14.0, "clinc150": 7.0}
"""Some 180 steps for either: beyond that texts that weren't drawn are understood no better (docs/experiments.md)."""
FULL = IntentSettings(method="full", epochs=3.0, learning_rate=2e-4, max_seconds=360.0, smoothing=0.05)
FROZEN = IntentSettings()
SETS = ("banking77_10shot", "banking77_full", "clinc150_10shot", "clinc150_full")


def read_banking(folder: Path, part: str) -> list[Example]:
    """part: "train" or "test"."""
    with (folder / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return [Example(row["text"], row["category"]) for row in csv.DictReader(file)]


def read_clinc(folder: Path, part: str) -> list[Example]:
    """part: "train", "val" or "test", with its texts out of scope."""
    document = json.loads((folder / "clinc150" / "data_full.json").read_text(encoding="utf-8"))
    known = [Example(text, intent) for text, intent in document[part]]
    return known + [Example(text, OUT_OF_SCOPE) for text, _ in document[f"oos_{part}"]]


def drawn(examples: Sequence[Example], shots: int, seed: int) -> list[Example]:
    """The same number of each intent, none out of scope."""
    generator = np.random.default_rng(seed)
    by_intent: dict[str, list[Example]] = {}
    for one in examples:
        if one.intent != OUT_OF_SCOPE:
            by_intent.setdefault(one.intent, []).append(one)
    return [
        members[at]
        for _, members in sorted(by_intent.items())
        for at in generator.choice(len(members), shots, replace=False).tolist()
    ]


def tested(model: IntentModel, test: Sequence[Example]) -> dict[str, Any]:
    """The test part, predicted once."""
    return judged(model.predict([one.text for one in test]), [one.intent for one in test])


def latency(model: IntentModel, test: Sequence[Example], count: int = 200) -> float:
    """Median milliseconds of the processor for one text alone."""
    model.predict([test[0].text])
    spent = []
    for one in test[:count]:
        started = time.process_time()
        model.predict([one.text])
        spent.append(time.process_time() - started)
    return float(np.median(spent)) * 1000


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intents", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0, help="of the first draw and of training")
    parser.add_argument("--draws", type=int, default=3, help="of ten examples a class")
    parser.add_argument("--only", default=",".join(SETS), help=f"of {', '.join(SETS)}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frozen", action="store_true", help="with the encoders as they are")
    parser.add_argument("--quiet", action="store_true", help="without progress")
    options = parser.parse_args()
    wanted = options.only.split(",")
    unknown = [name for name in wanted if name not in SETS]
    if unknown:
        parser.error(f"--only: there is no {', '.join(unknown)}")
    few, full = (FROZEN, FROZEN) if options.frozen else (FEW, FULL)
    few, full = replace(few, threads=options.threads), replace(full, threads=options.threads)
    progress = None if options.quiet else _say
    figures: dict[str, float] = {}

    for name, read in (("banking77", read_banking), ("clinc150", read_clinc)):
        if f"{name}_10shot" in wanted:
            train, test = read(options.data, "train"), read(options.data, "test")
            known = [one for one in test if one.intent != OUT_OF_SCOPE]
            scores, seconds = [], []
            for seed in range(options.seed, options.seed + options.draws):
                started = time.monotonic()
                model = fit_intents(drawn(train, SHOTS, seed), replace(few, epochs=FEW_EPOCHS[name]), seed, progress)
                seconds.append(time.monotonic() - started)
                found = tested(model, known)
                scores.append(found["accuracy"])
                print(
                    f"{name} draw {seed}: {found['accuracy']:.4f}, ece {found['ece']:.4f}, {seconds[-1]:.0f} s",
                    flush=True,
                )
                _tell(model)
            figures[f"{name}_10shot"] = float(np.mean(scores))
            figures[f"seconds_{name}_10shot"] = float(np.max(seconds))

    calibration = []
    if "banking77_full" in wanted:
        test = read_banking(options.data, "test")
        started = time.monotonic()
        model = fit_intents(read_banking(options.data, "train"), full, options.seed, progress)
        figures["seconds_banking77"] = time.monotonic() - started
        _tell(model)
        found = tested(model, test)
        figures["banking77_full"] = found["accuracy"]
        calibration.append(found["ece"])
    if "clinc150_full" in wanted:
        test = read_clinc(options.data, "test")
        started = time.monotonic()
        train, validation = read_clinc(options.data, "train"), read_clinc(options.data, "val")
        model = fit_intents(train, full, options.seed, progress, validation)
        figures["seconds_clinc150"] = time.monotonic() - started
        _tell(model)
        found = tested(model, test)
        figures["clinc150_in_scope"] = found["in_scope"]
        figures["clinc150_oos_recall"] = found["outside_recall"]
        figures["clinc150_accuracy"] = found["accuracy"]
        calibration.append(found["ece"])
        figures["predict_ms"] = latency(model, test)
    if calibration:
        figures["ece"] = max(calibration)
    print_report("intents", figures)


def _tell(model: IntentModel) -> None:
    """What validation said."""
    report = model.report
    told = {"blends": report["blends"]["latin"], "tuning": report["tuning"]}
    print(json.dumps(told), flush=True)


def _say(done: float, line: str) -> None:
    print(f"{done:6.1%} {line}", flush=True)


if __name__ == "__main__":
    main()
