"""Connections to PostgreSQL: the embedded server's or any other's. One dialect, no second backend. Knows no tables.

Sync connections serve imports, training and the command line; `AsyncPool` serves the API. Both turn "can't be reached" into
DatabaseUnavailable, so that nobody above has to know the driver's errors.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from regulars.errors import DatabaseUnavailable, WorkspaceError
from regulars.store import supervisor

CONNECT_SECONDS = 5
WAIT_FOR_CONNECTION_SECONDS = 1.0  # a request that can't get a connection fails fast instead of piling up
_GONE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)

Row = dict[str, Any]
Connection = psycopg.Connection[Row]
AsyncConnection = psycopg.AsyncConnection[Row]


def sql(text: str) -> LiteralString:
    """Marks a statement that was put together from our own constants; values always travel as parameters."""
    return text  # type: ignore[return-value,unused-ignore]


class Database:
    """One shop's database. With no `url`, the embedded server of `workspace`, held by a lease."""

    def __init__(self, workspace: Path, url: str | None = None) -> None:
        self.workspace = workspace
        self._lease: supervisor.Lease | None = None
        self._given_url = url

    @property
    def embedded(self) -> bool:
        return self._given_url is None

    @property
    def url(self) -> str:
        if self._given_url is not None:
            return self._given_url
        if self._lease is None:
            self._lease = supervisor.lease(self.workspace)
        return self._lease.url

    def ensure_running(self) -> str:
        """Starts the embedded server anew if it (or its supervisor) was killed. Returns the address."""
        if self._given_url is None:
            old, self._lease = self._lease, None
            self._lease = supervisor.lease(self.workspace)
            if old is not None:
                old.release()
        return self.url

    def close(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    @contextlib.contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[Connection]:
        """A connection for a piece of work, one transaction unless autocommit.

        Raises: DatabaseUnavailable when PostgreSQL can't be reached or goes away.
        """
        with translated():
            connection = psycopg.connect(
                self.url, row_factory=dict_row, autocommit=autocommit, connect_timeout=CONNECT_SECONDS
            )
        with translated(), connection:
            yield connection


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turns the driver's "gone" into DatabaseUnavailable; every other error of the driver passes."""
    try:
        yield
    except psycopg.errors.QueryCanceled as error:
        raise DatabaseUnavailable("The database took too long.", hint="Try again later.") from error
    except _GONE as error:
        raise DatabaseUnavailable("PostgreSQL can't be reached.", hint="Try again in a moment.") from error


class AsyncPool:
    """The API's connections. Recovers by itself: a broken connection is dropped and a new one is made."""

    def __init__(self, url: str, size: int = 4) -> None:
        self._size = size
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            timeout=WAIT_FOR_CONNECTION_SECONDS,
            reconnect_timeout=3600,
            max_lifetime=3600,
            open=False,
            kwargs={
                "row_factory": dict_row,
                "autocommit": True,
                "connect_timeout": CONNECT_SECONDS,
                "prepare_threshold": 2,
                "options": "-c statement_timeout=30000",
            },
            connection_class=psycopg.AsyncConnection[Row],
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close(timeout=2)

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """An autocommitting connection. Raises: DatabaseUnavailable, after at most two seconds."""
        with translated():
            async with self._pool.connection() as connection:
                yield connection

    async def fetch(self, statement: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """Rows of one statement. Only for statements that may run twice (all of ours: reads, and writes by key).

        After PostgreSQL was restarted each pooled connection is dead once: such a one is dropped and the next is tried.
        """
        for left in reversed(range(self._size + 1)):
            try:
                async with self._pool.connection() as connection:
                    return await (await connection.execute(sql(statement), values)).fetchall()
            except (psycopg.errors.QueryCanceled, PoolTimeout):
                with translated():
                    raise
            except _GONE:
                if left == 0:
                    with translated():
                        raise
        raise AssertionError("unreachable")


def migrate(database: Database) -> list[str]:
    """Brings the schema to this version of Regulars. Safe to call from several processes at once.

    Returns: the revisions applied now. Raises: WorkspaceError when the schema is newer than this program;
    DatabaseUnavailable.
    """
    import alembic.command
    import alembic.config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError
    from sqlalchemy import NullPool, create_engine, text
    from sqlalchemy.exc import OperationalError

    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(database.url), poolclass=NullPool)
    try:
        with translated(), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('regulars_migrate'))"))
            before = MigrationContext.configure(connection).get_current_revision()
            try:
                pending = [
                    step.revision
                    for step in script.iterate_revisions("head", before or "base")
                    if step.revision != before
                ]
            except (CommandError, RevisionError) as error:
                raise WorkspaceError(
                    f"The database has schema {before}, which this version of Regulars doesn't know.",
                    hint="Install the version that wrote it, or a newer one.",
                ) from error
            if pending:
                config.attributes["connection"] = connection
                alembic.command.upgrade(config, "head")
            return list(reversed(pending))
    except OperationalError as error:
        raise DatabaseUnavailable("PostgreSQL can't be reached.", hint="Try again in a moment.") from error
    finally:
        engine.dispose()
