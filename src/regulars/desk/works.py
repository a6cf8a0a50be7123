"""Long work that the console starts: imports and trainings, each a process of its own, so that answers stay fast.

Knows command lines, not what they do. A work tells its progress in JSON lines on stderr and its result in JSON on stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Literal

from regulars.errors import Conflict

State = Literal["running", "stopping", "done", "failed", "cancelled"]
GRACE_SECONDS = 10.0  # after this a work that was asked to stop is killed; what it committed stays
KEPT = 8  # finished works that are still shown
DONE_SECONDS = 30.0  # after this what went well isn't shown any more; what failed stays
MAX_ERROR = 2_000


@dataclass(slots=True)
class Work:
    """One run. `share` is 0 to 1, or None while its length isn't known."""

    number: int
    kind: str
    title: str
    state: State = "running"
    share: float | None = None
    says: str = ""
    error: str = ""
    result: Any = None
    started: float = field(default_factory=time.time)
    ended: float | None = None
    process: asyncio.subprocess.Process | None = None
    then: Callable[[Work], None] | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    @property
    def seconds(self) -> float:
        return (self.ended or time.time()) - self.started


class Works:
    """The works of one console. Runs in one event loop."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self.all: list[Work] = []
        self.version = 0  # grows with each change: who shows them redraws then

    def running(self, kind: str | None = None) -> list[Work]:
        return [one for one in self.all if not one.over and kind in (None, one.kind)]

    def start(self, kind: str, title: str, arguments: list[str], then: Callable[[Work], None] | None = None) -> Work:
        """Runs `regulars ARGUMENTS`. `then` is called when it is over. Raises: Conflict for a second training or tuning."""
        if kind in ("training", "tuning") and self.running(kind):
            raise Conflict(f"A {kind} is running already.", hint="Wait for it, or cancel it.")
        work = Work(next(self._numbers), kind, title, then=then)
        self.all.insert(0, work)
        over = [one for one in self.all if one.over]
        for old in over[KEPT:]:
            self.all.remove(old)
        task = asyncio.get_running_loop().create_task(self._run(work, arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.version += 1
        return work

    def forget(self, number: int) -> None:
        """A finished work isn't shown any more."""
        self.all = [one for one in self.all if one.number != number or not one.over]
        self.version += 1

    def tidy(self) -> None:
        """Forgets what went well a while ago."""
        now = time.time()
        kept = [one for one in self.all if one.state != "done" or now - (one.ended or now) < DONE_SECONDS]
        if len(kept) != len(self.all):
            self.all = kept
            self.version += 1

    def cancel(self, number: int) -> None:
        """Asks a work to stop; after ten seconds it is killed."""
        for work in self.running():
            if work.number == number and work.state == "running":
                work.state = "stopping"
                self.version += 1
                if work.process is not None:
                    _tell(work.process, signal.SIGINT)
                    asyncio.get_running_loop().call_later(GRACE_SECONDS, _kill, work)

    async def stop(self) -> None:
        """The console ends: its works end too. A stopped import goes on from there when it is started again."""
        for work in self.running():
            self.cancel(work.number)
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=GRACE_SECONDS / 2)
            for work in self.running():
                _kill(work)
            if late:
                await asyncio.wait(late, timeout=2)

    async def _run(self, work: Work, arguments: list[str]) -> None:
        environment = {**os.environ, "REGULARS_PROGRESS": "lines"}
        try:
            work.process = await asyncio.create_subprocess_exec(
                *("nice", "-n", "10", sys.executable, "-m", "regulars.cli", *arguments),
                *("--workspace", str(self._workspace)),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the server's terminal is the server's to pass on
                limit=1 << 22,
            )
            if work.state == "stopping":  # cancelled before it had begun
                _tell(work.process, signal.SIGINT)
            assert work.process.stdout is not None
            assert work.process.stderr is not None
            told, _ = await asyncio.gather(work.process.stdout.read(), self._follow(work, work.process.stderr))
            code = await work.process.wait()
            with contextlib.suppress(ValueError):
                work.result = json.loads(told)
        except OSError as error:
            work.error, code = str(error), 1
        work.ended = time.time()
        work.process = None
        if code == 0:
            work.state, work.share = "done", 1.0
        else:
            work.state = "cancelled" if work.state == "stopping" else "failed"
        self.version += 1
        if work.then is not None:
            work.then(work)

    async def _follow(self, work: Work, stream: asyncio.StreamReader) -> None:
        async for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip()
            try:
                progress = json.loads(line)["progress"] if line.startswith('{"progress"') else None
            except (ValueError, KeyError):
                progress = None
            if progress is None:
                work.error = (work.error + "\n" + line).strip()[-MAX_ERROR:]
                continue
            done, total = progress["done"], progress["total"]
            work.share = None if not total else min(1.0, done / total)
            work.says = str(progress["says"])
            self.version += 1


def _tell(process: asyncio.subprocess.Process, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, what)


def _kill(work: Work) -> None:
    if work.process is not None and not work.over:
        _tell(work.process, signal.SIGKILL)
