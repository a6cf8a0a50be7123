"""Facts of a frame, said as the reader's locale says them: money, dates, numbers, states. Reads no database."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from regulars.assist.phrases import phrases_of
from regulars.schema import Money
from regulars.schema.conversations import Fact, FactKind

_BABEL = {"zh": "zh_Hans_CN"}


class Facts:
    """Collects facts. Each method takes the fact's name, adds it and gives the collection back; None adds nothing.

    >>> facts = Facts("en").id("order", "GB-1001").money("refund", Money(1990, "GBP", 2)).date("until", date(2026, 3, 5))
    >>> [fact.shown for fact in facts.all]
    ['GB-1001', '£19.90', 'March 5, 2026']
    """

    def __init__(self, locale: str, zone: str | tzinfo = "UTC") -> None:
        self.locale = locale
        self._babel = _BABEL.get(locale, locale)
        self._zone = ZoneInfo(zone) if isinstance(zone, str) else zone
        self._facts: list[Fact] = []

    @property
    def all(self) -> tuple[Fact, ...]:
        return tuple(self._facts)

    def _add(self, name: str, value: str | int, kind: FactKind, shown: str) -> Self:
        self._facts.append(Fact(name, value, kind, shown))
        return self

    def money(self, name: str, amount: Money | None) -> Self:
        """value: minor units. shown: with the currency's sign, such as £19.90."""
        if amount is None:
            return self
        return self._add(
            name, amount.minor, "money", format_currency(amount.major, amount.currency, locale=self._babel)
        )

    def date(self, name: str, day: date | datetime | None) -> Self:
        """value: the ISO date in the shop's zone."""
        if day is None:
            return self
        if isinstance(day, datetime):
            day = day.astimezone(self._zone).date() if day.tzinfo else day.date()
        return self._add(name, day.isoformat(), "date", format_date(day, "long", locale=self._babel))

    def number(self, name: str, value: int | Decimal | None) -> Self:
        if value is None:
            return self
        kept = value if isinstance(value, int) else str(value)
        return self._add(name, kept, "number", format_decimal(value, locale=self._babel))

    def status(self, name: str, value: str | None) -> Self:
        """value: the state's key, such as "shipped"; one that has no words is shown as it is."""
        if value is None:
            return self
        words: str = phrases_of(self.locale)["states"].get(value, value.replace("_", " "))
        return self._add(name, value, "status", words)

    def id(self, name: str, value: str | None) -> Self:
        return self if value is None else self._add(name, value, "id", value)

    def name(self, name: str, value: str | None) -> Self:
        return self if value is None else self._add(name, value, "name", value)

    def option(self, name: str, value: str | None) -> Self:
        return self if value is None else self._add(name, value, "option", value)

    def text(self, name: str, value: str | None) -> Self:
        return self if value is None else self._add(name, value, "text", value)

    def duration(self, name: str, value: str | None) -> Self:
        """value: in words of the locale ("30 days")."""
        return self if value is None else self._add(name, value, "duration", value)
