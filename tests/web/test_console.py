"""Who may enter the console, what its files are called, and that all of it is said in both languages."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from babel.messages.pofile import read_po

import regulars
from regulars.errors import InvalidInput, RateLimited
from regulars.store import access
from regulars.web.console.gate import TRIES, Doorkeeper
from regulars.web.console.uploads import safe_name

from .console_shop import PASSWORD, app_with_console, console_shop, served

SOURCE = Path(regulars.__file__).parent


@pytest.fixture(scope="module")
def address(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        console_shop(servers, tmp_path_factory.mktemp("gate") / "shop") as (folder, _),
        app_with_console(folder) as app,
        served(app) as at,
    ):
        yield at


# --- who may enter ------------------------------------------------------------------------------------------------


def log_in(address: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
    return httpx.post(f"{address}/console/login", data={"password": password}, headers=headers)


def test_pages_scripts_uploads_and_the_socket_are_shut(address: str) -> None:
    page = httpx.get(f"{address}/console/models", headers={"accept": "text/html"})
    assert page.status_code == 303
    assert page.headers["location"] == "/console/login?back=%2Fmodels"
    assert httpx.post(f"{address}/console/upload?name=a.csv", content=b"id\n1").status_code == 401
    assert httpx.get(f"{address}/console/rejects/1", headers={"accept": "*/*"}).status_code == 401
    poll = "/console/_nicegui_ws/socket.io/?EIO=4&transport=polling&client_id=x"
    assert httpx.get(f"{address}{poll}", headers={"accept": "*/*"}).status_code == 401


def test_an_address_without_a_page_says_so_in_the_readers_language(address: str) -> None:
    cookies = log_in(address).cookies
    for language, words in (("en", "There is no such page"), ("zh", "没有这个页面")):
        headers = {"accept": "text/html", "accept-language": language}
        answer = httpx.get(f"{address}/console/no/such/page", headers=headers, cookies=cookies)
        assert answer.status_code == 404
        assert words in answer.text or words.encode("unicode_escape").decode() in answer.text
        assert "HTTPException" not in answer.text
    assert httpx.get(f"{address}/console/static/nothing.css", cookies=cookies).status_code == 404


def test_the_cookie_is_shut_in(address: str) -> None:
    answer = log_in(address)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/console" in cookie
    inside = httpx.get(f"{address}/console/models", cookies=answer.cookies)
    assert inside.status_code == 200
    assert "script-src 'self'" in inside.headers["content-security-policy"]


def test_a_forged_an_old_and_a_cut_cookie_are_refused(address: str) -> None:
    answer = log_in(address)
    name, value = next(iter(answer.cookies.items()))
    body, _, mac = value.partition(".")
    for forged in ("", body, f"{body}.", f"{body}.{'0' * len(mac)}", f"{body[:-2]}AA.{mac}", f"é.{mac}"):
        header = {b"accept": b"text/html", b"cookie": f"{name}={forged}".encode()}
        assert httpx.get(f"{address}/console/", headers=header).status_code == 303, forged


def test_another_sites_requests_are_refused(address: str) -> None:
    assert log_in(address, origin="https://evil.example").status_code == 403
    cookies = log_in(address).cookies
    url = f"{address}/console/upload?name=a.csv"
    assert (
        httpx.post(url, content=b"id\n", cookies=cookies, headers={"origin": "https://evil.example"}).status_code == 403
    )
    assert httpx.post(url, content=b"id\n1", cookies=cookies, headers={"origin": address}).status_code == 200


def test_only_addresses_of_the_console_are_gone_back_to(address: str) -> None:
    for back in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = httpx.post(f"{address}/console/login", data={"password": PASSWORD, "back": back})
        assert answer.headers["location"] == "/console/", back
    answer = httpx.post(f"{address}/console/login", data={"password": PASSWORD, "back": "/models?x=1"})
    assert answer.headers["location"] == "/console/models?x=1"


def test_logging_out_takes_the_cookie(address: str) -> None:
    cookies = log_in(address).cookies
    out = httpx.post(f"{address}/console/logout", cookies=cookies)
    assert out.headers["location"] == "/console/login"
    assert "Max-Age=0" in out.headers["set-cookie"]


def test_nothing_is_loaded_from_elsewhere(address: str) -> None:
    cookies = log_in(address).cookies
    text = httpx.get(f"{address}/console/models", cookies=cookies).text
    assert "cdn." not in text
    assert not [part for part in text.split('"') if part.startswith(("http://", "https://", "//"))]


def test_a_file_may_be_larger_than_a_request(address: str) -> None:
    body = b"id,title\n" + b"x" * 11_000_000
    cookies = log_in(address).cookies
    answer = httpx.post(f"{address}/console/upload?name=large.csv", content=body, cookies=cookies)
    assert answer.json()["size"] == len(body)
    assert httpx.post(f"{address}/console/login", content=body).status_code == 413
    assert httpx.post(f"{address}/console/upload?name=empty.csv", content=b"", cookies=cookies).status_code == 422


def test_serving_without_the_console_knows_nothing_of_it(tmp_path: Path) -> None:
    code = "import sys; import regulars.web.server, regulars.web.api; print(sorted({'nicegui', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_wrong_tries_are_counted_and_the_right_one_forgets_them(database: Any) -> None:
    door = Doorkeeper(database, False)
    for _ in range(TRIES):
        door.count_try("1.2.3.4", 100.0)
    with pytest.raises(RateLimited) as caught:
        door.count_try("1.2.3.4", 101.0)
    assert 290 < caught.value.where["retry_after"] <= 300
    door.count_try("5.6.7.8", 101.0)
    door.count_try("1.2.3.4", 100.0 + 301)
    door.forget_tries("1.2.3.4")
    door.count_try("1.2.3.4", 100.0 + 301)


def test_too_many_tries_over_http(address: str) -> None:
    refused = [log_in(address, "wrong").status_code for _ in range(TRIES + 1)]
    assert refused[0] == 403
    assert refused[-1] == 429
    assert log_in(address).status_code == 429, "else a guesser is told when it was right"


def test_a_new_password_logs_everybody_out(database: Any) -> None:
    with database.connect() as connection:
        first = access.first_password(connection)
        assert first is not None
        assert access.first_password(connection) is None, "made once"
        kept = connection.execute(access.READ_HASH).fetchone()["password_hash"]
    assert first not in kept

    async def steps() -> None:
        door = Doorkeeper(database, False)
        told: list[bool] = []
        door.on_change = lambda: told.append(True)
        await door.look()
        assert await door.right(first)
        assert not await door.right(first + "x")
        cookies = {door.cookie: door.token()}
        assert door.knows(cookies)
        assert not door.knows({door.cookie: door.token(now=time.time() - 30 * 86_400)}), "after a week"
        with database.connect() as connection:
            access.set_password(connection, "another one, quite long")
        await asyncio.sleep(1.1)
        await door.look()
        assert not door.knows(cookies)
        assert told

    asyncio.run(steps())


def test_short_passwords_are_refused(database: Any) -> None:
    with database.connect() as connection, pytest.raises(InvalidInput):
        access.set_password(connection, "short")


# --- files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.csv", "a.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\商品.csv", "商品.csv"),
        (".hidden", "hidden"),
        ("", "file"),
        ("a\x00b\n.csv", "a_b_.csv"),
        ("x" * 400 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_names_of_uploads_are_made_harmless(given: str, kept: str) -> None:
    assert safe_name(given) == kept


# --- words --------------------------------------------------------------------------------------------------------


def _said() -> set[str]:
    files = [
        *(SOURCE / "desk").glob("*.py"),
        *(SOURCE / "insights").glob("*.py"),
        *(SOURCE / "web" / "console").glob("*.py"),
        *(SOURCE / "recommend" / name for name in ("card_words.py", "page.py", "told.py", "words.py")),
    ]
    said: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                told = node.args[:1] if name == "say" else node.args[:2] if name == "many" else []
                said |= {one.value for one in told if isinstance(one, ast.Constant) and isinstance(one.value, str)}
            if isinstance(node, ast.Assign):
                names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
                if names & {"one", "more"}:
                    parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                    said |= {
                        part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
                    }
    return said


def test_every_string_is_said_in_chinese() -> None:
    known = {}
    for path in (SOURCE / "language" / "locale" / "zh").glob("*.po"):
        with path.open("rb") as file:
            known |= {message.id: str(message.string) for message in read_po(file, locale="zh") if message.id}
    said = _said()
    assert len(said) > 250
    assert not sorted(said - set(known))
    for text in said:
        for name in ("{" + part.split("}")[0] + "}" for part in text.split("{")[1:]):
            left_out = name == "{count}" and any(word in text for word in ("One ", "one "))
            assert left_out or name in known[text], f"{text!r} loses {name}"
