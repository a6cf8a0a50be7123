"""Who may do what: keys with scopes, signed customer tokens, rate limits; body limits, CORS and metrics around all routes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regulars.errors import Forbidden, RateLimited, TooLarge, Unauthenticated
from regulars.schema import ExternalId
from regulars.store.shop import key_digest
from regulars.store.tokens import verify_customer
from regulars.web.engine import Engine
from regulars.web.metrics import REQUESTS, SECONDS
from regulars.web.problems import problem

MAX_CALLERS = 50_000  # buckets kept; the one unused longest goes first


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `customer`: whom a signed token speaks for."""

    scope: str
    customer: ExternalId | None

    def speaks_for(self, customer: ExternalId | None) -> ExternalId | None:
        """The customer this call is about. A public key can only mean the token's.

        Raises: Forbidden.
        """
        if customer is None:
            return self.customer
        if self.scope != "secret" and customer != self.customer:
            raise Forbidden(
                "A public key can't speak for a customer.",
                hint="Send the header Regulars-Customer with a token that your server signed for this customer.",
            )
        return customer


class Buckets:
    """Token buckets, one a caller: `rate` a second, bursts of twice that."""

    def __init__(self) -> None:
        self._levels: OrderedDict[Any, tuple[float, float]] = OrderedDict()

    def take(self, who: Any, rate: float, now: float) -> None:
        """Raises: RateLimited, with the seconds until the next one is free."""
        burst = max(2 * rate, 1.0)
        level, at = self._levels.pop(who, (burst, now))
        level = min(burst, level + (now - at) * rate)
        if level < 1:
            self._levels[who] = (level, now)
            raise RateLimited(
                f"More than {rate:g} requests a second.",
                hint="Send larger batches, or wait.",
                retry_after=(1 - level) / rate,
            )
        self._levels[who] = (level - 1, now)
        if len(self._levels) > MAX_CALLERS:
            self._levels.popitem(last=False)


_bearer = HTTPBearer(auto_error=False, description="A key made with `regulars keys create`.")
_customer = APIKeyHeader(
    name="Regulars-Customer", auto_error=False, description="A token that your server signed for the customer."
)


def client_address(request: Request, trust_forwarded: bool) -> str:
    if trust_forwarded:
        forwarded = request.headers.get("x-forwarded-for")
        if forwarded:
            return forwarded.split(",")[0].strip()
    return request.client.host if request.client else ""


def callers(
    engine_of: Callable[[], Engine],
) -> tuple[Callable[..., Awaitable[Caller]], Callable[..., Awaitable[Caller]]]:
    """Two dependencies: any valid key, and a secret one."""
    buckets = Buckets()

    async def any_caller(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
        token: Annotated[str | None, Depends(_customer)] = None,
    ) -> Caller:
        engine = engine_of()
        if credentials is None:
            raise Unauthenticated("There is no key in the request.", hint="Send the header Authorization: Bearer KEY.")
        found = engine.keys.get(key_digest(credentials.credentials))
        if found is None:
            if not engine.keys:
                _ = engine.shop_row  # 503 rather than 401 while the keys can't be read yet
            raise Unauthenticated("This key isn't known.", hint="`regulars keys list` shows what there is.")
        key_id, scope = found
        start = engine.start_settings
        if scope == "secret":
            buckets.take(key_id, start.secret_requests_per_second, time.monotonic())
        else:
            who = (key_id, client_address(request, start.trust_forwarded_for))
            buckets.take(who, start.public_requests_per_second, time.monotonic())
        customer = verify_customer(engine.shop_row.secret, token) if token else None
        return Caller(scope, customer)

    async def secret_caller(caller: Caller = Depends(any_caller)) -> Caller:
        if caller.scope != "secret":
            raise Forbidden("A public key may send events and read recommendations only.", hint="Use a secret key.")
        return caller

    return any_caller, secret_caller


class Gate:
    """The outermost layer (ASGI): refuses bodies over the limit, answers CORS, counts and times."""

    def __init__(self, app: ASGIApp, engine_of: Callable[[], Engine | None], max_body: int) -> None:
        self.app = app
        self.engine_of = engine_of
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        path: str = scope["path"]
        headers: dict[bytes, bytes] = dict(scope["headers"])
        api = path.startswith("/v1/")
        max_body = float("inf") if path == _UPLOAD else self.max_body
        extra = self._cors(headers) if api else _PAGE_HEADERS
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if extra:
                    message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        if api and scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await answer({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await answer({"type": "http.response.body", "body": b""})
            return
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                if read > max_body:
                    raise self._too_large()
            return message

        try:
            length = headers.get(b"content-length", b"0")
            if length.isdigit() and int(length) > max_body:
                await problem(self._too_large(), instance=path)(scope, receive, answer)
            else:
                await self.app(scope, limited, answer)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            REQUESTS.labels(scope["method"], route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - started)

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The body is larger than {self.max_body / 1e6:g} MB.",
            hint="Send several smaller batches.",
            limit=self.max_body,
        )

    def _cors(self, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        origin = headers.get(b"origin")
        if origin is None:
            return []
        engine = self.engine_of()
        allowed = engine.shop.settings.allowed_origins if engine is not None and engine.shop is not None else ["*"]
        if "*" in allowed:
            return [(b"access-control-allow-origin", b"*")]
        if origin.decode("latin-1") in allowed:
            return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        return []


_UPLOAD = "/console/upload"  # files of any size; the console's own gate stands before them
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
    (b"access-control-allow-headers", b"authorization, content-type, regulars-customer"),
    (b"access-control-max-age", b"86400"),
]
_PAGE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
]
