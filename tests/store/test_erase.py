"""Erasing a customer reaches every table; what is the shop's own stays, without the person."""

from __future__ import annotations

from regulars.store import people
from regulars.store.database import Database

from .helpers import ask, customers, number, one, orders, reviews, track, view
from .test_mirror import decide


def test_erasing_reaches_every_table_that_names_or_describes_the_person(database: Database) -> None:
    for name in ("ann", "bob"):
        customers(database, {"id": name, "email": f"{name}@example.org", "also_known_as": [f"{name}-2"],
                             "consent": {"email": True}, "payment_methods": [{"id": f"pm-{name}"}]})  # fmt: skip
        track(database, view(None, "mug", 1, visitor=f"v-{name}"), view(name, "cup", 2, visitor=f"v-{name}"))
        orders(database, {"id": f"o-{name}", "customer": name, "address": {"city": "Leeds"}, "traits": {"note": name},
                          "lines": [{"product": "mug"}], "payments": [{"method": f"pm-{name}"}]})  # fmt: skip
        reviews(database, {"id": f"r-{name}", "product": "mug", "customer": name, "body": f"I am {name}"})
        decide(database, number(database, "customer", name))
        decide(database, None, number(database, "visitor", f"v-{name}"))
    ann = number(database, "customer", "ann")
    with database.connect() as connection:
        gone = people.erase(connection, ann)
    assert gone == {"decisions": 2, "events": 3, "orders": 1, "reviews": 1, "conversations": 0, "actions": 0}
    left = {
        table: one(database, f"SELECT count(*) FROM {table}")
        for table in ("customers", "consents", "payment_methods", "visitors", "aliases", "events", "orders", "reviews",
                      "decisions", "decision_features", "decision_traces")
    }  # fmt: skip
    assert left == {
        "customers": 1, "consents": 1, "payment_methods": 1, "visitors": 1, "aliases": 1, "events": 3, "orders": 2,
        "reviews": 1, "decisions": 2, "decision_features": 2, "decision_traces": 2,
    }  # fmt: skip
    assert ask(database, "SELECT value FROM external_ids WHERE kind IN ('customer', 'visitor', 'payment_method') ORDER BY 1") == [
        {"value": "bob"}, {"value": "bob-2"}, {"value": "pm-bob"}, {"value": "v-bob"}
    ]  # fmt: skip
    order = ask(database, "SELECT o.*, p.payment_method_id FROM orders o JOIN payments p USING (order_id) WHERE customer_id IS NULL")  # fmt: skip
    assert len(order) == 1
    assert (order[0]["visitor_id"], order[0]["address"], order[0]["traits"], order[0]["payment_method_id"]) == (None, None, {}, None)  # fmt: skip
    # Nothing anywhere still carries the person's number.
    columns = ask(
        database,
        "SELECT table_name AS t, column_name AS c FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'customer_id'",
    )
    assert len(columns) > 6
    for column in columns:
        assert one(database, f"SELECT count(*) FROM {column['t']} WHERE customer_id = {ann}") == 0, column


def test_somebody_erased_who_comes_back_is_somebody_new(database: Database) -> None:
    track(database, view("ann", "mug", 1, visitor="v1"))
    before = number(database, "customer", "ann")
    with database.connect() as connection:
        people.erase(connection, before)
    track(database, view("ann", "cup", 2, visitor="v1"))
    assert number(database, "customer", "ann") != before
    assert one(database, "SELECT count(*) FROM events") == 1
