-- Texts about categories. What a text is about has one id space: products count up from 1, categories down from -1.

CREATE TABLE categories (
    category_id bigint GENERATED ALWAYS AS IDENTITY (START WITH -1 INCREMENT BY -1 MINVALUE -9223372036854775807 MAXVALUE -1) PRIMARY KEY,
    path        text[] NOT NULL UNIQUE,          -- from the widest on: {Kitchen,Teapot}
    CHECK (cardinality(path) > 0)
);
