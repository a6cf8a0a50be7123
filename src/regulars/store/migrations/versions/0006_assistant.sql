-- The assistant: policies, conversations, what was proposed and done in them, and who tried to say who they are.

ALTER TABLE payment_methods
    ADD COLUMN balance  bigint,                  -- minor units; null: not counted
    ADD COLUMN currency char(3),
    ADD COLUMN exponent smallint;

CREATE TABLE policies (                          -- append-only; the newest is in force
    policy_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document  jsonb NOT NULL,
    note      text,
    at        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE conversations (
    conversation_id uuid PRIMARY KEY,            -- UUIDv7: ordered by time
    customer_id     bigint,
    visitor_id      bigint,
    verified        text,                        -- how it is known who this is: signed, email, name_postcode
    locale          text NOT NULL,
    channel         text NOT NULL,               -- widget, terminal, api, import
    mode            text NOT NULL DEFAULT 'bot' CHECK (mode IN ('bot', 'waiting', 'human', 'closed')),
    handover_reason text,
    state           jsonb NOT NULL DEFAULT '{}', -- the open flow and its slots
    summary         text,
    rating          smallint,
    fingerprint     bytea,                       -- of one that was imported: the same again writes nothing
    created_at      timestamptz NOT NULL DEFAULT now(),
    changed_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX conversations_customer ON conversations (customer_id, changed_at DESC);
CREATE INDEX conversations_mode ON conversations (mode, changed_at DESC);

CREATE TABLE messages (
    conversation_id uuid NOT NULL REFERENCES conversations ON DELETE CASCADE,
    place           integer NOT NULL,
    role            text NOT NULL CHECK (role IN ('customer', 'assistant', 'human', 'note')),
    body            text NOT NULL,
    locale          text,
    decision_id     uuid,
    details         jsonb NOT NULL DEFAULT '{}', -- citations, products, suggestions
    message_key     text,                        -- the sender's own id: the same message twice is one
    at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (conversation_id, place),
    UNIQUE (conversation_id, message_key)
);

-- Each thing that the assistant was asked to do: proposed, and then done once, or not. This is the audit.
CREATE TABLE actions (
    action_id       uuid PRIMARY KEY,
    conversation_id uuid REFERENCES conversations ON DELETE SET NULL,
    customer_id     bigint,
    order_id        bigint,
    name            text NOT NULL,
    arguments       jsonb NOT NULL,
    effects         jsonb NOT NULL,
    policy_id       bigint,
    state           text NOT NULL CHECK (state IN ('proposed', 'done', 'refused', 'void', 'expired')),
    refusal         text,
    digest          bytea NOT NULL,              -- of arguments and effects: what a confirmation is bound to
    token           bytea UNIQUE,                -- SHA-256 of the confirmation token
    identity        text NOT NULL,
    proposed_at     timestamptz NOT NULL DEFAULT now(),
    done_at         timestamptz,
    before          jsonb
);
CREATE INDEX actions_order ON actions (order_id, name) WHERE state = 'done';
CREATE INDEX actions_conversation ON actions (conversation_id);
CREATE INDEX actions_customer ON actions (customer_id, proposed_at DESC);

CREATE TABLE identity_attempts (
    attempt_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject    bytea NOT NULL,                   -- keyed hash of whom was named, or of who asks
    succeeded  boolean NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX identity_attempts_subject ON identity_attempts (subject, at DESC);

CREATE TABLE stock_alerts (
    alert_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    variant_id  bigint NOT NULL REFERENCES variants ON DELETE CASCADE,
    at          timestamptz NOT NULL DEFAULT now(),
    told_at     timestamptz,
    UNIQUE (customer_id, variant_id)
);

CREATE INDEX customers_email ON customers (lower(email));
