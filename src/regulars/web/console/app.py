"""Puts the console together: gate, pages and works around one shop. NiceGUI serves all its scripts itself.

NiceGUI keeps its state in the process: a process has one console. With several API processes it runs beside them (`console_app`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from regulars.assist import pages as assist_pages
from regulars.assist.pages.context import Room
from regulars.content import pages as content_pages
from regulars.content.pages.context import Room as ContentRoom
from regulars.desk.frame import STATIC, Desk
from regulars.desk.works import Works
from regulars.errors import DatabaseUnavailable
from regulars.insights import page as insights_page
from regulars.insights.service import Insights
from regulars.recommend import page as recommend_page
from regulars.recommend import pages as recommend_pages
from regulars.recommend.pages import Room as RecommendRoom
from regulars.schema import ShopSettings
from regulars.shop import Shop
from regulars.store.mirror import Mirror
from regulars.store.workspace import StartSettings, Workspace
from regulars.web import guard, problems
from regulars.web.console import data, model_card, models, settings, tuning, uploads
from regulars.web.console.context import Context
from regulars.web.console.gate import Doorkeeper, Gate, routes
from regulars.web.engine import Engine, Holder

PATH = "/console"
CUT_SECONDS = 2.0
UPLOADS_KEPT_SECONDS = 7 * 86_400.0


def mount(
    app: FastAPI,
    workspace: Workspace,
    start: StartSettings,
    engine_of: Callable[[], Engine],
    *,
    api_port: int | None = None,
) -> None:
    """Hangs the console into an app, under PATH. Call it last, once a process. api_port: where the API is, if not here."""
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(workspace.folder / "run" / "console"))
    from nicegui import core, ui

    install(workspace, start, engine_of, api_port)
    ui.run_with(
        app,
        mount_path=PATH,
        title="Regulars",
        favicon=STATIC / "icon.svg",
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=10.0,
        show_welcome_message=False,
        message_history_length=200,
    )
    core.app.add_middleware(Gate, door_of=_door(engine_of, start))


_doors: dict[int, Doorkeeper] = {}


def _door(engine_of: Callable[[], Engine], start: StartSettings) -> Callable[[], Doorkeeper]:
    """The doorkeeper of the engine that runs now; made when it is first asked for."""

    def door() -> Doorkeeper:
        engine = engine_of()
        kept = _doors.get(id(engine))
        if kept is None:
            _doors.clear()
            kept = _doors[id(engine)] = Doorkeeper(engine.database, start.trust_forwarded_for)
            kept.on_change = _send_out
        return kept

    return door


def _send_out() -> None:
    """The password changed: open pages are cut off and have to log in again."""
    from nicegui import Client

    def cut(client: Client) -> None:
        with contextlib.suppress(KeyError):  # it went by itself
            client.delete()

    for client in list(Client.instances.values()):
        client.run_javascript("location.reload()")
        # A page that doesn't reload is cut off: its buttons reach nothing any more.
        asyncio.get_running_loop().call_later(CUT_SECONDS, cut, client)


def install(
    workspace: Workspace, start: StartSettings, engine_of: Callable[[], Engine], api_port: int | None = None
) -> Context:
    """Registers pages and routes with NiceGUI."""
    from nicegui import core

    def settings_of() -> ShopSettings:
        return engine_of().settings

    def name_of() -> str:
        try:
            return settings_of().name
        except DatabaseUnavailable:
            return "Regulars"

    holder: dict[int, tuple[Shop, Insights]] = {}

    def wired() -> tuple[Shop, Insights]:
        engine = engine_of()
        if id(engine) not in holder:
            holder.clear()
            shop = Shop(workspace, start, engine.database)
            holder[id(engine)] = (shop, Insights(engine.database, Mirror(workspace.mirror)))
        return holder[id(engine)]

    works = Works(workspace.folder)
    desk = Desk(settings_of, works)
    context = Context(
        desk=desk,
        works=works,
        workspace=workspace,
        shop_of=lambda: wired()[0],
        insights_of=lambda: wired()[1],
        engine_of=engine_of,
        door_of=_door(engine_of, start),
        api_port=api_port,
    )
    insights_page.mount(desk, context.insights_of, lambda: engine_of().database)
    recommend_page.mount(desk, engine_of, context.insights_of, lambda: engine_of().database)
    recommend_pages.mount(
        RecommendRoom(
            desk,
            engine_of,
            workspace.models,
            workspace.search_vectors,
            lambda **changes: wired()[0].change_settings(**changes),
        )
    )
    assist_pages.mount(Room(desk, works, workspace.models, lambda: engine_of().database, engine_of))
    content_pages.mount(ContentRoom(desk, works, lambda: engine_of().studio))
    data.mount(context)
    models.mount(context)
    tuning.mount(context)
    model_card.mount(context)
    settings.mount(context)
    core.app.include_router(routes(context.door_of, name_of))
    core.app.include_router(uploads.routes(context))
    core.app.mount("/static", StaticFiles(directory=STATIC), name="console-static")
    core.app.on_shutdown(works.stop)
    of_parts = core.app.exception_handlers[404]

    async def missing(request: Request, error: Exception) -> Response:
        # A part of a page (a file, a script) that isn't there is NiceGUI's matter; an address without a page is ours.
        found = request.scope.get("endpoint")
        if found is not None and found is not core.app and not request.scope.get("nicegui_page_path"):
            answer = of_parts(request, error)
            return answer if isinstance(answer, Response) else await answer
        return await desk.missing(request)

    core.app.exception_handlers[404] = missing
    _tidy(workspace.imports / uploads.FOLDER, UPLOADS_KEPT_SECONDS)
    _tidy(workspace.folder / "run" / uploads.BACKUPS, 0.0)
    return context


def _tidy(folder: Path, seconds: float) -> None:
    """Files that nobody came back for: they hold personal data."""
    for one in folder.glob("*"):
        with contextlib.suppress(OSError):
            if time.time() - one.stat().st_mtime > seconds:
                shutil.rmtree(one) if one.is_dir() else one.unlink()


def console_app(folder: Path) -> FastAPI:
    """The console alone, for a port of its own beside several API processes."""
    workspace = Workspace.open(folder)
    start = workspace.start_settings()
    holder = Holder(workspace, start, "The console")

    app = FastAPI(title="Regulars console", lifespan=holder.lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    problems.install(app)

    @app.get("/")
    async def front() -> Response:
        return RedirectResponse(f"{PATH}/", 303)

    mount(app, workspace, start, holder.get, api_port=start.port)
    app.add_middleware(guard.Gate, engine_of=lambda: holder.engine, max_body=int(start.max_body_mb * 1_000_000))
    return app
