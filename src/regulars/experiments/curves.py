"""How a training went, epoch by epoch: as numbers for a page, and as TensorBoard's event files. Knows no model.

The file format is small and stands still: TFRecord frames around `Event` messages. Writing it here costs no dependency.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

FOLDER = "curves"
Point = tuple[int, float]
"""(step, value)."""

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_VERSION = "brain.Event:2"


def curve_of(history: Iterable[Mapping[str, float]]) -> list[dict[str, float | None]]:
    """A training's history with what can't be written as JSON taken out (a loss that ran off is None)."""
    return [
        {name: round(float(value), 6) if math.isfinite(value) else None for name, value in entry.items()}
        for entry in history
    ]


def series_of(curve: Sequence[Mapping[str, float | None]], step: str = "epoch") -> dict[str, list[Point]]:
    """A curve by what was measured: {"loss": [(1, 8.1), (2, 7.4)], …}; values that are missing are left out."""
    made: dict[str, list[Point]] = {}
    for place, entry in enumerate(curve, 1):
        told = entry.get(step)
        at = place if told is None else int(told)
        for name, value in entry.items():
            if name != step and value is not None:
                made.setdefault(name, []).append((at, value))
    return made


def write_events(
    folder: Path,
    series: Mapping[str, Sequence[Point]],
    at: float,
    name: str = "training",
    passed: Mapping[int, float] | None = None,
) -> Path:
    """Writes one event file: `tensorboard --logdir FOLDER` shows it. series: {tag: points}. at: epoch seconds. passed: {step:
    seconds after `at`} where they are known. The same input gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events.out.tfevents.{int(at):010d}.{name}"
    by_step: dict[int, list[tuple[str, float]]] = {}
    for tag, points in series.items():
        for step, value in points:
            by_step.setdefault(step, []).append((tag, value))
    events = [_double(1, at) + _bytes(3, _VERSION.encode())]
    for step in sorted(by_step):
        summary = b"".join(_bytes(1, _bytes(1, tag.encode()) + _float(2, value)) for tag, value in by_step[step])
        events.append(_double(1, at + (passed or {}).get(step, 0.0)) + _integer(2, step) + _bytes(5, summary))
    path.write_bytes(b"".join(_record(event) for event in events))
    return path


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum (RFC 3720, appendix B.4).

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _row(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
    return number


_TABLE = tuple(_row(number) for number in range(256))


def _masked(data: bytes) -> bytes:
    """TFRecord's checksum: rotated and shifted, so that a checksum of a checksum isn't one."""
    value = crc32c(data)
    return struct.pack("<I", (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value & 0xFFFFFFFFFFFFFFFF)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value
