"""What all commands share: the app they hang on, and their common options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Turn shoppers into regulars. Start with `regulars init myshop`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", envvar="REGULARS_WORKSPACE", help="The shop's folder.", show_default=True)
]
NamespaceOption = Annotated[
    str, typer.Option(help="Whose id it is: shop for yours; email, phone or shopify for what files brought along.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
HERE = Path(".")


def named(namespace: str, value: str) -> Any:
    """An id of this namespace. Imported late as well: the schema takes longer to load than `--help` to print."""
    from regulars.schema import ExternalId

    return ExternalId(namespace, value)


def opened(workspace: Path) -> Any:
    """The shop in this folder. Imported late: `regulars --help` needs no database driver."""
    import regulars

    return regulars.open(workspace)
