"""A text as HTTP, files and the command line tell it: whole, with its account, in plain data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from regulars.content.gate import Judgement, texts
from regulars.content.looks import Mismatch
from regulars.content.records import flags_packed, unpacked
from regulars.content.service import Written
from regulars.content.sheet import Sheet
from regulars.experiments.statistics import Rate
from regulars.schema.content import Fields
from regulars.store import identity
from regulars.store.database import Connection, Row


def text_told(row: Row) -> dict[str, Any]:
    """A kept text. fields: each part's text; sentences: with the facts they stand on."""
    fields = unpacked(row["fields"])
    return {
        "id": str(row["text_id"]),
        "product": row.get("product"),
        "category": row.get("category"),
        "kind": row["kind"],
        "locale": row["locale"],
        "variant": row["variant"],
        "state": row["state"],
        "version": row["version"],
        "fields": texts(fields, row["locale"]),
        "sentences": sentences_told(fields),
        "flags": row["flags"],
        "writer": row["writer"],
        "tries": row["trace"],
        "publish_at": row["publish_at"],
        "published_at": row["published_at"],
        "created_at": row["created_at"],
        "changed_at": row["changed_at"],
    }


def sentences_told(fields: Fields) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{"text": one.text.strip("\n"), "about": list(one.about)} for one in said]
        for name, said in fields.items()
    }


def written_told(sheet: Sheet, written: Written, kind: str, locale: str) -> dict[str, Any]:
    """A text that isn't kept."""
    return {
        "product": sheet.record.name,
        "kind": kind,
        "locale": locale,
        "state": written.state,
        "fields": texts(written.fields, locale),
        "sentences": sentences_told(written.fields),
        "flags": flags_packed(written.judgement.flags),
        "writer": written.writer,
        "tries": [{"writer": one.writer, "why": one.why, "flags": flags_packed(one.flags)} for one in written.tries],
    }


def judgement_told(judgement: Judgement) -> dict[str, Any]:
    return {"passed": judgement.passed, "flags": flags_packed(judgement.flags)}


def sheet_told(sheet: Sheet, locale: str) -> dict[str, Any]:
    """What may be said of a product, and what speaks against itself."""
    return {
        "product": sheet.record.name,
        "title": sheet.title(locale),
        "brand": sheet.record.brand,
        "facts": [
            {"name": one.name, "label": one.label[locale], "value": one.shown(locale), "source": one.source}
            for one in sheet.told(locale)
        ],
        "statements": list(sheet.statements.get(locale, ())),
        "conflicts": [{"matter": one.matter, "told": [{"where": where, "says": says} for where, says in one.told]} for one in sheet.conflicts],
        "untold": list(sheet.untold.get(locale, ())),
        "left_out": [{"why": one.why, "said": one.said} for one in sheet.left],
    }  # fmt: skip


def result_told(row: Row) -> dict[str, Any]:
    """How a text did that was published beside others. interval: Wilson's, 95 %."""
    rate = Rate(row["carts"], row["shown"])
    return {
        "id": str(row["text_id"]),
        "kind": row["kind"],
        "locale": row["locale"],
        "variant": row["variant"],
        "state": row["state"],
        "shown": row["shown"],
        "carts": row["carts"],
        "share": rate.share,
        "interval": rate.interval,
        "propensity": row["propensity"],
    }


def mismatches_told(connection: Connection, found: Iterable[Mismatch]) -> list[dict[str, Any]]:
    """Products whose picture looks like another category, by their names outside."""
    found = list(found)
    ids = sorted({one for each in found for one in (each.product_id, *each.like)})
    names = {number: one.value for number, one in identity.names_of(connection, "product", ids).items()}
    return [
        {
            "product": names.get(one.product_id),
            "filed": one.filed,
            "looks": one.looks,
            "share": one.share,
            "like": [names[like] for like in one.like if like in names],
        }
        for one in found
    ]


def shopify(rows: Iterable[Mapping[str, Any]]) -> str:
    """Published descriptions and page titles as a Shopify product file: handle, body, SEO title and description."""
    products: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.get("category"):
            continue
        told = texts(unpacked(row["fields"]), row["locale"])
        kept = products.setdefault(row["product"] or str(row["product_id"]), {})
        if row["kind"] == "description":
            kept["Body (HTML)"] = as_html(told["body"])
        elif row["kind"] == "title":
            kept["Title"] = told["title"]
        elif row["kind"] == "seo":
            kept |= {"SEO Title": told["title"], "SEO Description": told["description"]}
        elif row["kind"] == "alt":
            kept["Image Alt Text"] = told["alt"]
    heads = ["Handle", "Title", "Body (HTML)", "SEO Title", "SEO Description", "Image Alt Text"]
    out = io.StringIO()
    writer = csv.DictWriter(out, heads, restval="")
    writer.writeheader()
    writer.writerows({"Handle": name, **kept} for name, kept in products.items())
    return out.getvalue()


def merchant(rows: Iterable[Mapping[str, Any]]) -> str:
    """Published titles and descriptions as a supplemental feed of Google Merchant Center: tab-separated id, title, description."""
    products: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.get("category"):
            continue
        told = texts(unpacked(row["fields"]), row["locale"])
        kept = products.setdefault(row["product"] or str(row["product_id"]), {})
        if row["kind"] == "description":
            kept["description"] = " ".join(told["body"].split())[:5_000]
        elif row["kind"] == "title":
            kept["title"] = told["title"][:150]
    out = io.StringIO()
    writer = csv.DictWriter(out, ["id", "title", "description"], restval="", delimiter="\t")
    writer.writeheader()
    writer.writerows({"id": name, **kept} for name, kept in products.items())
    return out.getvalue()


def as_html(text: str) -> str:
    """Lines as paragraphs, escaped."""
    from html import escape

    return "".join(f"<p>{escape(line)}</p>" for line in text.split("\n") if line.strip())
