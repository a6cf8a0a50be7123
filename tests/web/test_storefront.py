"""The pages through the real app: they show products, follow the visitor, say why, and stay calm with hostile input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from regulars.schema import Product, ShopSettings
from regulars.shop import Shop
from regulars.store.database import Database
from regulars.store.records import UPSERT_PRODUCTS, upsert
from regulars.store.rows import product_row
from regulars.store.workspace import StartSettings, Workspace
from regulars.web.api import create_app

TITLES = {
    "green-tea": ("Green tea", "绿茶", "Tea"),
    "black-tea": ("Black tea", "红茶", "Tea"),
    "teapot": ("Teapot", "茶壶", "Tea"),
    "shoes": ("Running shoes", "跑鞋", "Running"),
    "socks": ("Running socks", "跑步袜", "Running"),
    "bottle": ("Water bottle", "水壶", "Running"),
}


@pytest.fixture(scope="module")
def storefront(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    server = servers("embedded")
    url = server.make()
    workspace = Workspace.create(tmp_path_factory.mktemp("storefront") / "shop")
    (workspace.folder / "regulars.toml").write_text(f'database_url = "{url}"\n')
    shop = Shop(workspace, StartSettings(database_url=url), Database(workspace.folder, url))
    made = [
        {"id": name, "title": {"en": en, "zh": zh}, "category": world, "price": "9.50", "stock": 5}
        for name, (en, zh, world) in TITLES.items()
    ]
    made.append({"id": "hostile", "title": "<script>alert(1)</script>", "category": ["<b>x</b>"], "price": "1"})
    made.append({"id": "a/b?c#d", "title": "Odd id", "price": "1", "pictures": ["javascript:alert(1)"]})
    with shop.database.connect() as connection:
        checked = [product_row(Product.model_validate(one), ShopSettings()) for one in made]
        assert upsert(connection, UPSERT_PRODUCTS, checked) == ["new"] * len(made)
    people = [["green-tea", "teapot"], ["green-tea", "black-tea"], ["teapot", "black-tea"], ["shoes", "socks"]] * 3
    shop.track(
        {"type": "view", "visitor": f"crowd-{number}", "product": product, "message_id": f"{number}-{product}"}
        for number, seen in enumerate(people)
        for product in seen
    )
    yield create_app(workspace.folder), shop
    server.drop(url)


@pytest.fixture
def client(storefront: Any) -> Iterator[TestClient]:
    app, _ = storefront
    with TestClient(app, raise_server_exceptions=False) as made:
        yield made


def row_titles(page: str) -> list[str]:
    row = page.split('class="row"', 1)[1].split("</section>", 1)[0]
    return re.findall(r'class="title">([^<]*)<', row)


def test_the_first_click_already_changes_the_row(client: TestClient) -> None:
    before = client.get("/").text
    link = re.search(r'href="(/product/green-tea\?d=[^"]+)"', before)
    assert link, "the row links with its decision"
    assert client.get(link.group(1).replace("&amp;", "&")).status_code == 200
    after = client.get("/").text
    assert row_titles(after) != row_titles(before)
    assert "Green tea" not in row_titles(after), "it was just seen"
    assert "Green tea" in after.split('class="row"', 1)[1], "the reason names what was looked at"


def test_the_click_comes_back_on_the_decision(client: TestClient, storefront: Any) -> None:
    page = client.get("/").text
    link = re.search(r'href="(/product/([a-z-]+)\?d=([0-9a-f-]+)&amp;p=(\d+))"', page)
    assert link
    client.get(link.group(1).replace("&amp;", "&"))
    outcomes = storefront[1].decision(link.group(3))["outcomes"]
    assert {"impression", "click"} <= {one["type"] for one in outcomes}
    clicked = next(one for one in outcomes if one["type"] == "click")
    assert (clicked["product"], clicked["position"]) == (link.group(2), int(link.group(4)))


def test_why_this_list_opens_for_its_owner_only(client: TestClient, storefront: Any) -> None:
    client.get("/product/teapot")
    path = re.findall(r'href="(/why/[0-9a-f-]+)"', client.get("/").text)[0]
    page = client.get(path)
    assert page.status_code == 200
    for expected in ("Where the candidates came from", "What the filters took away", "How long it took", "Teapot"):
        assert expected in page.text
    stranger = TestClient(storefront[0])
    with stranger:
        stranger.get("/product/shoes")
        assert stranger.get(path).status_code == 404


def test_both_languages(client: TestClient) -> None:
    page = client.get("/product/green-tea?lang=zh").text
    assert "绿茶" in page
    assert "加入购物车" in page
    assert '<html lang="zh">' in client.get("/").text, "the choice is remembered"
    german = client.get("/", headers={"Accept-Language": "de", "Cookie": ""})
    assert german.status_code == 200


def test_the_cart_is_kept_and_counts_as_interest(client: TestClient, storefront: Any) -> None:
    assert "Nothing in it yet." in client.get("/cart").text
    page = client.post("/cart", data={"product": "shoes"})
    assert "Running shoes" in page.text
    assert "Goes with Running shoes in your cart" in page.text or "Running socks" in page.text
    assert "Nothing in it yet." in client.post("/cart", data={"product": "shoes", "action": "remove"}).text


def test_hostile_text_is_shown_not_run(client: TestClient) -> None:
    for path in ("/product/hostile", "/", "/category/%3Cb%3Ex%3C%2Fb%3E"):
        page = client.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text
    odd = client.get("/product/a%2Fb%3Fc%23d")
    assert odd.status_code == 200
    assert "javascript:" not in odd.text


@pytest.mark.parametrize(
    "path", ["/product/nothing", "/category/nothing", "/why/nothing", "/why/00000000-0000-0000-0000-000000000000", "/product/%00", "/product/" + "x" * 5000]
)  # fmt: skip
def test_what_is_not_there_gets_a_page_that_says_so(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "Not found" in page.text


def test_made_up_decisions_and_cookies_are_passed_over(client: TestClient) -> None:
    assert client.get("/product/teapot?d=nonsense&p=-5").status_code == 200
    client.cookies.set("regulars_visitor", "x" * 10_000)
    assert client.get("/").status_code == 200
    client.cookies.set("regulars_cart", "no|such|product")
    assert client.get("/cart").status_code == 200


def test_an_empty_shop_teaches(servers: Callable[[str], Any], tmp_path: Any) -> None:
    server = servers("embedded")
    url = server.make()
    workspace = Workspace.create(tmp_path / "empty")
    (workspace.folder / "regulars.toml").write_text(f'database_url = "{url}"\n')
    with TestClient(create_app(workspace.folder)) as client:
        page = client.get("/")
    server.drop(url)
    assert page.status_code == 200
    assert "regulars import products" in page.text
