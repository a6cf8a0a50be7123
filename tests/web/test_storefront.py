"""The storefront through the real app and a real database: the first click counts, lists explain themselves, text stays text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from babel.messages.pofile import read_po
from fastapi.testclient import TestClient

import regulars
from regulars.errors import DatabaseUnavailable
from regulars.shop import Shop
from regulars.web.engine import Engine
from regulars.web.storefront.arriving import COOKIE as ARRIVAL
from regulars.web.visit import CART, LANGUAGE, VISITOR

from .shop_pages import HOSTILE, ODD_IDS, tiny_shop

SOURCE = Path(regulars.__file__).parent
HOSTILE_PATHS = [
    "..%2f..%2fetc%2fpasswd", "%00", "%ff%fe", "a" * 3_000, "'%3B%20DROP%20TABLE%20products%3B--", "%F0%9F%8D%B5", "shopify:", ":", "::1",
    "{{7*7}}", "%7B%25raw%25%7D", "%0d%0aSet-Cookie:x=1", "%20", "%ED%A0%80",
]  # fmt: skip


class Page(HTMLParser):
    """What a test asks of a page: its tags, and the items of its first recommendation row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def hrefs(self, beginning: str) -> list[str]:
        return [href for one in self.all("a") if (href := one.get("href") or "").startswith(beginning)]

    def row(self) -> list[str]:
        """The products of the page's rows, in order: their links carry a decision."""
        return [href.split("?")[0] for href in self.hrefs("/product/") if "?d=" in href]


@pytest.fixture(scope="module")
def pages(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Shop]]:
    with (
        tiny_shop(servers, tmp_path_factory.mktemp("pages") / "shop") as (app, shop),
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


def timeline(shop: Shop, visitor: str) -> list[tuple[str, int | None]]:
    with shop.database.connect() as connection:
        found = connection.execute(
            "SELECT e.type, e.position FROM events e JOIN external_ids x ON x.kind = 'visitor' AND x.id = e.visitor_id"
            " WHERE x.value = %s ORDER BY e.received_at, e.position",
            (visitor,),
        ).fetchall()
    return [(row["type"], row["position"]) for row in found]


def test_the_first_click_changes_the_row(client: TestClient) -> None:
    before = Page(client.get("/").text).row()
    assert len(before) == 8
    client.get("/product/tea-3")
    answer = client.get("/")
    after = Page(answer.text).row()
    assert after != before
    assert "/product/tea-3" not in after
    teas = [place for place in after if place.startswith("/product/tea")]
    assert teas[:4] == after[:4], "who looked at a tea sees teas first"
    assert "Green tea 3" in answer.text, "a reason names what was looked at"


def test_every_item_says_why_and_the_list_can_be_opened(client: TestClient) -> None:
    client.get("/product/tea-3")
    home = client.get("/").text
    assert home.count('class="reason"') == 8
    why = client.get(Page(home).hrefs("/why/")[0])
    assert why.status_code == 200
    for words in ("What is shown", "Green tea 3", "Chosen together", "You saw it in the last days", "Milliseconds"):
        assert words in why.text
    assert len(Page(why.text).all("table")) >= 4


def test_a_list_is_opened_by_whom_it_was_made_for_only(client: TestClient) -> None:
    client.get("/product/tea-3")
    mine = Page(client.get("/").text).hrefs("/why/")[0]
    client.cookies.clear()
    client.get("/product/shoe-1")
    assert client.get(mine).status_code == 404


def test_a_visitor_gets_a_random_cookie_and_one_of_how_they_came_that_scripts_cannot_read(client: TestClient) -> None:
    answer = client.get("/")
    cookies = answer.headers.get_list("set-cookie")
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == [ARRIVAL, VISITOR]
    for cookie in cookies:
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert ("max-age" in cookie.lower()) == cookie.startswith(VISITOR), (
            "how they came goes when the browser is closed"
        )
    assert "set-cookie" not in client.get("/").headers
    client.cookies.clear()
    forged = client.get("/", headers={"Cookie": f"{VISITOR}=' OR 1=1 --"})
    assert f"{VISITOR}=" in forged.headers["set-cookie"]


def test_what_is_looked_at_stands_on_the_timeline_with_the_list_that_led_there(client: TestClient, shop: Shop) -> None:
    home = Page(client.get("/").text)
    visitor = client.cookies[VISITOR]
    assert timeline(shop, visitor) == [], "what was sent isn't seen yet"
    (dot,) = [one["src"] or "" for one in home.all("img") if (one.get("src") or "").startswith("/seen/")]
    for _ in range(2):
        assert client.get(dot).content.startswith(b"GIF89a")
    assert timeline(shop, visitor) == [("impression", place) for place in range(8)]
    client.get([link for link in home.hrefs("/product/") if "?d=" in link][2])
    kinds = timeline(shop, visitor)[8:]
    assert ("click", 2) in kinds
    assert ("view", 2) in kinds
    client.get("/product/shoe-1?d=not-a-decision&p=-1")
    client.get("/product/shoe-1?d=" + "0" * 32 + "&p=" + "9" * 5_000)
    assert client.get("/product/shoe-2", headers={"Sec-Purpose": "prefetch"}).status_code == 200
    assert [kind for kind, _ in timeline(shop, visitor)].count("view") == 3


def test_the_cart_works_with_forms_alone(client: TestClient, shop: Shop) -> None:
    assert "Nothing in it yet." in client.get("/cart").text
    for name in (*ODD_IDS, "tea-1", "shopify:991", "tea-1"):
        assert client.post("/cart", data={"product": name}).status_code == 200
    page = client.get("/cart").text
    assert page.count('name="action" value="remove"') == len(ODD_IDS) + 2
    assert "€44.00" in page, "the same twice is a line of two"
    assert client.post("/cart", data={"product": ODD_IDS[1], "action": "remove"}).status_code == 200
    assert client.get("/cart").text.count('value="remove"') == len(ODD_IDS) + 1
    kinds = [kind for kind, _ in timeline(shop, client.cookies[VISITOR])]
    assert kinds.count("cart") == len(ODD_IDS) + 3
    assert kinds.count("remove_from_cart") == 1
    for nothing in ({}, {"product": ""}, {"product": "sold"}, {"product": "nope"}, {"product": "x" * 5_000}):
        assert client.post("/cart", data=nothing).status_code == 404
    client.cookies.set(CART, "%ff|%00|tea-1|" + "|".join(f"n{number}" for number in range(900)))
    assert "Green tea 1" in client.get("/cart").text


def test_in_chinese(client: TestClient) -> None:
    browser = client.get("/product/tea-3", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    assert '<html lang="zh-Hans">' in browser
    for words in ("绿茶 3", "第 3 座山的茶叶。", "加入购物车", "为什么是这些？"):
        assert words in browser
    assert LANGUAGE not in client.cookies
    client.get("/?lang=zh")
    home = client.get("/").text
    assert "与你看过的绿茶 3相似" in home
    assert "过滤掉的商品" in client.get(Page(home).hrefs("/why/")[0]).text
    assert '<html lang="en">' in client.get("/?lang=en").text
    assert '<html lang="en">' in client.get("/?lang=klingon").text


def test_every_sentence_of_the_pages_has_its_chinese() -> None:
    catalogue = read_po((SOURCE / "language" / "locale" / "zh" / "storefront.po").open("rb"), locale="zh")
    translated = {message.id: message.string for message in catalogue if message.id}
    files = [
        *(SOURCE / "web" / "templates").glob("*.html"),
        *(SOURCE / "web" / "storefront").glob("*.py"),
        SOURCE / "recommend" / "reasons.py",
    ]
    said = {text for file in files for pair in re.findall(r"""\bsay\(\s*(?:"([^"]+)"|'([^']+)')""", file.read_text("utf-8")) for text in pair if text}  # fmt: skip
    assert len(said) > 80
    assert said - set(translated) == set()
    assert [text for text, chinese in translated.items() if not chinese] == []
    for text, chinese in translated.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", chinese)), text


def test_a_hostile_title_is_text(client: TestClient) -> None:
    paths = ["/", "/product/hostile", f"/category/{quote(HOSTILE, safe='')}", "/cart"]
    client.post("/cart", data={"product": "hostile"})
    paths += Page(client.get("/").text).hrefs("/why/")
    for path in paths:
        answer = client.get(path)
        assert answer.status_code == 200
        page = Page(answer.text)
        scripts = [
            one for one in page.all("script") if one.get("type") != "application/ld+json"
        ]  # that is data, not run
        assert [one["src"] for one in scripts] == ["/regulars.js"]
        assert all("onerror" not in image for image in page.all("img"))
        assert all(not (image["src"] or "").startswith("javascript:") for image in page.all("img"))
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Project-Id-Version" not in client.get("/product/hostile").text
    assert "MIME-Version" not in client.get("/product/hostile?lang=zh").text


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_hostile_addresses_find_nothing(client: TestClient, path: str) -> None:
    for beginning in ("/product/", "/category/", "/why/", "/demo/pictures/", "/static/"):
        assert client.get(beginning + path).status_code in (404, 405, 422), beginning
    answer = client.get("/product/tea-1?" + "&".join(f"{name}={path}" for name in ("d", "p", "lang", "page")))
    assert answer.status_code == 200


def test_odd_ids_have_pages_too(client: TestClient) -> None:
    for name in ODD_IDS:
        answer = client.get("/product/" + quote(name, safe=""))
        assert answer.status_code == 200, name
        assert "Odd id" in answer.text
    reduced = client.get("/product/shopify:991").text
    assert "€20.00" in reduced
    assert "€30.00" in reduced
    assert "Sold out at the moment." in client.get("/product/sold").text


def test_categories(client: TestClient) -> None:
    assert "Green tea 7" in client.get("/category/tea").text
    assert client.get("/category/Tea?page=2").status_code == 404
    assert client.get("/category/Tea?page=zwei").status_code == 200
    for name in ("", "nope"):
        assert client.get(f"/category/{name}").status_code == 404


def test_an_empty_shop_says_what_will_be_here(servers: Callable[[str], Any], tmp_path: Path) -> None:
    with tiny_shop(servers, tmp_path / "empty", filled=False) as (app, _), TestClient(app) as client:
        page = client.get("/").text
        assert "regulars import products FILE" in page
        assert client.get("/cart").status_code == 200
        assert client.get("/product/anything").status_code == 404


def test_with_the_database_away_a_plain_page_says_so(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> None:
        raise DatabaseUnavailable("PostgreSQL can't be reached.")

    monkeypatch.setattr(Engine, "person", gone)
    monkeypatch.setattr(Engine, "append", gone)
    monkeypatch.setattr(Engine, "decision", gone)
    answers = [client.get(path) for path in ("/", "/product/tea-1", "/category/Tea", "/why/" + "0" * 32)]
    answers.append(client.post("/cart", data={"product": "tea-1"}))
    for answer in answers:
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.headers["content-type"].startswith("text/html")
        assert "Its database doesn&#39;t answer" in answer.text
    assert "数据库暂时没有响应" in client.get("/", headers={"Accept-Language": "zh"}).text


def cards(text: str) -> list[str]:
    """Products of a category's page, in order, by their outside ids."""
    return re.findall(r'<li class="card"[^>]*>\s*<a href="/product/([^"?]+)', text)


def test_a_categorys_page_obeys_the_shops_rules(pages: tuple[TestClient, Shop]) -> None:
    client, shop = pages
    before = cards(client.get("/category/Tea").text)
    first, last = before[0], before[-2]  # the very last is sold out, which no pin brings forward

    def until(wanted: Callable[[], bool]) -> bool:
        """Rules are read again within seconds."""
        return any(wanted() or time.sleep(0.25) for _ in range(60))

    shop.rules.publish(
        f'exclude product is "{first}" on category\npin product is "{last}" at 1 on category\ncap each category at most 1'
    )
    try:
        assert until(lambda: cards(client.get("/category/Tea").text)[0] == last), cards(
            client.get("/category/Tea").text
        )
        for sort in ("best", "you", "new", "cheap", "dear"):
            found = cards(client.get(f"/category/Tea?sort={sort}").text)
            assert first not in found
            assert len(found) == len(before) - 1, "a cap takes nothing from a category"
    finally:
        shop.rules.publish("")
    assert until(lambda: cards(client.get("/category/Tea").text) == before)


def test_a_category_in_ones_own_order_and_a_surprise(client: TestClient) -> None:
    client.get("/product/tea-3")
    own = client.get("/category/Tea?sort=you")
    assert own.status_code == 200
    assert 'data-regulars-surface="category"' in own.text
    assert own.text.count('<li class="card"') == client.get("/category/Tea").text.count('<li class="card"')
    surprise = client.get("/surprise")
    assert surprise.status_code == 200
    assert "Surprise me" in surprise.text
