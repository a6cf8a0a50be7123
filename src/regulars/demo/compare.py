"""What a policy does to retention: two ways to make lists in one world, everybody in one arm for good, and who came back.

*Returned within 28 days* is what `regulars.store.labels` says it is, read from the same logs that learning reads. In a placebo
world lists don't touch anybody's mood: there the interval of the difference has to cover zero, or the measuring is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from regulars.demo.policies import policy_named
from regulars.demo.step import Figures, Stepper
from regulars.errors import InvalidInput
from regulars.shop import Shop
from regulars.store.labels import RETURN_DAYS, label_returns, read_events, read_exposures
from regulars.store.mirror import Mirror

Z95 = 1.959964
MIN_PEOPLE = 30


@dataclass(frozen=True, slots=True)
class Arm:
    """One policy's people: how many could be counted, how many of them came back."""

    policy: str
    people: int
    returned: int

    @property
    def rate(self) -> float:
        return self.returned / self.people if self.people else float("nan")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms, the difference of their rates (first minus second) and its 95 % interval (Newcombe 1998)."""

    first: Arm
    second: Arm
    low: float
    high: float
    days: list[Figures]

    @property
    def difference(self) -> float:
        return self.first.rate - self.second.rate

    def as_dict(self) -> dict[str, Any]:
        return {
            "arms": [{**asdict(arm), "rate": arm.rate} for arm in (self.first, self.second)],
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "days": [day.as_dict() for day in self.days],
        }


def compare(
    shop: Shop,
    first: str = "trained",
    second: str = "random",
    *,
    days: int = 2 * RETURN_DAYS,
    placebo: bool = False,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Steps the shop's demo world with half of the people in each arm, and counts who came back.

    days: more than 28; who was first shown a list within the first `days` − 28 of them is counted.

    Raises: InvalidInput for an unknown policy or too few days or people; WorkspaceError when there is no demo world.
    """
    if days <= RETURN_DAYS:
        raise InvalidInput(f"{days} days are too few: nobody's {RETURN_DAYS} days would be over.", field="days")
    if first == second:
        raise InvalidInput("A policy can't be compared with itself.", field="second")
    stepper = Stepper(shop, policies={name: policy_named(name) for name in (first, second)}, placebo=placebo, seed=seed)
    start = stepper.today
    figures = list(stepper.days(days, progress))
    mirror = Mirror(shop.workspace.mirror)
    mirror.sync(shop.database)
    begin = start.replace(tzinfo=None)
    exposures = read_exposures(mirror).filter(pl.col("at") >= begin).select("person", "at")
    events = read_events(mirror).filter(pl.col("at") >= begin).select("person", "type", "at")
    now = begin + timedelta(days=days)
    labelled = label_returns(exposures, events, shop.settings.zone, now).filter(pl.col("returned").is_not_null())
    arms = _arms(mirror, begin)
    counted = labelled.join(arms, on="person").group_by("arm").agg(pl.len().alias("people"), pl.col("returned").sum())
    by_arm = {row["arm"]: Arm(row["arm"], row["people"], row["returned"]) for row in counted.iter_rows(named=True)}
    one, other = (by_arm.get(name, Arm(name, 0, 0)) for name in (first, second))
    if min(one.people, other.people) < MIN_PEOPLE:
        raise InvalidInput(
            f"Only {min(one.people, other.people)} people could be counted in an arm.",
            hint="Step more days.",
            field="days",
        )
    low, high = interval(one.returned, one.people, other.returned, other.people)
    return Comparison(one, other, low, high, figures)


def interval(first: int, of_first: int, second: int, of_second: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares, from Wilson's intervals of each (Newcombe 1998, method 10)."""
    p, q = first / of_first, second / of_second
    (p_low, p_high), (q_low, q_high) = _wilson(first, of_first), _wilson(second, of_second)
    low = p - q - math.sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + math.sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return low, high


def _wilson(count: int, of: int) -> tuple[float, float]:
    share, z = count / of, Z95
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return middle - half, middle + half


def _arms(mirror: Mirror, begin: object) -> pl.DataFrame:
    """person, arm: of whom lists were made for since `begin`."""
    with mirror.read() as connection:
        found = connection.execute(
            "SELECT DISTINCT coalesce(customer_id, -visitor_id) AS person, arm FROM decisions"
            ' WHERE arm IS NOT NULL AND "at" >= $1',
            [begin],
        ).fetchall()
    return pl.DataFrame(found, schema={"person": pl.Int64, "arm": pl.String}, orient="row")
