"""The app: the HTTP API under /v1, the storefront at /, health and metrics. Mounts what each room brings; decides nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import PlainTextResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

import regulars
from regulars.assist import routes as assist_routes
from regulars.assist import talk_routes
from regulars.content import routes as content_routes
from regulars.errors import DatabaseUnavailable, Unauthenticated
from regulars.recommend import routes as recommend_routes
from regulars.recommend import search_routes, taste_routes
from regulars.recommend.rules import routes as rule_routes
from regulars.store.shop import key_digest
from regulars.store.workspace import Workspace
from regulars.web import guard, problems, records, reference, storefront
from regulars.web.engine import Engine, Holder
from regulars.web.metrics import CATALOGUE_SIZE, DATABASE_UP, MODEL_SERVING

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
    trim_blocks=True,
    lstrip_blocks=True,
)
STALE_SECONDS = 30.0  # past this without a successful look at the database, this process isn't ready

_PROBLEM = {"content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "The body isn't JSON", **_PROBLEM},
    401: {"description": "No valid key", **_PROBLEM},
    403: {"description": "The key's scope doesn't reach this", **_PROBLEM},
    404: {"description": "Nothing by that name", **_PROBLEM},
    413: {"description": "Over a limit", **_PROBLEM},
    422: {"description": "The input can't be used as it is", **_PROBLEM},
    429: {"description": "Too many requests", **_PROBLEM},
    503: {"description": "The database can't be reached now", **_PROBLEM},
}


def create_app(folder: Path, *, console: bool = False) -> FastAPI:
    """The app of one workspace. Starts its engine with its lifespan. console: with the console in it, once a process."""
    workspace = Workspace.open(folder)
    start = workspace.start_settings()
    holder = Holder(workspace, start)
    engine_of = holder.get

    app = FastAPI(
        title="Regulars",
        version=regulars.__version__,
        description="Turn shoppers into regulars. Keys: `regulars keys create NAME --scope public|secret`.",
        lifespan=holder.lifespan,
        redoc_url=None,
        docs_url=None,
    )
    problems.install(app)
    any_caller, secret_caller = guard.callers(engine_of)
    app.include_router(records.router(engine_of, any_caller, secret_caller, RESPONSES))
    app.include_router(recommend_routes.router(engine_of, any_caller, secret_caller, RESPONSES))
    app.include_router(search_routes.router(engine_of, any_caller, RESPONSES))
    app.include_router(rule_routes.router(engine_of, any_caller, secret_caller, RESPONSES))
    app.include_router(taste_routes.router(engine_of, any_caller, RESPONSES))
    app.include_router(assist_routes.router(engine_of, any_caller, secret_caller, RESPONSES))
    app.include_router(talk_routes.router(engine_of, any_caller, secret_caller, RESPONSES))
    app.include_router(content_routes.router(engine_of, any_caller, secret_caller, RESPONSES))
    _add_health(app, engine_of)
    storefront.mount(app, engine_of)
    if console:
        from regulars.web.console.app import mount as mount_console  # half a second that an app without it doesn't pay

        mount_console(app, workspace, start, engine_of)
    app.add_middleware(guard.Gate, engine_of=lambda: holder.engine, max_body=int(start.max_body_mb * 1_000_000))
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _add_health(app: FastAPI, engine_of: Any) -> None:
    @app.get("/v1/health", tags=["operations"], summary="This process is alive")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": regulars.__version__}

    @app.get("/v1/ready", tags=["operations"], summary="This process can answer", responses={503: RESPONSES[503]})
    async def ready() -> dict[str, Any]:
        engine: Engine = engine_of()
        serving = engine.serving
        if not engine.database_ok or time.time() - engine.refreshed_at > STALE_SECONDS:
            raise DatabaseUnavailable("PostgreSQL can't be reached.", hint="This process goes on trying.")
        return {
            "status": "ready",
            "mode": serving.mode,
            "model_version": serving.version,
            "products": int(serving.catalogue.for_sale.sum()),
            "note": serving.note,
        }

    @app.get(
        "/metrics",
        tags=["operations"],
        summary="Prometheus metrics (from this machine, or with a secret key)",
        response_class=PlainTextResponse,
        responses={401: RESPONSES[401], 503: RESPONSES[503]},
    )
    async def metrics(request: Request) -> Response:
        engine: Engine = engine_of()
        authorization = request.headers.get("authorization", "")
        key = engine.keys.get(key_digest(authorization.removeprefix("Bearer ")))
        local = request.client is not None and request.client.host in ("127.0.0.1", "::1", "testclient")
        if not (local and not engine.start_settings.trust_forwarded_for) and (key is None or key[1] != "secret"):
            raise Unauthenticated("Metrics need a secret key when asked for from another machine.")
        DATABASE_UP.set(1 if engine.database_ok else 0)
        current = engine.live.current
        if current is not None:
            CATALOGUE_SIZE.set(len(current.catalogue))
            for mode in ("trained", "starter", "newest"):
                MODEL_SERVING.labels(mode).set(1 if current.mode == mode else 0)
        return Response(_metrics(), media_type=CONTENT_TYPE_LATEST)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        """A plain page: no script from elsewhere is loaded."""
        page = _PAGES.get_template("reference.html").render(groups=reference.groups(app.openapi()))
        return Response(page, media_type="text/html; charset=utf-8")


def _metrics() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest()


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The contract, with the bodies that routes parse themselves and the error envelope."""
    if app.openapi_schema:
        return app.openapi_schema
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    components["Problem"] = problems.SCHEMA
    for name, model in records.BODIES.items():
        made = model.model_json_schema(ref_template="#/components/schemas/{model}")
        components.update(made.pop("$defs", {}))
        components[name] = made
    app.openapi_schema = schema
    return schema
