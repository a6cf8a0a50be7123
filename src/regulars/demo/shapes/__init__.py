"""The shapes of the demo's products, several a kind: see table_to_toys for how they are written."""

from regulars.demo.shapes import home_to_books, table_to_toys

FORMS = {**table_to_toys.FORMS, **home_to_books.FORMS}
