"""What lists do to retention, in an invented world: python -m benchmarks.world [--days 56] [--customers 3000].

A demo shop is made and trained twice alike and stepped day by day against the real engine, half of the people under the
trained model, half under random lists: once as the world is, once as a *placebo*, in which lists touch nobody's mood. Returned
within 28 days is the product's own label, read from its logs. difference: trained minus random, with a 95 % interval; the
placebo's has to cover zero, else the measuring is wrong and the command fails. day_seconds: the mean of a day, the engine's
lists, their decisions with traces and all records written; thousand_visits_seconds: the same per thousand visitors. All
customers are invented: the size of the effect is a property of the rules in demo/life.py, not of people.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import regulars
from benchmarks._quiet import no_bar
from benchmarks._report import print_report
from regulars.demo.compare import Comparison, compare
from regulars.demo.run import prepare
from regulars.demo.world import CUSTOMERS, SEED
from regulars.store.supervisor import wait_stopped


def _say(text: str) -> None:
    print(text, flush=True)


def lived(folder: Path, options: argparse.Namespace, *, placebo: bool) -> tuple[Comparison, float, float]:
    """The comparison, the seconds that making the shop took, and those of stepping it."""
    began = time.monotonic()
    today = datetime.now(UTC) - timedelta(days=options.days)
    prepare(folder, say=_say, bar=no_bar, seed=options.seed, customers=options.customers, today=today, lived=0)
    made = time.monotonic() - began
    began = time.monotonic()
    with regulars.open(folder) as shop:
        found = compare(shop, "trained", "random", days=options.days, placebo=placebo)
    took = time.monotonic() - began
    wait_stopped(folder)
    kind = "placebo" if placebo else "world"
    _say(f"{kind}: {found.first} {found.second} {found.difference:+.4f} [{found.low:+.4f}, {found.high:+.4f}]")
    return found, made, took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=56, help="to step; more than 28")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        real, made, took = lived(Path(scratch) / "world", options, placebo=False)
        placebo, _, took_too = lived(Path(scratch) / "placebo", options, placebo=True)
    visitors = sum(day.visitors for found in (real, placebo) for day in found.days)
    figures = {
        "prepare_seconds": made,
        "day_seconds": (took + took_too) / (2 * options.days),
        "thousand_visits_seconds": 1_000 * (took + took_too) / visitors,
    }
    for name, found in (("", real), ("placebo_", placebo)):
        figures |= {
            f"{name}trained_returned": found.first.rate,
            f"{name}random_returned": found.second.rate,
            f"{name}difference": found.difference,
            f"{name}low": found.low,
            f"{name}high": found.high,
        }
    print_report("world", figures)
    if not placebo.low <= 0 <= placebo.high:
        sys.exit("The placebo's interval doesn't cover zero.")


if __name__ == "__main__":
    main()
