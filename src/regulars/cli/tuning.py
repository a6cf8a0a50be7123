"""Tuning: settings that suit a shop, searched in a time box; what was tried; back to the defaults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from regulars.cli.options import HERE, JsonOption, WorkspaceOption, app, opened
from regulars.terminal import out, print_json, progress_bar, say

MOST_SHOWN = 5


@app.command()
def tune(
    workspace: WorkspaceOption = HERE,
    minutes: Annotated[float, typer.Option(help="Time for all of it; it may take a trial longer.", min=0.01)] = 30.0,
    trials: Annotated[int | None, typer.Option(help="At most so many trials in each part.", min=1)] = None,
    fresh: Annotated[bool, typer.Option(help="Begin anew instead of going on with the last search.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed and data try the same settings.")] = 0,
    show: Annotated[bool, typer.Option(help="Only show what was tried and found.")] = False,
    forget: Annotated[bool, typer.Option(help="Only go back to the default settings.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look for settings that suit this shop better than the defaults; trainings use them if they surely do."""
    if show and forget:
        raise typer.BadParameter("--show and --forget don't go together.")
    with opened(workspace) as shop:
        folder: Path = shop.workspace.tuning
        if forget:
            _forget(folder, as_json)
            return
        if show:
            _show(folder, as_json)
            return
        with progress_bar("tuning", as_json, 1.0) as bar:
            try:
                tuned = shop.tune(
                    minutes=minutes, trials=trials, fresh=fresh, seed=seed, progress=bar.share if bar else None
                )
            except KeyboardInterrupt:
                if not as_json:
                    say("Stopped. What was tried is kept: `regulars tune` goes on from there.")
                raise
        if as_json:
            print_json({"taken": tuned.taken, "verdict": tuned.verdict, "study": tuned.study})
            return
        _table(tuned.study)
        say(f"{'Taken' if tuned.taken else 'Not taken'}: {tuned.verdict}.")
        if tuned.taken:
            _changes(tuned.study["result"]["settings"])
            say(f"Written to {folder / 'settings.json'}. Next: regulars train")
        else:
            say("Trainings use the same settings as before. `regulars tune --fresh` searches anew.")


def tuned_words(folder: Path) -> str:
    """What a training says before it begins; "" where nothing is tuned. Raises InvalidInput for a broken file."""
    from regulars.recommend import settings

    found = settings.read(folder)
    if found is None:
        return ""
    changed = settings.differences(found)
    if not changed:
        return "tuning/settings.json says nothing: all settings are the defaults."
    listed = ", ".join(f"{path} {_said(value)}" for path, (value, _) in list(changed.items())[:MOST_SHOWN])
    more = f" and {len(changed) - MOST_SHOWN} more" if len(changed) > MOST_SHOWN else ""
    return f"With tuned settings (tuning/settings.json): {listed}{more}."


def _forget(folder: Path, as_json: bool) -> None:
    from regulars.recommend import tune as tuning

    gone = tuning.forget(folder)
    if as_json:
        print_json({"forgotten": gone})
    else:
        say("Trainings use the defaults again. The trials are kept." if gone else "There were no tuned settings.")


def _show(folder: Path, as_json: bool) -> None:
    from regulars.recommend import settings
    from regulars.recommend import tune as tuning

    study, document = tuning.shown(folder), settings.read_document(folder)
    if as_json:
        print_json({"settings": document, "study": study})
        return
    if study is None:
        say("Nothing was tuned yet. Next: regulars tune")
    else:
        states = {
            "searching": "running",
            "checking": "running",
            "stopped": "stopped; `regulars tune` goes on from there",
        }
        people = f"{study['people']:,} people, {study['interactions']:,} actions"
        say(
            f"Begun {study['started'][:16].replace('T', ' ')} UTC on {people}: {states.get(study['state'], 'finished')}."
        )
        _table(study)
        if study["result"]:
            say(f"{'Taken' if study['result']['taken'] else 'Not taken'}.")
    if document is None:
        say("Trainings use the defaults.")
    else:
        say(tuned_words(folder))
        say(str(document.get("about", "")))


def _table(study: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("part", "trials", "defaults", "best", "what mattered"):
        table.add_column(heading, justify="right" if heading in ("trials", "defaults", "best") else "left")
    for part in study["parts"]:
        best = part["best"]["value"] if part["best"] else None
        order = sorted(part["importance"].items(), key=lambda pair: -pair[1])[:2]
        table.add_row(
            part["name"],
            str(len(part["trials"])),
            *("–" if value is None else f"{value:.4f}" for value in (part["defaults"], best)),
            ", ".join(f"{name.partition('.')[2]} {share:.0%}" for name, share in order),
        )
    for name, why in study["skipped"].items():
        table.add_row(name, "0", "–", "–", why)
    out.print(table)


def _changes(found: dict[str, Any]) -> None:
    from regulars.recommend import settings
    from regulars.recommend.train import TrainSettings

    usual = settings.document_of(TrainSettings())
    for path, value in found.items():
        room, name = path.split(".")
        say(f"  {path}: {_said(value)} instead of {_said(usual[room][name])}")


def _said(value: Any) -> str:
    return json.dumps(value)
