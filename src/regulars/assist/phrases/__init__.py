"""What the assistant says, a file a language. Knows how to read them; a language that isn't there is English."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

LOCALES = ("en", "zh")


@cache
def phrases_of(locale: str) -> dict[str, Any]:
    """Parts, lines, labels, marks, states and `say`: act → wordings."""
    name = locale if locale in LOCALES else "en"
    text = resources.files("regulars.assist.phrases").joinpath(f"{name}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read
