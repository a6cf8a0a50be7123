"""The snippet on somebody else's page, in a real browser: each event once whatever happens on the way, and never in the way."""

from __future__ import annotations

import gzip
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import regulars
from regulars.shop import Shop

from .browsing import SomebodysShop, chromium, serving
from .shop_pages import tiny_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request

SCRIPT = Path(regulars.__file__).parent / "web" / "static" / "regulars.js"
EMBED = Path(__file__).parent.parent.parent / "docs" / "embed.md"
LIMIT = 10_000
SIGNAL = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
NO_STORAGE = (
    "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError') }})"
)


@pytest.fixture(scope="module")
def served(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Shop]]:
    with tiny_shop(servers, tmp_path_factory.mktemp("snippet") / "shop") as (app, shop), serving(app) as address:
        yield address, shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def key(served: tuple[str, Shop]) -> str:
    made = served[1].create_key("their pages", "public")
    time.sleep(1.3)  # the server looks for keys once a second
    return made


@pytest.fixture
def their(served: tuple[str, Shop]) -> Iterator[SomebodysShop]:
    with SomebodysShop() as shop:
        api = served[0]
        shop.policy = f"default-src 'none'; script-src {api} 'unsafe-inline'; connect-src {api}; img-src {api}"
        yield shop


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(locale="en-GB")
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page in which no error goes unseen."""
    made = context.new_page()
    problems: list[str] = []
    made.on("pageerror", lambda error: problems.append(str(error)))
    yield made
    assert problems == []


def script(api: str, key: str, more: str = "") -> str:
    return f'<script src="{api}/regulars.js" data-key="{key}" {more} defer></script>'


def html(body: str) -> str:
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Theirs</title><body>{body}</body></html>'


def stored(shop: Shop, visitor: str | None) -> list[dict[str, Any]]:
    with shop.database.connect() as connection:
        return connection.execute(
            "SELECT e.type, e.position, e.decision_id, e.properties, e.customer_id, p.value AS product, e.message_id"
            " FROM events e JOIN external_ids x ON x.kind = 'visitor' AND x.id = e.visitor_id"
            " LEFT JOIN external_ids p ON p.kind = 'product' AND p.id = e.product_id AND p.namespace = 'shop'"
            " WHERE x.value = %s ORDER BY e.event_id",
            (visitor,),
        ).fetchall()


def ready(page: Page) -> None:
    """Looks from outside: the pages' policies forbid the waiting that runs in the page."""
    wait_for(lambda: page.evaluate("!!(window.regulars && regulars.track && document.readyState === 'complete')"))


def visitor(page: Page) -> str | None:
    found: str | None = page.evaluate("regulars.visitor()")
    return found


def wait_for(look: Callable[[], Any], seconds: float = 8.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.05)
    return found


def waiting(page: Page) -> int:
    found: int = page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('regulars.queue.')).length")
    return found


def lists_asked(page: Page) -> list[dict[str, Any]]:
    """Fills with the bodies of the page's requests for lists."""
    asked: list[dict[str, Any]] = []

    def keep(request: Request) -> None:
        if request.url.endswith("/recommendations"):
            asked.append(dict(request.post_data_json or {}))

    page.on("request", keep)
    return asked


def test_it_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) <= LIMIT


def test_it_is_served_to_any_page(served: tuple[str, Shop], page: Page) -> None:
    answer = page.request.get(f"{served[0]}/regulars.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = page.request.get(f"{served[0]}/regulars.js", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status == 304


def test_the_page_of_the_documentation(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    """docs/embed.md, to the letter but for address, key and product: its row is shown, and what is done is told."""
    api, shop = served
    (example,) = re.findall(r"```html\n(<!doctype html>.*?)```", EMBED.read_text(encoding="utf-8"), re.DOTALL)
    for theirs, ours in (("https://regulars.example", api), ("PUBLIC_KEY", key), ("P017", "tea-3")):
        assert theirs in example
        example = example.replace(theirs, ours)
    their.pages["/mug"] = example
    their.pages["/p/tea-4"] = html("bought")
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{their.address}/mug")
    page.locator("[data-regulars] li").first.wait_for()
    row = page.locator("[data-regulars]").first
    assert row.locator("li").count() == 4
    assert row.locator("h2").inner_text() == "Goes well together"
    assert "Green tea" in row.locator(".regulars-name").first.inner_text()
    assert re.fullmatch(r"€\d+\.50", row.locator(".regulars-price").first.inner_text())
    assert row.locator(".regulars-reason").first.inner_text()
    row.locator("summary").click()
    assert "made from" in row.locator("details p").inner_text()
    page.evaluate("regulars.flush()")
    who = visitor(page)
    wait_for(lambda: len([one for one in stored(shop, who) if one["type"] == "impression"]) == 4)
    assert errors == []
    link = row.locator("a").nth(1)
    assert "/p/tea" in (link.get_attribute("href") or "")
    link.click()
    page.wait_for_url("**/p/*")
    click = wait_for(lambda: [one for one in stored(shop, who) if one["type"] == "click"])
    assert [(one["position"], one["decision_id"] is not None) for one in click] == [(1, True)]
    assert [one["product"] for one in stored(shop, who) if one["type"] == "view"] == ["tea-3"]


def test_marks_and_calls(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    api, shop = served
    their.pages["/"] = html(
        "<script>window.regulars = window.regulars || []; regulars.push(['track', 'search', {query: 'mug', results: 3}])</script>"
        '<p data-regulars-track="view" data-product="tea-1"></p>'
        '<button data-regulars-track="like" data-product="tea-1">Like</button>'
        '<form action="/cart" data-regulars-track="cart" data-product="tea-2"><input name="quantity" value="3"><button>Buy</button></form>'
        + script(api, key)
    )
    their.pages["/cart"] = html("cart")
    page.goto(their.address)
    ready(page)
    who = visitor(page)
    page.get_by_text("Like").click()
    page.evaluate("regulars.track('purchase', {product: 'tea-1', order: 'O1', quantity: 2, price: '4.50', gift: true})")
    page.get_by_text("Buy").click()
    page.wait_for_url("**/cart*")
    found = wait_for(lambda: len(stored(shop, who)) >= 5 and stored(shop, who))
    kinds = {one["type"]: one for one in found}
    assert Counter(one["type"] for one in found) == {"search": 1, "view": 1, "like": 1, "purchase": 1, "cart": 1}
    assert kinds["search"]["properties"] == {"query": "mug", "results": 3}
    assert kinds["purchase"]["properties"] == {"gift": True}
    assert kinds["cart"]["product"] == "tea-2"


def test_what_a_list_led_to_names_the_list(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(f'<div data-regulars="home" data-n="3" data-link="/p/{{product}}"></div>{script(api, key)}')
    page.goto(their.address)
    place = page.locator("[data-regulars-position='2']")
    place.wait_for()
    name = place.get_attribute("data-product")
    assert name
    their.pages[f"/p/{name}"] = html(f'<p data-regulars-track="view" data-product="{name}"></p>{script(api, key)}')
    who = visitor(page)
    place.locator("a").click()
    page.wait_for_url("**/p/*")
    ready(page)
    page.evaluate(f"regulars.track('cart', {{product: '{name}'}}); regulars.flush()")
    found = wait_for(lambda: [one for one in stored(shop, who) if one["type"] == "cart"])
    (click,) = [one for one in stored(shop, who) if one["type"] == "click"]
    (view,) = [one for one in stored(shop, who) if one["type"] == "view"]
    assert {found[0]["decision_id"], view["decision_id"], click["decision_id"]} == {click["decision_id"]}
    assert found[0]["position"] == view["position"] == 2


def test_offline_moments(
    served: tuple[str, Shop], key: str, their: SomebodysShop, context: BrowserContext, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(script(api, key))
    page.goto(their.address)
    ready(page)
    context.set_offline(True)
    page.evaluate("for (let i = 0; i < 30; i++) regulars.track('view', {product: 'tea-' + i % 8})")
    page.evaluate("regulars.flush()")
    time.sleep(0.5)
    assert waiting(page) == 30
    who = visitor(page)
    assert stored(shop, who) == []
    context.set_offline(False)
    wait_for(lambda: len(stored(shop, who)) == 30)
    wait_for(lambda: waiting(page) == 0)
    assert len({one["message_id"] for one in stored(shop, who)}) == 30


def test_an_answer_that_was_lost_stores_nothing_twice(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    """The server stored the events, but its answer never came: they are sent again, and are the same."""
    api, shop = served
    their.pages["/"] = html(script(api, key))
    page.goto(their.address)
    ready(page)

    def swallow(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/v1/events", swallow)
    page.evaluate("for (let i = 0; i < 5; i++) regulars.track('view', {product: 'tea-1'}); regulars.flush()")
    who = visitor(page)
    wait_for(lambda: len(stored(shop, who)) == 5)
    assert waiting(page) == 5
    page.unroute("**/v1/events")
    page.reload()
    ready(page)
    page.evaluate("regulars.flush()")
    wait_for(lambda: waiting(page) == 0)
    assert len(stored(shop, who)) == 5


def test_two_tabs(
    served: tuple[str, Shop], key: str, their: SomebodysShop, context: BrowserContext, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(script(api, key))
    other = context.new_page()
    for tab in (page, other):
        tab.goto(their.address)
        ready(tab)
        tab.route("**/v1/events", lambda route: route.abort())
    for tab, product in ((page, "tea-1"), (other, "tea-2"), (page, "tea-3")):
        tab.evaluate(f"for (let i = 0; i < 20; i++) regulars.track('view', {{product: '{product}'}})")
    wait_for(lambda: waiting(page) == 60)
    who = visitor(page)
    assert visitor(other) == who
    for tab in (page, other):
        tab.unroute("**/v1/events")
    for tab in (page, other):
        tab.evaluate("dispatchEvent(new Event('online'))")
    wait_for(lambda: waiting(page) == 0)
    assert Counter(one["product"] for one in stored(shop, who)) == {"tea-1": 20, "tea-2": 20, "tea-3": 20}


def test_a_page_change_in_the_middle(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    api, shop = served
    for number in range(6):
        their.pages[f"/{number}"] = html(
            f'<p data-regulars-track="view" data-product="tea-{number}"></p>{script(api, key)}'
        )
    for number in range(6):
        page.goto(f"{their.address}/{number}", wait_until="domcontentloaded")
        ready(page)
    who = visitor(page)
    page.goto("about:blank")
    found = wait_for(lambda: len(stored(shop, who)) >= 6 and stored(shop, who))
    assert Counter(one["product"] for one in found) == {f"tea-{number}": 1 for number in range(6)}


@pytest.mark.parametrize("blocked", ["**/regulars.js", "**/v1/**"])
def test_a_blocker_changes_nothing(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page, blocked: str
) -> None:
    their.pages["/"] = html(
        '<div data-regulars="home">Our favourites</div><a href="/next" data-regulars-track="like" data-product="tea-1">Go</a>'
        + script(served[0], key)
    )
    their.pages["/next"] = html("<h1>There</h1>")
    page.route(blocked, lambda route: route.abort())
    page.goto(their.address)
    page.wait_for_load_state("networkidle")
    assert page.locator("[data-regulars]").inner_text() == "Our favourites"
    page.get_by_text("Go").click()
    assert page.locator("h1").inner_text() == "There"


def test_a_dead_server_changes_nothing(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    dead = f'data-api="http://127.0.0.1:9" data-key="{key}"'
    their.pages["/"] = html(
        f'<div data-regulars="home">Ours</div><script src="{served[0]}/regulars.js" {dead} defer></script>'
    )
    their.policy = "default-src * 'unsafe-inline'"
    page.goto(their.address)
    ready(page)
    page.evaluate("for (let i = 0; i < 400; i++) regulars.track('view', {product: 'tea-1'})")
    page.evaluate("regulars.flush()")
    assert page.locator("[data-regulars]").inner_text() == "Ours"
    assert 0 < waiting(page) <= 300, "what waits has a bound"


@pytest.mark.parametrize("wrong", ["rk_pub_nobodys", ""])
def test_a_wrong_key_changes_nothing(served: tuple[str, Shop], their: SomebodysShop, page: Page, wrong: str) -> None:
    their.pages["/"] = html(f'<div data-regulars="home">Ours</div>{script(served[0], wrong)}')
    page.goto(their.address)
    ready(page)
    page.evaluate("regulars.track('view', {product: 'tea-1'}); regulars.flush()")
    time.sleep(0.5)
    assert page.locator("[data-regulars]").inner_text() == "Ours"


def test_until_consent_nothing_is_kept_or_sent(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(
        '<p data-regulars-track="view" data-product="tea-1"></p><div data-regulars="home" data-n="3"></div>'
        + script(api, key, 'data-consent="ask"')
    )
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "/v1/" in request.url else None)
    page.goto(their.address)
    page.locator("[data-regulars] li").first.wait_for()
    page.evaluate("regulars.flush()")
    time.sleep(0.3)
    assert [body for body in sent if "visitor" in body or "events" in body] == [], "a row is asked for as a stranger's"
    assert page.evaluate("Object.keys(localStorage)") == []
    page.evaluate("regulars.consent({personalisation: false, analytics: false})")
    page.evaluate("regulars.track('view', {product: 'tea-2'}); regulars.flush()")
    time.sleep(0.3)
    assert page.evaluate("Object.keys(localStorage)") == ["regulars.consent"]
    assert "Personal lists are off" in (page.locator("[data-regulars] details").text_content() or "")
    page.evaluate("regulars.consent({personalisation: true, analytics: true})")
    page.evaluate("regulars.track('view', {product: 'tea-3'}); regulars.flush()")
    who = visitor(page)
    wait_for(lambda: "tea-3" in [one["product"] for one in stored(shop, who)])
    told = [one for one in stored(shop, who) if one["type"] == "consent"]
    assert [one["properties"] for one in told] == [{"personalisation": True, "analytics": True}]
    assert [one["product"] for one in stored(shop, who) if one["type"] == "view"] == ["tea-3"]


def test_what_was_held_is_sent_after_a_yes(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(
        '<p data-regulars-track="view" data-product="tea-1"></p>' + script(api, key, 'data-consent="ask"')
    )
    page.goto(their.address)
    ready(page)
    page.evaluate("regulars.consent({personalisation: true, analytics: true})")
    wait_for(lambda: "tea-1" in [one["product"] for one in stored(shop, visitor(page))])


def test_a_refusal_is_told_of_whom_the_shop_knows(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(script(api, key))
    page.goto(their.address)
    ready(page)
    page.evaluate("regulars.track('view', {product: 'tea-1'}); regulars.flush()")
    who = visitor(page)
    wait_for(lambda: stored(shop, who))
    page.evaluate("regulars.consent({personalisation: false, analytics: false})")
    wait_for(lambda: [one for one in stored(shop, who) if one["type"] == "consent"])
    assert visitor(page) is None
    with shop.database.connect() as connection:
        row = connection.execute("SELECT * FROM read_person(NULL, NULL, %s, '{view}', 10)", (who,)).fetchone()
    assert row is not None
    assert row["refused"]


def test_the_browsers_signal_is_a_no(
    served: tuple[str, Shop], key: str, their: SomebodysShop, browser: Browser
) -> None:
    context = browser.new_context()
    context.add_init_script(SIGNAL)
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/v1/events" in request.url else None)
    their.pages["/"] = html('<p data-regulars-track="view" data-product="tea-1"></p>' + script(served[0], key))
    page.goto(their.address)
    ready(page)
    page.evaluate("regulars.track('view', {product: 'tea-1'}); regulars.flush()")
    time.sleep(0.3)
    assert sent == []
    assert page.evaluate("Object.keys(localStorage)") == []
    context.close()


def test_an_event_that_is_wrong_holds_up_no_other(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(script(api, key))
    page.goto(their.address)
    ready(page)
    page.evaluate(
        "regulars.track('view', {product: 'tea-1'}); regulars.track('No Such!', {}); regulars.track(null, undefined);"
        "regulars.track('view', {product: 'tea-2', quantity: 'many'}); regulars.track('view', {product: 'tea-3'});"
        "regulars.render('#nowhere'); regulars.render(':::'); regulars.push('nonsense'); regulars.identify(42); regulars.flush()"
    )
    wait_for(lambda: waiting(page) == 0)
    assert {one["product"] for one in stored(shop, visitor(page))} == {"tea-1", "tea-3"}


def test_customers_are_kept_apart(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    api, shop = served
    first, second = shop.customer_token("c1"), shop.customer_token("c2")
    their.pages["/"] = html(script(api, key, f'data-token="{first}"'))
    page.goto(their.address)
    ready(page)
    page.route("**/v1/events", lambda route: route.abort())
    page.evaluate("regulars.track('view', {product: 'tea-1'})")
    before = visitor(page)
    page.evaluate("regulars.identify(null)")
    page.evaluate(f"regulars.identify('{second}')")
    page.evaluate("regulars.track('view', {product: 'shoe-1'})")
    after = visitor(page)
    assert before != after, "after signing out the browser is somebody else's"
    page.unroute("**/v1/events")
    page.evaluate("dispatchEvent(new Event('online'))")
    wait_for(lambda: stored(shop, after) and stored(shop, before))
    with shop.database.connect() as connection:
        ids = {
            row["value"]: row["id"]
            for row in connection.execute("SELECT value, id FROM external_ids WHERE kind = 'customer'")
        }
    assert [one["customer_id"] for one in stored(shop, after)] == [ids["c2"]]
    assert ids["c2"] not in [one["customer_id"] for one in stored(shop, before)]


def test_an_expired_token_doesnt_stop_the_browser(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    api, shop = served
    their.pages["/"] = html(script(api, key, f'data-token="{shop.customer_token("c3", seconds=-3600)}"'))
    page.goto(their.address)
    ready(page)
    page.evaluate("regulars.track('view', {product: 'tea-1'}); regulars.flush()")
    assert [one["customer_id"] for one in wait_for(lambda: stored(shop, visitor(page)))] == [None]


def test_without_storage(served: tuple[str, Shop], key: str, their: SomebodysShop, browser: Browser) -> None:
    api, shop = served
    context = browser.new_context()
    context.add_init_script(NO_STORAGE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    their.pages["/"] = html('<p data-regulars-track="view" data-product="tea-1"></p>' + script(api, key))
    page.goto(their.address)
    ready(page)
    who = visitor(page)
    page.evaluate("regulars.flush()")
    wait_for(lambda: [one["product"] for one in stored(shop, who)] == ["tea-1"])
    assert problems == []
    context.close()


def test_a_hostile_title_is_text(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    api = served[0]
    their.policy = "default-src * 'unsafe-inline'"
    their.pages["/"] = html(f'<div data-regulars="home" data-n="30"></div>{script(api, key)}')
    page.goto(their.address)
    page.locator("[data-regulars] li").first.wait_for()
    assert "<script>" in page.locator("[data-regulars]").inner_text()
    assert page.title() == "Theirs"
    assert page.locator("[data-regulars] script, [data-regulars] [onerror]").count() == 0
    assert all(
        "javascript:" not in (one or "")
        for one in page.locator("[data-regulars] img").evaluate_all("all => all.map(one => one.src)")
    )


def test_a_page_may_draw_its_own_row(served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page) -> None:
    api, _shop = served
    their.pages["/"] = html('<div id="row"></div>' + script(api, key))
    page.goto(their.address)
    ready(page)
    mode = page.evaluate(
        "regulars.render('#row', {surface: 'product', product: 'tea-1', n: 2, locale: 'zh', draw(list, element) {"
        " element.textContent = list.items.map(one => one.title).join(', ') }}).then(list => list.mode)"
    )
    assert mode == "starter"
    assert "绿茶" in page.locator("#row").inner_text()


def test_how_a_new_browser_came_is_said_with_its_lists_and_never_after_a_no(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    their.pages["/tea"] = html(script(served[0], key) + "<p data-regulars-track=page data-category=Tea>Tea</p>")
    row = "<div data-regulars=home data-n=4></div>"
    their.pages["/home"] = html(script(served[0], key) + row)
    asked = lists_asked(page)
    page.goto(f"{their.address}/tea?utm_medium=email", referer="https://search.example/?q=secret")
    ready(page)
    page.goto(f"{their.address}/home", referer=f"{their.address}/tea")
    page.locator("[data-regulars] li").first.wait_for()
    came = asked[-1]["context"]
    assert (came["category"], came["medium"]) == ("Tea", "email")
    assert came["referrer"].startswith("https://search.example")
    assert came["device"] == "desk"
    assert 0 <= came["hour"] < 24
    assert "Tea" in page.locator(".regulars-reason").first.inner_text()
    page.evaluate("regulars.consent({personalisation: false})")
    wait_for(lambda: len(asked) > 1)
    assert "context" not in asked[-1]
    assert page.evaluate("sessionStorage.getItem('regulars.came')") is None


def test_of_a_browser_that_was_here_before_it_isnt_said(
    served: tuple[str, Shop], key: str, their: SomebodysShop, page: Page
) -> None:
    their.pages["/home"] = html(script(served[0], key) + "<div data-regulars=home data-n=4></div>")
    asked = lists_asked(page)
    page.add_init_script("localStorage.setItem('regulars.visitor', 'v-known-before')")
    page.goto(f"{their.address}/home")
    page.locator("[data-regulars] li").first.wait_for()
    assert asked
    assert "context" not in asked[-1]
