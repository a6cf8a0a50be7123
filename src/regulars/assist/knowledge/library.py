"""What the store holds for the assistant to cite, read and kept up to date. Writes nothing.

Articles are few and read whole when any of them changed (a checksum of 500 takes half a millisecond). Products are many: one is read when a
question is about it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from decimal import Decimal

from regulars.assist.knowledge.index import Known
from regulars.assist.knowledge.passages import ArticleText
from regulars.assist.knowledge.products import MAX_REVIEWS, ProductText, ReviewText, VariantText
from regulars.assist.knowledge.service import Knowledge
from regulars.language.sentence_vectors import SentenceEncoder
from regulars.schema.identity import DEFAULT_NAMESPACE
from regulars.store.database import Connection, Row, sql

Policy = tuple[str, str, str, str]  # key, title, text, locale

ARTICLES_MARK = """
SELECT coalesce(md5(string_agg(article_id || coalesce(encode(fingerprint, 'hex'), updated_at::text), ',' ORDER BY article_id)), '') AS mark
FROM articles
"""
READ_ARTICLES = """
SELECT a.article_id, x.namespace, x.value, a.title, a.body, a.locale, a.tags, a.updated_at, a.questions
FROM articles a
LEFT JOIN LATERAL (
    SELECT namespace, value FROM external_ids WHERE kind = 'article' AND id = a.article_id
    ORDER BY namespace <> 'shop', namespace, value LIMIT 1
) x ON true
ORDER BY a.article_id
"""
READ_PRODUCT = "SELECT texts, brand, category, attributes, updated_at FROM products WHERE product_id = %s AND known"
READ_VARIANTS = "SELECT options, price, currency, exponent, stock FROM variants WHERE product_id = %s ORDER BY place"
READ_REVIEWS = """
SELECT r.review_id, x.namespace, x.value, r.title, r.body, r.locale, r.written_at
FROM reviews r
LEFT JOIN LATERAL (
    SELECT namespace, value FROM external_ids WHERE kind = 'review' AND id = r.review_id
    ORDER BY namespace <> 'shop', namespace, value LIMIT 1
) x ON true
WHERE r.product_id = %s ORDER BY r.written_at DESC, r.review_id DESC LIMIT %s
"""


def read_articles(connection: Connection) -> list[ArticleText]:
    return [
        ArticleText(
            _name(row, row["article_id"]),
            row["title"],
            row["body"],
            row["locale"],
            tuple(row["tags"]),
            row["updated_at"],
            tuple(row["questions"]),
        )
        for row in connection.execute(sql(READ_ARTICLES)).fetchall()
    ]


def read_product(connection: Connection, product_id: int, name: str) -> ProductText | None:
    """Our own id and the name it has outside. None: no such product is described."""
    row = connection.execute(sql(READ_PRODUCT), (product_id,)).fetchone()
    if row is None:
        return None
    texts = row["texts"]
    variants = tuple(
        VariantText(
            {str(key): str(value) for key, value in one["options"].items()},
            None if one["price"] is None else Decimal(one["price"]).scaleb(-(one["exponent"] if one["exponent"] is not None else 2)),
            one["currency"],
            one["stock"],
        )
        for one in connection.execute(sql(READ_VARIANTS), (product_id,)).fetchall()
    )  # fmt: skip
    reviews = tuple(
        ReviewText(_name(one, one["review_id"]), "\n".join(filter(None, (one["title"], one["body"]))), one["locale"], one["written_at"])
        for one in connection.execute(sql(READ_REVIEWS), (product_id, MAX_REVIEWS)).fetchall()
    )  # fmt: skip
    return ProductText(
        name,
        {locale: text["title"] for locale, text in texts.items() if text.get("title")},
        {locale: text["description"] for locale, text in texts.items() if text.get("description")},
        row["attributes"],
        row["brand"],
        tuple(row["category"]),
        variants,
        reviews,
        row["updated_at"],
    )


class Library:
    """The knowledge as the store has it now. Threads may share it; whoever reads gets one immutable `Knowledge`."""

    def __init__(self, policies: Sequence[Policy] = (), encoder: SentenceEncoder | None = None) -> None:
        self._policies = tuple(policies)
        self._encoder = encoder
        self._known = Known()
        self._mark: tuple[str, tuple[Policy, ...]] | None = None
        self._lock = threading.Lock()
        self.knowledge = Knowledge.of([], encoder=encoder)

    def refresh(self, connection: Connection, policies: Sequence[Policy] | None = None) -> bool:
        """Read again what changed; only new sentences are encoded (some milliseconds each). Returns: whether anything did. If the database
        is lost, the knowledge stays as it was. Raises: DatabaseUnavailable, or what the driver raises.
        """
        with self._lock:
            wanted = self._policies if policies is None else tuple(policies)
            row = connection.execute(sql(ARTICLES_MARK)).fetchone()
            mark = (str(row["mark"]) if row else "", wanted)
            if mark == self._mark:
                return False
            self.knowledge = Knowledge.of(read_articles(connection), wanted, encoder=self._encoder, known=self._known)
            self._policies, self._mark = wanted, mark
            return True


def article_source(row: Row) -> str:
    """What passages of an article's row, as READ_ARTICLES reads it, are cited as: "article:returns"."""
    return f"article:{_name(row, row['article_id'])}"


def _name(row: Row, our_id: int) -> str:
    """As the world calls it: "returns", "zendesk:123"; our own number where it has no name."""
    if row["value"] is None:
        return str(our_id)
    return str(row["value"]) if row["namespace"] == DEFAULT_NAMESPACE else f"{row['namespace']}:{row['value']}"
