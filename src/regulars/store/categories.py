"""Categories as subjects of texts: their ids, which below zero never meet a product's, and the products in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from regulars.store.database import Connection

MIN_PRODUCTS = 3
"""A category of fewer has nothing to introduce."""
MOST_READ = 500
FIND = """
WITH paths AS (
    SELECT p.category[1:depth] AS path, count(*) AS many
    FROM products p, generate_series(1, cardinality(p.category)) AS depth
    WHERE p.known AND p.status = 'active' GROUP BY 1 HAVING count(*) >= %(least)s
)
SELECT path FROM paths
WHERE (%(name)s::text IS NULL OR EXISTS (SELECT FROM unnest(path) part WHERE lower(part) = lower(%(name)s)))
  AND (NOT %(without)s OR NOT EXISTS (
        SELECT FROM categories c JOIN texts t ON t.product_id = c.category_id
        WHERE c.path = paths.path AND t.kind = ANY(%(kinds)s) AND t.state IN ('draft', 'waiting', 'published', 'scheduled')))
ORDER BY path
"""
ID_OF = """
WITH made AS (INSERT INTO categories (path) VALUES (%(path)s) ON CONFLICT DO NOTHING RETURNING category_id)
SELECT category_id FROM made UNION ALL SELECT category_id FROM categories WHERE path = %(path)s LIMIT 1
"""
MEMBERS = """
SELECT product_id FROM products
WHERE known AND status = 'active' AND category[1:cardinality(%(path)s::text[])] = %(path)s::text[]
ORDER BY product_id LIMIT %(most)s
"""


def find(
    connection: Connection, name: str | None = None, without: bool = False, kinds: Collection[str] = ()
) -> list[tuple[str, ...]]:
    """Paths of categories with enough products. name: only those in or below it. without: only those that have no such text yet."""
    values = {"least": MIN_PRODUCTS, "name": name, "without": without, "kinds": list(kinds)}
    return [tuple(row["path"]) for row in connection.execute(FIND, values)]


def id_of(connection: Connection, path: Sequence[str]) -> int:
    """The category's id, which is below zero; a new one is made where there is none."""
    for _ in range(2):  # another may make the same at this moment: then the second look sees it
        row = connection.execute(ID_OF, {"path": list(path)}).fetchone()
        if row is not None:
            return int(row["category_id"])
    raise AssertionError("unreachable")


def known(connection: Connection, parts: Sequence[str]) -> list[tuple[int, tuple[str, ...]]]:
    """(id, path) of categories that have an id and end in these parts, in any case of letters. Makes none."""
    rows = connection.execute(
        "SELECT category_id, path FROM categories WHERE lower(path[cardinality(path)]) = lower(%s) ORDER BY category_id DESC",
        (parts[-1],),
    ).fetchall()
    folded = [part.casefold() for part in parts]
    return [
        (row["category_id"], tuple(row["path"]))
        for row in rows
        if [part.casefold() for part in row["path"]][-len(folded) :] == folded
    ]


def paths(connection: Connection, category_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    rows = connection.execute("SELECT * FROM categories WHERE category_id = ANY(%s)", (list(category_ids),)).fetchall()
    return {row["category_id"]: tuple(row["path"]) for row in rows}


def members(connection: Connection, path: Sequence[str]) -> list[int]:
    """Ids of the active products in or below it, MOST_READ at most."""
    return [row["product_id"] for row in connection.execute(MEMBERS, {"path": list(path), "most": MOST_READ})]
