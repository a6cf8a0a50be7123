"""python -m benchmarks.writer [--minutes 20] [--compare lora adalora adapter full] [--compare-minutes 5] [--variety 1000] [--seed 0]

The bundled chat model tuned on texts about the demo shop's products, before and after, on products that it wasn't taught: how many first
drafts the gate lets out, how much of a record they tell, perplexity of held-out answers, seconds a step, memory. Then each method in the
same time. Each tuning runs in a process of its own, so that memory is its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks._report import print_report
from benchmarks.content import goods, variety
from regulars.content.gate import texts
from regulars.content.lessons import Lessons, made_lessons
from regulars.content.measure import measure
from regulars.content.train import METHODS, fit
from regulars.content.tuned import FORM, About, TunedWriter
from regulars.content.writers import ChatWriter, Realiser
from regulars.demo import catalogue
from regulars.errors import RegularsError
from regulars.language.local_models import BundledModel, LocalModel, bundled_file
from regulars.schema.content import Brief, Voice

THREADS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", default="lora", choices=METHODS)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--compare", nargs="*", default=[], choices=METHODS)
    parser.add_argument("--compare-minutes", type=float, default=5.0)
    parser.add_argument("--lessons", type=int, default=2_400)
    parser.add_argument("--variety", type=int, default=0, help="so many descriptions by the tuned writer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="where the tuned model is kept")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    found = _lessons(given.lessons, given.seed)
    if given.one is not None:
        print(json.dumps(_tuned(found, given.method, given.minutes, given.seed, given.one)))
        return
    about = About(found.kinds, "en", FORM, "")
    figures: dict[str, float] = {"products_learned": found.products, "lessons": len(found.learned)}
    examples = measure(ChatWriter(BundledModel(THREADS)), found.prompts, found.foreign)
    before = measure(TunedWriter(BundledModel(THREADS), about), found.prompts, found.foreign)
    figures["by_example_passed"] = examples.passed.share or 0.0
    _told(figures, "before", before.told())
    with tempfile.TemporaryDirectory() as folder:
        file = given.keep or Path(folder) / "writer.gguf"
        told = _process(given, given.method, given.minutes, file)
        writer = TunedWriter(LocalModel(file, "tuned", THREADS), about)
        after = measure(writer, found.prompts, found.foreign)
        _told(figures, "after", after.told())
        figures |= {f"{name}": told[name] for name in ("perplexity_before", "perplexity_after", "steps", "step_seconds", "memory_mb", "train_seconds")}  # fmt: skip
        figures["rejections_left"] = (1 - (after.passed.share or 0)) / max(1e-9, 1 - (before.passed.share or 0))
        print(f"held back: {after.failed}")
        peers: dict[str, dict[str, float]] = {}
        if given.variety:
            peers |= _variety(writer, given.variety, given.seed)
        writer.close()
        for method in given.compare:
            other = Path(folder) / f"{method}.gguf"
            row = _process(given, method, given.compare_minutes, other)
            writer = TunedWriter(LocalModel(other, method, THREADS), about)
            _told(row, "after", measure(writer, found.prompts, found.foreign).told())
            writer.close()
            other.unlink()
            peers[f"{method}, {given.compare_minutes:g} min"] = row
    print_report("writer", figures, peers)


def _lessons(many: int, seed: int) -> Lessons:
    records = [sheet.record for sheet, locale in goods.of_demo() if locale == "en"]
    return made_lessons(records, Voice(glossary=catalogue.glossary()), many=many, seed=seed)


def _tuned(found: Lessons, method: str, minutes: float, seed: int, file: Path) -> dict[str, float]:
    from regulars.language.llama_tuning import LlamaSettings

    base = bundled_file()
    assert base is not None
    said = time.monotonic()

    def tell(done: float, line: str) -> None:
        nonlocal said
        if time.monotonic() - said > 30:
            said = time.monotonic()
            print(f"{method} {done:.0%}: {line}", file=sys.stderr, flush=True)

    settings = LlamaSettings(method=method, max_seconds=60 * minutes, seed=seed)
    told = fit(base, file, found, settings, None, tell)
    return {
        "perplexity_before": told.before,
        "perplexity_after": told.after,
        "steps": told.steps,
        "step_seconds": told.step_seconds,
        "tokens": told.tokens,
        "learned_millions": told.learned / 1e6,
        "memory_mb": told.memory_mb,
        "train_seconds": told.seconds,
    }


def _process(given: argparse.Namespace, method: str, minutes: float, file: Path) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.writer",
        "--one",
        str(file),
        "--method",
        method,
        "--minutes",
        str(minutes),
    ]
    command += ["--seed", str(given.seed), "--lessons", str(given.lessons)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    read: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return read


def _told(figures: dict[str, float], when: str, told: dict[str, Any]) -> None:
    figures[f"{when}_passed"] = told["passed"]["some"] / max(1, told["texts"])
    figures[f"{when}_coverage"] = told["coverage"]
    figures[f"{when}_seconds_a_text"] = told["seconds"]


def _variety(writer: TunedWriter, many: int, seed: int) -> dict[str, dict[str, float]]:
    """Of the same products' descriptions by the tuned writer and the realiser."""
    sheets = [sheet for sheet, locale in goods.of_demo() if locale == "en"][:many]
    rows = {}
    for name, one in (("tuned", writer), ("realiser", Realiser())):
        said = []
        for sheet in sheets:
            try:
                said.append(variety.words(texts(one.write(sheet, Brief("description", "en")), "en")["body"]))
            except RegularsError:
                continue
        rows[f"{name}, {len(said)} descriptions"] = {
            "self_bleu_4": variety.self_bleu_4(said, 200, seed),
            "distinct_2": variety.distinct_2(said),
            "near_twins": variety.near_twins(said),
        }
    return rows


if __name__ == "__main__":
    main()
