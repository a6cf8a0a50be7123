"""Lists for the click against lists for coming back, in the demo's invented world and in its placebo, over several seeds.

A shop is made and trained, lives 49 days with half of its people under the trained lists and half under even ones, and learns from these what
showing a product is worth for coming back (learning/returns.py). Then the whole shop is copied, and the same people live the same 90 days in each copy:
under what is popular, under lists for the click (`long_term` 0), under lists for coming back (`long_term` as given). Chance is drawn from person, visit and
purpose, so that what differs between two copies follows from the lists. Tiredness is 0 everywhere: the difference is what was learned. In a placebo world
lists touch nobody's mood: there the interval over the seeds must cover zero.

active: the share of the people who were there in the last 28 of the 90 days. visits, orders: a person. clicks: of a hundred lists.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import regulars
from benchmarks._quiet import no_bar
from benchmarks.steering.shop import _settings
from regulars.demo import run
from regulars.demo.policies import Even, Policy, Popular, Trained
from regulars.demo.step import Stepper
from regulars.errors import NotEnoughData
from regulars.learning.returns import learn
from regulars.recommend import service
from regulars.recommend.longterm import ReturnValue
from regulars.schema import Decision
from regulars.shop import Shop
from regulars.store.mirror import Mirror
from regulars.store.people import Person
from regulars.store.supervisor import wait_stopped

GATHERED, STEPPED = 49, 90
LAST = 28
T95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571}  # Student's t for so many seeds


class Weighed:
    """What serves, with other weights between click and return."""

    def __init__(self, long_term: float, values: ReturnValue | None) -> None:
        self.long_term, self.values = long_term, values
        self._made: tuple[service.Serving, service.Serving] | None = None

    def decide(self, serving: service.Serving, request: service.Request, person: Person, now: float) -> Decision:
        if self._made is None or self._made[0] is not serving:
            settings = serving.settings.model_copy(update={"long_term": self.long_term, "tiredness": 0.0})
            self._made = serving, replace(serving, settings=settings, values=self.values)
        return service.recommend(self._made[1], request, person, now)


def lived(seed: int, customers: int, long_term: float, *, placebo: bool) -> dict[str, Any]:
    """One world, lived once for each way to make lists: figures by arm, and what was learned."""
    began = time.monotonic()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", ignore_cleanup_errors=True) as scratch:
        base = Path(scratch) / "base"
        today = datetime.now(UTC) - timedelta(days=GATHERED + STEPPED)
        run.prepare(
            base,
            say=lambda _: None,
            bar=no_bar,
            seed=seed,
            customers=customers,
            today=today,
            settings=_settings(15.0),
            lived=0,
        )
        with regulars.open(base) as shop:
            list(
                Stepper(shop, policies={"trained": Trained(), "random": Even()}, placebo=placebo, seed=seed).days(
                    GATHERED
                )
            )
            values, report = _learned(shop, today + timedelta(days=GATHERED))
        wait_stopped(base)
        arms: dict[str, Policy] = {"clicks": Weighed(0.0, None), "return": Weighed(long_term, values)}
        if not placebo:
            arms["popular"] = Popular()
        for name, policy in arms.items():
            folder = Path(scratch) / name
            subprocess.run(
                ["cp", "-a", str(base), str(folder)], check=True
            )  # the database's files belong to another user
            with regulars.open(folder) as shop:
                stepper = Stepper(shop, policies={name: policy}, placebo=placebo, seed=seed + 1_000)
                start = stepper.today.replace(tzinfo=None)
                list(stepper.days(STEPPED))
                found[name] = _counted(shop, stepper.people.count, start)
            wait_stopped(folder)
            shutil.rmtree(folder, ignore_errors=True)
    found["report"] = report
    kind = "placebo" if placebo else "world"
    said = {name: {key: round(value, 4) for key, value in found[name].items()} for name in arms}
    print(f"{kind}, seed {seed}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    return found


def _learned(shop: Shop, now: datetime) -> tuple[ReturnValue | None, dict[str, Any]]:
    mirror = Mirror(shop.workspace.mirror)
    mirror.sync(shop.database)
    shop.live.refresh()
    serving = shop.live.serving()
    assert serving.model is not None
    try:
        values = learn(mirror, serving.catalogue, serving.model, shop.settings.zone, now.replace(tzinfo=None))
    except NotEnoughData as error:
        return None, {"skipped": error.detail}
    return values, dict(values.report)


def _counted(shop: Shop, people: int, start: datetime) -> dict[str, float]:
    mirror = Mirror(shop.workspace.mirror)
    mirror.sync(shop.database)
    end = start + timedelta(days=STEPPED)
    with mirror.read() as connection:
        seen = connection.execute(
            "SELECT max(occurred_at) FILTER (type = 'page'), count(DISTINCT session) FILTER (type = 'page'), count(*) FILTER (type = 'click')"
            " FROM events WHERE occurred_at >= $1 AND customer_id IS NOT NULL GROUP BY customer_id",
            [start],
        ).fetchall()
        (orders,) = connection.execute(
            "SELECT count(*) FROM orders WHERE placed_at >= $1 AND status <> 'cancelled'", [start]
        ).fetchone() or (0,)
        (lists,) = connection.execute('SELECT count(*) FROM decisions WHERE "at" >= $1', [start]).fetchone() or (0,)
    return {
        "active": sum(last is not None and last >= end - timedelta(days=LAST) for last, _, _ in seen) / people,
        "visits": sum(visits for _, visits, _ in seen) / people,
        "orders": orders / people,
        "clicks": 100 * sum(clicks for _, _, clicks in seen) / max(lists, 1),
    }


def across(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95 % interval over seeds (Student's t)."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = T95.get(len(values), 2.776) * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def measure(
    seeds: int, customers: int, long_term: float, first: int, kinds: Sequence[str]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """active_lift with its interval, what it cost in clicks, the surrogate's bias, and the placebo's."""
    figures: dict[str, float] = {}
    peers: dict[str, dict[str, float]] = {}
    for placebo in [kind == "placebo" for kind in kinds]:
        worlds = [lived(first + number, customers, long_term, placebo=placebo) for number in range(seeds)]
        prefix = "placebo_" if placebo else ""
        for name in ("active", "visits", "orders", "clicks"):
            gains = [world["return"][name] - world["clicks"][name] for world in worlds]
            mean, low, high = across(gains)
            label = "active_lift" if name == "active" else f"{name}_change"
            figures |= {f"{prefix}{label}": mean, f"{prefix}{label}_low": low, f"{prefix}{label}_high": high}
        for arm in ("clicks", "return") if placebo else ("popular", "clicks", "return"):
            peers[f"{prefix}{arm}"] = {
                name: statistics.mean(world[arm][name] for world in worlds)
                for name in ("active", "visits", "orders", "clicks")
            }
        biases = [
            world["report"]["surrogate"]["bias"] for world in worlds if "bias" in world["report"].get("surrogate", {})
        ]
        aucs = [
            world["report"]["surrogate"]["auc"] for world in worlds if "auc" in world["report"].get("surrogate", {})
        ]
        if biases:
            figures |= {
                f"{prefix}surrogate_bias": statistics.mean(biases),
                f"{prefix}surrogate_bias_worst": max(biases, key=abs),
                f"{prefix}surrogate_auc": statistics.mean(aucs),
            }
        for world in worlds:
            worth = {
                name: f"{value[0]:+.4f}±{value[1]:.4f}{'' if value[2] else ' (unsure)'}"
                for name, value in world["report"].get("worth", {}).items()
            }
            print(f"{prefix or 'world '}worth: {worth}", flush=True)
    if "placebo_active_lift" in figures:
        figures["placebo_covers_zero"] = float(
            figures["placebo_active_lift_low"] <= 0 <= figures["placebo_active_lift_high"]
        )
    figures["longterm_seeds"] = float(seeds)
    figures["longterm_customers"] = float(customers)
    return figures, peers
