"""The chat in a real browser: with the keyboard, for screen readers, on a telephone, without a network, with a person; each message once."""

from __future__ import annotations

import gzip
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

import regulars
from regulars.assist import handing
from regulars.shop import Shop
from regulars.store import conversations as table

from .browsing import LOOKS, SomebodysShop, chromium, serving
from .chat_shop import chat_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCRIPT = Path(regulars.__file__).parent / "web" / "static" / "regulars-chat.js"
LIMIT = 10_000
WIDTHS = {"desk": (1280, 900), "telephone": (390, 844)}
SHOTS = os.environ.get("REGULARS_SCREENSHOTS")  # a folder: pictures are kept there


@pytest.fixture(scope="module")
def served(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    with chat_shop(servers, tmp_path_factory.mktemp("chat") / "shop") as (app, shop), serving(app) as address:
        yield address, shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


def opened(browser: Browser, address: str, width: str = "desk", language: str = "en-GB", **more: Any) -> Page:
    across, down = WIDTHS[width]
    context = browser.new_context(
        base_url=address, viewport={"width": across, "height": down}, locale=language, reduced_motion="reduce", **more
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.fixture
def page(browser: Browser, served: tuple[str, Shop]) -> Iterator[Page]:
    """A page in which no error goes unseen."""
    made = opened(browser, served[0])
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    made.goto("/")
    yield made
    made.context.close()
    assert problems == []


def begin(page: Page) -> None:
    page.locator(".open").click()
    page.locator("dialog[open] .assistant").first.wait_for()


def say(page: Page, text: str) -> str:
    """Says it and waits for the answer."""
    before = page.locator("dialog .assistant").count()
    page.locator("dialog textarea").fill(text)
    page.keyboard.press("Enter")
    return answer(page, before)


def answer(page: Page, before: int) -> str:
    page.wait_for_function(
        "before => { const root = document.querySelector('.regulars-chat').shadowRoot;"
        " return root.querySelectorAll('.assistant:not([aria-hidden])').length > before && !root.querySelector('.waits') }",
        arg=before,
    )
    return page.locator("dialog .assistant .text").last.inner_text()


def conversation(page: Page) -> UUID:
    """The conversation that the browser keeps; while a new one is being begun, the one that comes."""
    kept = wait_for(lambda: page.evaluate("(JSON.parse(localStorage.getItem('regulars.chat')) || {}).id"))
    return UUID(kept)


def sign_in(page: Page, shop: Shop, who: str) -> None:
    page.goto("/account")
    page.locator("[name=token]").fill(shop.customer_token(who))
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile("Sign out|退出")).wait_for()


def wait_for(look: Callable[[], Any], seconds: float = 10.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.05)
    return found


def transcript(shop: Shop, page: Page) -> list[tuple[str, str]]:
    with shop.database.connect() as connection:
        return [(row["role"], row["body"]) for row in table.messages(connection, conversation(page))]


def test_it_is_small_and_comes_only_when_it_is_opened(page: Page) -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) <= LIMIT
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    page.locator(".open").wait_for()
    assert not [url for url in asked if "chat" in url or "conversations" in url]
    begin(page)
    assert [url for url in asked if url.endswith("/regulars-chat.js")]


def test_a_session_by_keyboard_alone(page: Page) -> None:
    page.locator(".open").focus()
    page.keyboard.press("Enter")
    page.locator("dialog[open] .assistant").first.wait_for()
    focused = "document.querySelector('.regulars-chat').shadowRoot.activeElement"
    assert page.evaluate(f"{focused}.id") == "say"
    assert "automatic" in page.locator("dialog header").inner_text().lower()
    page.keyboard.type("What does delivery cost?")
    page.keyboard.press("Enter")
    assert "€3.90" in answer(page, 1)
    assert "From: What does delivery cost?" in page.locator("dialog .assistant").last.inner_text()
    assert page.evaluate(f"{focused}.id") == "say", "the keyboard stays where one writes"
    assert "€3.90" in page.locator("dialog [role=status]").inner_text(), "it is read out, whole"
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused} && {focused}.closest('dialog') !== null")
    page.keyboard.press("Escape")
    page.locator("dialog:not([open])").wait_for(state="attached")
    assert page.evaluate(f"{focused}.className") == "open", "and goes back where it was"


@pytest.mark.parametrize(("scheme", "width", "language"), LOOKS)
def test_readable_for_everybody(
    browser: Browser, served: tuple[str, Shop], width: str, language: str, scheme: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = opened(browser, served[0], width, language, color_scheme=scheme)
    sign_in(page, served[1], "ada" if language == "en-GB" else "bo")
    page.goto("/")
    begin(page)
    zh = language == "zh-CN"
    assert bool(re.search(r"[\u4e00-\u9fff]", page.locator("dialog").inner_text())) == zh
    say(page, "礼品卡能用多久？" if zh else "What does delivery cost?")
    say(page, "推荐点什么吧" if zh else "What would you recommend?")
    say(page, "取消订单 2001" if zh else "cancel 1001")
    page.locator("dialog .choice button").first.wait_for()
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/chat-{width}-{language[:2]}-{scheme}.png")
    found = Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]
    assert not serious
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    box = page.locator("dialog").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= WIDTHS[width][0]
    page.locator("dialog .choice button").last.click()
    answer(page, 4)
    page.context.close()


def test_an_order_is_cancelled_by_a_button_once(page: Page, served: tuple[str, Shop]) -> None:
    sign_in(page, served[1], "ada")
    begin(page)
    assert "€17.90" in say(page, "cancel order 1001")
    before = page.locator("dialog .assistant").count()
    page.get_by_role("button", name="Yes, do it").click()
    assert "1001" in answer(page, before)
    assert page.locator("dialog .choice").count() == 0
    with served[1].database.connect() as connection:
        done = connection.execute(
            "SELECT count(*) AS n FROM actions WHERE state = 'done' AND conversation_id = %s", (conversation(page),)
        ).fetchone()
    assert done == {"n": 1}
    page.reload()
    page.locator(".open").click()
    page.locator("dialog").get_by_text("Yes", exact=True).wait_for()
    assert page.locator("dialog .choice").count() == 0, "what was answered isn't asked again"


def test_products_lead_to_their_pages_with_the_list_that_they_were_in(page: Page, served: tuple[str, Shop]) -> None:
    begin(page)
    say(page, "What would you recommend for me?")
    card = page.locator("dialog .cards a").first
    card.wait_for()
    address = card.get_attribute("href") or ""
    decision = re.search(r"d=([0-9a-f-]{36})&p=0", address)
    assert decision
    assert "/product/" in address
    card.click()
    page.wait_for_url("**/product/**")
    find = "SELECT type FROM events WHERE decision_id = %s AND type IN ('impression', 'click', 'view')"

    def told() -> set[str]:
        with served[1].database.connect() as connection:
            return {row["type"] for row in connection.execute(find, (decision[1],))}

    wait_for(lambda: told() >= {"impression", "click", "view"})
    page.locator(".open").click()
    page.locator("dialog .cards").wait_for()


def test_a_lost_connection_and_a_lost_answer_say_nothing_twice(page: Page, served: tuple[str, Shop]) -> None:
    begin(page)
    page.context.set_offline(True)
    page.locator("dialog textarea").fill("What does delivery cost?")
    page.keyboard.press("Enter")
    page.get_by_text("No connection.").wait_for()
    page.context.set_offline(False)
    assert "€3.90" in answer(page, 1)

    def swallow(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/messages", swallow, times=1)
    assert "30 days" in say(page, "How long can I return something after delivery?")
    assert page.locator("dialog .note").inner_text() == ""
    said = [body for role, body in transcript(served[1], page) if role == "customer"]
    assert said == ["What does delivery cost?", "How long can I return something after delivery?"]
    assert page.locator("dialog .customer").count() == 2


def test_what_was_written_before_the_page_was_left_goes_with_the_next(page: Page, served: tuple[str, Shop]) -> None:
    begin(page)
    page.route("**/messages", lambda route: route.abort())
    page.locator("dialog textarea").fill("What does delivery cost?")
    page.keyboard.press("Enter")
    page.locator("dialog .waits").wait_for()
    page.unroute("**/messages")
    page.goto("/search?q=tea")
    page.locator(".open").click()
    assert "€3.90" in answer(page, 1)
    assert [role for role, _ in transcript(served[1], page)] == ["assistant", "customer", "assistant"]


def test_a_person_takes_over_answers_and_hands_back(page: Page, served: tuple[str, Shop]) -> None:
    _, shop = served
    begin(page)
    page.get_by_role("button", name="Ask for a person").click()
    answer(page, 1)
    page.get_by_text("A person will answer here").wait_for()
    assert page.get_by_role("button", name="Ask for a person").count() == 0
    page.locator("dialog textarea").fill("It is about my mug")
    page.keyboard.press("Enter")
    wait_for(lambda: page.locator("dialog .waits").count() == 0)
    with shop.database.connect() as connection:
        handing.say(connection, conversation(page), "Hello, this is Kim. <b>How</b> can I help?")
    page.get_by_text("<b>How</b> can I help?").last.wait_for()
    page.get_by_text("A person is answering.").wait_for()
    with shop.database.connect() as connection:
        handing.hand_back(connection, conversation(page))
    page.get_by_text("Automatic answers.").wait_for()
    assert "€3.90" in say(page, "What does delivery cost?")


def test_files_are_refused_politely_and_the_end_is_rated(page: Page, served: tuple[str, Shop]) -> None:
    begin(page)
    page.evaluate(
        "() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'photo.png'));"
        " document.querySelector('.regulars-chat').shadowRoot.querySelector('dialog')"
        ".dispatchEvent(new DragEvent('drop', {dataTransfer: data, cancelable: true, bubbles: true})); }"
    )
    assert answer(page, 1)
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_role("button", name="4 of 5").click()
    page.get_by_text("Thank you. That helps.").first.wait_for()
    with served[1].database.connect() as connection:
        row = table.read(connection, conversation(page))
    assert row is not None
    assert row["rating"] == 4
    first = conversation(page)
    page.get_by_role("button", name="Begin a new conversation").click()
    wait_for(lambda: conversation(page) != first)
    page.locator("dialog .assistant").wait_for()
    assert page.locator("dialog .said > li").count() == 1


def test_another_customer_sees_nothing_of_it(page: Page, served: tuple[str, Shop]) -> None:
    sign_in(page, served[1], "ada")
    begin(page)
    say(page, "where is order 1002?")
    first = conversation(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, served[1], "bo")
    begin(page)
    assert conversation(page) != first
    assert "1002" not in page.locator("dialog").inner_text()


def test_on_somebodys_page_under_a_strict_policy(served: tuple[str, Shop], browser: Browser) -> None:
    api, shop = served
    key = shop.create_key("their pages", "public")
    time.sleep(1.3)  # the server looks for keys once a second
    with SomebodysShop() as their:
        their.policy = f"default-src 'none'; script-src {api}; connect-src {api}; img-src {api}"
        their.pages["/"] = (
            '<!doctype html><html lang="zh"><meta charset="utf-8"><title>Theirs</title><body>'
            '<style>button { all: unset }</style><a href="/help" data-regulars="chat">帮助</a>'
            f'<script src="{api}/regulars.js" data-key="{key}" defer></script></body></html>'
        )
        page = browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(their.address)
        page.wait_for_load_state("networkidle")
        assert page.locator(".open").count() == 0, "without data-chat the page has its own button"
        page.get_by_text("帮助").click()
        page.locator("dialog[open] .assistant").wait_for()
        assert page.url.rstrip("/") == their.address
        assert "在线客服" in page.locator("dialog").inner_text()
        page.locator("dialog textarea").fill("礼品卡有效期多久？")
        page.keyboard.press("Enter")
        page.get_by_text("五年").first.wait_for()
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.textContent") == "帮助"
        page.close()
        assert wrong == []
