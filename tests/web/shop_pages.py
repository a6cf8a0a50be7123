"""A tiny shop for the storefront's tests, served by the real app on a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from regulars.schema import Event, Product
from regulars.shop import Shop
from regulars.store import records, rows
from regulars.store.database import Database
from regulars.store.workspace import StartSettings, Workspace
from regulars.web.api import create_app

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
ODD_IDS = ("a/b?c#d", "茶 壶", "x|y", "50% wool", 'quo"te')
PRODUCTS: list[dict[str, Any]] = [
    *(
        {
            "id": f"tea-{number}",
            "title": {"en": f"Green tea {number}", "zh": f"绿茶 {number}"},
            "description": {"en": f"Leaves of the hill number {number}.", "zh": f"第 {number} 座山的茶叶。"},
            "category": ["Drinks", "Tea"],
            "price": f"{number + 3}.50",
            "stock": 90,
        }
        for number in range(8)
    ),
    *(
        {
            "id": f"shoe-{number}",
            "title": {"en": f"Running shoe {number}", "zh": f"跑鞋 {number}"},
            "category": ["Sport", "Shoes"],
            "price": f"{number + 60}",
            "stock": 9,
        }
        for number in range(8)
    ),
    {"id": "hostile", "title": HOSTILE, "description": HOSTILE, "brand": HOSTILE, "category": [HOSTILE], "price": 1, "stock": 5, "attributes": {HOSTILE: HOSTILE, "": "nameless"}, "pictures": ["javascript:alert(1)"]},
    {"id": "sold", "title": "Sold-out tea", "category": ["Drinks", "Tea"], "price": 2, "stock": 0},
    {"id": {"namespace": "shopify", "value": "991"}, "title": "Imported teapot", "category": ["Drinks"], "price": 20, "compare_at_price": 30, "stock": 2},
    {
        "id": "shirt",
        "title": {"en": "Cotton shirt", "zh": "棉衬衫"},
        "category": ["Sport", "Shirts"],
        "variants": [
            {"sku": "SH-S", "options": {"size": "S"}, "price": 20, "stock": 2},
            {"sku": "SH-M", "options": {"size": "M"}, "price": 22, "stock": 0},
            {"sku": "SH-L", "options": {"size": "L"}, "price": 25, "stock": 50},
        ],
    },
    *({"id": name, "title": f"Odd id {place}", "price": 3, "stock": 1} for place, name in enumerate(ODD_IDS)),
]  # fmt: skip


def events() -> list[dict[str, Any]]:
    """Thirty people who like tea and thirty who like shoes."""
    made = []
    for person in range(60):
        kind = "tea" if person % 2 else "shoe"
        for step in range(4):
            product = f"{kind}-{(person // 2 + step) % 8}"
            at = f"2026-03-{person % 27 + 1:02d}T10:0{step}:00Z"
            made.append({"type": "view", "customer": f"c{person}", "product": product, "occurred_at": at})
    return made


@contextmanager
def tiny_shop(servers: Callable[[str], Any], folder: Path, *, filled: bool = True) -> Iterator[tuple[FastAPI, Shop]]:
    """The app and the shop behind it; an empty one unless filled."""
    server = servers("embedded")
    url = server.make()
    workspace = Workspace.create(folder)
    (folder / "regulars.toml").write_text(f'database_url = "{url}"\n')
    with Shop(workspace, StartSettings(database_url=url), Database(folder, url)) as shop:
        shop.change_settings(demo_orders=True)
        if filled:
            settings = shop.settings
            clock = rows.Clock.of(settings)
            products = [rows.product_row(Product.model_validate(one), settings) for one in PRODUCTS]
            seen = [rows.event_row(Event.model_validate(one), clock, settings) for one in events()]
            with shop.database.connect() as connection:
                records.upsert(connection, records.UPSERT_PRODUCTS, products)
                records.append_events(connection, seen, "tests", clock.received)
        yield create_app(folder), shop
    server.drop(url)
