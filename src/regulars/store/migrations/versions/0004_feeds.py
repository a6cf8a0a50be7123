"""Names that other systems give to products join the product that a record describes (better_names, join_products)."""

from regulars.store.migrations.functions import put_in_place

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    put_in_place()
