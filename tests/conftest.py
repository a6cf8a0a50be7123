"""One embedded PostgreSQL for the whole run, and an empty, migrated database of its own for each test that wants one.

The tests run against the embedded server. With REGULARS_TEST_DATABASE_URL set (an account that may create databases),
every test that uses `database` or `shop` runs a second time, against that server.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from regulars.schema import ShopSettings
from regulars.shop import Shop
from regulars.store import shop as shop_table
from regulars.store import supervisor
from regulars.store.database import Database, migrate
from regulars.store.workspace import StartSettings, Workspace

OUTSIDE = os.environ.pop("REGULARS_TEST_DATABASE_URL", None)
SERVERS = ["embedded", *(["outside"] if OUTSIDE else [])]
_numbers = count(1)


def at_database(url: str, name: str) -> str:
    """The same server's address with another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc or "", f"/{name}", parts.query, "")).replace(
        f"{parts.scheme}:/{name}", f"{parts.scheme}:///{name}"
    )


@dataclass
class Server:
    """A PostgreSQL with a migrated template, from which databases are copied."""

    url: str
    template: str

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    def make(self) -> str:
        """The address of a new, empty, migrated database."""
        name = f"regulars_test_{os.getpid()}_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        return at_database(self.url, name)

    def drop(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {urlsplit(url).path.lstrip('/')} WITH (FORCE)")


@contextlib.contextmanager
def folder_for_server() -> Iterator[Path]:
    """A temporary folder in which an embedded server can live.

    Not pytest's own: run as root, the server belongs to another user, and each pytest that starts takes away everybody
    else's right to enter pytest's folder. A server in there loses its data in the middle of another's run.
    """
    with tempfile.TemporaryDirectory(prefix="regulars-tests-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for a workspace with a server of its own."""
    with folder_for_server() as folder:
        yield folder


@pytest.fixture(scope="session")
def embedded_workspace() -> Iterator[Path]:
    """A workspace folder whose embedded server runs as long as the tests do."""
    with folder_for_server() as parent:
        folder = parent / "shop"
        Workspace.create(folder)
        with supervisor.lease(folder):
            yield folder
        supervisor.wait_stopped(folder)


@pytest.fixture(scope="session")
def servers(embedded_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """The server of a name ("embedded", "outside"), its template made at first use."""
    made: dict[str, Server] = {}

    def server(name: str) -> Server:
        if name not in made:
            if name == "embedded":
                with supervisor.lease(embedded_workspace) as lease:
                    url = at_database(lease.url, "postgres")
            else:
                assert OUTSIDE is not None
                url = OUTSIDE
            template = f"regulars_template_{os.getpid()}"
            made[name] = Server(url, template)
            made[name].execute(f"DROP DATABASE IF EXISTS {template}")
            made[name].execute(f"CREATE DATABASE {template} TEMPLATE template0 ENCODING 'UTF8'")
            template_database = Database(tmp_path_factory.mktemp(name), at_database(url, template))
            migrate(template_database)
            with template_database.connect() as connection:
                shop_table.create(connection, ShopSettings())
        return made[name]

    yield server
    for each in made.values():
        each.drop(at_database(each.url, each.template))


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """The server that this run of the test uses."""
    return servers(request.param)


@pytest.fixture
def new_database(server: Server, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Makes as many empty, migrated databases as a test needs."""
    urls: list[str] = []

    def new() -> Database:
        urls.append(server.make())
        return Database(tmp_path, urls[-1])

    yield new
    for url in urls:
        server.drop(url)


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    """An empty, migrated database with a shop's row (EUR, UTC, en and zh)."""
    return new_database()


@pytest.fixture
def shop(database: Database, tmp_path: Path) -> Shop:
    """An empty shop on its own database, in a workspace folder of its own."""
    return Shop(Workspace.create(tmp_path / "shop"), StartSettings(database_url=database.url), database)
