"""HTML put together safely: whatever isn't Markup already is escaped. Titles and names come from shops and strangers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape

__all__ = ["Markup", "coded", "escape", "joined", "tag"]

_VOID = frozenset({"input", "br", "img", "hr", "meta", "link"})


def tag(name: str, /, *inside: Any, **attributes: Any) -> Markup:
    """`tag("td", 3, class_="number")`. A trailing underscore is dropped, others become hyphens; None and False leave out."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = key.rstrip("_").replace("_", "-")
        parts.append(f" {written}" if value is True else f' {written}="{escape(value)}"')
    parts.append(">")
    if name not in _VOID:
        parts.extend(str(escape(one)) for one in inside if one is not None)
        parts.append(f"</{name}>")
    return Markup("".join(parts))


def joined(parts: Iterable[Any], between: str = "") -> Markup:
    """Parts after another; what isn't Markup is escaped."""
    return Markup(between).join(escape(part) for part in parts if part is not None)


def coded(text: str) -> Markup:
    """`words` between backticks as code."""
    parts = text.split("`")
    return joined(tag("code", part) if place % 2 else part for place, part in enumerate(parts))
