"""Making a demo shop without the bars that a person at a terminal sees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_bar(*_: object) -> Iterator[None]:
    """In place of a progress bar, for `regulars.demo.run.prepare`."""
    yield None
