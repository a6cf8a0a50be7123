"""Importing a file: streaming in constant memory, idempotent, resumable, with a report. Knows no progress bar.

Rows are read and checked on one thread while the batch before is committed on another. With each batch the number of
finished rows is committed too: after a kill, the same command goes on from there.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from psycopg.types.json import Jsonb

from regulars.errors import Conflict, InvalidInput
from regulars.feeds import native, online_retail, reader
from regulars.feeds.grouping import groups, split_keys
from regulars.feeds.reader import Broken, Read
from regulars.feeds.report import ImportReport, Rejects
from regulars.schema import Article, Customer, Event, Order, Product, Review
from regulars.schema.shop import ShopSettings
from regulars.store import records, rows
from regulars.store.database import Connection, Database
from regulars.store.rows import Clock, FieldError

BATCH = {"events": 5_000, "orders": 500}  # one commit takes a quarter of a second
DEFAULT_BATCH = 500
ONLINE_RETAIL = "online-retail"
FORMATS = ("jsonl", "csv", "parquet", ONLINE_RETAIL)

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
    kind: str,
    path: Path,
    *,
    imports_folder: Path,
    format: str | None = None,
    columns: dict[str, str] | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Imports one file of products, customers, events, orders, reviews or articles.

    columns: names in the file → ours. progress: called with rows read and, where known, all rows.

    Raises: InvalidInput for an unknown kind or format, UnreadableFile/UnknownFormat for the file, Conflict when the same
    file is being imported right now, DatabaseUnavailable. What was committed before stays and isn't repeated.
    """
    if kind not in native.KINDS:
        raise InvalidInput(f"There is nothing called {kind!r} to import.", hint=f"Choose {', '.join(native.KINDS)}.")
    if format is not None and format not in FORMATS:
        raise InvalidInput(f"{format!r} isn't a format.", hint=f"Choose {', '.join(FORMATS)}.")
    physical = reader.find_format(path)
    if format in ("jsonl", "csv", "parquet"):
        physical = cast(reader.Format, format)
    retail = format == ONLINE_RETAIL or (
        format is None and physical != "jsonl" and online_retail.fits(reader.columns(path, physical))
    )
    if retail and kind not in ("products", "customers", "orders"):
        raise InvalidInput(
            f"{path} has the Online Retail layout, which holds products, customers and orders, no {kind}.",
            file=str(path),
        )
    report = ImportReport(kind, str(path), ONLINE_RETAIL if retail else physical)
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
        flat = physical != "jsonl" and not retail
        if retail:
            source = online_retail.records(kind, path, physical)
        elif flat and kind == "orders":
            source, flat = _flat_orders(path, physical, columns), False
        else:
            source = _renamed(reader.rows(path, physical), columns)
        total = reader.count_rows(path, physical) if not retail else None
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
                _check(kind, row, flat, clock, settings, batch, mark)
                if number % 1_000 == 0 and progress is not None:
                    progress(number, total)
                if len(batch.rows) + len(batch.refused) >= size:
                    if pending is not None:
                        pending.result()
                    pending = writer.submit(_write, connection, kind, batch, run_id, report, rejects, clock.received)
                    batch = _Batch(done=number)
            if pending is not None:
                pending.result()
            _write(connection, kind, batch, run_id, report, rejects, clock.received)
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


def _renamed(source: Iterator[Read | Broken], columns: dict[str, str] | None) -> Iterator[Read | Broken]:
    if not columns:
        yield from source
        return
    for row in source:
        if isinstance(row, Read):
            yield Read(row.line, {columns.get(name, name): value for name, value in row.values.items()})
        else:
            yield row


def _flat_orders(path: Path, physical: reader.Format, columns: dict[str, str] | None) -> Iterator[Read | Broken]:
    """Flat order files have a row a line of an order; here they become one row an order."""

    def key(row: Read) -> str | None:
        identity = native.shaped("orders", row.values).get("id")
        return None if identity is None else str(identity)

    def read() -> Iterator[Read | Broken]:
        return _renamed(reader.rows(path, physical), columns)

    for group in groups(read(), key, split_keys(read(), key)):
        if isinstance(group, Broken):
            yield group
            continue
        order = native.shaped("orders", group[0].values)
        for row in group[1:]:
            order.setdefault("lines", []).extend(native.shaped("orders", row.values).get("lines", []))
        yield Read(group[0].line, order)


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
        if isinstance(record, Event):
            event = rows.event_row(record, clock, settings, f"{mark}:{row.line}")
            batch.clocks[event["clock"]] += 1
            batch.rows.append(event)
        elif isinstance(record, Order):
            order, events = rows.order_rows(record, clock, settings)
            batch.rows.append(order)
            batch.events.extend(events)
        elif isinstance(record, Product):
            batch.rows.append(rows.product_row(record, settings))
        elif isinstance(record, Customer):
            batch.rows.append(rows.customer_row(record))
        elif isinstance(record, Review):
            batch.rows.append(rows.review_row(record, clock))
        elif isinstance(record, Article):
            batch.rows.append(rows.article_row(record, clock))
    except (native.Refused, FieldError) as error:
        reason = error.reason if isinstance(error, native.Refused) else error.message
        batch.refused.append((row.line, error.field, reason, row.values))
        return
    if kind != "events":
        batch.lines.append(row.line)
        batch.raws.append(row.values)


_UPSERTS = {
    "products": records.UPSERT_PRODUCTS,
    "customers": records.UPSERT_CUSTOMERS,
    "orders": records.UPSERT_ORDERS,
    "reviews": records.UPSERT_REVIEWS,
    "articles": records.UPSERT_ARTICLES,
}


def _write(
    connection: Connection,
    kind: str,
    batch: _Batch,
    run_id: int,
    report: ImportReport,
    rejects: Rejects,
    received: datetime,
) -> None:
    """One transaction: the batch, and how far the file is done."""
    report.read += batch.read
    report.clocks.update(batch.clocks)
    for line, name, reason, raw in batch.refused:
        report.reject(f"{name}: {reason}" if name else reason)
        rejects.add(line, name, reason, raw)
    with connection.transaction():
        if kind == "events":
            if batch.rows:
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
