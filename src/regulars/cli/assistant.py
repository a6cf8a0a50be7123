"""The assistant on the command line: training its intents, saying how good it is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table

from regulars.cli import rehearsal
from regulars.cli.options import HERE, JsonOption, WorkspaceOption, app, opened
from regulars.errors import InvalidInput
from regulars.terminal import out, print_json, progress_bar, say

if TYPE_CHECKING:
    from regulars.shop import Shop

articles_app = typer.Typer(help="Help-centre articles: drafts from solved conversations.", no_args_is_help=True)
app.add_typer(articles_app, name="articles")
METHODS = ("frozen", "lora", "full")


@articles_app.command("drafts")
def article_drafts(
    to: Annotated[Path | None, typer.Option(help="A file of JSON lines that `regulars import articles` takes.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Draft articles from what people of the shop answered alike in closed conversations. Read them before you import them."""
    from regulars.assist.answers import drafted
    from regulars.assist.routes import draft_told

    with opened(workspace) as shop, shop.database.connect() as connection:
        found = [draft_told(one) for one in drafted(connection)]
    if to is not None:
        names = ("id", "title", "body", "locale", "questions")
        lines = [orjson.dumps({name: one[name] for name in names}) + b"\n" for one in found]
        to.write_bytes(b"".join(lines))
    if as_json:
        print_json({"drafts": found})
        return
    if not found:
        say("No drafts yet: two closed conversations in which people answered the same question alike make one.")
        return
    for one in found:
        say(f"{one['title']}  ({one['locale']}, asked {one['count']:,} times)")
        for sentence in one["sentences"]:
            say(f"  {sentence['text']}  ← {sentence['answers']} answers")
    if to is not None:
        say(f"Read and change {to}, then: regulars import articles {to}")


def train(shop: Shop, seed: int, promote: bool, method: str, max_minutes: float, as_json: bool) -> None:
    """`regulars train assistant`."""
    if method not in METHODS:
        raise InvalidInput(f"There is no method {method[:40]!r}.", hint=f"Choose {', '.join(METHODS)}.", field="method")
    began = time.monotonic()
    with progress_bar("training", as_json, 1.0) as bar:
        trained = shop.train_assistant(
            method=method, max_seconds=max_minutes * 60, seed=seed, promote=promote, progress=bar.share if bar else None
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
        f"Trained {trained.version} on {report['labelled']:,} labelled messages and {report['pseudo_labelled']:,} of"
        f" {report['unlabelled']:,} unlabelled ones, beside the bundled phrases ({time.monotonic() - began:.1f} s)."
    )
    say(f"It {'serves now' if trained.promoted else 'does not serve'}: {trained.verdict}.")


def evaluate(shop: Shop, as_json: bool, scripted: dict[str, Any] | None = None) -> None:
    """`regulars evaluate assistant`. scripted: what scripted customers came to, where they came."""
    told = shop.evaluate_assistant()
    if as_json:
        print_json(told if scripted is None else {**told, "scripted": scripted})
        return
    _records(told)
    if scripted is not None:
        say("")
        rehearsal.show(scripted, shop.start.llm_base_url is not None)


def _records(told: dict[str, Any]) -> None:
    """What the shop's own records say."""
    intents = told["intents"]
    if intents is None:
        say("No message has a label yet: import conversations with `intent`, or label some on the console.")
    else:
        say(f"Intents: {intents['accuracy']:.1%} of {intents['messages']:,} labelled messages are understood.")
        confused = intents.get("confusions") or []
        for one in confused[:5]:
            say(f"  {one['intent']} is read as {one['predicted']}: {one['count']} times")
    search = told["search"]
    if search is not None:
        say(
            f"Search: of {search['wordings']:,} wordings that articles are asked as, {search['hit_at_3']:.1%} find their article among"
            f" the first three, {search['hit_at_1']:.1%} as the first, without knowing the wording."
        )
        for one in search["missed"][:5]:
            say(f"  not found: {one['question'][:80]} → {one['article']}")
    rows = told["conversations"]
    if not rows:
        say("Nobody has talked to it yet.")
        return
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("language", "conversations", "without a person", "with something done", "rating", "rated"):
        table.add_column(heading, justify="left" if heading == "language" else "right")
    for row in rows:
        rating = "–" if row["rating"] is None else f"{float(row['rating']):.1f}"
        share = f"{row['contained'] / row['conversations']:.0%}"
        table.add_row(
            row["locale"], f"{row['conversations']:,}", share, f"{row['acted']:,}", rating, f"{row['rated']:,}"
        )
    out.print(table)
    for row in told["handovers"]:
        say(f"Handed over, {row['reason']}: {row['times']:,}")
    turn = told["turn_ms"]
    if turn and turn["turns"]:
        say(f"A turn took {turn['p50']:.0f} ms; one of twenty more than {turn['p95']:.0f} ms.")
