"""The shop's rules in the database: the text in force, its history, and undoing. Knows no language of rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from regulars.errors import Conflict, NotFound
from regulars.store.database import Connection, Row

NEWEST = "SELECT version, text, note, restored, at FROM rule_books ORDER BY version DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Book:
    """A version of the rules. version 0: nothing was ever written. restored: whose text it is again."""

    version: int
    text: str
    note: str = ""
    restored: int | None = None
    at: datetime | None = None


EMPTY = Book(0, "")


def newest(connection: Connection) -> Book:
    """The rules in force."""
    row = connection.execute(NEWEST).fetchone()
    return EMPTY if row is None else _book(row)


def version(connection: Connection, number: int) -> Book:
    """Raises: NotFound."""
    if number == 0:
        return EMPTY
    row = connection.execute(
        "SELECT version, text, note, restored, at FROM rule_books WHERE version = %s", (number,)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no version {number} of the rules.", hint="`regulars rules history` lists them.")
    return _book(row)


def history(connection: Connection, limit: int = 100) -> list[Book]:
    """Newest first."""
    rows = connection.execute(
        "SELECT version, text, note, restored, at FROM rule_books ORDER BY version DESC LIMIT %s", (limit,)
    ).fetchall()
    return [_book(row) for row in rows]


def write(
    connection: Connection, text: str, note: str = "", seen: int | None = None, restored: int | None = None
) -> Book:
    """Puts a text in force. seen: the version that its writer saw; another in between is a Conflict.

    Raises: Conflict.
    """
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('rule_books'))")
    now = newest(connection)
    if seen is not None and seen != now.version:
        raise Conflict(
            f"The rules were changed meanwhile: you saw version {seen}, version {now.version} is in force.",
            hint="Look at the new ones and try again.",
        )
    if text == now.text:
        return now
    row = connection.execute(
        "INSERT INTO rule_books (text, note, restored) VALUES (%s, %s, %s) RETURNING version, text, note, restored, at",
        (text, note[:500], restored or None),
    ).fetchone()
    assert row is not None
    return _book(row)


def restore(connection: Connection, number: int | None = None) -> Book:
    """Puts an older text in force again. number: which; None = the one before. Raises: NotFound, Conflict."""
    now = newest(connection)
    if number is None:
        # The text before the last change; undoing an undo goes forth again.
        before = next((one for one in history(connection, 2) if one.version < now.version), EMPTY)
        if now.version == 0:
            raise Conflict("There is nothing to undo: the rules were never changed.")
        number = before.version
    older = version(connection, number)
    return write(connection, older.text, f"version {number} again", now.version, number)


def _book(row: Row) -> Book:
    return Book(row["version"], row["text"], row["note"], row["restored"], row["at"])
