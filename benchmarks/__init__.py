"""Measurements on public data, run by hand: python -m benchmarks.NAME --help. Not needed by the product."""
