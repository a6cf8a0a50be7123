"""`regulars …`: the command line. Says what it does, a line a step; knows the Python API, not what stands behind it.

Exit codes: 0 done, 1 an error inside, 2 wrong input or usage, 3 a needed part can't be reached, 4 not enough data.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.table import Table

from regulars.errors import InvalidInput, RegularsError
from regulars.terminal import err, out, print_json, progress_bar, say

app = typer.Typer(
    help="Turn shoppers into regulars. Start with `regulars init myshop`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
keys_app = typer.Typer(help="API keys: list, create, revoke.", no_args_is_help=True)
models_app = typer.Typer(help="Model versions: list, promote, rollback.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(models_app, name="models")

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="REGULARS_WORKSPACE", help="The shop's folder.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
HERE = Path(".")


def _open(workspace: Path) -> Any:
    import regulars

    return regulars.open(workspace)


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
    with _open(workspace) as shop:
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


@app.command()
def train(
    workspace: WorkspaceOption = HERE,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 0,
    max_minutes: Annotated[
        float, typer.Option(help="Time for learning; the rest takes a minute or two.", min=0.01)
    ] = 7.0,
    no_promote: Annotated[bool, typer.Option(help="Register the version, but don't let it serve.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a recommender on everything up to now; it serves at once if it passes the gate."""
    with _open(workspace) as shop:
        started = time.monotonic()
        with progress_bar("training", as_json, 1.0) as bar:
            trained = shop.train(
                seed=seed, promote=not no_promote, progress=bar.share if bar else None, settings=_settings(max_minutes)
            )
        if as_json:
            print_json(
                {
                    "version": trained.version,
                    "promoted": trained.promoted,
                    "verdict": trained.verdict,
                    "report": trained.report,
                }
            )
            return
        report = trained.report
        say(
            f"Trained {trained.version} on {report['interactions']:,} interactions of {report['people']:,} people with"
            f" {report['items']:,} products ({time.monotonic() - started:.1f} s)."
        )
        if "sequence_skipped" in report:
            say(f"Without the sequence model: {report['sequence_skipped']}")
        say(f"{'Promoted' if trained.promoted else 'Not promoted'}: {trained.verdict}.")
        say("Next: regulars recommend CUSTOMER, or regulars serve")


def _settings(max_minutes: float) -> Any:
    from regulars.recommend.train import settings_for

    return settings_for(max_minutes * 60)


@app.command()
def evaluate(
    workspace: WorkspaceOption = HERE,
    seed: Annotated[int, typer.Option()] = 0,
    max_minutes: Annotated[
        float, typer.Option(help="Time for learning; the rest takes a minute or two.", min=0.01)
    ] = 7.0,
    as_json: JsonOption = False,
) -> None:
    """Say how good the recommender is: train on the past alone, measure on the last tenth."""
    with _open(workspace) as shop:
        with progress_bar("evaluating", as_json, 1.0) as bar:
            result = shop.evaluate(seed=seed, progress=bar.share if bar else None, settings=_settings(max_minutes))
        if as_json:
            print_json(result)
            return
        cutoff = datetime.fromtimestamp(result["cutoff"], UTC)
        say(
            f"Learned from {result['interactions_before']:,} interactions before {cutoff:%Y-%m-%d %H:%M}; predicted the next new"
            f" product of {result['people']:,} people."
        )
        table = Table(box=None, pad_edge=False, header_style="")
        for heading in ("", "recall@5", "recall@10", "recall@20", "NDCG@5", "NDCG@10", "NDCG@20"):
            table.add_column(heading, justify="left" if not heading else "right")
        for name, figures in result["metrics"].items():
            cells = [figures[f"{metric}_at_{k}"] for metric in ("recall", "ndcg") for k in (5, 10, 20)]
            table.add_row(name, *(f"{cell:.4f}" for cell in cells))
        out.print(table)


@app.command()
def recommend(
    customer: Annotated[str | None, typer.Argument(help="The customer's id. Left out: a stranger.")] = None,
    workspace: WorkspaceOption = HERE,
    visitor: Annotated[str | None, typer.Option(help="A browser's id instead of a customer's.")] = None,
    surface: Annotated[str, typer.Option(help="home, product, cart or email.")] = "home",
    product: Annotated[str | None, typer.Option(help="The open product, for --surface product.")] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many.")] = 10,
    category: Annotated[str | None, typer.Option(help="Only from this category.")] = None,
    max_price: Annotated[float | None, typer.Option(help="Only up to this price.")] = None,
    locale: Annotated[str | None, typer.Option(help="en or zh.")] = None,
    seed: Annotated[int | None, typer.Option(help="For the exploration slots.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend products to a customer, a visitor or a stranger; each item says why."""
    with _open(workspace) as shop:
        found = shop.recommend(
            customer,
            visitor=visitor,
            surface=surface,
            product=product,
            n=n,
            category=category,
            max_price=max_price,
            locale=locale,
            seed=seed,
        )
        if as_json:
            print_json(
                {
                    "decision_id": str(found.decision_id),
                    "mode": found.mode,
                    "model_version": found.model_version,
                    "items": [
                        {
                            "product": i.product,
                            "title": i.title,
                            "price": i.price,
                            "why": i.why,
                            "score": i.score,
                            "source": i.source,
                        }
                        for i in found.items
                    ],
                    "timings_ms": found.timings_ms,
                }
            )
            return
        if not found.items:
            say("Nothing to recommend: the catalogue is empty, or the filters leave nothing.")
        table = Table(box=None, pad_edge=False, header_style="")
        for heading in ("", "product", "title", "price", "why"):
            table.add_column(heading, justify="right" if heading in ("", "price") else "left")
        for number, item in enumerate(found.items, start=1):
            table.add_row(str(number), item.product, item.title[:48], item.price or "", item.why)
        out.print(table)
        say(
            f"{_MODES[found.mode]} ({found.model_version or 'no trained model'}, {sum(found.timings_ms.values()):.1f} ms)"
        )
        say(f"Next: regulars decision {found.decision_id}")


_MODES = {
    "trained": "From the trained model",
    "starter": "From counts and words; `regulars train` makes a better one",
    "newest": "The newest products: there are no events to learn from yet",
}


@app.command()
def decision(
    decision_id: Annotated[str, typer.Argument(help="As shown by `recommend`, or in an API answer.")],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Open a decision: candidates per source, what each filter removed, scores, timing, what came back."""
    with _open(workspace) as shop:
        found = shop.decision(decision_id)
    if as_json:
        print_json(found)
        return
    say(
        f"{found['at']}  {found['surface']}  {found['mode']}  {found['model_version'] or 'no trained model'}  seed {found['seed']}"
    )
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("", "product", "title", "score", "from", "chance", "why"):
        table.add_column(heading, justify="right" if heading in ("", "score", "chance") else "left")
    for item in found["items"]:
        chance = "" if item["propensity"] is None else f"{item['propensity']:.3f}"
        table.add_row(
            str(item["position"] + 1),
            item["product"] or "(gone)",
            item["title"][:40],
            f"{item['score']:.3f}",
            item["source"],
            chance,
            item["reason"]["text"],
        )
    out.print(table)
    trace = found["trace"]
    if trace is None:
        say("The full trace was forgotten after 30 days.")
    else:
        if trace["note"]:
            say(trace["note"])
        say("Candidates: " + ", ".join(f"{name} {count}" for name, count in trace["sources"].items()))
        taken = [f"{code} {count:,}" for code, count in trace["filters"].items() if count]
        say("Filters took away: " + (", ".join(taken) or "nothing"))
        say("Steps: " + ", ".join(f"{step} {ms:.2f} ms" for step, ms in found["timings_ms"].items()))
    for outcome in found["outcomes"]:
        say(f"Came back: {outcome['type']} {outcome.get('title', '')} at {outcome['at']}")


@app.command()
def serve(
    workspace: WorkspaceOption = HERE,
    host: Annotated[str | None, typer.Option(help="The address to listen on. Default: regulars.toml's.")] = None,
    port: Annotated[int | None, typer.Option(help="The port. Default: regulars.toml's.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many API processes.", min=1)] = None,
) -> None:
    """Serve the HTTP API and the storefront. Ctrl-C stops it cleanly."""
    from regulars.web.server import run

    run(workspace, host=host, port=port, workers=workers, say=say)


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file, or a folder to put it in.")],
    workspace: WorkspaceOption = HERE,
) -> None:
    """Write the whole shop into one file. Serving goes on meanwhile."""
    started = time.monotonic()
    with _open(workspace) as shop:
        file = shop.backup(target)
    say(f"Wrote {file} ({file.stat().st_size / 1e6:,.1f} MB, {time.monotonic() - started:.1f} s).")
    say(f"To bring it back: regulars restore {file} NEW_FOLDER")


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="A file that `regulars backup` wrote.")],
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
) -> None:
    """Make a workspace from a backup."""
    import regulars

    started = time.monotonic()
    with regulars.restore_into(archive, folder) as shop:
        counts = shop.counts()
    say(
        f"Restored {counts['products']:,} products, {counts['customers'] + counts['unknown_customers']:,} customers,"
        f" {counts['events']:,} events and {counts['decisions']:,} decisions into {folder} ({time.monotonic() - started:.1f} s)."
    )


@app.command()
def doctor(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Check everything that has to be right: folder, database, mirror, models, disk. Exit code 1 if something isn't."""
    from regulars.doctor import check

    findings = check(workspace)
    if as_json:
        print_json([{"part": f.part, "ok": f.ok, "says": f.says, "do": f.do} for f in findings])
    else:
        for finding in findings:
            say(
                f"{'ok   ' if finding.ok else 'wrong'}  {finding.part}: {finding.says}"
                + (f" {finding.do}" if finding.do else "")
            )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


@app.command()
def settings(
    changes: Annotated[list[str] | None, typer.Argument(help="name=value, e.g. currency=GBP. None: show them.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show or change what the shop says of itself."""
    with _open(workspace) as shop:
        if changes:
            wanted: dict[str, Any] = {}
            for change in changes:
                name, equals, value = change.partition("=")
                if not equals:
                    raise InvalidInput(f"{change!r} isn't name=value.", hint="Example: regulars settings currency=GBP")
                try:
                    wanted[name] = json.loads(value)
                except json.JSONDecodeError:
                    wanted[name] = value
            current = shop.change_settings(**wanted)
        else:
            current = shop.settings
        if as_json:
            print_json(current.stored())
            return
        for name, value in current.stored().items():
            say(f"{name} = {json.dumps(value, ensure_ascii=False)}")


@app.command()
def status(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Say how much the shop holds and which model serves."""
    with _open(workspace) as shop:
        counts, models = shop.counts(), shop.models()
        serving = next((row["version"] for row in models if row["serving"]), None)
        if as_json:
            print_json({**counts, "model": serving})
            return
        for name, count in counts.items():
            say(f"{count:>12,}  {name.replace('_', ' ')}")
        say(f"Model: {serving or 'none trained yet (regulars train)'}")


@app.command()
def erase(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    workspace: WorkspaceOption = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Forget a customer: events, decisions, reviews, names; orders stay without the person. Can't be undone."""
    if not yes:
        typer.confirm(f"Erase everything about customer {customer}? This can't be undone.", abort=True)
    with _open(workspace) as shop:
        gone = shop.erase(customer)
    say(f"Erased {customer}: " + ", ".join(f"{count:,} {table}" for table, count in gone.items()) + ".")
    say("A model trained before still holds counts that this person was part of: `regulars train` makes one without.")


@app.command()
def sync(workspace: WorkspaceOption = HERE) -> None:
    """Bring the mirror up to date and forget what is due. `serve` does this by itself."""
    with _open(workspace) as shop:
        started = time.monotonic()
        gone = shop.maintain()
    say(
        f"Mirror in step; forgotten: {', '.join(f'{n:,} {t}' for t, n in gone.items())} ({time.monotonic() - started:.1f} s)."
    )


@app.command()
def stop(workspace: WorkspaceOption = HERE) -> None:
    """Stop the embedded database now (it stops by itself when nobody uses it)."""
    from regulars.shop import stop_database
    from regulars.store.workspace import Workspace

    stop_database(Workspace.open(workspace))
    say("Stopped.")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo shop lives.")] = Path("demo-shop"),
    port: Annotated[int | None, typer.Option(help="The port. Default 8000.")] = None,
    no_serve: Annotated[bool, typer.Option(help="Only make it.")] = False,
) -> None:
    """A living demo shop: invented products and customers, a trained model, a storefront. Run again, it goes on."""
    from regulars.demo.run import prepare
    from regulars.web.server import run

    prepare(folder, say=say, bar=progress_bar)
    if not no_serve:
        run(folder, host=None, port=port, workers=None, say=say)


@keys_app.command("list")
def keys_list(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show the keys (their beginnings; the rest is known only to who uses them)."""
    with _open(workspace) as shop:
        rows = shop.keys()
    if as_json:
        print_json(rows)
        return
    if not rows:
        say("No keys yet. Next: regulars keys create NAME --scope public")
    for row in rows:
        state = f"revoked {row['revoked_at']:%Y-%m-%d}" if row["revoked_at"] else "in use"
        say(
            f"{row['key_id']:>4}  {row['scope']:<6}  {row['prefix']}…  {row['name']}  made {row['created_at']:%Y-%m-%d}, {state}"
        )


@keys_app.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[
        str, typer.Option(help="public: browsers may send events and read lists. secret: everything.")
    ] = "secret",
    workspace: WorkspaceOption = HERE,
) -> None:
    """Make a key. It is shown once."""
    if scope not in ("public", "secret"):
        raise InvalidInput(f"There is no scope {scope!r}.", hint="Choose public or secret.")
    with _open(workspace) as shop:
        say(shop.create_key(name, scope))


@keys_app.command("revoke")
def keys_revoke(key_id: Annotated[int, typer.Argument()], workspace: WorkspaceOption = HERE) -> None:
    """End a key. Running processes refuse it within seconds."""
    with _open(workspace) as shop:
        shop.revoke_key(key_id)
    say(f"Key {key_id} is revoked.")


@app.command()
def token(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    hours: Annotated[float, typer.Option(help="How long it is valid.", min=0.01, max=24 * 30)] = 24.0,
    workspace: WorkspaceOption = HERE,
) -> None:
    """A signed token with which a browser may speak for this customer (header Regulars-Customer)."""
    with _open(workspace) as shop:
        say(shop.customer_token(customer, hours * 3600))


@models_app.command("list")
def models_list(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show all versions, newest first."""
    with _open(workspace) as shop:
        rows = shop.models()
    if as_json:
        print_json(
            [
                {name: row[name] for name in ("version", "status", "serving", "metrics", "note", "created_at")}
                for row in rows
            ]
        )
        return
    if not rows:
        say("No model yet. Next: regulars train")
    for row in rows:
        say(f"{'serves' if row['serving'] else '      '}  {row['version']}  {row['status']:<9}  {row['note'] or ''}")


@models_app.command("promote")
def models_promote(version: Annotated[str, typer.Argument()], workspace: WorkspaceOption = HERE) -> None:
    """Let a version serve. Running processes swap to it within seconds, without a restart."""
    with _open(workspace) as shop:
        shop.promote(version)
    say(f"{version} serves.")


@models_app.command("rollback")
def models_rollback(workspace: WorkspaceOption = HERE) -> None:
    """Let the version before serve again."""
    with _open(workspace) as shop:
        say(f"{shop.roll_back()} serves again.")


def _fail(error: RegularsError) -> NoReturn:
    err.print(f"{error.title}: {error.detail}", markup=False)
    where = ", ".join(f"{name} {value}" for name, value in error.where.items() if str(value) not in error.detail)
    if where:
        err.print(f"  where: {where}", markup=False)
    if error.hint:
        err.print(f"  what to do: {error.hint}", markup=False)
    if os.environ.get("REGULARS_LOG_LEVEL", "").lower() == "debug":
        raise error
    sys.exit(error.exit_code)


def _log_to_stderr() -> None:
    """What a script reads from stdout is the answer alone; without REGULARS_LOG_LEVEL only warnings are said."""
    import logging

    import structlog

    level = logging.getLevelNamesMapping().get(os.environ.get("REGULARS_LOG_LEVEL", "").upper(), logging.WARNING)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main() -> None:
    """The entry point: errors of ours become two lines and an exit code, never a traceback."""
    _log_to_stderr()
    try:
        app()
    except RegularsError as error:
        _fail(error)
    except KeyboardInterrupt:
        err.print("Stopped. What was committed stays; the same command goes on from there.")
        sys.exit(130)


if __name__ == "__main__":
    main()
