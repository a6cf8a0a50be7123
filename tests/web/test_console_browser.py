"""The console in a real browser: at desk and telephone width, in both languages, by keyboard alone, readable for everybody."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from regulars.content.records import product_id
from regulars.shop import Shop
from regulars.store import conversations as table

from .browsing import LOOKS
from .console_shop import PASSWORD, app_with_console, console_shop, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
WIDTHS = {"desk": (1280, 900), "telephone": (390, 844)}
PAGES = {
    "overview": "",
    "overview-week": "?days=7",
    "recommendations": "recommendations",
    "person": "recommendations?q=n1",
    "data": "data",
    "models": "models",
    "settings": "settings",
    "content": "content",
    "studio": "content/studio?product=tea-3",
    "many": "content/many",
    "results": "content/results",
    "voice": "content/voice",
    "inbox": "inbox",
    "conversation": "inbox/CONVERSATION",
    "quality": "assistant",
    "knowledge": "assistant/knowledge",
    "policies": "assistant/policies",
}
INTERACTIVE_SECONDS = 1.5
SHOTS = os.environ.get("REGULARS_SCREENSHOTS")  # a folder: each page's picture is kept there


@pytest.fixture(scope="module")
def serving(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    folder = tmp_path_factory.mktemp("browser") / "shop"
    with console_shop(servers, folder) as (made, shop):
        shop.recommend("n1", n=8)
        with shop.database.connect() as connection:
            shop.studio.write(connection, product_id(connection, "tea-3"), "description", "en")
            shop.studio.write(connection, product_id(connection, "shirt"), "description", "zh")
        talk = shop.talk("n1")
        for text in ("Where is my order?", "I'd like to speak to a human please"):
            talk.say(text)
        with app_with_console(made) as app, served(app) as address:
            yield address, shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield launched
        launched.close()


def opened(browser: Browser, address: str, width: str = "desk", language: str = "en-GB", **more: Any) -> Page:
    """A page that is logged in; whatever goes wrong in it fails the test."""
    across, down = WIDTHS[width]
    context = browser.new_context(
        base_url=f"{address}/console/", viewport={"width": across, "height": down}, locale=language, **more
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto("login")
    page.get_by_role("textbox").or_(page.locator("#password")).first.fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator(
        ".nicegui-content h1"
    ).wait_for()  # not any h1: the login page has one too, and leaving it early stops the login
    return page


def reach(page: Page, words: str) -> None:
    """What says these words, or has this name, with the tabulator alone."""
    for _ in range(120):
        page.keyboard.press("Tab")
        told = "(document.activeElement.name || document.activeElement.textContent || '').trim()"
        if page.evaluate(told) == words:
            return
    raise AssertionError(f"{words} isn't reached with the tabulator")


@pytest.fixture
def page(browser: Browser, serving: tuple[str, Shop]) -> Iterator[Page]:
    made = opened(browser, serving[0])
    yield made
    made.context.close()


@pytest.mark.parametrize(("scheme", "width", "language"), LOOKS)
def test_every_page_is_whole_and_readable_for_everybody(
    browser: Browser, serving: tuple[str, Shop], width: str, language: str, scheme: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, serving[0], width, language, color_scheme=scheme)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda response: wrong.append(response.url) if response.status >= 400 else None)
    page.on("request", lambda request: wrong.append(request.url) if serving[0] not in request.url.replace("ws:", "http:") and not request.url.startswith("data:") else None)  # fmt: skip
    for name, path in PAGES.items():
        if "CONVERSATION" in path:
            with serving[1].database.connect() as connection:
                path = path.replace("CONVERSATION", str(table.inbox(connection, ["waiting"])[0]["conversation_id"]))
        page.goto(path)
        page.locator(".nicegui-content h1").wait_for()
        page.wait_for_timeout(300)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/console-{name}-{width}-{language[:2]}-{scheme}.png", full_page=True)
        across = page.evaluate("document.documentElement.scrollWidth")
        assert across <= WIDTHS[width][0], f"{name} is {across} pixels wide"
        assert page.locator("html").get_attribute("lang") == ("zh-Hans" if language == "zh-CN" else "en")
        found = Axe().run(page).response["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")
        ]
        assert not serious, f"{name}: {serious}"
        heading = page.locator("h1").inner_text()
        assert bool(re.search(r"[\u4e00-\u9fff]", heading)) == (language == "zh-CN"), heading
    assert not wrong
    page.context.close()


def test_pages_are_interactive_soon(page: Page) -> None:
    """From the click to a page whose buttons answer, with scripts in the browser's cache as after the first page."""
    took = []
    for path in ("models", "data", "settings", "recommendations", ""):
        started = time.monotonic()
        page.goto(path, wait_until="commit")
        page.locator(".nicegui-content h1").wait_for()
        page.wait_for_function("window.did_handshake === true")
        took.append(time.monotonic() - started)
    assert sorted(took)[len(took) // 2] <= INTERACTIVE_SECONDS, took


def test_a_session_by_keyboard_alone(page: Page) -> None:
    def chosen() -> str:
        return str(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("n1")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name=re.compile("Nora Näb")).wait_for()
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("#keys:not([open])").wait_for(state="attached")
    for letter, path in {
        "c": "content",
        "m": "models",
        "d": "data",
        "s": "settings",
        "r": "recommendations",
        "o": "console/",
    }.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(re.compile(f"{path}$"))
        page.locator(".nicegui-content h1").wait_for()
    figure = page.get_by_role("button", name=re.compile("^Visitors"))
    figure.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if chosen().startswith("Visitors"):
            break
    assert chosen().startswith("Visitors"), "reached with the tabulator"
    page.keyboard.press("Enter")
    page.locator("dialog[open] table").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    page.reload()
    page.keyboard.press("Tab")
    assert chosen() == "Skip to the content"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_text_is_written_edited_and_published_by_keyboard_alone(
    browser: Browser, serving: tuple[str, Shop], width: str, language: str
) -> None:
    page = opened(browser, serving[0], width, language)
    en = language == "en-GB"
    page.goto(f"content/studio?product=tea-{4 if en else 5}&kind=title&locale={language[:2]}")
    page.wait_for_function("window.did_handshake === true")
    page.get_by_text("Everything in it stands in the record." if en else "文中内容都有记录可依。").wait_for()
    area = page.locator("textarea[name=title]")
    area.wait_for()
    for _ in range(90):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.press("Control+End")
    page.keyboard.type(" 999")
    page.get_by_text("The gate holds it back." if en else "文案被拦下。").wait_for()
    assert page.locator("mark").inner_text() == "999"
    for _ in range(4):
        page.keyboard.press("Backspace")
    page.get_by_text("Everything in it stands in the record." if en else "文中内容都有记录可依。").wait_for()
    reach(page, "Keep as a draft" if en else "存为草稿")
    page.keyboard.press("Enter")
    page.get_by_text("Kept. It waits under Review." if en else "已保存，可在“审核”中查看。").wait_for()
    page.goto(f"content?kind=title&locale={language[:2]}")
    page.wait_for_function("window.did_handshake === true")
    before = page.locator("h1").inner_text()
    page.locator("button[data-key=a]").wait_for()
    page.keyboard.press("a")
    page.get_by_text("Published." if en else "已发布。").wait_for()
    page.wait_for_function("(before) => document.querySelector('h1').innerText !== before", arg=before)
    page.context.close()


@pytest.mark.parametrize(("width", "language"), [("desk", "zh-CN"), ("telephone", "en-GB")])
def test_a_conversation_is_answered_and_an_article_written_by_keyboard_alone(
    browser: Browser, serving: tuple[str, Shop], width: str, language: str
) -> None:
    en = language == "en-GB"
    talk = serving[1].talk(locale=language[:2])
    talk.say("I'd like to speak to a human please")
    page = opened(browser, serving[0], width, language)
    page.goto(f"inbox/{talk.id}?locale={language[:2]}")
    page.wait_for_function("window.did_handshake === true")
    reach(page, "text")
    page.keyboard.type("Hello, this is Kim.")
    reach(page, "Send" if en else "发送")
    page.keyboard.press("Enter")
    page.get_by_role("log").get_by_text("Hello, this is Kim.").wait_for()
    page.wait_for_function("document.activeElement.name === 'text' && document.activeElement.value === ''")
    page.keyboard.type("Half a sentence")
    talk.say("Are you still there?")
    page.get_by_role("log").get_by_text("Are you still there?").wait_for()
    assert page.evaluate("document.activeElement.value") == "Half a sentence", "what the customer writes takes nothing"
    reach(page, "Hand it back to the assistant" if en else "交还智能客服")
    page.keyboard.press("Enter")
    page.get_by_text("The assistant answers again." if en else "智能客服恢复回答。").wait_for()
    taken = "Take it over" if en else "接管"
    page.wait_for_function("(words) => document.activeElement.textContent === words", arg=taken)
    page.goto(f"assistant/knowledge?locale={language[:2]}")
    page.wait_for_function("window.did_handshake === true")
    reach(page, "Write an article" if en else "写文章")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'field-title'")
    page.keyboard.type("Opening hours")
    reach(page, "body")
    page.keyboard.type("We are here from nine to five.")
    reach(page, "questions")
    page.keyboard.type("When can I come?")
    reach(page, "Save" if en else "保存")
    page.keyboard.press("Enter")
    page.get_by_text("The assistant answers from it within seconds." if en else "几秒内智能客服就会据此回答").wait_for()
    with serving[1].database.connect() as connection:
        row = connection.execute("SELECT questions FROM articles WHERE title = 'Opening hours' ORDER BY article_id DESC LIMIT 1").fetchone()  # fmt: skip
    assert row is not None
    assert row["questions"] == ["When can I come?"]
    page.context.close()


def test_a_file_goes_in_with_its_columns_mapped(page: Page, serving: tuple[str, Shop], tmp_path: Path) -> None:
    before = serving[1].counts()["products"]
    odd = tmp_path / "odd names.csv"
    odd.write_text('item_no,item_name,cost\nX1,Blue kettle,"12.50"\nX2,Red kettle,abc\nX3,<b>bold</b>,9.99\n')
    page.goto("data")
    page.wait_for_function("window.did_handshake === true")
    page.locator(".drop input").set_input_files(odd)
    page.get_by_role("button", name="Look again").wait_for()
    page.locator("select[name=kind]").select_option("products")
    page.get_by_role("button", name="Look again").click()
    for number, field in enumerate(("id", "title", "price")):
        page.locator(f"select[name=column-{number}]").select_option(field)
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("button", name="Import 2 products").wait_for()
    assert page.get_by_role("cell", name="<b>bold</b>").count() == 1
    page.get_by_role("button", name="Import 2 products").click()
    page.locator(".work.done").wait_for(timeout=60_000)
    row = page.get_by_role("row", name=re.compile("odd names.csv"))
    row.wait_for()
    page.get_by_role("link", name="Download 1 rejected rows").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 1 rejected rows").click()
    assert '"line":3' in download.value.path().read_text()
    row.get_by_role("button", name=re.compile("^Report")).click()
    assert "abc" in page.locator("dialog[open]").inner_text()
    assert serving[1].counts()["products"] == before + 2
    assert not list((serving[1].workspace.imports / "uploads").glob("*/odd names.csv")), "the file isn't kept"


def test_an_empty_and_an_unreadable_file_are_told_of(page: Page, tmp_path: Path) -> None:
    page.goto("data")
    page.wait_for_function("window.did_handshake === true")
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    page.locator(".drop input").set_input_files(empty)
    page.locator(".q-notification", has_text="empty.csv").wait_for()
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    page.locator(".drop input").set_input_files(picture)
    page.locator("p[role=alert]").wait_for()
    page.get_by_role("button", name="Discard the file").click()
    page.locator("p[role=alert]").wait_for(state="detached")


def test_a_new_key_is_shown_once(page: Page) -> None:
    page.goto("settings")
    page.get_by_label("What it is for").fill("our website")
    page.keyboard.press("Enter")
    key = page.locator("#new-key")
    key.wait_for()
    written = key.inner_text()
    assert written.startswith("rk_pub_")
    assert written in page.locator("#new-snippet").inner_text()
    page.keyboard.press("Escape")
    page.reload()
    page.get_by_role("cell", name="our website", exact=True).wait_for()
    assert written not in page.content()
    page.get_by_role("button", name="Revoke: our website").click()
    page.locator("dialog[open]").get_by_role("button", name="Revoke").click()
    page.get_by_text("revoked", exact=False).first.wait_for()


def test_training_is_shown_and_can_be_cancelled(page: Page, serving: tuple[str, Shop]) -> None:
    page.goto("models")
    page.get_by_text("No model is trained yet").wait_for()
    page.get_by_label("Minutes for learning, at most").fill("5")
    page.get_by_role("button", name="Train now").click()
    page.locator(".work.running").wait_for()
    page.goto("data")
    page.get_by_role("button", name="Cancel: Training").click()
    page.locator(".work.cancelled").wait_for(timeout=30_000)
    assert serving[1].models() == []


def test_the_language_is_switched_and_kept(page: Page) -> None:
    page.goto("models")
    page.get_by_role("link", name="中文").click()
    page.get_by_role("heading", name="还没有训练过模型").wait_for()
    page.goto("data")
    page.get_by_role("heading", name="导入文件").wait_for()
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name="Bring a file in").wait_for()


def test_logging_out_ends_it(page: Page) -> None:
    page.goto("models")
    page.get_by_role("button", name="Log out").click()
    page.locator("#password").wait_for()
    page.goto("models")
    assert "login" in page.url
