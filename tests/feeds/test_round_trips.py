"""A thousand files a format, written from a known truth, read back: all of it is there, and every word is kept or reported."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.feeds import formats, native
from regulars.feeds.contract import Notes
from regulars.feeds.importer import checked_row
from regulars.feeds.reader import Read
from regulars.schema import ExternalId, ShopSettings
from regulars.store.rows import Clock

from .writers import WRITERS, File

FILES = 1_000  # a format
SETTINGS = ShopSettings()
CLOCK = Clock.of(SETTINGS, live=False)


def read_back(path: Path, format: str, kind: str) -> tuple[list[Any], Notes]:
    found = formats.recognise(path)
    assert (found.name, found.kind) == (format, kind)
    notes = Notes()
    out = []
    for row in found.format.records(kind, found.source, notes):
        assert isinstance(row, Read), row
        record = native.record_of(kind, row.values, found.flat)
        checked_row(record, CLOCK, SETTINGS, "test")
        out.append(record)
    return out, notes


def told(value: Any) -> Any:
    if isinstance(value, ExternalId):
        return [value.namespace, value.value]
    return value


def agrees(record: Any, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        got = told(getattr(record, name))
        if name in ("id", "product", "customer", "order") and isinstance(value, str):
            assert got == ["shop", value]
        elif name == "title" and isinstance(got, dict):
            assert got[""] == value
        elif name in ("variants", "lines"):
            assert len(got) == len(value)
            for one, other in zip(got, value, strict=True):
                agrees(one, other)
        elif isinstance(value, Decimal):
            assert Decimal(got) == value
        else:
            assert got == value, name


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    kind, write = WRITERS[name]
    format = name.partition(" ")[0]

    @given(st.integers(0, 2**63))
    @settings(max_examples=FILES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def round_trip(seed: int) -> None:
        file: File = write(Random(seed))
        path = tmp_path / file.name
        path.write_bytes(file.content)
        records, notes = read_back(path, format, kind)
        by_id = {tuple(told(getattr(record, "id", None)) or ()): record for record in records}
        assert len(records) == len(file.expected)
        for number, wanted in enumerate(file.expected):
            record = by_id.get(("shop", wanted["id"])) if "id" in wanted else records[number]
            assert record is not None, wanted["id"]
            agrees(record, wanted)
        kept = orjson.dumps([record.model_dump() for record in records], default=str).decode()
        left = {column.rpartition(":")[2].rpartition(".")[2] for column in notes.unplaced}
        lost = {
            word: column
            for word, column in file.words.items()
            if word not in kept and column.rpartition(".")[2] not in left
        }
        assert not lost
        if seed % 10 == 0:  # reading is twice as dear
            again, _ = read_back(path, format, kind)
            assert [record.model_dump() for record in again] == [record.model_dump() for record in records]

    round_trip()
