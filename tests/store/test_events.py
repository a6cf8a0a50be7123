"""The timeline: every event once, whoever and whatever it names, known or not yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from regulars.schema import ExternalId
from regulars.store import people
from regulars.store.database import Database

from .helpers import NOW, ask, customers, number, one, products, track, view


def test_the_same_message_id_again_is_stored_once(database: Database) -> None:
    assert track(database, view("ann", "mug", message_id="m1")) == (1, 0, 1)
    assert track(database, view("ann", "mug", message_id="m1")) == (0, 1, 0)
    assert one(database, "SELECT count(*) FROM events") == 1


def test_the_same_message_id_with_another_time_is_stored_once(database: Database) -> None:
    track(database, view("ann", "mug", 1, message_id="m1"))
    track(database, {**view("ann", "mug"), "occurred_at": "2025-11-11T00:00:00Z", "message_id": "m1"})
    assert ask(database, "SELECT occurred_at FROM events") == [{"occurred_at": datetime(2026, 3, 1, 11, 1, tzinfo=UTC)}]


def test_the_same_message_id_twice_in_one_batch_is_stored_once(database: Database) -> None:
    assert track(database, view("ann", "mug", 1, message_id="m1"), view("bob", "cup", 2, message_id="m1"))[:2] == (
        1,
        1,
    )
    assert one(database, "SELECT count(*) FROM events") == 1


def test_the_same_batch_from_eight_threads_at_once_is_stored_once(database: Database) -> None:
    batch = [view(f"c{n % 5}", f"p{n % 7}", n % 60, message_id=f"m{n}", visitor=f"v{n % 5}") for n in range(60)]

    def send(turn: int) -> int:
        return track(database, *(batch if turn % 2 else reversed(batch))).accepted

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(send, range(8)))
    assert sum(accepted) == 60
    assert one(database, "SELECT count(*) FROM events") == 60
    assert one(database, "SELECT count(*) FROM event_keys") == 60
    assert one(database, "SELECT count(*) FROM products") == 7
    assert one(database, "SELECT count(*) FROM customers") == 5


def test_an_event_without_an_id_is_what_it_says(database: Database) -> None:
    assert track(database, view("ann", "mug", 1), view("ann", "mug", 1), view("ann", "mug", 2))[:2] == (2, 1)
    assert track(database, view("ann", "mug", 1))[:2] == (0, 1)


def test_an_event_of_an_unknown_product_and_customer_is_kept_and_joined_when_they_come(database: Database) -> None:
    assert track(database, view("ann", "mug")).unresolved == 1
    assert ask(database, "SELECT known FROM products UNION ALL SELECT known FROM customers") == [{"known": False}] * 2
    products(database, {"id": "mug"})
    customers(database, {"id": "ann"})
    joined = ask(
        database,
        "SELECT p.known AS product, c.known AS customer FROM events JOIN products p USING (product_id)"
        " JOIN customers c USING (customer_id)",
    )
    assert joined == [{"product": True, "customer": True}]
    assert track(database, view("ann", "mug", 5)).unresolved == 0


def test_an_event_that_names_only_a_sku_joins_its_product_when_it_comes(database: Database) -> None:
    assert track(database, view("ann", None, variant="MUG-BLUE")).unresolved == 1
    assert ask(database, "SELECT product_id FROM events") == [{"product_id": None}]
    products(database, {"id": "mug", "variants": [{"sku": "MUG-RED"}, {"sku": "MUG-BLUE"}]})
    assert ask(database, "SELECT product_id FROM events") == [{"product_id": number(database, "product", "mug")}]


@pytest.mark.parametrize("name", ["MUG-BLUE", {"namespace": "sku", "value": "MUG-BLUE"}, "gid-2"])
def test_a_variant_is_found_by_its_id_and_by_its_sku(database: Database, name: str | dict[str, str]) -> None:
    variants = [{"id": "gid-1", "sku": "MUG-RED"}, {"id": "gid-2", "sku": "MUG-BLUE"}]
    track(database, view("ann", None, 1, variant=name))
    products(database, {"id": "mug", "variants": variants})
    track(database, view("ann", None, 2, variant=name))
    mug = number(database, "product", "mug")
    blue = one(database, "SELECT variant_id FROM variants WHERE sku = 'MUG-BLUE'")
    assert ask(database, "SELECT product_id, variant_id FROM events") == [{"product_id": mug, "variant_id": blue}] * 2


def test_what_a_browser_did_signed_out_becomes_the_customers_at_sign_in(database: Database) -> None:
    track(database, view(None, "mug", 1, visitor="v1"), view(None, "cup", 2, visitor="v2"))
    track(database, {"type": "identify", "customer": "ann", "visitor": "v1", "occurred_at": "2026-03-01T11:05:00Z"})
    track(database, view(None, "pot", 7, visitor="v1"))
    ann = number(database, "customer", "ann")
    owners = ask(database, "SELECT customer_id FROM events WHERE visitor_id = %s", number(database, "visitor", "v1"))
    assert owners == [{"customer_id": ann}] * 3
    assert one(database, "SELECT count(*) FROM events WHERE customer_id IS NULL") == 1
    with database.connect() as connection:
        person = people.read_person(connection, None, "v1")
    assert person.customer_id == ann
    assert person.products == [number(database, "product", name) for name in ("pot", "mug")]


def test_a_shared_browser_keeps_both_peoples_pasts_apart(database: Database) -> None:
    track(database, view("ann", "mug", 1, visitor="v1"))
    track(database, view("bob", "cup", 2, visitor="v1"))
    track(database, view(None, "pot", 3, visitor="v1"))
    with database.connect() as connection:
        ann = people.read_person(connection, ExternalId("shop", "ann"), None)
        bob = people.read_person(connection, ExternalId("shop", "bob"), None)
    assert ann.products == [number(database, "product", "mug")]
    assert bob.products == [number(database, "product", "pot"), number(database, "product", "cup")]
    assert one(database, "SELECT count(*) FROM aliases") == 2


def test_events_of_any_year_find_their_partition(database: Database) -> None:
    later = datetime(2031, 1, 1, tzinfo=UTC)
    times = ["1970-01-01T00:00:00Z", "1997-05-05T12:00:00Z", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z",
             "2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", "2030-12-31T23:59:59Z"]  # fmt: skip
    assert track(database, *({"type": "view", "occurred_at": at} for at in times), received=later).accepted == 7
    parts = ask(database, "SELECT tableoid::regclass::text AS part, count(*) AS n FROM events GROUP BY 1 ORDER BY 1")
    assert [(row["part"], row["n"]) for row in parts] == [
        ("events_2000_01", 1),
        ("events_2026_02", 1),
        ("events_2026_03", 1),
        ("events_2030_12", 1),
        ("events_before_2000", 3),
    ]


def test_eight_threads_may_open_the_same_new_month_at_once(database: Database) -> None:
    def send(turn: int) -> int:
        events = [{"type": "view", "occurred_at": f"2024-{month:02}-03T00:00:00Z"} for month in range(1, 7)]
        return track(database, *({**event, "message_id": f"{turn}-{n}"} for n, event in enumerate(events))).accepted

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(8))) == [6] * 8


def test_a_device_clock_that_is_wrong_is_corrected_by_sent_at(database: Database) -> None:
    track(
        database,
        {"type": "view", "occurred_at": "2031-01-01T00:00:00Z", "sent_at": "2031-01-01T00:10:00Z"},
        {"type": "cart", "occurred_at": "2020-01-01T00:00:00Z", "sent_at": "2020-01-01T01:00:00Z"},
        {"type": "like", "occurred_at": "2026-03-01T11:00:00Z", "sent_at": "2026-03-01T11:59:00Z"},
        {"type": "click", "occurred_at": "2031-01-01T00:00:00Z"},
        {"type": "page"},
    )
    clocks = {row["type"]: row for row in ask(database, "SELECT type, clock, occurred_at FROM events")}
    assert clocks["view"]["clock"] == "corrected"
    assert clocks["view"]["occurred_at"] == datetime(2026, 3, 1, 11, 50, tzinfo=UTC)
    assert clocks["cart"]["occurred_at"] == datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
    assert (clocks["like"]["clock"], clocks["like"]["occurred_at"].hour) == ("stated", 11)
    assert (clocks["click"]["clock"], clocks["click"]["occurred_at"]) == ("server", NOW)
    assert (clocks["page"]["clock"], clocks["page"]["occurred_at"]) == ("server", NOW)


def test_an_event_with_a_wrong_clock_and_no_id_is_still_the_same_when_it_is_sent_again(database: Database) -> None:
    late = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    event = {"type": "view", "customer": "ann", "product": "mug", "occurred_at": "2031-01-01T00:00:00Z"}
    for given in (event, {**event, "product": "cup", "sent_at": "2031-01-01T00:10:00Z"}):
        assert track(database, given).accepted == 1
        assert track(database, given, received=late) == (0, 1, 0)
