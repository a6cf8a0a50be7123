"""How the command line prints: lines, JSON, tables and progress bars. What is printed is text, never markup."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# Titles come from shops: "[red]" and ":x:" in them are words.
out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def say(text: str) -> None:
    out.print(text, markup=False)


@contextmanager
def progress_bar(text: str, quiet: bool, total: float | None = None) -> Iterator[Any]:
    """A progress bar on a terminal; nothing when a script reads, or JSON lines on stderr with REGULARS_PROGRESS=lines."""
    if os.environ.get("REGULARS_PROGRESS") == "lines":
        yield Lines(text)
        return
    if quiet or not err.is_terminal:
        yield None
        return
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    if total != 1.0:
        columns.insert(3, MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        yield Task(progress, progress.add_task(text, total=total))


class Lines:
    """Progress for a program that started this one: at most four lines a second."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._told = 0.0

    def rows(self, done: int, total: int | None) -> None:
        self._tell(done, total, f"{done:,}" + (f" / {total:,}" if total else ""))

    def share(self, done: float, text: str) -> None:
        self._tell(done, 1.0, text)

    def _tell(self, done: float, total: float | None, says: str) -> None:
        now = time.monotonic()
        if now - self._told < 0.25 and done != total:
            return
        self._told = now
        line = json.dumps({"progress": {"done": done, "total": total, "says": says[:120]}}, ensure_ascii=False)
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


class Task:
    def __init__(self, progress: Progress, task: Any) -> None:
        self.progress, self.task = progress, task

    def rows(self, done: int, total: int | None) -> None:
        self.progress.update(self.task, completed=done, total=total)

    def share(self, done: float, text: str) -> None:
        self.progress.update(self.task, completed=done, description=text[:60])
