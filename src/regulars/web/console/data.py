"""The console's page of data: what there is, files in by drag and drop with a preview, imports with their reports."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from nicegui import ui

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, joined, tag
from regulars.desk.visit import Visit
from regulars.desk.works import Work
from regulars.errors import InvalidInput, RegularsError
from regulars.feeds.formats import AUTO, kinds_held
from regulars.feeds.native import FIELDS, KINDS
from regulars.feeds.preview import Column, Preview
from regulars.insights.service import off_the_loop
from regulars.language.translations import Say
from regulars.store.database import Row
from regulars.web.console import uploads
from regulars.web.console.context import Context

RUNS = 50
LOOK_SECONDS = 1.0
SHOWN_RECORDS = 5
MAX_CELL = 300
_READ_RUNS = f"SELECT * FROM import_runs ORDER BY run_id DESC LIMIT {RUNS}"


def mount(context: Context) -> None:
    """Hangs the page into the console."""

    @context.desk.page("/data")
    async def data(visit: Visit) -> None:
        heading = parts.box()
        with parts.box("section"):
            parts.html(tag("h2", visit.say("Bring a file in")))
            zone = parts.box()
            with zone:
                parts.html(_drop(visit))
            preview = parts.box()
        zone.on(
            "uploaded",
            lambda event: parts.guarded(partial(_uploaded, context, visit, preview))(event.args),
            js_handler="(e) => emit(e.detail)",
        )
        counted, imports = parts.box("section"), parts.box("section")

        async def draw() -> None:
            counts, runs = await asyncio.gather(
                off_the_loop(context.insights_of().counts), asyncio.to_thread(_runs, context)
            )
            for place in (heading, counted, imports):
                place.clear()
            with heading:
                _heading(visit, counts)
            with counted:
                parts.html(joined([tag("h2", visit.say("What there is")), _counts(visit, counts)]))
            with imports:
                parts.html(tag("h2", visit.say("Imports")))
                _imports(context, visit, runs)

        await draw()
        seen = _steps(context)

        async def follow() -> None:
            nonlocal seen
            if seen != _steps(context):
                seen = _steps(context)
                await draw()

        ui.timer(LOOK_SECONDS, follow)


def _steps(context: Context) -> list[tuple[int, str]]:
    """Imports with their states: when these change, the page is out of date."""
    return [(work.number, work.state) for work in context.works.all if work.kind == "import"]


def kind_words(say: Say) -> dict[str, str]:
    return {
        "products": say("Products"),
        "customers": say("Customers"),
        "events": say("Events"),
        "orders": say("Orders"),
        "reviews": say("Reviews"),
        "articles": say("Articles"),
        "conversations": say("Conversations"),
    }


def _runs(context: Context) -> list[Row]:
    with context.shop_of().database.connect(autocommit=True) as connection:
        return connection.execute(_READ_RUNS).fetchall()


def _heading(visit: Visit, counts: Row) -> None:
    if not counts["products"] and not counts["events"]:
        title(visit, visit.say("Nothing is in this shop yet"), visit.say("Begin with the products; orders come next."))
        return
    sentence = visit.say("{products} products, {customers} customers and {events} events are in this shop")
    title(
        visit,
        sentence.format(
            products=visit.number(counts["products"]),
            customers=visit.number(counts["customers"]),
            events=visit.number(counts["events"]),
        ),
    )


def _drop(visit: Visit) -> Markup:
    say = visit.say
    return tag(
        "label",
        tag("b", say("Drop a file here, or choose one")),
        tag("span", say("Products, customers, orders, events, reviews or articles. From Shopify, WooCommerce, Google Merchant, or any CSV, JSON lines or Parquet file; what it is shows its content."), class_="soft"),
        tag("input", type="file", aria_label=say("Choose a file to import")),
        tag("progress", max=1, value=0, hidden=True, aria_label=say("Uploading")),
        class_="drop", data_url=visit.link("/upload"),
    )  # fmt: skip


def _counts(visit: Visit, counts: Row) -> Markup:
    say = visit.say
    unknown = say("{count} more are named by events, but no record describes them yet")

    def of(name: str, more: str | None = None) -> Markup:
        waiting = counts[more] if more else 0
        note = tag("small", unknown.format(count=visit.number(waiting)), class_="soft") if waiting else None
        return joined([visit.number(counts[name]), " ", note])

    called = kind_words(say)
    return parts.rows_of(
        [
            (called["products"], of("products", "unknown_products")),
            (called["customers"], of("customers", "unknown_customers")),
            (called["events"], of("events")),
            (called["orders"], of("orders")),
            (called["reviews"], of("reviews")),
            (called["articles"], of("articles")),
            (say("Lists that were made"), of("decisions")),
        ]
    )


async def _uploaded(context: Context, visit: Visit, place: ui.element, told: dict[str, Any]) -> None:
    """The browser has sent a file: shows what an import would make of it."""
    if told.get("status") != 200:
        raise InvalidInput(
            visit.say("The file {name} could not be uploaded.", name=str(told.get("name", ""))[:80]),
            hint=visit.say("It is empty, or the connection broke off.") if told.get("status") in (0, 422) else str(told.get("detail", "")),
        )  # fmt: skip
    path = uploads.uploaded(context, str(told.get("token", "")))
    await _look(context, visit, place, path, None, {})


async def _look(
    context: Context, visit: Visit, place: ui.element, path: Path, kind: str | None, columns: dict[str, str]
) -> None:
    preview: Preview | None = None
    problem: RegularsError | None = None
    try:
        preview = await asyncio.to_thread(context.shop_of().preview_file, path, kind, None, columns or None)
    except RegularsError as error:
        problem = error
    place.clear()
    with place:
        if preview is None:
            assert problem is not None
            _not_read(context, visit, place, path, kind, problem)
        else:
            _preview(context, visit, place, path, preview, columns)
    ui.run_javascript(f"document.getElementById('{place.html_id}')?.scrollIntoView({{block: 'nearest'}})")


def _not_read(
    context: Context, visit: Visit, place: ui.element, path: Path, kind: str | None, problem: RegularsError
) -> None:
    """The content doesn't say what it is: the reader does."""
    told = f"{problem.detail} {problem.hint or ''}".replace(str(path), path.name)
    parts.html(joined([tag("h3", path.name), tag("p", told, class_="attention", role="alert")]))

    async def again(given: dict[str, list[str]]) -> None:
        await _look(context, visit, place, path, given["kind"][0], {})

    called = kind_words(visit.say)
    options = [(one, called[one]) for one in KINDS]
    field = parts.choice("kind", visit.say("What does the file hold?"), options, kind or "products")
    parts.form(field, visit.say("Look again"), again, "plain", "line")
    _discard(visit, place, path)


def _discard(visit: Visit, place: ui.element, path: Path) -> None:
    def go() -> None:
        uploads.drop(path)
        place.clear()

    parts.button(visit.say("Discard the file"), go, "quiet")


def _preview(
    context: Context, visit: Visit, place: ui.element, path: Path, preview: Preview, columns: dict[str, str]
) -> None:
    """What the file is, where its columns go, the first records, what is wrong; then the import."""
    say, called = visit.say, kind_words(visit.say)
    looked = say("all {rows} rows") if preview.whole else say("the first {rows} rows")
    facts = [
        (say("Format"), preview.format_title),
        (say("Looked at"), looked.format(rows=visit.number(preview.rows))),
        (say("Usable"), visit.number(preview.usable)),
        (say("Would be rejected"), visit.number(preview.rejected)),
    ]
    heading = say("{file} holds {kind}", file=path.name, kind=called[preview.kind].lower())
    parts.html(joined([tag("h3", heading), parts.rows_of(facts), _reasons(visit, preview)]))

    def mapping(given: dict[str, list[str]]) -> dict[str, str]:
        chosen = dict(columns)
        for place_in_file, column in enumerate(preview.columns):
            wanted = given.get(f"column-{place_in_file}", [""])[0]
            if wanted == "":
                chosen.pop(column.name, None)
            elif wanted in FIELDS[preview.kind]:
                chosen[column.name] = wanted
        return chosen

    async def again(given: dict[str, list[str]]) -> None:
        kind = given["kind"][0]
        await _look(context, visit, place, path, kind, mapping(given) if kind == preview.kind else {})

    with parts.box("details", "mapping") as more:
        if preview.usable == 0 or any(one.suggestion for one in preview.columns):
            more.props["open"] = True
        parts.html(Markup(say("Where the columns go")), "summary")
        kinds = [(one, called[one]) for one in KINDS]
        fields = joined(
            [
                parts.choice("kind", say("What does the file hold?"), kinds, preview.kind),
                _columns(visit, preview, columns),
            ]
        )
        parts.form(fields, say("Look again"), again, "plain", "mapping-form")
    shown = _records(visit, preview)
    if shown is not None:
        parts.html(shown)

    async def go() -> None:
        # A file that holds several kinds (orders and who placed them) is read for each, as on the command line.
        held = kinds_held(preview.format)
        plan = {"kind": AUTO if len(held) > 1 and preview.kind == held[0] else preview.kind, "format": preview.format}
        _start(context, visit, path, {**plan, "columns": columns})
        place.clear()

    with parts.box("div", "actions"):
        if preview.usable:
            what = called[preview.kind].lower()
            text = (
                say("Import {count} {kind}", count=visit.number(preview.usable), kind=what)
                if preview.whole
                else say("Import the whole file")
            )
            parts.button(text, go, "first")
        _discard(visit, place, path)


def _reasons(visit: Visit, preview: Preview) -> Markup | None:
    if not preview.reasons:
        return None
    lines = [tag("li", f"{visit.number(count)} × {reason}") for reason, count in list(preview.reasons.items())[:8]]
    first = [[one.line, one.field or "–", one.reason] for one in preview.problems[:20]]
    heads = [visit.say("Line"), visit.say("Field"), visit.say("Reason")]
    shown = parts.table(heads, first, numbers=[0], caption=visit.say("Rows that would be rejected"))
    return joined([tag("ul", *lines), parts.details(visit.say("Rows that would be rejected"), shown)])


def _columns(visit: Visit, preview: Preview, columns: dict[str, str]) -> Markup:
    say = visit.say
    ours = sorted(FIELDS[preview.kind])

    def chooser(number: int, column: Column) -> Markup:
        now = columns.get(column.name, "")
        found = column.goes_to or say("nowhere")
        as_found = say("as found: {place}", place=found) if not now else say("as found")
        options = [tag("option", as_found, value="", selected=not now)]
        options += [tag("option", one, value=one, selected=one == now) for one in ours]
        label = say("Where {column} goes", column=column.name)
        hint = tag("small", say("perhaps {field}?", field=column.suggestion)) if column.suggestion else None
        return joined([tag("select", *options, name=f"column-{number}", aria_label=label), hint])

    rows = [[one.name, one.sample[:80], chooser(number, one)] for number, one in enumerate(preview.columns[:120])]
    heads = [say("Column"), say("For example"), say("Goes to")]
    return parts.table(heads, rows, caption=say("Where the columns go"))


def _records(visit: Visit, preview: Preview) -> Markup | None:
    """The first records as they would be kept: a row each, columns by name."""
    shown = preview.records[:SHOWN_RECORDS]
    if not shown:
        return None
    names = list(dict.fromkeys(name for record in shown for name in record))[:12]
    rows = [[_cell(record.get(name)) for name in names] for record in shown]
    caption = visit.say("The first records")
    return joined([tag("h3", caption), parts.table(names, rows, caption=caption)])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:MAX_CELL]
    return orjson.dumps(value, default=str).decode()[:MAX_CELL]


def _start(context: Context, visit: Visit, path: Path, plan: dict[str, Any]) -> None:
    uploads.keep_plan(path, plan)
    arguments = ["import", plan["kind"], str(path), "--format", plan["format"], "--json"]
    for theirs, ours in plan["columns"].items():
        arguments += ["--map", f"{theirs}={ours}"]

    def then(work: Work) -> None:
        context.insights_of().forget()
        if work.state == "done":
            uploads.drop(path)  # what was read stands in the database now; the file holds personal data

    context.works.start("import", visit.say("Importing {file}", file=path.name), arguments, then)


def _state(context: Context, run: Row) -> str:
    """running, done, or stopped: begun, and nobody works on it now."""
    if run["state"] != "running":
        return str(run["state"])
    changed = (datetime.now(UTC) - run["changed_at"]).total_seconds()
    ours = any(Path(run["file"]).name in work.title for work in context.works.running("import"))
    return "running" if ours or changed < 15 else "stopped"


def _imports(context: Context, visit: Visit, runs: list[Row]) -> None:
    say, called = visit.say, kind_words(visit.say)
    if not runs:
        parts.html(tag("p", say("No file was imported yet. Each import leaves its report here."), class_="empty"))
        return
    words = {"running": say("running"), "done": say("done"), "failed": say("failed"), "stopped": say("stopped")}
    heads = [
        say("File"),
        say("What"),
        say("State"),
        say("Read"),
        say("New"),
        say("Updated"),
        say("Rejected"),
        say("When"),
    ]
    numbers = range(3, 7)
    with parts.acting_table(visit, say("Imports"), heads, numbers):
        for run in runs:
            with parts.box("tr"):
                report, state = run["report"], _state(context, run)
                counts = [visit.number(report.get(name, 0)) for name in ("read", "new", "updated")]
                named = [Path(run["file"]).name, called.get(run["kind"], run["kind"]), words[state]]
                parts.cells([*named, *counts, _rejected(visit, run), visit.when(run["started_at"])], numbers)
                with parts.box("td"):
                    _report_button(visit, run)
                    _continue_button(context, visit, run, state)


def _rejected(visit: Visit, run: Row) -> Markup:
    count = int(run["report"].get("rejected", 0))
    if not count or not run["report"].get("rejects_file"):
        return joined([visit.number(count)])
    address = visit.link(f"/rejects/{run['run_id']}")
    return tag(
        "a",
        visit.number(count),
        href=address,
        download=True,
        aria_label=visit.say("Download {count} rejected rows", count=count),
    )


def _report_button(visit: Visit, run: Row) -> None:
    name = Path(run["file"]).name
    sheet = parts.Sheet(visit, name)
    with sheet.body:
        parts.html(_report(visit, run))
    parts.button(visit.say("Report"), sheet.open, "quiet", label=f"{visit.say('Report')}: {name}")


def _continue_button(context: Context, visit: Visit, run: Row, state: str) -> None:
    path = Path(run["file"])
    plan = uploads.plan_of(path) if state == "stopped" else None
    if plan is not None:
        text = visit.say("Continue")
        parts.button(text, lambda: _start(context, visit, path, plan), "quiet", label=f"{text}: {path.name}")


def _report(visit: Visit, run: Row) -> Markup:
    say, report = visit.say, run["report"]
    facts: list[tuple[str, Any]] = [
        (say("Format"), run["format"]),
        (say("Read"), visit.number(report.get("read", 0))),
        (say("New"), visit.number(report.get("new", 0))),
        (say("Updated"), visit.number(report.get("updated", 0))),
        (say("Known already"), visit.number(report.get("unchanged", 0))),
        (say("Rejected"), visit.number(report.get("rejected", 0))),
        (say("With a product or customer that no record describes yet"), visit.number(report.get("unresolved", 0))),
        (say("Took"), visit.span(float(report.get("seconds") or 1))),
    ]
    clocks = {
        "zone": say("times without a zone, read in the shop's"),
        "server": say("times missing or in the future, set to now"),
        "corrected": say("times corrected by sent_at"),
    }
    notes = [
        f"{visit.number(count)} × {clocks[how]}" for how, count in report.get("clocks", {}).items() if how in clocks
    ]
    notes += [f"{visit.number(count)} × {what}" for what, count in (report.get("found") or {}).items()]
    unplaced = [
        f"{name} ({visit.number(count)})" if count else name for name, count in (report.get("unplaced") or {}).items()
    ]
    reasons = [tag("li", f"{visit.number(count)} × {reason}") for reason, count in report.get("reasons", {}).items()]
    rejects = None
    if report.get("rejects_file"):
        address = visit.link(f"/rejects/{run['run_id']}")
        rejects = tag("p", tag("a", say("Download the rejected rows"), href=address, download=True, class_="act"))
    return joined(
        [
            parts.rows_of(facts),
            tag("ul", *(tag("li", note) for note in notes)) if notes else None,
            joined([tag("h3", say("Columns without a place")), tag("p", ", ".join(unplaced))]) if unplaced else None,
            joined([tag("h3", say("Why rows were rejected")), tag("ul", *reasons)]) if reasons else None,
            rejects,
        ]
    )
