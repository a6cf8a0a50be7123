"""Search, cart, checkout and account through the real app on a real database."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from regulars.shop import Shop
from regulars.web.storefront.site import back_to
from regulars.web.visit import CART, CONSENT, CUSTOMER, VISITOR

from .shop_pages import HOSTILE, tiny_shop
from .test_storefront import Page, timeline


@pytest.fixture(scope="module")
def pages(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Shop]]:
    with (
        tiny_shop(servers, tmp_path_factory.mktemp("buying") / "shop") as (app, shop),
        TestClient(app, raise_server_exceptions=False) as client,
    ):
        yield client, shop


@pytest.fixture
def client(pages: tuple[TestClient, Shop]) -> TestClient:
    """A browser that was never here."""
    pages[0].cookies.clear()
    return pages[0]


@pytest.fixture
def shop(pages: tuple[TestClient, Shop]) -> Shop:
    return pages[1]


def text(client: TestClient, path: str, **more: Any) -> str:
    answer = client.get(path, **more)
    assert answer.status_code == 200, path
    return html.unescape(answer.text)


def stock(shop: Shop, sku_or_product: str) -> int:
    with shop.database.connect() as connection:
        row = connection.execute(
            "SELECT v.stock FROM variants v JOIN external_ids x ON x.kind = 'product' AND x.id = v.product_id"
            " WHERE %s IN (x.value, v.sku)",
            (sku_or_product,),
        ).fetchone()
    assert row is not None
    return int(row["stock"])


def events(shop: Shop, visitor: str) -> list[str]:
    return [kind for kind, _ in timeline(shop, visitor)]


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the checkout's form."""
    form = page[page.index('<form class="checkout"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))


def checkout(client: TestClient, **more: str) -> Any:
    return client.post("/checkout", data={**fields(text(client, "/checkout")), **more})


# --- search and categories -------------------------------------------------------------------------------------------


def test_search_finds_corrects_and_teaches(client: TestClient, shop: Shop) -> None:
    assert "Green tea 3" in text(client, "/search?q=green+tea+3")
    assert "绿茶" in text(client, "/search?q=绿茶&lang=zh")
    client.cookies.clear()
    wrong = text(client, "/search?q=runing")
    assert "No product has the word “runing”. This is what was found for “running”." in wrong
    assert "Running shoe" in wrong
    nothing = text(client, "/search?q=xylophone")
    assert "Nothing found for “xylophone”" in nothing
    assert "/category/Drinks" in nothing
    assert "Perhaps one of these" in nothing
    assert "Type what it is" in text(client, "/search?q=")
    assert events(shop, client.cookies[VISITOR]).count("search") == 2


@pytest.mark.parametrize("query", [HOSTILE, "'; DROP TABLE products;--", "%", "\x00", "{{7*7}}", "a" * 9_000, "“”", "🍵", "%0d%0aSet-Cookie:x=1"])  # fmt: skip
def test_hostile_searches_are_inert(client: TestClient, query: str) -> None:
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 200
    page = Page(answer.text)
    assert [one["src"] for one in page.all("script")] == ["/regulars.js"]
    assert all("onerror" not in one for one in page.all("img"))
    assert "x" not in answer.cookies


def test_a_category_is_sorted_and_narrowed(client: TestClient) -> None:
    def prices(path: str) -> list[float]:
        found = re.findall(r'<span class="price">\s*€([\d.]+)', text(client, path))
        return [float(one) for one in found]

    assert prices("/category/Shoes?sort=cheap") == [60, 61, 62, 63, 64, 65, 66, 67]
    assert prices("/category/Shoes?sort=dear")[0] == 67
    assert prices("/category/Shoes?min=62&max=64&sort=cheap") == [62, 63, 64]
    assert prices("/category/Shoes?min=62,5&max=64&sort=cheap") == [63, 64]
    assert "Nothing here costs that. The whole category has 8 products." in text(client, "/category/Shoes?min=900")
    for odd in ("min=-1", "min=nan", "max=1e400", "sort=%27", "min=" + "9" * 400, "stock=maybe", "page=1&min=abc"):
        assert len(prices("/category/Shoes?" + odd)) == 8, odd
    assert "sold out" not in text(client, "/category/Tea?stock=yes")


# --- products, cart, checkout ---------------------------------------------------------------------------------------


def test_variants_are_chosen_and_counted(client: TestClient, shop: Shop) -> None:
    page = text(client, "/product/shirt")
    chosen = [one for one in Page(page).all("input") if one.get("name") == "variant"]
    assert [(one["value"], "disabled" in one, "checked" in one) for one in chosen] == [
        ("SH-S", False, True), ("SH-M", True, False), ("SH-L", False, False),
    ]  # fmt: skip
    assert client.post("/cart", data={"product": "shirt", "variant": "SH-M"}).status_code == 404
    assert client.post("/cart", data={"product": "shirt", "variant": "nope"}).status_code == 404
    client.post("/cart", data={"product": "shirt", "variant": "SH-L", "quantity": "2"})
    client.post("/cart", data={"product": "shirt", "variant": "SH-S", "quantity": "7"})
    cart = text(client, "/cart")
    assert "Only 2 left: the order will have 2." in cart
    assert "€90.00" in cart
    client.post("/cart", data={"action": "quantity", "product": "shirt", "variant": "SH-S", "quantity": "1"})
    assert "€70.00" in text(client, "/cart")
    assert "cart" in events(shop, client.cookies[VISITOR])


def test_a_demo_order_is_a_real_one(client: TestClient, shop: Shop) -> None:
    before = stock(shop, "tea-5")
    client.post("/cart", data={"product": "tea-5", "quantity": "2"})
    answer = checkout(client, name="Zoë", city="茶城")
    assert answer.status_code == 200
    thanks = html.unescape(answer.text)
    assert "Thank you, the order is in" in thanks
    assert "€17.00" in thanks
    assert stock(shop, "tea-5") == before - 2
    visitor = client.cookies[VISITOR]
    with shop.database.connect() as connection:
        (order,) = connection.execute(
            "SELECT o.status, o.total, o.address, o.traits, p.amount, p.status AS paid, l.quantity, l.unit_price FROM orders o"
            " JOIN payments p USING (order_id) JOIN order_lines l USING (order_id)"
            " JOIN external_ids x ON x.kind = 'visitor' AND x.id = o.visitor_id WHERE x.value = %s",
            (visitor,),
        ).fetchall()
    assert (order["status"], order["total"], order["amount"], order["paid"]) == ("paid", 1700, 1700, "paid")
    assert (order["quantity"], order["unit_price"]) == (2, 850)
    assert order["address"] == {"name": "Zoë", "city": "茶城", "default": False}
    assert order["traits"]["demo"] is True
    assert events(shop, visitor).count("purchase") == 1
    assert "Nothing in it yet." in text(client, "/cart")
    assert "tea-5" not in " ".join(Page(client.get("/").text).row()), "what was bought doesn't come back"


def test_an_order_that_is_sent_twice_is_one(client: TestClient, shop: Shop) -> None:
    before = stock(shop, "tea-6")
    client.post("/cart", data={"product": "tea-6"})
    sent = fields(text(client, "/checkout"))
    cookies = dict(client.cookies)
    answers: list[int] = []

    def send() -> None:
        head = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        answers.append(client.post("/checkout", data=sent, headers=head, follow_redirects=False).status_code)

    tabs = [threading.Thread(target=send) for _ in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert answers == [303] * 4
    assert stock(shop, "tea-6") == before - 1
    assert events(shop, cookies[VISITOR]).count("purchase") == 1


def test_the_last_piece_is_sold_once(client: TestClient, shop: Shop) -> None:
    client.post("/cart", data={"product": "x|y"})
    mine = fields(text(client, "/checkout"))
    kept = dict(client.cookies)
    client.cookies.clear()
    client.post("/cart", data={"product": "x|y"})
    assert "Thank you" in checkout(client).text
    client.cookies.clear()
    client.cookies.update(kept)
    late = client.post("/checkout", data=mine)
    assert "Nothing was ordered" in late.text or "sold out meanwhile" in late.text
    assert stock(shop, "x|y") == 0
    assert events(shop, kept[VISITOR]).count("purchase") == 0
    assert "It was sold out meanwhile." in text(client, "/cart")


def test_a_price_that_changed_is_shown_before_it_is_paid(client: TestClient) -> None:
    client.post("/cart", data={"product": "tea-1"})
    answer = checkout(client, total="1")
    assert "Something changed while you were paying" in answer.text


def test_a_product_that_is_gone_is_said_so(client: TestClient, shop: Shop) -> None:
    shop_client = {"Authorization": f"Bearer {shop.create_key('gone', 'secret')}"}
    client.post("/cart", data={"product": "shoe-7"})
    client.post("/cart", data={"product": "tea-1"})
    import time

    time.sleep(1.3)
    assert client.delete("/v1/products/shoe-7", headers=shop_client).status_code == 204
    cart = text(client, "/cart")
    assert "This product is gone from the shop. It won't be ordered." in cart
    assert "Running shoe 7" in cart
    assert "€4.50" in cart
    page = text(client, "/checkout")
    assert "Running shoe 7" not in page
    assert "aren't part of this order" in page
    client.cookies.clear()
    client.cookies.set(CART, "never-was|tea-1")
    assert "never-was" in text(client, "/cart")
    removed = client.post("/cart", data={"action": "remove", "product": "never-was"}, follow_redirects=False)
    assert "never-was" not in removed.headers["set-cookie"]


def test_an_order_is_shown_to_whom_it_belongs(client: TestClient) -> None:
    client.post("/cart", data={"product": "tea-2"})
    answer = checkout(client)
    path = str(answer.url.path)
    assert client.get(path).status_code == 200
    client.cookies.clear()
    assert client.get(path).status_code == 404
    for odd in ("0" * 10, "x" * 500, "%00", "%ff"):
        assert client.get(f"/order/{odd}").status_code == 404
    assert client.post("/checkout", data={"number": "' OR 1=1"}).status_code == 200


def test_another_sites_form_does_nothing(client: TestClient, shop: Shop) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for path in ("/cart", "/checkout", "/consent", "/account/sign-in", "/account/erase"):
            answer = client.post(path, data={"product": "tea-1", "all": "no", "sure": "yes"}, headers=headers)
            assert answer.status_code == 403
            assert not answer.cookies
    assert "Nothing in it yet." in text(client, "/cart")


@pytest.mark.parametrize("given", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "\n/x", "/a\r\nSet-Cookie: x=1"])  # fmt: skip
def test_a_way_back_stays_here(given: str) -> None:
    assert back_to(given) == "/"


# --- account, consent ----------------------------------------------------------------------------------------------


def test_a_customer_signs_in_orders_and_buys_again(client: TestClient, shop: Shop) -> None:
    client.get("/product/tea-3")
    assert "That didn't work" in html.unescape(client.post("/account/sign-in", data={"token": "forged.token"}).text)
    assert "didn&#39;t work" in client.post("/account/sign-in", data={"customer": "c1"}).text, "only a demo lets choose"
    client.post("/account/sign-in", data={"token": shop.customer_token("c1")})
    assert CUSTOMER in client.cookies
    client.post("/cart", data={"product": "tea-0"})
    path = checkout(client).url.path
    account = text(client, "/account")
    assert str(path) in account
    assert "Drinks" in account, "taste"
    with shop.database.connect() as connection:
        # In the first days of a month that is another month, for which events need a room first.
        connection.execute("SELECT ensure_event_partition(now() - interval '20 days')")
        connection.execute(
            "UPDATE events SET occurred_at = occurred_at - interval '20 days' WHERE type = 'purchase' AND customer_id IS NOT NULL"
        )
        connection.execute('UPDATE shop SET settings = settings || \'{"repeatable_categories": ["Tea"]}\'')
    import time

    time.sleep(1.5)
    home = text(client, "/")
    assert "Buy again" in home
    assert "You bought it 20 days ago" in home
    before = client.cookies[VISITOR]
    client.post("/account/sign-out")
    assert client.cookies[VISITOR] != before
    assert "Buy again" not in text(client, "/")
    assert client.get(str(path)).status_code == 404


def test_what_is_known_can_be_taken_and_forgotten(client: TestClient, shop: Shop) -> None:
    client.post("/account/sign-in", data={"token": shop.customer_token("c9")})
    client.get("/product/tea-3")
    told = client.get("/account/export.json")
    assert told.headers["content-disposition"].startswith("attachment")
    kept = told.json()
    assert "tea-3" in [one["product"] for one in kept["events"]]
    assert "That didn't work" in html.unescape(client.post("/account/erase", data={}).text)
    assert "Forgotten." in client.post("/account/erase", data={"sure": "yes"}).text
    with shop.database.connect() as connection:
        assert (
            connection.execute("SELECT FROM external_ids WHERE kind = 'customer' AND value = 'c9'").fetchone() is None
        )
    assert CUSTOMER not in client.cookies
    assert client.get("/account/export.json").json().get("events", []) == []


def test_a_no_is_respected_and_said(client: TestClient, shop: Shop) -> None:
    client.get("/product/tea-3")
    assert "This shop remembers what you look at" in text(client, "/")
    client.post("/consent", data={"all": "no", "back": "/"})
    assert CONSENT in client.cookies
    visitor = client.cookies[VISITOR]
    home = text(client, "/")
    assert "This shop remembers what you look at" not in home
    assert "Personal lists are off" in home
    assert "Green tea 3, which you looked at" not in home
    assert 'data-consent="personalisation=no analytics=no"' in home
    mine = Page(home).row()
    count = len(events(shop, visitor))
    client.get("/product/shoe-1")
    assert len(events(shop, visitor)) == count, "nothing is counted any more"
    assert events(shop, visitor)[-1] == "consent"
    assert Page(text(client, "/")).row()[:7] == mine[:7], "but the place that is drawn at random"
    client.post("/consent", data={"personalisation": "yes", "analytics": "yes"})
    client.get("/product/tea-3")
    assert "Personal lists are off" not in text(client, "/")


def test_the_browsers_signal_is_a_no(client: TestClient, shop: Shop) -> None:
    signal = {"Sec-GPC": "1"}
    client.get("/product/tea-3", headers=signal)
    home = text(client, "/", headers=signal)
    assert "Your browser asks not to be tracked" in home
    assert "This shop remembers what you look at" not in home
    assert events(shop, client.cookies[VISITOR]) == []
    client.post("/consent", data={"all": "yes"}, headers=signal)
    client.get("/product/tea-3", headers=signal)
    assert "view" in events(shop, client.cookies[VISITOR])


# --- errors --------------------------------------------------------------------------------------------------------


def test_errors_are_pages_for_people_and_json_for_programs(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml"}
    lost = client.get("/nowhere/at-all", headers=browser)
    assert lost.status_code == 404
    assert "There is no such page." in lost.text
    assert "Green tea" in lost.text or "Running shoe" in lost.text
    assert client.get("/nowhere").headers["content-type"] == "application/problem+json"
    assert client.get("/v1/nowhere", headers=browser).headers["content-type"] == "application/problem+json"

    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("regulars.web.engine.finder_of", broken)
    failed = client.get("/search?q=tea", headers=browser)
    assert failed.status_code == 500
    assert "That was our fault" in failed.text
    assert "a defect" not in failed.text
    assert "这是我们的错" in client.get("/search?q=tea", headers={**browser, "Accept-Language": "zh"}).text


def test_pages_state_what_their_script_tells(client: TestClient, shop: Shop) -> None:
    page = Page(client.get("/product/" + quote("tea-3")).text)
    (view,) = [one for one in page.all("span") if one.get("data-regulars-track") == "view"]
    assert view["data-product"] == "tea-3"
    (script,) = [one for one in page.all("script") if "src" in one]  # the other is data
    key = script["data-key"] or ""
    visitor = client.cookies[VISITOR]
    assert script["data-visitor"] == visitor
    body = {"events": [{"type": "view", "visitor": visitor, "product": "tea-3", "message_id": view["data-message-id"]}]}
    answer = client.post("/v1/events", json=body, headers={"Authorization": f"Bearer {key}"})
    assert answer.json() == {"accepted": 0, "duplicates": 1, "unresolved": 0}
    assert client.get("/v1/products/tea-3", headers={"Authorization": f"Bearer {key}"}).status_code == 403


def test_a_real_shops_pages_take_no_orders(client: TestClient, shop: Shop) -> None:
    client.post("/cart", data={"product": "tea-1"})
    assert "To the checkout" in text(client, "/cart")
    shop.change_settings(demo_orders=False)
    try:
        deadline = time.monotonic() + 10
        while "To the checkout" in text(client, "/cart"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "orders are placed in your own shop" in text(client, "/cart")
        before = shop.counts()["orders"]
        assert client.get("/checkout", follow_redirects=False).headers["location"] == "/cart"
        sent = client.post("/checkout", data={"number": "ABCDEF0123"}, follow_redirects=False)
        assert sent.headers["location"] == "/checkout"
        assert shop.counts()["orders"] == before
    finally:
        shop.change_settings(demo_orders=True)
