"""`regulars doctor`: checks what has to be right and says what to do. Changes nothing."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import regulars
from regulars.errors import RegularsError
from regulars.recommend.live import KIND
from regulars.shop import Shop
from regulars.store import registry, supervisor
from regulars.store.workspace import Workspace

LOW_DISK_GB = 2.0
STALE_MIRROR_DAYS = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `do` is empty when it is right."""

    part: str
    ok: bool
    says: str
    do: str = ""


def check(folder: Path) -> list[Finding]:
    """Looks at everything it can reach; a part that fails doesn't hide the others."""
    findings: list[Finding] = []
    try:
        workspace = Workspace.open(folder)
        start = workspace.start_settings()
    except RegularsError as error:
        return [Finding("workspace", False, error.detail, error.hint or "")]
    findings.append(Finding("workspace", True, str(workspace.folder)))
    free = shutil.disk_usage(workspace.folder).free / 1e9
    findings.append(
        Finding(
            "disk",
            free > LOW_DISK_GB,
            f"{free:,.1f} GB free",
            "" if free > LOW_DISK_GB else "Make room: PostgreSQL stops when the disk is full.",
        )
    )
    try:
        with regulars.open(workspace.folder) as shop:
            findings += _database(shop, start.database_url is None)
            findings += _models(shop)
            findings += _mirror(shop)
    except RegularsError as error:
        findings.append(Finding("database", False, error.detail, error.hint or ""))
    return findings


def _database(shop: Shop, embedded: bool) -> list[Finding]:
    began = time.perf_counter()
    with shop.database.connect() as connection:
        row = connection.execute(
            "SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS size"
        ).fetchone()
        waiting = connection.execute("SELECT count(*) AS n FROM import_runs WHERE state = 'running'").fetchone()
    assert row is not None
    assert waiting is not None
    milliseconds = (time.perf_counter() - began) * 1000
    pids = supervisor.owner_pids(shop.workspace.folder) if embedded else {}
    where = (
        f"embedded, supervisor {pids.get('supervisor')}, PostgreSQL {pids.get('postgresql')}" if embedded else "outside"
    )
    findings = [
        Finding(
            "database",
            True,
            f"PostgreSQL {row['version']} ({where}), {row['size'] / 1e6:,.0f} MB, answers in {milliseconds:.0f} ms",
        )
    ]
    counts = shop.counts()
    says = f"{counts['products']:,} products, {counts['events']:,} events, {counts['decisions']:,} decisions"
    if counts["unknown_products"]:
        says += f"; {counts['unknown_products']:,} products are named by events but described by no record"
    findings.append(
        Finding(
            "data",
            counts["products"] > 0,
            says,
            "" if counts["products"] else "Import some: `regulars import products FILE`.",
        )
    )
    if waiting["n"]:
        findings.append(
            Finding(
                "imports",
                False,
                f"{waiting['n']} didn't end",
                "Run the same import again: it goes on where it stopped.",
            )
        )
    return findings


def _models(shop: Shop) -> list[Finding]:
    rows = shop.models()
    serving = next((row for row in rows if row["serving"]), None)
    if serving is None:
        return [Finding("model", True, "none trained yet; counts and words answer", "Train one: `regulars train`.")]
    try:
        registry.verify(shop.workspace.models / serving["version"], serving["files"])
    except RegularsError as error:
        return [Finding("model", False, error.detail, "The version before serves. Train again, or restore the file.")]
    return [Finding("model", True, f"{serving['version']} ({KIND}), checksums right")]


def _mirror(shop: Shop) -> list[Finding]:
    at = shop.mirror.synced_at
    if at is None:
        return [Finding("mirror", True, "not made yet; training or `regulars sync` makes it")]
    age = (time.time() - at) / 86_400
    fresh = age < STALE_MIRROR_DAYS
    return [
        Finding(
            "mirror",
            fresh,
            f"synced {age * 24:.1f} hours ago",
            "" if fresh else "Run `regulars sync`, or keep `regulars serve` running.",
        )
    ]
