"""`regulars serve`: one or several API processes, and what is due in the background. Knows no route."""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from regulars.errors import WorkspaceError
from regulars.shop import Shop
from regulars.shop import open as open_shop
from regulars.store import access
from regulars.store.workspace import Workspace

MAINTAIN_SECONDS = 600.0
STOP_SECONDS = 10


def run(
    folder: Path,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    say: Callable[[str], None],
    console: bool | None = None,
) -> None:
    """Serves until Ctrl-C or SIGTERM, then stops cleanly: requests under way are answered, decisions written.

    Raises: WorkspaceError when the port is taken; what opening a workspace raises.
    """
    workspace = Workspace.open(folder)
    start = workspace.start_settings()
    host, port, workers = host or start.host, port or start.port, workers or start.workers
    console = start.console if console is None else console
    apart = console and workers > 1  # it keeps its readers' state: one process, on a port of its own
    _require_free(host, port)
    if apart:
        _require_free(host, start.console_port)
    configure_logs(start.log_level)
    with open_shop(workspace.folder) as shop:  # migrates, and keeps the database running while workers come and go
        counts = shop.counts()
        shown = f"[{host}]" if ":" in host else "127.0.0.1" if host in ("0.0.0.0", "") else host
        say(f"Shop: {shop.settings.name}, {counts['products']:,} products, {counts['events']:,} events")
        say(f"Storefront  http://{shown}:{port}/")
        say(f"API         http://{shown}:{port}/docs   (health: /v1/ready, metrics: /metrics)")
        if console:
            say(f"Console     http://{shown}:{start.console_port if apart else port}/console/")
            _say_password(shop, say)
        say("Ctrl-C stops.")
        os.environ["REGULARS_WORKSPACE"] = str(workspace.folder)
        os.environ["REGULARS_CONSOLE"] = "true" if console and not apart else "false"
        with _maintenance(workspace), _shared_metrics(workers), _console_apart(workspace, host, apart):
            config = uvicorn.Config(
                "regulars.web.server:app",
                factory=True,
                host=host,
                port=port,
                workers=workers,
                loop="uvloop",
                http="httptools",
                ws="websockets-sansio" if console and not apart else "none",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
                backlog=2048,
            )
            if workers == 1:
                # The server stops cleanly at a signal and then sends it on: to this handler, or nothing could be said.
                signal.signal(signal.SIGTERM, lambda *_: None)
                with contextlib.suppress(KeyboardInterrupt):
                    uvicorn.Server(config).run()
            else:
                from uvicorn.supervisors import Multiprocess

                listening = config.bind_socket()
                Multiprocess(config, sockets=[listening]).run()
        say("Stopped.")


def app() -> FastAPI:
    """The app of the workspace named by REGULARS_WORKSPACE: what each process runs, and any ASGI server can."""
    from regulars.web.api import create_app

    workspace = Workspace.open(Path(os.environ.get("REGULARS_WORKSPACE", ".")))
    configure_logs(workspace.start_settings().log_level)
    start = workspace.start_settings()
    made = create_app(workspace.folder, console=start.console)
    _collect_less()
    return made


def console_app() -> FastAPI:
    """The console alone, of the workspace named by REGULARS_WORKSPACE."""
    from regulars.web.console.app import console_app as make

    workspace = Workspace.open(Path(os.environ.get("REGULARS_WORKSPACE", ".")))
    configure_logs(workspace.start_settings().log_level)
    return make(workspace.folder)


def run_console(folder: Path, *, host: str | None, port: int | None, say: Callable[[str], None]) -> None:
    """Serves the console alone, until Ctrl-C or SIGTERM.

    Raises: WorkspaceError when the port is taken; what opening a workspace raises.
    """
    workspace = Workspace.open(folder)
    start = workspace.start_settings()
    host, port = host or start.host, port or start.console_port
    _require_free(host, port)
    configure_logs(start.log_level)
    with open_shop(workspace.folder) as shop:
        say(f"Console     http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}/console/")
        _say_password(shop, say)
        os.environ["REGULARS_WORKSPACE"] = str(workspace.folder)
        config = uvicorn.Config(
            "regulars.web.server:console_app",
            factory=True,
            host=host,
            port=port,
            loop="uvloop",
            http="httptools",
            ws="websockets-sansio",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run()


def _say_password(shop: Shop, say: Callable[[str], None]) -> None:
    """Said once, never logged: only its hash is kept."""
    with shop.database.connect() as connection:
        password = access.first_password(connection)
    if password is not None:
        say(f"            its password, shown this once: {password}   (another: regulars password)")


def _collect_less() -> None:
    # A batch of events is thousands of small objects without cycles: collecting after each 700, over all the modules
    # again and again, was a third of the time that their checking takes.
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # at the end libraries want to see their objects go, and complain if they don't
    # Keeping up with the store takes a thread a few milliseconds each second; a request waits one at most for its turn.
    sys.setswitchinterval(0.001)
    gc.set_threshold(50_000, 20, 20)


def configure_logs(level: str) -> None:
    """One JSON line an entry on stderr; readable lines on a terminal."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise WorkspaceError(f"log_level {level!r} isn't a level.", hint="Choose debug, info, warning or error.")
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    # DuckDB tells of a copy that the console's few hundred rows don't feel.
    warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # the engine says once that the database is lost


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise WorkspaceError(
                f"Port {port} on {host} can't be used: {error.strerror}.", hint="Choose another: --port 8001."
            ) from error


@contextlib.contextmanager
def _maintenance(workspace: Workspace) -> Iterator[None]:
    """Every ten minutes a process of its own syncs the mirror and forgets what is due: it never holds up an answer."""
    stopping = threading.Event()

    def work() -> None:
        while not stopping.wait(MAINTAIN_SECONDS):
            subprocess.run(
                [
                    "nice",
                    "-n",
                    "10",
                    sys.executable,
                    "-m",
                    "regulars.cli",
                    "sync",
                    "--workspace",
                    str(workspace.folder),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=False,
            )

    thread = threading.Thread(target=work, name="maintenance", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()


@contextlib.contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """With several processes their counters are added up through files."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="regulars-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        try:
            yield
        finally:
            del os.environ["PROMETHEUS_MULTIPROC_DIR"]


@contextlib.contextmanager
def _console_apart(workspace: Workspace, host: str, wanted: bool) -> Iterator[None]:
    """The console as a process of its own beside several API processes; it ends with them."""
    if not wanted:
        yield
        return
    command = [sys.executable, "-m", "regulars.cli", "console", "--workspace", str(workspace.folder), "--host", host]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
