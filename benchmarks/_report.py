"""How every benchmark says what it measured: a table for people, then a JSON line for programs. Knows no benchmark."""

from __future__ import annotations

import json
from collections.abc import Mapping

Figures = Mapping[str, float]


def print_report(benchmark: str, figures: Figures, peers: Mapping[str, Figures] | None = None) -> None:
    """Print a table, a row a system (ours first), then as the very last line
    {"benchmark": …, "figures": {name: number}, "peers": {peer: {name: number}}}.
    """
    peers = peers or {}
    rows = {benchmark: figures, **peers}
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    width = max(map(len, rows))
    print(" " * width + "".join(f"  {name:>14}" for name in names))
    for label, row in rows.items():
        cells = [f"  {row[name]:>14.4f}" if name in row else "  " + " " * 13 + "-" for name in names]
        print(f"{label:<{width}}" + "".join(cells))
    rounded = {name: round(value, 6) for name, value in figures.items()}
    others = {peer: {name: round(value, 6) for name, value in row.items()} for peer, row in peers.items()}
    print(json.dumps({"benchmark": benchmark, "figures": rounded, "peers": others}), flush=True)
