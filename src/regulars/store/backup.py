"""Backup and restore: one file with the database (pg_dump), the models, regulars.toml and what a demo keeps. Knows no tables but the shop's row."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from regulars.errors import RegularsError, UnreadableFile
from regulars.store import supervisor
from regulars.store.database import Database, migrate
from regulars.store.workspace import FILE, KEPT_BESIDE, Workspace

FORMAT = 1


def backup(workspace: Workspace, database: Database, target: Path) -> Path:
    """Writes everything that can't be made anew into `target` (.tar). Serving goes on meanwhile. Returns the file.

    Raises: RegularsError with pg_dump's words; the target appears only when it is whole.
    """
    target = target.resolve()
    if target.is_dir():
        target = target / f"{workspace.folder.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
    temporary = target.with_name(target.name + ".unfinished")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        dump = Path(scratch) / "database.dump"
        _program(
            "pg_dump", "--format=custom", "--compress=3", "--no-owner", f"--file={dump}", f"--dbname={database.url}"
        )
        about = Path(scratch) / "backup.json"
        about.write_text(json.dumps({"format": FORMAT, "made_at": datetime.now(UTC).isoformat()}), encoding="utf-8")
        try:
            with tarfile.open(temporary, "w") as archive:
                archive.add(about, "backup.json")
                archive.add(dump, "database.dump")
                archive.add(workspace.folder / FILE, FILE)
                for name in KEPT_BESIDE:
                    if (workspace.folder / name).is_file():
                        archive.add(workspace.folder / name, name)
                for version in sorted(workspace.models.iterdir()):
                    if version.is_dir() and not version.name.startswith("."):
                        archive.add(version, f"models/{version.name}")
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def restore(workspace: Workspace, database: Database, archive: Path) -> None:
    """Fills a new workspace from a backup. The database must be empty.

    Raises: UnreadableFile when it isn't a backup; RegularsError with pg_restore's words.
    """
    try:
        opened = tarfile.open(archive)  # noqa: SIM115 - closed below, with the error of opening told apart
    except (OSError, tarfile.TarError) as error:
        raise UnreadableFile(f"{archive} isn't a backup: {error}.", file=str(archive)) from error
    with opened, tempfile.TemporaryDirectory(dir=workspace.folder) as scratch:
        if not {"backup.json", "database.dump"} <= set(opened.getnames()):
            raise UnreadableFile(f"{archive} isn't a backup of Regulars.", file=str(archive))
        opened.extractall(scratch, filter="data")
        about = json.loads((Path(scratch) / "backup.json").read_text(encoding="utf-8"))
        if about.get("format") != FORMAT:
            raise UnreadableFile(
                f"{archive} is a backup of format {about.get('format')}, which this version doesn't know.",
                file=str(archive),
            )
        dump = Path(scratch) / "database.dump"
        os.chmod(dump, 0o644)
        _load(database, dump)
        for version in sorted((Path(scratch) / "models").glob("*")):
            version.rename(workspace.models / version.name)
        for name in KEPT_BESIDE:
            if (Path(scratch) / name).is_file():
                (workspace.folder / name).parent.mkdir(exist_ok=True)
                (Path(scratch) / name).replace(workspace.folder / name)
        # How the other machine started isn't how this one does: its database_url would point back at the original.
        (Path(scratch) / FILE).replace(workspace.folder / f"{FILE}.from-backup")
    migrate(database)
    with database.connect() as connection:
        # Transaction ids start anew in this server, so the feed's past means nothing here: mirrors are made afresh.
        connection.execute("DELETE FROM changes")
        connection.execute("UPDATE shop SET generation = gen_random_uuid()")


def _load(database: Database, dump: Path) -> None:
    """Fills the database from a dump, wholly or not at all."""
    with database.connect() as connection:
        version = connection.info.server_version
    if version >= 170000:
        _program(
            "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={database.url}", str(dump)
        )
        return
    # pg_restore sets a parameter that older servers don't know, and has no way to leave it out.
    script = [str(supervisor.binaries() / "pg_restore"), "--no-owner", "--file=-", str(dump)]
    load = [str(supervisor.binaries() / "psql"), "--no-psqlrc", "--quiet", "--single-transaction"]
    load += ["--set=ON_ERROR_STOP=1", f"--dbname={database.url}"]
    with tempfile.TemporaryFile() as said:
        reading = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=said)
        loading = subprocess.Popen(load, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        assert reading.stdout is not None
        assert loading.stdin is not None
        with contextlib.suppress(BrokenPipeError), loading.stdin:
            for line in reading.stdout:
                if line == b"SET transaction_timeout = 0;\n":
                    break
                loading.stdin.write(line)
            shutil.copyfileobj(reading.stdout, loading.stdin, 1 << 20)
        reading.stdout.close()
        if loading.wait() or reading.wait():
            said.seek(0)
            raise RegularsError(f"pg_restore failed: {said.read().decode(errors='replace').strip()[-1000:]}")


def _program(name: str, *arguments: str) -> None:
    done = subprocess.run([str(supervisor.binaries() / name), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RegularsError(f"{name} failed: {done.stderr.strip()[-1000:]}")
