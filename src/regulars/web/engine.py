"""What the API and the storefront stand on: one shop, asynchronously. Knows no HTTP.

Decisions are written in groups: whoever answers waits until its decision is committed, but one commit carries all that
came meanwhile. A background thread keeps the serving state up to date.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import structlog
from threadpoolctl import threadpool_limits

from regulars.assist.actions.executor import Executor
from regulars.assist.desk import Desk
from regulars.assist.service import Assistant
from regulars.content.studio import Studio
from regulars.errors import DatabaseUnavailable, RegularsError, Unavailable
from regulars.language.chat_models import chat_model
from regulars.privacy import erasure, export
from regulars.recommend import searching, service
from regulars.recommend import taste as picker
from regulars.recommend.catalogue import Item
from regulars.recommend.finder import finder_of
from regulars.recommend.live import Live
from regulars.recommend.semantic import MOST
from regulars.schema import Decision, Event, ExternalId
from regulars.schema.shop import ShopSettings
from regulars.store import decisions, people, records, rows, texts
from regulars.store import shop as shop_table
from regulars.store import taste as taste_table
from regulars.store.database import AsyncPool, Connection, Database, Row, sql, translated
from regulars.store.mirror import Mirror
from regulars.store.shop import ShopRow
from regulars.store.workspace import StartSettings, Workspace
from regulars.web.metrics import DECISIONS

REFRESH_SECONDS = 1.0
VECTORS_PAUSE = 9.0  # a tenth of a core makes the vectors of a search by meaning: requests go first
MAX_GROUP = 64  # decisions a commit; past this a single statement takes longer than it saves
MAX_READS = 2  # reads of people under way at a time
MAX_WAITING = 2_000  # decisions not written yet; past this the database is too slow and new requests are refused
log = structlog.get_logger("regulars.web")
T = TypeVar("T")


@dataclass(slots=True)
class _Waiting:
    decision: Decision
    done: asyncio.Future[None]


class DecisionWriter:
    """Group commit for decisions."""

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Writes what waits, then ends."""
        while self._waiting:
            self._wake.set()
            await asyncio.sleep(0.01)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def record(self, decision: Decision) -> None:
        """Returns when the decision is committed. Raises: DatabaseUnavailable, Unavailable when too many wait."""
        if len(self._waiting) >= MAX_WAITING:
            raise Unavailable("More decisions wait to be written than the database can take.", hint="Try again soon.")
        waiting = _Waiting(decision, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._wake.set()
        await waiting.done

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                try:
                    await self._write(group)
                except Exception as error:
                    if len(group) > 1 and not isinstance(error, Unavailable):
                        # One that can't be written takes no other along.
                        for one in group:
                            await self._alone(one)
                        continue
                    told = (
                        error
                        if isinstance(error, RegularsError)
                        else DatabaseUnavailable("The decision could not be written.", hint="Try again in a moment.")
                    )
                    if not isinstance(error, RegularsError):
                        log.error("decisions_not_written", error=repr(error))
                    for one in group:
                        if not one.done.done():
                            one.done.set_exception(told)
                else:
                    for one in group:
                        if not one.done.done():
                            one.done.set_result(None)

    async def _write(self, group: Sequence[_Waiting]) -> None:
        payload = decisions.as_json([one.decision for one in group])
        async with self._pool.connection() as connection:
            await connection.execute(decisions.RECORD_DECISIONS, (payload,))

    async def _alone(self, one: _Waiting) -> None:
        try:
            await self._write([one])
        except Exception as error:
            log.error("decision_not_written", error=repr(error))
            told = (
                error if isinstance(error, RegularsError) else DatabaseUnavailable("The decision could not be written.")
            )
            if not one.done.done():
                one.done.set_exception(told)
        else:
            if not one.done.done():
                one.done.set_result(None)


class PersonReader:
    """Reads in groups: whoever asks while reads are under way is read together with all others who do.

    One who asks alone is read at once.
    """

    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._waiting: list[tuple[ExternalId | None, str | None, asyncio.Future[people.Person]]] = []
        self._reading = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, customer: ExternalId | None, visitor: str | None) -> people.Person:
        """Raises: DatabaseUnavailable."""
        answer: asyncio.Future[people.Person] = asyncio.get_running_loop().create_future()
        self._waiting.append((customer, visitor, answer))
        if self._reading < MAX_READS:
            self._reading += 1
            task = asyncio.create_task(self._run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                try:
                    if len(group) == 1:
                        found = await self._pool.fetch(people.READ_PERSON, people.person_values(*group[0][:2]))
                    else:
                        asked = [(customer, visitor) for customer, visitor, _ in group]
                        found = await self._pool.fetch(people.READ_GROUP, people.group_values(asked))
                except Exception as error:
                    for *_, answer in group:
                        if not answer.done():
                            answer.set_exception(error)
                else:
                    for (*_, answer), row in zip(group, found, strict=True):
                        if not answer.done():
                            answer.set_result(people.person_of(row))
        finally:
            self._reading -= 1


class Engine:
    """One process's view of the shop. `start` and `stop` run in the event loop."""

    def __init__(self, workspace: Workspace, start: StartSettings) -> None:
        self.workspace = workspace
        self.start_settings = start
        self.database = Database(workspace.folder, start.database_url)
        self.live = Live(self.database, workspace.models)
        self.pool = AsyncPool(self.database.url)
        self.writer = DecisionWriter(self.pool)
        self.reader = PersonReader(self.pool)
        chat = start.chat(chat_model)
        self.desk = Desk(workspace.models, lambda: self.serving, chat)
        self.studio = Studio(self.database, chat, workspace.models if start.tuned_writer else None)
        self.shop: ShopRow | None = None
        self.keys: dict[bytes, tuple[int, str]] = {}
        self._key_made = False
        self.database_ok = False
        self.refreshed_at = 0.0
        self.started_at = time.time()
        self._stopping = threading.Event()
        self._searched: object = None  # the catalogue whose vectors were made, or are being made
        self._searching: threading.Thread | None = None
        self._refresher: threading.Thread | None = None

    async def start(self) -> None:
        # A list's products are tiny: handed to several threads they take ten times as long when the machine is busy.
        threadpool_limits(limits=1, user_api="blas")
        await self.pool.open()
        self.writer.start()
        with contextlib.suppress(RegularsError):
            await asyncio.to_thread(self._refresh)
        self._refresher = threading.Thread(target=self._keep_fresh, name="refresher", daemon=True)
        self._refresher.start()

    async def stop(self) -> None:
        self._stopping.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.writer.stop(), 5)
        await self.pool.close()
        if self._refresher is not None:
            await asyncio.to_thread(self._refresher.join, 5)
        self.database.close()

    def _keep_fresh(self) -> None:
        while not self._stopping.wait(REFRESH_SECONDS):
            try:
                self._refresh()
            except RegularsError as error:
                self._database_gone(error)
            except Exception as error:
                log.error("refresh_failed", error=repr(error))

    def _refresh(self) -> None:
        with self.database.connect(autocommit=True) as connection:
            self.shop = shop_table.read(connection)
            if not self._key_made:
                shop_table.ensure_storefront_key(connection, self.shop.secret)
                self._key_made = True
            self.keys = {
                bytes(row["sha256"]): (row["key_id"], row["scope"]) for row in connection.execute(shop_table.READ_KEYS)
            }
            self.desk.refresh(connection, self.shop.settings)
            texts.publish_due(connection)
        self.live.refresh()
        self._prepare_search()
        if not self.database_ok:
            log.info("database_reached")
        self.database_ok = True
        self.refreshed_at = time.time()

    def _database_gone(self, error: RegularsError) -> None:
        if self.database_ok:
            log.error("database_lost", reason=error.detail)
        self.database_ok = False
        if self.database.embedded:
            # The supervisor starts a PostgreSQL that died; if the supervisor itself was killed, a new one is needed.
            with contextlib.suppress(RegularsError):
                self.database.ensure_running()

    @property
    def settings(self) -> ShopSettings:
        """Raises: DatabaseUnavailable before the shop could be read once."""
        return self.shop_row.settings

    @property
    def shop_row(self) -> ShopRow:
        if self.shop is None:
            raise DatabaseUnavailable("The shop can't be read yet.", hint="Try again in a moment.")
        return self.shop

    @property
    def storefront_key(self) -> str:
        """The public key that the storefront's own pages carry; "" once it was revoked."""
        key = shop_table.storefront_key(self.shop_row.secret)
        return key if shop_table.key_digest(key) in self.keys else ""

    @property
    def serving(self) -> service.Serving:
        """Raises: DatabaseUnavailable before anything could be read."""
        current = self.live.current
        if current is None:
            raise DatabaseUnavailable("The catalogue can't be read yet.", hint="Try again in a moment.")
        return current

    async def person(self, customer: ExternalId | None, visitor: str | None) -> people.Person:
        if customer is None and visitor is None:
            return people.NOBODY
        return await self.reader.read(customer, visitor)

    async def recommend(
        self, request: service.Request, customer: ExternalId | None, visitor: str | None
    ) -> tuple[service.Serving, Decision]:
        """A decision, committed before it is returned. Raises: InvalidInput, DatabaseUnavailable."""
        began = time.perf_counter()
        person = await self.person(customer, visitor)
        return await self.recommend_to(person, request, began)

    async def recommend_to(
        self, person: people.Person, request: service.Request, began: float | None = None
    ) -> tuple[service.Serving, Decision]:
        """As `recommend`, for a person who was read already. began: when reading them for this list alone began."""
        serving = self.serving
        read = time.perf_counter()
        decision = service.recommend(serving, request, person)
        if began is not None:
            decision.timings_ms["read_person"] = round((read - began) * 1000, 3)
        await self.writer.record(decision)
        DECISIONS.labels(decision.surface, decision.mode).inc()
        return serving, decision

    async def search(
        self, asked: searching.Search, customer: ExternalId | None, visitor: str | None
    ) -> tuple[service.Serving, searching.Answer]:
        """A page of results, its decision committed. Raises: InvalidInput, DatabaseUnavailable."""
        return await self.search_for(await self.person(customer, visitor), asked)

    async def search_for(
        self, person: people.Person, asked: searching.Search
    ) -> tuple[service.Serving, searching.Answer]:
        """As `search`, for a person who was read already."""
        serving = self.serving

        def find() -> searching.Answer:
            finder = finder_of(serving.catalogue, self.workspace.search_vectors)
            return searching.search(serving, finder, asked, person)

        answer = await asyncio.to_thread(find)
        await self.writer.record(answer.decision)
        DECISIONS.labels("search", "search").inc()
        return serving, answer

    def _prepare_search(self) -> None:
        """Makes the vectors that search by meaning goes by, beside everything else; until then words find alone."""
        current = self.live.current
        if current is None or current.catalogue is self._searched or (self._searching and self._searching.is_alive()):
            return
        if len(current.catalogue) > MOST:
            return  # past it words alone find; their index is made when somebody first searches: it keeps a core busy for a minute
        self._searched = current.catalogue

        def make() -> None:
            with contextlib.suppress(Exception):  # it is logged where it fails
                finder_of(current.catalogue, self.workspace.search_vectors, wait=True, pause=VECTORS_PAUSE)

        self._searching = threading.Thread(target=make, name="search-vectors", daemon=True)
        self._searching.start()

    async def taste(self, customer: ExternalId | None, visitor: str | None) -> picker.Taste:
        """What they picked so far, and what to show them next. Raises: DatabaseUnavailable."""
        person = await self.person(customer, visitor)
        return await self.taste_of(person)

    async def taste_of(self, person: people.Person) -> picker.Taste:
        """As `taste`, of a person who was read already."""
        found: Sequence[Row] = ()
        if not person.refused and (person.customer_id is not None or person.visitor_id is not None):
            whose = taste_table.whose(person.customer_id, person.visitor_id)
            found = await self.pool.fetch(taste_table.READ_TASTE, whose)
        # A catalogue's first picker compares some hundred products with each other: beside the event loop.
        return await asyncio.to_thread(picker.taste_of, self.serving, found, refused=person.refused)

    async def answer_taste(
        self,
        customer: ExternalId | None,
        visitor: str | None,
        tap: int,
        picked: Item | None,
        shown: Sequence[Item],
        source: str = "http",
    ) -> picker.Taste:
        """Writes the answer to this tap down, unless it was answered before; where they are then.

        picked: None for "none of these". Raises: DatabaseUnavailable.
        """
        person = await self.person(customer, visitor)
        found = await self.taste_of(person)
        if found.tap != tap:
            return found
        whose = visitor if person.customer_id is None else str(person.customer_id)
        event = Event.model_validate(picker.event(found, picked, shown, customer, visitor, whose or str(customer)))
        clock = self.clock()
        await self.append([rows.event_row(event, clock, self.settings)], source, clock.received)
        return await self.taste(customer, visitor)

    async def undo_taste(
        self, customer: ExternalId | None, visitor: str | None, product_id: int | None = None
    ) -> picker.Taste:
        """Takes one pick back, or all. Raises: DatabaseUnavailable."""
        person = await self.person(customer, visitor)
        if person.customer_id is not None or person.visitor_id is not None:
            whose = taste_table.whose(person.customer_id, person.visitor_id, product_id)
            await self.pool.fetch(taste_table.UNDO_TASTE, whose)
        return await self.taste_of(person)

    async def append(self, checked: Sequence[dict[str, Any]], source: str, received: datetime) -> records.Appended:
        """Puts checked event rows on the timeline; returns after the commit. Raises: DatabaseUnavailable."""
        if not checked:
            return records.Appended(0, 0, 0)
        found = await self.pool.fetch(records.APPEND_EVENTS, (records.as_json(checked), source, received))
        return records.Appended(found[0]["accepted"], found[0]["duplicates"], found[0]["unresolved"])

    async def upsert(self, statement: str, *batches: Sequence[dict[str, Any]]) -> list[str]:
        """One of records.UPSERT_…; a word a record. The catalogue of this process follows at once."""
        found = await self.pool.fetch(statement, [records.as_json(batch) for batch in batches])
        if statement == records.UPSERT_PRODUCTS:
            await self.refresh()
        return list(found[0]["outcome"])

    async def refresh(self) -> None:
        """This process follows the store now rather than within a second."""
        await asyncio.to_thread(self.live.refresh)

    async def erase(self, customer_id: int) -> dict[str, int]:
        """Forgets a customer everywhere; rows gone by table. Raises: DatabaseUnavailable."""
        mirror = Mirror(self.workspace.mirror)
        return await asyncio.to_thread(erasure.erase, self.database, mirror, self.workspace.imports, customer_id)

    async def export(self, customer_id: int | None = None, visitor_id: int | None = None) -> dict[str, Any]:
        """All that is kept about a person. Raises: DatabaseUnavailable."""

        def read() -> dict[str, Any]:
            with self.database.connect() as connection:
                return export.everything(connection, customer_id, visitor_id)

        return await asyncio.to_thread(read)

    @property
    def executor(self) -> Executor:
        """What acts on orders. Raises: DatabaseUnavailable before the shop could be read once."""
        return Executor(self.shop_row.secret)

    async def assistant(self) -> Assistant:
        """What answers conversations. Raises: DatabaseUnavailable before the shop could be read once."""
        executor, settings = self.executor, self.settings
        return await asyncio.to_thread(self.desk.assistant, executor, settings)

    async def in_transaction(self, work: Callable[[Connection], T]) -> T:
        """Does a piece of work beside the event loop, in one transaction. Raises: DatabaseUnavailable, and what it raises."""

        def run() -> T:
            with self.database.connect() as connection:
                return work(connection)

        return await asyncio.to_thread(run)

    def clock(self) -> rows.Clock:
        return rows.Clock.of(self.settings, datetime.now(UTC))

    async def decision(self, decision_id: UUID) -> tuple[Row, list[Row]] | None:
        async with self.pool.connection() as connection:
            with translated():
                row = await (await connection.execute(sql(decisions.READ_DECISION), (decision_id,))).fetchone()
                if row is None:
                    return None
                outcomes = await (await connection.execute(sql(decisions.READ_OUTCOMES), (decision_id,))).fetchall()
        return row, outcomes


class Holder:
    """The engine that an app starts and stops with itself; before and after there is none."""

    def __init__(self, workspace: Workspace, start: StartSettings, name: str = "Regulars") -> None:
        """name: what is said to be starting while nothing can be answered yet."""
        self._workspace, self._start, self._name = workspace, start, name
        self.engine: Engine | None = None

    def get(self) -> Engine:
        """Raises: DatabaseUnavailable while it starts or after it stopped."""
        if self.engine is None:
            raise DatabaseUnavailable(f"{self._name} is starting.", hint="Try again in a moment.")
        return self.engine

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Runs the engine as long as the app that is given this runs."""
        engine = Engine(self._workspace, self._start)
        await engine.start()
        self.engine = engine
        try:
            yield
        finally:
            await engine.stop()
            self.engine = None
