"""Serving: the API, the storefront and the demo shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regulars.cli.options import HERE, WorkspaceOption, app
from regulars.terminal import progress_bar, say


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
