"""What reading a message needs of any text: its plain form, and the language it is written in."""

from __future__ import annotations

import re
import unicodedata

MOST_READ = 2_000
"""Characters of a message that are read for names: nobody names an order after two thousand."""

CJK = re.compile(r"[\u3400-\u9fff]")


def plain(text: str) -> str:
    """Lower case, without punctuation and doubled spaces, full-width letters as usual ones.

    >>> plain("Yes,  PLEASE！ 👍")
    'yes please'
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = "".join(" " if unicodedata.category(one)[0] in "PZSC" and one not in "'" else one for one in text)
    return " ".join(text.split())


def language_of(text: str, before: str = "en") -> str:
    """ "zh" where Chinese characters carry the text, "en" where Latin words do; what it was before, for neither."""
    chinese = len(CJK.findall(text[:MOST_READ]))
    latin = len(re.findall(r"[A-Za-z]{2,}", text[:MOST_READ]))
    if chinese and chinese * 2 >= latin:
        return "zh"
    return "en" if latin >= 2 or (latin and before == "en") else before


def words_in(text: str, between: str | None = None) -> frozenset[str]:
    """A vocabulary that is written down as one text."""
    return frozenset(one.strip() for one in text.replace("\n", between or " ").split(between) if one.strip())
