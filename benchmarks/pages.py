"""How fast pages come: python -m benchmarks.pages [--workspace demo-shop].

The demo shop, its server pinned to one core; PostgreSQL and the load generator have the other. Storefront: an open loop
of 20 pages a second by returning visitors, each page with its rows (decisions committed before they are shown);
p95_ms is over all pages, p95_ms_PAGE each alone. transfer_kb: what a browser that was never here loads of a page, scrolled
to its end, bytes on the wire; the largest page. console_ms: from the address to a page that can be worked with (the first
figure shown, the sockets connected), the slowest of its pages, when the console is mounted. snippet_kb: gzip.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

import regulars
from benchmarks._report import print_report
from benchmarks._server import Load, Server, open_loop, two_cores
from regulars.demo import MARK
from regulars.demo.run import prepare
from regulars.store import access
from regulars.store.supervisor import wait_stopped

RATE = 20.0
WARM_SECONDS = 4.0
VISITORS = 40
SEARCHES = ("teapot", "blue mug", "teapto", "茶壶", "warm socks", "gift")
CONSOLE_PAGES = ("", "recommendations", "data", "models", "settings")
CHROMIUM = Path("/usr/bin/chromium")
SNIPPET = Path(regulars.__file__).parent / "web" / "static" / "regulars.js"
PASSWORD = "only for this measurement"


def page(path: str, visitor: str) -> bytes:
    """A whole GET request of a browser that was here before."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nAccept-Language: en\r\n"
        f"Cookie: regulars_visitor={visitor}; regulars_consent=personalisation-yes_analytics-yes\r\n\r\n"
    ).encode()


def paths(shop: regulars.Shop, seed: int) -> dict[str, list[str]]:
    """Addresses of each kind of page."""
    with shop.database.connect() as connection:
        names = [
            row["value"]
            for row in connection.execute(
                "SELECT x.value FROM external_ids x JOIN products p ON p.product_id = x.id"
                " WHERE x.kind = 'product' AND x.namespace = 'shop' AND p.status = 'active' ORDER BY 1"
            )
        ]
        categories = [row["one"] for row in connection.execute("SELECT DISTINCT category[1] AS one FROM products")]
    chosen = np.random.default_rng(seed).permutation(names)[:200].tolist()
    return {
        "home": ["/"],
        "product": ["/product/" + quote(name, safe="") for name in chosen],
        "category": ["/category/" + quote(name, safe="") for name in categories if name],
        "search": ["/search?q=" + quote(query) for query in SEARCHES],
    }


def asked(kinds: dict[str, list[str]], seed: int) -> Iterator[bytes]:
    """As people go: of ten pages four products, three front pages, two categories, one search."""
    generator = np.random.default_rng(seed)
    each = {kind: itertools.cycle(found) for kind, found in kinds.items()}
    visitors = [f"benchmark-visitor-{number:04d}" for number in range(VISITORS)]
    while True:
        kind = str(generator.choice(list(kinds), p=[0.3, 0.4, 0.2, 0.1]))
        yield page(next(each[kind]), visitors[int(generator.integers(VISITORS))])


async def _loads(port: int, kinds: dict[str, list[str]], seconds: float) -> tuple[Load, dict[str, Load]]:
    await open_loop(port, asked(kinds, 1), rate=RATE, seconds=WARM_SECONDS, connections=16)
    mixed = await open_loop(port, asked(kinds, 2), rate=RATE, seconds=seconds, connections=16)
    alone = {}
    for kind, found in kinds.items():
        requests = (
            page(path, f"benchmark-visitor-{n % VISITORS:04d}") for n, path in enumerate(itertools.cycle(found))
        )
        alone[kind] = await open_loop(port, requests, rate=RATE, seconds=seconds / 3, connections=16)
    return mixed, alone


@contextmanager
def browsing() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def transfer(browser: Any, address: str) -> int:
    """Bytes on the wire of a first visit, scrolled to the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        opened = context.new_page()
        session = context.new_cdp_session(opened)
        session.send("Network.enable")
        sizes: list[float] = []
        session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
        opened.goto(address, wait_until="networkidle")
        opened.evaluate(
            "async () => { for (let y = 0; y < document.body.scrollHeight; y += 500)"
            " { scrollTo(0, y); await new Promise(done => setTimeout(done, 50)) } }"
        )
        opened.wait_for_load_state("networkidle")
        opened.wait_for_timeout(300)
        return round(sum(sizes))
    finally:
        context.close()


def console(browser: Any, address: str) -> dict[str, float]:
    """Milliseconds until each page of the console can be worked with; empty where it isn't mounted."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        opened = context.new_page()
        answer = opened.goto(f"{address}/console/")
        if answer is None or answer.status != 200 or opened.locator("input[type=password]").count() == 0:
            return {}
        opened.locator("input[type=password]").fill(PASSWORD)
        opened.keyboard.press("Enter")
        opened.locator("input[type=password]").wait_for(state="detached")
        opened.locator("h1").first.wait_for()
        took = {}
        for name in CONSOLE_PAGES:
            best = []
            for _ in range(3):
                began = time.perf_counter()
                opened.goto(f"{address}/console/{name}", wait_until="commit")
                opened.locator("h1").first.wait_for()
                opened.wait_for_function("window.socket ? window.socket.connected : document.readyState === 'complete'")
                best.append((time.perf_counter() - began) * 1e3)
            took[name or "overview"] = float(np.median(best))
        return took
    finally:
        context.close()


def _set_password(shop: regulars.Shop) -> None:
    """The console's."""
    with shop.database.connect() as connection:
        access.set_password(connection, PASSWORD)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, help="a demo shop that is there already; it is written to")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the mixed load")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.workspace is not None and not (options.workspace / MARK).exists():
        raise SystemExit(f"{options.workspace} isn't a demo shop: its records would be mixed with made-up visits.")
    server_core, other_core = two_cores()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        folder = options.workspace or Path(scratch) / "shop"
        prepare(folder, say=print, bar=lambda *_, **__: nullcontext())
        wait_stopped(folder)
        os.sched_setaffinity(0, {other_core})  # inherited by the supervisor and PostgreSQL that start now
        with regulars.open(folder) as shop:
            kinds = paths(shop, options.seed)
            _set_password(shop)
            with Server.of_shop(folder, core=server_core) as server:
                mixed, alone = asyncio.run(_loads(server.port, kinds, options.seconds))
                sizes, opened = _browse(f"http://127.0.0.1:{server.port}", kinds)
        wait_stopped(folder)
    failed = sum(mixed.failed.values()) + sum(sum(one.failed.values()) for one in alone.values())
    figures = {
        "p95_ms": mixed.percentile(0.95),
        "p50_ms": mixed.percentile(0.5),
        "pages_per_second": mixed.per_second,
        **{f"p95_ms_{kind}": load.percentile(0.95) for kind, load in alone.items()},
        "failed": float(failed),
        **({"transfer_kb": max(sizes.values()) / 1000} if sizes else {}),
        **{f"transfer_kb_{kind}": size / 1000 for kind, size in sizes.items()},
        **({"console_ms": max(opened.values())} if opened else {}),
        **{f"console_ms_{name}": took for name, took in opened.items()},
        "snippet_kb": len(gzip.compress(SNIPPET.read_bytes(), 9)) / 1000,
    }
    print_report("pages", figures)


def _browse(address: str, kinds: dict[str, list[str]]) -> tuple[dict[str, int], dict[str, float]]:
    if not CHROMIUM.exists() and shutil.which("chromium") is None:
        print(f"There is no Chromium at {CHROMIUM}: transfer and console aren't measured.")
        return {}, {}
    with browsing() as browser:
        sizes = {kind: transfer(browser, address + found[0]) for kind, found in kinds.items()}
        return sizes, console(browser, address)


if __name__ == "__main__":
    main()
