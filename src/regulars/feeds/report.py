"""What became of a file: counts, reasons, the rejected rows. Nothing is dropped silently."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

MAX_REASONS = 50  # further ones are counted together: a file of another kind can have as many reasons as rows


@dataclass(slots=True)
class ImportReport:
    """Counts of one import. read = new + updated + unchanged + rejected.

    unplaced: columns that no record holds, with how many cells there were. found: what was odd, and how it was read.
    """

    kind: str
    file: str
    format: str
    read: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    unresolved: int = 0
    seconds: float = 0.0
    resumed_at: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    clocks: Counter[str] = field(default_factory=Counter)
    unplaced: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    rejects_file: str | None = None

    def reject(self, reason: str) -> None:
        self.rejected += 1
        if reason not in self.reasons and len(self.reasons) >= MAX_REASONS:
            reason = "other reasons"
        self.reasons[reason] += 1

    def outcome(self, word: str) -> None:
        if word == "new":
            self.new += 1
        elif word == "updated":
            self.updated += 1
        else:
            self.unchanged += 1

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "file": self.file,
            "format": self.format,
            "read": self.read,
            "new": self.new,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "unresolved": self.unresolved,
            "seconds": round(self.seconds, 2),
            "resumed_at": self.resumed_at,
            "reasons": dict(self.reasons.most_common()),
            "clocks": dict(self.clocks),
            "unplaced": dict(self.unplaced.most_common()),
            "found": dict(self.found.most_common()),
            "rejects_file": self.rejects_file,
        }


class Rejects:
    """The file of rejected rows: a JSON line each, with where and why. Made at the first rejection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: Any = None

    def add(self, line: int, field_name: str | None, reason: str, row: Any) -> None:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
        entry = {"line": line, "field": field_name, "reason": reason, "row": row}
        try:
            text = orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS)
        except (TypeError, orjson.JSONEncodeError):
            text = orjson.dumps({**entry, "row": repr(row)[:2_000].encode("utf-8", "replace").decode()})
        self._file.write(text + b"\n")

    def start_at(self, length: int) -> None:
        """Keeps the first `length` bytes of a file left by an unfinished import; what came after wasn't committed."""
        if length == 0:
            self.path.unlink(missing_ok=True)
        elif self.path.is_file():
            os.truncate(self.path, length)
            self._file = self.path.open("ab")

    def flush(self) -> int:
        """Writes what was added. Returns the file's length."""
        if self._file is None:
            return 0
        self._file.flush()
        return int(self._file.tell())

    @property
    def any(self) -> bool:
        return self._file is not None

    def __enter__(self) -> Rejects:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
