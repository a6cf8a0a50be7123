"""Other systems' files in a real store: once however often, resumable, and events that find their product by any of its names."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from regulars import cli
from regulars.feeds import importer
from regulars.shop import Shop
from regulars.store.workspace import StartSettings, Workspace
from regulars.web.api import create_app

from store.helpers import ask, one, products  # isort: skip
from .writers import WRITERS

SHOPIFY = """\
Handle,Title,Body (HTML),Vendor,Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Tax code,Status
mug,Mug,<p>Holds tea.</p>,Acme,Kitchen,"tea, gift",Size,Small,MUG-S,9.50,https://x/1.jpg,2,active
mug,,,,,,,Large,MUG-L,11.50,,2,
cup,Cup,,Acme,Kitchen,,Title,Default Title,CUP,3,,,active
"""


@pytest.fixture
def bring(shop: Shop, tmp_path: Path) -> Any:
    """Writes a file and imports it."""

    def run(content: str | bytes, kind: str | None = None, name: str = "file", **more: Any) -> Any:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return shop.import_file(kind, file, **more)

    return run


def viewed(shop: Shop) -> list[tuple[str, str | None]]:
    """Each event's type and the title of its product, in order."""
    found = ask(
        shop.database,
        "SELECT e.type, p.texts->'en'->>'title' AS title FROM events e LEFT JOIN products p ON p.product_id = e.product_id AND p.known"
        " ORDER BY e.occurred_at, e.event_id",
    )
    return [(row["type"], row["title"]) for row in found]


@pytest.mark.parametrize("name", WRITERS)
def test_importing_a_file_twice_is_importing_it_once(shop: Shop, tmp_path: Path, name: str) -> None:
    kind, write = WRITERS[name]
    file = write(Random(11))
    path = tmp_path / file.name
    path.write_bytes(file.content)
    first = shop.import_file(None, path)
    assert (first.kind, first.format) == (kind, name.partition(" ")[0])
    assert first.read == first.new + first.updated + first.unchanged
    assert first.new == len(file.expected)
    counts = shop.counts()
    again = shop.import_file(None, path)
    assert (again.new, again.updated, again.unchanged) == (0, 0, first.read)
    assert shop.counts() == counts
    preview = shop.preview_file(path)
    assert (preview.usable, preview.unplaced) == (first.read, first.as_dict()["unplaced"])


def event(minute: int, **properties: Any) -> str:
    call = {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "a",
        "timestamp": f"2024-01-02T10:{minute:02}:00Z",
        "properties": properties,
    }
    return json.dumps(call) + "\n"


CALLS = (
    event(0, product_id="mug")
    + event(1, product_id="7410", sku="MUG-L")
    + event(2, sku="CUP")
    + event(3, product_id="CUP")
    + event(4, product_id="7410")
    + event(5, name="nothing")
)


def test_events_find_their_product_by_handle_sku_or_both(shop: Shop, bring: Any) -> None:
    assert bring(SHOPIFY).new == 2
    report = bring(CALLS, name="calls")
    assert (report.new, report.rejected) == (6, 0)
    expected = ["Mug", "Mug", "Cup", "Cup", None, None]
    assert viewed(shop) == [("view", title) for title in expected]
    assert report.unresolved == 1
    assert one(shop.database, "SELECT properties->>'product_id' FROM events WHERE properties ? 'product_id'") == "7410"


def test_events_that_came_first_find_their_product_when_it_comes(shop: Shop, bring: Any) -> None:
    assert bring(CALLS, name="calls").unresolved == 5
    report = bring(SHOPIFY)
    assert report.found["events that joined their product by a SKU or another of its names"] == 2
    assert [title for _, title in viewed(shop)] == ["Mug", "Mug", "Cup", "Cup", None, None]
    assert bring(CALLS, name="calls").new == 0


def test_what_came_before_its_product_is_joined_in_time_whoever_wrote_the_product(shop: Shop, bring: Any) -> None:
    bring(event(0, product_id="7410", sku="MUG-L"), name="calls")
    products(shop.database, {"id": "mug", "title": "Mug", "variants": [{"sku": "MUG-L"}]})
    assert viewed(shop) == [("view", None)]
    shop.maintain()
    assert viewed(shop) == [("view", "Mug")]


def test_no_event_decides_which_product_a_file_describes(shop: Shop, bring: Any) -> None:
    """A browser says that `later` has the mug's SKU; when a product `later` comes, it is one of its own."""
    bring(SHOPIFY)
    bring(event(0, product_id="later", sku="MUG-S"), name="calls")
    bring("Handle,Title,Variant SKU,Variant Price\nlater,Later,L1,5\n", name="more")
    titles = ask(shop.database, "SELECT texts->'en'->>'title' AS t FROM products WHERE known ORDER BY 1")
    assert [row["t"] for row in titles] == ["Cup", "Later", "Mug"]


ORDERS = """\
Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Accepts Marketing,Billing Name
#1001,Ann@X.org,paid,EUR,32.50,2024-01-02 11:00:00 +0100,2,Mug - Large,11.50,MUG-L,yes,Ann A
#1001,Ann@X.org,,,,2024-01-02 11:00:00 +0100,1,Mug - Small,9.50,MUG-S,,
#1002,,paid,EUR,3,2024-01-03 11:00:00 +0100,1,Cup,3,CUP,,
"""


def test_orders_find_products_and_customers_and_count_once_beside_events(shop: Shop, bring: Any) -> None:
    completed = {"type": "track", "event": "Order Completed", "userId": "u", "timestamp": "2024-01-02T10:00:01Z",
                 "properties": {"order_id": "#1001", "products": [{"product_id": "7410", "sku": "MUG-L", "quantity": 2, "price": 11.5}]}}  # fmt: skip
    bring(json.dumps(completed) + "\n", name="calls")
    bring(SHOPIFY)
    report = bring(ORDERS, name="orders")
    assert (report.kind, report.new, report.rejected) == ("orders", 2, 0)
    assert viewed(shop) == [("purchase", "Mug"), ("purchase", "Mug"), ("purchase", "Cup")]
    assert one(shop.database, "SELECT count(*) FROM order_lines WHERE product_id IS NULL") == 0
    customers = bring(ORDERS, "customers", name="orders")
    assert (customers.new, customers.kind) == (1, "customers")
    assert ask(shop.database, "SELECT name, email FROM customers WHERE known") == [
        {"name": "Ann A", "email": "ann@x.org"}
    ]
    bring(
        "Customer ID,First Name,Last Name,Email,Total Spent,Total Orders\n'6401,Ann,A,ann@x.org,32.50,1\n",
        name="customers",
    )
    ordered = ask(shop.database, "SELECT c.name FROM orders o JOIN customers c USING (customer_id) JOIN external_ids x ON x.kind = 'customer'"
                                 " AND x.id = c.customer_id AND x.value = '6401'")  # fmt: skip
    assert [row["name"] for row in ordered] == ["Ann A"]


def test_a_variation_is_bought_by_its_number_or_its_sku(shop: Shop, bring: Any) -> None:
    bring("ID,Type,SKU,Name,Parent,Regular price,Categories,Attribute 1 name,Attribute 1 value(s)\n44,variable,TEE,Tee,,,Clothes,Size,\"S, L\"\n"
          "45,variation,TEE-S,,id:44,5,,Size,S\n46,variation,TEE-L,,TEE,6,,Size,L\n")  # fmt: skip
    orders = ("order_id,order_date,status,order_total,order_currency,line_items\n"
              "1,2024-01-02 10:00:00,completed,5,EUR,name:Tee|product_id:44|variation_id:45|quantity:1|total:5\n"
              "2,2024-01-02 11:00:00,completed,6,EUR,name:Tee|sku:TEE-L|quantity:1|total:6\n")  # fmt: skip
    assert bring(orders, name="orders").new == 2
    bring(
        '{"client_id":"c","timestamp_micros":1704195600000000,"events":[{"name":"view_item","params":{"items":[{"item_id":"TEE"},{"item_id":"TEE-S"},{"item_id":44}]}}]}\n',
        name="ga4",
    )
    assert viewed(shop) == [("purchase", "Tee"), ("purchase", "Tee"), ("view", "Tee"), ("view", "Tee"), ("view", "Tee")]
    assert one(shop.database, "SELECT count(DISTINCT variant_id) FROM order_lines") == 2


def test_orders_without_skus_find_products_by_title(shop: Shop, bring: Any) -> None:
    bring(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price\npot,Clay  Pot,Size,Large,9\npot,,,Small,5\ntwin-1,Twin,,,1\ntwin-2,Twin,,,1\n"
    )
    orders = (
        "Name,Email,Phone,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
        "#1,,+880 1795-326165,pending,EUR,9,2024-01-02 11:00:00 +0100,1,Clay Pot - Large,9,\n"
        "#1,,,,,,2024-01-02 11:00:00 +0100,1,clay pot,9,\n"
        "#1,,,,,,2024-01-02 11:00:00 +0100,1,Twin,1,\n"
    )
    report = bring(orders, name="orders")
    assert report.new == 1
    assert sorted(report.found.values()) == [1, 2]
    assert viewed(shop) == [("purchase", "Clay  Pot"), ("purchase", "Clay  Pot")]
    assert (
        one(shop.database, "SELECT value FROM external_ids WHERE kind = 'customer' AND namespace = 'phone'")
        == "+8801795326165"
    )
    assert bring(orders, name="orders").unchanged == 1


class Stop(Exception):
    pass


def test_an_import_of_a_foreign_format_that_broke_off_goes_on(
    shop: Shop, new_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "DEFAULT_BATCH", 100)
    lines = ["ID,Type,SKU,Name,Parent,Regular price,Categories,Shipping class"]
    lines += [f"{n},variable,P{n},Product {n},,,A > B," for n in range(1_500)]
    lines += [f"{10_000 + n},variation,V{n},,id:{n if n % 50 else 'gone'},{n}.50,,heavy" for n in range(1_500)]
    file = tmp_path / "woo.csv"
    file.write_text("\n".join(lines))

    def stop(done: int, _: int | None) -> None:
        if done == 1_000:
            raise Stop

    with pytest.raises(Stop):
        shop.import_file("products", file, progress=stop)
    report = shop.import_file(None, file)
    assert report.resumed_at >= 800
    calm = Shop(Workspace.create(tmp_path / "calm"), StartSettings(), new_database())
    undisturbed = calm.import_file(None, file)
    for name in ("read", "new", "updated", "unchanged", "rejected", "reasons", "unplaced", "found"):
        assert report.as_dict()[name] == undisturbed.as_dict()[name], name
    assert (report.new, report.rejected, report.unplaced["Shipping class"]) == (1_500, 30, 1_500)
    assert one(shop.database, "SELECT count(*) FROM variants WHERE sku LIKE 'V%%'") == 1_470


def test_the_command_line_finds_out_what_a_file_is(shop: Shop, tmp_path: Path) -> None:
    (shop.workspace.folder / "regulars.toml").write_text(f'database_url = "{shop.database.url}"\n')
    files = {"shop.csv": SHOPIFY, "orders.csv": ORDERS, "calls.jsonl": CALLS}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    paths = [str(tmp_path / name) for name in files]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli.app, ["import", *arguments, "-w", str(shop.workspace.folder)])
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    said = run(paths[0], "--dry-run")
    assert (
        "products, Shopify products (CSV). Of all 3 rows: 2 products usable, 0 rejected. Nothing was written." in said
    )
    assert "variants.price" in said
    assert "not kept, 1 column: Tax code" in said
    assert shop.counts()["products"] == 0
    assert json.loads(run(paths[0], "--dry-run", "--json"))[0]["usable"] == 2
    assert shop.counts()["products"] == 0
    said = run(*paths)
    for part in ("2 products read, 2 new", "2 orders read, 2 new", "1 customers read, 1 new", "6 events read, 6 new"):
        assert part in said
    assert "2 known already" in run("products", paths[0])
    assert "2 known already" in run("auto", paths[0])
    for wrong, words in ((["products"], "No file"), (["things", paths[0]], "neither a file nor a kind")):
        done = CliRunner().invoke(cli.app, ["import", *wrong, "-w", str(shop.workspace.folder)])
        assert words in str(done.exception)


@pytest.fixture
def client(shop: Shop) -> Iterator[tuple[TestClient, Callable[..., Any]]]:
    limits = "secret_requests_per_second = 100000.0\npublic_requests_per_second = 100000.0\n"
    (shop.workspace.folder / "regulars.toml").write_text(f'database_url = "{shop.database.url}"\n{limits}')
    keys = {scope: shop.create_key("tests", scope) for scope in ("public", "secret")}
    with TestClient(create_app(shop.workspace.folder), raise_server_exceptions=False) as running:

        def post(body: Any, scope: str = "secret") -> Any:
            content = body if isinstance(body, (str, bytes)) else json.dumps(body)
            return running.post("/v1/events", content=content, headers={"Authorization": f"Bearer {keys[scope]}"})

        deadline = time.monotonic() + 10
        while post({"events": []}).status_code != 202:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield running, post


def test_bodies_of_other_systems_are_taken_over_http(shop: Shop, bring: Any, client: Any) -> None:
    bring(SHOPIFY)
    _, post = client
    call = {
        "type": "track",
        "event": "Product Added",
        "anonymousId": "a",
        "properties": {"product_id": "7410", "sku": "MUG-S", "quantity": 2},
    }
    for body in (call, {"batch": [call], "sentAt": "2024-01-01T00:00:00Z"}):
        answer = post(body)
        assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "duplicates": 0, "unresolved": 0}), (
            answer.text
        )
        assert post(body).json() == {"accepted": 0, "duplicates": 1, "unresolved": 0}
    google = {
        "client_id": "c",
        "events": [
            {
                "name": "view_item_list",
                "params": {"items": [{"item_id": "CUP"}, {"item_id": "mug"}, {"item_name": "?"}]},
            }
        ],
    }
    assert post(google).json() == {"accepted": 3, "duplicates": 0, "unresolved": 0}
    assert post(google, "public").json()["duplicates"] == 3
    assert sorted(viewed(shop), key=str) == [
        ("cart", "Mug"),
        ("cart", "Mug"),
        ("impression", "Cup"),
        ("impression", "Mug"),
        ("impression", None),
    ]
    assert post({"batch": []}).json() == {"accepted": 0, "duplicates": 0, "unresolved": 0}


def test_bodies_of_other_systems_keep_the_rules_of_ours(client: Any) -> None:
    _, post = client
    known = {"type": "identify", "userId": "u", "anonymousId": "a", "traits": {"email": "a@x.org"}}
    assert post(known, "public").status_code == 403
    assert post(known).status_code == 202
    refused = post({"batch": [known, {"type": "delete", "userId": "u"}, {**known, "timestamp": "soon"}, "x"]})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["batch[1]", "batch[3]"]
    assert post({**known, "timestamp": "soon"}).json()["errors"][0]["field"] == "events[0].occurred_at"
    many = {
        "client_id": "c",
        "events": [{"name": "view_item", "params": {"items": [{"item_id": n} for n in range(10_001)]}}],
    }
    answer = post(many)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    for body, status in (("{", 400), ("[]", 422), ('{"events": [{"name": "x"}]}', 422), ('{"type": "track"}', 422)):
        assert post(body).status_code == status, body
