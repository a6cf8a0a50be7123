"""The demo shop that these benchmarks ask, made once and kept beside them while they run."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import regulars
from benchmarks._quiet import no_bar
from regulars.demo import run
from regulars.recommend.train import TrainSettings
from regulars.shop import Shop
from regulars.store.supervisor import wait_stopped


def _settings(seconds: float) -> TrainSettings:
    settings = run._training()
    assert settings.sequence is not None
    return replace(settings, sequence=replace(settings.sequence, max_seconds=seconds))


@contextmanager
def demo_shop(customers: int, seed: int, seconds: float, lived: int) -> Iterator[Shop]:
    """A demo shop, trained, that lived some days with its lists."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) / "shop"
        run.prepare(
            folder,
            say=lambda _: None,
            bar=no_bar,
            seed=seed,
            customers=customers,
            settings=_settings(seconds),
            lived=lived,
        )
        with regulars.open(folder) as shop:
            print(f"The demo shop is made ({time.monotonic() - began:.0f} s).", flush=True)
            yield shop
        wait_stopped(folder)
