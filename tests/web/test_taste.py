"""The taste picker over HTTP and in the storefront: three taps, each once, counted at once, taken back, never of who refused."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from regulars.privacy import export
from regulars.shop import Shop
from regulars.store.mirror import Mirror

from .shop_pages import tiny_shop

KEYS: dict[Shop, str] = {}


@pytest.fixture(scope="module")
def served(
    servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Shop]]:
    with (
        tiny_shop(servers, tmp_path_factory.mktemp("taste") / "shop") as (app, shop),
        TestClient(app, raise_server_exceptions=False) as client,
    ):
        KEYS[shop] = shop.create_key("tests", "secret")
        key = {"Authorization": f"Bearer {KEYS[shop]}"}
        deadline = time.monotonic() + 10
        while (answer := client.get("/v1/taste", headers=key)).status_code != 200:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.05)
        yield client, shop


class Tapper:
    """Somebody who picks, over the API."""

    def __init__(self, served: tuple[TestClient, Shop], visitor: str) -> None:
        client, shop = served
        self.client, self.shop, self.visitor = client, shop, visitor
        self.key = {"Authorization": f"Bearer {KEYS[shop]}"}

    def see(self, **more: Any) -> dict[str, Any]:
        return dict(
            self.client.get("/v1/taste", params={"visitor": self.visitor, **more}, headers=self.key)
            .raise_for_status()
            .json()
        )

    def pick(self, taste: dict[str, Any], kind: str | None) -> dict[str, Any]:
        """The first of the kind; None for none of these."""
        shown = [one["product"] for one in taste["items"]]
        picked = next((one for one in shown if kind and one.startswith(kind)), None)
        assert picked or kind is None, f"no {kind} is shown: {shown}"
        asked = {"visitor": self.visitor, "tap": taste["tap"], "picked": picked, "shown": shown}
        return dict(self.client.post("/v1/taste", json=asked, headers=self.key).raise_for_status().json())

    def undo(self, **more: Any) -> dict[str, Any]:
        asked = {"visitor": self.visitor, **more}
        return dict(self.client.delete("/v1/taste", params=asked, headers=self.key).raise_for_status().json())

    def home(self) -> list[tuple[str, str]]:
        """Products and the codes of their reasons."""
        asked = {"visitor": self.visitor, "n": 6, "seed": 1}
        made = self.client.post("/v1/recommendations", json=asked, headers=self.key).raise_for_status().json()
        return [(one["product"], one["reason"]["code"]) for one in made["items"]]

    def kept(self) -> list[tuple[str, str | None]]:
        with self.shop.database.connect() as connection:
            found = connection.execute(
                "SELECT e.type, x.value FROM events e JOIN external_ids v ON v.kind = 'visitor' AND v.id = e.visitor_id"
                " LEFT JOIN external_ids x ON x.kind = 'product' AND x.id = e.product_id"
                " WHERE v.value = %s ORDER BY e.occurred_at, e.event_id",
                (self.visitor,),
            ).fetchall()
        return [(row["type"], row["value"]) for row in found]


def test_three_taps_make_another_list_each_once(served: tuple[TestClient, Shop]) -> None:
    tapper = Tapper(served, "three-taps")
    before = tapper.home()
    first = tapper.see(locale="zh")
    assert (first["tap"], first["taps"], len(first["items"])) == (1, 3, 6)
    assert any(one["title"].startswith("跑鞋") for one in first["items"])
    second = tapper.pick(first, "shoe")
    assert (second["tap"], len(second["picked"])) == (2, 1)
    assert tapper.pick(first, "tea") == second, "the first tap is answered"
    after = tapper.home()
    assert after != before
    assert all(product.startswith("shoe") for product, _ in after[:3]), "half of a row is one kind"
    assert not all(product.startswith("shoe") for product, _ in before[:3])
    assert any(code.endswith("_picked") for _, code in after)
    third = tapper.pick(second, None)
    assert (third["tap"], len(third["picked"])) == (3, 1)
    last = tapper.pick(third, None)
    assert (last["tap"], last["items"]) == (None, [])
    assert [kind for kind, _ in tapper.kept()] == ["taste"] * 3


def test_what_is_taken_back_counts_nowhere_and_may_be_picked_anew(served: tuple[TestClient, Shop]) -> None:
    tapper = Tapper(served, "takes-back")
    mirror = Mirror(tapper.shop.workspace.mirror)
    picked = tapper.pick(tapper.see(), "shoe")["picked"][0]["product"]
    tapper.pick(tapper.see(), None)
    mirror.sync(tapper.shop.database)
    back = tapper.undo(product=picked)
    assert (back["tap"], back["picked"]) == (2, [])
    assert tapper.undo()["tap"] == 1
    assert {code for _, code in tapper.home()} <= {"popular", "new", "something_different"}
    assert [kind for kind, _ in tapper.kept()] == ["taste_undone"] * 2
    mirror.sync(tapper.shop.database)
    with mirror.read() as connection:
        count = "SELECT count(*) FROM events WHERE type = 'taste_undone'"
        assert connection.execute(count).fetchall() == [(2,)], "the mirror follows"
        assert connection.execute("SELECT count(*) - count(DISTINCT event_id) FROM events").fetchall() == [(0,)]
    for _ in range(12):  # however often they change their mind
        assert tapper.pick(tapper.see(), "shoe")["tap"] == 2
        assert tapper.pick(tapper.see(), "shoe")["tap"] == 3
        assert tapper.pick(tapper.see(), None)["tap"] is None
        assert tapper.undo()["tap"] == 1
    assert len(tapper.kept()) == 2 + 36
    assert tapper.undo()["tap"] == 1, "nothing to take back is no error"


def test_picks_go_along_when_somebody_signs_in_and_are_exported_and_erased(served: tuple[TestClient, Shop]) -> None:
    tapper = Tapper(served, "signs-in")
    tapper.pick(tapper.see(), "tea")
    known = {"type": "identify", "visitor": "signs-in", "customer": "new-customer"}
    tapper.client.post("/v1/events", json={"events": [known]}, headers=tapper.key).raise_for_status()
    asked = {"customer": "new-customer"}
    mine = tapper.client.get("/v1/taste", params=asked, headers=tapper.key).json()
    assert (mine["tap"], len(mine["picked"])) == (2, 1)
    with tapper.shop.database.connect() as connection:
        found = connection.execute("SELECT id FROM external_ids WHERE value = 'new-customer'").fetchone()
        assert found is not None
        told = export.everything(connection, found["id"])
    assert "taste" in str(told)
    assert tapper.client.delete("/v1/customers/new-customer", headers=tapper.key).status_code == 200
    gone = tapper.client.get("/v1/taste", params=asked, headers=tapper.key).json()
    assert (gone["tap"], gone["picked"]) == (1, [])


def test_who_refused_is_asked_nothing_and_nothing_is_written(served: tuple[TestClient, Shop]) -> None:
    tapper = Tapper(served, "refuses")
    first = tapper.see()
    no = {"type": "consent", "visitor": "refuses", "properties": {"personalisation": False}}
    tapper.client.post("/v1/events", json={"events": [no]}, headers=tapper.key).raise_for_status()
    assert tapper.see() == {"tap": None, "taps": 3, "items": [], "picked": [], "refused": True}
    assert tapper.pick(first, "tea")["refused"]
    assert "taste" not in [kind for kind, _ in tapper.kept()]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"tap": 1}, "visitor"),
        ({"visitor": "wrong", "tap": 1, "picked": "no-such"}, "picked"),
        ({"visitor": "wrong", "tap": 4}, "tap"),
        ({"visitor": "wrong"}, "tap"),
    ],
)
def test_what_cant_be_used_is_said(served: tuple[TestClient, Shop], asked: dict[str, Any], field: str) -> None:
    tapper = Tapper(served, "wrong")
    answer = tapper.client.post("/v1/taste", json=asked, headers=tapper.key)
    assert answer.status_code == 422
    assert field in answer.text
    for params in ({"customer": "c", "namespace": "NO\x00"}, {"visitor": "\x00"}):
        assert tapper.client.get("/v1/taste", params=params, headers=tapper.key).status_code == 422
    assert tapper.client.delete("/v1/taste", params={"product": "no-such"}, headers=tapper.key).status_code == 422


def test_three_taps_on_the_front_page(served: tuple[TestClient, Shop]) -> None:
    client = browser(served)
    text = client.get("/").text
    assert "1 of 3" in text
    assert "Three taps" in text
    before = rows_of(text)
    assert "2 of 3" in press(client, text, "shoe").text
    text = client.get("/").text
    assert rows_of(text)[:3] != before[:3]
    assert all("/shoe-" in one for one in rows_of(text)[:3])
    text = press(client, text, "").text
    text = press(client, text, "").text
    assert "The list below goes by your picks." in text
    assert 'name="picked"' not in text
    text = client.get("/account").text
    assert "Your picks" in text
    undo = re.findall(r'name="undo" value="(shoe-\d)"', text)
    assert len(undo) == 1
    again = client.post("/taste", data={"undo": undo[0], "back": "/account#taste"})
    assert "Running shoe" not in str(re.findall(r"my-picks.*?</ul>", again.text, re.S))
    assert "1 of 3" in client.post("/taste", data={"undo": "", "again": "yes"}).text
    assert "picked" not in client.get("/").text.replace('name="picked"', ""), "no reason names a pick"


def test_it_is_skipped_for_good_until_it_is_asked_for(served: tuple[TestClient, Shop]) -> None:
    client = browser(served)
    assert "1 of 3" in client.get("/?lang=en").text
    assert "1 of 3" not in client.post("/taste", data={"later": "yes"}).text
    assert "Your picks" not in client.get("/").text
    assert "1 of 3" in client.post("/taste", data={"undo": "", "again": "yes"}).text


def test_who_has_a_history_is_left_in_peace_and_may_still_ask(served: tuple[TestClient, Shop]) -> None:
    client = browser(served)
    client.get("/product/tea-1")
    assert "1 of 3" not in client.get("/").text
    assert "1 of 3" in client.post("/taste", data={"undo": "", "again": "yes"}).text


@pytest.mark.parametrize("no", [{"personalisation": "yes"}, {"analytics": "yes"}, {}])
def test_it_is_not_shown_to_who_refused(served: tuple[TestClient, Shop], no: dict[str, str]) -> None:
    client = browser(served)
    text = client.get("/").text
    client.post("/consent", data={"back": "/", **no})
    assert 'id="taste"' not in client.get("/").text
    assert 'id="taste"' not in client.get("/account").text
    press(client, text, "shoe")
    visitor = client.cookies["regulars_visitor"]
    assert "taste" not in [kind for kind, _ in Tapper(served, visitor).kept()], "nothing is written"


def test_a_browser_that_asks_not_to_be_tracked_is_asked_nothing(served: tuple[TestClient, Shop]) -> None:
    assert 'id="taste"' not in browser(served).get("/", headers={"Sec-GPC": "1"}).text


def test_an_odd_form_changes_nothing(served: tuple[TestClient, Shop]) -> None:
    client = browser(served)
    client.get("/")
    for data in (
        {"picked": "no-such", "tap": "1"},
        {"picked": "", "tap": "x"},
        {"picked": "tea-1", "tap": "99"},
        {"undo": "no-such"},
        {"picked": "tea-1", "tap": "1", "back": "//elsewhere.example/"},
        {},
    ):
        answer = client.post("/taste", data=data, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(("/#", "/"))
        assert not answer.headers["location"].startswith("//")
    assert client.post("/taste", data={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def browser(served: tuple[TestClient, Shop]) -> TestClient:
    """A browser that was never here."""
    served[0].cookies.clear()
    served[0].headers["accept-language"] = "en"
    return served[0]


def rows_of(text: str) -> list[str]:
    return re.findall(r'href="(/product/[^"?]+)\?d=', text)


def press(client: TestClient, text: str, kind: str) -> Any:
    """The button of the first product of the kind; "" presses none of these."""
    section = text[text.index('id="taste"') :]
    shown = re.findall(r'name="shown" value="([^"]+)"', section)
    tap = re.findall(r'name="tap" value="(\d)"', section)[0]
    picked = next(one for one in shown if one.startswith(kind)) if kind else ""
    return client.post("/taste", data={"tap": tap, "shown": shown, "picked": picked})
