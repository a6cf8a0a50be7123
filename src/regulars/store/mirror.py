"""The mirror: a columnar copy (Parquet) of what learning and insights read. A cache: deleting it loses nothing.

`sync` copies what the change feed names, and only changes below pg_snapshot_xmin: a sequence number that commits late
would be skipped for ever, a transaction id below xmin can't commit any more. Files are never changed in place; a
manifest, replaced in one step, says which files count. A row written again stands in a newer file and its older copy is
passed over when reading. Erasing a person rewrites every file that holds a row of theirs, at once.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as compute
import pyarrow.parquet as parquet

from regulars.store.database import Database, translated

FORMAT = 1
MAX_SMALL_FILES = 24  # past this many the small ones are joined: reading pays for each file
SMALL_ROWS = 500_000
FULL_AFTER_DAYS = 25  # the feed is kept for 30 days; a copy older than this is made anew


@dataclass(frozen=True, slots=True)
class Table:
    """What is copied of a table. `columns` is SQL; the first is the key. Times are UTC without a zone."""

    name: str
    key: str
    columns: str
    people: bool
    visitors: bool = False
    append_only: bool = False


TABLES = (
    Table(
        "events",
        "event_id",
        "event_id, message_id::text AS message_id, type, occurred_at AT TIME ZONE 'UTC' AS occurred_at,"
        " received_at AT TIME ZONE 'UTC' AS received_at, clock, customer_id, visitor_id, session,"
        " product_id, variant_id, order_id, quantity, amount, currency::text AS currency, exponent,"
        " decision_id::text AS decision_id, position, surface, properties::text AS properties, source",
        people=True,
        visitors=True,
        append_only=True,
    ),
    Table(
        "decisions",
        "decision_id",
        "decision_id::text AS decision_id, at AT TIME ZONE 'UTC' AS at, surface, customer_id, visitor_id, context_product_id, mode, model_version,"
        " policy, seed, arm, product_ids, scores, propensities, sources",
        people=True,
        visitors=True,
        append_only=True,
    ),
    Table(
        "products",
        "product_id",
        "product_id, known, status, texts::text AS texts, brand, category, attributes::text AS attributes,"
        " created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at, (SELECT min(v.price) FROM variants v WHERE v.product_id = t.product_id) AS price",
        people=False,
    ),
    Table(
        "customers",
        "customer_id",
        "customer_id, known, locale, traits::text AS traits, created_at AT TIME ZONE 'UTC' AS created_at",
        people=True,
    ),
    Table(
        "orders",
        "order_id",
        "order_id, known, customer_id, visitor_id, placed_at AT TIME ZONE 'UTC' AS placed_at, status, currency::text AS currency, exponent, total,"
        " (SELECT array_agg(l.product_id ORDER BY l.line) FROM order_lines l WHERE l.order_id = t.order_id) AS product_ids,"
        " (SELECT array_agg(l.quantity ORDER BY l.line) FROM order_lines l WHERE l.order_id = t.order_id) AS quantities,"
        " (SELECT array_agg(l.unit_price ORDER BY l.line) FROM order_lines l WHERE l.order_id = t.order_id) AS unit_prices",
        people=True,
        visitors=True,
    ),
    Table(
        "reviews",
        "review_id",
        "review_id, product_id, customer_id, rating, title, body, locale, written_at AT TIME ZONE 'UTC' AS written_at",
        people=True,
    ),
)
_BY_NAME = {table.name: table for table in TABLES}


@dataclass(slots=True)
class _File:
    name: str
    rows: int
    sync: int


@dataclass(slots=True)
class _Manifest:
    generation: str = ""
    watermark: int = 0
    sync: int = 0
    synced_at: float = 0.0
    files: dict[str, list[_File]] = field(default_factory=dict)
    replaced: dict[str, list[_File]] = field(default_factory=dict)
    purge: bool = False  # files that don't count any more go at once: somebody was erased

    def to_json(self) -> str:
        return json.dumps(
            {
                "format": FORMAT,
                "generation": self.generation,
                "watermark": self.watermark,
                "sync": self.sync,
                "synced_at": self.synced_at,
                "files": {name: [[f.name, f.rows, f.sync] for f in files] for name, files in self.files.items()},
                "replaced": {name: [[f.name, f.rows, f.sync] for f in files] for name, files in self.replaced.items()},
            }
        )

    @classmethod
    def read(cls, path: Path) -> _Manifest:
        """An empty manifest where there is none, or one that can't be read: the mirror is only a cache."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["format"] != FORMAT:
                return cls()
            return cls(
                str(stored["generation"]),
                int(stored["watermark"]),
                int(stored["sync"]),
                float(stored["synced_at"]),
                {name: [_File(*entry) for entry in entries] for name, entries in stored["files"].items()},
                {name: [_File(*entry) for entry in entries] for name, entries in stored["replaced"].items()},
            )
        except (OSError, ValueError, KeyError, TypeError):
            return cls()


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did."""

    full: bool
    rows: dict[str, int]
    erased: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Unwanted:
    """Which rows have to go: these keys, these people's, and what these browsers did while nobody was signed in."""

    key: str
    keys: set[int]
    people: set[int]
    visitors: set[int]

    def __bool__(self) -> bool:
        return bool(self.keys or self.people or self.visitors)

    def rows_of(self, table: Any) -> Any:
        def among(column: str, ids: set[int]) -> Any:
            values = table[column]
            return compute.is_in(values, value_set=pa.array(sorted(ids), type=values.type))

        bad = pa.array([False] * table.num_rows)
        if self.keys:
            bad = compute.or_(bad, among(self.key, self.keys))
        if self.people:
            bad = compute.or_(bad, among("customer_id", self.people))
        if self.visitors:
            nobody = compute.is_null(table["customer_id"])
            bad = compute.or_(bad, compute.and_(among("visitor_id", self.visitors), nobody))
        return bad


class Mirror:
    """The mirror of one workspace. Many may read while one writes; a second writer waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def _manifest_path(self) -> Path:
        return self.folder / "manifest.json"

    def sync(self, database: Database) -> Synced:
        """Brings the copy up to the store's last settled change.

        Raises: DatabaseUnavailable. Interrupted anywhere, the manifest still names a whole copy.
        """
        started = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "writer.lock", "a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            manifest = _Manifest.read(self._manifest_path)
            if any(not (self.folder / f.name).is_file() for files in manifest.files.values() for f in files):
                manifest = _Manifest()
            with translated(), _adbc(database.url) as connection:
                done = self._sync(connection, manifest)
            manifest.synced_at = time.time()
            self._compact(manifest)
            self._commit(manifest)
        return Synced(done.full, done.rows, done.erased, time.monotonic() - started)

    def _sync(self, connection: Any, manifest: _Manifest) -> Synced:
        with connection.cursor() as cursor:
            # One snapshot for all that follows: the feed and the rows it names belong together.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(
                "SELECT generation::text AS g, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS x FROM shop"
            )
            state = cursor.fetch_arrow_table().to_pylist()
            generation, xmin = (str(state[0]["g"]), int(state[0]["x"])) if state else ("", 0)
            stale = time.time() - manifest.synced_at > FULL_AFTER_DAYS * 86_400
            full = manifest.generation != generation or manifest.watermark == 0 or stale
            if full:
                number = manifest.sync
                manifest.files, manifest.replaced = {}, {}
                manifest.generation, manifest.sync = generation, number
                manifest.purge = True  # whoever was erased meanwhile may stand in the files of before
            manifest.sync += 1
            rows: dict[str, int] = {}
            erased = 0
            if full:
                for table in TABLES:
                    # What a transaction that isn't settled yet wrote comes with the next sync.
                    late = f"change_id NOT IN (SELECT change_id FROM changes WHERE xact::text::bigint >= {xmin})"
                    rows[table.name] = self._copy(cursor, manifest, table, late, replaces=False)
            else:
                cursor.execute(
                    "SELECT change_id, kind, tables, keys::text AS keys FROM changes"
                    f" WHERE xact >= '{manifest.watermark}'::xid8 AND xact < '{xmin}'::xid8 ORDER BY change_id"
                )
                changes = cursor.fetch_arrow_table().to_pylist()
                for table in TABLES:
                    touching = [change for change in changes if table.name in change["tables"]]
                    ids = [change["change_id"] for change in touching if change["kind"] != "delete"]
                    if ids:
                        replaces = not table.append_only or any(change["kind"] != "insert" for change in touching)
                        condition = (
                            f"change_id BETWEEN {min(ids)} AND {max(ids)} AND change_id = ANY(ARRAY{ids}::bigint[])"
                        )
                        rows[table.name] = self._copy(cursor, manifest, table, condition, replaces)
                erased = self._remove(manifest, changes)
            manifest.watermark = xmin
        return Synced(full, rows, erased, 0.0)

    def _copy(self, cursor: Any, manifest: _Manifest, table: Table, condition: str, replaces: bool) -> int:
        """Writes the rows that fit the condition into a new file. `replaces`: older copies of them may exist."""
        cursor.execute(f"SELECT {table.columns} FROM {table.name} t WHERE {condition}")
        reader = cursor.fetch_record_batch()
        schema = pa.schema([pa.field(f.name, f.type) for f in reader.schema])
        name = f"{table.name}-{manifest.sync:08d}.parquet"
        rows = 0
        keys: list[pa.Array] = []
        with (
            _written(self.folder / name) as target,
            parquet.ParquetWriter(target, schema, compression="zstd") as writer,
        ):
            for batch in reader:
                rows += batch.num_rows
                writer.write_batch(pa.record_batch(batch.columns, schema=schema), row_group_size=250_000)
                if replaces:
                    keys.append(batch.column(0))
        if rows == 0:
            (self.folder / name).unlink()
            return 0
        manifest.files.setdefault(table.name, []).append(_File(name, rows, manifest.sync))
        older = any(f.sync < manifest.sync for f in manifest.files[table.name])
        if replaces and older:
            self._write_keys(manifest, table, pa.chunked_array(keys))
        return rows

    def _write_keys(self, manifest: _Manifest, table: Table, keys: pa.ChunkedArray) -> None:
        """Says that copies of these rows in files older than this sync don't count any more."""
        part = len(manifest.replaced.get(table.name, ()))
        name = f"{table.name}-{manifest.sync:08d}-{part}-replaced.parquet"
        with _written(self.folder / name) as target:
            parquet.write_table(pa.table({"key": keys}), target)
        manifest.replaced.setdefault(table.name, []).append(_File(name, len(keys), manifest.sync))

    def _remove(self, manifest: _Manifest, changes: list[dict[str, Any]]) -> int:
        """Deletes merged rows and erased people, in the files themselves. Returns how many rows went."""
        people: set[int] = set()
        visitors: set[int] = set()
        deleted: dict[str, set[int]] = {}
        for change in changes:
            keys = json.loads(change["keys"]) if change["keys"] else {}
            if change["kind"] == "erase":
                people.update(keys.get("people", ()))
                manifest.purge = manifest.purge or not keys.get("merged")
                visitors.update(keys.get("visitors", ()))
            for name in keys.keys() & _BY_NAME.keys():
                deleted.setdefault(name, set()).update(keys[name])
        gone = 0
        for table in TABLES:
            unwanted = _Unwanted(
                table.key,
                deleted.get(table.name, set()),
                people if table.people else set(),
                visitors if table.visitors else set(),
            )
            if not unwanted:
                continue
            # An erased person's orders stay, without the person: they came again in a newer file, this only drops the old copy.
            for file in manifest.files.get(table.name, []):
                gone += self._rewrite(file, unwanted)
            manifest.files[table.name] = [f for f in manifest.files.get(table.name, []) if f.rows]
        return gone

    def _rewrite(self, file: _File, unwanted: _Unwanted) -> int:
        """The same rows without the unwanted ones, under a new name. Row group by row group."""
        path = self.folder / file.name
        source = parquet.ParquetFile(path)
        name = f"{path.stem}-e{time.time_ns():x}.parquet"
        gone = kept = 0
        with (
            _written(self.folder / name) as target,
            parquet.ParquetWriter(target, source.schema_arrow, compression="zstd") as writer,
        ):
            for group in range(source.num_row_groups):
                table = source.read_row_group(group)
                left = table.filter(compute.invert(unwanted.rows_of(table)))
                gone += table.num_rows - left.num_rows
                kept += left.num_rows
                writer.write_table(left)
        if gone == 0 or kept == 0:
            (self.folder / name).unlink()
        if gone:
            file.rows = kept
            if kept:
                file.name = name
        return gone

    def _compact(self, manifest: _Manifest) -> None:
        """Joins small files, leaving out rows that were replaced."""
        for table in TABLES:
            files = manifest.files.get(table.name, [])
            if not files:
                manifest.replaced.pop(table.name, None)
                continue
            small = [f for f in files if f.rows < SMALL_ROWS]
            if len(small) <= MAX_SMALL_FILES and len(manifest.replaced.get(table.name, ())) <= MAX_SMALL_FILES:
                continue
            manifest.sync += 1
            name = f"{table.name}-{manifest.sync:08d}-joined.parquet"
            with duckdb.connect() as connection, _written(self.folder / name) as target:
                connection.execute(
                    f"COPY ({self._select(manifest, table)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 250000)"
                )
            rows = parquet.read_metadata(self.folder / name).num_rows
            manifest.files[table.name] = [_File(name, rows, manifest.sync)]
            manifest.replaced.pop(table.name, None)

    def _commit(self, manifest: _Manifest) -> None:
        temporary = self.folder / "manifest.json.new"
        with temporary.open("w", encoding="utf-8") as file:
            file.write(manifest.to_json())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._manifest_path)
        wanted = {f.name for group in (manifest.files, manifest.replaced) for files in group.values() for f in files}
        for path in self.folder.glob("*.parquet*"):
            # A reader that opened the manifest before still has a minute to finish with the old files; where an erased
            # person's rows may stand in one of them, a minute is too late.
            if path.name not in wanted and (manifest.purge or time.time() - path.stat().st_mtime > 60):
                path.unlink(missing_ok=True)
        manifest.purge = False

    def _select(self, manifest: _Manifest, table: Table) -> str:
        """SQL (DuckDB) for a table's present rows."""
        files = manifest.files.get(table.name, [])
        parts = []
        for file in files:
            newer = [f for f in manifest.replaced.get(table.name, []) if f.sync > file.sync]
            part = f"SELECT * FROM read_parquet('{self._quoted(file.name)}')"
            if newer:
                listed = ", ".join(f"'{self._quoted(f.name)}'" for f in newer)
                part += (
                    f" AS t WHERE NOT EXISTS (SELECT 1 FROM read_parquet([{listed}]) AS r WHERE r.key = t.{table.key})"
                )
            parts.append(part)
        return " UNION ALL BY NAME ".join(parts)

    def _quoted(self, name: str) -> str:
        return str(self.folder / name).replace("'", "''")

    @contextlib.contextmanager
    def read(self, *, threads: int = 2, memory: str = "2GB") -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection with a view a table: events, decisions, products, customers, orders, reviews.

        A table without any row yet is an empty view with the columns that its first row would have.
        """
        manifest = _Manifest.read(self._manifest_path)
        with duckdb.connect(config={"threads": threads, "memory_limit": memory}) as connection:
            for table in TABLES:
                select = self._select(manifest, table) or _EMPTY[table.name]
                connection.execute(f"CREATE VIEW {table.name} AS {select}")
            yield connection

    @property
    def synced_at(self) -> float | None:
        """When the last sync ended (epoch seconds), or None."""
        return _Manifest.read(self._manifest_path).synced_at or None

    def clear(self) -> None:
        """Forgets the copy; the next sync makes it anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)


def _empty(**columns: str) -> str:
    return "SELECT " + ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items()) + " WHERE false"


_EMPTY = {
    "events": _empty(
        event_id="BIGINT", message_id="VARCHAR", type="VARCHAR", occurred_at="TIMESTAMP", received_at="TIMESTAMP",
        clock="VARCHAR", customer_id="BIGINT", visitor_id="BIGINT", session="VARCHAR", product_id="BIGINT", variant_id="BIGINT",
        order_id="BIGINT", quantity="INTEGER", amount="BIGINT", currency="VARCHAR", exponent="SMALLINT", decision_id="VARCHAR",
        position="SMALLINT", surface="VARCHAR", properties="VARCHAR", source="VARCHAR",
    ),
    "decisions": _empty(
        decision_id="VARCHAR", at="TIMESTAMP", surface="VARCHAR", customer_id="BIGINT", visitor_id="BIGINT",
        context_product_id="BIGINT", mode="VARCHAR", model_version="VARCHAR", policy="VARCHAR", seed="BIGINT", arm="VARCHAR",
        product_ids="BIGINT[]", scores="FLOAT[]", propensities="FLOAT[]", sources="VARCHAR[]",
    ),
    "products": _empty(
        product_id="BIGINT", known="BOOLEAN", status="VARCHAR", texts="VARCHAR", brand="VARCHAR", category="VARCHAR[]",
        attributes="VARCHAR", created_at="TIMESTAMP", updated_at="TIMESTAMP", price="BIGINT",
    ),
    "customers": _empty(customer_id="BIGINT", known="BOOLEAN", locale="VARCHAR", traits="VARCHAR", created_at="TIMESTAMP"),
    "orders": _empty(
        order_id="BIGINT", known="BOOLEAN", customer_id="BIGINT", visitor_id="BIGINT", placed_at="TIMESTAMP", status="VARCHAR",
        currency="VARCHAR", exponent="SMALLINT", total="BIGINT", product_ids="BIGINT[]", quantities="INTEGER[]",
        unit_prices="BIGINT[]",
    ),
    "reviews": _empty(
        review_id="BIGINT", product_id="BIGINT", customer_id="BIGINT", rating="FLOAT", title="VARCHAR", body="VARCHAR",
        locale="VARCHAR", written_at="TIMESTAMP",
    ),
}  # fmt: skip


@contextlib.contextmanager
def _adbc(url: str) -> Iterator[Any]:
    # Loaded here: serving imports this module but never copies, and the driver takes a quarter of a second.
    import adbc_driver_postgresql.dbapi as adbc
    import psycopg

    try:
        connection = adbc.connect(url)
    except adbc.Error as error:
        raise psycopg.OperationalError(str(error)) from error
    try:
        yield connection
    except adbc.OperationalError as error:
        raise psycopg.OperationalError(str(error)) from error
    finally:
        with contextlib.suppress(adbc.Error):
            connection.close()


@contextlib.contextmanager
def _written(path: Path) -> Iterator[Path]:
    """A name to write under; the file appears under its own name only when it is whole."""
    temporary = path.with_name(path.name + ".new")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
