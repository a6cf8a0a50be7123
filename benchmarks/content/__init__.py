"""How true, whole and varied product texts are: python -m benchmarks.content."""
