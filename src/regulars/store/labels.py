"""The labels, each by its one definition, from the mirror's two logs: clicked, ordered, returned within 28 days.

    clicked    an event `click` (or `email_click`) that carries the decision's id and the product
    ordered    a `purchase` of the product that carries the decision's id; or by the same person within ATTRIBUTION_DAYS
               after they clicked it in this decision
    returned   a human session of the person that starts in (t + 24 h, t + 28 d], days in the shop's zone. t is the
               person's first exposure in each block of 28 days; null while the window hasn't passed

A *session* is a run of one person's events with no pause of more than SESSION_GAP; it is human when something in it
isn't passive (an impression, an e-mail that was sent or opened). For a shop with orders only, an order is its session.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import polars as pl

from regulars.schema.events import PASSIVE, EventType
from regulars.store.mirror import Mirror

SESSION_GAP = timedelta(minutes=30)  # the web's usual: a pause longer than this is another visit
ATTRIBUTION_DAYS = 7
RETURN_AFTER = timedelta(hours=24)
RETURN_DAYS = 28
_CLICKS = [EventType.CLICK.value, EventType.EMAIL_CLICK.value]


def person() -> pl.Expr:
    """Who an event or a decision belongs to: a customer's id, else the visitor's as a negative number."""
    return pl.coalesce(pl.col("customer_id"), -pl.col("visitor_id"))


def read_events(mirror: Mirror) -> pl.DataFrame:
    """person, type, at (UTC), product_id, decision_id, surface of everybody's events."""
    with mirror.read() as connection:
        return _frame(
            connection,
            'SELECT coalesce(customer_id, -visitor_id) AS person, type, occurred_at AS "at", product_id, decision_id, surface'
            " FROM events WHERE coalesce(customer_id, visitor_id) IS NOT NULL",
        )


def read_exposures(mirror: Mirror) -> pl.DataFrame:
    """One row a shown product: decision_id, person, at (UTC), surface, product_id, position, propensity."""
    with mirror.read() as connection:
        return _frame(
            connection,
            'SELECT decision_id, coalesce(customer_id, -visitor_id) AS person, "at", surface,'
            " unnest(product_ids) AS product_id, unnest(range(len(product_ids)))::INTEGER AS position,"
            " unnest(propensities) AS propensity FROM decisions",
        )


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    frame = pl.from_arrow(connection.sql(query).to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def sessions(events: pl.DataFrame) -> pl.DataFrame:
    """person, start, end (UTC), events, human: one row a session, by person and start.

    events: person, type, at.
    """
    ordered = events.sort("person", "at").with_columns(
        new=(pl.col("person").ne_missing(pl.col("person").shift()))
        | (pl.col("at").diff() > SESSION_GAP).fill_null(True)
    )
    return (
        ordered.with_columns(session=pl.col("new").cum_sum())
        .group_by("session", maintain_order=True)
        .agg(
            pl.col("person").first(),
            pl.col("at").first().alias("start"),
            pl.col("at").last().alias("end"),
            pl.len().alias("events"),
            (~pl.col("type").is_in([kind.value for kind in PASSIVE])).any().alias("human"),
        )
        .drop("session")
    )


def label_exposures(exposures: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """The exposures with `clicked` and `ordered`.

    exposures: decision_id, person, at, product_id and whatever else. events: person, type, at, product_id, decision_id.
    """
    keys = ["decision_id", "product_id"]
    clicks = (
        events.filter(pl.col("type").is_in(_CLICKS) & pl.col("decision_id").is_not_null())
        .group_by(keys)
        .agg(pl.col("at").min().alias("clicked_at"))
    )
    purchases = events.filter(pl.col("type") == EventType.PURCHASE.value)
    named = purchases.filter(pl.col("decision_id").is_not_null()).select(keys).unique().with_columns(named=pl.lit(True))
    shown = exposures.join(clicks, on=keys, how="left").join(named, on=keys, how="left")
    after_click = (
        shown.filter(pl.col("clicked_at").is_not_null())
        .select(*keys, "person", "clicked_at")
        .join(purchases.select("person", "product_id", pl.col("at").alias("bought_at")), on=["person", "product_id"])
        .filter(
            (pl.col("bought_at") >= pl.col("clicked_at"))
            & (pl.col("bought_at") <= pl.col("clicked_at") + timedelta(days=ATTRIBUTION_DAYS))
        )
        .select(keys)
        .unique()
        .with_columns(followed=pl.lit(True))
    )
    return (
        shown.join(after_click, on=keys, how="left")
        .with_columns(
            clicked=pl.col("clicked_at").is_not_null(),
            ordered=pl.col("named").fill_null(False) | pl.col("followed").fill_null(False),
        )
        .drop("clicked_at", "named", "followed")
    )


def label_returns(exposures: pl.DataFrame, events: pl.DataFrame, zone: str, now: datetime) -> pl.DataFrame:
    """person, anchor (UTC), returned: one row a person and block of 28 days; returned is null while it can't be known.

    exposures: person, at. events: person, type, at. zone: the shop's. now: UTC, without a zone.
    """
    anchors = _anchors(exposures.filter(pl.col("person").is_not_null()).select("person", "at").sort("person", "at"))
    local = pl.col("anchor").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    anchors = anchors.with_columns(
        opens=pl.col("anchor") + RETURN_AFTER,
        # Days are counted on the shop's calendar: the hour that summer time takes or gives doesn't shift the window.
        closes=local.dt.offset_by(f"{RETURN_DAYS}d").dt.convert_time_zone("UTC").dt.replace_time_zone(None),
    )
    starts = sessions(events).filter(pl.col("human")).select("person", "start")
    came = (
        anchors.join(starts, on="person")
        .filter((pl.col("start") > pl.col("opens")) & (pl.col("start") <= pl.col("closes")))
        .select("person", "anchor")
        .unique()
        .with_columns(came=pl.lit(True))
    )
    return (
        anchors.join(came, on=["person", "anchor"], how="left")
        .with_columns(returned=pl.when(pl.col("closes") <= now).then(pl.col("came").fill_null(False)).otherwise(None))
        .select("person", "anchor", "returned")
        .sort("person", "anchor")
    )


def _anchors(ordered: pl.DataFrame) -> pl.DataFrame:
    """The first exposure of each person, and of each block of 28 days that then begins. ordered: person, at, sorted."""
    people: list[int] = []
    anchors: list[datetime] = []
    for who, at in ordered.iter_rows():
        if not people or people[-1] != who or at >= anchors[-1] + timedelta(days=RETURN_DAYS):
            people.append(who)
            anchors.append(at)
    return pl.DataFrame({"person": people, "anchor": anchors}, schema={"person": pl.Int64, "anchor": pl.Datetime("us")})
