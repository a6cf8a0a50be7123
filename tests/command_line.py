"""The command line from inside a test: its real entry point, in this process, so that it is quick."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from regulars.cli import main


@dataclass
class Said:
    """What a command ended with and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


def command_in(folder: Path, **settings: str) -> Command:
    """Runs `regulars WORDS` in a folder with these environment variables, and what a call adds to them. typed: what is piped in."""

    def command(*words: str, typed: str = "", **more: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.chdir(folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(sys, "argv", ["regulars", *words])
            patch.setattr(sys, "stdin", io.StringIO(typed))
            for name, value in {**settings, **more}.items():
                patch.setenv(name, value)
            code = 0
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
        return Said(code, out.getvalue(), err.getvalue())

    command.here = folder  # type: ignore[attr-defined]  # a function that knows its folder
    return command
