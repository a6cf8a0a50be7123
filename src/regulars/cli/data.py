"""A new shop, and bringing data in."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from regulars.cli.options import HERE, JsonOption, WorkspaceOption, app, opened
from regulars.errors import InvalidInput
from regulars.terminal import print_json, progress_bar, say


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder for the shop.")],
    name: Annotated[str | None, typer.Option(help="The shop's name. Default: the folder's.")] = None,
    currency: Annotated[str, typer.Option(help="Three letters, e.g. EUR.")] = "EUR",
    zone: Annotated[str, typer.Option(help="Time zone, e.g. Europe/London.")] = "UTC",
    locale: Annotated[list[str] | None, typer.Option(help="Languages, the main one first. Repeat it.")] = None,
) -> None:
    """Make a workspace: a folder with a database of its own."""
    import regulars

    started = time.monotonic()
    with regulars.init(folder, name=name or folder.name, currency=currency, zone=zone, locales=locale or ["en", "zh"]):
        say(f"Made the shop {name or folder.name!r} in {folder} ({time.monotonic() - started:.1f} s).")
    say(f"Next: regulars import products FILE --workspace {folder}")


@app.command("import")
def import_(
    kind: Annotated[str, typer.Argument(help="products, customers, events, orders, reviews or articles.")],
    files: Annotated[list[Path], typer.Argument(help="JSON lines, CSV or Parquet; also .gz.")],
    workspace: WorkspaceOption = HERE,
    format: Annotated[
        str | None, typer.Option(help="jsonl, csv, parquet or online-retail. Default: found by content.")
    ] = None,
    map: Annotated[list[str] | None, typer.Option(help="A column's name: theirs=ours. Repeat it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring data in. Importing twice is importing once; after a kill the same command goes on."""
    columns = _mapping(map or [])
    with opened(workspace) as shop:
        reports = []
        for file in files:
            with progress_bar(f"{file.name}", as_json) as bar:
                report = shop.import_file(
                    kind, file, format=format, columns=columns, progress=bar.rows if bar else None
                )
            reports.append(report.as_dict())
            if not as_json:
                say(_import_line(report))
                for reason, count in report.reasons.most_common(10):
                    say(f"    {count:,} × {reason}")
                if report.rejects_file:
                    say(f"    rejected rows with line numbers: {report.rejects_file}")
        if as_json:
            print_json(reports)
        else:
            say(
                "Next: regulars train"
                if kind in ("events", "orders")
                else "Next: import events or orders, then `regulars train`."
            )


def _import_line(report: Any) -> str:
    parts = [f"{report.read:,} {report.kind} read"]
    if report.resumed_at:
        parts.append(f"continued after row {report.resumed_at:,}")
    parts.append(f"{report.new:,} new")
    if report.updated:
        parts.append(f"{report.updated:,} updated")
    if report.unchanged:
        parts.append(f"{report.unchanged:,} known already")
    parts.append(f"{report.rejected:,} rejected")
    if report.unresolved:
        parts.append(f"{report.unresolved:,} with a product or customer that no record describes yet")
    for how, text in (
        ("zone", "times without a zone, read in the shop's"),
        ("server", "times missing or in the future, set to now"),
        ("corrected", "times corrected by sent_at"),
    ):
        if report.clocks.get(how):
            parts.append(f"{report.clocks[how]:,} {text}")
    return f"{report.file}: {', '.join(parts)} ({report.seconds:.1f} s, {report.format})"


def _mapping(pairs: list[str]) -> dict[str, str] | None:
    columns = {}
    for pair in pairs:
        theirs, equals, ours = pair.partition("=")
        if not equals or not theirs or not ours:
            raise InvalidInput(f"--map {pair!r} isn't theirs=ours.", hint="Example: --map item_name=title")
        columns[theirs] = ours
    return columns or None
