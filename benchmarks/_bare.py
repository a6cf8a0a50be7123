"""The least a server of the same framework can do: read one row and answer. For `benchmarks.serving` to compare with."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import uvicorn
from fastapi import Body, FastAPI, Response

from regulars.store.database import AsyncPool


def create_app(url: str) -> FastAPI:
    """One route, POST /one: the row of a product by its id."""
    pool = AsyncPool(url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/one")
    async def one(asked: dict[str, int] = Body()) -> Response:
        rows = await pool.fetch("SELECT product_id, brand FROM products WHERE product_id = %s", (asked["product"],))
        return Response(orjson.dumps(rows), media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BARE_DATABASE_URL"]),
        port=int(os.environ["BARE_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
