"""Labels on days that a reader can follow with a finger."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from regulars.shop import Shop
from regulars.store.labels import label_exposures, label_returns, read_events, read_exposures, sessions

ADA, BEN = 1, 2


def day(number: int, hour: int = 12, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, number, hour, minute)


def events(*rows: tuple[int, str, datetime, int | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "person": pl.Int64,
            "type": pl.String,
            "at": pl.Datetime("us"),
            "product_id": pl.Int64,
            "decision_id": pl.String,
        },
        orient="row",
    )


def exposures(*rows: tuple[str, int, datetime, int]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"decision_id": pl.String, "person": pl.Int64, "at": pl.Datetime("us"), "product_id": pl.Int64},
        orient="row",
    )


def test_a_pause_of_more_than_half_an_hour_makes_another_session() -> None:
    found = sessions(
        events(
            (ADA, "view", day(1, 10, 0), 1, None),
            (ADA, "view", day(1, 10, 30), 1, None),
            (ADA, "view", day(1, 11, 1), 1, None),
            (BEN, "email_open", day(1, 11, 2), None, None),
        )
    )
    assert found.select("person", "start", "events", "human").rows() == [
        (ADA, day(1, 10, 0), 2, True),
        (ADA, day(1, 11, 1), 1, True),
        (BEN, day(1, 11, 2), 1, False),
    ]


def test_clicks_and_orders_join_what_was_shown() -> None:
    shown = exposures(
        ("d1", ADA, day(1), 10), ("d1", ADA, day(1), 11), ("d1", ADA, day(1), 12), ("d1", ADA, day(1), 13)
    )
    labelled = label_exposures(
        shown,
        events(
            (ADA, "click", day(1, 13), 10, "d1"),
            (ADA, "purchase", day(5), 10, None),  # clicked here, bought within a week
            (ADA, "click", day(1, 13), 11, "d1"),
            (ADA, "purchase", day(20), 11, None),  # too late
            (ADA, "purchase", day(2), 12, None),  # never clicked here
            (ADA, "purchase", day(2), 13, "d1"),  # says itself where it came from
            (BEN, "click", day(1), 12, "d2"),
        ),
    ).sort("product_id")
    assert labelled["clicked"].to_list() == [True, True, False, False]
    assert labelled["ordered"].to_list() == [True, False, False, True]


def test_returned_is_a_human_session_after_a_day_and_within_28() -> None:
    shown = exposures(("d1", ADA, day(1), 10), ("d2", ADA, day(3), 10), ("d3", BEN, day(1), 10))
    came = events(
        (ADA, "view", day(1, 20), 10, None),  # the same day: no return
        (ADA, "view", day(2, 12, 1), 10, None),  # a minute after 24 hours
        (BEN, "email_open", day(9), None, None),  # passive
    )
    found = label_returns(shown, came, "UTC", now=day(1, month=3))
    assert found.rows() == [(ADA, day(1), True), (BEN, day(1), False)]
    early = label_returns(shown, came, "UTC", now=day(20))
    assert early["returned"].to_list() == [None, None], "the window hasn't passed"


def test_each_block_of_28_days_has_its_own_anchor() -> None:
    shown = exposures(("d1", ADA, day(1), 10), ("d2", ADA, day(28), 10), ("d3", ADA, day(29), 10))
    found = label_returns(shown, events(), "UTC", now=day(1, month=6))
    assert found["anchor"].to_list() == [day(1), day(29)]


def test_the_window_closes_on_the_shops_calendar() -> None:
    """Clocks go forward in London on 29 March 2026: 28 calendar days after noon are an hour less of time."""
    shown = exposures(("d1", ADA, day(10, month=3), 10))
    at_noon_local = events((ADA, "view", datetime(2026, 4, 7, 11, 0), 10, None))
    a_second_later = events((ADA, "view", datetime(2026, 4, 7, 11, 0, 1), 10, None))
    assert label_returns(shown, at_noon_local, "Europe/London", day(1, month=6))["returned"].to_list() == [True]
    assert label_returns(shown, a_second_later, "Europe/London", day(1, month=6))["returned"].to_list() == [False]


def test_the_logs_of_a_real_shop_are_read_from_its_mirror(shop: Shop) -> None:
    from regulars.schema import Product
    from regulars.store.records import UPSERT_PRODUCTS, upsert
    from regulars.store.rows import product_row

    with shop.database.connect() as connection:
        made = [Product.model_validate({"id": name, "title": name, "price": "1"}) for name in ("a", "b")]
        upsert(connection, UPSERT_PRODUCTS, [product_row(one, shop.settings) for one in made])
    shop.track([{"type": "view", "product": "a", "customer": "ada"}])
    found = shop.recommend("ada", n=1)
    shop.track(
        [{"type": "click", "product": found.items[0].product, "customer": "ada", "decision_id": str(found.decision_id)}]
    )
    shop.sync_mirror()
    labelled = label_exposures(read_exposures(shop.mirror), read_events(shop.mirror))
    assert labelled.select("position", "clicked", "ordered").rows() == [(0, True, False)]
