"""Importing a file: streaming in constant memory, idempotent, resumable, with a report. Knows no progress bar.

Rows are read and checked on one thread while the batch before is committed on another. With each batch the number of
finished rows is committed too: after a kill, the same command goes on from there.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from regulars.errors import Conflict
from regulars.feeds import formats, markdown_files, native, reader
from regulars.feeds.contract import Notes
from regulars.feeds.reader import Broken, Read
from regulars.feeds.report import ImportReport, Rejects
from regulars.feeds.titles import Titles
from regulars.schema import Article, Conversation, Customer, Event, Order, Product, Review
from regulars.schema.shop import ShopSettings
from regulars.store import records, rows
from regulars.store.database import Connection, Database
from regulars.store.rows import Clock, FieldError

BATCH = {"events": 5_000, "orders": 500}  # one commit takes a quarter of a second
DEFAULT_BATCH = 500

Progress = Callable[[int, int | None], None]


@dataclass(slots=True)
class _Batch:
    """What is committed together. Counts and refusals wait here too: a report never runs ahead of what is committed."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raws: list[Any] = field(default_factory=list)
    refused: list[tuple[int, str | None, str, Any]] = field(default_factory=list)
    clocks: Counter[str] = field(default_factory=Counter)
    read: int = 0
    done: int = 0


def import_file(
    database: Database,
    settings: ShopSettings,
    kind: str | None,
    path: Path,
    *,
    imports_folder: Path,
    format: str | None = None,
    columns: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Imports one file of products, customers, events, orders, reviews or articles.

    kind: None or "auto" finds it by content; where a format holds several, the first. columns: names in the file → ours.
    progress: called with rows read and, where known, all rows.

    Raises: InvalidInput for an unknown kind or format, UnreadableFile/UnknownFormat for the file, Conflict when the same
    file is being imported right now, DatabaseUnavailable. What was committed before stays and isn't repeated.
    """
    found = formats.recognise(path, kind, format, columns)
    formats.check_columns(found, columns)
    kind = found.kind
    notes = Notes()
    report = ImportReport(kind, str(path), found.name)
    if found.source.physical in ("csv", "jsonl") and reader.encoding_of(path) == "gb18030":
        notes.count("the file isn't UTF-8: read as GBK")
    mark = _fingerprint(path, kind, report.format, columns)
    started = time.monotonic()
    with (
        database.connect(autocommit=True) as connection,
        Rejects(imports_folder / f"{kind}-{mark[:12]}-rejects.jsonl") as rejects,
        ThreadPoolExecutor(1) as writer,
    ):
        if not _only_one(connection, mark):
            raise Conflict(f"{path} is being imported by another process right now.", hint="Wait for it to end.")
        run_id, report.resumed_at, rejected_bytes = _start(connection, report, mark)
        rejects.start_at(rejected_bytes)
        own = not found.format.name and kind != "orders"
        source = found.format.records(kind, found.source, notes)
        total = reader.count_rows(path, found.source.physical) if own else None
        titles = Titles(connection) if kind == "orders" and found.format.name else None
        clock = Clock.of(settings, live=False)
        pending: Future[None] | None = None
        batch = _Batch()
        size = BATCH.get(kind, DEFAULT_BATCH)
        try:
            for number, row in enumerate(source, start=1):
                batch.done = number
                if number <= report.resumed_at:
                    continue
                batch.read += 1
                if titles is not None and isinstance(row, Read):
                    titles.name(row.values, notes)
                _check(kind, row, found.flat, clock, settings, batch, mark)
                if number % 1_000 == 0 and progress is not None:
                    progress(number, total)
                if len(batch.rows) + len(batch.refused) >= size:
                    if pending is not None:
                        pending.result()
                    pending = writer.submit(_write, connection, found, batch, run_id, report, rejects, clock.received)
                    batch = _Batch(done=number)
            if pending is not None:
                pending.result()
            # Only now: while rows are read, these grow under the hands of whoever writes the report.
            report.unplaced, report.found = notes.unplaced, notes.found
            _write(connection, found, batch, run_id, report, rejects, clock.received)
            if kind in ("products", "events", "orders", "reviews"):
                moved = records.join_products(connection)
                if moved:
                    report.found["events that joined their product by a SKU or another of its names"] += moved
                    if kind == "events":
                        report.unresolved = max(0, report.unresolved - moved)
        except BaseException:
            if pending is not None and not pending.cancelled():
                pending.exception()  # the connection is free again before it is closed
            raise
        report.seconds = time.monotonic() - started
        report.rejects_file = str(rejects.path) if rejects.any else None
        connection.execute(
            "UPDATE import_runs SET state = 'done', report = %s, changed_at = now() WHERE run_id = %s",
            (Jsonb(report.as_dict()), run_id),
        )
        if progress is not None:
            progress(batch.done, batch.done)
    return report


def _fingerprint(path: Path, kind: str, format: str, columns: dict[str, str] | None) -> str:
    """Tells one file from another without reading all of it: size, head and tail, and how it is read."""
    digest = hashlib.sha256(repr((kind, format, sorted((columns or {}).items()))).encode())
    if path.is_dir():
        for file_path in markdown_files.listed(path):
            digest.update(f"{file_path.relative_to(path)}\0{file_path.stat().st_size}\0".encode("utf-8", "replace"))
            digest.update(file_path.read_bytes())
        return digest.hexdigest()
    with path.open("rb") as file:
        size = file.seek(0, 2)
        digest.update(str(size).encode())
        file.seek(0)
        digest.update(file.read(1 << 20))
        file.seek(max(0, size - (1 << 20)))
        digest.update(file.read(1 << 20))
    return digest.hexdigest()


def _only_one(connection: Connection, mark: str) -> bool:
    row = connection.execute(
        "SELECT pg_try_advisory_lock(hashtext('import'), hashtext(%s)) AS free", (mark,)
    ).fetchone()
    return bool(row and row["free"])


def _start(connection: Connection, report: ImportReport, mark: str) -> tuple[int, int, int]:
    """The run's id, the row to go on from and the rejects file's length there: an unfinished run is continued."""
    before = connection.execute(
        "SELECT run_id, rows_done, report FROM import_runs WHERE kind = %s AND fingerprint = %s AND state = 'running'"
        " ORDER BY run_id DESC LIMIT 1",
        (report.kind, mark),
    ).fetchone()
    if before is not None:
        counted = before["report"]
        for name in ("read", "new", "updated", "unchanged", "rejected", "unresolved"):
            setattr(report, name, int(counted.get(name, 0)))
        report.reasons.update(counted.get("reasons", {}))
        report.clocks.update(counted.get("clocks", {}))
        return int(before["run_id"]), int(before["rows_done"]), int(counted.get("rejected_bytes", 0))
    made = connection.execute(
        "INSERT INTO import_runs (kind, format, file, fingerprint, state) VALUES (%s, %s, %s, %s, 'running') RETURNING run_id",
        (report.kind, report.format, report.file, mark),
    ).fetchone()
    assert made is not None
    return int(made["run_id"]), 0, 0


def _check(
    kind: str,
    row: Read | Broken,
    flat: bool,
    clock: Clock,
    settings: ShopSettings,
    batch: _Batch,
    mark: str,
) -> None:
    """Turns a row into what the store takes, or rejects it with line, field and reason."""
    if isinstance(row, Broken):
        batch.refused.append((row.line, None, row.reason, row.raw))
        return
    try:
        record = native.record_of(kind, row.values, flat)
        checked, events = checked_row(record, clock, settings, f"{mark}:{row.line}")
    except native.Refused as error:
        batch.refused.append((row.line, error.field, error.reason, row.values))
        return
    batch.rows.append(checked)
    batch.events.extend(events)
    if kind == "events":
        batch.clocks[checked["clock"]] += 1
    else:
        batch.lines.append(row.line)
        batch.raws.append(row.values)


def checked_row(
    record: BaseModel, clock: Clock, settings: ShopSettings, origin: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A record as the store takes it, and the events that it puts on the timeline. Raises: native.Refused."""
    try:
        if isinstance(record, Event):
            return rows.event_row(record, clock, settings, origin), []
        if isinstance(record, Order):
            return rows.order_rows(record, clock, settings)
        if isinstance(record, Product):
            return rows.product_row(record, settings), []
        if isinstance(record, Customer):
            return rows.customer_row(record, settings), []
        if isinstance(record, Review):
            return rows.review_row(record, clock), []
        if isinstance(record, Conversation):
            return rows.conversation_row(record, clock), []
        assert isinstance(record, Article)
        return rows.article_row(record, clock), []
    except FieldError as error:
        raise native.Refused(error.field, error.message) from None


_UPSERTS = {
    "products": records.UPSERT_PRODUCTS,
    "customers": records.UPSERT_CUSTOMERS,
    "orders": records.UPSERT_ORDERS,
    "reviews": records.UPSERT_REVIEWS,
    "articles": records.UPSERT_ARTICLES,
    "conversations": records.UPSERT_CONVERSATIONS,
}


def _write(
    connection: Connection,
    found: formats.Recognised,
    batch: _Batch,
    run_id: int,
    report: ImportReport,
    rejects: Rejects,
    received: datetime,
) -> None:
    """One transaction: the batch, and how far the file is done."""
    kind = found.kind
    report.read += batch.read
    report.clocks.update(batch.clocks)
    for line, name, reason, raw in batch.refused:
        report.reject(f"{name}: {reason}" if name else reason)
        rejects.add(line, name, reason, raw)
    with connection.transaction():
        if kind == "events":
            if batch.rows:
                if found.format.name:
                    records.name_products(connection, batch.rows)
                appended = records.append_events(connection, batch.rows, f"import:{run_id}", received)
                report.new += appended.accepted
                report.unchanged += appended.duplicates
                report.unresolved += appended.unresolved
        elif batch.rows:
            batches = [batch.rows, batch.events] if kind == "orders" else [batch.rows]
            for word, line, raw in zip(
                records.upsert(connection, _UPSERTS[kind], *batches), batch.lines, batch.raws, strict=True
            ):
                if word == "conflict":
                    reason = "its ids belong to two records that are both known already"
                    report.reject(f"also_known_as: {reason}")
                    rejects.add(line, "also_known_as", reason, raw)
                else:
                    report.outcome(word)
        length = rejects.flush()
        connection.execute(
            "UPDATE import_runs SET rows_done = %s, report = %s, changed_at = %s WHERE run_id = %s",
            (batch.done, Jsonb({**report.as_dict(), "rejected_bytes": length}), datetime.now(UTC), run_id),
        )
