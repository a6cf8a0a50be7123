"""Texts of the shop about its products: kinds and their lengths, the voice they are said in, sentences with what they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from regulars.schema.text import LongText, ShortText

Kind = Literal[
    "description", "title", "bullets", "seo", "ad_search", "ad_social", "ad_banner", "push", "sms", "email", "alt", "digest", "category"
]  # fmt: skip
Tone = Literal["plain", "warm", "lively"]
Length = Literal["short", "medium", "long"]
Unit = Literal["characters", "width"]


@dataclass(frozen=True, slots=True)
class Place:
    """A field of a kind of text. limit: at most so many characters; "width" counts a Chinese one twice, as ad platforms do.

    lines: how many lines it may have, 1 for running text that isn't cut into lines.
    """

    name: str
    limit: int
    unit: Unit = "characters"
    lines: int = 1


KINDS: Mapping[str, tuple[Place, ...]] = {
    "description": (Place("body", 6_000, lines=400),),
    "title": (Place("title", 80),),
    "bullets": (Place("bullets", 6_000, lines=400),),
    "seo": (Place("title", 60, "width"), Place("description", 155, "width")),
    "ad_search": (Place("headlines", 30, "width", 15), Place("descriptions", 90, "width", 4)),
    "ad_social": (Place("text", 125, "width"), Place("headline", 40, "width")),
    "ad_banner": (Place("headline", 25, "width"), Place("text", 50, "width")),
    "push": (Place("title", 50, "width"), Place("body", 120, "width")),
    "sms": (Place("body", 160),),
    "email": (Place("subject", 60, "width"), Place("preheader", 90, "width"), Place("body", 6_000, lines=400)),
    "alt": (Place("alt", 125),),
    "digest": (Place("body", 2_000, lines=40),),
    "category": (Place("body", 2_000, lines=40),),
}
"""Lengths: Google's responsive search ads (30 and 90, wide characters twice), search results (about 60 and 155), one SMS (160),
Meta's primary text before it is folded (125) and headline (40)."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a line. about: names of the facts it stands on, "statement" for a sentence of the record's own text."""

    text: str
    about: tuple[str, ...] = ()


Fields = Mapping[str, tuple[Sentence, ...]]
"""A text: its places by name, each in sentences."""


class Voice(BaseModel):
    """How a shop speaks. avoid: words that no text may have. prefer: words that a writer may use. samples: texts it likes.

    glossary: words of the shop's own in its two languages, {"cast-iron": "铸铁"}. publish: kinds that go out without a person.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    tone: Tone = "plain"
    length: Length = "medium"
    audience: ShortText = ""
    avoid: Annotated[list[ShortText], Field(max_length=500)] = Field(default_factory=list)
    prefer: Annotated[list[ShortText], Field(max_length=500)] = Field(default_factory=list)
    samples: Annotated[list[LongText], Field(max_length=20)] = Field(default_factory=list)
    glossary: Annotated[dict[ShortText, ShortText], Field(max_length=5_000)] = Field(default_factory=dict)
    publish: list[Kind] = Field(default_factory=list)


def width(text: str, unit: Unit = "characters") -> int:
    """How long a text is, in the unit in which its place is limited.

    >>> width("Tea 茶", "width")
    6
    """
    return len(text) if unit == "characters" else sum(2 if ord(sign) > 0x2E7F else 1 for sign in text)


@dataclass(frozen=True, slots=True)
class Brief:
    """What is wanted: a kind of text, in a language, in a voice. variant: another number gives other words."""

    kind: str
    locale: str
    voice: Voice = field(default_factory=Voice)
    variant: int = 0


def joined(sentences: tuple[Sentence, ...], locale: str) -> str:
    """The sentences as one text: a line break stands where a sentence begins with one."""
    text = ""
    for one in sentences:
        if not text:
            text = one.text.lstrip("\n")
        elif one.text.startswith("\n"):
            text += one.text
        else:
            text += ("" if locale == "zh" else " ") + one.text
    return text
