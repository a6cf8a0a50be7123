"""How hard a text is to read: school years for English, how long one reads without a pause for Chinese. Knows no product.

English: the Flesch–Kincaid grade (Kincaid et al. 1975), .39 words a sentence + 11.8 syllables a word − 15.59. Chinese: signs between two
marks of punctuation; running text has about ten, and a clause of over twenty-five is read twice.
"""

from __future__ import annotations

import re

from regulars.language.grounding.texts import sentences

HARDEST = {"en": 14.0, "zh": 26.0}
"""Grade, or mean signs a clause, from which a text is hard: names of products and units weigh heavily in short texts."""
LEAST = {"en": 30, "zh": 60}
"""Words, or signs, below which the mean says nothing."""
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?", re.I)
_VOWELS = re.compile(r"[aeiouy]+")
_SIGN = re.compile(r"[\u4e00-\u9fff]")
_PAUSE = re.compile(r"[，。！？；：、,.!?;:\n（）()“”「」·|｜]+")


def hardness(text: str, locale: str) -> float | None:
    """The grade of an English text, or the mean signs a clause of a Chinese one; None where it is too short to say.

    >>> hardness("The cat sat on the mat. " * 10, "en") < 2
    True
    """
    if locale == "zh":
        clauses = [many for part in _PAUSE.split(text) if (many := len(_SIGN.findall(part)))]
        return sum(clauses) / len(clauses) if sum(clauses) >= LEAST["zh"] else None
    words = _WORD.findall(text)
    if len(words) < LEAST["en"]:
        return None
    many = sum(1 for begin, end in sentences(text) if _WORD.search(text[begin:end]))
    return 0.39 * len(words) / max(1, many) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """An estimate: runs of vowels, without a silent e at the end.

    >>> [syllables(word) for word in ("tea", "kettle", "stainless", "made", "biodegradable")]
    [1, 2, 2, 1, 5]
    """
    word = word.lower()
    found = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and found > 1:
        found -= 1
    if word.endswith(("less", "ness", "ful", "ment")) and re.search(
        r"[aeiouy][^aeiouy]+e(?:less|ness|ful|ment)$", word
    ):
        found -= 1
    return max(1, found)
