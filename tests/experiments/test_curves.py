"""Event files are what TensorBoard reads: frames with their checksums around protobuf messages, checked with protobuf itself."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import pytest

from regulars.experiments.curves import crc32c, curve_of, series_of, write_events

descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")


def event_class() -> Any:
    """TensorFlow's Event, as far as scalars need it (tensorflow/core/util/event.proto, framework/summary.proto)."""
    from google.protobuf import descriptor_pool, message_factory

    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")
    value = file.message_type.add(name="Value")
    value.field.add(name="tag", number=1, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)
    value.field.add(name="simple_value", number=2, type=kind.TYPE_FLOAT, label=kind.LABEL_OPTIONAL)
    summary = file.message_type.add(name="Summary")
    summary.field.add(name="value", number=1, type=kind.TYPE_MESSAGE, type_name=".t.Value", label=kind.LABEL_REPEATED)
    event = file.message_type.add(name="Event")
    event.field.add(name="wall_time", number=1, type=kind.TYPE_DOUBLE, label=kind.LABEL_OPTIONAL)
    event.field.add(name="step", number=2, type=kind.TYPE_INT64, label=kind.LABEL_OPTIONAL)
    event.field.add(name="file_version", number=3, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)
    event.field.add(name="summary", number=5, type=kind.TYPE_MESSAGE, type_name=".t.Summary", label=kind.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Event"))


def masked(data: bytes) -> int:
    value = crc32c(data)
    return ((value >> 15 | value << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def records(path: Path) -> list[bytes]:
    """A TFRecord file's records, every checksum looked at."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == masked(data[at : at + 8])
        record = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked(record)
        found.append(record)
        at += 16 + length
    return found


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E), (b"", 0)],
)
def test_checksums_are_the_ones_of_the_standard(data: bytes, checksum: int) -> None:
    """The vectors of RFC 3720, B.4."""
    assert crc32c(data) == checksum


def test_an_event_file_holds_what_was_measured(tmp_path: Path) -> None:
    history = [
        {"epoch": 1.0, "loss": 8.5, "ndcg_at_10": 0.01},
        {"epoch": 300.0, "loss": math.nan, "ndcg_at_10": 0.02},
    ]
    curve = curve_of(history)
    assert curve[1]["loss"] is None
    path = write_events(tmp_path / "curves", series_of(curve), at=1_700_000_000.25, name="sequence-0")
    assert path.name == "events.out.tfevents.1700000000.sequence-0"
    event = event_class()
    first, *rest = [event.FromString(record) for record in records(path)]
    assert (first.file_version, first.wall_time) == ("brain.Event:2", 1_700_000_000.25)
    told = [(one.step, [(value.tag, round(value.simple_value, 4)) for value in one.summary.value]) for one in rest]
    assert told == [(1, [("loss", 8.5), ("ndcg_at_10", 0.01)]), (300, [("ndcg_at_10", 0.02)])]
    again = write_events(tmp_path / "again", series_of(curve), at=1_700_000_000.25, name="sequence-0")
    assert again.read_bytes() == path.read_bytes()


def test_the_same_bytes_as_protobuf_writes(tmp_path: Path) -> None:
    path = write_events(tmp_path, {"loss": [(7, 1.25)]}, at=12.5)
    event = event_class()(wall_time=12.5, step=7)
    event.summary.value.add(tag="loss", simple_value=1.25)
    assert records(path)[1] == event.SerializeToString()
