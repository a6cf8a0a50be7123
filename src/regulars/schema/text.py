"""Text from outside: what is shortened, what is refused. Nothing is escaped here; whoever shows text escapes it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

MAX_TITLE = 1_000  # longer than any shop system allows (Shopify 255, Google 150), short enough for an index row
MAX_TEXT = 200_000  # the longest description seen in public feeds is a tenth of this
MAX_ID = 512


def refuse_nul(value: str) -> str:
    """PostgreSQL can't hold U+0000 and no text needs it.

    Raises: ValueError, which becomes a rejected row or a 422.
    """
    if "\x00" in value:
        raise ValueError("contains a NUL character (U+0000), which no text may hold")
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("contains half of a surrogate pair, which isn't valid Unicode") from None
    return value


def shortened(limit: int) -> AfterValidator:
    """Cut at `limit` characters with an ellipsis: a text that is too long is kept, not refused."""

    def cut(value: str) -> str:
        refuse_nul(value)
        return value if len(value) <= limit else value[: limit - 1] + "…"

    return AfterValidator(cut)


def _as_text(value: Any) -> Any:
    """Numbers are taken as ids and titles: many exports drop the quotes around 1001."""
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value


def _checked_id(value: str) -> str:
    refuse_nul(value)
    value = value.strip()
    if not value:
        raise ValueError("is empty")
    if len(value) > MAX_ID:
        raise ValueError(f"has {len(value)} characters; an id has at most {MAX_ID}")
    return value


Plain = Annotated[str, AfterValidator(refuse_nul)]
Title = Annotated[str, BeforeValidator(_as_text), shortened(MAX_TITLE)]
LongText = Annotated[str, BeforeValidator(_as_text), shortened(MAX_TEXT)]
IdText = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked_id)]
ShortText = Annotated[str, BeforeValidator(_as_text), shortened(MAX_ID)]
