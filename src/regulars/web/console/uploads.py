"""Files in and out of the console: an upload as it is, rejected rows, a backup. Knows no page."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import shutil
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse

from regulars.errors import NotFound, RegularsError
from regulars.web.console.context import Context
from regulars.web.problems import problem

FOLDER = "uploads"
BACKUPS = "backups"
PLAN = "plan.json"  # how the file is to be read, so that an import that was stopped can go on
MAX_NAME = 120
_TOKEN = re.compile(r"[a-f0-9]{24}")


def routes(context: Context) -> APIRouter:
    """All behind the gate."""
    router = APIRouter(include_in_schema=False)

    @router.post("/upload")
    async def upload(request: Request) -> Response:
        """Writes the body to a folder of its own, piece by piece."""
        name = safe_name(request.query_params.get("name", ""))
        token = secrets.token_hex(12)
        folder = context.workspace.imports / FOLDER / token
        folder.mkdir(parents=True)
        try:
            with (folder / name).open("wb") as file:
                async for piece in request.stream():
                    await asyncio.to_thread(file.write, piece)
                size = file.tell()
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                told = RegularsError(f"The file can't be kept: {error.strerror}.", hint="Make room on the disk.")
                return problem(told, instance="/upload")
            raise
        if size == 0:
            shutil.rmtree(folder, ignore_errors=True)
            return JSONResponse({"detail": "empty"}, 422)
        return JSONResponse({"token": token, "size": size})

    @router.get("/rejects/{run_id}")
    async def rejects(run_id: int) -> Response:
        """The rows that an import turned away, a JSON line each."""

        def find() -> Path | None:
            with context.shop_of().database.connect(autocommit=True) as connection:
                row = connection.execute(
                    "SELECT report->>'rejects_file' AS file FROM import_runs WHERE run_id = %s", (run_id,)
                ).fetchone()
            # By its name alone: a restored shop's reports speak of another machine's folders.
            return context.workspace.imports / Path(row["file"]).name if row and row["file"] else None

        path = await asyncio.to_thread(find)
        if path is None or not path.is_file():
            return problem(NotFound("There are no rejected rows (any more)."), instance=f"/rejects/{run_id}")
        return FileResponse(path, filename=path.name, media_type="application/x-ndjson")

    @router.get("/backup/{name}")
    async def backup(name: str) -> Response:
        """A backup that was made here; once sent it is deleted, since it holds everything."""
        path = context.workspace.folder / "run" / BACKUPS / safe_name(name)
        if not path.is_file():
            return problem(NotFound("There is no such backup (any more)."), instance="/backup")
        gone = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, filename=path.name, media_type="application/x-tar", background=gone)

    return router


def safe_name(given: str) -> str:
    """A file's name without folders, control characters or a leading dot."""
    name = re.sub(r"[\x00-\x1f/\\:*?\"<>|]+", "_", given.replace("\\", "/").rsplit("/", 1)[-1]).strip().lstrip(".")
    stem, dot, suffix = name.rpartition(".")
    name = f"{stem[: MAX_NAME - len(suffix) - 1]}{dot}{suffix}" if dot and len(suffix) < 16 else name[:MAX_NAME]
    while len(name.encode()) > 240:
        name = name[1:]
    return name or "file"


def uploaded(context: Context, token: str) -> Path:
    """The file of an upload. Raises: NotFound."""
    folder = context.workspace.imports / FOLDER / token
    if _TOKEN.fullmatch(token) and folder.is_dir():
        for path in folder.iterdir():
            if path.name != PLAN:
                return path
    raise NotFound("The uploaded file isn't there any more.", hint="Upload it again.")


def keep_plan(path: Path, plan: dict[str, Any]) -> None:
    (path.parent / PLAN).write_text(json.dumps(plan), encoding="utf-8")


def plan_of(path: Path) -> dict[str, Any] | None:
    """How an upload was to be imported; None where it was never begun, or is gone."""
    if path.parent.parent.name != FOLDER or not path.is_file():
        return None
    with contextlib.suppress(OSError, ValueError):
        plan = json.loads((path.parent / PLAN).read_text(encoding="utf-8"))
        return plan if isinstance(plan, dict) else None
    return None


def drop(path: Path) -> None:
    """Forgets an upload."""
    if path.parent.parent.name == FOLDER:
        shutil.rmtree(path.parent, ignore_errors=True)
