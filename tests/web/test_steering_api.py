"""What steers lists, through the real app and a real database: rules, why not, surfaces, links, search."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from regulars.shop import Shop

from .shop_pages import tiny_shop


class Steered:
    """A client with two keys."""

    def __init__(self, client: TestClient, shop: Shop) -> None:
        self.client, self.shop = client, shop
        self.secret = {"Authorization": f"Bearer {shop.create_key('tests', 'secret')}"}
        self.public = {"Authorization": f"Bearer {shop.create_key('tests', 'public')}"}

    def call(self, method: str, path: str, body: Any = None, *, public: bool = False, **query: Any) -> Any:
        headers = self.public if public else self.secret
        return self.client.request(method, path, json=body, params=query, headers=headers)

    def told(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        answer = self.call(method, path, body, **query)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def publish(self, text: str, **more: Any) -> Any:
        return self.told("PUT", "/v1/rules", {"text": text, **more})

    def shown(self, surface: str = "home", n: int = 12, **asked: Any) -> list[str]:
        made = self.told("POST", "/v1/recommendations", {"surface": surface, "n": n, "seed": 1, **asked})
        return [item["product"] for item in made["items"]]

    def found(self, query: str, **asked: Any) -> list[str]:
        made = self.told("POST", "/v1/search", {"query": query, "n": 50, **asked})
        return [item["product"] for item in made["items"]]


@pytest.fixture(scope="module")
def running(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steered]:
    folder = tmp_path_factory.mktemp("steering") / "shop"
    with tiny_shop(servers, folder) as (app, shop), TestClient(app, raise_server_exceptions=False) as client:
        made = Steered(client, shop)
        deadline = time.monotonic() + 20
        while made.call("GET", "/v1/surfaces", public=True).status_code != 200:
            assert time.monotonic() < deadline, "the keys weren't known in time"
            time.sleep(0.05)
        yield made


@pytest.fixture
def api(running: Steered) -> Steered:
    """With no rules in force."""
    running.publish("")
    return running


# Rules


def test_a_published_exclusion_leaves_the_next_list_and_undoing_brings_it_back(api: Steered) -> None:
    before = api.shown()
    assert any(one.startswith("tea-") for one in before)
    put = api.publish("exclude category is Tea\ncap each category at most 2 on email", note="no tea")
    assert [(rule["line"], rule["action"]) for rule in put["rules"]] == [(1, "exclude"), (2, "cap")]
    assert put["rules"][0]["products"] == 9
    assert not any(one.startswith("tea-") for one in api.shown())
    read = api.told("GET", "/v1/rules")
    assert (read["version"], read["text"], read["note"]) == (put["version"], put["text"], "no tea")
    undone = api.told("POST", "/v1/rules/undo", {})
    assert undone["text"] == ""
    assert api.shown() == before
    versions = api.told("GET", "/v1/rules/history", limit=2)["versions"]
    assert [one["version"] for one in versions] == [undone["version"], put["version"]]
    again = api.told("POST", "/v1/rules/undo", {"version": put["version"]})
    assert (again["text"], again["restored"]) == (put["text"], put["version"])


def test_a_pin_and_a_boost_are_seen_and_the_trace_names_the_lines(api: Steered) -> None:
    api.publish("pin product is shirt at 2 on home\nboost category is Shoes by 1000% on home")
    made = api.told("POST", "/v1/recommendations", {"n": 6, "visitor": "pinned", "seed": 1})
    second = made["items"][1]
    assert (second["product"], second["source"]) == ("shirt", "rule")
    assert second["reason"] == {"code": "pinned", "text": "Chosen by the shop"}
    with api.shop.database.connect() as connection:
        kept = connection.execute(
            "SELECT trace->'rules' AS rules FROM decision_traces WHERE decision_id = %s", (made["decision_id"],)
        ).fetchone()
    assert kept is not None
    rules = kept["rules"]
    assert [line for _, line in rules["pinned"]] == [1]
    assert [line for line, _ in rules["moving"]] == [2]


def test_a_line_that_cannot_be_read_is_refused_with_its_place_and_nothing_changes(api: Steered) -> None:
    api.publish("exclude stock < 3")
    answer = api.call("PUT", "/v1/rules", {"text": "exclude stock < 3\nbost brand is x by 2%"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "/problems/invalid-rule"
    assert "Line 2, column 1" in body["detail"]
    assert "'boost'" in body["hint"]
    assert api.told("GET", "/v1/rules")["text"] == "exclude stock < 3"
    assert api.call("POST", "/v1/rules/preview", {"text": "bost"}).status_code == 422
    assert api.call("PUT", "/v1/rules", {"text": "x" * 200_001}).status_code == 422
    assert api.call("PUT", "/v1/rules", {"txt": ""}).status_code == 422


def test_who_read_an_older_version_is_told_and_nothing_is_lost(api: Steered) -> None:
    seen = api.told("GET", "/v1/rules")["version"]
    first = api.publish("exclude stock < 3", seen=seen)
    late = api.call("PUT", "/v1/rules", {"text": "exclude stock < 4", "seen": seen})
    assert late.status_code == 409
    assert late.json()["type"] == "/problems/conflict"
    assert api.told("GET", "/v1/rules")["text"] == "exclude stock < 3"
    assert api.publish("exclude stock < 4", seen=first["version"])["version"] == first["version"] + 1


def test_checking_says_what_is_wrong_and_odd_in_both_languages_and_writes_nothing(api: Steered) -> None:
    before = api.told("GET", "/v1/rules")["version"]
    text = "boost category is Tea by 20%\nbury category is Tea by 20%\nexclude category is Shoees\nexclude stock"
    told = api.told("POST", "/v1/rules/check", {"text": text})
    assert [(one["line"], one["column"]) for one in told["problems"]] == [(4, 14)]
    assert ("contradiction", "opposite", [1, 2]) in [(o["level"], o["code"], o["lines"]) for o in told["findings"]]
    assert any("Did you mean Shoes?" in one["text"] for one in told["findings"])
    chinese = api.told("POST", "/v1/rules/check", {"text": text}, locale="zh")
    assert [one["text"] for one in chinese["findings"]] != [one["text"] for one in told["findings"]]
    assert told["problems"][0]["message"] == "The rule ends too early: a comparison is missing."
    assert chinese["problems"][0]["message"] == "规则不完整：缺少比较符号。"
    assert chinese["problems"][0]["hint"] == "例如写成 stock > 20。"
    assert api.told("GET", "/v1/rules")["version"] == before


def test_a_preview_makes_lists_anew_and_writes_nothing(api: Steered) -> None:
    for number in range(3):
        api.shown(visitor=f"previewed-{number}", n=6)
    version = api.told("GET", "/v1/rules")["version"]
    decisions = api.shop.counts()["decisions"]
    nothing = api.told("POST", "/v1/rules/preview", {"text": "exclude price > 100000", "requests": 3})
    assert (nothing["asked"], nothing["changed"], nothing["comes_in"]) == (3, 0, [])
    told = api.told("POST", "/v1/rules/preview", {"text": "exclude category is Drinks", "requests": 3})
    assert (told["asked"], told["changed"]) == (3, 3)
    assert told["surfaces"] == {"home": {"asked": 3, "changed": 3}}
    assert all(row["product"].startswith(("tea-", "shopify:")) for row in told["goes_out"])
    assert told["examples"][0]["before"] != told["examples"][0]["after"]
    assert (told["cost"], told["expected_clicks"]) == (None, None)  # nobody clicked yet
    assert api.told("GET", "/v1/rules")["version"] == version
    assert api.shop.counts()["decisions"] == decisions


def test_a_rule_that_is_being_typed_is_completed(api: Steered) -> None:
    assert "boost" in api.told("GET", "/v1/rules/complete", line="bo")["options"]
    told = api.told("GET", "/v1/rules/complete", line="exclude category is Sh")
    assert told["start"] == len("exclude category is ")
    assert "Shoes" in told["options"]


# Why not


def test_why_a_product_is_not_there(api: Steered) -> None:
    def asked(wanted: str, **more: Any) -> Any:
        return api.told("POST", "/v1/recommendations/why-not", {"wanted": wanted, "n": 3, **more})

    assert asked("sold")["code"] == "out_of_stock"
    api.publish("exclude product is tea-1\ncap category is Shoes at most 0")
    told = asked("tea-1")
    assert (told["code"], told["line"], told["rule"]) == ("rule", 1, "exclude product is tea-1")
    assert "exclude product is tea-1" in told["text"]
    assert asked("shoe-1")["code"] == "cap"
    there = api.shown(n=3)[0]
    assert asked(there, seed=1)["code"] == "shown"
    assert api.call("POST", "/v1/recommendations/why-not", {"wanted": "never-was"}).status_code == 404
    assert asked("tea-1", locale="zh")["text"] != told["text"]


# Surfaces


def test_surfaces_are_listed_and_a_shop_adds_its_own(api: Steered) -> None:
    named = {one["name"]: one for one in api.told("GET", "/v1/surfaces")["surfaces"]}
    assert {"home", "after_purchase", "category", "surprise", "search"} <= set(named)
    assert not named["home"]["own"]
    own = {"name": "gifts", "like": "home", "purpose": "Gifts", "category": "Sport", "diversity": 0.5}
    api.shop.change_settings(surfaces=[own])
    try:
        api.publish("exclude price < 1")  # who writes also makes the process look
        gifts = next(one for one in api.told("GET", "/v1/surfaces")["surfaces"] if one["name"] == "gifts")
        assert (gifts["own"], gifts["category"], gifts["diversity"]) == (True, "Sport", 0.5)
        assert all(one.startswith(("shoe-", "shirt")) for one in api.shown("gifts", n=5))
        api.publish("exclude product is shirt on gifts")
        assert "shirt" not in api.shown("gifts", n=12)
    finally:
        api.shop.change_settings(surfaces=[])
        api.publish("")
    assert api.call("POST", "/v1/recommendations", {"surface": "gifts"}).status_code == 422


# Links


def test_links_are_added_shown_followed_and_taken_away(api: Steered) -> None:
    edge = {"product": "shirt", "relation": "compatible_with", "other": "tea-2"}
    assert api.call("POST", "/v1/links", edge).status_code == 201
    assert api.told("POST", "/v1/links", edge) == {"added": 0}
    api.told("POST", "/v1/links", {"product": "tea-2", "relation": "goes_with", "other": "shoe-3"})
    assert api.told("GET", "/v1/links", product="tea-2") == {
        "product": "tea-2",
        "links": [{"relation": "compatible_with", "other": "shirt"}, {"relation": "goes_with", "other": "shoe-3"}],
    }
    way = api.told("GET", "/v1/links", product="shirt", to="shoe-3")["path"]
    assert way == [
        {"from": "shirt", "by": "compatible_with", "to": "tea-2"},
        {"from": "tea-2", "by": "goes_with", "to": "shoe-3"},
    ]
    beside = api.told("POST", "/v1/recommendations", {"surface": "goes_with", "product": "shirt", "n": 3})["items"][0]
    assert (beside["product"], beside["source"], beside["reason"]["code"]) == ("tea-2", "links", "fits_page")
    assert api.told("DELETE", "/v1/links", edge) == {"removed": True}
    assert api.call("DELETE", "/v1/links", edge).status_code == 404
    assert api.told("GET", "/v1/links", product="shirt")["links"] == []
    api.told("DELETE", "/v1/links", {"product": "tea-2", "relation": "goes_with", "other": "shoe-3"})
    for wrong, status in (
        ({**edge, "relation": "likes"}, 422),
        ({**edge, "other": "shirt"}, 422),
        ({**edge, "other": "?"}, 404),
    ):
        assert api.call("POST", "/v1/links", wrong).status_code == status  # fmt: skip


def test_what_is_compatible_is_left_by_a_rule_that_says_unless(api: Steered) -> None:
    api.told("POST", "/v1/links", {"product": "shoe-1", "relation": "compatible_with", "other": "tea-2"})
    api.publish("exclude category is Shoes unless compatible")
    beside = api.shown("product", product="tea-2", n=20)
    assert "shoe-1" in beside
    assert [one for one in beside if one.startswith("shoe-")] == ["shoe-1"]
    assert not [one for one in api.shown(n=20) if one.startswith("shoe-")]


# Search


def test_a_search_finds_narrows_and_is_kept_as_a_decision(api: Steered) -> None:
    told = api.told("POST", "/v1/search", {"query": "green tea under 6", "n": 2, "locale": "en"})
    # What they mean comes beside the words as soon as it is worked out: which of the alike stands first may change with it.
    first = [item["product"] for item in told["items"]]
    assert told["total"] == 4
    assert (told["read_as"]["words"], told["read_as"]["max_price"]) == ("green tea", 6.0)
    assert told["items"][0]["reason"]["text"] == "Has what you searched for"
    rest = api.told("POST", "/v1/search", {"query": "green tea under 6", "n": 2, "offset": 2})
    assert [item["position"] for item in rest["items"]] == [2, 3]
    assert rest["items"][-1]["product"] == "sold"
    assert set(first) <= {"tea-0", "tea-1", "tea-2"}
    kept = api.told("GET", f"/v1/decisions/{told['decision_id']}")
    assert (kept["surface"], kept["mode"]) == ("search", "search")
    assert [item["product"] for item in kept["items"]] == first


def test_facets_count_what_is_found_and_narrow_it(api: Steered) -> None:
    whole = api.told("POST", "/v1/search", {"query": "tea", "n": 100})
    facets = {facet["name"]: {v["value"]: v["count"] for v in facet["values"]} for facet in whole["facets"]}
    assert facets["category"]["Tea"] == 9
    narrow = api.told("POST", "/v1/search", {"query": "tea", "n": 100, "narrowed": {"category": "Tea"}})
    assert narrow["total"] == 9
    # Of what is left: one category is nothing to choose from.
    assert all(facet["name"] != "category" for facet in narrow["facets"])
    assert api.told("POST", "/v1/search", {"query": "tea", "narrowed": {"category": "Moon"}})["items"] == []


def test_rules_act_on_a_search_and_caps_only_if_they_name_it(api: Steered) -> None:
    plain = api.found("green tea")
    assert len([one for one in plain if one.startswith("tea-")]) == 8
    api.publish("exclude product is tea-3\ncap category is Tea at most 1\npin product is shirt at 1 on search")
    found = api.found("green tea")
    assert found[0] == "shirt"
    assert len([one for one in found if one.startswith("tea-")]) == 7
    assert "tea-3" not in found
    api.publish("cap category is Tea at most 1 on search")
    assert len([one for one in api.found("green tea") if one.startswith("tea-")]) == 1
    api.publish(f"boost product is {plain[7]} by 1000% on search")
    assert api.found("green tea").index(plain[7]) < 3


@pytest.mark.parametrize(
    "query", ["", "🍵", "x" * 10_000, "'; DROP TABLE products; --", "<script>", "\ufeff", "\u202e"]
)
def test_hostile_searches_are_answered(api: Steered, query: str) -> None:
    assert api.call("POST", "/v1/search", {"query": query}).status_code == 200


def test_wrong_searches_are_named(api: Steered) -> None:
    for wrong in (
        {"query": "x" * 10_001},
        {"query": "x", "n": 0},
        {"query": "x", "offset": -1},
        {},
        {"query": "x", "y": 1},
    ):
        assert api.call("POST", "/v1/search", wrong).status_code == 422  # fmt: skip


# Keys


def test_a_public_key_searches_and_lists_surfaces_and_steers_nothing(api: Steered) -> None:
    assert api.call("POST", "/v1/search", {"query": "tea"}, public=True).status_code == 200
    assert api.call("GET", "/v1/surfaces", public=True).status_code == 200
    assert api.call("POST", "/v1/search", {"query": "tea", "customer": "c1"}, public=True).status_code == 403
    edge = {"product": "shirt", "relation": "goes_with", "other": "tea-2"}
    for method, path, body in (
        ("GET", "/v1/rules", None),
        ("PUT", "/v1/rules", {"text": "exclude everything"}),
        ("POST", "/v1/rules/check", {"text": ""}),
        ("POST", "/v1/rules/preview", {"text": ""}),
        ("GET", "/v1/rules/complete", None),
        ("GET", "/v1/rules/history", None),
        ("POST", "/v1/rules/undo", {}),
        ("POST", "/v1/recommendations/why-not", {"wanted": "tea-1"}),
        ("GET", "/v1/links", None),
        ("POST", "/v1/links", edge),
        ("DELETE", "/v1/links", edge),
    ):
        answer = api.call(method, path, body, public=True)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), path
        assert api.client.request(method, path, json=body).status_code == 401, path
    assert api.told("GET", "/v1/rules")["text"] == ""
