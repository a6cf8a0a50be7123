"""How somebody came to the storefront: their first list goes by it, only classes are kept, and nothing of who refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from regulars.shop import Shop

from .shop_pages import tiny_shop

FROM_SEARCH = {
    "Referer": "https://www.google.com/search?q=secret+words",
    "User-Agent": "X Mobile",
    "accept-language": "en",
}


@pytest.fixture(scope="module")
def served(
    servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Shop]]:
    with (
        tiny_shop(servers, tmp_path_factory.mktemp("arriving") / "shop") as (app, shop),
        TestClient(app, raise_server_exceptions=False) as client,
    ):
        yield client, shop


@pytest.fixture
def browser(served: tuple[TestClient, Shop]) -> TestClient:
    """A browser that was never here, which came from a search engine."""
    served[0].cookies.clear()
    served[0].headers.update(FROM_SEARCH)
    return served[0]


def last_of(shop: Shop, table: str, columns: str, order: str) -> dict[str, Any]:
    with shop.database.connect() as connection:
        found = connection.execute(f"SELECT {columns} FROM {table} ORDER BY {order} DESC LIMIT 1").fetchone()
    assert found is not None
    return dict(found)


def first_row(text: str) -> list[str]:
    return re.findall(r'href="/product/([^"?]+)\?d=', text)


def test_the_first_list_goes_by_where_they_began(browser: TestClient, served: tuple[TestClient, Shop]) -> None:
    browser.get("/category/Shoes")
    told = last_of(served[1], "events", "type, properties", "event_id")
    assert told["properties"] == {"category": "Shoes", "referrer": "search", "locale": "en", "device": "phone"}
    kept = browser.cookies["regulars_arrival"]
    assert "search" in kept
    assert "secret" not in kept
    text = browser.get("/", headers={"Referer": "http://testserver/category/Shoes"}).text
    assert all(one.startswith("shoe") for one in first_row(text)[:3])
    assert "Popular in Shoes" in text
    why = browser.get(re.findall(r'href="(/why/[^"]+)"', text)[0]).text
    assert "How you came here" in why
    assert "Began in: Sport &gt; Shoes" in why
    assert "Came from: a search engine" in why
    assert "secret" not in why


def test_the_medium_is_surer_than_the_page_before(browser: TestClient) -> None:
    browser.get("/category/Shoes?utm_medium=email")
    why = re.findall(r'href="(/why/[^"]+)"', browser.get("/").text)[0]
    assert "Came from: an e-mail" in browser.get(why).text
    assert "来自: 电子邮件" in browser.get(why + "?lang=zh").text


def test_it_ends_with_the_first_look(browser: TestClient) -> None:
    browser.get("/category/Shoes")
    browser.get("/product/tea-1")
    text = browser.get("/").text
    assert "Popular in" not in text
    assert "How you came here" not in browser.get(re.findall(r'href="(/why/[^"]+)"', text)[0]).text


@pytest.mark.parametrize("how", ["cookie", "signal"])
def test_of_who_refused_nothing_is_kept(browser: TestClient, served: tuple[TestClient, Shop], how: str) -> None:
    headers = {"Sec-GPC": "1"} if how == "signal" else {}
    if how == "cookie":
        browser.cookies.set("regulars_consent", "personalisation-no_analytics-yes")
    answer = browser.get("/category/Shoes", headers=headers)
    assert "regulars_arrival" not in answer.headers.get("set-cookie", "")
    if how == "cookie":
        assert last_of(served[1], "events", "properties", "event_id")["properties"] == {"category": "Shoes"}
    assert "Popular in Shoes" not in browser.get("/", headers=headers).text
    assert "context" not in last_of(served[1], "decision_traces", "trace", "decision_id")["trace"]


@pytest.mark.parametrize("cookie", ["|", "search", "nonsense|x", "search|%FF%00", "search|" + "a" * 3_000, "a|b|c"])
def test_an_odd_cookie_is_no_error(browser: TestClient, cookie: str) -> None:
    browser.cookies.set("regulars_arrival", cookie)
    assert browser.get("/").status_code == 200


def test_a_long_category_keeps_the_cookie_short(browser: TestClient) -> None:
    browser.get("/product/tea-1")
    assert len(browser.cookies["regulars_arrival"]) < 700
