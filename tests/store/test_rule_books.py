"""The rules' text in the database: versions, who was quicker, undoing and undoing that."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from regulars.errors import Conflict, NotFound
from regulars.store import rule_books
from regulars.store.database import Connection, Database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.connect() as made:
        yield made


def test_nothing_was_ever_written(connection: Connection) -> None:
    assert rule_books.newest(connection) == rule_books.EMPTY
    assert rule_books.history(connection) == []
    assert rule_books.version(connection, 0) == rule_books.EMPTY
    with pytest.raises(Conflict, match="nothing to undo"):
        rule_books.restore(connection)
    with pytest.raises(NotFound, match="no version 7"):
        rule_books.version(connection, 7)


def test_each_text_is_a_version_and_the_newest_is_in_force(connection: Connection) -> None:
    first = rule_books.write(connection, "exclude stock < 1", "one")
    second = rule_books.write(connection, "exclude stock < 2", "two", seen=first.version)
    assert (first.version, second.version) == (1, 2)
    assert rule_books.newest(connection) == second
    assert [(one.version, one.text, one.note) for one in rule_books.history(connection)] == [
        (2, "exclude stock < 2", "two"),
        (1, "exclude stock < 1", "one"),
    ]
    assert [one.version for one in rule_books.history(connection, 1)] == [2]
    assert rule_books.version(connection, 1).text == "exclude stock < 1"
    assert second.at is not None


def test_the_same_text_again_is_no_new_version(connection: Connection) -> None:
    rule_books.write(connection, "exclude stock < 1", "one")
    assert rule_books.write(connection, "exclude stock < 1", "other").version == 1
    assert rule_books.write(connection, "", "").version == 2


def test_a_long_note_is_cut(connection: Connection) -> None:
    assert len(rule_books.write(connection, "exclude stock < 1", "n" * 900).note) == 500


def test_who_saw_an_older_version_is_refused_and_changes_nothing(connection: Connection) -> None:
    rule_books.write(connection, "a", seen=0)
    for seen in (0, 2):
        with pytest.raises(Conflict, match=f"you saw version {seen}, version 1 is in force"):
            rule_books.write(connection, "b", seen=seen)
    assert rule_books.newest(connection).text == "a"
    assert rule_books.write(connection, "b", seen=1).version == 2


def test_undoing_goes_back_and_undoing_that_goes_forth(connection: Connection) -> None:
    rule_books.write(connection, "a")
    rule_books.write(connection, "b")
    back = rule_books.restore(connection)
    assert (back.version, back.text, back.restored) == (3, "a", 1)
    forth = rule_books.restore(connection)
    assert (forth.version, forth.text, forth.restored) == (4, "b", 2)
    assert [one.text for one in rule_books.history(connection)] == ["b", "a", "b", "a"]


def test_undoing_the_first_text_leaves_no_rules(connection: Connection) -> None:
    rule_books.write(connection, "a")
    none = rule_books.restore(connection)
    assert (none.version, none.text) == (2, "")
    assert rule_books.restore(connection).text == "a"


def test_any_older_text_can_be_put_in_force_again(connection: Connection) -> None:
    for text in ("a", "b", "c"):
        rule_books.write(connection, text)
    assert rule_books.restore(connection, 1).text == "a"
    assert rule_books.restore(connection, 0).text == ""
    assert rule_books.newest(connection).version == 5
    with pytest.raises(NotFound):
        rule_books.restore(connection, 99)
    assert rule_books.newest(connection).version == 5


def test_of_two_who_saw_the_same_version_one_writes(database: Database) -> None:
    outcomes: list[str] = []

    def write(text: str) -> None:
        try:
            with database.connect() as own:
                rule_books.write(own, text, seen=0)
            outcomes.append(text)
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=write, args=(f"text {name}",)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("conflict") == 5
    with database.connect() as connection:
        assert [one.text for one in rule_books.history(connection)] == [one for one in outcomes if one != "conflict"]
