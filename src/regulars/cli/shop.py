"""Looking after a shop: settings, figures, backup, keys."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from regulars.cli.options import HERE, JsonOption, NamespaceOption, WorkspaceOption, app, named, opened
from regulars.errors import InvalidInput
from regulars.terminal import print_json, say

keys_app = typer.Typer(help="API keys: list, create, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


@app.command()
def status(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Say how much the shop holds and which model serves."""
    with opened(workspace) as shop:
        counts, models = shop.counts(), shop.models()
        serving = next((row["version"] for row in models if row["serving"]), None)
        if as_json:
            print_json({**counts, "model": serving})
            return
        for name, count in counts.items():
            say(f"{count:>12,}  {name.replace('_', ' ')}")
        say(f"Model: {serving or 'none trained yet (regulars train)'}")


@app.command()
def settings(
    changes: Annotated[list[str] | None, typer.Argument(help="name=value, e.g. currency=GBP. None: show them.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show or change what the shop says of itself."""
    with opened(workspace) as shop:
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
def erase(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    workspace: WorkspaceOption = HERE,
    namespace: NamespaceOption = "shop",
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Forget a customer: events, decisions, reviews, names; orders stay without the person. Can't be undone."""
    if not yes:
        typer.confirm(f"Erase everything about customer {customer}? This can't be undone.", abort=True)
    with opened(workspace) as shop:
        gone = shop.erase(named(namespace, customer))
    say(f"Erased {customer}: " + ", ".join(f"{count:,} {table}" for table, count in gone.items()) + ".")
    say("A model trained before still holds counts that this person was part of: `regulars train` makes one without.")


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A file, or a folder to put it in.")],
    workspace: WorkspaceOption = HERE,
) -> None:
    """Write the whole shop into one file. Serving goes on meanwhile."""
    started = time.monotonic()
    with opened(workspace) as shop:
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
def export(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    workspace: WorkspaceOption = HERE,
    namespace: NamespaceOption = "shop",
) -> None:
    """Print everything that is kept about a customer, as JSON: what they may ask you for."""
    with opened(workspace) as shop:
        print_json(shop.export_customer(named(namespace, customer)))


@app.command()
def sync(workspace: WorkspaceOption = HERE) -> None:
    """Bring the mirror up to date and forget what is due. `serve` does this by itself."""
    with opened(workspace) as shop:
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


@keys_app.command("list")
def keys_list(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show the keys (their beginnings; the rest is known only to who uses them)."""
    with opened(workspace) as shop:
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
    with opened(workspace) as shop:
        say(shop.create_key(name, scope))


@keys_app.command("revoke")
def keys_revoke(key_id: Annotated[int, typer.Argument()], workspace: WorkspaceOption = HERE) -> None:
    """End a key. Running processes refuse it within seconds."""
    with opened(workspace) as shop:
        shop.revoke_key(key_id)
    say(f"Key {key_id} is revoked.")


@app.command()
def secret(
    workspace: WorkspaceOption = HERE,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new one. Tokens signed before stop working.")
    ] = False,
) -> None:
    """Print the secret that your server signs customer tokens with. Keep it there; never put it in a page."""
    with opened(workspace) as shop:
        if rotate:
            shop.rotate_secret()
        say(shop.token_secret())


@app.command()
def token(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    hours: Annotated[float, typer.Option(help="How long it is valid.", min=0.01, max=24 * 30)] = 24.0,
    workspace: WorkspaceOption = HERE,
) -> None:
    """A signed token with which a browser may speak for this customer (header Regulars-Customer)."""
    with opened(workspace) as shop:
        say(shop.customer_token(customer, hours * 3600))
