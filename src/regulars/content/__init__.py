"""Texts that a shop says of its products, true to the record: sheets of facts, writers, the gate, review and publishing."""
