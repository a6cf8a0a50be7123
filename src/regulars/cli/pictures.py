"""Product pictures: encoding them, and how far that is."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Annotated, Any

import typer

from regulars.cli.options import HERE, JsonOption, WorkspaceOption, app, opened
from regulars.errors import Unavailable
from regulars.terminal import print_json, progress_bar, say

pictures_app = typer.Typer(help="Product pictures: encode, status, check.", no_args_is_help=True)
app.add_typer(pictures_app, name="pictures")


@pictures_app.command("encode")
def pictures_encode(
    workspace: WorkspaceOption = HERE,
    max_minutes: Annotated[float | None, typer.Option(help="Stop then; the next run goes on.", min=0.01)] = None,
    as_json: JsonOption = False,
) -> None:
    """Turn each product's first picture into a vector that `regulars train --pictures` learns from."""
    with opened(workspace) as shop:
        done = _encoded(shop, as_json, None if max_minutes is None else max_minutes * 60)
        if as_json:
            print_json(asdict(done))
            return
        if done.busy:
            say("Another process is encoding pictures right now.")
            return
        say(f"Encoded {done.encoded:,} pictures; {done.failed:,} couldn't be used, {done.left:,} are left.")
        say("Next: regulars train --pictures")


@pictures_app.command("status")
def pictures_status(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show how many pictures are encoded, and what was wrong with the latest that aren't."""
    with opened(workspace) as shop:
        found = shop.pictures_status()
    if as_json:
        print_json({**asdict(found), "waiting": found.waiting})
        return
    say(f"{found.products:,} products, {found.pictures:,} with a picture.")
    say(f"{found.encoded:,} encoded, {found.failed:,} failed, {found.waiting:,} waiting.")
    for url, error in found.errors:
        say(f"  {url[:80]}: {error}")


@pictures_app.command("check")
def pictures_check(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Show products whose picture looks like another category than theirs. Needs encoded pictures."""
    from regulars.content.looks import read
    from regulars.content.told import mismatches_told

    with opened(workspace) as shop, shop.database.connect() as connection:
        found, compared = read(connection)
        told = mismatches_told(connection, found)
    if as_json:
        print_json({"compared": compared, "products": told})
        return
    if not compared:
        say("No picture is encoded yet: regulars pictures encode")
        return
    for one in told:
        say(
            f"{one['product']}: looks like {one['looks']}, filed under {one['filed']} ({one['share']:.0%} of the nearest pictures)"
        )
    say(f"{len(told):,} of {compared:,} pictures don't look like what they are filed under.")


def encode_before(shop: Any, quiet: bool, max_seconds: float) -> None:
    """Before a training with pictures: encodes what there is time for. Without the packages it says so and goes on."""
    try:
        done = _encoded(shop, quiet, max_seconds)
    except Unavailable as error:
        if not quiet:
            say(f"Without new pictures: {error.detail}")
        return
    if not quiet and (done.encoded or done.failed):
        say(f"Encoded {done.encoded:,} pictures; {done.failed:,} couldn't be used, {done.left:,} are left.")


def _encoded(shop: Any, quiet: bool, max_seconds: float | None) -> Any:
    with progress_bar("encoding pictures", quiet) as bar:
        local = _demo_picture if _is_demo(shop) else None
        return shop.encode_pictures(local=local, max_seconds=max_seconds, progress=bar.rows if bar else None)


def _is_demo(shop: Any) -> bool:
    from regulars.demo import MARK

    return bool((shop.workspace.folder / MARK).exists())


def _demo_picture(url: str) -> bytes | None:
    """The demo's own drawings need no server."""
    from regulars.demo.pictures import picture

    found = re.fullmatch(r"/demo/pictures/([\w-]+)\.svg", url)
    drawn = picture(found[1]) if found else None
    return None if drawn is None else drawn.encode()
