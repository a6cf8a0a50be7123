"""A shop of very many products, made without importing or training: rows by one statement, sources of drawn vectors and lists.

What is measured on it is serving alone: how long lists take and how much memory they need, not how good they are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import scipy.sparse as sparse

from benchmarks._views import view_row
from regulars.recommend.blend import Blend
from regulars.recommend.dataset import Float32, Histories, Int64, Vocabulary
from regulars.recommend.live import KIND
from regulars.recommend.model import Model
from regulars.recommend.sources._neighbours import Neighbours
from regulars.recommend.sources.base import CandidateSource
from regulars.recommend.sources.covisitation import CovisitationSettings, CovisitationSource
from regulars.recommend.sources.ease import EaseSettings, EaseSource
from regulars.recommend.sources.popular import PopularSource
from regulars.recommend.sources.sequence import Member, SequenceSource
from regulars.recommend.sources.text import TextSource
from regulars.recommend.train import fit_model, settings_for
from regulars.schema import ShopSettings
from regulars.shop import Shop
from regulars.store import records, registry, rows

CLUSTER = 500  # products that resemble each other
LISTED = 100  # neighbours of an item, as the sources keep by default
EASE_ITEMS = 6_000  # as the source's default: the most chosen ones
TERMS = 20  # of an item's text
_PRODUCTS = """
INSERT INTO products (product_id, texts, category, brand, attributes, pictures, change_id, created_at)
SELECT g, jsonb_build_object('en', jsonb_build_object('title', 'Thing of kind ' || g / %(cluster)s || ', model ' || g,
           'description', repeat('A sentence that says what the thing is good for. ', 4))),
       ARRAY['Category ' || g %% 20, 'Shelf ' || g / %(cluster)s], 'Brand ' || g %% 300, '{"material": "wool"}',
       '[{"url": "https://shop.example/picture.jpg"}]', %(change)s, now() - g * interval '1 second'
FROM generate_series(1, %(size)s) g
"""
_VARIANTS = """
INSERT INTO variants (variant_id, product_id, price, currency, exponent, stock)
SELECT %(size)s + g, g, 500 + g %% 9000, 'EUR', 2, g %% 50 FROM generate_series(1, %(size)s) g
"""
_NAMES = """
INSERT INTO external_ids (kind, namespace, value, id) SELECT 'product', 'shop', 'p' || g, g FROM generate_series(1, %(size)s) g
"""


def fill_many(shop: Shop, size: int, customers: int, per_customer: int, seed: int) -> None:
    """Products p1 to p<size>, and customers who stay near two kinds."""
    generator = np.random.default_rng(seed)
    with shop.database.connect() as connection:
        row = connection.execute(
            "INSERT INTO changes (change_id, kind, tables) VALUES (nextval('change_ids'), 'insert', '{products}')"
            " RETURNING change_id"
        ).fetchone()
        assert row is not None
        values = {"size": size, "cluster": CLUSTER, "change": row["change_id"]}
        for statement in (_PRODUCTS, _VARIANTS, _NAMES):
            connection.execute(statement, values)
        connection.execute("SELECT setval('entity_ids', %s)", (2 * size + 1,))
    settings, now = ShopSettings(), datetime.now(UTC)
    clock = rows.Clock.of(settings, now)
    with shop.database.connect(autocommit=True) as connection:
        batch = []
        for customer in range(customers):
            starts = generator.integers(0, max(size // CLUSTER, 1), per_customer)
            starts[2:] = starts[generator.integers(0, 2, len(starts) - 2)]
            at = now - timedelta(days=float(generator.uniform(1, 90)))
            for step, start in enumerate(starts.tolist()):
                number = min(start * CLUSTER + int(generator.integers(1, CLUSTER)), size)
                batch.append(view_row(customer, step, number, at, clock, settings))
        for start in range(0, len(batch), 5_000):
            records.append_events(connection, batch[start : start + 5_000], "benchmark", now)
        connection.execute("VACUUM ANALYZE")


def register_model(shop: Shop, size: int, seed: int) -> str:
    """A model of all sources for these products, promoted. Returns its version."""
    generator = np.random.default_rng(seed)
    small = _small_model(seed)
    text, sequence = small.sources["text"], small.sources["sequence"]
    assert isinstance(text, TextSource)
    assert isinstance(sequence, SequenceSource)
    trained = sequence.members[0]
    member = Member(
        _vectors(size, trained.vectors.shape[1], generator),
        trained.projection,
        trained.terms,
        trained.temperature,
        trained.graph,
    )
    counts = np.full(size, TERMS)
    terms = generator.integers(0, text.rows.shape[1], size * TERMS).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    texts = sparse.csr_matrix(
        (np.full(size * TERMS, TERMS**-0.5, np.float32), terms, offsets), shape=(size, text.rows.shape[1])
    )
    often = np.sort(generator.choice(size, min(EASE_ITEMS, size), replace=False))
    popularity = (1 / np.arange(1, size + 1)).astype(np.float32)
    sources: list[CandidateSource] = [
        SequenceSource([member], sequence.length, sequence.encoder),
        EaseSource(_lists(size, often, generator), EaseSettings()),
        CovisitationSource(_lists(size, np.arange(size), generator), CovisitationSettings()),
        TextSource(texts, _lists(size, np.arange(size), generator), text.encoder),
        PopularSource(generator.permutation(popularity), 30.0),
    ]
    model = Model(np.arange(1, size + 1, dtype=np.int64), sources, Blend.default([source.name for source in sources]))
    draft = registry.draft(shop.workspace.models, KIND)
    model.save(draft.folder)
    with shop.database.connect() as connection:
        version = registry.register(connection, shop.workspace.models, draft)
        registry.promote(connection, shop.workspace.models, version, "benchmark")
    return version


def _small_model(seed: int) -> Model:
    """A really trained one of some hundred products: its network and its text encoder serve the many."""
    generator = np.random.default_rng(seed)
    words = Vocabulary(np.arange(1, 601), [f"thing of kind {number // 20}, model {number}" for number in range(600)])
    kinds = generator.integers(0, 30, 400)
    items = (kinds[:, None] * 20 + generator.integers(0, 20, (400, 8))).astype(np.int32).ravel()
    offsets: Int64 = np.arange(0, len(items) + 1, 8)
    times = np.tile(np.arange(8, dtype=np.int64) * 60_000, 400)
    model, _ = fit_model(
        words, Histories(offsets, items, times, np.ones(len(items), np.float32)), settings_for(15), seed
    )
    return model


def _vectors(size: int, width: int, generator: np.random.Generator) -> Float32:
    """(size, width) around one centre a kind, as learned vectors of alike products are."""
    centres = generator.standard_normal((size // CLUSTER + 1, width), np.float32)
    vectors = generator.standard_normal((size, width), np.float32)
    vectors *= np.float32(0.7)
    for start in range(0, size, CLUSTER):
        vectors[start : start + CLUSTER] += centres[start // CLUSTER]
    return vectors


def _lists(size: int, items: Int64, generator: np.random.Generator) -> Neighbours:
    """LISTED neighbours of each of these items, most of its own kind, the rest anywhere."""
    lengths = np.zeros(size, np.int64)
    listed = min(LISTED, size)
    lengths[items] = listed
    own = items[:, None] // CLUSTER * CLUSTER + np.arange(listed) * (CLUSTER // LISTED)
    near = np.minimum(own, size - 1).astype(np.int32)
    near[:, ::4] = np.sort(generator.integers(0, size, near[:, ::4].shape), axis=1)
    weights = generator.random(near.size, np.float32) + np.float32(0.01)
    return Neighbours(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), near.ravel(), weights)
