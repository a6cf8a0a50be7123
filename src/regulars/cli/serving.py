"""Serving: the API, the storefront and the demo shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.options import HERE, WorkspaceOption, app, opened
from regulars.terminal import progress_bar, say


@app.command()
def serve(
    workspace: WorkspaceOption = HERE,
    host: Annotated[str | None, typer.Option(help="The address to listen on. Default: regulars.toml's.")] = None,
    port: Annotated[int | None, typer.Option(help="The port. Default: regulars.toml's.")] = None,
    workers: Annotated[int | None, typer.Option(help="How many API processes.", min=1)] = None,
    no_console: Annotated[bool, typer.Option("--no-console", help="Without the console.")] = False,
) -> None:
    """Serve the HTTP API, the storefront and the console. Ctrl-C stops it cleanly."""
    from regulars.web.server import run

    run(workspace, host=host, port=port, workers=workers, say=say, console=False if no_console else None)


@app.command()
def console(
    workspace: WorkspaceOption = HERE,
    host: Annotated[str | None, typer.Option(help="The address to listen on. Default: regulars.toml's.")] = None,
    port: Annotated[int | None, typer.Option(help="The port. Default: regulars.toml's console_port.")] = None,
) -> None:
    """Serve the console alone: `serve` does it by itself."""
    from regulars.web.server import run_console

    run_console(workspace, host=host, port=port, say=say)


@app.command()
def password(
    workspace: WorkspaceOption = HERE,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from stdin instead of making one.")] = False,
) -> None:
    """Set a new password for the console. Whoever is logged in has to log in again."""
    import sys

    from regulars.store import access

    wanted = sys.stdin.readline().rstrip("\r\n") if stdin else access.new_password()
    with opened(workspace) as shop, shop.database.connect() as connection:
        access.set_password(connection, wanted)
    say("The password is changed." if stdin else f"The console's password is now: {wanted}")


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
