"""The tuned writer on the command line: teaching it, saying how good it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from regulars.terminal import out, print_json, progress_bar, say

if TYPE_CHECKING:
    from regulars.shop import Shop

MINUTES = 20.0
_WHY = {
    "number": "a number that isn't in the record",
    "name": "a name that isn't in the record",
    "material": "a material that isn't in the record",
    "colour": "a colour that isn't in the record",
    "origin": "an origin that isn't in the record",
    "feature": "a feature that isn't in the record",
    "polarity": "a yes where the record says no, or the other way round",
    "promise": "a promise",
    "claim": "a claim that a rule forbids",
    "coverage": "too much left out",
    "length": "too long, or a part missing",
    "language": "another language",
    "markup": "markup or an address",
    "model": "it couldn't be read",
}


def train(shop: Shop, promote: bool, go_on: bool, seed: int, as_json: bool, **settings: Any) -> None:
    """`regulars train writer`."""
    began = time.monotonic()
    with progress_bar("teaching", as_json, 1.0) as bar:
        trained = shop.train_writer(
            promote=promote, go_on=go_on, seed=seed, progress=bar.share if bar else None, **settings
        )
    report = trained.report
    if as_json:
        print_json(
            {
                "version": trained.version,
                "promoted": trained.promoted,
                "verdict": trained.verdict,
                "report": report,
            }
        )
        return
    told = report["tuning"]
    origins = report["lessons"]
    say(
        f"Taught {trained.version} {sum(origins.values()):,} lessons about {report['products']:,} products"
        f" ({', '.join(f'{many:,} {name}' for name, many in origins.items())}) in {time.monotonic() - began:.0f} s."
    )
    if report["held_back"]:
        say(f"Not taught: {report['held_back']:,} approved texts that the gate holds back now.")
    if told["resumed"]:
        say(f"It went on from step {told['resumed']:,} of a run that was stopped.")
    say(
        f"{told['steps']:,} steps of {told['step_seconds']:.1f} s, {told['learned'] / 1e6:.1f} million numbers learned, "
        f"{told['memory_mb'] / 1e3:.1f} GB of memory at most."
    )
    _compared({"before": report["before"], "after": report["after"]})
    say(f"It {'writes now' if trained.promoted else 'does not write'}: {trained.verdict}.")
    if trained.promoted:
        say("Next: regulars write description. To put it aside: REGULARS_TUNED_WRITER=false")


def show(row: Any, as_json: bool) -> None:
    """`regulars models show` of a writer: what it was taught, and how it did beside the one before."""
    if as_json:
        print_json(
            {
                name: row[name]
                for name in ("version", "status", "serving", "metrics", "settings", "parent", "created_at")
            }
        )
        return
    metrics, settings = row["metrics"], row["settings"]
    say(f"{row['version']}: {'writes' if row['serving'] else row['status']}. {row['note'] or ''}")
    say(f"Taught with {settings['method']} at a rate of {settings['rate']:g}, seed {settings['seed']}: {metrics['tuning']['steps']:,} steps, {metrics['tuning']['tokens']:,} tokens.")  # fmt: skip
    say(f"Lessons: {', '.join(f'{many:,} {name}' for name, many in metrics['lessons'].items())}.")
    _compared({"before": metrics["before"], "after": metrics["after"]})


def evaluate(shop: Shop, as_json: bool) -> None:
    """`regulars evaluate writer`."""
    with progress_bar("writing held-out texts", as_json) as bar:
        version, measured = shop.evaluate_writer(bar.rows if bar else None)
    if as_json:
        print_json({"version": version, **measured.told()})
        return
    say(f"{version} wrote {measured.texts} texts about products that it wasn't taught.")
    _compared({"": measured.told()})
    _reasons(measured.failed)


def _compared(columns: dict[str, dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("")
    for heading in columns:
        table.add_column(heading, justify="right")
    told = list(columns.values())
    table.add_row(
        "first drafts that the gate lets out", *(f"{one['passed']['some']} of {one['texts']}" for one in told)
    )
    table.add_row("details told", *(f"{one['coverage']:.0%}" for one in told))
    if all("perplexity" in one for one in told):
        table.add_row("perplexity of held-out answers", *(f"{one['perplexity']:.2f}" for one in told))
    table.add_row("seconds a text", *(f"{one['seconds']:.1f}" for one in told))
    out.print(table)
    if len(told) > 1:
        _reasons(told[-1]["failed"])


def _reasons(failed: dict[str, int]) -> None:
    most: Sequence[tuple[str, int]] = sorted(failed.items(), key=lambda one: -one[1])[:5]
    if most:
        say("Held back for: " + "; ".join(f"{_WHY.get(name, name)} ({many})" for name, many in most))
