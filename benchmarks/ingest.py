"""How fast events come in, over HTTP and from a file: python -m benchmarks.ingest [--events N].

HTTP: batches of 500 JSON events to POST /v1/events over several connections, one API process; each answer comes after
its batch is committed. File: N generated events as JSON lines, imported by a process of its own; it is written as a
stream and deleted afterwards. Both go to a fresh workspace in the temporary folder, with records for none of the
products and customers they name: making an id for each is part of the work.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import uuid_utils

import regulars
from benchmarks._importing import imported
from benchmarks._report import print_report
from benchmarks._server import Load, Server, closed_loop, post
from regulars.store.supervisor import wait_stopped

BATCH = 500
CONNECTIONS = 4
PRODUCTS = 12_000
CUSTOMERS = 200_000
TYPES = ("view", "view", "view", "view", "click", "cart", "purchase")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 180
CHUNK = 10_000


def events(count: int, seed: int) -> Iterator[bytes]:
    """Events as a shop would send them, each as JSON, oldest first: Zipf products, uniform customers, some visitors."""
    generator = np.random.default_rng(seed)
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        products = np.minimum(generator.zipf(1.3, size), PRODUCTS).tolist()
        customers = generator.integers(0, CUSTOMERS, size).tolist()
        signed_out = (generator.random(size) < 0.3).tolist()
        types = generator.integers(0, len(TYPES), size).tolist()
        for number in range(size):
            moment = FIRST + timedelta(days=DAYS) * ((start + number) / count)
            kind = TYPES[types[number]]
            event: dict[str, str | int] = {
                "message_id": str(uuid_utils.uuid7()),
                "type": kind,
                "occurred_at": moment.isoformat(timespec="milliseconds"),
                "visitor" if signed_out[number] else "customer": f"c{customers[number]}",
                "session": f"s{customers[number]}-{(start + number) // 1_000_000}",
                "product": f"p{products[number]}",
            }
            if kind == "purchase":
                event["quantity"], event["price"], event["currency"] = 1, "19.90", "EUR"
            yield orjson.dumps(event)


def measure_http(workspace: Path, seconds: float, seed: int) -> Load:
    """Batches from prepared bytes; once they run out they don't come again, or they would be duplicates."""
    count = int(60_000 * seconds)
    with regulars.open(workspace) as shop:
        key = shop.create_key("benchmark", "secret")
        batches = [
            post("/v1/events", key, b'{"events":[' + b",".join(batch) + b"]}")
            for batch in _batched(events(count, seed), BATCH)
        ]
        with Server.of_shop(workspace) as server:
            return asyncio.run(
                closed_loop(server.port, iter(batches), connections=CONNECTIONS, seconds=seconds, expected=202)
            )


def _batched(source: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while batch := list(itertools.islice(source, size)):
        yield batch


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000, help="in the imported file; 0 leaves the import out")
    parser.add_argument("--seconds", type=float, default=15.0, help="of the load over HTTP; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the file and the workspaces go meanwhile")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", dir=options.data) as folder:
        if options.seconds:
            workspace = Path(folder) / "http"
            try:
                with regulars.init(workspace):
                    load = measure_http(workspace, options.seconds, options.seed)
            finally:
                wait_stopped(workspace)
            print(
                f"HTTP: {len(load.latencies):,} batches in {load.seconds:.1f} s, {dict(load.failed) or 'none'} failed"
            )
            figures |= {
                "events_per_second": load.per_second * BATCH,
                "batch_p50_ms": load.percentile(0.5),
                "batch_p99_ms": load.percentile(0.99),
                "failed_batches": float(load.failed.total()),
            }
        if options.events:
            file = Path(folder) / "events.jsonl"
            with file.open("wb") as out:
                for event in events(options.events, options.seed + 1):
                    out.write(event + b"\n")
            print(f"File: {options.events:,} events, {file.stat().st_size / 1e6:,.0f} MB", flush=True)
            workspace = Path(folder) / "import"
            try:
                with regulars.init(workspace):
                    run = imported(workspace, "events", file)
            finally:
                wait_stopped(workspace)
            figures |= {
                "import_rows_per_second": run.read / run.seconds,
                "import_seconds": run.seconds,
                "import_peak_mb": run.peak_mb,
                "imported": float(run.new),
                "rejected": float(run.rejected),
            }
    print_report("ingest", figures)


if __name__ == "__main__":
    main()
