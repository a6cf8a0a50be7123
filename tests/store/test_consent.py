"""Consent: asked before a history is read or learned from; the newest answer counts, wherever it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from regulars.recommend.dataset import Vocabulary
from regulars.recommend.prepare import histories_from_mirror, histories_from_store
from regulars.schema import Event, ExternalId
from regulars.store import people
from regulars.store.database import Database
from regulars.store.mirror import Mirror

from .helpers import ask, customers, number, one, products, track, view


def answer(minute: int, granted: bool, **who: str) -> dict[str, object]:
    return {
        "type": "consent",
        "occurred_at": f"2026-03-01T11:{minute:02}:00Z",
        "properties": {"personalisation": granted},
        **who,
    }


def read(database: Database, customer: str | None = None, visitor: str | None = None) -> people.Person:
    with database.connect() as connection:
        return people.read_person(connection, ExternalId("shop", customer) if customer else None, visitor)


def test_who_refuses_has_no_history_and_who_agrees_again_has_it_back(database: Database) -> None:
    track(database, view(None, "mug", 1, visitor="v1"), answer(2, False, visitor="v1"))
    refused = read(database, visitor="v1")
    assert (refused.refused, refused.products, refused.bought) == (True, [], [])
    assert refused.visitor_id == number(database, "visitor", "v1")
    track(database, answer(3, True, visitor="v1"))
    agreed = read(database, visitor="v1")
    assert (agreed.refused, len(agreed.products)) == (False, 1)


def test_an_older_answer_that_arrives_later_does_not_count(database: Database) -> None:
    track(database, answer(5, False, visitor="v1"))
    track(database, answer(2, True, visitor="v1"))
    assert read(database, visitor="v1").refused


def test_a_browsers_refusal_becomes_its_customers_on_every_browser(database: Database) -> None:
    track(database, view("ann", "mug", 1, visitor="home"), answer(2, False, visitor="office"))
    assert not read(database, customer="ann").refused
    track(database, view("ann", "mug", 3, visitor="office"))
    assert read(database, customer="ann").refused
    assert read(database, visitor="home").refused


def test_the_record_of_an_import_and_an_event_are_one_history(database: Database) -> None:
    customers(
        database,
        {"id": "ann", "consent": [{"purpose": "personalisation", "granted": False, "at": "2026-02-01T00:00:00Z"}]},
    )
    assert read(database, customer="ann").refused
    track(database, answer(1, True, customer="ann"))
    assert not read(database, customer="ann").refused


def test_a_customer_first_named_by_a_consent_keeps_it_when_the_record_comes(database: Database) -> None:
    track(database, answer(1, False, customer="a@example.org"), view("17", "mug", 2))
    customers(database, {"id": "17", "also_known_as": ["a@example.org"]})
    assert one(database, "SELECT count(*) FROM consents") == 1
    assert read(database, customer="17").refused


def test_the_same_answer_sent_twice_is_kept_once(database: Database) -> None:
    sent = {**answer(1, False, visitor="v1"), "message_id": "m1"}
    track(database, sent)
    track(database, sent)
    assert ask(database, "SELECT purpose, granted FROM consents") == [{"purpose": "personalisation", "granted": False}]


@pytest.mark.parametrize("properties", [{}, {"personalisation": "no"}, {"cookies": True}, {"email": True, "x": False}])
def test_an_answer_that_says_nothing_readable_is_refused(properties: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="personalisation"):
        Event.model_validate({"type": "consent", "visitor": "v1", "properties": properties})


def test_nothing_is_learned_from_who_refused(database: Database, tmp_path: object) -> None:
    products(database, {"id": "mug"}, {"id": "cup"})
    track(
        database,
        view("ann", "mug", 1), view("ann", "cup", 2), answer(3, False, customer="ann"),
        view("bob", "mug", 1), view("bob", "cup", 2),
        view(None, "cup", 4, visitor="v1"), answer(5, False, visitor="v1"),
    )  # fmt: skip
    ids = np.array([number(database, "product", "mug"), number(database, "product", "cup")], np.int64)
    vocabulary = Vocabulary(ids, ["mug", "cup"])
    mirror = Mirror(tmp_path / "mirror")  # type: ignore[operator]
    mirror.sync(database)
    with database.connect() as connection:
        refused = people.refused(connection)
        assert set(refused) == {number(database, "customer", "ann"), -number(database, "visitor", "v1")}
        from_store = histories_from_store(connection, vocabulary)
    from_mirror = histories_from_mirror(mirror, vocabulary, refused=refused)
    for histories in (from_store, from_mirror):
        assert histories.items.tolist() == [0, 1]
    assert len(histories_from_mirror(mirror, vocabulary)) == 3


def test_erasing_takes_a_browsers_answers_along(database: Database) -> None:
    track(database, answer(1, False, visitor="v1"), view("ann", "mug", 2, visitor="v1"), answer(3, True, visitor="v2"))
    with database.connect() as connection:
        people.erase(connection, number(database, "customer", "ann"))
    assert ask(database, "SELECT granted FROM consents") == [{"granted": True}]


def test_a_time_with_an_offset_that_postgresql_does_not_know_is_kept_in_utc(database: Database) -> None:
    at = "2026-02-01T00:00:00+20:00"
    customers(database, {"id": "ann", "created_at": at, "consent": [{"purpose": "email", "granted": True, "at": at}]})
    assert one(database, "SELECT at::text FROM consents") == "2026-01-31 04:00:00+00"


def test_what_who_refuses_searched_for_is_not_learned_from_nor_what_one_person_alone_typed(
    database: Database, tmp_path: Path
) -> None:
    products(database, {"id": "mug", "title": "Mug"})
    mirror = Mirror(tmp_path / "mirror")

    def searched(who: str, words: str, minute: int) -> dict[str, object]:
        at = f"2026-03-01T10:{minute:02}:00Z"
        return {"type": "search", "customer": who, "occurred_at": at, "properties": {"query": words}}

    track(
        database,
        *(view(who, "mug", 30) for who in ("ann", "bo", "cy")),
        searched("ann", "Blue mug ", 1), searched("bo", "blue mug", 2), searched("cy", "blue mug", 3),
        searched("bo", "1 Mill Lane", 4),
        answer(5, False, customer="cy"),
    )  # fmt: skip
    mirror.sync(database)
    numbers = [row["product_id"] for row in ask(database, "SELECT product_id FROM products")]
    vocabulary = Vocabulary(np.array(numbers, np.int64), ["Mug"])
    with database.connect() as connection:
        refused = people.refused(connection)
    found = histories_from_mirror(mirror, vocabulary, refused=refused).searches
    assert found is not None
    assert list(found.words) == ["blue mug", "blue mug"]
    assert found.people.tolist() == sorted(number(database, "customer", who) for who in ("ann", "bo"))
    with database.connect() as connection:
        connection.execute("SELECT erase_customer(%s)", (number(database, "customer", "bo"),))
    mirror.sync(database)
    left = histories_from_mirror(mirror, vocabulary, refused=refused).searches
    assert left is not None
    assert not len(left.people), "the words are one person's now"
