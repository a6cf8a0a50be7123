"""What hard kills cost: python -m benchmarks.crash [--kills 24].

Clients put events on the timeline and ask for lists over HTTP, and remember what was acknowledged; what wasn't they send
again under the same message id until it is. Meanwhile the API process, PostgreSQL and the supervisor are killed in turn
(SIGKILL): PostgreSQL once with a supervisor that looks after it and once without. A killed API process is started again;
from the other kills the running one has to recover by itself. After each recovery the clients pause, the mirror is
synced and compared with the store row by row. At the end every acknowledged id is looked for in the store.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psycopg

import regulars
from benchmarks._report import print_report
from benchmarks._server import Answer, Connection, Server, post
from regulars.errors import Unavailable
from regulars.store.database import Database
from regulars.store.mirror import Mirror
from regulars.store.supervisor import owner_pids, wait_stopped

CLIENTS = 4
BATCH = 50
PAUSE_SECONDS = 0.05
"""Between two batches of a client: about 3,000 events a second in all."""
LIST_SHARE = 0.3
RECOVER_SECONDS = 60.0
PRODUCTS, CUSTOMERS = 200, 2_000
CYCLE = ("server", "postgresql", "supervisor", "postgresql")

# The judge has SQL of its own. Each pair reads the same columns of a table, from PostgreSQL and from the mirror.
COMPARED = {
    "events": (
        "SELECT event_id, message_id::text, type, (extract(epoch FROM occurred_at) * 1000000)::bigint,"
        " (extract(epoch FROM received_at) * 1000000)::bigint, clock, customer_id, visitor_id, session, product_id,"
        " variant_id, order_id, quantity, amount, trim(currency::text), exponent, decision_id::text, position, surface,"
        " source FROM events",
        "SELECT event_id, message_id, type, epoch_us(occurred_at), epoch_us(received_at), clock, customer_id, visitor_id,"
        " session, product_id, variant_id, order_id, quantity, amount, trim(currency), exponent, decision_id, position,"
        " surface, source FROM events",
    ),
    "decisions": (
        "SELECT decision_id::text, (extract(epoch FROM at) * 1000000)::bigint, surface, customer_id, visitor_id, mode,"
        " policy, seed, product_ids::text, sources::text FROM decisions",
        'SELECT decision_id, epoch_us("at"), surface, customer_id, visitor_id, mode, policy, seed,'
        " '{' || array_to_string(product_ids, ',') || '}', '{' || array_to_string(sources, ',') || '}' FROM decisions",
    ),
    "products": ("SELECT product_id, known, status FROM products", "SELECT product_id, known, status FROM products"),
    "customers": ("SELECT customer_id, known FROM customers", "SELECT customer_id, known FROM customers"),
}


@dataclass(slots=True)
class Client:
    """All clients together: what they sent, what came back."""

    port: int
    key: str
    generator: np.random.Generator
    events: set[str] = field(default_factory=set)
    decisions: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    retried: Counter[str] = field(default_factory=Counter)
    may_send: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0

    async def work(self) -> None:
        """Sends until cancelled."""
        connection: Connection | None = None
        try:
            while True:
                await self.may_send.wait()
                self.under_way += 1
                try:
                    connection = await self.put(connection)
                    if self.generator.random() < LIST_SHARE:
                        connection = await self.ask(connection)
                finally:
                    self.under_way -= 1
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            if connection is not None:
                connection.close()

    async def put(self, connection: Connection | None) -> Connection:
        """A batch of new events, sent until it is acknowledged."""
        batch = [self._event() for _ in range(BATCH)]
        ids = [event["message_id"] for event in batch]
        self.sent.update(ids)
        request = post("/v1/events", self.key, orjson.dumps({"events": batch}))
        while True:
            connection, answer = await self._send(connection, request)
            if answer is not None and answer.status == 202:
                self.events.update(ids)
                return connection
            await asyncio.sleep(0.1)

    async def ask(self, connection: Connection | None) -> Connection:
        """A list; one that fails is asked for again, as another decision."""
        who = f"c{self.generator.integers(CUSTOMERS)}"
        request = post("/v1/recommendations", self.key, orjson.dumps({"surface": "home", "customer": who, "n": 10}))
        while True:
            connection, answer = await self._send(connection, request)
            if answer is not None and answer.status == 200:
                self.decisions.add(orjson.loads(answer.body)["decision_id"])
                return connection
            await asyncio.sleep(0.1)

    async def _send(self, connection: Connection | None, request: bytes) -> tuple[Any, Answer | None]:
        try:
            if connection is None:
                connection = await Connection.open(self.port)
            answer = await connection.send(request)
        except (OSError, TimeoutError) as error:
            self.retried[type(error).__name__] += 1
            if connection is not None:
                connection.close()
            return None, None
        if answer.status not in (200, 202):
            self.retried[str(answer.status)] += 1
        return connection, answer

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Everything sent is acknowledged, and nothing is sent meanwhile. Raises Unavailable when that takes too long."""
        self.may_send.clear()
        deadline = time.monotonic() + RECOVER_SECONDS
        while self.under_way:
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.under_way} clients still wait for an answer: {dict(self.retried)}.")
            await asyncio.sleep(0.01)
        yield
        self.may_send.set()

    def _event(self) -> dict[str, Any]:
        number = int(self.generator.integers(CUSTOMERS))
        return {
            "message_id": str(uuid.UUID(bytes=self.generator.bytes(16), version=4)),
            "type": ("view", "click", "cart")[number % 3],
            "visitor" if self.generator.random() < 0.3 else "customer": f"c{number}",
            "product": f"p{self.generator.integers(PRODUCTS)}",
        }


def differences(workspace: Path, url: str) -> dict[str, int]:
    """Sync the mirror; of each table the rows that stand on one side only or aren't the same on both."""
    database = Database(workspace, url)  # by address: the judge must not start a supervisor, the server has to
    mirror = Mirror(workspace / "mirror")
    with psycopg.connect(url, autocommit=True) as connection:
        _settled(connection)
        mirror.sync(database)
        out = {}
        with mirror.read() as copy:
            for table, (in_store, in_mirror) in COMPARED.items():
                store = Counter(connection.execute(in_store).fetchall())
                mirrored = Counter(copy.execute(in_mirror).fetchall())
                out[table] = ((store - mirrored) + (mirrored - store)).total()
    return out


def _settled(connection: psycopg.Connection[Any]) -> None:
    """Wait until no transaction is open: a killed server's last one may still be at work."""
    deadline = time.monotonic() + RECOVER_SECONDS
    while connection.execute(
        "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_xid IS NOT NULL LIMIT 1"
    ).fetchone():
        if time.monotonic() > deadline:
            raise Unavailable("A transaction stays open.")
        time.sleep(0.02)


async def kill(victim: str, workspace: Path, server: Server) -> None:
    """SIGKILL. A killed server is started again."""
    if victim == "server":
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        return
    deadline = time.monotonic() + RECOVER_SECONDS
    while (pid := owner_pids(workspace).get(victim)) is None:
        if time.monotonic() > deadline:
            raise Unavailable(f"There is no {victim} to kill.")
        await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)


async def run(
    workspace: Path, url: str, key: str, server: Server, kills: int, seed: int
) -> tuple[Client, list[float], Counter[str]]:
    """The clients when all is done, seconds until each recovery, differences by table."""
    client = Client(server.port, key, np.random.default_rng(seed))
    moments = np.random.default_rng(seed + 1)
    different: Counter[str] = Counter()
    recoveries = []
    client.may_send.set()
    workers = [asyncio.create_task(client.work()) for _ in range(CLIENTS)]
    try:
        for number, victim in enumerate(itertools.islice(itertools.cycle(CYCLE), kills)):
            await asyncio.sleep(moments.uniform(0.5, 2.0))
            started = time.monotonic()
            await kill(victim, workspace, server)
            probe = await asyncio.wait_for(client.put(None), RECOVER_SECONDS)
            probe.close()
            recoveries.append(time.monotonic() - started)
            async with client.paused():
                found = await asyncio.to_thread(differences, workspace, url)
            different.update(found)
            print(
                f"kill {number + 1}: {victim}, answered again after {recoveries[-1]:.2f} s,"
                f" {len(client.events):,} events acknowledged, {sum(found.values())} differences",
                flush=True,
            )
        async with client.paused():
            pass
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return client, recoveries, different


def judge(url: str, client: Client) -> dict[str, float]:
    """Looks for every acknowledged id, for events that stand twice, and for events that nobody sent."""
    with psycopg.connect(url) as connection:
        stored = [row[0] for row in connection.execute("SELECT message_id::text FROM events")]
        decided = {row[0] for row in connection.execute("SELECT decision_id::text FROM decisions")}
        traced = {row[0] for row in connection.execute("SELECT decision_id::text FROM decision_traces")}
    present = set(stored)
    return {
        "acknowledged": float(len(client.events)),
        "lost": float(len(client.events - present)),
        "duplicated": float(len(stored) - len(present)),
        "unsent": float(len(present - client.sent)),
        "decisions_acknowledged": float(len(client.decisions)),
        "decisions_lost": float(len(client.decisions - decided) + len(client.decisions - traced)),
    }


def products() -> Iterator[dict[str, Any]]:
    for number in range(PRODUCTS):
        yield {"id": f"p{number}", "title": f"Product {number}", "price": "9.90"}


def main() -> None:
    """Command line; prints the report of benchmarks/_report.py."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the workspace goes meanwhile")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", dir=options.data) as folder:
        workspace = Path(folder) / "shop"
        file = Path(folder) / "products.jsonl"
        file.write_bytes(b"\n".join(map(orjson.dumps, products())))
        with regulars.init(workspace) as shop:
            shop.import_file("products", file)
            key, url = shop.create_key("benchmark", "secret"), shop.database.url
            server = Server.of_shop(workspace)
            server.start()
        try:
            # From here on only the server holds a lease.
            client, recoveries, different = asyncio.run(run(workspace, url, key, server, options.kills, options.seed))
            figures = judge(url, client)
        finally:
            server.stop()
            if not wait_stopped(workspace):
                for pid in owner_pids(workspace).values():
                    os.kill(pid, signal.SIGKILL)
    print(f"Sent again because of {dict(client.retried) or 'nothing'}; differences by table {dict(different)}")
    figures = {
        "kills": float(len(recoveries)),
        **figures,
        "mirror_differences": float(different.total()),
        "recovery_mean_s": float(np.mean(recoveries)),
        "recovery_max_s": max(recoveries),
    }
    print_report("crash", figures)


if __name__ == "__main__":
    main()
