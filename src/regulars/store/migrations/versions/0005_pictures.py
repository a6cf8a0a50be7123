"""Vectors of products' first pictures, or why there is none. Gone with their product."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("CREATE SEQUENCE picture_changes")
    op.execute(
        "CREATE TABLE picture_vectors ("
        " product_id bigint PRIMARY KEY REFERENCES products ON DELETE CASCADE,"
        " url text NOT NULL,"
        " sha256 bytea,"  # of the file
        " vector bytea,"  # float16, little-endian
        " error text,"
        " at timestamptz NOT NULL DEFAULT now(),"
        " change_id bigint NOT NULL DEFAULT nextval('picture_changes'),"
        " CHECK (num_nonnulls(vector, error) = 1))"
    )
    op.execute("CREATE INDEX picture_vectors_change ON picture_vectors (change_id)")
