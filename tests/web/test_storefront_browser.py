"""The storefront in a real browser: by keyboard, at telephone width, without scripts, readable, and inert to hostile text."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from .shop_pages import tiny_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
WIDTHS = {"desk": (1280, 900), "telephone": (390, 844)}
CONTRAST = 4.5
_MEASURE = """() => [...document.querySelectorAll('body *')].filter(e => e.offsetParent !== null && e.innerText &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
  let at = e, back = 'rgba(0, 0, 0, 0)';
  while (at && (back = getComputedStyle(at).backgroundColor) === 'rgba(0, 0, 0, 0)') at = at.parentElement;
  return [e.innerText.trim().slice(0, 40), getComputedStyle(e).color, back];
})"""


@pytest.fixture(scope="module")
def address(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tiny_shop(servers, tmp_path_factory.mktemp("browser") / "shop") as (app, _):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the server didn't start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(15)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page without JavaScript, at desk width."""
    context = browser.new_context(base_url=address, java_script_enabled=False, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_a_shopper_without_scripts_looks_buys_and_asks_why(page: Page) -> None:
    page.goto("/")
    row = page.locator(".row .title")
    before = row.all_inner_texts()
    assert len(before) == 8
    page.get_by_role("link", name="Green tea 3").first.click()
    page.get_by_role("button", name="Put in the cart").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your cart"
    assert page.locator(".lines li").count() == 1
    page.goto("/")
    assert row.all_inner_texts() != before
    assert "Green tea 3" not in row.all_inner_texts()
    page.get_by_role("link", name="Why this list?").click()
    page.get_by_text(re.compile(r"^The best \d+ candidates$")).click()
    assert page.get_by_role("table").last.is_visible()
    page.goto("/cart")
    page.get_by_role("button", name="Remove Green tea 3").click()
    assert page.get_by_text("Nothing in it yet.").is_visible()
    page.get_by_role("link", name="中文").click()
    assert page.get_by_role("heading", level=1).inner_text() == "你的购物车"


def test_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert "/product/" in (first.get_attribute("href") or "")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Put in the cart").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_and_can_be_read(browser: Browser, address: str, width: str, scheme: Any) -> None:
    wide, high = WIDTHS[width]
    context = browser.new_context(base_url=address, viewport={"width": wide, "height": high}, color_scheme=scheme)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/product/tea-3?lang=zh" if width == "telephone" else "/product/tea-3")
    page.locator("form button").first.click()
    page.goto("/")
    why = page.locator(".why a").first.get_attribute("href")
    for path in (
        "/",
        "/product/tea-5",
        "/product/hostile",
        "/product/sold",
        "/category/Tea",
        "/cart",
        why,
        "/product/nope",
    ):
        assert path is not None
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= wide, f"{path} is wider than the window"
        assert page.locator("h1").count() == 1, path
        assert page.title() not in ("", "owned")
        for text, colour, back in page.evaluate(_MEASURE):
            assert contrast(colour, back) >= CONTRAST, f"{path}: {text!r} {colour} on {back}"
    assert problems == []
    context.close()


def contrast(colour: str, back: str) -> float:
    """WCAG 2.2's ratio of two CSS colours, 1 to 21; a translucent one lies on the other."""
    below, above = _channels(back), _channels(colour)
    mixed = [front * above[3] + behind * (1 - above[3]) for front, behind in zip(above[:3], below[:3], strict=True)]
    light, dark = sorted((_luminance(mixed), _luminance(below[:3])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _channels(colour: str) -> list[float]:
    numbers = [float(part) for part in re.findall(r"[\d.]+", colour)]
    return [*numbers[:3], numbers[3] if len(numbers) > 3 else 1.0]


def _luminance(colour: list[float]) -> float:
    linear = [one / 255 / 12.92 if one / 255 <= 0.04045 else ((one / 255 + 0.055) / 1.055) ** 2.4 for one in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_measure_of_contrast() -> None:
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(1)
