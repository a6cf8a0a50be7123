"""A new shop, and bringing data in."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from regulars.cli.options import HERE, JsonOption, WorkspaceOption, app, opened
from regulars.errors import InvalidInput
from regulars.terminal import out, print_json, progress_bar, say


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
    say(f"Next: regulars import FILE --workspace {folder}")


@app.command("import")
def import_(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[KIND] FILE…",
            help="products, customers, events, orders, reviews, articles, conversations or auto (the default), then files; also .gz.",
        ),
    ],
    workspace: WorkspaceOption = HERE,
    format: Annotated[
        str | None, typer.Option(help="A format's name, see docs/import.md. Default: found by content.")
    ] = None,
    map: Annotated[list[str] | None, typer.Option(help="A column's name: theirs=ours. Repeat it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring data in. Importing twice is importing once; after a kill the same command goes on."""
    from regulars.feeds.formats import kinds_in

    kind, files = _kind_and_files(what)
    columns = _mapping(map or [])
    with opened(workspace) as shop:
        if dry_run:
            _preview(shop, kind, files, format, columns, as_json)
            return
        reports = []
        for file in files:
            for one in [kind] if kind else kinds_in(file, format, columns):
                with progress_bar(f"{file.name}", as_json) as bar:
                    report = shop.import_file(
                        one, file, format=format, columns=columns, progress=bar.rows if bar else None
                    )
                reports.append(report)
                if not as_json:
                    _say_report(report)
        if as_json:
            print_json([report.as_dict() for report in reports])
        elif any(report.read > report.rejected for report in reports) or not any(report.rejected for report in reports):
            say(
                "Next: regulars train"
                if any(report.kind in ("events", "orders") for report in reports)
                else "Next: import events or orders, then `regulars train`."
            )
        if reports and all(report.rejected and report.read == report.rejected for report in reports):
            if not as_json:
                say(
                    "Nothing could be used. `--dry-run` shows where each column goes; `--map theirs=ours` puts it elsewhere."
                )
            raise typer.Exit(2)


def _kind_and_files(what: list[str]) -> tuple[str | None, list[Path]]:
    """The first word is the kind if it is one; without it the kind is found by content."""
    from regulars.feeds.formats import AUTO
    from regulars.feeds.native import KINDS

    first, *others = what
    if first == AUTO or first in KINDS:
        if not others:
            raise InvalidInput(f"No file is named after {first!r}.", hint=f"Example: regulars import {first} FILE")
        return None if first == AUTO else first, [Path(one) for one in others]
    if others and not Path(first).exists():
        raise InvalidInput(
            f"{first!r} is neither a file nor a kind.", hint=f"Choose {', '.join(KINDS)}, or leave the kind out."
        )
    return None, [Path(one) for one in what]


def _say_report(report: Any) -> None:
    say(_import_line(report))
    for reason, count in report.reasons.most_common(10):
        say(f"    {count:,} × {reason}")
    if report.rejects_file:
        say(f"    rejected rows with line numbers: {report.rejects_file}")
    _say_notes(report.found, report.unplaced)


def _say_notes(found: dict[str, int], unplaced: dict[str, int]) -> None:
    for what, count in found.items():
        say(f"    {count:,} × {what}")
    filled = [name for name, cells in unplaced.items() if cells]
    if filled:
        more = f" and {len(filled) - 12:,} more" if len(filled) > 12 else ""
        columns = "1 column" if len(filled) == 1 else f"{len(filled):,} columns"
        say(f"    not kept, {columns}: {', '.join(filled[:12])}{more}")


def _preview(
    shop: Any, kind: str | None, files: list[Path], format: str | None, columns: dict[str, str] | None, as_json: bool
) -> None:
    from regulars.feeds.reader import STORED

    previews = [shop.preview_file(file, kind, format, columns) for file in files]
    if as_json:
        print_json([preview.as_dict() for preview in previews])
        return
    for preview in previews:
        of = "all" if preview.whole else "the first"
        say(
            f"{preview.file}: {preview.kind}, {preview.format_title}. Of {of} {preview.rows:,} rows: "
            f"{preview.usable:,} {preview.kind} usable, {preview.rejected:,} rejected. Nothing was written."
        )
        table = Table("column", "goes to", "example", box=None, pad_edge=False)
        for column in preview.columns:
            goes = column.goes_to or "not kept"
            hint = f"  (--map '{column.name}={column.suggestion}'?)" if column.suggestion else ""
            if column.sample or column.suggestion:
                table.add_row(Text(column.name[:40]), Text(goes[:40] + hint), Text(column.sample[:40]))
        out.print(table)
        for record in preview.records[:3]:
            say("    " + json.dumps(record, ensure_ascii=False)[:400])
        for problem in preview.problems[:10]:
            where = f"{problem.field}: " if problem.field else ""
            say(f"    line {problem.line:,}: {where}{problem.reason}")
        _say_notes(preview.found, preview.unplaced)
    if not any(preview.usable for preview in previews):
        say("Nothing of it can be used as it is. `--map theirs=ours` puts a column elsewhere.")
        return
    own = [preview.kind for preview in previews if preview.format in STORED]
    again = f"{kind or own[0]} " if kind or own else ""
    say(f"Next: regulars import {again}{' '.join(map(str, files))}")


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
