"""Lists for the click against lists for coming back, in the demo's invented world and in its placebo, over several seeds.

A shop is made and trained, lives 42 days with half of its people under the trained lists and half under even ones, learns from these what
showing a product is worth for coming back (learning/returns.py), and is stepped 90 days more: a third of the people under what is popular, a
third under lists for the click (`long_term` 0), a third under lists for coming back (`long_term` as given). Tiredness is 0 everywhere, so that the
difference is what was learned. In a placebo world lists touch nobody's mood: there the interval over the seeds must cover zero.

active: the share of a third that was there in the last 28 of the 90 days. orders: repeat orders a person. clicks: of a hundred lists.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import regulars
from benchmarks.steering.shop import _no_bar, _settings
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

GATHERED, STEPPED = 42, 90
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
    """One world: shares and counts by arm, and what was learned."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "shop"
        today = datetime.now(UTC) - timedelta(days=GATHERED + STEPPED)
        run.prepare(
            folder,
            say=lambda _: None,
            bar=_no_bar,
            seed=seed,
            customers=customers,
            today=today,
            settings=_settings(15.0),
            lived=0,
        )
        with regulars.open(folder) as shop:
            list(
                Stepper(shop, policies={"trained": Trained(), "random": Even()}, placebo=placebo, seed=seed).days(
                    GATHERED
                )
            )
            values, report = _learned(shop, today + timedelta(days=GATHERED))
            arms: dict[str, Policy] = {
                "popular": Popular(),
                "clicks": Weighed(0.0, None),
                "return": Weighed(long_term, values),
            }
            stepper = Stepper(shop, policies=arms, placebo=placebo, seed=seed + 1_000)
            start = stepper.today.replace(tzinfo=None)
            list(stepper.days(STEPPED))
            whose = {stepper.people.ids[person]: stepper.arm(person) for person in range(stepper.people.count)}
            found = _counted(shop, whose, start)
        wait_stopped(folder)
    found["report"] = report
    found["seconds"] = time.monotonic() - began
    kind = "placebo" if placebo else "world"
    said = {name: {key: round(value, 4) for key, value in found[name].items()} for name in arms}
    print(f"{kind}, seed {seed}: {said} ({found['seconds']:.0f} s)", flush=True)
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


def _counted(shop: Shop, whose: dict[str, str], start: datetime) -> dict[str, Any]:
    mirror = Mirror(shop.workspace.mirror)
    mirror.sync(shop.database)
    with shop.database.connect() as connection:
        names = {
            row["id"]: row["value"]
            for row in connection.execute(
                "SELECT id, value FROM external_ids WHERE kind = 'customer' AND namespace = 'shop'"
            )
        }
    end = start + timedelta(days=STEPPED)
    with mirror.read() as connection:
        seen = connection.execute(
            "SELECT customer_id, max(occurred_at) FILTER (type = 'page'), count(DISTINCT session) FILTER (type = 'page'),"
            " count(*) FILTER (type = 'click') FROM events WHERE occurred_at >= $1 AND customer_id IS NOT NULL GROUP BY 1",
            [start],
        ).fetchall()
        orders = dict(
            connection.execute(
                "SELECT customer_id, count(*) FROM orders WHERE placed_at >= $1 AND status <> 'cancelled' GROUP BY 1",
                [start],
            ).fetchall()
        )
        lists = connection.execute(
            'SELECT arm, count(*) FROM decisions WHERE "at" >= $1 AND arm IS NOT NULL GROUP BY 1', [start]
        ).fetchall()
    people = {arm: sum(1 for one in whose.values() if one == arm) for arm in set(whose.values())}
    out: dict[str, Any] = {arm: {"active": 0.0, "visits": 0.0, "orders": 0.0, "clicks": 0.0} for arm in people}
    for customer, last, visits, clicks in seen:
        arm = whose.get(names.get(customer, ""))
        if arm is None:
            continue
        out[arm]["active"] += last is not None and last >= end - timedelta(days=LAST)
        out[arm]["visits"] += visits
        out[arm]["clicks"] += clicks
        out[arm]["orders"] += orders.get(customer, 0)
    asked = dict(lists)
    for arm, count in people.items():
        for name in ("active", "visits", "orders"):
            out[arm][name] /= count
        out[arm]["clicks"] *= 100 / max(asked.get(arm, 0), 1)
    return out


def across(values: list[float]) -> tuple[float, float, float]:
    """Mean and 95 % interval over seeds (Student's t)."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = T95.get(len(values), 2.776) * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def measure(
    seeds: int, customers: int, long_term: float, first: int
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """active_lift with its interval, what it cost in clicks, the surrogate's bias, and the placebo's."""
    figures: dict[str, float] = {}
    peers: dict[str, dict[str, float]] = {}
    for placebo in (False, True):
        worlds = [lived(first + number, customers, long_term, placebo=placebo) for number in range(seeds)]
        prefix = "placebo_" if placebo else ""
        for name in ("active", "visits", "orders", "clicks"):
            gains = [world["return"][name] - world["clicks"][name] for world in worlds]
            mean, low, high = across(gains)
            label = "active_lift" if name == "active" else f"{name}_change"
            figures |= {f"{prefix}{label}": mean, f"{prefix}{label}_low": low, f"{prefix}{label}_high": high}
        for arm in ("popular", "clicks", "return"):
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
    figures["placebo_covers_zero"] = float(
        figures["placebo_active_lift_low"] <= 0 <= figures["placebo_active_lift_high"]
    )
    figures["longterm_seeds"] = float(seeds)
    figures["longterm_customers"] = float(customers)
    return figures, peers
