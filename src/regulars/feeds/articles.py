"""Help-centre articles: Markdown files with front matter, and pages as Shopify apps export them (CSV). Knows no store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from regulars.feeds.contract import Cells, Look, Notes, Places, Source, split_list, truth
from regulars.feeds.html_text import plain_text
from regulars.feeds.reader import Broken, Read
from regulars.feeds.said import when

_PLACED = {
    "id": "id|handle|slug|permalink|key|url handle|page id",
    "title": "title|name|page title|question",
    "body": "body|body html|body (html)|content|html|answer|text",
    "locale": "locale|lang|language",
    "questions": "questions|asked as|also asked as|aliases",
    "tags": "tags|keywords|categories|category|topics|blog title",
    "updated_at": "updated at|updated|date|lastmod|last modified|modified|published at|created at|last updated",
    "published": "published|draft|status|visible",
    "file": "file",
    "heading": "heading",
}
PLACES = Places({name: place for place, names in _PLACED.items() for name in names.split("|")}, rest=None)
SHOWN = {"file": "id", "heading": "title", "published": "row"}
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class _Articles:
    kinds = ("articles",)
    flat = False

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        return SHOWN.get(place, place) if place else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        for row in source.rows():
            yield row if isinstance(row, Broken) else _article(row, notes)


class Markdown(_Articles):
    name = "markdown"
    title = "Markdown files"

    def fits(self, look: Look) -> bool:
        return look.physical == "markdown"


class ShopifyPages(_Articles):
    name = "shopify-pages"
    title = "Shopify pages (CSV)"

    def fits(self, look: Look) -> bool:
        if look.physical not in ("csv", "parquet") or not look.has("handle", "title"):
            return False
        goods = look.some(
            "variant price", "variant sku", "price", "sku", "vendor", "option1 value", "image src", "rating", "score"
        )
        return look.some("body html", "body (html)", "body", "content") > 0 and goods == 0


MARKDOWN = Markdown()
PAGES = ShopifyPages()


def _article(row: Read, notes: Notes) -> Read | Broken:
    lists = {name: value for name, value in row.values.items() if isinstance(value, list)}
    cells = PLACES.sort({name: value for name, value in row.values.items() if name not in lists}, notes)
    if not _shown(cells):
        return Broken(row.line, "isn't published", str(row.values)[:500])
    made: dict[str, Any] = {}
    for place in ("id", "title", "body", "updated_at"):
        if place in cells:
            made[place] = cells[place]
    made.setdefault("id", cells.get("file"))
    made.setdefault("title", cells.get("heading") or cells.get("file", "").rpartition("/")[2].replace("-", " "))
    if made["id"] is None:
        made["id"] = made["title"]
    made["title"] = plain_text(made["title"])
    if "body" in made and "file" not in cells:  # Markdown stays as it is: it is text already
        made["body"] = plain_text(made["body"])
    if "updated_at" in made:
        made["updated_at"] = when(made["updated_at"].removesuffix(" UTC"))
    tags = split_list(cells.get("tags", ""))
    for name, values in lists.items():
        if PLACES.of(name) == "tags":
            tags.extend(str(value) for value in values)
        elif PLACES.of(name) == "questions":
            made["questions"] = [text for value in values if (text := str(value).strip()[:512])][:200]
        elif values:
            notes.leave(name, len(values))
    if "questions" in cells:
        made["questions"] = [one.strip()[:512] for one in re.split(r"[\n|]", cells["questions"]) if one.strip()][:200]
    made["tags"] = list(dict.fromkeys(tag[:512] for tag in tags if tag))[:100]
    if "locale" in cells:
        if _LOCALE.fullmatch(cells["locale"].replace("_", "-")):
            made["locale"] = cells["locale"].replace("_", "-")
        else:
            notes.leave(cells.columns["locale"])
    return Read(row.line, made)


def _shown(cells: Cells) -> bool:
    """Whether the shop shows it: `published: false`, `draft: true`, `status: hidden` say no."""
    word = cells.get("published", "").lower()
    if not word:
        return True
    if cells.columns["published"].strip().lower() == "draft":
        return truth(word) is not True
    return truth(word) is not False and word not in ("hidden", "draft", "archived", "unpublished")
