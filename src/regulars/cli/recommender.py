"""The recommender: training, measuring, lists and their reasons, model versions."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from regulars.cli import assistant, rehearsal, writer
from regulars.cli.options import HERE, JsonOption, NamespaceOption, WorkspaceOption, app, named, opened
from regulars.cli.pictures import encode_before
from regulars.cli.tuning import tuned_words
from regulars.errors import InvalidInput
from regulars.terminal import out, print_json, progress_bar, say

models_app = typer.Typer(help="Model versions: list, show, promote, rollback.", no_args_is_help=True)
app.add_typer(models_app, name="models")


WHAT = ("recommender", "assistant", "writer")
OfOption = Annotated[str, typer.Option("--of", help="recommender, assistant or writer.")]


def _known(what: str) -> str:
    """Raises: InvalidInput for a thing that isn't there."""
    if what not in WHAT:
        raise InvalidInput(f"There is no {what[:40]!r} to train.", hint=f"Choose {', '.join(WHAT)}.")
    return what


@app.command()
def train(
    what: Annotated[str, typer.Argument(help="recommender, assistant or writer.")] = "recommender",
    workspace: WorkspaceOption = HERE,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same model.")] = 0,
    max_minutes: Annotated[
        float | None,
        typer.Option(help="Time for learning: 7, of a writer 20. The rest takes a minute or two.", min=0.01),
    ] = None,
    no_promote: Annotated[
        bool, typer.Option("--no-promote", help="Register the version, but don't let it serve.")
    ] = False,
    go_on: Annotated[
        bool,
        typer.Option(
            help="From the version that serves instead of from nothing: every night, say; in full once a week."
        ),
    ] = False,
    judge: Annotated[
        str | None, typer.Option(help="Add a language model as judge of interest: frozen, adapter, lora or full.")
    ] = None,
    judge_minutes: Annotated[float, typer.Option(help="Time for the judge's learning.", min=0.01)] = 2.0,
    pictures: Annotated[
        bool, typer.Option(help="Learn from product pictures too; encodes first what isn't yet.")
    ] = False,
    method: Annotated[
        str | None,
        typer.Option(help="Of the assistant: frozen, lora or full. Of the writer: lora, adalora, adapter or full."),
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="Of the writer: what it is taught; everything where none is named.")
    ] = None,
    lessons: Annotated[
        int, typer.Option(help="Of the writer: texts to learn from, the realiser's included.", min=50)
    ] = 2_400,
    rank: Annotated[
        int | None, typer.Option(help="Of the writer: rank, or width of an adapter.", min=1, max=512)
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Of the writer: learning rate.", min=1e-7, max=1.0)] = None,
    epochs: Annotated[float, typer.Option(help="Of the writer: times over its lessons at most.", min=0.01)] = 3.0,
    device: Annotated[str, typer.Option(help="Of the writer: cpu, cuda or auto.")] = "auto",
    as_json: JsonOption = False,
) -> None:
    """Train a recommender, the assistant or a writer on everything up to now; it serves at once if it passes the gate."""
    if _known(what) == "assistant":
        with opened(workspace) as shop:
            assistant.train(shop, seed, not no_promote, method or "frozen", max_minutes or 7.0, as_json)
        return
    if what == "writer":
        with opened(workspace) as shop:
            writer.train(
                shop,
                not no_promote,
                go_on,
                seed,
                as_json,
                method=method or "lora",
                max_seconds=(max_minutes or writer.MINUTES) * 60,
                kinds=kind or (),
                lessons=lessons,
                rank=rank,
                learning_rate=rate,
                epochs=epochs,
                device=device,
            )
        return
    max_minutes = max_minutes or 7.0
    with opened(workspace) as shop:
        started = time.monotonic()
        if pictures:
            encode_before(shop, as_json, max_minutes * 60)
        tuned = tuned_words(shop.workspace.tuning)
        if tuned and not as_json:
            say(tuned)
        with progress_bar("training", as_json, 1.0) as bar:
            trained = shop.train(
                seed=seed,
                promote=not no_promote,
                progress=bar.share if bar else None,
                settings=_settings(shop, max_minutes, judge, judge_minutes, pictures),
                go_on=go_on,
            )
        if as_json:
            print_json(
                {
                    "version": trained.version,
                    "promoted": trained.promoted,
                    "verdict": trained.verdict,
                    "tuned": bool(tuned),
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
        told = report.get("ranker")
        if told:
            gain, low, high = told["ndcg_gain"]
            if told["kept"]:
                say(f"The ranker raises NDCG@10 by {gain:.4f} ({low:.4f} to {high:.4f}) over the blend of sources.")
            else:
                say(f"Without a ranker: {told['note']}.")
        if "judge" in report:
            last = report["judge"]["history"][-1]
            say(
                f"Judge of interest ({report['judge']['method']}): AUC {last['auc']:.3f}, {report['judge']['seconds']:.0f} s."
            )
        if "judge_skipped" in report:
            say(f"Without the judge of interest: {report['judge_skipped']}")
        say(f"{'Promoted' if trained.promoted else 'Not promoted'}: {trained.verdict}.")
        say(f"Its card: regulars models show {trained.version}")
        say("Next: regulars recommend CUSTOMER, or regulars serve")


def _settings(
    shop: Any, max_minutes: float, judge: str | None = None, judge_minutes: float = 2.0, pictures: bool = False
) -> Any:
    """What tuning found, else the defaults, with this time for learning and what was asked for."""
    from regulars.learning.loop import settings_for

    settings = settings_for(shop.workspace, max_minutes * 60)
    if pictures:
        settings = replace(settings, picture_source=True, picture_content=True)
    if judge is None:
        return settings
    from regulars.recommend.judge.settings import JudgeSettings, known

    return replace(settings, judge=JudgeSettings(method=known(judge), max_seconds=judge_minutes * 60))


@app.command()
def evaluate(
    what: Annotated[str, typer.Argument(help="recommender, assistant or writer.")] = "recommender",
    workspace: WorkspaceOption = HERE,
    seed: Annotated[int, typer.Option()] = 0,
    max_minutes: Annotated[
        float, typer.Option(help="Time for learning; the rest takes a minute or two.", min=0.01)
    ] = 7.0,
    scripted: Annotated[
        bool,
        typer.Option("--scripted", help="Assistant: also let scripted customers talk to it, on a throw-away shop."),
    ] = False,
    goals: Annotated[
        int | None, typer.Option(help="How many scripted customers come, each with one goal (60). Turns --scripted on.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say how good the recommender is: train on the past alone, measure on the last tenth. Or how good the assistant is."""
    scripted = scripted or goals is not None
    if scripted and _known(what) != "assistant":
        raise InvalidInput(
            f"Scripted customers talk to the assistant, not to the {what}.",
            hint="regulars evaluate assistant --scripted",
            field="scripted",
        )
    if _known(what) == "assistant":
        with opened(workspace) as shop:
            assistant.evaluate(shop, as_json, rehearsal.play(shop, goals, seed, as_json) if scripted else None)
        return
    if what == "writer":
        with opened(workspace) as shop:
            writer.evaluate(shop, as_json)
        return
    with opened(workspace) as shop:
        with progress_bar("evaluating", as_json, 1.0) as bar:
            result = shop.evaluate(
                seed=seed, progress=bar.share if bar else None, settings=_settings(shop, max_minutes)
            )
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
    namespace: NamespaceOption = "shop",
    visitor: Annotated[str | None, typer.Option(help="A browser's id instead of a customer's.")] = None,
    surface: Annotated[
        str, typer.Option(help="Where it stands: home, product, alike, goes_with, cart, again or email.")
    ] = "home",
    product: Annotated[str | None, typer.Option(help="The open product, for --surface product.")] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many.")] = 10,
    category: Annotated[str | None, typer.Option(help="Only from this category.")] = None,
    max_price: Annotated[float | None, typer.Option(help="Only up to this price.")] = None,
    locale: Annotated[str | None, typer.Option(help="en or zh.")] = None,
    seed: Annotated[int | None, typer.Option(help="For the exploration slots.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Recommend products to a customer, a visitor or a stranger; each item says why."""
    with opened(workspace) as shop:
        found = shop.recommend(
            None if customer is None else named(namespace, customer),
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
    with opened(workspace) as shop:
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


@models_app.command("list")
def models_list(of: OfOption = "recommender", workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show all versions, newest first."""
    with opened(workspace) as shop:
        rows = shop.models(_known(of))
    if as_json:
        print_json(
            [
                {name: row[name] for name in ("version", "status", "serving", "metrics", "note", "created_at")}
                for row in rows
            ]
        )
        return
    if not rows:
        say(f"No model yet. Next: regulars train {of}")
    for row in rows:
        say(f"{'serves' if row['serving'] else '      '}  {row['version']}  {row['status']:<9}  {row['note'] or ''}")


@models_app.command("show")
def models_show(
    version: Annotated[str, typer.Argument()], workspace: WorkspaceOption = HERE, as_json: JsonOption = False
) -> None:
    """Show a version's card: its data, figures with intervals, for whom it is good, its limits, the way back."""
    with opened(workspace) as shop:
        card = shop.model_card(version)
        own = next((row for row in shop.models("writer") if row["version"] == version), None)
    if own is not None:
        writer.show(own, as_json)
        return
    if as_json:
        print_json(card)
        return
    if card is None:
        say(f"{version} is older than model cards. The next training writes one.")
        return
    from rich.markdown import Markdown

    from regulars.language.translations import say_in
    from regulars.recommend.card_words import markdown

    text = markdown(card, say_in("en"))
    if out.is_terminal:
        out.print(Markdown(text))
    else:
        say(text.rstrip())


@models_app.command("promote")
def models_promote(version: Annotated[str, typer.Argument()], workspace: WorkspaceOption = HERE) -> None:
    """Let a version serve. Running processes swap to it within seconds, without a restart."""
    with opened(workspace) as shop:
        shop.promote(version)
    say(f"{version} serves.")


@models_app.command("rollback")
def models_rollback(of: OfOption = "recommender", workspace: WorkspaceOption = HERE) -> None:
    """Let the version before serve again."""
    with opened(workspace) as shop:
        say(f"{shop.roll_back(_known(of))} serves again.")
