"""The model registry: versions, checksums, promotion, roll-back. A folder a version; never pickle. Knows no model's inside."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from regulars.errors import Conflict, DamagedModel, NotFound
from regulars.store.database import Connection, Row

PROMOTION_ORDER = """
SELECT p.promotion_id, p.version, p.reason, p.at, v.files, v.status FROM promotions p JOIN model_versions v USING (version)
WHERE p.kind = %s ORDER BY p.promotion_id DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """A version that may serve."""

    version: str
    folder: Path
    files: dict[str, str]
    promotion_id: int


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class Draft:
    """A version that is being made: write artifacts into `folder`, then `register` it. `discard` leaves nothing."""

    version: str
    kind: str
    folder: Path
    metrics: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None
    note: str | None = None

    def discard(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def draft(models: Path, kind: str) -> Draft:
    """An empty folder for a new version, named `recommender-20260301-093000-1a2b`."""
    version = f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
    folder = models / f".{version}.unfinished"
    folder.mkdir(parents=True)
    return Draft(version, kind, folder)


def register(connection: Connection, models: Path, made: Draft) -> str:
    """Checksums a draft's artifacts and lists it as a candidate. Returns its name."""
    files = {
        str(path.relative_to(made.folder)): _sha256(path) for path in sorted(made.folder.rglob("*")) if path.is_file()
    }
    made.folder = made.folder.rename(models / made.version)
    connection.execute(
        "INSERT INTO model_versions (version, kind, status, files, metrics, settings, parent, note)"
        " VALUES (%s, %s, 'candidate', %s, %s, %s, %s, %s)",
        (made.version, made.kind, Jsonb(files), Jsonb(made.metrics), Jsonb(made.settings), made.parent, made.note),
    )
    return made.version


def verify(folder: Path, files: dict[str, str]) -> None:
    """Raises: DamagedModel naming the first file that is missing or isn't what was registered."""
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            raise DamagedModel(f"{path} is missing.", hint="Restore it from a backup, or train again.", file=str(path))
        if _sha256(path) != digest:
            raise DamagedModel(
                f"{path} isn't the file that was registered (its checksum differs).",
                hint="Restore it from a backup, or train again.",
                file=str(path),
            )


def versions(connection: Connection, kind: str) -> list[Row]:
    """All versions, newest first, with `serving` true for the one promoted last."""
    return connection.execute(
        "SELECT v.*, v.version = (SELECT p.version FROM promotions p WHERE p.kind = v.kind"
        " ORDER BY promotion_id DESC LIMIT 1) AS serving"
        " FROM model_versions v WHERE v.kind = %s ORDER BY v.created_at DESC, v.version DESC",
        (kind,),
    ).fetchall()


def read(connection: Connection, version: str) -> Row:
    """Raises: NotFound."""
    row = connection.execute("SELECT * FROM model_versions WHERE version = %s", (version,)).fetchone()
    if row is None:
        raise NotFound(f"There is no model version {version!r}.", hint="`regulars models list` shows them.")
    return row


def promote(connection: Connection, models: Path, version: str, reason: str) -> None:
    """From now on this version serves; running processes swap to it within seconds.

    Raises: NotFound; DamagedModel when its files aren't what was registered.
    """
    row = read(connection, version)
    verify(models / version, row["files"])
    connection.execute(
        "UPDATE model_versions SET status = 'retired' WHERE kind = %s AND status = 'promoted'", (row["kind"],)
    )
    connection.execute("UPDATE model_versions SET status = 'promoted' WHERE version = %s", (version,))
    connection.execute(
        "INSERT INTO promotions (kind, version, reason) VALUES (%s, %s, %s)", (row["kind"], version, reason)
    )


def reject(connection: Connection, version: str) -> None:
    connection.execute("UPDATE model_versions SET status = 'rejected' WHERE version = %s", (version,))


def roll_back(connection: Connection, models: Path, kind: str) -> str:
    """Promotes the version that served before the present one. Returns its name.

    Raises: Conflict when there was none; DamagedModel.
    """
    order = connection.execute(PROMOTION_ORDER, (kind,)).fetchall()
    earlier = next((row for row in order if order and row["version"] != order[0]["version"]), None)
    if earlier is None:
        raise Conflict("No other version served before this one.", hint="`regulars models list` shows what there is.")
    promote(connection, models, earlier["version"], "rolled back")
    return str(earlier["version"])


def serving_order(rows: list[Row], models: Path) -> list[Registered]:
    """From PROMOTION_ORDER's rows: what should serve, then what served before it, each once."""
    unique: dict[str, Registered] = {}
    for row in rows:
        unique.setdefault(
            row["version"], Registered(row["version"], models / row["version"], row["files"], row["promotion_id"])
        )
    return list(unique.values())
