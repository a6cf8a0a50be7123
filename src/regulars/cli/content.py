"""The content studio from the command line: write, review, publish, take out; and how the shop speaks."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer

from regulars.cli.options import HERE, JsonOption, NamespaceOption, WorkspaceOption, app, named, opened
from regulars.errors import InvalidInput
from regulars.terminal import out, print_json, progress_bar, say

texts_app = typer.Typer(help="Texts about products: list, show, publish, reject, export.", no_args_is_help=True)
voice_app = typer.Typer(help="How the shop speaks: show, set.", no_args_is_help=True)
app.add_typer(texts_app, name="texts")
app.add_typer(voice_app, name="voice")
LocaleOption = Annotated[str | None, typer.Option(help="en or zh; the shop's languages where it is left out.")]


@app.command()
def write(
    kind: Annotated[str, typer.Argument(help="description, title, bullets, seo, ad_search, ad_social, ad_banner, push, sms, email, alt, digest, category.")] = "description",
    products: Annotated[list[str] | None, typer.Argument(help="Products by id, for the kind category their names or paths; all that have no such text where none is named.")] = None,
    locale: LocaleOption = None,
    category: Annotated[str | None, typer.Option(help="Only products in this category.")] = None,
    brand: Annotated[str | None, typer.Option(help="Only products of this brand.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also products that have such a text.")] = False,
    budget: Annotated[int | None, typer.Option(help="Texts that the chat model may be asked for.", min=0)] = None,
    go_on: Annotated[str | None, typer.Option(help="Go on with a writing that was stopped, by its id.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="With --go-on: what failed is tried again.")] = False,
    without_model: Annotated[bool, typer.Option("--without-model", help="By the realiser alone, without the chat model.")] = False,
    namespace: NamespaceOption = "shop",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write texts, true to the record. They wait as drafts until a person publishes them (or `regulars voice` lets a kind go out)."""
    from regulars.store import texts as table

    with opened(workspace) as shop:
        locales = [locale] if locale else [one for one in dict.fromkeys(each.split("-")[0] for each in shop.settings.locales) if one in ("en", "zh")] or ["en"]  # fmt: skip
        studio = shop.studio
        started = time.monotonic()
        if products:
            names = products if kind == "category" else [named(namespace, one) for one in products]
            _some(shop, kind, names, locales, as_json, not without_model)
            return
        if go_on is not None:
            writing_id = _uuid(go_on)
            if retry:
                with shop.database.connect() as connection:
                    table.retry_failed(connection, writing_id)
        else:
            with shop.database.connect() as connection:
                writing_id, many = studio.begin(
                    connection, [kind], locales, category, brand, not again, budget, own_languages=locale is None
                )
            if not as_json:
                say(f"{many:,} texts to write. Stopped, go on with: regulars write --go-on {writing_id}")
        with progress_bar("writing", as_json) as bar:
            ran = studio.run(writing_id, bar.rows if bar else None, by_model=not without_model)
        if as_json:
            print_json({"writing_id": str(ran.writing_id), "state": ran.state, "done": ran.done, "failed": ran.failed, "waiting": ran.waiting, "left": ran.left})  # fmt: skip
            return
        seconds = time.monotonic() - started
        say(
            f"{ran.done:,} texts written ({seconds:.1f} s), {ran.failed:,} failed; {ran.waiting:,} wait for a person, the others are drafts."
        )
        if ran.left:
            say(f"{ran.left:,} are left: regulars write --go-on {ran.writing_id}")
        elif ran.failed:
            say(f"Try what failed again: regulars write --go-on {ran.writing_id} --retry")
        say("Next: regulars texts list, or the console's page Content")


def _some(shop: Any, kind: str, products: list[Any], locales: list[str], as_json: bool, by_model: bool) -> None:
    from regulars.content import told
    from regulars.content.records import category_id, product_id
    from regulars.store import texts as table

    for name in products:
        for locale in locales:
            with shop.database.connect() as connection:
                found = category_id(connection, name) if kind == "category" else product_id(connection, name)
                text_id = shop.studio.write(connection, found, kind, locale, by_model=by_model)
                row = told.text_told(table.read(connection, text_id))
            if as_json:
                print_json(row)
            else:
                _show(row)


def _show(text: dict[str, Any], *, facts: bool = False) -> None:
    out.print(
        f"{text['product'] or ' > '.join(text['category'] or ())} · {text['kind']} · {text['locale']} · {text['state']} · by {text['writer']} · {text['id']}",
        style="dim",
    )
    for name, said in text["fields"].items():
        say(said if len(text["fields"]) == 1 else f"{name}: {said}")
    if facts:
        for name, said in text["sentences"].items():
            for one in said:
                say(f"  {name}: “{one['text'][:70]}” ← {', '.join(one['about']) or 'nothing'}")
    for flag in text["flags"]:
        said = f"“{flag['said'][:80]}”. " if flag["said"] else ""
        say(f"  {'Note' if flag['warning'] else 'Held back'}: {said}{flag['reason']}")
    say("")


@texts_app.command("list")
def list_texts(
    state: Annotated[list[str] | None, typer.Option(help="draft, waiting, published, scheduled, rejected, replaced, gone.")] = None,
    kind: Annotated[str | None, typer.Option()] = None,
    locale: LocaleOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 20,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Texts in a state; drafts and those that wait, where none is named."""
    from regulars.content import told
    from regulars.store import texts as table

    with opened(workspace) as shop, shop.database.connect() as connection:
        table.note_gone(connection)
        rows = [
            told.text_told(row)
            for row in table.listed(connection, state or ["waiting", "draft"], kind, locale, None, limit)
        ]
        counts = table.counts(connection)
    if as_json:
        print_json({"texts": rows, "counts": counts})
        return
    if not rows:
        say("No texts. Write some: regulars write description")
    for row in rows:
        _show(row)
    if counts:
        say(", ".join(f"{many:,} {state}" for state, many in sorted(counts.items())))


@texts_app.command()
def show(text: str, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """One text: its words, the facts they stand on, what holds it back, its versions."""
    from regulars.content import told
    from regulars.store import texts as table

    with opened(workspace) as shop, shop.database.connect() as connection:
        row = told.text_told(table.read(connection, _uuid(text)))
        versions = table.versions(connection, _uuid(text))
    if as_json:
        print_json(
            {
                **row,
                "versions": [{"version": one["version"], "writer": one["writer"], "at": one["at"]} for one in versions],
            }
        )
        return
    _show(row, facts=True)
    for one in versions:
        say(f"  version {one['version']} by {one['writer']}, {one['at']:%Y-%m-%d %H:%M}")


@texts_app.command()
def publish(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts by id; all drafts where none is named.")] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="On your own word, where the gate holds one back.")] = False,
    beside: Annotated[
        bool, typer.Option("--beside", help="In nobody's place: readers see one of them by chance.")
    ] = False,
    kind: Annotated[str | None, typer.Option(help="Of all drafts only these.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Publish texts. A text that was published before on the same product is replaced, and kept."""
    from regulars.errors import Conflict
    from regulars.store import texts as table

    published, held = 0, []
    with opened(workspace) as shop:
        with shop.database.connect() as connection:
            rows = [table.read(connection, _uuid(one)) for one in texts] if texts else table.listed(connection, ["draft"], kind, None, None, 1_000_000)  # fmt: skip
        for row in rows:
            try:
                with shop.database.connect() as connection:
                    shop.studio.publish(connection, row["text_id"], row["version"], anyway=anyway, beside=beside)
                published += 1
            except Conflict as error:
                if texts and len(texts) == 1:
                    raise
                held.append((str(row["text_id"]), error.detail))
    if as_json:
        print_json({"published": published, "held_back": [{"id": name, "why": why} for name, why in held]})
        return
    say(f"{published:,} published.")
    for name, why in held[:20]:
        say(f"  {name}: {why}")


@texts_app.command()
def results(
    days: Annotated[int, typer.Option(min=1, max=365)] = 28,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """How texts did that are published beside each other: shown, and put into the cart within a day."""
    from regulars.content import told
    from regulars.store import texts as table

    with opened(workspace) as shop, shop.database.connect() as connection:
        rows = [told.result_told(row) for row in table.results(connection, days)]
    if as_json:
        print_json({"texts": rows})
        return
    if not rows:
        say("No text was shown beside another yet. Publish a second one of a kind: regulars texts publish ID --beside")
    for row in rows:
        low, high = row["interval"] or (0.0, 1.0)
        share = row["share"] or 0.0
        say(
            f"{row['id']} {row['kind']} {row['locale']}: shown {row['shown']:,}, in the cart {row['carts']:,} ({share:.1%}, {low:.1%} to {high:.1%})"
        )


@texts_app.command()
def reject(
    text: str,
    reason: Annotated[str | None, typer.Option(help="Why; kept for the writers to learn from.")] = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Reject a text. It is kept, and a writer's next training learns from it."""
    from regulars.store import texts as table

    with opened(workspace) as shop, shop.database.connect() as connection:
        row = table.read(connection, _uuid(text))
        shop.studio.reject(connection, row["text_id"], row["version"], reason)
    say("Rejected.")


@texts_app.command()
def export(
    format: Annotated[
        str, typer.Option(help="jsonl, shopify (CSV) or merchant (Google's supplemental feed).")
    ] = "jsonl",
    locale: Annotated[str, typer.Option(help="en or zh.")] = "en",
    to: Annotated[Path | None, typer.Option(help="The file; the terminal where none is named.")] = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Take published texts out, for the shop's own system."""
    from regulars.content.routes import exported
    from regulars.store import texts as table

    if format not in ("jsonl", "shopify", "merchant"):
        raise InvalidInput(f"There is no format {format!r}.", hint="Use jsonl, shopify or merchant.", field="format")
    with opened(workspace) as shop, shop.database.connect() as connection:
        rows = table.listed(connection, ["published"], None, locale, None, 1_000_000)
    body, _ = exported(rows, format)
    if to is None:
        sys.stdout.write(body)
        return
    to.write_text(body, encoding="utf-8")
    say(f"{len(rows):,} texts in {to}.")


@voice_app.command("show")
def show_voice(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Tone, length, words to avoid, the glossary; which kinds go out without a person."""
    from regulars.content.records import voice_of

    with opened(workspace) as shop, shop.database.connect() as connection:
        told = voice_of(connection).model_dump()
    if as_json:
        print_json(told)
        return
    for name, value in told.items():
        shown = (
            ", ".join(map(str, value))
            if isinstance(value, list)
            else ", ".join(f"{a} = {b}" for a, b in value.items())
            if isinstance(value, dict)
            else value
        )
        say(f"{name}: {shown or '–'}")


@voice_app.command("set")
def set_voice(
    file: Annotated[Path, typer.Argument(help="JSON with what changes: tone, length, audience, avoid, prefer, samples, glossary, publish.")],
    workspace: WorkspaceOption = HERE,
) -> None:  # fmt: skip
    """Change how the shop speaks."""
    from pydantic import ValidationError

    from regulars.content.records import voice_of
    from regulars.schema.content import Voice
    from regulars.store import texts as table

    try:
        given = orjson.loads(file.read_bytes())
        if not isinstance(given, dict):
            raise InvalidInput(f"{file} holds no JSON object.", hint='Such as {"tone": "warm", "avoid": ["cheap"]}.')
    except (OSError, orjson.JSONDecodeError) as error:
        raise InvalidInput(
            f"{file} can't be read as JSON: {error}", hint='Such as {"tone": "warm", "avoid": ["cheap"]}.'
        ) from error
    with opened(workspace) as shop, shop.database.connect() as connection:
        try:
            voice = Voice.model_validate({**voice_of(connection).model_dump(), **given})
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"]))
            raise InvalidInput(f"{field}: {first['msg']}.", field=field) from error
        table.write_voice(connection, voice.model_dump())
    say("The shop speaks so from the next text on.")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:60]!r} isn't the id of a text or a writing.", hint="See: regulars texts list"
        ) from None
