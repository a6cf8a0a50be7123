"""The HTTP API through the real app and a real database: contract, scopes, limits, the loop, and a fuzzer over all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from regulars.schema.events import MAX_EVENTS_PER_BATCH
from regulars.shop import Shop
from regulars.store.database import Database
from regulars.store.workspace import StartSettings, Workspace
from regulars.web import reference
from regulars.web.api import create_app

PRODUCTS = [
    {"id": "green-tea", "title": {"en": "Green tea", "zh": "绿茶"}, "category": "Tea", "price": "4.50", "stock": 9},
    {"id": "black-tea", "title": {"en": "Black tea", "zh": "红茶"}, "category": "Tea", "price": "5.00", "stock": 9},
    {"id": "teapot", "title": {"en": "Teapot", "zh": "茶壶"}, "category": "Pots", "price": "25", "stock": 9},
    {"id": "shoes", "title": "Running shoes", "category": "Sport", "price": "80", "stock": 9},
    {"id": "socks", "title": "Running socks", "category": "Sport", "price": "9", "stock": 9},
    {"id": "gone", "title": "Sold-out tea", "category": "Tea", "price": "3", "stock": 0},
]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
"""What the fuzzer holds every answer to. Scopes have tests of their own; and a schema can't say all that is checked
("a time", "a currency"), so a 422 for what fits the schema is no breach."""


class Api:
    """A client with its three kinds of caller."""

    def __init__(self, client: TestClient, shop: Shop, app: FastAPI) -> None:
        self.client, self.shop, self.app = client, shop, app
        self.secret = {"Authorization": f"Bearer {shop.create_key('tests', 'secret')}"}
        self.public = {"Authorization": f"Bearer {shop.create_key('tests', 'public')}"}
        self.wait_for(lambda: client.post("/v1/events", json={"events": []}, headers=self.public).status_code == 202)

    def wait_for(self, true: Callable[[], bool], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it didn't become true in time"
            time.sleep(0.05)

    def events(self, *events: dict[str, Any], headers: dict[str, str] | None = None) -> Any:
        return self.client.post("/v1/events", json={"events": list(events)}, headers=headers or self.secret)

    def recommend(self, headers: dict[str, str] | None = None, **asked: Any) -> Any:
        return self.client.post("/v1/recommendations", json=asked, headers=headers or self.secret)


@pytest.fixture(scope="module")
def api(servers: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    server = servers("embedded")
    url = server.make()
    workspace = Workspace.create(tmp_path_factory.mktemp("api") / "shop")
    limits = "secret_requests_per_second = 100000.0\npublic_requests_per_second = 100000.0\n"
    (workspace.folder / "regulars.toml").write_text(f'database_url = "{url}"\n{limits}')
    app = create_app(workspace.folder)
    with TestClient(app, raise_server_exceptions=False) as client:
        made = Api(client, Shop(workspace, StartSettings(database_url=url), Database(workspace.folder, url)), app)
        assert client.post("/v1/products", json={"products": PRODUCTS}, headers=made.secret).json() == {
            "outcome": ["new"] * len(PRODUCTS)
        }
        yield made
    server.drop(url)


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """RFC 9457: media type, type, title, status and detail; `status` repeats the HTTP status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/problems/{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return dict(body)


def test_an_event_is_accepted_once_however_often_it_comes(api: Api) -> None:
    event = {"type": "view", "product": "teapot", "visitor": "once", "message_id": "once-1"}
    assert api.events(event).json() == {"accepted": 1, "duplicates": 0, "unresolved": 0}
    later = {**event, "occurred_at": "2026-01-01T00:00:00Z"}
    assert api.events(later, later).json() == {"accepted": 0, "duplicates": 2, "unresolved": 0}


def test_the_same_event_from_many_callers_at_once_is_stored_once(api: Api) -> None:
    event = {"type": "view", "product": "teapot", "visitor": "many", "message_id": "many-1"}
    answers: list[dict[str, int]] = []
    threads = [threading.Thread(target=lambda: answers.append(api.events(event).json())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["duplicates"] for answer in answers) == 11


def test_unknown_products_are_kept_and_join_when_they_arrive(api: Api) -> None:
    assert api.events({"type": "view", "product": "later", "customer": "early"}).json()["unresolved"] == 1
    made = {"id": "later", "title": "Arrived later", "price": "1"}
    assert api.client.post("/v1/products", json={"products": [made]}, headers=api.secret).json()["outcome"] == ["new"]
    timeline = api.client.get("/v1/customers/early", headers=api.secret).json()["timeline"]
    assert [event["product"] for event in timeline] == ["later"]


def test_a_click_changes_the_next_list_and_comes_back_on_its_decision(api: Api) -> None:
    before = api.recommend(visitor="clicker", n=5).json()
    assert UUID(before["decision_id"])
    click = {
        "type": "click",
        "product": "green-tea",
        "visitor": "clicker",
        "decision_id": before["decision_id"],
        "position": 0,
    }
    assert api.events(click, headers=api.public).status_code == 202
    after = api.recommend(visitor="clicker", n=5).json()
    assert "green-tea" not in [item["product"] for item in after["items"]], "what was just seen is no discovery"
    assert [i["product"] for i in after["items"]] != [i["product"] for i in before["items"]]
    opened = api.client.get(f"/v1/decisions/{before['decision_id']}", headers=api.secret).json()
    assert [(one["type"], one["product"]) for one in opened["outcomes"]] == [("click", "green-tea")]
    assert opened["trace"]["filters"]["out_of_stock"] == 1


def test_lists_are_said_in_the_readers_language(api: Api) -> None:
    api.events({"type": "view", "product": "green-tea", "visitor": "reader"})
    english = api.recommend(visitor="reader", n=5, locale="en").json()["items"]
    chinese = api.recommend(visitor="reader", n=5, locale="zh-CN").json()["items"]
    assert {"Black tea"} <= {item["title"] for item in english}
    assert {"红茶"} <= {item["title"] for item in chinese}


def test_filters_and_exclusions_hold(api: Api) -> None:
    found = api.recommend(n=10, filters={"category": "tea"}, exclude=["green-tea"]).json()["items"]
    assert [item["product"] for item in found] == ["black-tea"]
    found = api.recommend(n=10, filters={"min_price": 20, "max_price": 30}).json()["items"]
    assert [item["product"] for item in found] == ["teapot"]
    assert_problem(api.recommend(filters={"min_price": 3, "max_price": 2}), 422, "invalid-input")


def test_an_empty_list_says_why(api: Api) -> None:
    answer = api.recommend(n=5, filters={"category": "Nothing of the kind"}).json()
    assert answer["items"] == []
    opened = api.client.get(f"/v1/decisions/{answer['decision_id']}", headers=api.secret).json()
    assert opened["trace"]["short"]["left_after_filters"] == 0
    assert opened["trace"]["filters"]["other_category"] > 0


def test_a_page_whose_product_is_not_imported_yet_still_gets_a_list(api: Api) -> None:
    assert api.recommend(surface="product", product="not-imported", n=3).json()["items"]


def test_scopes(api: Api) -> None:
    assert_problem(api.client.post("/v1/events", json={"events": []}), 401, "unauthenticated")
    wrong = {"Authorization": "Bearer rk_pub_nonsense"}
    assert_problem(api.client.post("/v1/events", json={"events": []}, headers=wrong), 401, "unauthenticated")
    for method, path in (("POST", "/v1/products"), ("GET", "/v1/customers/early"), ("DELETE", "/v1/customers/early")):
        answer = api.client.request(method, path, json={"products": []}, headers=api.public)
        assert_problem(answer, 403, "forbidden")
    assert_problem(api.client.get(f"/v1/decisions/{UUID(int=1)}", headers=api.public), 403, "forbidden")


def test_a_browser_speaks_only_for_whom_its_token_names(api: Api) -> None:
    mine = {**api.public, "Regulars-Customer": api.shop.customer_token("mine")}
    assert_problem(api.recommend(headers=api.public, customer="mine"), 403, "forbidden")
    assert_problem(api.recommend(headers=mine, customer="another"), 403, "forbidden")
    assert api.recommend(headers=mine).status_code == 200
    assert_problem(api.events({"type": "view", "customer": "mine"}, headers=api.public), 403, "forbidden")
    assert api.events({"type": "view", "product": "teapot"}, headers=mine).json()["accepted"] == 1
    timeline = api.client.get("/v1/customers/mine", headers=api.secret).json()["timeline"]
    assert [event["product"] for event in timeline] == ["teapot"]
    forged = {**api.public, "Regulars-Customer": mine["Regulars-Customer"][:-2] + "xx"}
    assert_problem(api.recommend(headers=forged), 401, "unauthenticated")
    expired = {**api.public, "Regulars-Customer": api.shop.customer_token("mine", seconds=-1)}
    assert_problem(api.recommend(headers=expired), 401, "unauthenticated")


def test_limits(api: Api) -> None:
    many = [{"type": "view"}] * (MAX_EVENTS_PER_BATCH + 1)
    assert_problem(api.client.post("/v1/events", json={"events": many}, headers=api.secret), 413, "too-large")
    huge = b" " * 10_000_001
    assert_problem(api.client.post("/v1/events", content=huge, headers=api.secret), 413, "too-large")
    streamed = (b" " * 1_000_000 for _ in range(11))
    assert_problem(api.client.post("/v1/events", content=streamed, headers=api.secret), 413, "too-large")


def test_wrong_input_names_each_field(api: Api) -> None:
    answer = api.events({"type": "View!"}, {"product": "x"}, {"type": "view", "occurred_at": "yesterday"})
    fields = [error["field"] for error in assert_problem(answer, 422, "invalid-input")["errors"]]
    assert fields == ["events[0].type", "events[1].type"]
    answer = api.events({"type": "view", "occurred_at": "yesterday"})
    assert assert_problem(answer, 422, "invalid-input")["errors"][0]["field"] == "events[0].occurred_at"
    broken = api.client.post("/v1/events", content="{", headers=api.secret)
    assert_problem(broken, 400, "malformed-request")
    nul = api.client.post("/v1/products", json={"products": [{"id": "n", "title": "a\x00b"}]}, headers=api.secret)
    assert "NUL" in assert_problem(nul, 422, "invalid-input")["detail"]
    assert_problem(api.client.get("/v1/nothing"), 404, "not-found")
    assert_problem(api.client.put("/v1/events"), 405, "method-not-allowed")


def test_hostile_and_odd_titles_are_kept_as_text(api: Api) -> None:
    odd = [
        {"id": "script", "title": "<script>alert(1)</script>", "price": "1"},
        {"id": "long", "title": "x" * 100_000, "price": "1"},
        {"id": "emoji", "title": "🫖 שלום", "price": "1"},
    ]
    assert api.client.post("/v1/products", json={"products": odd}, headers=api.secret).status_code == 200
    texts = [
        api.client.get(f"/v1/products/{one['id']}", headers=api.secret).json()["texts"]["en"]["title"] for one in odd
    ]
    assert texts[0] == "<script>alert(1)</script>"
    assert len(texts[1]) == 1000
    assert texts[1].endswith("…")
    assert texts[2] == "🫖 שלום"
    for one in odd:
        api.client.delete(f"/v1/products/{one['id']}", headers=api.secret)


def test_orders_put_purchases_on_the_timeline_and_bought_things_stay_away(api: Api) -> None:
    order = {"id": "o1", "customer": "buyer", "lines": [{"product": "shoes", "quantity": 1, "unit_price": "80"}]}
    for expected in ("new", "unchanged"):
        answer = api.client.post(
            "/v1/orders", json={"orders": [{**order, "placed_at": "2026-05-01T10:00:00Z"}]}, headers=api.secret
        )
        assert answer.json() == {"outcome": [expected]}
    timeline = api.client.get("/v1/customers/buyer", headers=api.secret).json()["timeline"]
    assert [(event["type"], event["amount"]) for event in timeline] == [("purchase", 8000)]
    assert "shoes" not in [item["product"] for item in api.recommend(customer="buyer", n=20).json()["items"]]


def test_erasing_a_customer_leaves_nothing_to_find(api: Api) -> None:
    api.events({"type": "view", "product": "teapot", "customer": "leaver", "visitor": "leavers-phone"})
    api.recommend(customer="leaver")
    erased = api.client.delete("/v1/customers/leaver", headers=api.secret).json()["erased"]
    assert erased["events"] == 1
    assert erased["decisions"] == 1
    assert_problem(api.client.get("/v1/customers/leaver", headers=api.secret), 404, "not-found")


def test_archived_products_leave_the_lists_at_once(api: Api) -> None:
    api.client.post(
        "/v1/products", json={"products": [{"id": "brief", "title": "Brief", "price": "1"}]}, headers=api.secret
    )
    assert "brief" in [item["product"] for item in api.recommend(n=50).json()["items"]]
    assert api.client.delete("/v1/products/brief", headers=api.secret).status_code == 204
    assert "brief" not in [item["product"] for item in api.recommend(n=50).json()["items"]]


def test_operations(api: Api) -> None:
    assert api.client.get("/v1/health").json()["status"] == "ok"
    ready = api.client.get("/v1/ready").json()
    assert ready["status"] == "ready"
    assert ready["mode"] in ("starter", "newest")
    metrics = api.client.get("/metrics").text
    assert "regulars_http_requests_total" in metrics
    assert "regulars_database_up 1.0" in metrics


def test_cors_lets_browsers_in(api: Api) -> None:
    origin = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    preflight = api.client.options("/v1/events", headers=origin)
    assert preflight.status_code == 204
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = api.client.post(
        "/v1/events", json={"events": []}, headers={**api.public, "Origin": "https://shop.example"}
    )
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_caller_that_is_too_fast_is_told_when_to_come_back() -> None:
    from regulars.errors import RateLimited
    from regulars.web.guard import Buckets

    buckets = Buckets()
    for _ in range(4):
        buckets.take("a", 2.0, now=100.0)
    buckets.take("b", 2.0, now=100.0)
    with pytest.raises(RateLimited) as refused:
        buckets.take("a", 2.0, now=100.0)
    assert refused.value.where["retry_after"] == pytest.approx(0.5)
    buckets.take("a", 2.0, now=100.6)


def test_every_documented_answer_holds_under_fuzzing(api: Api) -> None:
    """schemathesis over the whole contract: no 500, no undocumented status, no answer outside its schema."""
    schema = schemathesis.openapi.from_dict(api.app.openapi())
    checked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.method.upper() == "DELETE" and "customers" in operation.path:
            continue  # erasing syncs the mirror each time, and has a test of its own

        @settings(
            max_examples=15,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        @given(case=operation.as_strategy())
        def run(case: schemathesis.Case) -> None:
            # The running app answers: `case.call` would start another one for each example.
            sent = case.as_transport_kwargs(base_url="http://testserver", headers=dict(api.secret))
            sent.pop("cookies", None)
            answer = Response.from_any(api.client.request(**sent))
            case.validate_response(answer, checks=CHECKS)

        run()
        checked += 1
    assert checked >= 10


def test_lost_database_fails_fast_and_comes_back(tmp_path: Path) -> None:
    """The embedded server is killed under a running app: 503 in the envelope, then answers again without a restart."""
    import os
    import signal

    import regulars
    from regulars.store import supervisor

    folder = tmp_path / "shop"
    with regulars.init(folder) as shop:
        secret = {"Authorization": f"Bearer {shop.create_key('tests', 'secret')}"}
    with TestClient(create_app(folder), raise_server_exceptions=False) as client:
        event = {"type": "view", "product": "teapot", "visitor": "v", "message_id": "kept"}
        assert client.post("/v1/events", json={"events": [event]}, headers=secret).status_code == 202
        os.kill(supervisor.owner_pids(folder)["postgresql"], signal.SIGKILL)
        deadline = time.monotonic() + 60

        def until_accepted(sent: dict[str, Any]) -> dict[str, int]:
            """The answer once the database is back; every refusal until then is quick and says so."""
            while True:
                began = time.monotonic()
                answer = client.post("/v1/events", json={"events": [sent]}, headers=secret)
                assert time.monotonic() - began < 5, "fails fast"
                if answer.status_code == 202:
                    return dict(answer.json())
                assert answer.status_code == 503, answer.text
                assert answer.json()["type"] in ("/problems/database-unavailable", "/problems/supervisor")
                assert time.monotonic() < deadline
                time.sleep(0.05)

        assert until_accepted({**event, "message_id": "after"})["accepted"] == 1
        assert until_accepted(event)["duplicates"] == 1, "what was acknowledged is still there"


def test_a_browser_that_refuses_gets_lists_that_are_not_about_it(api: Api) -> None:
    visit = {"visitor": "shy", "occurred_at": "2026-03-01T10:00:00Z"}
    api.events({"type": "view", "product": "shoes", **visit}, headers=api.public)
    before = api.recommend(api.public, visitor="shy").json()
    assert any("Running shoes" in item["reason"]["text"] for item in before["items"])
    refusal = {"type": "consent", "visitor": "shy", "properties": {"personalisation": False}}
    assert api.events(refusal, headers=api.public).status_code == 202
    after = api.recommend(api.public, visitor="shy").json()
    assert after["items"]
    assert not any("Running shoes" in item["reason"]["text"] for item in after["items"])
    told = api.client.get(f"/v1/decisions/{after['decision_id']}", headers=api.secret).json()
    assert (told["trace"]["consent"], told["trace"]["history"]) == ("refused", [])
    assert api.events({"type": "consent", "visitor": "shy"}).status_code == 422


def test_a_body_that_is_not_json_is_told_so_in_one_line(api: Api) -> None:
    answer = api.client.post(
        "/v1/recommendations", content=b'{"surface": "home"}', headers={**api.secret, "Content-Type": "text/plain"}
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-request")
    assert "application/json" in answer.json()["hint"]


def test_a_customers_export_is_for_secret_keys_only(api: Api) -> None:
    api.events({"type": "view", "customer": "reader", "product": "teapot"})
    told = api.client.get("/v1/customers/reader/export", headers=api.secret).json()
    assert [event["product"] for event in told["events"]] == ["teapot"]
    assert api.client.get("/v1/customers/reader/export", headers=api.public).status_code == 403


def test_the_reference_page_and_file_are_the_contract(api: Api) -> None:
    page = api.client.get("/docs").text
    for path, methods in api.app.openapi()["paths"].items():
        for method in methods:
            assert f"</span> {path}</code>" in page, (method, path)
    assert "message_id" in page
    assert "https://" not in page
    kept = Path(__file__).parents[2] / "docs" / "reference.md"
    assert kept.read_text(encoding="utf-8") == reference.markdown(api.app.openapi()), (
        "write it anew: python -m regulars.web.reference > docs/reference.md"
    )
