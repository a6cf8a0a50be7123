"""What steers lists: rules, why a product isn't there, links between products, surfaces."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from regulars.cli.options import HERE, JsonOption, NamespaceOption, WorkspaceOption, app, named, opened
from regulars.errors import InvalidInput, NotFound, UnreadableFile
from regulars.terminal import out, print_json, progress_bar, say

rules_app = typer.Typer(help="Rules: show, check, preview, publish, history, undo.", no_args_is_help=True)
app.add_typer(rules_app, name="rules")
links_app = typer.Typer(help="Links between products: what fits or goes with what.", no_args_is_help=True)
app.add_typer(links_app, name="links")
FileArgument = Annotated[Path, typer.Argument(help="A file with one rule a line; - reads what is piped in.")]


def _text(file: Path) -> str:
    """Raises: UnreadableFile."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{file} can't be read: {error}.", file=str(file)) from None


@rules_app.command("show")
def rules_show(
    version: Annotated[int | None, typer.Argument(help="An older version; the one in force, if missing.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Print the rules in force, as they were written."""
    with opened(workspace) as shop:
        book, checked = shop.rules.read(version)
    if as_json:
        print_json({"version": book.version, "text": book.text, "note": book.note, **checked.told()})
        return
    if not book.text.strip():
        say("There are no rules: lists are as the model finds them.")
        say(
            "Next: write one, such as `cap each brand at most 2 on home`, into a file; then regulars rules preview FILE"
        )
        return
    say(f"# version {book.version}" + (f": {book.note}" if book.note else ""))
    out.print(book.text, markup=False, highlight=False)
    _findings(checked)


def _findings(checked: Any) -> None:
    told = checked.told()
    for problem in told["problems"]:
        say(
            f"  wrong, line {problem['line']}, column {problem['column']}: {problem['message']} {problem['hint'] or ''}".rstrip()
        )
    for finding in told["findings"]:
        say(f"  {finding['level']}: {finding['text']}")


@rules_app.command("check")
def rules_check(file: FileArgument, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Say what is wrong or odd about rules. Writes nothing."""
    with opened(workspace) as shop:
        checked = shop.rules.check(_text(file))
    if as_json:
        print_json(checked.told())
    else:
        table = Table(box=None, pad_edge=False, header_style="")
        for heading in ("line", "products", "rule"):
            table.add_column(heading, justify="left" if heading == "rule" else "right")
        for rule in checked.told()["rules"]:
            count = "" if rule["products"] is None else f"{rule['products']:,}"
            table.add_row(str(rule["line"]), count, rule["text"])
        out.print(table)
        _findings(checked)
        if not checked.read.problems:
            say(f"Next: regulars rules preview {file}")
    if checked.read.problems:
        raise typer.Exit(2)


@rules_app.command("preview")
def rules_preview(
    file: FileArgument,
    workspace: WorkspaceOption = HERE,
    requests: Annotated[int, typer.Option(help="How many of the last lists.", min=1, max=2_000)] = 200,
    as_json: JsonOption = False,
) -> None:
    """Show what rules would change in the lists that were asked for last. Writes nothing."""
    with opened(workspace) as shop, progress_bar("making lists twice", as_json, requests) as bar:
        found = shop.rules.preview(_text(file), requests, bar.rows if bar else None)
    if as_json:
        print_json(found)
        return
    if not found["asked"]:
        say("No list was asked for yet, so there is nothing to compare. Rules can be put in force all the same.")
        return
    say(
        f"Of the last {found['asked']:,} lists {found['changed']:,} would change, {found['shorter']:,} would be shorter."
    )
    if found["cost"] is not None:
        word = "fewer" if found["cost"] >= 0 else "more"
        say(
            f"Expected clicks: {abs(found['cost']):.1%} {word} (by what these products and places were clicked in 28 days)."
        )
    for name, counts in found["surfaces"].items():
        say(f"  {name}: {counts['changed']:,} of {counts['asked']:,}")
    for title, rows in (("Comes in", found["comes_in"]), ("Goes out", found["goes_out"])):
        if rows:
            say(f"{title}: " + ", ".join(f"{row['title'] or row['product']} ({row['lists']})" for row in rows[:8]))
    say(f"Next: regulars rules publish {file}")


@rules_app.command("publish")
def rules_publish(
    file: FileArgument,
    workspace: WorkspaceOption = HERE,
    note: Annotated[str, typer.Option(help="What it is for, as the history shows it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Put rules in force. They act within a second or two; `regulars rules undo` goes back."""
    with opened(workspace) as shop:
        book, checked = shop.rules.publish(_text(file), note)
    if as_json:
        print_json({"version": book.version, **checked.told()})
        return
    rules = len(checked.read.rules)
    say(f"Version {book.version} is in force: {rules} rule{'' if rules == 1 else 's'}.")
    _findings(checked)
    say("Next: regulars rules undo goes back")


@rules_app.command("history")
def rules_history(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """List all versions, newest first."""
    with opened(workspace) as shop:
        books = shop.rules.history()
    if as_json:
        print_json([{"version": one.version, "at": one.at, "note": one.note, "text": one.text} for one in books])
        return
    if not books:
        say("The rules were never changed.")
        return
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("version", "when", "rules", "note"):
        table.add_column(heading, justify="right" if heading in ("version", "rules") else "left")
    for one in books:
        lines = sum(1 for line in one.text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        table.add_row(str(one.version), f"{one.at:%Y-%m-%d %H:%M}" if one.at else "", str(lines), one.note)
    out.print(table)


@rules_app.command("undo")
def rules_undo(
    version: Annotated[
        int | None, typer.Argument(help="Whose text; the one before, if missing. 0 is no rules.")
    ] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Put an older text in force again. It is a version of its own, so undoing can be undone."""
    with opened(workspace) as shop:
        book = shop.rules.undo(version)
    if as_json:
        print_json({"version": book.version, "restored": book.restored, "text": book.text})
        return
    say(f"Version {book.version} is in force: {book.note or 'no rules'}.")


@app.command("why-not")
def why_not(
    product: Annotated[str, typer.Argument(help="The product that isn't there.")],
    customer: Annotated[str | None, typer.Argument(help="The customer's id. Left out: a stranger.")] = None,
    workspace: WorkspaceOption = HERE,
    namespace: NamespaceOption = "shop",
    visitor: Annotated[str | None, typer.Option(help="A browser's id instead of a customer's.")] = None,
    surface: Annotated[str, typer.Option(help="Where the list stands.")] = "home",
    beside: Annotated[str | None, typer.Option(help="The open product, where the surface needs one.")] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many products the list has.")] = 10,
    category: Annotated[str | None, typer.Option(help="Only from this category.")] = None,
    locale: Annotated[str | None, typer.Option(help="en or zh.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a product isn't in somebody's list: the filter, the rule, the source or the place."""
    with opened(workspace) as shop:
        told = shop.why_not(
            product,
            None if customer is None else named(namespace, customer),
            visitor=visitor,
            surface=surface,
            beside=beside,
            n=n,
            category=category,
            locale=locale,
        )
    if as_json:
        print_json(told)
        return
    say(f"{told['title'] or told['product']}: {told['text']}")
    for other in told["others"]:
        say(f"  besides: {other}")
    if told["sources"]:
        say("  proposed by " + ", ".join(f"{name} (place {place})" for name, place in told["sources"].items()))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What is searched for; prices may stand in it.")],
    customer: Annotated[str | None, typer.Argument(help="The customer's id. Left out: a stranger.")] = None,
    workspace: WorkspaceOption = HERE,
    namespace: NamespaceOption = "shop",
    n: Annotated[int, typer.Option("--n", "-n", help="How many.", min=1, max=100)] = 10,
    locale: Annotated[str | None, typer.Option(help="en or zh.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Search the catalogue as the storefront does: by words and meaning, in English and Chinese."""
    with opened(workspace) as shop:
        told = shop.search(query, None if customer is None else named(namespace, customer), n=n, locale=locale)
    if as_json:
        print_json(told)
        return
    for word, instead in told["read_as"]["instead"].items():
        say(f"No product has the word {word!r}: found for {instead!r}.")
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("", "product", "title", "price", "found by"):
        table.add_column(heading, justify="right" if heading in ("", "price") else "left")
    for item in told["items"]:
        table.add_row(
            str(item["position"] + 1), item["product"], item["title"][:48], item["price"] or "", item["found_by"]
        )
    out.print(table)
    say(f"{told['total']:,} found." if told["items"] else "Nothing found.")
    for facet in told["facets"][:3]:
        say(f"  {facet['name']}: " + ", ".join(f"{one['value']} ({one['count']})" for one in facet["values"][:6]))
    if told["items"]:
        say(f"Next: regulars decision {told['decision_id']}")


@app.command()
def surfaces(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """List the places that show lists, with what each is for."""
    with opened(workspace) as shop:
        found = shop.surfaces()
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False, header_style="")
    for heading in ("surface", "purpose", "diversity"):
        table.add_column(heading)
    for one in found:
        table.add_row(one["name"] + (" (own)" if one["own"] else ""), one["purpose"], f"{one['diversity']:g}")
    out.print(table)
    say(
        'Add one: regulars settings \'surfaces=[{"name": "gifts", "like": "home", "purpose": "Gifts", "diversity": 0.5}]\''
    )


@links_app.command("show")
def links_show(
    product: Annotated[str, typer.Argument()],
    to: Annotated[str | None, typer.Option(help="Another product: the way there.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show what is linked with a product, and the way from it to another one."""
    with opened(workspace) as shop:
        told = shop.links(product, to)
    if as_json:
        print_json(told)
        return
    if not told["links"]:
        say(f"Nothing is linked with {product}. Next: regulars links add {product} compatible_with OTHER")
    for link in told["links"]:
        say(f"{product}  {link['relation']}  {link['other']}")
    if to is not None:
        way = told.get("path") or []
        say(
            "  →  ".join([product, *(f"({step['by']}) {step['to']}" for step in way)])
            if way
            else "There is no way between them."
        )


RelationArgument = Annotated[str, typer.Argument(help="compatible_with, goes_with or replaces.")]


@links_app.command("add")
def links_add(
    product: str, relation: RelationArgument, other: str, workspace: WorkspaceOption = HERE, as_json: JsonOption = False
) -> None:
    """Link two products: a case with the phone that it fits, say."""
    with opened(workspace) as shop:
        added = shop.link([(product, relation, other)])
    if as_json:
        print_json({"added": added})
    else:
        say("Linked." if added else "They were linked already.")


@links_app.command("remove")
def links_remove(
    product: str, relation: RelationArgument, other: str, workspace: WorkspaceOption = HERE, as_json: JsonOption = False
) -> None:
    """Take a link away."""
    with opened(workspace) as shop:
        shop.unlink(product, relation, other)
    if as_json:
        print_json({"removed": True})
    else:
        say("Taken away.")


@links_app.command("import")
def links_import(
    file: Annotated[Path, typer.Argument(help="CSV with the columns product, relation, other.")],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Link many products from a file. A line that can't be used is named; the others count."""
    wanted = ("product", "relation", "other")
    edges, refused = [], []
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInput(f"{file} lacks the column {missing[0]!r}.", hint=f"It needs {', '.join(wanted)}.")
            for row in reader:
                edges.append((reader.line_num, (row["product"] or "", row["relation"] or "", row["other"] or "")))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"{file} can't be read: {error}.", file=str(file)) from None
    added = 0
    with opened(workspace) as shop:
        for line, edge in edges:
            try:
                added += shop.link([edge])
            except (InvalidInput, NotFound) as error:
                refused.append({"line": line, "reason": error.detail})
    if as_json:
        print_json({"added": added, "read": len(edges), "refused": refused})
        return
    say(
        f"{len(edges):,} lines read: {added:,} new links, {len(edges) - added - len(refused):,} known already, {len(refused):,} refused."
    )
    for one in refused[:20]:
        say(f"  line {one['line']}: {one['reason']}")
