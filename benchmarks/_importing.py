"""Importing a file in a process of its own, so that its memory can be told: python -m benchmarks._importing FOLDER KIND FILE.

Prints one JSON line: rows read, new and rejected, seconds of the import itself, and the process's peak memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import regulars


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import did. peak_mb: the highest resident memory of the importing process; PostgreSQL's isn't in it."""

    read: int
    new: int
    rejected: int
    seconds: float
    peak_mb: float


def imported(workspace: Path, kind: str, file: Path) -> Imported:
    """Run an import as the command line would, in a fresh process. Raises CalledProcessError when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._importing", str(workspace), kind, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Imported(**json.loads(done.stdout.splitlines()[-1]))


def peak_mb() -> float:
    """This process's highest resident memory so far. Not ru_maxrss: that one remembers the process it was forked from."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Command line; see the module."""
    workspace, kind, file = sys.argv[1:]
    with regulars.open(workspace) as shop:
        report = shop.import_file(kind, file)
    print(json.dumps(asdict(Imported(report.read, report.new, report.rejected, report.seconds, round(peak_mb(), 1)))))


if __name__ == "__main__":
    main()
