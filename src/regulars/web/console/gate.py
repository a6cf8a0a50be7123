"""Who may enter the console: one password, a signed cookie, a limit on tries. Around every page and socket of it; knows no page.

The cookie is signed with the shop's secret and the password's hash: a new password logs everybody out. It is `HttpOnly`,
`SameSite=Lax`, and named after the shop, since browsers don't tell ports apart. What comes from another origin is refused.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regulars.desk.markup import Markup, coded, tag
from regulars.desk.visit import LANGUAGE, asked_locale
from regulars.errors import DatabaseUnavailable, RateLimited, RegularsError
from regulars.language.translations import LOCALES, say_in
from regulars.store import access
from regulars.store import shop as shop_table
from regulars.store.database import Database
from regulars.web.guard import client_address

SESSION_SECONDS = 7 * 86_400
LOOK_SECONDS = 1.0  # a changed password is noticed within this
TRIES, TRY_SECONDS = 10, 300.0  # a caller's tries; then each costs half a minute
ALL_TRIES = 100  # everybody's together in the same time
MAX_CALLERS = 10_000
A_YEAR = 365 * 86_400
_OPEN = ("/login", "/static/console.css", "/language/")
HEADERS = [
    # Vue compiles its templates in the browser: hence unsafe-eval. Nothing is loaded from elsewhere but pictures.
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
        b" img-src 'self' data: https: http:; font-src 'self' data:; connect-src 'self'; form-action 'self';"
        b" base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
    ),
    (b"x-robots-tag", b"noindex"),
]
log = structlog.get_logger("regulars.console")


class Doorkeeper:
    """Knows the password's hash and the shop's secret; both are read anew each second that somebody asks."""

    def __init__(self, database: Database, trust_forwarded: bool) -> None:
        self._database = database
        self.trust_forwarded = trust_forwarded
        self._read_at = 0.0
        self._hash: str | None = None
        self._secret = b""
        self.cookie = "regulars_console"
        self._tries: OrderedDict[str, list[float]] = OrderedDict()
        self.on_change: Callable[[], None] = lambda: None

    def _read(self) -> tuple[str | None, bytes, str]:
        with self._database.connect(autocommit=True) as connection:
            row = connection.execute(access.READ_HASH).fetchone()
            shop = shop_table.read(connection)
        return row["password_hash"] if row else None, shop.secret, shop.shop_id

    async def look(self) -> None:
        """Raises: DatabaseUnavailable while it was never read."""
        if time.monotonic() - self._read_at < LOOK_SECONDS:
            return
        try:
            kept, secret, shop_id = await asyncio.to_thread(self._read)
        except RegularsError:
            if not self._secret:
                raise
            return
        before = (self._hash, self._secret)
        self._hash, self._secret, self.cookie = kept, secret, f"regulars_console_{shop_id[:8]}"
        self._read_at = time.monotonic()
        if before[1] and before != (kept, secret):
            self.on_change()

    def _key(self) -> bytes:
        return hmac.digest(self._secret, b"console:" + (self._hash or "").encode(), hashlib.sha256)

    def token(self, now: float | None = None) -> str:
        """What the cookie of somebody who just logged in holds."""
        until = int((now or time.time()) + SESSION_SECONDS)
        body = base64.urlsafe_b64encode(json.dumps([until, secrets.token_hex(8)]).encode()).rstrip(b"=").decode()
        return f"{body}.{hmac.new(self._key(), body.encode(), hashlib.sha256).hexdigest()}"

    def knows(self, cookies: dict[str, str]) -> bool:
        """Whether these cookies are of somebody who logged in."""
        body, _, mac = cookies.get(self.cookie, "").partition(".")
        if self._hash is None or not body or not mac.isascii():
            return False
        if not hmac.compare_digest(mac, hmac.new(self._key(), body.encode(), hashlib.sha256).hexdigest()):
            return False
        try:
            until = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))[0]
        except (ValueError, IndexError, TypeError):
            return False
        return time.time() < float(until)

    def count_try(self, who: str, now: float) -> None:
        """Raises: RateLimited, with the seconds until the next try."""
        tries = [at for at in self._tries.pop(who, []) if now - at < TRY_SECONDS]
        self._tries[who] = tries
        if len(self._tries) > MAX_CALLERS:
            self._tries.popitem(last=False)
        together = sum(1 for each in self._tries.values() for at in each if now - at < TRY_SECONDS)
        if len(tries) >= TRIES or together >= ALL_TRIES:
            wait = TRY_SECONDS / TRIES if not tries else max(1.0, TRY_SECONDS - (now - tries[0]))
            raise RateLimited("Too many tries.", hint="Wait a little.", retry_after=wait)
        tries.append(now)

    def forget_tries(self, who: str) -> None:
        self._tries.pop(who, None)

    async def right(self, password: str) -> bool:
        """Whether this is the password. Takes as long where none was set."""
        kept = self._hash
        if kept is None:
            await asyncio.to_thread(access.hashed, "none is set")
            return False
        return await asyncio.to_thread(access.verify, password, kept)


class Gate:
    """ASGI around the console: pages, scripts, uploads and the socket are for who logged in only."""

    def __init__(self, app: ASGIApp, door_of: Callable[[], Doorkeeper]) -> None:
        self.app = app
        self._door_of = door_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        root = scope.get("root_path", "")
        path = scope["path"].removeprefix(root) or "/"
        headers = Headers(scope=scope)
        door = self._door_of()

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        if changes and not _same_origin(headers):
            await _refuse(scope, receive, answer, 403)
            return
        try:
            await door.look()
        except DatabaseUnavailable:
            await _refuse(scope, receive, answer, 503)
            return
        if path.startswith(_OPEN) or door.knows(cookie_parser(headers.get("cookie", ""))):
            await self.app(scope, receive, answer)
            return
        if scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", "text/html"):
            asked = path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
            back = f"?back={quote(asked, safe='')}" if path not in ("/", "/logout") else ""
            await RedirectResponse(f"{root}/login{back}", 303)(scope, receive, answer)
            return
        await _refuse(scope, receive, answer, 401)


def _same_origin(headers: Headers) -> bool:
    """What a browser sends from another site isn't acted on; scripts send no Origin."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403})
        return
    words = {401: "Log in first.", 403: "This came from another site.", 503: "The database can't be reached now."}
    await Response(words[status], status, media_type="text/plain")(scope, receive, send)


def routes(door_of: Callable[[], Doorkeeper], name_of: Callable[[], str]) -> APIRouter:
    """Log in, log out, change the language: plain pages that need no script."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def ask(request: Request) -> Response:
        return _login_page(request, name_of(), back=request.query_params.get("back", ""))

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        door = door_of()
        form = await request.form(max_files=0, max_fields=5)
        back = str(form.get("back", ""))[:500]
        who = client_address(request, door.trust_forwarded)
        say = say_in(asked_locale(request))
        try:
            door.count_try(who, time.monotonic())
        except RateLimited as error:
            wait = round(float(error.where["retry_after"]))
            log.warning("login_limited", address=who)
            told = say("Too many tries. Wait {seconds} seconds.").format(seconds=wait)
            response = _login_page(request, name_of(), back=back, told=told, status=429)
            response.headers["Retry-After"] = str(wait)
            return response
        if not await door.right(str(form.get("password", ""))):
            log.warning("login_refused", address=who)
            told = say("That isn't the password.")
            return _login_page(request, name_of(), back=back, told=told, status=403)
        door.forget_tries(who)
        answer = RedirectResponse(_within(request, back), 303)
        _keep(answer, request, door.cookie, door.token(), SESSION_SECONDS)
        return answer

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        answer = RedirectResponse(f"{request.scope.get('root_path', '')}/login", 303)
        _keep(answer, request, door_of().cookie, "", 0)
        return answer

    @router.get("/language/{code}")
    async def language(request: Request, code: str) -> Response:
        answer = RedirectResponse(_within(request, request.query_params.get("back", "")), 303)
        if code in LOCALES:
            # For the whole shop: the storefront follows.
            answer.set_cookie(
                LANGUAGE, code, max_age=A_YEAR, httponly=True, samesite="lax", secure=request.url.scheme == "https"
            )
        return answer

    return router


def _within(request: Request, back: str) -> str:
    """An address of this console; anything else leads to its front."""
    root = str(request.scope.get("root_path", ""))
    harmless = back.startswith("/") and not back.startswith("//") and "\\" not in back and back.isprintable()
    return root + (back if harmless else "/")


def _keep(answer: Response, request: Request, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=str(request.scope.get("root_path", "")) or "/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _login_page(request: Request, shop: str, *, back: str, told: str = "", status: int = 200) -> Response:
    locale = asked_locale(request)
    say = say_in(locale)
    root = request.scope.get("root_path", "")
    language = "zh-Hans" if locale == "zh" else locale
    other, other_name = ("en", "English") if locale == "zh" else ("zh", "中文")
    page = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{say('Log in')} · {shop}"),
            tag("link", rel="stylesheet", href=f"{root}/static/console.css"),
            tag("link", rel="icon", href="data:,"),
        ),
        tag(
            "body",
            tag(
                "main",
                tag("h1", shop),
                tag(
                    "form",
                    tag("input", type="hidden", name="back", value=back),
                    tag(
                        "div",
                        tag("label", say("Password"), for_="password"),
                        tag(
                            "input", id="password", name="password", type="password", required=True, autofocus=True,
                            autocomplete="current-password", maxlength=access.MOST,
                            aria_describedby="told" if told else "help",
                        ),
                    ),
                    tag("p", told, class_="attention", id="told", role="alert") if told else None,
                    tag("button", say("Log in"), class_="first"),
                    method="post",
                    action=f"{root}/login",
                ),
                tag("p", coded(say("The password was printed when the shop was served first. `regulars password` makes a new one.")), class_="soft", id="help"),
                tag("p", tag("a", other_name, href=f"{root}/language/{other}?back={quote('/login')}", lang=other)),
                class_="login",
            ),
        ),
        lang=language,
    )  # fmt: skip
    return HTMLResponse(Markup("<!doctype html>") + page, status, {"Cache-Control": "no-store"})
