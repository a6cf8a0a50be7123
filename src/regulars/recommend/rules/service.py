"""Everything that is done with a shop's rules: read, check, preview, put in force, undo. For HTTP, command line, console and Python."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.errors import InvalidInput
from regulars.language.translations import Saying, best_locale, say_in, saying
from regulars.recommend.catalogue import reference
from regulars.recommend.rules import checks, language
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.rules.completion import complete, names_of
from regulars.recommend.rules.preview import REQUESTS, Asked, Preview, preview, recent
from regulars.recommend.serving import Serving
from regulars.store import rule_books
from regulars.store.database import Connection, Database
from regulars.store.rule_books import Book

MAX_TEXT = 200_000
MOST_TOLD = 20


@dataclass(frozen=True)
class Checked:
    """A text as rules over the catalogue of now. book: None where a line can't be read."""

    text: str
    read: language.Read
    book: RuleBook | None
    findings: list[checks.Finding]

    def told(self, locale: str | None = None) -> dict[str, Any]:
        """For JSON: each rule with how many products it is about, what is wrong, what is odd."""
        say = say_in(best_locale(locale))
        compiled = {one.rule.line: one for one in self.book.compiled} if self.book is not None else {}
        return {
            "rules": [
                {
                    "line": rule.line,
                    "text": rule.text,
                    "action": rule.action,
                    "off": rule.off,
                    "products": int(np.count_nonzero(compiled[rule.line].mask)) if rule.line in compiled else None,
                }
                for rule in self.read.rules
            ],
            "problems": [
                {
                    "line": one.line,
                    "column": one.column,
                    "length": one.length,
                    "message": message,
                    "hint": hint or None,
                }
                for one in self.read.problems
                for message, hint in (one.said(say),)
            ],
            "findings": [
                {
                    "level": one.level,
                    "code": one.code,
                    "lines": list(one.lines),
                    "text": checks.sentence(say, one),
                }
                for one in self.findings
            ],
        }


def too_long(text: str) -> Saying | None:
    """What is said of a text that is longer than any book may be."""
    if len(text) <= MAX_TEXT:
        return None
    return saying(
        "The rules have {count} characters; {most} are the most.", count=f"{len(text):,}", most=f"{MAX_TEXT:,}"
    )


def check(serving: Serving, text: str, version: int = 0) -> Checked:
    """What a text would be as rules. Raises: InvalidInput for one that is too long."""
    if (why := too_long(text)) is not None:
        raise InvalidInput(str(why), field="text")
    read = language.read(text, serving.surfaces, serving.settings.zone)
    book = RuleBook(version, read.rules, serving.catalogue, serving.links)
    findings = checks.check(book, serving.catalogue, serving.surfaces, time.time())
    return Checked(text, read, None if read.problems else book, findings)


def publish(connection: Connection, serving: Serving, text: str, note: str = "", seen: int | None = None) -> Book:
    """Puts a text in force. Raises: RuleError with the place of what is wrong, InvalidInput, Conflict."""
    if "\x00" in text + note:
        raise InvalidInput("The rules hold a NUL character (U+0000), which no text may hold.", field="text")
    if (why := too_long(text)) is not None:
        raise InvalidInput(str(why), field="text")
    language.parse(text, serving.surfaces, serving.settings.zone)
    return rule_books.write(connection, text, note, seen)


def previewed(
    serving: Serving, text: str, asked: Sequence[Asked], progress: Callable[[int, int], None] | None = None
) -> Preview:
    """What a text would change in these requests (`preview.recent`). Raises: RuleError."""
    rules = language.parse(text, serving.surfaces, serving.settings.zone)
    draft = RuleBook(0, rules, serving.catalogue, serving.links)
    return preview(serving, draft, asked, progress=progress)


def told(serving: Serving, found: Preview, locale: str | None = None) -> dict[str, Any]:
    """A preview for JSON."""

    def product(product_id: int) -> dict[str, Any]:
        item = serving.item(product_id)
        return {
            "product": reference(item) if item and item.names else None,
            "title": item.title(locale) if item else "",
        }

    def most(counts: dict[int, int]) -> list[dict[str, Any]]:
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_TOLD]
        return [{**product(product_id), "lists": count} for product_id, count in ordered]

    return {
        "asked": len(found.pairs),
        "changed": found.changed,
        "shorter": found.shorter,
        "expected_clicks": None if found.clicks is None else {"before": found.clicks[0], "after": found.clicks[1]},
        "cost": found.cost,
        "surfaces": {
            name: {"asked": asked, "changed": changed} for name, (asked, changed) in found.by_surface().items()
        },
        "comes_in": most(found.gained),
        "goes_out": most(found.lost),
        "examples": [
            {
                "decision_id": pair.asked.decision_id,
                "surface": pair.asked.request.surface,
                "before": [product(one) for one in pair.before],
                "after": [product(one) for one in pair.after],
            }
            for pair in found.pairs
            if pair.changed
        ][:MOST_TOLD],
    }


def completed(serving: Serving, line: str) -> dict[str, Any]:
    """What could stand at the end of a line that is being typed. start: the column (from 0) where it goes."""
    options, start = complete(line[: language.MAX_LINE], serving.surfaces, names_of(serving.catalogue))
    return {"options": options, "start": start}


class Rules:
    """A shop's rules, for Python and the command line."""

    def __init__(self, database: Database, serving: Callable[[], Serving]) -> None:
        self._database = database
        self._serving = serving

    def read(self, version: int | None = None) -> tuple[Book, Checked]:
        """The rules in force, or an older version, checked against the catalogue of now. Raises: NotFound."""
        with self._database.connect() as connection:
            book = rule_books.newest(connection) if version is None else rule_books.version(connection, version)
        return book, check(self._serving(), book.text, book.version)

    def check(self, text: str) -> Checked:
        """What is wrong or odd about a text."""
        return check(self._serving(), text)

    def preview(
        self, text: str, limit: int = REQUESTS, progress: Callable[[int, int], None] | None = None
    ) -> dict[str, Any]:
        """What a text would change in the last lists. Raises: RuleError."""
        serving = self._serving()
        with self._database.connect() as connection:
            asked = recent(connection, serving, limit)
        return told(serving, previewed(serving, text, asked, progress))

    def publish(self, text: str, note: str = "") -> tuple[Book, Checked]:
        """Puts a text in force. Raises: RuleError."""
        serving = self._serving()
        with self._database.connect() as connection:
            book = publish(connection, serving, text, note)
        return book, check(serving, text, book.version)

    def undo(self, version: int | None = None) -> Book:
        """Puts an older text in force again; the one before where none is named. Raises: NotFound, Conflict."""
        with self._database.connect() as connection:
            return rule_books.restore(connection, version)

    def history(self, limit: int = 100) -> list[Book]:
        """All versions, newest first."""
        with self._database.connect() as connection:
            return rule_books.history(connection, limit)
