"""The storefront in a real browser: by keyboard, at telephone width, without scripts, readable, and inert to hostile text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from regulars.shop import Shop

from .browsing import ARTIFACTS, LOOKS, chromium, serving
from .shop_pages import tiny_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = {"desk": (1280, 900), "telephone": (390, 844)}
CONTRAST = 4.5
_MEASURE = """() => [...document.querySelectorAll('body *')].filter(e => e.offsetParent !== null && e.innerText &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).map(e => {
  let at = e, back = 'rgba(0, 0, 0, 0)';
  while (at && (back = getComputedStyle(at).backgroundColor) === 'rgba(0, 0, 0, 0)') at = at.parentElement;
  return [e.innerText.trim().slice(0, 40), getComputedStyle(e).color, back];
})"""


@pytest.fixture(scope="module")
def served(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    with tiny_shop(servers, tmp_path_factory.mktemp("browser") / "shop") as (app, shop), serving(app) as address:
        yield address, shop


@pytest.fixture(scope="module")
def address(served: tuple[str, Shop]) -> str:
    return served[0]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


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
    page.get_by_role("searchbox").fill("geren tea 3")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Green tea 3").first.click()
    page.get_by_role("spinbutton", name="Quantity").fill("2")
    page.get_by_role("button", name="Put in the cart").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Your cart"
    assert page.locator(".lines li").count() == 1
    page.goto("/")
    assert row.all_inner_texts() != before
    assert "Green tea 3" not in row.all_inner_texts()
    page.get_by_role("link", name="Why this list?").first.click()
    page.get_by_text(re.compile(r"^The best \d+ candidates$")).click()
    assert page.get_by_role("table").last.is_visible()
    page.goto("/cart")
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_label("City").fill("Bath")
    page.get_by_role("button", name="Place the demo order").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Thank you, the order is in"
    assert "€13.00" in page.get_by_role("table").inner_text()
    page.get_by_role("link", name="All your orders").click()
    assert page.get_by_role("table").first.get_by_role("link").count() == 1
    page.get_by_role("switch", name="Personal lists").uncheck()
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Saved. It counts from the next page on.").is_visible()
    page.goto("/")
    assert page.get_by_text("Personal lists are off, so everybody sees these.").is_visible()
    page.get_by_role("link", name="中文").click()
    assert page.get_by_role("heading", name="新品与热门").is_visible()


def test_by_keyboard(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("name") == "picked", "a stranger is asked for a taste first"
    page.keyboard.press("Enter")
    page.get_by_text("2 of 3").wait_for()
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("name") == "picked", "the next tap begins where the last one ended"
    _tab_to(page, "[name=later]")
    page.keyboard.press("Enter")
    page.get_by_text("2 of 3").wait_for(state="detached")
    _tab_to(page, "a[href^='/product/']")
    page.goto("/product/shirt")
    _tab_to(page, "[name=variant]")
    page.keyboard.press("ArrowDown")
    assert page.locator("[name=variant]:checked").get_attribute("value") == "SH-L", "what is sold out is passed over"
    _tab_to(page, "form.buy button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart")
    _tab_to(page, "a[href='/checkout']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/checkout")
    _tab_to(page, "[name=name]")
    page.keyboard.type("Zoë")
    page.keyboard.press("Enter")
    page.wait_for_url("**/order/*")
    assert "€25.00" in page.get_by_role("table").inner_text()


def _tab_to(page: Page, selector: str) -> None:
    """By the Tab key alone; every stop on the way can be seen."""
    for _ in range(80):
        page.keyboard.press("Tab")
        box = page.locator(":focus").bounding_box()
        assert box is not None
        assert box["width"] > 0
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} can't be reached by keyboard")


def test_with_scripts_each_event_is_stored_once(browser: Browser, served: tuple[str, Shop]) -> None:
    """The page's script tells what the server wrote already, and what it alone can see: what was on the screen."""
    address, shop = served
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.post_data or "") if asked.url.endswith("/v1/events") else None)
    page.goto("/")
    page.locator(".row a[href*='?d=']").nth(1).click()
    page.wait_for_url("**/product/*")
    page.get_by_role("button", name="Put in the cart").click()
    page.wait_for_url("**/cart")
    page.goto("/checkout")
    page.get_by_role("button", name="Place the demo order").click()
    page.wait_for_url("**/order/*")
    page.evaluate("regulars.flush()")
    page.goto("/cart")
    page.wait_for_timeout(2_500)
    told = [one for body in sent for one in json.loads(body)["events"]]
    assert {"impression", "click", "view", "cart", "checkout", "purchase"} <= {one["type"] for one in told}
    with shop.database.connect() as connection:
        rows = connection.execute(
            "SELECT e.type, e.decision_id, e.position, e.source FROM events e JOIN external_ids x"
            " ON x.kind = 'visitor' AND x.id = e.visitor_id WHERE x.value = %s",
            (told[0]["visitor"],),
        ).fetchall()
    counted = Counter(row["type"] for row in rows)
    assert {kind: counted[kind] for kind in ("click", "view", "cart", "checkout", "purchase")} == {
        "click": 1, "view": 1, "cart": 1, "checkout": 1, "purchase": 1,
    }  # fmt: skip
    seen = [(row["decision_id"], row["position"]) for row in rows if row["type"] == "impression"]
    assert len(seen) == len(set(seen)) > 0
    cart = next(row for row in rows if row["type"] == "cart")
    click = next(row for row in rows if row["type"] == "click")
    assert (cart["decision_id"], cart["position"]) == (click["decision_id"], 1)
    assert problems == []
    context.close()


def test_what_is_below_the_window_isnt_seen(browser: Browser, served: tuple[str, Shop]) -> None:
    address, _shop = served
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 500})
    context.add_cookies([{"name": "regulars_taste", "value": "later", "url": address}])  # so that the row stands on top
    page = context.new_page()
    sent: list[dict[str, Any]] = []
    page.on(
        "request",
        lambda asked: (
            sent.extend(json.loads(asked.post_data or "")["events"]) if asked.url.endswith("/v1/events") else None
        ),
    )
    page.goto("/")
    page.wait_for_timeout(500)
    page.evaluate("regulars.flush()")
    assert 0 < len([one for one in sent if one["type"] == "impression"]) < 8
    page.locator("[data-regulars-position='7']").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.evaluate("regulars.flush()")
    page.wait_for_timeout(300)
    assert 7 in [one["position"] for one in sent if one["type"] == "impression"]
    context.close()


def test_a_blocked_script_changes_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.route("**/regulars.js", lambda route: route.abort())
    page.route("**/v1/**", lambda route: route.abort())
    page.goto("/product/tea-5")
    page.get_by_role("button", name="Put in the cart").click()
    page.get_by_role("link", name="To the checkout").click()
    page.get_by_role("button", name="Place the demo order").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Thank you, the order is in"
    context.close()


PAGES = (
    "/", "/product/tea-5", "/product/shirt", "/product/hostile", "/product/sold", "/category/Tea", "/category/Sport?sort=cheap&min=900",
    "/search", "/search?q=runing", "/search?q=xylophone", "/cart", "/checkout", "/account", "/product/nope",
)  # fmt: skip


@pytest.mark.parametrize(("scheme", "width", "language"), LOOKS)
def test_every_page_fits_and_can_be_read(
    browser: Browser, served: tuple[str, Shop], width: str, language: str, scheme: Any
) -> None:
    """Also kept as pictures, in artifacts/storefront."""
    from axe_playwright_python.sync_playwright import Axe

    address, _shop = served
    locale = language[:2]
    wide, high = WIDTHS[width]
    context = browser.new_context(
        base_url=address, viewport={"width": wide, "height": high}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"/product/tea-3?lang={locale}")
    page.locator("form.buy button").click()
    page.goto("/product/shirt")
    page.locator("form.buy button").click()
    page.goto("/checkout")
    page.locator("form.checkout button").click()
    thanks = page.url.removeprefix(address)
    page.goto("/product/tea-4")
    page.locator("form.buy button").click()
    page.goto("/")
    why = page.locator(".why a").first.get_attribute("href") or ""
    folder = ARTIFACTS / "storefront"
    folder.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate((*PAGES, thanks, why)):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= wide, f"{path} is wider than the window"
        assert page.locator("h1").count() == 1, path
        assert page.title() not in ("", "owned")
        for text, colour, back in page.evaluate(_MEASURE):
            assert contrast(colour, back) >= CONTRAST, f"{path}: {text!r} {colour} on {back}"
        if scheme == "light" or number == 0:
            found = Axe().run(page).response["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert serious == [], f"{path}: " + "; ".join(
                f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in serious
            )
        name = re.sub(r"[^a-z]+", "-", path.split("?")[0].lower()).strip("-")[:20] or "home"
        page.screenshot(path=folder / f"{width}-{locale}-{scheme}-{number:02d}-{name}.png", full_page=True)
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
