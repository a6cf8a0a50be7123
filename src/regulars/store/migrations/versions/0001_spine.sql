-- The spine: identities, catalogue, people, the timeline, orders, decisions, the change feed, the registry.
-- Only plpgsql is used, so that the embedded server and any PostgreSQL from 14 on will do.

CREATE SEQUENCE entity_ids;          -- our ids of products, variants, customers, visitors, orders, reviews, articles
CREATE SEQUENCE event_ids CACHE 500;
CREATE SEQUENCE change_ids;

CREATE TABLE shop (
    only_one   boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    shop_id    uuid NOT NULL DEFAULT gen_random_uuid(),
    settings   jsonb NOT NULL,
    secret     text NOT NULL,        -- signs customer tokens
    generation uuid NOT NULL DEFAULT gen_random_uuid(),  -- anew after each restore: a mirror of another generation is void
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- The change feed: one row a writing transaction. Rows that are mirrored carry the change that wrote them last.
-- A reader takes changes below pg_snapshot_xmin only: what commits late has a higher xact and is seen next time.
CREATE TABLE changes (
    change_id  bigint PRIMARY KEY,
    xact       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at         timestamptz NOT NULL DEFAULT now(),
    kind       text NOT NULL CHECK (kind IN ('insert', 'join', 'delete', 'erase')),
    tables     text[] NOT NULL,
    keys       jsonb                 -- erase: {"people": […], "visitors": […]}, merged: the person goes on under another id; delete: {"products": […]} …
);
CREATE INDEX changes_xact ON changes (xact);

CREATE TABLE external_ids (
    kind      text NOT NULL,         -- product, variant, customer, visitor, order, review, article, payment_method
    namespace text NOT NULL,
    value     text NOT NULL,
    id        bigint NOT NULL,
    PRIMARY KEY (kind, namespace, value)
);
CREATE INDEX external_ids_id ON external_ids (id);

CREATE TABLE products (
    product_id  bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    known       boolean NOT NULL DEFAULT true,   -- false: only named by events so far
    status      text NOT NULL DEFAULT 'active',
    texts       jsonb NOT NULL DEFAULT '{}',     -- {"en": {"title": …, "description": …}}
    brand       text,
    category    text[] NOT NULL DEFAULT '{}',
    attributes  jsonb NOT NULL DEFAULT '{}',
    pictures    jsonb NOT NULL DEFAULT '[]',
    url         text,
    fingerprint bytea,                           -- hash of the record as imported: unchanged rows aren't written
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    change_id   bigint NOT NULL
);
CREATE INDEX products_change ON products (change_id);

CREATE TABLE variants (
    variant_id  bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    product_id  bigint REFERENCES products ON DELETE CASCADE,   -- null: only named by events so far
    sku         text,
    options     jsonb NOT NULL DEFAULT '{}',
    price       bigint,                          -- minor units
    compare_at  bigint,
    currency    char(3),
    exponent    smallint,
    stock       integer,                         -- null: not counted
    pictures    jsonb NOT NULL DEFAULT '[]',
    place       smallint NOT NULL DEFAULT 0
);
CREATE INDEX variants_product ON variants (product_id);

CREATE TABLE customers (
    customer_id bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    known       boolean NOT NULL DEFAULT true,
    email       text,
    name        text,
    phone       text,
    locale      text,
    traits      jsonb NOT NULL DEFAULT '{}',
    addresses   jsonb NOT NULL DEFAULT '[]',
    fingerprint bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    change_id   bigint NOT NULL
);
CREATE INDEX customers_change ON customers (change_id);

CREATE TABLE payment_methods (
    payment_method_id bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    kind        text NOT NULL,
    label       text,
    last4       text,
    expires     text,
    is_default  boolean NOT NULL DEFAULT false
);
CREATE INDEX payment_methods_customer ON payment_methods (customer_id);

CREATE TABLE consents (                          -- append-only; the newest of a purpose counts
    consent_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    purpose     text NOT NULL,
    granted     boolean NOT NULL,
    at          timestamptz NOT NULL,
    source      text
);
CREATE INDEX consents_customer ON consents (customer_id, purpose, at DESC);

CREATE TABLE visitors (
    visitor_id bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE aliases (                           -- append-only: this browser turned out to be this customer
    alias_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    visitor_id  bigint NOT NULL,
    customer_id bigint NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX aliases_visitor ON aliases (visitor_id, alias_id DESC);
CREATE INDEX aliases_customer ON aliases (customer_id);

-- PostgreSQL can't keep a unique index over partitions without the partition's column: the key stands apart.
CREATE TABLE event_keys (message_id uuid PRIMARY KEY);

CREATE TABLE events (
    event_id    bigint NOT NULL DEFAULT nextval('event_ids'),
    message_id  uuid NOT NULL,
    type        text NOT NULL,
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    clock       text NOT NULL,                   -- stated, zone (the shop's), corrected (by sent_at), server
    customer_id bigint,
    visitor_id  bigint,
    session     text,
    product_id  bigint,
    variant_id  bigint,
    order_id    bigint,
    quantity    integer,
    amount      bigint,                          -- unit price, minor units
    currency    char(3),
    exponent    smallint,
    decision_id uuid,
    position    smallint,
    surface     text,
    properties  jsonb,
    source      text NOT NULL,
    change_id   bigint NOT NULL
) PARTITION BY RANGE (occurred_at);
CREATE INDEX events_customer ON events (customer_id, occurred_at DESC) WHERE customer_id IS NOT NULL;
CREATE INDEX events_visitor ON events (visitor_id, occurred_at DESC) WHERE visitor_id IS NOT NULL AND customer_id IS NULL;
CREATE INDEX events_decision ON events (decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX events_variant ON events (variant_id) WHERE variant_id IS NOT NULL AND product_id IS NULL;
-- Wide ranges: an import fills 16 pages faster than they can be queued for summing up, and the log says so each time.
CREATE INDEX events_change ON events USING brin (change_id) WITH (pages_per_range = 128, autosummarize = on);
CREATE TABLE events_before_2000 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2000-01-01T00:00:00Z');

CREATE TABLE orders (
    order_id    bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    known       boolean NOT NULL DEFAULT true,
    customer_id bigint,
    visitor_id  bigint,
    placed_at   timestamptz NOT NULL DEFAULT now(),
    status      text NOT NULL DEFAULT 'paid',
    currency    char(3),
    exponent    smallint,
    total       bigint,
    shipping    bigint,
    address     jsonb,
    traits      jsonb NOT NULL DEFAULT '{}',
    fingerprint bytea,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    change_id   bigint NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id, placed_at DESC);
CREATE INDEX orders_change ON orders (change_id);

CREATE TABLE order_lines (
    order_id   bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    line       integer NOT NULL,
    product_id bigint,
    variant_id bigint,
    title      text,
    quantity   integer NOT NULL,
    unit_price bigint,
    discount   bigint,
    PRIMARY KEY (order_id, line)
);
CREATE INDEX order_lines_product ON order_lines (product_id);
CREATE INDEX order_lines_variant ON order_lines (variant_id) WHERE product_id IS NULL AND variant_id IS NOT NULL;

CREATE TABLE payments (
    order_id          bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    place             integer NOT NULL,
    reference         text,
    payment_method_id bigint,
    kind              text NOT NULL,
    amount            bigint,
    status            text NOT NULL,
    at                timestamptz,
    PRIMARY KEY (order_id, place)
);

CREATE TABLE shipments (
    order_id     bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
    place        integer NOT NULL,
    reference    text,
    carrier      text,
    tracking     text,
    status       text NOT NULL,
    shipped_at   timestamptz,
    delivered_at timestamptz,
    PRIMARY KEY (order_id, place)
);

CREATE TABLE reviews (
    review_id   bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    product_id  bigint NOT NULL,
    customer_id bigint,
    rating      real,
    title       text NOT NULL DEFAULT '',
    body        text NOT NULL DEFAULT '',
    locale      text,
    written_at  timestamptz NOT NULL,
    fingerprint bytea,
    change_id   bigint NOT NULL
);
CREATE INDEX reviews_product ON reviews (product_id, written_at DESC);
CREATE INDEX reviews_customer ON reviews (customer_id);
CREATE INDEX reviews_change ON reviews (change_id);

CREATE TABLE articles (
    article_id  bigint PRIMARY KEY DEFAULT nextval('entity_ids'),
    locale      text,
    title       text NOT NULL,
    body        text NOT NULL DEFAULT '',
    tags        text[] NOT NULL DEFAULT '{}',
    updated_at  timestamptz NOT NULL,
    fingerprint bytea
);

-- The decision log, in three depths: slim rows stay, feature rows 180 days, the full trace 30 days.
CREATE TABLE decisions (
    decision_id        uuid PRIMARY KEY,         -- UUIDv7: ordered by time
    at                 timestamptz NOT NULL,
    surface            text NOT NULL,
    customer_id        bigint,
    visitor_id         bigint,
    context_product_id bigint,
    mode               text NOT NULL,
    model_version      text,
    policy             text NOT NULL,
    seed               bigint NOT NULL,
    arm                text,
    product_ids        bigint[] NOT NULL,
    scores             real[] NOT NULL,
    propensities       real[] NOT NULL,          -- null where nothing was random
    sources            text[] NOT NULL,
    reasons            jsonb NOT NULL,
    timings_ms         jsonb NOT NULL,
    change_id          bigint NOT NULL
);
CREATE INDEX decisions_customer ON decisions (customer_id, at DESC) WHERE customer_id IS NOT NULL;
CREATE INDEX decisions_visitor ON decisions (visitor_id, at DESC) WHERE visitor_id IS NOT NULL;
CREATE INDEX decisions_change ON decisions USING brin (change_id) WITH (pages_per_range = 16, autosummarize = on);

CREATE TABLE decision_features (
    decision_id   uuid PRIMARY KEY,
    at            timestamptz NOT NULL,
    feature_names text[] NOT NULL,
    product_ids   bigint[] NOT NULL,
    shown         boolean[] NOT NULL,
    feature_rows  real[] NOT NULL                -- (products × features), row by row
);
CREATE INDEX decision_features_at ON decision_features USING brin (at) WITH (autosummarize = on);

CREATE TABLE decision_traces (
    decision_id uuid PRIMARY KEY,
    at          timestamptz NOT NULL,
    trace       json NOT NULL
);
CREATE INDEX decision_traces_at ON decision_traces USING brin (at) WITH (autosummarize = on);

CREATE TABLE model_versions (
    version    text PRIMARY KEY,
    kind       text NOT NULL,                    -- recommender
    status     text NOT NULL CHECK (status IN ('candidate', 'rejected', 'promoted', 'retired', 'damaged')),
    files      jsonb NOT NULL,                   -- {"item_table.safetensors": "sha256…"}
    metrics    jsonb NOT NULL DEFAULT '{}',
    settings   jsonb NOT NULL DEFAULT '{}',
    parent     text,
    note       text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE promotions (                        -- append-only; the newest of a kind serves
    promotion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL,
    version      text NOT NULL REFERENCES model_versions,
    reason       text NOT NULL,
    at           timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
    key_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL,
    scope      text NOT NULL CHECK (scope IN ('public', 'secret')),
    sha256     bytea NOT NULL UNIQUE,
    prefix     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

CREATE TABLE import_runs (
    run_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL,
    format      text NOT NULL,
    file        text NOT NULL,
    fingerprint text NOT NULL,
    state       text NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    rows_done   bigint NOT NULL DEFAULT 0,       -- committed: a rerun of the same file goes on from here
    report      jsonb NOT NULL DEFAULT '{}',
    started_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX import_runs_file ON import_runs (kind, fingerprint, run_id DESC);
