"""A small shop with a console, served for real; and NiceGUI's simulated user in it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from regulars.schema import Customer, Event
from regulars.shop import Shop
from regulars.store import access, records, rows
from regulars.web.api import create_app
from regulars.web.engine import Engine

from .shop_pages import tiny_shop

PASSWORD = "one-for-the-tests"
PATIENCE = 150  # tenths of a second: the machine may be busy


def recent_events(now: datetime) -> list[dict[str, Any]]:
    """Twelve people of whom ten came on two days of the last week, and who bought five times."""
    made: list[dict[str, Any]] = []
    for person in range(12):
        days = (1, 4) if person < 10 else (2,)
        for back in days:
            at = (now - timedelta(days=back, minutes=person)).isoformat()
            who = {"customer": f"n{person}"}
            made.append({"type": "view", **who, "product": f"tea-{person % 8}", "occurred_at": at})
        if person < 5:
            made.append(
                {"type": "purchase", **who, "product": f"tea-{person}", "order": f"o{person}", "quantity": 2, "price": 10, "occurred_at": at}
            )  # fmt: skip
    return made


@contextlib.contextmanager
def console_shop(servers: Callable[[str], Any], folder: Path, *, filled: bool = True) -> Iterator[tuple[Path, Shop]]:
    """A workspace whose console's password is PASSWORD."""
    with tiny_shop(servers, folder, filled=filled) as (_, shop):
        with shop.database.connect() as connection:
            access.set_password(connection, PASSWORD)
            if filled:
                settings = shop.settings
                clock = rows.Clock.of(settings)
                seen = [
                    rows.event_row(Event.model_validate(one), clock, settings)
                    for one in recent_events(datetime.now(UTC))
                ]
                records.append_events(connection, seen, "tests", clock.received)
                told = Customer.model_validate({"id": "n1", "name": "Nora Näb", "email": "nora@example.org"})
                records.upsert(connection, records.UPSERT_CUSTOMERS, [rows.customer_row(told, settings)])
        yield folder, shop


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on a port of its own, in a thread."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline, "the server didn't start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(15)


@contextlib.contextmanager
def clean_console() -> Iterator[None]:
    """NiceGUI as if nobody had used it in this process: it keeps one app a process."""
    from nicegui import Client, core
    from nicegui.testing.general import nicegui_reset_globals

    with nicegui_reset_globals():
        for route in list(core.app.router.routes):
            if getattr(route, "name", "") == "console-static":
                core.app.router.routes.remove(route)
        yield
        Client.page_routes.clear()  # else the reset would forget our modules along with the pages in them
    core.app.user_middleware.clear()
    core.app.middleware_stack = None


@contextlib.contextmanager
def app_with_console(folder: Path) -> Iterator[FastAPI]:
    with clean_console():
        yield create_app(folder, console=True)


@contextlib.asynccontextmanager
async def simulated_user(shop: Shop, language: str = "en") -> AsyncIterator[Any]:
    """NiceGUI's simulated user on the console's pages, without a browser and without the gate."""
    from nicegui import core, ui
    from nicegui.functions.download import download
    from nicegui.functions.navigate import Navigate
    from nicegui.functions.notify import notify
    from nicegui.testing import User
    from nicegui.testing.general import prepare_simulation

    from regulars.web.console import app as console

    engine = Engine(shop.workspace, shop.start)
    with clean_console():
        prepare_simulation()
        console.install(shop.workspace, shop.start, lambda: engine)
        await engine.start()
        try:
            async with core.app.router.lifespan_context(core.app):
                transport = httpx.ASGITransport(core.app)
                headers = {"accept-language": language}
                async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
                    yield User(client)
        finally:
            await engine.stop()
            # The simulated user puts itself in these places.
            ui.navigate, ui.notify, ui.download = Navigate(), notify, download


def simulate(shop: Shop, steps: Callable[[Any], Any], language: str = "en") -> None:
    async def run() -> None:
        async with simulated_user(shop, language) as user:
            await steps(user)

    asyncio.run(run())


async def until(true: Callable[[], bool]) -> None:
    for _ in range(PATIENCE):
        if true():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it didn't come true")


def form_of(user: Any, submit: str) -> Any:
    from nicegui.testing.user_interaction import UserInteraction

    button = next(one for one in user.find(submit).elements if one.props.get("type") == "submit")
    return UserInteraction(user, {button.parent_slot.parent}, submit)


def press(user: Any, words: str) -> None:
    from nicegui.testing.user_interaction import UserInteraction

    button = max((one for one in user.find(words).elements if one.tag == "button"), key=lambda one: one.id)
    UserInteraction(user, {button}, words).click()
