"""Vectors of product pictures, as recommend.pictures keeps them: reading them. Knows no encoder."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from regulars.store.database import Connection

MOST = 50_000
"""Pictures that are compared with each other at once: the newest products'."""
READ = """
SELECT p.product_id, p.category, e.vector FROM picture_vectors e JOIN products p USING (product_id)
WHERE e.vector IS NOT NULL AND p.known AND p.status = 'active' ORDER BY p.product_id DESC LIMIT %s
"""


def mark(connection: Connection) -> tuple[object, ...]:
    """Changes when a picture or a category may have changed."""
    row = connection.execute(
        "SELECT current_database() AS name, (SELECT max(change_id) FROM picture_vectors) AS pictures, (SELECT count(*) FROM picture_vectors) AS many,"
        " (SELECT max(updated_at) FROM products) AS products, (SELECT count(*) FROM products WHERE known AND status = 'active') AS active"
    ).fetchone()
    assert row is not None
    return tuple(row.values())


def read_with_categories(connection: Connection) -> tuple[list[int], npt.NDArray[np.float32], list[tuple[str, ...]]]:
    """(product ids, (n, d) vectors of length 1, category paths) of active products whose picture is encoded."""
    rows = connection.execute(READ, (MOST,)).fetchall()
    if not rows:
        return [], np.zeros((0, 1), np.float32), []
    vectors = np.stack([np.frombuffer(row["vector"], "<f2") for row in rows]).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    return [row["product_id"] for row in rows], vectors, [tuple(row["category"]) for row in rows]
