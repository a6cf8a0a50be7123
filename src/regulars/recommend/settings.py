"""Settings of a training as documents: written in full into a version, read from a workspace's tuning/settings.json.

The file holds only what differs from the defaults, so that a newer version's better defaults reach a tuned shop too. It may
be written by hand: what it says wrongly is named, field by field. Knows the shape of the settings, not what they do.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from regulars.errors import InvalidInput
from regulars.recommend.train import TrainSettings

FILE = "settings.json"
ABOUT = "about"
"""A line for who opens the file; it isn't read."""
NEVER = "never"
"""How an infinite half-life is written: JSON has no infinity."""

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "covisitation.window": (1, 100),
    "covisitation.lag_decay": (0, 1),
    "covisitation.backward": (0, 2),
    "covisitation.damping": (0, 2),
    "covisitation.history_decay": (1e-6, 1),
    "covisitation.neighbours": (1, 10_000),
    "ease.regularisation": (1e-6, 1e9),
    "ease.items": (1, 50_000),
    "ease.neighbours": (1, 10_000),
    "text.dims": (1, 4_096),
    "text.max_share": (0, 1),
    "text_source.history_decay": (1e-6, 1),
    "text_source.neighbours": (1, 10_000),
    "sequence.width": (4, 2_048),
    "sequence.layers": (1, 24),
    "sequence.heads": (1, 64),
    "sequence.length": (2, 1_000),
    "sequence.dropout": (0, 0.95),
    "sequence.id_dropout": (0, 1),
    "sequence.term_dropout": (0, 0.95),
    "sequence.contrast": (0, 10),
    "sequence.negatives": (1, 1_000_000),
    "sequence.negative_power": (0, 2),
    "sequence.batch": (1, 65_536),
    "sequence.learning_rate": (1e-7, 1),
    "sequence.weight_decay": (0, 1),
    "sequence.average": (0, 1),
    "sequence.epochs": (1, 10_000),
    "sequence.threads": (1, 256),
    "members": (1, 16),
}
"""Smallest and largest value; a number that isn't here is not negative. A half-life is above 0."""


def document_of(settings: TrainSettings) -> dict[str, Any]:
    """All settings as JSON values, the transformer's defaults filled in."""
    return dict(_document(_filled(settings)))


def settings_of(document: Mapping[str, Any], origin: str = "the settings") -> TrainSettings:
    """The defaults with what the document says instead. origin: what an error calls it.

    Raises InvalidInput naming the field: unknown, of another type, out of its range.
    """
    stated = {name: value for name, value in document.items() if name != ABOUT}
    changed = _changed(_filled(TrainSettings()), stated, "", origin)
    sequence = changed.sequence
    if sequence is not None and sequence.width % sequence.heads:
        raise _wrong(origin, "sequence.width", f"{sequence.width} can't be divided among {sequence.heads} heads")
    assert isinstance(changed, TrainSettings)
    return changed


def differences(settings: TrainSettings) -> dict[str, tuple[Any, Any]]:
    """{"covisitation.window": (value, default)} of what isn't at its default, as JSON values."""
    return _differences(document_of(settings), document_of(TrainSettings()))


def told(settings: TrainSettings) -> dict[str, tuple[Any, Any]]:
    """`differences`, for people: a part that is off by default is "on", beside what of it isn't at that part's own default."""
    hints = _hints(TrainSettings)
    found: dict[str, tuple[Any, Any]] = {}
    for path, (value, default) in differences(settings).items():
        if isinstance(value, dict) and default is None:
            found[path] = ("on", "off")
            part = next(one for one in get_args(hints[path]) if isinstance(one, type) and is_dataclass(one))
            found |= _differences(value, _document(part()), f"{path}.")
        else:
            found[path] = (value, default)
    return found


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """{"covisitation.window": 7} → {"covisitation": {"window": 7}}."""
    made: dict[str, Any] = {}
    for path, value in flat.items():
        *rooms, name = path.split(".")
        into = made
        for room in rooms:
            into = into.setdefault(room, {})
        into[name] = value
    return made


def with_values(settings: TrainSettings, flat: Mapping[str, Any]) -> TrainSettings:
    """These settings with some values changed, by path. Raises InvalidInput as settings_of does."""
    changed: TrainSettings = _changed(_filled(settings), nested(flat), "", "the settings")
    return changed


def read(folder: Path) -> TrainSettings | None:
    """What the folder's settings.json says; None where there is none.

    Raises InvalidInput with the line, or the field, that is wrong.
    """
    document = read_document(folder)
    return None if document is None else settings_of(document, str(folder / FILE))


def read_document(folder: Path) -> dict[str, Any] | None:
    """The file's own words, unchecked; None where there is none. Raises InvalidInput when it isn't a JSON object."""
    path = folder / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} can't be read: {error}.", file=str(path)) from error
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{path}, line {error.lineno}: {error.msg}.",
            hint="Mend it, or go back to the defaults: `regulars tune --forget`.",
            file=str(path),
        ) from error
    if not isinstance(document, dict):
        raise InvalidInput(f"{path} isn't a JSON object.", file=str(path))
    return document


def write(folder: Path, settings: TrainSettings, about: str) -> Path:
    """Writes what differs from the defaults. The file is there whole or not at all."""
    values = {path: value for path, (value, _) in differences(settings).items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / FILE, json.dumps({ABOUT: about, **nested(values)}, indent=1, ensure_ascii=False) + "\n")
    return folder / FILE


def write_whole(path: Path, text: str) -> None:
    """Replaces the file in one step: a reader sees the old one or the new one."""
    beside = path.with_name(f".{path.name}.unfinished")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _filled(settings: TrainSettings) -> TrainSettings:
    from regulars.recommend.sequence_training import SequenceSettings

    return settings if settings.sequence is not None else replace(settings, sequence=SequenceSettings())


def _document(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _document(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_document(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return NEVER
    return value


def _differences(document: Mapping[str, Any], usual: Mapping[str, Any], before: str = "") -> dict[str, tuple[Any, Any]]:
    found: dict[str, tuple[Any, Any]] = {}
    for name, value in document.items():
        if isinstance(value, dict) and isinstance(usual[name], dict):
            found |= _differences(value, usual[name], f"{before}{name}.")
        elif value != usual[name]:
            found[before + name] = (value, usual[name])
    return found


def _hints(kind: type) -> dict[str, Any]:
    from regulars.recommend.judge.settings import JudgeSettings
    from regulars.recommend.sequence_training import SequenceSettings

    return get_type_hints(kind, localns={"SequenceSettings": SequenceSettings, "JudgeSettings": JudgeSettings})


def _changed(settings: Any, stated: Mapping[str, Any], before: str, origin: str) -> Any:
    hints = _hints(type(settings))
    unknown = [name for name in stated if name not in hints]
    if unknown:
        raise InvalidInput(
            f"{origin} has an unknown setting: {before}{unknown[0]}.",
            hint=f"Known are {', '.join(before + name for name in hints)}.",
            field=before + unknown[0],
        )
    values: dict[str, Any] = {}
    for name, value in stated.items():
        present, path = getattr(settings, name), before + name
        if is_dataclass(present):
            if not isinstance(value, dict):
                raise _wrong(origin, path, "it is a group of settings: an object in braces")
            values[name] = _changed(present, value, f"{path}.", origin)
        else:
            values[name] = _typed(hints[name], value, path, origin)
    return replace(settings, **values)


def _typed(kind: Any, value: Any, path: str, origin: str) -> Any:
    """The value as the setting's type has it. Raises InvalidInput."""
    if get_origin(kind) in (Union, UnionType):
        if value is None and NoneType in get_args(kind):
            return None
        kind = next(one for one in get_args(kind) if one is not NoneType)
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise _wrong(origin, path, "it is a group of settings: an object in braces")
        return _changed(kind(), value, f"{path}.", origin)  # type: ignore[operator]  # a dataclass with defaults
    if get_origin(kind) is tuple:
        wanted = get_args(kind)
        if not isinstance(value, (list, tuple)) or len(value) != len(wanted):
            raise _wrong(origin, path, f"it is a list of {len(wanted)} numbers")
        return tuple(_typed(one, part, path, origin) for one, part in zip(wanted, value, strict=True))
    if kind is float and value == NEVER and path.endswith("half_life_days"):
        return math.inf
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        return value
    if kind is int and isinstance(value, int) and number:
        return int(_within(value, path, origin))
    if kind is float and number and math.isfinite(value):
        return float(_within(value, path, origin))
    called = {int: "a whole number", float: "a number", bool: "true or false", str: "text in quotes"}
    raise _wrong(origin, path, f"it is {called.get(kind, str(kind))}, not {json.dumps(value)[:60]}")


def _within(value: float, path: str, origin: str) -> float:
    low, high = _BOUNDS.get(path, (1e-6 if path.endswith("half_life_days") else 0.0, math.inf))
    if not low <= value <= high:
        span = f"between {low:g} and {high:g}" if math.isfinite(high) else f"at least {low:g}"
        raise _wrong(origin, path, f"it is {span}, not {value:g}")
    return value


def _wrong(origin: str, path: str, what: str) -> InvalidInput:
    return InvalidInput(f"{origin}: {path}: {what}.", field=path)
