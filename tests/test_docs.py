"""The documentation names everything there is, and what it shows runs.

Commands of the quickstart run through the real command line; ```python runnable blocks run in the shop that it makes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

from regulars import cli, errors
from regulars.feeds.native import KINDS
from regulars.recommend.filters import FilterBase
from regulars.recommend.surfaces import SURFACES
from regulars.schema import EventType, ExternalId, ShopSettings
from regulars.store.supervisor import wait_stopped
from regulars.store.tokens import verify_customer
from regulars.store.workspace import StartSettings, Workspace
from regulars.web import metrics
from regulars.web.api import create_app

ROOT = Path(__file__).parent.parent
PAGES = {path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", ROOT / "README.zh.md"]}
PAGES |= {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
BLOCK = re.compile(r"^```(\S*)[ ]?([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
TO_COME = {"docs/storefront.png"}


def blocks(page: str, language: str, word: str = "") -> list[str]:
    return [body for kind, words, body in BLOCK.findall(PAGES[page]) if kind == language and word in words]


def named(page: str, *names: str) -> None:
    missing = [name for name in names if name not in PAGES[page]]
    assert not missing, f"{page} doesn't name {missing}"


def test_settings_are_named() -> None:
    for name in StartSettings.model_fields:
        named("operations.md", f"`{name}`", f"`REGULARS_{name.upper()}`")
    named("operations.md", *(f"`{name}`" for name in ShopSettings.model_fields))


def test_routes_are_named(tmp_path: Path) -> None:
    schema = create_app(Workspace.create(tmp_path / "shop").folder).openapi()
    for path, methods in schema["paths"].items():
        for method in methods:
            named("api.md", f"{method.upper()} {path}")


def _commands(app: typer.Typer, before: str = "regulars") -> Iterator[str]:
    for command in app.registered_commands:
        assert command.callback is not None
        yield f"{before} {command.name or command.callback.__name__.strip('_').replace('_', '-')}"
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from _commands(group.typer_instance, f"{before} {group.name}")


def test_commands_are_named() -> None:
    named("cli.md", *(f"`{command}" for command in _commands(cli.app)))


def test_options_are_named() -> None:
    group = typer.main.get_command(cli.app)
    todo = list(group.commands.values())  # type: ignore[attr-defined]
    while todo:
        command = todo.pop()
        todo.extend(getattr(command, "commands", {}).values())
        for parameter in command.params:
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    named("cli.md", option)


def test_exit_codes_are_named() -> None:
    named("cli.md", *(f"| {error.exit_code} |" for error in _errors()))


def test_events_and_kinds_are_named() -> None:
    named("import.md", *(f"`{kind.value}`" for kind in EventType))
    for kind, model in KINDS.items():
        named("import.md", f"`{kind}`", f"## {kind}")
        part = PAGES["import.md"].split(f"\n## {kind}\n")[1].split("\n## ")[0]
        missing = [name for name in model.model_fields if f"`{name}`" not in part]
        assert not missing, f"import.md, {kind}: {missing}"


def _errors() -> list[type[errors.RegularsError]]:
    found, todo = [], [errors.RegularsError]
    while todo:
        found.append(todo.pop())
        todo.extend(one for one in found[-1].__subclasses__() if one.__module__ == errors.__name__)
    return found


def test_errors_are_named() -> None:
    for error in _errors():
        told = rf"`{error.code}` (\| {error.status} \||\({error.status}\))"
        assert re.search(told, PAGES["api.md"]), f"api.md doesn't say {error.code} with {error.status}"


def test_surfaces_filters_and_metrics_are_named() -> None:
    named("recommend.md", *(f"`{surface}`" for surface in SURFACES))
    codes = re.findall(r'own\["(\w+)"\]', Path(sys.modules[FilterBase.__module__].__file__ or "").read_text())
    assert codes
    named("recommend.md", *(f"`{code}`" for code in codes))
    source = Path(metrics.__file__).read_text()
    named("operations.md", *(f"`{name}`" for name in re.findall(r'"(regulars_\w+)"', source)))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = ROOT if page.startswith("README") else ROOT / "docs"
    for target in LINK.findall(PAGES[page]):
        if "://" in target or target in TO_COME:
            continue
        path, _, anchor = unquote(target).partition("#")
        file = folder / path if path else folder / page
        if file.name == "benchmarks.md" and not file.exists():
            continue
        assert file.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in made, f"{page}: {target}"


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_machine(page: str) -> None:
    assert not re.search(r"/(home|root|tmp|work|Users)/|pypi|index-url", PAGES[page])


@pytest.fixture(scope="module")
def quickstart() -> Iterator[tuple[Path, str]]:
    """The folder in which the quickstart was followed to the letter, and what it said.

    Not under pytest's own: another run of pytest would close that folder to the user that PostgreSQL runs as.
    """
    with tempfile.TemporaryDirectory(prefix="regulars-quickstart-") as made:
        folder = Path(made)
        yield folder, _follow(folder)
        wait_stopped(folder / "myshop")
        wait_stopped(folder / "newshop")


def _follow(folder: Path) -> str:
    (folder / "sample.py").write_text(blocks("quickstart.md", "python", "runnable")[0], encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = ["set -eu", f'"{sys.executable}" sample.py']
    for body in blocks("quickstart.md", "console"):
        for line in body.splitlines():
            if not line.startswith("$ "):
                continue
            command = line[2:].replace(":8000", f":{port}")
            if command.startswith(("regulars train", "regulars evaluate")):
                command += " --max-minutes 0.02"
            if command == "regulars serve":
                ready = f"curl -sf -o /dev/null --retry 60 --retry-delay 1 --retry-connrefused --retry-all-errors http://127.0.0.1:{port}/v1/ready"
                command = (
                    f"regulars serve --port {port} & server=$!; trap 'kill $server; wait $server || true' EXIT; {ready}"
                )
            script.append(command)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_quickstart_runs(quickstart: tuple[Path, str]) -> None:
    folder, said = quickstart
    for part in (
        "48 products read, 48 new, 0 rejected",
        "Trained recommender-",
        "recall@10",
        '"decision_id"',
        "Wrote ",
    ):
        assert part in said
    assert '{"accepted":1,"duplicates":0,"unresolved":0}' in said
    assert "wrong" not in said
    assert list(folder.glob("myshop-*.tar"))


RUNNABLE = [
    (page, number, body)
    for page in PAGES
    if page != "quickstart.md"
    for number, body in enumerate(blocks(page, "python", "runnable"))
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_python_blocks_run(quickstart: tuple[Path, str]) -> None:
    folder, _ = quickstart
    code = "\n".join(f"# {page}\n{body}" for page, _, body in RUNNABLE)
    code += "\nprint('token', secret, customer_token(secret, 'C001'))\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    secret, token = done.stdout.splitlines()[-1].split()[1:]
    assert verify_customer(secret.encode(), token) == ExternalId("shop", "C001")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_token_in_javascript() -> None:
    code = blocks("api.md", "javascript")[0]
    code = f"const secret = 's3cret', customer = 'Zoë/1';\n{code}\nconsole.log(token);"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True, check=True, timeout=60)
    assert verify_customer(b"s3cret", done.stdout.strip()) == ExternalId("shop", "Zoë/1")


@pytest.mark.skipif(shutil.which("php") is None, reason="needs PHP")
def test_token_in_php() -> None:
    code = blocks("api.md", "php")[0]
    code = f"$secret = 's3cret'; $customer = 'Zoë/1';\n{code}\necho $token;"
    done = subprocess.run(["php", "-r", code], capture_output=True, text=True, check=True, timeout=60)
    assert verify_customer(b"s3cret", done.stdout.strip()) == ExternalId("shop", "Zoë/1")


def test_json_in_the_api_page_is_json() -> None:
    for cell in re.findall(r"`(\{\"[^`]*\})`", PAGES["api.md"]):
        json.loads(cell)
