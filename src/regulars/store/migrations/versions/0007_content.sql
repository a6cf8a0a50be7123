-- Content: how the shop speaks, the texts about its products, and writings of many texts that survive a kill.

CREATE TABLE voices (                            -- append-only; the newest is in force
    voice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document jsonb NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE writings (                          -- one order for many texts
    writing_id uuid PRIMARY KEY,
    title      text NOT NULL DEFAULT '',
    kinds      text[] NOT NULL,
    locales    text[] NOT NULL,
    budget     integer,                          -- texts that a chat model may write; null: no limit
    spent      integer NOT NULL DEFAULT 0,       -- texts that a chat model was asked for
    state      text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'done')),
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE writing_items (
    writing_id uuid NOT NULL REFERENCES writings ON DELETE CASCADE,
    product_id bigint NOT NULL,
    kind       text NOT NULL,
    locale     text NOT NULL,
    state      text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'failed')),
    problem    text,
    PRIMARY KEY (writing_id, product_id, kind, locale)
);
CREATE INDEX writing_items_open ON writing_items (writing_id, product_id) WHERE state = 'open';

CREATE TABLE texts (
    text_id    uuid PRIMARY KEY,                 -- UUIDv7: ordered by time
    product_id bigint NOT NULL,                  -- the product may go: then state is 'gone'
    kind       text NOT NULL,
    locale     text NOT NULL,
    variant    smallint NOT NULL DEFAULT 0,      -- several of one kind may be published beside each other, to be compared
    state      text NOT NULL CHECK (state IN ('draft', 'waiting', 'published', 'scheduled', 'rejected', 'replaced', 'gone')),
    version    integer NOT NULL DEFAULT 1,
    fields     jsonb NOT NULL,                   -- {"body": [["A sentence.", ["material"]], …]}
    flags      jsonb NOT NULL DEFAULT '[]',
    writer     text NOT NULL,
    trace      jsonb NOT NULL DEFAULT '[]',      -- which writers tried, and why one didn't do
    sheet      bytea NOT NULL,                   -- digest of the facts: another product record makes the text stale
    writing_id uuid,
    publish_at timestamptz,
    published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX texts_product ON texts (product_id, kind, locale, state);
CREATE INDEX texts_state ON texts (state, changed_at DESC);
CREATE UNIQUE INDEX texts_live ON texts (product_id, kind, locale, variant) WHERE state = 'published';

CREATE TABLE text_versions (
    text_id uuid NOT NULL REFERENCES texts ON DELETE CASCADE,
    version integer NOT NULL,
    fields  jsonb NOT NULL,
    writer  text NOT NULL,                       -- a writer's name, or 'person'
    note    text,
    at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (text_id, version)
);

CREATE TABLE preferences (                       -- what a person preferred to what a writer wrote
    preference_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text_id   uuid,
    product_id bigint NOT NULL,
    kind      text NOT NULL,
    locale    text NOT NULL,
    chosen    jsonb,                             -- null: rejected, nothing was put in its place
    refused   jsonb NOT NULL,
    reason    text,
    at        timestamptz NOT NULL DEFAULT now()
);
