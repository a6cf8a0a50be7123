"""How fast lists are served: python -m benchmarks.serving [--products 12000] [--customers 20000] [--items 1000000].

A synthetic shop with a trained model. The API process has one core to itself; PostgreSQL and the load generator have
the other. Each list is a decision with its full trace, committed before it is answered. requests_per_second: a closed
loop of 16 connections; p50_ms, p99_ms_at_100: an open loop at 100 requests a second. bare_requests_per_second: an endpoint
of the same framework, server and pool that reads one row. Step times are means of what the decisions themselves report.
With --steered 200 rules, diversity, tiredness, links and two places tried out act on every list. refresh_failed: answers other than 200 while two other versions are promoted under 50 requests a second.

With --items a shop of that many products is made (drawn vectors and lists, benchmarks/_million.py) and asked at 50 a second:
million_p50_ms, million_p99_ms, million_memory_mb (of the API process, above that of one with an empty shop: the server's own),
million_start_seconds until it is ready, million_change_p99_ms while a product changes every two seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson

import regulars
from benchmarks._million import fill_many, register_model
from benchmarks._report import print_report
from benchmarks._server import Load, Server, closed_loop, open_loop, post, two_cores
from benchmarks._views import view_row
from regulars.recommend.finder import finder_of
from regulars.recommend.live import KIND
from regulars.recommend.train import settings_for
from regulars.schema import Product, ShopSettings
from regulars.shop import Shop
from regulars.store import records, registry, rows
from regulars.store.database import Row
from regulars.store.supervisor import wait_stopped

CONNECTIONS = 16
REFRESH_RATE = 50.0
MANY_RATE = 50.0
WARM_SECONDS = 3.0
CLUSTERS = 200
WORDS = ("river", "stone", "lamp", "wool", "copper", "garden", "north", "paper", "salt", "velvet", "iron", "moss")


def fill(shop: Shop, products: int, customers: int, per_customer: int, seed: int) -> None:
    """Products in clusters that share words, and customers who stay near two clusters."""
    generator = np.random.default_rng(seed)
    settings = ShopSettings()
    now = datetime.now(UTC)
    clock = rows.Clock.of(settings, now)
    cluster = generator.integers(0, CLUSTERS, products)
    members = [np.flatnonzero(cluster == one) for one in range(CLUSTERS)]
    with shop.database.connect(autocommit=True) as connection:
        for start in range(0, products, 500):
            made = [
                {
                    "id": f"p{number}",
                    "title": f"{WORDS[cluster[number] % 12]} {WORDS[cluster[number] // 12 % 12]} model {number}",
                    "category": [f"Category {cluster[number] % 20}"],
                    "price": f"{5 + number % 90}.00",
                    "stock": int(number % 50),
                }
                for number in range(start, min(start + 500, products))
            ]
            checked = [rows.product_row(Product.model_validate(one), settings) for one in made]
            records.upsert(connection, records.UPSERT_PRODUCTS, checked)
        batch = []
        for customer in range(customers):
            near = np.concatenate([members[one] for one in generator.integers(0, CLUSTERS, 2)])
            at = now - timedelta(days=float(generator.uniform(1, 90)))
            for step, number in enumerate(generator.choice(near, per_customer)):
                batch.append(view_row(customer, step, number, at, clock, settings))
            if len(batch) >= 5_000:
                records.append_events(connection, batch, "benchmark", now)
                batch = []
        if batch:
            records.append_events(connection, batch, "benchmark", now)
        # Tidied up now, or PostgreSQL does so on its own in the middle of the measurement.
        connection.execute("VACUUM ANALYZE")


def questions(key: str, customers: int, seed: int) -> Iterator[bytes]:
    """Requests for random customers, built beforehand and repeated."""
    chosen = np.random.default_rng(seed).integers(0, customers, 5_000)
    made = [
        post("/v1/recommendations", key, orjson.dumps({"surface": "home", "customer": f"c{one}", "n": 10}))
        for one in chosen
    ]
    return itertools.cycle(made)


async def _load(port: int, asked: Iterator[bytes], seconds: float) -> tuple[Load, Load]:
    await closed_loop(port, asked, connections=CONNECTIONS, seconds=WARM_SECONDS)
    busy = await closed_loop(port, asked, connections=CONNECTIONS, seconds=seconds)
    await asyncio.sleep(1)
    return busy, await open_loop(port, asked, rate=100, seconds=seconds)


async def _promoting(port: int, asked: Iterator[bytes], shop: Shop, versions: Sequence[str], seconds: float) -> Load:
    """An open loop during which these versions are promoted one after the other."""

    async def promote() -> None:
        for version in versions:
            await asyncio.sleep(seconds / (len(versions) + 1))
            await asyncio.to_thread(shop.promote, version, "benchmark: swapped under load")

    load, _ = await asyncio.gather(open_loop(port, asked, rate=REFRESH_RATE, seconds=seconds), promote())
    return load


async def _changing(port: int, asked: Iterator[bytes], shop: Shop, seconds: float) -> Load:
    """An open loop during which a product's price changes every two seconds."""

    def change(number: int) -> None:
        price = {"id": f"p{number + 1}", "title": f"Thing {number}", "price": f"{number + 10}.00", "stock": 5}
        checked = rows.product_row(Product.model_validate(price), ShopSettings())
        with shop.database.connect() as connection:
            records.upsert(connection, records.UPSERT_PRODUCTS, [checked])

    async def keep_changing() -> None:
        for number in range(int(seconds / 2)):
            await asyncio.sleep(2)
            await asyncio.to_thread(change, number)

    load, _ = await asyncio.gather(open_loop(port, asked, rate=MANY_RATE, seconds=seconds), keep_changing())
    return load


def memory_mb(pid: int) -> float:
    """What a process has in memory of its own, without pages of files."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return int(fields["RssAnon"].split()[0]) / 1024


def steer(shop: Shop, products: int, seed: int) -> None:
    """Everything that steers lists, switched on: what a busy shop might have at once."""
    draw = random.Random(seed)
    lines = [f"exclude price > {draw.randrange(80, 200)} and product is p{draw.randrange(products)}" for _ in range(60)]
    lines += [
        f"boost product is p{draw.randrange(products)}, p{draw.randrange(products)} by {draw.randrange(10, 200)}%"
        for _ in range(60)
    ]
    lines += [
        f"bury stock < {draw.randrange(1, 9)} and price < {draw.randrange(5, 50)} by {draw.randrange(10, 90)}%"
        for _ in range(40)
    ]
    lines += [
        f"exclude product is p{draw.randrange(products)} within 60 days of viewing price > {draw.randrange(10, 90)}"
        for _ in range(30)
    ]
    lines += [f"cap price > {draw.randrange(20, 90)} at most {draw.randrange(3, 9)}" for _ in range(10)]
    shop.rules.publish("\n".join(lines), "benchmark")
    shop.change_settings(diversity=0.3, tiredness=0.3, exploration_slots=2)
    edges = {(f"p{draw.randrange(products)}", "goes_with", f"p{draw.randrange(products)}") for _ in range(500)}
    shop.link([edge for edge in edges if edge[0] != edge[2]])


def copied(shop: Shop, version: str) -> str:
    """A second version with the same files. Returns its name."""
    draft = registry.draft(shop.workspace.models, KIND)
    shutil.copytree(shop.workspace.models / version, draft.folder, dirs_exist_ok=True)
    with shop.database.connect() as connection:
        return registry.register(connection, shop.workspace.models, draft)


def many(options: argparse.Namespace, server_core: int, other_core: int) -> None:
    """The --items mode."""
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        folder = Path(scratch) / "shop"
        shop = regulars.init(folder)
        try:
            secret = shop.create_key("benchmark", "secret")
            with Server.of_shop(folder, core=server_core) as server:
                empty = memory_mb(server.pid)
            print(f"Making a shop of {options.items:,} products…", flush=True)
            fill_many(shop, options.items, options.customers, options.per_customer, options.seed)
            print("Making a model of them…", flush=True)
            version = register_model(shop, options.items, options.seed)
            others = [copied(shop, version), version]
        finally:
            shop.close()
        wait_stopped(folder)
        os.sched_setaffinity(0, {other_core})
        with regulars.open(folder) as shop:
            asked = questions(secret, options.customers, options.seed)
            with Server.of_shop(folder, core=server_core, ready_seconds=600) as server:
                started = server.took
                asyncio.run(closed_loop(server.port, asked, connections=4, seconds=WARM_SECONDS))
                calm = asyncio.run(open_loop(server.port, asked, rate=MANY_RATE, seconds=options.seconds))
                memory = memory_mb(server.pid)
                changing = asyncio.run(_changing(server.port, asked, shop, options.seconds))
                swapped = asyncio.run(_promoting(server.port, asked, shop, others, 4 * options.seconds))
                highest = memory_mb(server.pid)
            steps = _steps(shop)
        wait_stopped(folder)
    _print_steps(steps)
    figures = {
        "million_p50_ms": calm.percentile(0.5),
        "million_p99_ms": calm.percentile(0.99),
        "million_memory_mb": (memory - empty) * 1_000_000 / options.items,
        "million_start_seconds": started,
        "million_change_p99_ms": changing.percentile(0.99),
        "million_refresh_p99_ms": swapped.percentile(0.99),
        "million_memory_after_refresh_mb": highest,
        "refresh_failed": float(sum(swapped.failed.values())),
        "failed": float(sum(calm.failed.values()) + sum(changing.failed.values())),
        "items": float(options.items),
        **{f"{row['key']}_ms": float(row["ms"]) for row in steps},
    }
    print_report("serving_many", figures)


def _steps(shop: Shop) -> list[Row]:
    with shop.database.connect() as connection:
        return connection.execute(
            "SELECT key, avg(value::float8) AS ms FROM decisions, jsonb_each_text(timings_ms) GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()


def _print_steps(steps: Sequence[Row]) -> None:
    print(f"{'step':<14}{'ms':>8}")
    for row in steps:
        print(f"{row['key']:<14}{row['ms']:>8.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=12_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--per-customer", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load")
    parser.add_argument("--max-seconds", type=float, default=60.0, help="of training")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--items", type=int, default=0, help="make a shop of this many products instead of a trained one"
    )
    parser.add_argument(
        "--steered", action="store_true", help="200 rules, the dial of diversity, links and tiredness at once"
    )
    options = parser.parse_args()
    server_core, other_core = two_cores()
    if options.items:
        many(options, server_core, other_core)
        return
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as scratch:
        folder = Path(scratch) / "shop"
        shop = regulars.init(folder)
        try:
            print("Filling the shop…", flush=True)
            fill(shop, options.products, options.customers, options.per_customer, options.seed)
            print("Training…", flush=True)
            trained = shop.train(settings=settings_for(options.max_seconds), seed=options.seed)
            print(f"{trained.version}: {trained.verdict}", flush=True)
            if not trained.promoted:
                shop.promote(trained.version, "benchmark: the full pipeline is measured, whatever it learned here")
            # As after a shop's first hour: the vectors of a search by meaning are kept in a file, and not made beside the load.
            shop.live.refresh()
            finder_of(shop.live.serving().catalogue, shop.workspace.search_vectors, wait=True)
            if options.steered:
                steer(shop, options.products, options.seed)
            secret = shop.create_key("benchmark", "secret")
            others = [copied(shop, trained.version), trained.version]
        finally:
            shop.close()
        wait_stopped(folder)
        os.sched_setaffinity(0, {other_core})  # inherited by the supervisor and PostgreSQL that start now
        with regulars.open(folder) as shop:
            asked = questions(secret, options.customers, options.seed)
            with Server.of_shop(folder, core=server_core) as server:
                busy, calm = asyncio.run(_load(server.port, asked, options.seconds))
                swapped = asyncio.run(_promoting(server.port, asked, shop, others, options.seconds))
            steps = _steps(shop)
            with shop.database.connect() as connection:
                kept = connection.execute(
                    "SELECT count(*) AS decisions, (SELECT count(*) FROM decision_traces) AS traces,"
                    " (SELECT avg(length(trace::text)) FROM decision_traces) AS size FROM decisions"
                ).fetchone()
                product = connection.execute("SELECT min(product_id) AS one FROM products").fetchone()
            assert kept is not None
            assert product is not None
            bare = _bare(shop.database.url, Path(scratch), server_core, int(product["one"]), options.seconds)
        wait_stopped(folder)
    _print_steps(steps)
    print(f"kept {kept['decisions']:,} decisions, {kept['traces']:,} traces of {kept['size'] / 1000:.1f} kB")
    if busy.failed or calm.failed:
        print(f"failed: {dict(busy.failed)} {dict(calm.failed)}")
    figures = {
        "requests_per_second": busy.per_second,
        "p50_ms": calm.percentile(0.5),
        "p99_ms_at_100": calm.percentile(0.99),
        "refresh_failed": float(sum(swapped.failed.values())),
        "bare_requests_per_second": bare.per_second,
        "failed": float(sum(busy.failed.values()) + sum(calm.failed.values())),
        **{f"{row['key']}_ms": float(row["ms"]) for row in steps},
    }
    print_report("serving", figures)


def _bare(url: str, scratch: Path, core: int, product: int, seconds: float) -> Load:
    def arguments(port: int) -> list[str]:
        os.environ["BARE_PORT"] = str(port)
        return ["-m", "benchmarks._bare"]

    asked = itertools.repeat(post("/one", "", orjson.dumps({"product": product})))
    os.environ["BARE_DATABASE_URL"] = url
    with Server(arguments, "/ready", scratch / "bare.log", core=core) as server:

        async def load() -> Load:
            await closed_loop(server.port, asked, connections=CONNECTIONS, seconds=WARM_SECONDS)
            return await closed_loop(server.port, asked, connections=CONNECTIONS, seconds=seconds)

        return asyncio.run(load())


if __name__ == "__main__":
    main()
