"""Serving: the API, the storefront and the demo shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from regulars.cli.options import HERE, JsonOption, WorkspaceOption, app, opened
from regulars.terminal import print_json, progress_bar, say


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


class _RunByDefault(TyperGroup):
    """`regulars demo my-shop` is `regulars demo run my-shop`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


demo = typer.Typer(cls=_RunByDefault, help="A living demo shop: everything in it is invented.", rich_markup_mode=None)
app.add_typer(demo, name="demo")
DemoFolder = Annotated[Path, typer.Argument(help="Where the demo shop lives.")]
DEMO = Path("demo-shop")


@demo.command("run")
def demo_run(
    folder: DemoFolder = DEMO,
    port: Annotated[int | None, typer.Option(help="The port. Default 8000.")] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only make it.")] = False,
    seed: Annotated[int, typer.Option(help="Of a new world: another seed, other people.")] = 7,
) -> None:
    """Make it, train, serve. Run again, it goes on. The default: `regulars demo FOLDER`."""
    from regulars.demo.run import prepare
    from regulars.web.server import run

    prepare(folder, say=say, bar=progress_bar, seed=seed)
    if not no_serve:
        run(folder, host=None, port=port, workers=None, say=say)


@demo.command("step")
def demo_step(
    folder: DemoFolder = DEMO,
    days: Annotated[int, typer.Option(help="How many.", min=1, max=3650)] = 7,
    policy: Annotated[str, typer.Option(help="What makes the lists: trained, popular or random.")] = "trained",
    placebo: Annotated[bool, typer.Option(help="Lists don't touch anybody's mood.")] = False,
    seed: Annotated[int | None, typer.Option(help="Of these days. Default: the world's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Live on, day by day, against the engine: visits, lists, clicks, orders, moods. Killed midway, it goes on."""
    from regulars.demo.policies import policy_named
    from regulars.demo.step import Stepper

    with opened(folder) as shop:
        stepper = Stepper(
            shop,
            policies={policy: policy_named(policy)},
            placebo=placebo,
            seed=seed,
            talks=policy == "trained" and not placebo,
        )
        figures = []
        if not as_json:
            say(f"{'day':<12}{'visitors':>9}{'orders':>8}{'clicks':>8}{'of lists':>9}{'back in 28 d':>14}{'mood':>7}")
        with progress_bar("stepping", as_json, days) as progress:
            for day in stepper.days(days, progress.rows if progress else None):
                figures.append(day.as_dict())
                if not as_json:
                    back = "" if day.returned is None else f"{day.returned:.1%}"
                    say(
                        f"{day.date:<12}{day.visitors:>9,}{day.orders:>8,}{day.clicks:>8,}{day.lists:>9,}{back:>14}{day.mood:>7.3f}"
                    )
        if as_json:
            print_json(figures)
        else:
            say(f"The demo's calendar now says {stepper.today:%Y-%m-%d}. Everything in it is invented.")


@demo.command("compare")
def demo_compare(
    folder: DemoFolder = DEMO,
    first: Annotated[str, typer.Option(help="One policy: trained, popular or random.")] = "trained",
    second: Annotated[str, typer.Option(help="The other.")] = "random",
    days: Annotated[int, typer.Option(help="How many to step; more than 28.", min=29, max=3650)] = 56,
    placebo: Annotated[bool, typer.Option(help="Lists don't touch anybody's mood.")] = False,
    seed: Annotated[int | None, typer.Option(help="Of these days. Default: the world's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Step the world with half of the people under each policy, and say who came back within 28 days."""
    from regulars.demo.compare import compare

    with opened(folder) as shop, progress_bar("stepping", as_json, days) as progress:
        found = compare(
            shop, first, second, days=days, placebo=placebo, seed=seed, progress=progress.rows if progress else None
        )
    if as_json:
        print_json(found.as_dict())
        return
    for arm in (found.first, found.second):
        say(f"{arm.policy:<9}{arm.rate:>7.1%} came back within 28 days ({arm.returned:,} of {arm.people:,})")
    say(f"difference {found.difference:+.1%}, 95 % between {found.low:+.1%} and {found.high:+.1%}")
    say(
        "In this placebo world lists don't matter: the interval should cover zero."
        if placebo
        else "Simulated: these customers are invented."
    )
