"""Texts about products: the shop's voice, drafts and their versions, what is published, writings of many texts.

A text is changed by who saw its newest version: another's edit meanwhile is a Conflict, and nothing is lost. Knows no writer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import uuid_utils

from regulars.errors import Conflict, NotFound
from regulars.store.database import Connection, Row, sql

STATES = ("draft", "waiting", "published", "scheduled", "rejected", "replaced", "gone")
READ_PRODUCTS = """
SELECT p.product_id, p.status, p.texts, p.brand, p.category, p.attributes, p.pictures, p.updated_at,
       (SELECT x.value FROM external_ids x WHERE x.kind = 'product' AND x.id = p.product_id
        ORDER BY x.namespace <> 'shop', x.namespace, x.value LIMIT 1) AS name,
       (SELECT jsonb_agg(jsonb_build_object('options', v.options, 'price', v.price, 'compare_at', v.compare_at,
                                            'currency', v.currency, 'exponent', v.exponent) ORDER BY v.place, v.variant_id)
        FROM variants v WHERE v.product_id = p.product_id) AS variants,
       (SELECT jsonb_build_array(avg(r.rating), count(r.rating)) FROM reviews r
        WHERE r.product_id = p.product_id AND r.rating IS NOT NULL) AS rating,
       (SELECT jsonb_agg(jsonb_build_array(r.rating, r.body, r.locale) ORDER BY r.written_at DESC)
        FROM (SELECT * FROM reviews v WHERE v.product_id = p.product_id ORDER BY v.written_at DESC LIMIT 200) r) AS reviews
FROM products p WHERE p.known AND p.product_id = ANY(%s) ORDER BY p.product_id
"""
FIND_PRODUCTS = """
SELECT p.product_id FROM products p
WHERE p.known AND p.status = 'active'
  AND (%(category)s::text IS NULL OR EXISTS (SELECT FROM unnest(p.category) c WHERE lower(c) = lower(%(category)s)))
  AND (%(brand)s::text IS NULL OR lower(p.brand) = lower(%(brand)s))
  AND (NOT %(without)s OR NOT EXISTS (
        SELECT FROM texts t WHERE t.product_id = p.product_id AND t.kind = ANY(%(kinds)s)
                              AND t.state IN ('draft', 'waiting', 'published', 'scheduled')))
ORDER BY p.product_id
"""
BRANDS = "SELECT DISTINCT brand FROM products WHERE brand IS NOT NULL AND known ORDER BY brand"
INSERT = """
INSERT INTO texts (text_id, product_id, kind, locale, variant, state, fields, flags, writer, trace, sheet, writing_id)
VALUES (%(text_id)s, %(product_id)s, %(kind)s, %(locale)s, %(variant)s, %(state)s, %(fields)s, %(flags)s, %(writer)s,
        %(trace)s, %(sheet)s, %(writing_id)s)
"""
INSERT_VERSION = """
INSERT INTO text_versions (text_id, version, fields, writer, note) VALUES (%s, %s, %s, %s, %s)
"""
NAMED = """
SELECT t.*, p.texts AS product_texts, coalesce(p.known, c.category_id IS NOT NULL) AS product_known, p.status AS product_status,
       c.path AS category,
       (SELECT x.value FROM external_ids x WHERE x.kind = 'product' AND x.id = t.product_id
        ORDER BY x.namespace <> 'shop', x.namespace, x.value LIMIT 1) AS product,
       EXISTS (SELECT FROM texts o WHERE o.product_id = t.product_id AND o.kind = t.kind AND o.locale = t.locale
               AND o.state = 'published' AND o.text_id <> t.text_id) AS live
FROM texts t LEFT JOIN products p ON p.product_id = t.product_id LEFT JOIN categories c ON c.category_id = t.product_id
"""
EDIT = """
UPDATE texts SET fields = %(fields)s, flags = %(flags)s, version = version + 1, writer = %(writer)s, state = %(state)s, sheet = %(sheet)s,
    changed_at = now()
WHERE text_id = %(text_id)s AND version = %(version)s RETURNING version
"""
MOVE = """
UPDATE texts SET state = %(state)s, publish_at = %(publish_at)s, changed_at = now(),
    published_at = CASE WHEN %(state)s = 'published' THEN now() ELSE published_at END
WHERE text_id = %(text_id)s AND version = %(version)s RETURNING text_id
"""
REPLACE_LIVE = """
UPDATE texts SET state = 'replaced', changed_at = now()
WHERE product_id = %(product_id)s AND kind = %(kind)s AND locale = %(locale)s AND variant = %(variant)s AND state = 'published'
  AND text_id <> %(text_id)s
"""
LIVE = """
SELECT text_id, product_id, kind, locale, variant, fields, sheet FROM texts
WHERE state = 'published' AND product_id = ANY(%s) AND kind = ANY(%s) ORDER BY product_id, kind, variant
"""
LIVE_OF_CATEGORY = """
SELECT t.text_id, t.locale, t.fields FROM texts t JOIN categories c ON c.category_id = t.product_id
WHERE t.state = 'published' AND t.kind = 'category' AND c.path = %s AND t.locale = %s ORDER BY t.variant LIMIT 1
"""
SET_BESIDE = """
UPDATE texts t SET variant = (SELECT coalesce(max(o.variant), -1) + 1 FROM texts o
    WHERE o.product_id = t.product_id AND o.kind = t.kind AND o.locale = t.locale AND o.state = 'published' AND o.text_id <> t.text_id)
WHERE t.text_id = %(text_id)s RETURNING variant
"""
RESULTS = """
WITH shown AS (
    SELECT d.decision_id, d.at, d.customer_id, d.visitor_id, d.context_product_id AS product_id,
           substr(s.source, 6)::uuid AS text_id, s.propensity
    FROM decisions d, unnest(d.sources, d.propensities) AS s(source, propensity)
    WHERE d.surface = 'content' AND d.at > now() - make_interval(days => %(days)s) AND s.source LIKE 'text:%%'
), carted AS (
    SELECT s.text_id, s.decision_id, s.propensity, EXISTS (
        SELECT FROM events e WHERE e.product_id = s.product_id AND e.type = 'cart' AND e.occurred_at >= s.at - interval '5 seconds'
           AND e.occurred_at < s.at + interval '1 day'
           AND (e.visitor_id = s.visitor_id OR e.customer_id = s.customer_id)) AS cart
    FROM shown s
)
SELECT t.text_id, t.product_id, t.kind, t.locale, t.variant, t.state, t.fields, p.texts AS product_texts,
       count(*) AS shown, count(*) FILTER (WHERE c.cart) AS carts, avg(c.propensity) AS propensity
FROM carted c JOIN texts t USING (text_id) LEFT JOIN products p ON p.product_id = t.product_id
GROUP BY t.text_id, p.texts ORDER BY t.product_id DESC, t.kind, t.locale, t.variant LIMIT 200
"""
DUE = (
    "SELECT text_id, version FROM texts WHERE state = 'scheduled' AND publish_at <= now() ORDER BY publish_at LIMIT 500"
)
GONE = """
UPDATE texts t SET state = 'gone', changed_at = now()
WHERE t.state IN ('draft', 'waiting', 'scheduled', 'published')
  AND NOT EXISTS (SELECT FROM products p WHERE p.product_id = t.product_id AND p.known)
  AND NOT EXISTS (SELECT FROM categories c JOIN products p ON p.category[1:cardinality(c.path)] = c.path
                  WHERE c.category_id = t.product_id AND p.known AND p.status = 'active')
"""
COUNTS = "SELECT state, count(*) AS many FROM texts GROUP BY state"
NEXT_ITEMS = """
SELECT product_id, kind, locale FROM writing_items WHERE writing_id = %s AND state = 'open'
ORDER BY product_id, kind, locale LIMIT %s FOR UPDATE SKIP LOCKED
"""
PROGRESS = """
SELECT w.*, count(*) FILTER (WHERE i.state = 'open') AS open, count(*) FILTER (WHERE i.state = 'done') AS done,
       count(*) FILTER (WHERE i.state = 'failed') AS failed
FROM writings w LEFT JOIN writing_items i USING (writing_id)
"""


APPROVED = """
SELECT product_id, kind, variant, fields FROM texts
WHERE state IN ('published', 'scheduled') AND locale = %s ORDER BY changed_at DESC, text_id LIMIT %s
"""
PREFERRED = """
SELECT product_id, kind, chosen, refused FROM preferences WHERE locale = %s ORDER BY preference_id DESC LIMIT %s
"""
MOST_LEARNED = 50_000


def _dumped(value: Any) -> str:
    return orjson.dumps(value).decode()


def new_id() -> UUID:
    return UUID(bytes=uuid_utils.uuid7().bytes)


# The voice.


def read_voice(connection: Connection) -> Row | None:
    """The voice in force; None where the shop has set none."""
    return connection.execute("SELECT * FROM voices ORDER BY voice_id DESC LIMIT 1").fetchone()


def write_voice(connection: Connection, document: Mapping[str, Any]) -> None:
    connection.execute("INSERT INTO voices (document) VALUES (%s)", (_dumped(document),))


# Products as texts are written of them.


def read_products(connection: Connection, product_ids: Sequence[int]) -> list[Row]:
    """Records with variants and ratings, in order of id; one that is gone is left out."""
    return connection.execute(READ_PRODUCTS, (list(product_ids),)).fetchall()


def find_products(
    connection: Connection, category: str | None, brand: str | None, without: bool, kinds: Sequence[str]
) -> list[int]:
    """Ids of active products. without: only those that have no text of these kinds yet."""
    values = {"category": category, "brand": brand, "without": without, "kinds": list(kinds)}
    return [row["product_id"] for row in connection.execute(FIND_PRODUCTS, values)]


def brands(connection: Connection) -> list[str]:
    return [row["brand"] for row in connection.execute(BRANDS)]


# Texts.


def insert(connection: Connection, text: Mapping[str, Any]) -> UUID:
    """A new text and its first version."""
    text_id = new_id()
    values = {
        "variant": 0, "trace": [], "flags": [], "writing_id": None, **text, "text_id": text_id,
    }  # fmt: skip
    values |= {name: _dumped(values[name]) for name in ("fields", "flags", "trace")}
    connection.execute(INSERT, values)
    connection.execute(INSERT_VERSION, (text_id, 1, values["fields"], values["writer"], None))
    return text_id


def read(connection: Connection, text_id: UUID, *, lock: bool = False) -> Row:
    """Raises: NotFound."""
    row = connection.execute(
        sql(f"{NAMED} WHERE t.text_id = %s" + (" FOR UPDATE OF t" if lock else "")), (text_id,)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no text {text_id}.")
    return row


def listed(
    connection: Connection,
    states: Sequence[str],
    kind: str | None = None,
    locale: str | None = None,
    product_id: int | None = None,
    limit: int = 100,
    after: UUID | None = None,
) -> list[Row]:
    """Texts in these states, oldest first: what waits longest is looked at first. after: the last one of the page before."""
    values = {
        "states": list(states),
        "kind": kind,
        "locale": locale,
        "product": product_id,
        "limit": limit,
        "after": after,
    }
    where = """ WHERE t.state = ANY(%(states)s) AND (%(kind)s::text IS NULL OR t.kind = %(kind)s)
        AND (%(locale)s::text IS NULL OR t.locale = %(locale)s) AND (%(product)s::bigint IS NULL OR t.product_id = %(product)s)
        AND (%(after)s::uuid IS NULL OR t.text_id > %(after)s) ORDER BY t.text_id LIMIT %(limit)s"""
    return connection.execute(sql(NAMED + where), values).fetchall()


def counts(connection: Connection) -> dict[str, int]:
    """How many texts are in each state."""
    return {row["state"]: int(row["many"]) for row in connection.execute(COUNTS)}


def edit(
    connection: Connection,
    text_id: UUID,
    version: int,
    fields: Mapping[str, Any],
    flags: Sequence[Any],
    state: str,
    writer: str,
    sheet: bytes,
    note: str | None = None,
) -> int:
    """A new version of a text whose newest is `version`. Returns its number. Raises: Conflict when somebody was quicker."""
    values = {"text_id": text_id, "version": version, "fields": _dumped(fields), "flags": _dumped(list(flags)), "state": state, "writer": writer, "sheet": sheet}  # fmt: skip
    row = connection.execute(EDIT, values).fetchone()
    if row is None:
        raise _changed(connection, text_id)
    connection.execute(INSERT_VERSION, (text_id, row["version"], values["fields"], writer, note))
    return int(row["version"])


def move(connection: Connection, text_id: UUID, version: int, state: str, publish_at: datetime | None = None) -> None:
    """Into another state; a published text takes the place of the one before it. Raises: Conflict, NotFound."""
    row = read(connection, text_id, lock=True)
    if state == "published":
        connection.execute(
            REPLACE_LIVE, {name: row[name] for name in ("product_id", "kind", "locale", "variant", "text_id")}
        )
    values = {"text_id": text_id, "version": version, "state": state, "publish_at": publish_at}
    if connection.execute(MOVE, values).fetchone() is None:
        raise _changed(connection, text_id)


def check_version(connection: Connection, row: Mapping[str, Any], version: int) -> None:
    """Raises: Conflict when the text's newest version is another."""
    if row["version"] != version:
        raise _changed(connection, row["text_id"])


def set_beside(connection: Connection, text_id: UUID) -> int:
    """Gives a text the next free variant of its kind, so that publishing it takes nobody's place. Returns the variant."""
    row = connection.execute(SET_BESIDE, {"text_id": text_id}).fetchone()
    assert row is not None
    return int(row["variant"])


def results(connection: Connection, days: int) -> list[Row]:
    """Of texts that were published beside others: how often each was shown, and how often its reader put the product into the cart
    within a day. The newest products' first; texts of one product and kind together."""
    return connection.execute(RESULTS, {"days": days}).fetchall()


def _changed(connection: Connection, text_id: UUID) -> Conflict:
    row = read(connection, text_id)
    return Conflict(
        f"Somebody else changed this text meanwhile: it is at version {row['version']} now.",
        hint="Read it again, and put your words into it; yours are still in front of you.",
        field="version",
    )


def versions(connection: Connection, text_id: UUID) -> list[Row]:
    """Newest first."""
    return connection.execute(
        "SELECT * FROM text_versions WHERE text_id = %s ORDER BY version DESC", (text_id,)
    ).fetchall()


def live(connection: Connection, product_ids: Sequence[int], kinds: Sequence[str]) -> list[Row]:
    """What is published of these products."""
    return connection.execute(LIVE, (list(product_ids), list(kinds))).fetchall()


def publish_due(connection: Connection) -> int:
    """Publishes what is scheduled for now or before. Returns how many."""
    due = connection.execute(DUE).fetchall()
    for row in due:
        move(connection, row["text_id"], row["version"], "published")
    return len(due)


def note_gone(connection: Connection) -> int:
    """Texts whose product is gone are kept, but wait and show no more. Returns how many there are new."""
    return connection.execute(GONE).rowcount


def prefer(
    connection: Connection, row: Mapping[str, Any], chosen: Mapping[str, Any] | None, reason: str | None = None
) -> None:
    """Keeps what a person put in the place of a writer's text, or that it was refused."""
    connection.execute(
        "INSERT INTO preferences (text_id, product_id, kind, locale, chosen, refused, reason) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row["text_id"], row["product_id"], row["kind"], row["locale"], None if chosen is None else _dumped(chosen), _dumped(row["fields"]), reason),
    )  # fmt: skip


def approved(connection: Connection, locale: str) -> list[Row]:
    """Texts that a person let out, the latest first."""
    return connection.execute(APPROVED, (locale, MOST_LEARNED)).fetchall()


def preferred(connection: Connection, locale: str) -> list[Row]:
    """What people put in the place of writers' texts, the latest first; chosen is None where they only refused."""
    return connection.execute(PREFERRED, (locale, MOST_LEARNED)).fetchall()


# Writings of many texts.


def begin_writing(
    connection: Connection,
    product_ids: Sequence[int],
    kinds: Sequence[str],
    locales: Sequence[str],
    budget: int | None = None,
    title: str = "",
    own_languages: bool = False,
    also: Sequence[str] = (),
) -> UUID:
    """An order for each kind in each language of each product; own_languages: only in those in which it has a title. also: kinds whose
    items come by `add_items`.
    """
    writing_id = new_id()
    connection.execute(
        "INSERT INTO writings (writing_id, title, kinds, locales, budget) VALUES (%s, %s, %s, %s, %s)",
        (writing_id, title, [*kinds, *also], list(locales), budget),
    )
    connection.execute(
        "INSERT INTO writing_items (writing_id, product_id, kind, locale)"
        " SELECT %s, p.product_id, k, l FROM products p, unnest(%s::text[]) k, unnest(%s::text[]) l"
        " WHERE p.product_id = ANY(%s) AND (NOT %s OR EXISTS ("
        "   SELECT FROM jsonb_each(p.texts) t WHERE t.value ->> 'title' <> ''"
        "   AND l = CASE WHEN t.value ->> 'title' ~ '[\u4e00-\u9fff]' THEN 'zh' WHEN left(t.key, 2) = 'zh' THEN 'zh' ELSE 'en' END))"
        " ON CONFLICT DO NOTHING",
        (writing_id, list(kinds), list(locales), list(product_ids), own_languages),
    )
    return writing_id


def add_items(
    connection: Connection, writing_id: UUID, ids: Sequence[int], kinds: Sequence[str], locales: Sequence[str]
) -> None:
    """More orders of a writing: each kind in each language of each of these."""
    connection.execute(
        "INSERT INTO writing_items (writing_id, product_id, kind, locale)"
        " SELECT %s, i, k, l FROM unnest(%s::bigint[]) i, unnest(%s::text[]) k, unnest(%s::text[]) l ON CONFLICT DO NOTHING",
        (writing_id, list(ids), list(kinds), list(locales)),
    )


def next_items(connection: Connection, writing_id: UUID, many: int) -> list[Row]:
    """Open items, locked until the transaction ends: two who write at once don't write the same one."""
    return connection.execute(NEXT_ITEMS, (writing_id, many)).fetchall()


def close_item(connection: Connection, writing_id: UUID, item: Mapping[str, Any], problem: str | None = None) -> None:
    connection.execute(
        "UPDATE writing_items SET state = %s, problem = %s WHERE writing_id = %s AND product_id = %s AND kind = %s AND locale = %s",
        (
            "done" if problem is None else "failed",
            problem,
            writing_id,
            item["product_id"],
            item["kind"],
            item["locale"],
        ),
    )


def spend(connection: Connection, writing_id: UUID, many: int) -> None:
    """Counts texts that a chat model was asked for."""
    connection.execute("UPDATE writings SET spent = spent + %s WHERE writing_id = %s", (many, writing_id))


def set_writing(connection: Connection, writing_id: UUID, state: str) -> None:
    """Raises: NotFound."""
    changed = connection.execute(
        "UPDATE writings SET state = %s, changed_at = now() WHERE writing_id = %s", (state, writing_id)
    )
    if changed.rowcount == 0:
        raise NotFound(f"There is no writing {writing_id}.")


def retry_failed(connection: Connection, writing_id: UUID) -> int:
    """Opens what failed anew. Returns how many."""
    changed = connection.execute(
        "UPDATE writing_items SET state = 'open', problem = NULL WHERE writing_id = %s AND state = 'failed'",
        (writing_id,),
    )
    return changed.rowcount


def writing(connection: Connection, writing_id: UUID) -> Row:
    """With how many of its texts are open, done and failed. Raises: NotFound."""
    row = connection.execute(sql(PROGRESS + " WHERE w.writing_id = %s GROUP BY w.writing_id"), (writing_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no writing {writing_id}.")
    return row


def writings(connection: Connection, limit: int = 20) -> list[Row]:
    """Newest first."""
    return connection.execute(
        sql(PROGRESS + " GROUP BY w.writing_id ORDER BY w.writing_id DESC LIMIT %s"), (limit,)
    ).fetchall()


def failures(connection: Connection, writing_id: UUID, limit: int = 100) -> list[Row]:
    return connection.execute(
        "SELECT product_id, kind, locale, problem FROM writing_items WHERE writing_id = %s AND state = 'failed' LIMIT %s",
        (writing_id, limit),
    ).fetchall()
