"""What a customer may ask of a shop: to see everything kept about them, and to be forgotten."""
