"""What reading a message needs of any text: its plain form, and the language it is written in."""

from __future__ import annotations

import re
import unicodedata

MOST_READ = 2_000
"""Characters of a message that are read for names: nobody names an order after two thousand."""

CJK = re.compile(r"[\u3400-\u9fff]")
EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")


def plain(text: str) -> str:
    """Lower case, without punctuation and doubled spaces, full-width letters as usual ones.

    >>> plain("Yes,  PLEASE！ 👍")
    'yes please'
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    text = "".join(" " if unicodedata.category(one)[0] in "PZSC" and one not in "'" else one for one in text)
    return " ".join(text.split())


def language_of(text: str, before: str = "en") -> str:
    """ "zh" where Chinese characters carry the text, "en" where Latin words do; what it was before, for neither.

    >>> language_of("c204.8846@post.example 😅", "zh"), language_of("where is it?", "zh"), language_of("NB-4711", "zh")
    ('zh', 'en', 'zh')
    """
    text = EMAIL.sub(" ", text[:MOST_READ])
    chinese = len(CJK.findall(text[:MOST_READ]))
    latin = len(re.findall(r"[A-Za-z]{2,}", text[:MOST_READ]))
    if chinese and chinese * 2 >= latin:
        return "zh"
    return "en" if latin >= 2 or (latin and before == "en") else before


def alike(word: str, right: str, shortest: int = 4) -> bool:
    """The same word, or one of `shortest` letters or more with one letter wrong, missing, doubled, or two letters swapped.

    >>> alike("corect", "correct"), alike("ues", "use"), alike("ues", "use", 3), alike("tin", "tiny")
    (True, False, True, False)
    """
    if word == right or (len(right) > shortest and word == right[1:]):
        return True
    if len(right) < shortest or len(word) < shortest or abs(len(word) - len(right)) > 1 or word[0] != right[0]:
        # The first letter of a short word is its own, except where it changed places with the second.
        return len(right) >= shortest and word[:2] == right[1::-1] and word[2:] == right[2:]
    front = next((at for at, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right)))
    rest, other = word[front:], right[front:]
    if len(word) == len(right):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other if len(word) > len(right) else rest == other[1:]


def words_in(text: str, between: str | None = None) -> frozenset[str]:
    """A vocabulary that is written down as one text."""
    return frozenset(one.strip() for one in text.replace("\n", between or " ").split(between) if one.strip())
