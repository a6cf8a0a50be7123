"""One request of one visitor to the storefront: who, in which language, what they did, what their browser keeps. Knows no page."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

import structlog
from babel.numbers import format_currency
from fastapi import Request, Response

from regulars.demo import MARK
from regulars.demo.world import label
from regulars.errors import DatabaseUnavailable, RegularsError
from regulars.language.translations import LOCALES, Say, best_locale, say_in
from regulars.recommend.catalogue import Item
from regulars.schema import Event, EventType, Money
from regulars.schema.identity import message_key
from regulars.store import rows
from regulars.web.engine import Engine

VISITOR = "regulars_visitor"
LANGUAGE = "regulars_language"
CART = "regulars_cart"
A_YEAR = 365 * 86_400
MAX_CART = 40
MAX_CART_BYTES = 3_000  # browsers drop a cookie above four kilobytes
MAX_POSITION = 1_000
log = structlog.get_logger("regulars.storefront")


def language(request: Request) -> tuple[str, Say]:
    """The language that the address, else the cookie, else the browser asks for."""
    asked = request.query_params.get("lang")
    if asked not in LOCALES:
        asked = best_locale(request.cookies.get(LANGUAGE) or request.headers.get("accept-language"), LOCALES)
    return asked, say_in(asked)


class Visit:
    """What a page needs to know of its visitor, and what has to be remembered on the way out."""

    def __init__(self, request: Request, engine: Engine) -> None:
        self.request = request
        self.engine = engine
        self.locale, self.say = language(request)
        self.demo = (engine.workspace.folder / MARK).exists()
        known = request.cookies.get(VISITOR, "")
        self.new = not _is_visitor(known)
        self.visitor = secrets.token_urlsafe(18) if self.new else known
        names = (unquote(name) for name in request.cookies.get(CART, "").split("|"))
        self.cart = list(dict.fromkeys(name for name in names if name))[:MAX_CART]
        # A browser that fetches ahead of its reader has looked at nothing.
        purpose = request.headers.get("sec-purpose") or request.headers.get("purpose") or ""
        self._ahead = "prefetch" in purpose or "prerender" in purpose
        self._events: list[Event] = []

    def label(self, text: str) -> str:
        """A category, attribute or value: the shop's own word. Only the demo has it in two languages."""
        return label(text, self.locale) if self.demo else text

    def did(self, kind: EventType, item: Item | None = None, **more: Any) -> None:
        """Remembers an event for `write`."""
        if self._ahead:
            return
        product = {"namespace": item.names[0][0], "value": item.names[0][1]} if item is not None else None
        self._events.append(Event.model_validate({"type": kind, "visitor": self.visitor, "product": product, **more}))

    def number(self, name: str, default: int) -> int:
        """A whole number from the address; what isn't one is the default."""
        given = self.request.query_params.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else default

    def came_from(self) -> dict[str, Any]:
        """The decision and place that the followed link names; what isn't one is passed over."""
        try:
            decision = UUID(self.request.query_params.get("d", ""))
        except ValueError:
            return {}
        return {"decision_id": decision, "position": min(self.number("p", 0), MAX_POSITION)}

    def money(self, item: Item, before: bool = False) -> str:
        """The price as this language writes it; "" where there is none. before: what it was before it was reduced."""
        amount = item.compare_at if before else item.price
        if amount is None or (before and item.price is not None and amount <= item.price):
            return ""
        return self._amount(Money(amount, self._currency(item), item.exponent).major, self._currency(item))

    def totals(self, items: Iterable[Item]) -> list[str]:
        """The sum, one for each currency that occurs."""
        sums: dict[str, Decimal] = {}
        for item in items:
            if item.price is not None:
                currency = self._currency(item)
                sums[currency] = sums.get(currency, Decimal(0)) + Money(item.price, currency, item.exponent).major
        return [self._amount(amount, currency) for currency, amount in sums.items()]

    def _currency(self, item: Item) -> str:
        return item.currency or self.engine.settings.currency

    def _amount(self, amount: Decimal, currency: str) -> str:
        return str(format_currency(amount, currency, locale=self.locale))

    async def write(self) -> None:
        """Puts what happened on the timeline, in one batch. The page is shown also when an event is refused.

        Raises: DatabaseUnavailable.
        """
        events, self._events = self._events, []
        if not events:
            return
        clock = self.engine.clock()
        try:
            made = [rows.event_row(event, clock, self.engine.settings) for event in events]
            for row in made:
                # Each opening of a page is an event of its own, also two within one tick of the clock.
                row["message_id"] = message_key(f"storefront:{secrets.token_hex(16)}")
            await self.engine.append(made, "storefront", clock.received)
        except DatabaseUnavailable:
            raise
        except (RegularsError, rows.FieldError) as error:
            log.error("events_not_written", reason=str(error))

    def keep(self, response: Response, *changed: str) -> Response:
        """The answer with the cookies that the browser has to keep. changed: names besides new visitor and language."""
        cookies: dict[str, str] = {}
        if self.new and not self._ahead:
            cookies[VISITOR] = self.visitor
        if self.request.query_params.get("lang") in LOCALES:
            cookies[LANGUAGE] = self.locale
        if CART in changed:
            cookies[CART] = self._cart_cookie()
        for name, value in cookies.items():
            response.set_cookie(
                name,
                value,
                max_age=A_YEAR if value else 0,
                httponly=True,
                samesite="lax",
                secure=self.request.url.scheme == "https",
            )
        return response

    def _cart_cookie(self) -> str:
        """The newest that fit: ids may be long and in any script, a cookie is short and ASCII."""
        names = [quote(name, safe="") for name in self.cart[-MAX_CART:]]
        while names and len("|".join(names)) > MAX_CART_BYTES:
            names.pop(0)
        return "|".join(names)


def _is_visitor(value: str) -> bool:
    return 16 <= len(value) <= 64 and value.isascii() and value.replace("-", "").replace("_", "").isalnum()
