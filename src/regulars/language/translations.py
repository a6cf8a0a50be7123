"""Every string that a person reads, in their language. English stands in the code.

Gettext catalogues: `locale/LANGUAGE/ROOM.po`, all rooms' read as one."""

from __future__ import annotations

import gettext
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = ("en", "zh")
_FOLDER = Path(__file__).parent / "locale"

Say = Callable[[str], str]


@cache
def _translations(locale: str) -> gettext.NullTranslations:
    together = Catalog(locale=locale)
    for path in sorted((_FOLDER / locale).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale):
                if message.id:
                    together[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, together)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def best_locale(asked: str | None, offered: tuple[str, ...] = LOCALES) -> str:
    """The offered language that fits an Accept-Language header or a locale best; the first where none does.

    >>> best_locale("fr;q=0.9, zh-CN;q=0.8")
    'zh'
    >>> best_locale("de")
    'en'
    """
    wishes: list[tuple[float, str]] = []
    for part in (asked or "")[:500].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), name.split("-")[0].split("_")[0].lower()))
        except ValueError:
            continue
    for _, name in sorted(wishes, key=lambda wish: wish[0]):
        if name in offered:
            return name
    return offered[0]


def say_in(locale: str) -> Say:
    """The function that says an English string in this language: `say = say_in("zh"); say("Home")`."""
    return _translations(locale).gettext


@dataclass(frozen=True, slots=True)
class Saying:
    """A string made where no reader is known yet, such as in a parser: said in the reader's language when it is shown.

    text: English, `{name}` for its gaps. gaps: what fills them; sayings among them are said in the same language.
    """

    text: str
    gaps: Mapping[str, Any] = field(default_factory=dict)

    def said(self, say: Say) -> str:
        """In the language of `say`."""
        filled = {name: gap.said(say) if isinstance(gap, Saying) else gap for name, gap in self.gaps.items()}
        return say(self.text).format(**filled)

    def __str__(self) -> str:
        return self.said(str)


def saying(text: str, /, **gaps: Any) -> Saying:
    """A saying with its gaps filled.

    >>> str(saying("{count} of them", count=3))
    '3 of them'
    """
    return Saying(text, gaps)
