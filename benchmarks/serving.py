"""How fast lists are served: python -m benchmarks.serving [--products 12000] [--customers 20000].

A synthetic shop with a trained model. The API process has one core to itself; PostgreSQL and the load generator have
the other. Each list is a decision with its full trace, committed before it is answered. requests_per_second: a closed
loop of 16 connections; p50/p99_ms_at_100: an open loop at 100 requests a second. bare_requests_per_second: an endpoint
of the same framework, server and pool that reads one row. Step times are means of what the decisions themselves report.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson

import regulars
from benchmarks._report import print_report
from benchmarks._server import Load, Server, closed_loop, open_loop, post, two_cores
from regulars.recommend.train import settings_for
from regulars.schema import Event, Product, ShopSettings
from regulars.shop import Shop
from regulars.store import records, rows
from regulars.store.supervisor import wait_stopped

CONNECTIONS = 16
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
                event = Event.model_validate(
                    {
                        "message_id": f"{customer}-{step}",
                        "type": "view",
                        "occurred_at": at + timedelta(minutes=step),
                        "customer": f"c{customer}",
                        "product": f"p{number}",
                    }
                )
                batch.append(rows.event_row(event, clock, settings))
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=12_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--per-customer", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each load")
    parser.add_argument("--max-seconds", type=float, default=60.0, help="of training")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    server_core, other_core = two_cores()
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
            secret = shop.create_key("benchmark", "secret")
        finally:
            shop.close()
        wait_stopped(folder)
        os.sched_setaffinity(0, {other_core})  # inherited by the supervisor and PostgreSQL that start now
        with regulars.open(folder) as shop:
            asked = questions(secret, options.customers, options.seed)
            with Server.of_shop(folder, core=server_core) as server:
                busy, calm = asyncio.run(_load(server.port, asked, options.seconds))
            with shop.database.connect() as connection:
                steps = connection.execute(
                    "SELECT key, avg(value::float8) AS ms FROM decisions, jsonb_each_text(timings_ms) GROUP BY 1 ORDER BY 2 DESC"
                ).fetchall()
                kept = connection.execute(
                    "SELECT count(*) AS decisions, (SELECT count(*) FROM decision_traces) AS traces,"
                    " (SELECT avg(length(trace::text)) FROM decision_traces) AS size FROM decisions"
                ).fetchone()
                product = connection.execute("SELECT min(product_id) AS one FROM products").fetchone()
            assert kept is not None
            assert product is not None
            bare = _bare(shop.database.url, Path(scratch), server_core, int(product["one"]), options.seconds)
        wait_stopped(folder)
    print(f"{'step':<14}{'ms':>8}")
    for row in steps:
        print(f"{row['key']:<14}{row['ms']:>8.3f}")
    print(f"kept {kept['decisions']:,} decisions, {kept['traces']:,} traces of {kept['size'] / 1000:.1f} kB")
    if busy.failed or calm.failed:
        print(f"failed: {dict(busy.failed)} {dict(calm.failed)}")
    figures = {
        "requests_per_second": busy.per_second,
        "p50_ms_at_100": calm.percentile(0.5),
        "p99_ms_at_100": calm.percentile(0.99),
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
