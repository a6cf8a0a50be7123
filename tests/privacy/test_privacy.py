"""Seeing everything and being forgotten, through the shop as a user has it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulars.errors import NotFound
from regulars.privacy.erasure import forget_rejects
from regulars.shop import Shop


def write(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def filled(shop: Shop, tmp_path: Path) -> Shop:
    shop.import_file(
        "products", write(tmp_path / "p.jsonl", {"id": "mug", "title": "Mug"}, {"id": "cup", "title": "Cup"})
    )
    people = write(
        tmp_path / "c.jsonl",
        {"id": "ann", "email": "Ann@example.org", "name": "Ann", "consent": {"email": True}},
        {"id": "bob", "email": "bob@example.org"},
        {"id": "carl", "email": "ann@example.org", "nonsense": {"a": 1}, "locale": "\u0000"},
        {"id": "dora", "email": "dora@example.org", "locale": "\u0000"},
    )
    assert shop.import_file("customers", people).rejected == 2
    shop.import_file(
        "orders",
        write(
            tmp_path / "o.jsonl",
            {
                "id": "o1", "customer": "ann", "placed_at": "2026-03-01T10:00:00Z", "address": {"city": "Leeds"},
                "lines": [{"product": "mug", "quantity": 2, "unit_price": "4.50"}],
                "shipments": [{"carrier": "DHL", "tracking": "JJD01"}],
            },
        ),
    )  # fmt: skip
    shop.import_file(
        "events",
        write(
            tmp_path / "e.jsonl",
            {
                "type": "view",
                "customer": "ann",
                "visitor": "v1",
                "product": "cup",
                "occurred_at": "2026-03-01T09:00:00Z",
            },
        ),
    )
    shop.recommend("ann")
    return shop


def test_the_export_holds_everything_about_one_person_and_nothing_of_others(filled: Shop) -> None:
    told = filled.export_customer("ann")
    assert told["customer"]["email"] == "Ann@example.org"
    assert [row["value"] for row in told["ids"]] == ["ann"]
    assert [row["visitor"] for row in told["browsers"]] == ["v1"]
    assert [(row["type"], row["product"]) for row in told["events"]] == [("view", "cup"), ("purchase", "mug")]
    (order,) = told["orders"]
    assert (order["order"], order["lines"][0]["product"], order["shipments"][0]["tracking"]) == ("o1", "mug", "JJD01")
    assert [row["purpose"] for row in told["consents"]] == ["email"]
    (decision,) = told["decisions"]
    assert decision["products"]
    assert "bob" not in json.dumps(told, default=str)
    with pytest.raises(NotFound):
        filled.export_customer("nobody")


def test_forgetting_reaches_rejected_rows_and_tracking_numbers(filled: Shop) -> None:
    (rejects,) = filled.workspace.imports.glob("customers-*-rejects.jsonl")
    assert "ann@example.org" in rejects.read_text()
    gone = filled.erase("ann")
    assert gone["rejects"] == 1  # carl's row held her address; dora's stays
    assert "ann@example.org" not in rejects.read_text()
    assert "dora" in rejects.read_text()
    with filled.database.connect() as connection:
        row = connection.execute("SELECT tracking, carrier FROM shipments").fetchone()
    assert row == {"tracking": None, "carrier": "DHL"}


def test_short_names_are_only_found_as_whole_values(tmp_path: Path) -> None:
    path = tmp_path / "customers-0-rejects.jsonl"
    lines = [
        {"row": {"id": "an"}},
        {"row": {"name": "Anton"}},
        {"row": {"note": "write to anna@example.org please"}},
        {"row": 7},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "not json but an\n")
    assert forget_rejects(tmp_path, {"an", "anna@example.org", "7"}) == 3
    assert [json.loads(line)["row"] for line in path.read_text().splitlines()[:1]] == [{"name": "Anton"}]
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_secret_ends_the_tokens_of_the_old(shop: Shop) -> None:
    before = shop.token_secret()
    shop.rotate_secret()
    assert shop.token_secret() != before
