"""One look at a console page: in which language, where, and how numbers, money and dates are written. Knows no page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from fastapi import Request

from regulars.desk.markup import Markup
from regulars.language.translations import LOCALES, best_locale, say_in
from regulars.schema import ShopSettings
from regulars.schema.money import exponent_of

LANGUAGE = "regulars_language"  # the storefront's cookie too: one choice a browser


def asked_locale(request: Request) -> str:
    """The language that the cookie, else the browser asks for."""
    return best_locale(request.cookies.get(LANGUAGE) or request.headers.get("accept-language"), LOCALES)


class Visit:
    """Who reads: language and formats; and the address that was asked for."""

    def __init__(self, request: Request, settings: ShopSettings) -> None:
        self.request = request
        self.settings = settings
        self.locale = asked_locale(request)
        self.zone = ZoneInfo(settings.zone)
        self.root: str = request.scope.get("root_path", "")
        self._say = say_in(self.locale)

    @property
    def path(self) -> str:
        """Within the console, e.g. `/models`."""
        return self.request.url.path.removeprefix(self.root) or "/"

    def asked(self, name: str, most: int = 300) -> str:
        """A parameter of the address; "" where it isn't there."""
        return self.request.query_params.get(name, "").strip()[:most]

    def link(self, path: str, **query: Any) -> str:
        """The address of a console page."""
        kept = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.root}{path}" + (f"?{urlencode(kept)}" if kept else "")

    def say(self, text: str, **arguments: Any) -> str:
        """The string in the reader's language, `{name}` filled in."""
        said = self._say(text)
        return said.format(**arguments) if arguments else said

    def many(self, one: str, more: str, count: float, **arguments: Any) -> str:
        """The string for one, or the string for more; `{count}` is the number as this language writes it."""
        return self.say(one if count == 1 else more, count=self.number(count), **arguments)

    def html(self, text: str, **arguments: Any) -> Markup:
        """As `say`, for strings that hold tags of ours; arguments are escaped."""
        return Markup(self._say(text)).format(**arguments)

    def number(self, value: float | None, digits: int = 0) -> str:
        """1,234; a dash where there is none."""
        if value is None:
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return str(format_decimal(value, format=pattern, locale=self.locale))

    def percent(self, share: float | None, digits: int = 1) -> str:
        if share is None:
            return "–"
        return str(format_percent(share, format="0" + ("." + "0" * digits if digits else "") + "%", locale=self.locale))

    def money(self, minor: int | None, currency: str | None = None, exponent: int | None = None) -> str:
        """Minor units as this language writes an amount."""
        if minor is None:
            return "–"
        currency = currency or self.settings.currency
        exponent = exponent_of(currency) if exponent is None else exponent
        return str(format_currency(Decimal(minor).scaleb(-exponent), currency, locale=self.locale))

    def _local(self, at: datetime) -> datetime:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(self.zone)

    def when(self, at: datetime | None) -> str:
        """Day and minute in the shop's zone."""
        if at is None:
            return "–"
        pattern = "y年M月d日 HH:mm" if self.locale == "zh" else "d MMM y, HH:mm"
        return str(format_datetime(self._local(at), pattern, locale=self.locale))

    def whole_day(self, at: datetime) -> str:
        """The day in the shop's zone."""
        return str(format_date(self._local(at), "y年M月d日 EEE" if self.locale == "zh" else "EEE d MMM y", self.locale))

    def clock(self, at: datetime) -> str:
        """The minute in the shop's zone."""
        return f"{self._local(at):%H:%M}"

    def day(self, day: date) -> str:
        return str(format_date(day, "M月d日" if self.locale == "zh" else "d MMM", locale=self.locale))

    def ago(self, at: datetime, now: datetime | None = None) -> str:
        """ "3 hours ago"."""
        passed = (now or datetime.now(UTC)) - (at if at.tzinfo else at.replace(tzinfo=UTC))
        return str(format_timedelta(-passed, add_direction=True, locale=self.locale))

    def span(self, seconds: float) -> str:
        """ "2 minutes"."""
        return str(format_timedelta(timedelta(seconds=max(1.0, seconds)), locale=self.locale, threshold=1.5))
