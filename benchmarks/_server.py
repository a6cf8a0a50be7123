"""`regulars serve` as a process of its own, and a light load generator for it: HTTP/1.1 over kept connections.

Requests are built beforehand and answers are only measured, so that the generator takes little of the machine. An open
loop counts from the moment a request was due, not from when it could be sent: waiting is part of the latency.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from regulars.errors import Unavailable

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of one answer."""

    status: int
    body: bytes


class Connection(asyncio.Protocol):
    """One kept connection with one request under way at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Raises OSError when nobody listens."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        return connection

    async def send(self, request: bytes, seconds: float = ANSWER_SECONDS) -> Answer:
        """Raises ConnectionError when the connection ends before the answer, TimeoutError."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("The connection is closed.")
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Answer] = loop.create_future()
        self._waiting = waiting
        self._transport.write(request)
        timer = loop.call_later(seconds, _expire, waiting)
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError(f"The server closed the connection: {error}."))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        at = head.find(b"\r\ncontent-length:")
        length = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._received) < end + 4 + length:
            return
        answer = Answer(int(head[9:12]), bytes(self._received[end + 4 : end + 4 + length]))
        self._received.clear()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)


def _expire(waiting: asyncio.Future[Answer]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError("No answer in time."))


def post(path: str, key: str, body: bytes) -> bytes:
    """A whole POST request of JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, key: str = "") -> bytes:
    """A whole GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


@dataclass(slots=True)
class Load:
    """What a load met. latencies: milliseconds of the requests answered as expected; failed: how often each other status."""

    latencies: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The exact one, in milliseconds: the smallest latency that at least this share of the requests stayed within."""
        ordered = np.sort(np.array(self.latencies))
        return float(ordered[max(0, int(np.ceil(share * len(ordered))) - 1)]) if len(ordered) else float("nan")


@contextlib.asynccontextmanager
async def _connections(port: int, count: int) -> AsyncIterator[list[Connection]]:
    opened = [await Connection.open(port) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


async def closed_loop(
    port: int, requests: Iterator[bytes], *, connections: int, seconds: float, expected: int = 200
) -> Load:
    """Every connection sends its next request when the last one is answered, for this long or until there are no more."""
    load = Load()
    async with _connections(port, connections) as opened:
        started = time.perf_counter()
        end = started + seconds

        async def work(connection: Connection) -> None:
            while (now := time.perf_counter()) < end:
                request = next(requests, None)
                if request is None:
                    return
                answer = await connection.send(request)
                if answer.status == expected:
                    load.latencies.append((time.perf_counter() - now) * 1e3)
                else:
                    load.failed[str(answer.status)] += 1

        await asyncio.gather(*map(work, opened))
        load.seconds = time.perf_counter() - started
    return load


async def open_loop(
    port: int, requests: Iterator[bytes], *, rate: float, seconds: float, connections: int = 64, expected: int = 200
) -> Load:
    """A request is due every 1/rate seconds, whatever became of those before; each takes a free connection."""
    load = Load()
    async with _connections(port, connections) as opened:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in opened:
            free.put_nowait(connection)
        started = time.perf_counter()

        async def one(due: float, request: bytes) -> None:
            connection = await free.get()
            try:
                answer = await connection.send(request)
            finally:
                free.put_nowait(connection)
            if answer.status == expected:
                load.latencies.append((time.perf_counter() - due) * 1e3)
            else:
                load.failed[str(answer.status)] += 1

        sent: list[asyncio.Task[None]] = []
        for number in range(int(rate * seconds)):
            due = started + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            sent.append(asyncio.create_task(one(due, next(requests))))
        await asyncio.gather(*sent)
        load.seconds = time.perf_counter() - started
    return load


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One program that listens. Use it as a context manager; it can be killed and started again on the same port."""

    def __init__(
        self,
        arguments: Callable[[int], list[str]],
        ready_path: str,
        log: Path,
        *,
        core: int | None = None,
        environment: dict[str, str] | None = None,
        ready_seconds: float = READY_SECONDS,
    ) -> None:
        """arguments: of Python, given the port. core: the one core the process may use. ready_seconds: it may take to start."""
        self.port = free_port()
        self._command = [*pinned(core), sys.executable, *arguments(self.port)]
        self._ready_path = ready_path
        self._log = log
        self._environment = {**os.environ, "REGULARS_SECRET_REQUESTS_PER_SECOND": "1000000", **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._ready_seconds = ready_seconds
        self.took = 0.0  # seconds from start to ready

    @classmethod
    def of_shop(
        cls,
        workspace: Path,
        *,
        core: int | None = None,
        environment: dict[str, str] | None = None,
        ready_seconds: float = READY_SECONDS,
    ) -> Server:
        """`regulars serve` of a workspace, its output in the workspace's logs."""

        def arguments(port: int) -> list[str]:
            return ["-m", "regulars.cli", "serve", "--workspace", str(workspace), "--port", str(port)]

        log = workspace / "logs" / "benchmark-server.log"
        return cls(arguments, "/v1/ready", log, core=core, environment=environment, ready_seconds=ready_seconds)

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts the process and waits until it can answer. Raises Unavailable when it ends or takes too long."""
        self._output = self._log.open("ab")
        # taskset replaces itself by the program: the process id is the server's own.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=self._environment,
        )
        try:
            self.took = self.wait_ready(self._ready_seconds)
        except BaseException:
            self.stop()
            raise

    def wait_ready(self, seconds: float = READY_SECONDS) -> float:
        """Seconds until it says it is ready. Raises Unavailable, quoting the end of its output."""
        started = time.monotonic()
        while not self.is_ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() - started > seconds:
                told = self._log.read_text(errors="replace").strip()[-1_500:]
                raise Unavailable(f"The server {'ended' if ended else 'is not ready'}: {told}")
            time.sleep(0.02)
        return time.monotonic() - started

    def is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(get(self._ready_path))
                return connection.recv(64).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    def kill(self) -> None:
        """As the power would: no goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._close()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._output is not None:
            self._output.close()
            self._output = None


def pinned(core: int | None) -> list[str]:
    """The words before a command that keep it on one core."""
    return [] if core is None else ["taskset", "--cpu-list", str(core)]


def two_cores() -> tuple[int, int]:
    """One core for the server, one for the rest. Raises Unavailable on a machine with fewer."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Unavailable("This benchmark needs two cores: one for the API process, one for the rest.")
    return cores[0], cores[1]
