"""`regulars …`: the command line. Says what it does, a line a step; knows the Python API, not what stands behind it.

Exit codes: 0 done, 1 an error inside, 2 wrong input or usage, 3 a needed part can't be reached, 4 not enough data.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# Importing a module hangs its commands on the app; `--help` lists them in this order.
from regulars.cli import chat, content, data, pictures, recommender, serving, shop, steering, tuning  # noqa: F401 - their commands register themselves
from regulars.cli.options import app
from regulars.errors import RegularsError
from regulars.terminal import err


def _fail(error: RegularsError) -> NoReturn:
    err.print(f"{error.title}: {error.detail}", markup=False)
    where = ", ".join(f"{name} {value}" for name, value in error.where.items() if str(value) not in error.detail)
    if where:
        err.print(f"  where: {where}", markup=False)
    if error.hint:
        err.print(f"  what to do: {error.hint}", markup=False)
    if os.environ.get("REGULARS_LOG_LEVEL", "").lower() == "debug":
        raise error
    sys.exit(error.exit_code)


def _log_to_stderr() -> None:
    """What a script reads from stdout is the answer alone; without REGULARS_LOG_LEVEL only warnings are said."""
    import logging

    import structlog

    level = logging.getLevelNamesMapping().get(os.environ.get("REGULARS_LOG_LEVEL", "").upper(), logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def main() -> None:
    """The entry point: errors of ours become two lines and an exit code, never a traceback."""
    _log_to_stderr()
    try:
        app()
    except RegularsError as error:
        _fail(error)
    except KeyboardInterrupt:
        err.print("Stopped. What was committed stays; the same command goes on from there.")
        sys.exit(130)
