-- What steers lists.

ALTER TABLE variants ADD COLUMN cost bigint;     -- what the shop itself pays, minor units; shown to no shopper

-- The shop's rules, whole, each time they changed; the newest acts. Append-only: undoing writes an older text anew.
CREATE TABLE rule_books (
    version    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text       text NOT NULL,
    note       text NOT NULL DEFAULT '',
    restored   bigint REFERENCES rule_books,     -- the version whose text this is again
    at         timestamptz NOT NULL DEFAULT now()
);

-- The edges of the knowledge graph that nobody can read from the catalogue: said by the shop, or counted from orders.
CREATE TABLE product_links (
    product_id bigint NOT NULL,
    relation   text NOT NULL,                    -- compatible_with, goes_with, replaces; bought_with is counted
    other_id   bigint NOT NULL,
    weight     real NOT NULL DEFAULT 1,
    source     text NOT NULL DEFAULT 'shop',
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_id, relation, other_id),
    CHECK (product_id <> other_id)
);
CREATE INDEX product_links_other ON product_links (other_id);
