"""Talking to the assistant from the command line, without a server."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from regulars.cli.options import HERE, JsonOption, NamespaceOption, WorkspaceOption, app, named, opened
from regulars.errors import Conflict, InvalidInput, RateLimited
from regulars.terminal import err, print_json, say

GOODBYE = ("/quit", "/exit")


@app.command()
def chat(
    customer: Annotated[str | None, typer.Option(help="Speak as this customer, as if they were signed in.")] = None,
    namespace: NamespaceOption = "shop",
    locale: Annotated[str | None, typer.Option(help="en or zh, to begin with; it follows what you write.")] = None,
    trace: Annotated[
        bool, typer.Option("--trace", help="After each reply: commands, evidence, policy checks, times.")
    ] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Talk to the assistant. From a pipe each line is a message. What it does to orders it does for real, after a yes."""
    typed = sys.stdin.isatty()
    with opened(workspace) as shop:
        if typed and not as_json:
            err.print("Getting ready (some seconds, the first time)…")
        talk = shop.talk(None if customer is None else named(namespace, customer), locale=locale)
        if as_json:
            print_json({"conversation_id": talk.id, "text": talk.greeting})
        else:
            say(talk.greeting)
            if typed:
                err.print("(an empty line or Ctrl-D ends it)")
        for text in _lines(typed):
            try:
                turn = talk.say(text)
            except (InvalidInput, RateLimited, Conflict) as error:
                err.print(f"{error.detail} {error.hint or ''}".strip())
                if isinstance(error, Conflict):
                    raise
                continue
            found = talk.trace(turn) if trace else None
            if as_json:
                print_json(_told(turn, found))
            else:
                _show(turn, found, text if not typed else None)


def _lines(typed: bool) -> Any:
    """What is typed, until an empty line; or the lines of a pipe, empty ones left out."""
    while True:
        if typed:
            try:
                text = input("\n> ")
            except EOFError:
                say("")
                return
            if not text.strip() or text.strip() in GOODBYE:
                return
        else:
            text = sys.stdin.readline()
            if not text:
                return
            if not text.strip():
                continue
        yield text.strip()


def _show(turn: Any, found: Any, echoed: str | None) -> None:
    if echoed is not None:
        say(f"\n> {echoed}")
    say(turn.text if turn.text is not None else "(a person has this conversation: the assistant says nothing)")
    for number, product in enumerate(turn.products, 1):
        price = f", {product['price']} {product['currency']}" if product.get("price") else ""
        say(f"  {number}. {product['title']}{price}  [{product['id']}]")
    titles = dict.fromkeys(source["title"] or source["source"] for source in turn.sources)
    if titles:
        say(f"  from: {', '.join(titles)}")
    if turn.needs_yes:
        say("  (yes or no)")
    if found is None:
        return
    for command in found.commands:
        say(f"  command   {command}")
    for source, score in found.evidence:
        say(f"  evidence  {source}  {score:.2f}")
    for check in found.checks:
        if "action" in check:
            words = " ".join(str(check[name]) for name in ("state", "code") if check.get(name))
            say(f"  policy    {check['action']}: {words}")
        elif not check.get("found"):
            say("  evidence  none fits well enough")
    for verdict in found.gate:
        say(f"  gate      {verdict['act']}: {'passed' if verdict['passed'] else 'held back, ' + ', '.join(verdict['findings'])}")  # fmt: skip
    say("  time      " + ", ".join(f"{name} {value:.1f} ms" for name, value in found.timings_ms.items()))


def _told(turn: Any, found: Any) -> dict[str, Any]:
    from dataclasses import asdict

    told = {
        "text": turn.text, "act": turn.act, "mode": turn.mode, "locale": turn.locale, "decision_id": turn.decision_id,
        "needs_yes": turn.needs_yes, "products": list(turn.products), "sources": list(turn.sources),
        "choices": list(turn.choices),
    }  # fmt: skip
    return told if found is None else {**told, "trace": asdict(found)}
