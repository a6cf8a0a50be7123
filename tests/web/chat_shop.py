"""The tests' shop with orders, a help centre and an assistant that understands: what chats and the console's desk need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from assist.orders import fill
from regulars.schema import Article
from regulars.shop import Shop
from regulars.store import records, rows

from .shop_pages import tiny_shop

ARTICLES = [
    {"id": "returns", "title": "How do I return something?", "locale": "en", "body": "You have 30 days from delivery. Open the order in your account and print the label; returning is free."},
    {"id": "delivery", "title": "What does delivery cost?", "locale": "en", "body": "Delivery costs €3.90. Orders of €40 or more are delivered free of charge."},
    {"id": "gift", "title": "礼品卡有效期多久？", "locale": "zh", "body": "礼品卡自购买之日起五年内有效，余额可以分多次使用。"},
]  # fmt: skip


@contextmanager
def chat_shop(servers: Callable[[str], Any], folder: Path) -> Iterator[tuple[FastAPI, Shop]]:
    with tiny_shop(servers, folder) as (app, shop):
        furnish(shop)
        yield app, shop


def furnish(shop: Shop) -> None:
    """Two customers with orders, and three articles."""
    fill(shop.database)
    clock = rows.Clock.of(shop.settings)
    with shop.database.connect() as connection:
        made = [rows.article_row(Article.model_validate(one), clock) for one in ARTICLES]
        records.upsert(connection, records.UPSERT_ARTICLES, made)
