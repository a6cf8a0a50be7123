"""The storefront: plain pages that render without JavaScript, and the script that any page can use.

What a visitor does on them goes on the one timeline; with JavaScript the pages' script tells it over the public API, as it
would on any other page, and each event is stored once, whoever tells it first.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from regulars.demo.pictures import picture
from regulars.errors import NotFound
from regulars.web.engine import Engine
from regulars.web.storefront import account, browse, buying, lists, tasting
from regulars.web.storefront.site import STATIC, Site

__all__ = ["mount"]


def mount(app: FastAPI, engine_of: Callable[[], Engine]) -> None:
    """Adds the pages to the app, and its pages for errors."""
    site = Site(engine_of)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    browse.add(app, site)
    buying.add(app, site)
    account.add(app, site)
    lists.add(app, site)
    tasting.add(app, site)
    app.state.error_page = site.error_page

    @app.get("/regulars.js", include_in_schema=False)
    async def snippet(request: Request) -> Response:
        """The script for any page."""
        return script(request, "regulars.js")

    @app.get("/regulars-chat.js", include_in_schema=False)
    async def chat(request: Request) -> Response:
        """The chat's panel, which that script loads when it is first opened."""
        return script(request, "regulars-chat.js")

    def script(request: Request, name: str) -> Response:
        """It may be loaded from anywhere, and kept for an hour."""
        text, packed, tag = _snippet(STATIC / name)
        headers = {
            "Cache-Control": "public, max-age=3600",
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "ETag": tag,
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            text, headers["Content-Encoding"] = packed, "gzip"
        return Response(text, media_type="text/javascript; charset=utf-8", headers=headers)

    @app.get("/demo/pictures/{name}.svg", include_in_schema=False)
    async def demo_picture(name: str) -> Response:
        drawn = picture(name)
        if drawn is None:
            raise NotFound(f"There is no picture {name[:60]!r}.")
        return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


@cache
def _snippet(path: Path) -> tuple[bytes, bytes, str]:
    """The script, the same compressed, and a tag that changes with it."""
    text = path.read_bytes()
    return text, gzip.compress(text, 9), f'"{hashlib.sha256(text).hexdigest()[:20]}"'
