"""One request of one visitor to the storefront: who, in which language, with which consent, what they did, what their
browser keeps. Knows no page.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from fastapi import Request, Response

from regulars.demo import MARK
from regulars.demo.world import label
from regulars.errors import DatabaseUnavailable, RegularsError, Unauthenticated
from regulars.language.translations import LOCALES, Say, best_locale, say_in
from regulars.recommend.catalogue import Item
from regulars.schema import Event, EventType, ExternalId, Money
from regulars.schema.identity import message_key
from regulars.store import people, rows
from regulars.store.shopping import Variant
from regulars.store.tokens import sign_customer, verify_customer
from regulars.web.engine import Engine

VISITOR = "regulars_visitor"
CUSTOMER = "regulars_customer"
LANGUAGE = "regulars_language"
CART = "regulars_cart"
CONSENT = "regulars_consent"
A_YEAR = 365 * 86_400
SIGNED_IN_SECONDS = 30 * 86_400
TOKEN_SECONDS = 86_400  # of the token that a page gives its script: a page isn't open longer than a day
MAX_CART = 40
MAX_QUANTITY = 99
MAX_CART_BYTES = 3_000  # browsers drop a cookie above four kilobytes
MAX_POSITION = 1_000
PURPOSES = ("personalisation", "analytics")
_MESSAGE = re.compile(r"[\w-]{16,64}", re.ASCII)
log = structlog.get_logger("regulars.storefront")


def language(request: Request) -> tuple[str, Say]:
    """The language that the address, else the cookie, else the browser asks for."""
    asked = request.query_params.get("lang")
    if asked not in LOCALES:
        asked = best_locale(request.cookies.get(LANGUAGE) or request.headers.get("accept-language"), LOCALES)
    return asked, say_in(asked)


@dataclass(frozen=True, slots=True)
class CartLine:
    """What the browser remembers of a line: names only; price and stock are the shop's."""

    product: str
    variant: str = ""
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Consent:
    """What the visitor answered; None where they weren't asked yet. signal: the browser says no for them (GPC, DNT)."""

    personalisation: bool | None = None
    analytics: bool | None = None
    signal: bool = False

    def allows(self, purpose: str) -> bool:
        answer = getattr(self, purpose)
        return not self.signal if answer is None else bool(answer)

    @property
    def asked(self) -> bool:
        """Whether there is nothing left to ask."""
        return self.signal or (self.personalisation is not None and self.analytics is not None)

    def told(self) -> str:
        """As the page tells its script."""
        return " ".join(f"{purpose}={'yes' if self.allows(purpose) else 'no'}" for purpose in PURPOSES)

    @classmethod
    def of(cls, request: Request) -> Consent:
        signal = request.headers.get("sec-gpc") == "1" or request.headers.get("dnt") == "1"
        kept = dict(re.findall(r"(personalisation|analytics)-(yes|no)", request.cookies.get(CONSENT, "")))
        answers = {purpose: None if purpose not in kept else kept[purpose] == "yes" for purpose in PURPOSES}
        return cls(answers["personalisation"], answers["analytics"], signal)


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
        self.customer = self._customer()
        self.consent = Consent.of(request)
        self.cart = _cart(request.cookies.get(CART, ""))
        # A browser that fetches ahead of its reader has looked at nothing.
        purpose = request.headers.get("sec-purpose") or request.headers.get("purpose") or ""
        self._ahead = "prefetch" in purpose or "prerender" in purpose
        self._events: list[Event] = []
        self._person: people.Person | None = None
        self._cookies: dict[str, tuple[str, int]] = {}
        self.facts: dict[str, str] = {}  # how a new browser came, told with what it opens

    def _customer(self) -> ExternalId | None:
        token = self.request.cookies.get(CUSTOMER)
        try:
            return verify_customer(self.engine.shop_row.secret, token) if token else None
        except Unauthenticated:
            return None

    @property
    def token(self) -> str:
        """What the page's script sends to speak for the customer; "" for a visitor."""
        if self.customer is None:
            return ""
        return sign_customer(self.engine.shop_row.secret, self.customer, TOKEN_SECONDS)

    async def person(self) -> people.Person:
        """Who this is to the recommender, read once a request: nobody, where the browser asks not to be known.

        A refusal that was answered is known to the store, so that a list's trace can say it. Raises: DatabaseUnavailable.
        """
        if self._person is None:
            unknown = self.consent.signal and not self.consent.allows("personalisation")
            self._person = people.NOBODY if unknown else await self.engine.person(self.customer, self.visitor)
        return self._person

    async def refused(self) -> bool:
        """Whether lists are the same for everybody here."""
        return not self.consent.allows("personalisation") or (await self.person()).refused

    def label(self, text: str) -> str:
        """A category, attribute or value: the shop's own word. Only the demo has it in two languages."""
        return label(text, self.locale) if self.demo else text

    # --- what they did ------------------------------------------------------------------------------------------

    def message(self) -> str:
        """An id for an event that the page's script tells as well: whoever comes first, it is stored once."""
        return secrets.token_urlsafe(18)

    def stated_message(self, given: str) -> str:
        """The id that a form carries; a new one where it carries none."""
        return given if _MESSAGE.fullmatch(given) else self.message()

    def did(self, kind: str, item: Item | None = None, *, always: bool = False, **more: Any) -> None:
        """Remembers an event for `write`, unless the visitor doesn't want to be counted. always: an answer to consent."""
        if self._ahead or not (always or self.consent.allows("analytics")):
            return
        if self.facts and kind in (EventType.PAGE, EventType.VIEW):
            more["properties"] = {**self.facts, **more.get("properties", {})}
        product = {"namespace": item.names[0][0], "value": item.names[0][1]} if item is not None else None
        fields = {"type": kind, "visitor": self.visitor, "customer": self.customer, "product": product, **more}
        self._events.append(Event.model_validate(fields))

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
            for event, row in zip(events, made, strict=True):
                if event.message_id is None:
                    # Each opening of a page is an event of its own, also two within one tick of the clock.
                    row["message_id"] = message_key(f"storefront:{secrets.token_hex(16)}")
            await self.engine.append(made, "storefront", clock.received)
        except DatabaseUnavailable:
            raise
        except (RegularsError, rows.FieldError) as error:
            log.error("events_not_written", reason=str(error))

    # --- what the address says ----------------------------------------------------------------------------------

    def number(self, name: str, default: int) -> int:
        """A whole number from the address; what isn't one is the default."""
        given = self.request.query_params.get(name, "")
        return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else default

    def came_from(self, given: Any = None) -> dict[str, Any]:
        """The decision and place that the followed link (or a form) names; what isn't one is passed over."""
        given = self.request.query_params if given is None else given
        try:
            decision = UUID(str(given.get("d", "")))
        except ValueError:
            return {}
        place = str(given.get("p", ""))
        at = int(place) if place.isascii() and place.isdigit() and len(place) < 10 else 0
        return {"decision_id": decision, "position": min(at, MAX_POSITION)}

    # --- as this language writes it -------------------------------------------------------------------------------

    def money(self, item: Item | Variant, before: bool = False) -> str:
        """The price as this language writes it; "" where there is none. before: what it was before it was reduced."""
        amount = item.compare_at if before else item.price
        if amount is None or (before and item.price is not None and amount <= item.price):
            return ""
        return self.amount(amount, self.currency(item), item.exponent)

    def amount(self, minor: int, currency: str, exponent: int) -> str:
        return str(format_currency(Money(minor, currency, exponent).major, currency, locale=self.locale))

    def total(self, sums: dict[tuple[str, int], int]) -> list[str]:
        """Sums by (currency, exponent), in minor units, as text."""
        return [self.amount(minor, currency, exponent) for (currency, exponent), minor in sums.items()]

    def currency(self, item: Item | Variant) -> str:
        return item.currency or self.engine.settings.currency

    def day(self, moment: datetime) -> str:
        return str(format_date(moment.astimezone(ZoneInfo(self.engine.settings.zone)), "long", locale=self.locale))

    def time(self, moment: datetime) -> str:
        zone = ZoneInfo(self.engine.settings.zone)
        return str(format_datetime(moment.astimezone(zone), "medium", locale=self.locale))

    def number_text(self, value: Decimal | float) -> str:
        return f"{value:.1f}"

    # --- what the browser keeps ------------------------------------------------------------------------------------

    def keep_for(self, name: str, value: str, seconds: int) -> None:
        """A cookie; "" takes it away. seconds: 0 for as long as the browser is open."""
        self._cookies[name] = (value, seconds)

    def keep_cart(self) -> None:
        self._cookies[CART] = (_cart_cookie(self.cart), A_YEAR)

    def keep_consent(self, **answers: bool) -> None:
        """Remembers answers, and puts them on the timeline: a refusal has to be known where lists are made."""
        self.consent = replace(self.consent, **answers)
        told = "_".join(f"{purpose}-{'yes' if self.consent.allows(purpose) else 'no'}" for purpose in PURPOSES)
        self._cookies[CONSENT] = (told, A_YEAR)
        self.did(EventType.CONSENT, always=True, properties=dict(answers))

    def sign_in(self, customer: ExternalId) -> None:
        """From now on this browser is the customer's, with what it did before."""
        if self.customer not in (None, customer):
            self.forget_visitor()
        self.customer = customer
        token = sign_customer(self.engine.shop_row.secret, customer, SIGNED_IN_SECONDS)
        self._cookies[CUSTOMER] = (token, SIGNED_IN_SECONDS)
        self.did(EventType.IDENTIFY, always=True)

    def sign_out(self) -> None:
        """The next person in this browser is somebody else."""
        self.customer = None
        self._cookies[CUSTOMER] = ("", 0)
        self.forget_visitor()

    def forget_visitor(self) -> None:
        self.visitor = secrets.token_urlsafe(18)
        self.new = True

    def keep(self, response: Response) -> Response:
        """The answer with the cookies that the browser has to keep."""
        cookies = dict(self._cookies)
        if self.new and not self._ahead:
            cookies[VISITOR] = (self.visitor, A_YEAR)
        if self.request.query_params.get("lang") in LOCALES:
            cookies[LANGUAGE] = (self.locale, A_YEAR)
        for name, (value, seconds) in cookies.items():
            response.set_cookie(
                name,
                value,
                max_age=(seconds or None) if value else 0,
                httponly=True,
                samesite="lax",
                secure=self.request.url.scheme == "https",
            )
        return response


def _cart(cookie: str) -> list[CartLine]:
    """The lines of a cookie: `product*variant*quantity`, with | between; what can't be read is passed over."""
    lines: dict[tuple[str, str], CartLine] = {}
    for part in cookie.split("|")[: 4 * MAX_CART]:
        name, variant, quantity, *_ = (*part.split("*"), "", "", "")
        product = unquote(name)
        if product:
            count = int(quantity) if quantity.isascii() and quantity.isdigit() and len(quantity) < 4 else 1
            key = (product, unquote(variant))
            lines.setdefault(key, CartLine(*key, min(max(1, count), MAX_QUANTITY)))
    return list(lines.values())[:MAX_CART]


def _cart_cookie(cart: Iterable[CartLine]) -> str:
    """The newest that fit: ids may be long and in any script, a cookie is short and ASCII."""
    lines = [
        "*".join((quote(line.product, safe=""), quote(line.variant, safe=""), str(line.quantity)))
        for line in list(cart)[-MAX_CART:]
    ]
    while lines and len("|".join(lines)) > MAX_CART_BYTES:
        lines.pop(0)
    return "|".join(lines)


def _is_visitor(value: str) -> bool:
    return 16 <= len(value) <= 64 and value.isascii() and value.replace("-", "").replace("_", "").isalnum()
