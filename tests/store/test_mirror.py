"""The mirror equals the store after every sync, whatever was written, merged, erased or deleted before it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pyarrow.parquet as parquet
import pytest

from regulars.schema import Action, Decision, Reason
from regulars.store import decisions, mirror, people, records
from regulars.store.database import Database
from regulars.store.mirror import Mirror

from .helpers import (  # fmt: skip
    ask,
    bytes_of,
    customers,
    differences,
    event_rows,
    number,
    one,
    orders,
    products,
    reviews,
    track,
    view,
)


@pytest.fixture
def copy(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirror")


def decide(database: Database, customer_id: int | None, visitor_id: int | None = None) -> Decision:
    actions = tuple(Action(n, n, 1.5, None if n else 0.05, "popular", Reason("popular")) for n in range(3))
    decision = Decision(
        uuid4(), datetime(2026, 3, 1, tzinfo=UTC), "home", customer_id, visitor_id, None, "starter", None, "rank", 7,
        None, actions, {"filters": 0.1}, {"note": "x"}, ("score",), (0, 1), (True, False), ((1.0,), (0.5,)),
    )  # fmt: skip
    with database.connect() as connection:
        decisions.record(connection, [decision])
    return decision


def something_of_everything(database: Database) -> None:
    products(database, {"id": "mug", "price": "12.50", "title": {"en": "Mug", "zh": "马克杯"}}, {"id": "cup"})
    customers(database, {"id": "ann", "locale": "en", "traits": {"city": "Leeds"}})
    track(
        database,
        view("ann", "mug", 1, visitor="v1", properties={"from": ["a", {"b": 1}]}, price="12.5", quantity=2),
        view(None, "cup", 2, visitor="v2", session="s1", position=3, surface="home", decision_id=str(uuid4())),
        view("bob", "unknown", 3),
        {"type": "view", "visitor": "v3", "variant": "SKU-1", "occurred_at": "1997-01-01T00:00:00Z"},
    )
    orders(database, {"id": "o1", "customer": "ann", "lines": [{"product": "mug"}, {"variant": "SKU-2"}]}, {"id": "o2"})
    reviews(database, {"id": "r1", "product": "mug", "customer": "ann", "rating": 4.5, "body": "Good"})
    decide(database, number(database, "customer", "ann"))


def test_a_first_sync_copies_everything(database: Database, copy: Mirror) -> None:
    something_of_everything(database)
    synced = copy.sync(database)
    assert synced.full
    assert differences(database, copy) == {}


def test_an_empty_store_gives_empty_views_with_the_columns_of_full_ones(database: Database, copy: Mirror) -> None:
    copy.sync(database)
    with copy.read() as empty:
        before = {t.name: empty.execute(f"DESCRIBE {t.name}").fetchall() for t in mirror.TABLES}
    something_of_everything(database)
    copy.sync(database)
    with copy.read() as full:
        after = {t.name: full.execute(f"DESCRIBE {t.name}").fetchall() for t in mirror.TABLES}
    assert before == after


def test_a_later_sync_copies_only_what_changed(database: Database, copy: Mirror) -> None:
    something_of_everything(database)
    copy.sync(database)
    track(database, view("ann", "mug", 30))
    synced = copy.sync(database)
    assert (synced.full, synced.rows) == (False, {"events": 1})
    assert copy.sync(database).rows == {}
    assert differences(database, copy) == {}


def test_updates_late_joins_and_merges_reach_the_mirror(database: Database, copy: Mirror) -> None:
    something_of_everything(database)
    track(database, view("ann-2", "mug-2", 9), view("ann-3", "mug-3", 10))
    orders(database, {"id": "o3", "customer": "ann-2", "lines": [{"product": "mug-2"}]})
    copy.sync(database)
    products(
        database,
        {"id": "mug", "price": "9"},
        {"id": "unknown", "sku": "SKU-1"},
        {"id": "pot", "sku": "SKU-2"},
        {"id": "mug-2", "also_known_as": ["mug-3"]},
    )
    customers(database, {"id": "ann-3", "also_known_as": ["ann-2"]}, {"id": "ann", "traits": {"city": "York"}})
    track(database, {"type": "identify", "visitor": "v2", "customer": "bob"})
    orders(database, {"id": "o1", "customer": "bob", "lines": [{"product": "cup"}]})
    reviews(database, {"id": "r1", "product": "cup", "rating": 1})
    copy.sync(database)
    assert differences(database, copy) == {}


def test_somebody_merged_and_erased_between_two_syncs_is_gone(database: Database, copy: Mirror) -> None:
    track(database, view("ann-2", "mug", 9), view("ann-3", "cup", 10))
    copy.sync(database)
    customers(database, {"id": "ann-3", "also_known_as": ["ann-2"]})
    with database.connect() as connection:
        people.erase(connection, number(database, "customer", "ann-2"))
    copy.sync(database)
    assert differences(database, copy) == {}
    assert one(database, "SELECT count(*) FROM events") == 0


def test_a_transaction_that_took_its_ids_early_and_commits_after_a_sync_reaches_the_mirror(
    database: Database, copy: Mirror
) -> None:
    track(database, view("ann", "mug", 0))  # whoever opens a month makes the others wait: it is open by now
    copy.sync(database)
    slow = psycopg.connect(database.url)
    try:
        slow.execute(
            records.APPEND_EVENTS,
            (records.as_json(event_rows(view("ann", "mug", 1))), "slow", datetime(2026, 3, 1, tzinfo=UTC)),
        )
        track(database, view("bob", "cup", 2))  # a higher number, committed first
        copy.sync(database)
        track(database, view("cy", "pot", 3))
        copy.sync(database)
        with copy.read() as held:
            assert held.execute("SELECT count(*) FROM events WHERE source = 'slow'").fetchone() == (0,)
        slow.commit()
    finally:
        slow.close()
    copy.sync(database)
    assert differences(database, copy) == {}
    assert one(database, "SELECT count(*) FROM events") == 4


def test_a_first_sync_while_a_transaction_is_open_loses_nothing_of_it(database: Database, copy: Mirror) -> None:
    something_of_everything(database)
    with psycopg.connect(database.url) as slow:
        slow.execute(
            records.APPEND_EVENTS,
            (records.as_json(event_rows(view("ann", "mug", 44))), "slow", datetime(2026, 3, 1, tzinfo=UTC)),
        )
        track(database, view("ann", "mug", 45))
        copy.sync(database)
    copy.sync(database)
    assert differences(database, copy) == {}


def test_an_erased_customers_rows_are_in_no_file_of_the_mirror(database: Database, copy: Mirror) -> None:
    something_of_everything(database)
    copy.sync(database)
    customers(database, {"id": "ann", "traits": {"city": "York"}})  # an older copy of the same person
    copy.sync(database)
    ann, browser = number(database, "customer", "ann"), number(database, "visitor", "v1")
    with database.connect() as connection:
        people.erase(connection, ann)
    synced = copy.sync(database)
    assert synced.erased > 0
    assert differences(database, copy) == {}
    for file in bytes_of(copy.folder):
        columns = parquet.read_table(file).to_pydict()
        assert ann not in columns.get("customer_id", [])
        assert browser not in columns.get("visitor_id", [])
        assert not any("York" in str(value) or "Leeds" in str(value) for value in columns.get("traits", []))


def test_erasing_one_of_two_people_who_share_a_browser_leaves_the_others_past(database: Database, copy: Mirror) -> None:
    track(database, view("ann", "mug", 1, visitor="v1"), view("bob", "cup", 2, visitor="v1"))
    orders(database, {"id": "o1", "customer": "bob", "visitor": "v1", "lines": [{"product": "cup"}]})
    ann, bob, browser = (number(database, *name) for name in (("customer", "ann"), ("customer", "bob"), ("visitor", "v1")))  # fmt: skip
    decide(database, ann, browser)
    kept = decide(database, bob, browser)
    copy.sync(database)
    with database.connect() as connection:
        people.erase(connection, ann)
    copy.sync(database)
    assert differences(database, copy) == {}
    assert ask(database, "SELECT DISTINCT customer_id FROM events") == [{"customer_id": bob}]
    assert ask(database, "SELECT customer_id FROM orders") == [{"customer_id": bob}]
    assert ask(database, "SELECT decision_id FROM decisions") == [{"decision_id": kept.decision_id}]
    track(database, view(None, "pot", 5, visitor="v1"))
    assert ask(database, "SELECT DISTINCT customer_id FROM events") == [{"customer_id": bob}]


def test_many_small_syncs_are_joined_and_stay_equal(
    database: Database, copy: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MAX_SMALL_FILES", 3)
    for n in range(12):
        track(database, view(f"c{n % 3}", "mug", n))
        products(database, {"id": "mug", "title": f"Mug {n}"}, {"id": f"p{n}"})
        if n == 8:
            with database.connect() as connection:
                people.erase(connection, number(database, "customer", "c2"))
        copy.sync(database)
        assert differences(database, copy) == {}
    with copy.read() as held:
        assert held.execute("SELECT count(*) FROM products").fetchone() == (13,)


def test_erasure_reaches_files_that_a_joining_left_behind(
    database: Database, copy: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MAX_SMALL_FILES", 2)
    for n in range(3):
        track(database, view("ann", "mug", n))
        copy.sync(database)
    ann = number(database, "customer", "ann")
    with database.connect() as connection:
        people.erase(connection, ann)
    copy.sync(database)
    for file in bytes_of(copy.folder):
        assert ann not in parquet.read_table(file).to_pydict().get("customer_id", [])


@pytest.mark.parametrize("harm", ["folder", "manifest", "broken manifest", "one file", "generation"])
def test_a_mirror_that_was_deleted_or_damaged_is_made_anew(database: Database, copy: Mirror, harm: str) -> None:
    something_of_everything(database)
    copy.sync(database)
    if harm == "folder":
        shutil.rmtree(copy.folder)
    elif harm == "manifest":
        (copy.folder / "manifest.json").unlink()
    elif harm == "broken manifest":
        (copy.folder / "manifest.json").write_text('{"format": 1, "files": [')
    elif harm == "one file":
        next(copy.folder.glob("events-*.parquet")).unlink()
    else:
        ask(database, "UPDATE shop SET generation = gen_random_uuid() RETURNING 1 AS one")
    track(database, view("ann", "mug", 50))
    assert copy.sync(database).full
    assert differences(database, copy) == {}


def test_a_reader_keeps_its_files_while_a_sync_writes(database: Database, copy: Mirror) -> None:
    something_of_everything(database)
    copy.sync(database)
    with copy.read() as held:
        track(database, view("ann", "mug", 50))
        products(database, {"id": "mug", "title": "Other"})
        copy.sync(database)
        assert held.execute("SELECT count(*) FROM events").fetchone() == (6,)
