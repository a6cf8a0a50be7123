"""The gate's rules as data: word lists and patterns of both languages, in rules/*.json. Knows how to read them, nothing else."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def _read(name: str) -> dict[str, Any]:
    path = resources.files("regulars.language.grounding").joinpath("rules", f"{name}.json")
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


SHARED: dict[str, Any] = _read("shared")
ENGLISH: dict[str, Any] = _read("en")
CHINESE: dict[str, Any] = _read("zh")
BY_LOCALE: dict[str, dict[str, Any]] = {"en": ENGLISH, "zh": CHINESE}
