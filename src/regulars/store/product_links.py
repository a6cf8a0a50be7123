"""Edges between products that the shop said: which fits which, which goes with which. Directed as written; readers decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from regulars.errors import InvalidInput
from regulars.store.database import Connection, Row

RELATIONS = ("compatible_with", "goes_with", "replaces")
READ = (
    "SELECT product_id, relation, other_id, weight, source FROM product_links ORDER BY product_id, relation, other_id"
)
STATE = "SELECT count(*) AS many, max(at) AS newest FROM product_links"


BOUGHT_WITH = "bought_with"
BOUGHT_TOGETHER = """
SELECT a.product_id, b.product_id AS other_id, count(DISTINCT a.order_id) AS times
FROM order_lines a JOIN order_lines b ON b.order_id = a.order_id AND b.product_id > a.product_id
JOIN orders o ON o.order_id = a.order_id AND o.status <> 'cancelled'
WHERE a.quantity > 0 AND b.quantity > 0
GROUP BY 1, 2 HAVING count(DISTINCT a.order_id) >= %s ORDER BY times DESC, 1, 2 LIMIT %s
"""


def bought_together(connection: Connection, least: int = 3, most: int = 50_000) -> list[tuple[int, str, int]]:
    """Pairs of products that stand in at least so many orders together, the commonest first: the edges that are counted."""
    rows = connection.execute(BOUGHT_TOGETHER, (least, most)).fetchall()
    return [(row["product_id"], BOUGHT_WITH, row["other_id"]) for row in rows]


def state(connection: Connection) -> tuple[int, str]:
    """Changes whenever an edge does."""
    row = connection.execute(STATE).fetchone()
    assert row is not None
    return int(row["many"]), str(row["newest"])


def read(connection: Connection) -> list[Row]:
    return connection.execute(READ).fetchall()


def of(connection: Connection, product_ids: Sequence[int]) -> list[Row]:
    """Edges that touch these products."""
    return connection.execute(
        "SELECT product_id, relation, other_id, weight, source FROM product_links"
        " WHERE product_id = ANY(%s) OR other_id = ANY(%s) ORDER BY relation, product_id, other_id",
        (list(product_ids), list(product_ids)),
    ).fetchall()


def add(connection: Connection, edges: Iterable[tuple[int, str, int]], source: str = "shop") -> int:
    """New edges; those that are there stay. Returns how many are new. Raises: InvalidInput."""
    kept = list(edges)
    for one, relation, other in kept:
        if relation not in RELATIONS:
            raise InvalidInput(
                f"There is no relation {relation[:40]!r}.", hint=f"Choose {', '.join(RELATIONS)}.", field="relation"
            )
        if one == other:
            raise InvalidInput("A product can't be linked with itself.", field="other")
    made = connection.execute(
        "INSERT INTO product_links (product_id, relation, other_id, source)"
        " SELECT a, r, b, %s FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS t (a, r, b) ON CONFLICT DO NOTHING",
        (source, [edge[0] for edge in kept], [edge[1] for edge in kept], [edge[2] for edge in kept]),
    )
    return made.rowcount


def remove(connection: Connection, one: int, relation: str, other: int) -> bool:
    """Takes an edge away; whether it was there."""
    gone = connection.execute(
        "DELETE FROM product_links WHERE product_id = %s AND relation = %s AND other_id = %s", (one, relation, other)
    )
    return bool(gone.rowcount)
