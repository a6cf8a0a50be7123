"""How the gate cuts a text: sentences, clauses, words, and whether a clause denies. Knows no facts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from regulars.language.grounding.rules import CHINESE, ENGLISH

Span = tuple[int, int]

CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")
_SENTENCE = re.compile(r"[^.!?。！？;；\n]+(?:[.](?=[^\s”\"'’)])[^.!?。！？;；\n]*)*[.!?。！？;；]*")
_CLAUSE = re.compile(
    r"(?<!\d),|,(?!\d)|[，、:：()（）—]|\s–\s|\bbut\b|\bhowever\b|\balthough\b|\bthough\b|"
    r"\band\b(?=\s+(?:it|they|its|their|the|you|your|we|our|i|is|are|can|can't|cannot|has|have|do|don't|does|doesn't|isn't|aren't|not|no|won't|there)\b)|但是|不过|虽然|但",
    re.I,
)
_QUESTION = re.compile(r"[?？]\W*$|(?:吗|呢|么)\W*$")
_NUMBER_SIGN = re.compile(r"\bno\.\s*(?=[\dA-Z#])|^\W*no,|^\W*(?:不|没有)[，,]", re.I)
_FUNCTION: frozenset[str] = frozenset(ENGLISH["function_words"].split())
_FUNCTION_SIGNS: frozenset[str] = frozenset(CHINESE["function_signs"])


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence. content: what it is about, as stems or pairs of signs. negative: whether it denies."""

    text: str
    start: int
    content: frozenset[str]
    negative: bool


def sentences(text: str) -> Iterator[Span]:
    for match in _SENTENCE.finditer(text):
        if match[0].strip():
            yield match.span()


def clauses(text: str, span: Span | None = None) -> list[Clause]:
    """The clauses of a text, or of the sentence at `span`."""
    found = []
    for begin, end in [span] if span else sentences(text):
        start = begin
        for cut in [*_CLAUSE.finditer(text, begin, end), None]:
            stop = cut.start() if cut else end
            part = text[start:stop]
            if part.strip():
                found.append(Clause(part, start, content(part), denies(part)))
            start = cut.end() if cut else end
    return found


def is_question(sentence: str) -> bool:
    return bool(_QUESTION.search(sentence.rstrip("”\"'’）) \n")))


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """A word without its commonest endings: "cancelled" and "cancels" are "cancel".

    >>> [stem(word) for word in ("cancelled", "deliveries", "changing", "changes", "address", "item's")]
    ['cancel', 'deliveri', 'chang', 'chang', 'address', 'item']
    """
    word = word.lower().replace("’", "'")
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "i"
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for endings in (("ing", "ed", "ly"), ("er",)):
        for ending in endings:
            if len(word) - len(ending) >= 3 and word.endswith(ending):
                word = word[: -len(ending)]
                break
    if (len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl") or (len(word) > 4 and word.endswith("ll")):
        word = word[:-1]
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    if len(word) > 2 and word.endswith("y"):
        word = word[:-1] + "i"
    return word


def content(text: str) -> frozenset[str]:
    """What a text is about: stems of its words, pairs of neighbouring Chinese signs, numbers."""
    words = [re.sub(r"n['’]t$|['’]\w+$", "", word) for word in WORD.findall(text)]
    found = {stem(word) for word in words if word.lower() not in _FUNCTION and len(word) > 2}
    found |= set(re.findall(r"\d+(?:\.\d+)?", text))
    negators = set(CHINESE["negators"])
    for run in re.findall(r"[\u4e00-\u9fff]+", text):
        signs = [sign if sign not in _FUNCTION_SIGNS and sign not in negators else " " for sign in run]
        found |= {a + b for a, b in itertools.pairwise(signs) if a != " " and b != " "}
    return frozenset(found)


def denies(text: str) -> bool:
    """Whether an odd number of negations stands in a clause."""
    return negations(text) % 2 == 1


def negations(text: str) -> int:
    lower = denying(text)
    count = len(_negators("en").findall(lower))
    return count + len(_negators("zh").findall(lower)) if CJK.search(lower) else count


def denying(text: str) -> str:
    """The text in small letters, without phrases that only look like denials ("no problem", 不仅)."""
    lower = _not_negators("en").sub(" ", _NUMBER_SIGN.sub("", text).lower().replace("’", "'"))
    return _not_negators("zh").sub(" ", lower) if CJK.search(lower) else lower


@lru_cache(maxsize=4)
def _negators(locale: str) -> re.Pattern[str]:
    if locale == "zh":
        return re.compile("|".join(("没有", *CHINESE["negators"])))
    words = [word for word in ENGLISH["negators"] if word not in ("n't", "non")]
    return re.compile(rf"n't\b|\bnon-|\b(?:{'|'.join(words)})\b")


@lru_cache(maxsize=4)
def _not_negators(locale: str) -> re.Pattern[str]:
    phrases = sorted((CHINESE if locale == "zh" else ENGLISH)["not_negators"], key=len, reverse=True)
    return re.compile("|".join(phrases))


def without(text: str, spans: list[Span], sign: str = "\x02") -> str:
    """The text with the spans blanked, so that all places stay."""
    letters = list(text)
    for start, end in spans:
        letters[start:end] = sign * (end - start)
    return "".join(letters)
