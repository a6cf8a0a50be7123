"""Do two sentences say different things about the same matter? Amounts of the same unit that differ, or a yes against a no.

Works over both languages by units, not by words. Knows nothing else that sentences may differ in: a contradiction without an amount
and without a negation isn't seen.
"""

from __future__ import annotations

import re

from regulars.assist.knowledge.words import is_chinese
from regulars.language.text_features import normalise

_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "twelve": "12", "fourteen": "14", "twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90", "hundred": "100",
    "十四": "14", "三十": "30", "六十": "60", "九十": "90", "十二": "12", "二十": "20", "一百": "100",
    "一": "1", "两": "2", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "七": "7", "八": "8", "九": "9", "十": "10",
}  # fmt: skip
_NUMBER = r"(\d+(?:[.,]\d+)*|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + ")"
_RANGE = rf"{_NUMBER}(?:\s*(?:-|–|to|or|and|至|到)\s*{_NUMBER})?"
_UNITS = {
    "workday": r"(?:working|business|work)\s*days?|个?工作日",
    "day": r"days?|天|日(?!元)|nights?|晚(?!上|间)",
    "hour": r"hours?|个?小时",
    "minute": r"minutes?|分钟",
    "week": r"weeks?|周(?![一二三四五六日末])|个?星期",
    "month": r"months?|个月",
    "year": r"years?|年",
    "percent": r"%|percent|per cent",
    "money": r"euros?|pounds?|dollars?|francs?|eur|gbp|usd|chf|cny|欧元|英镑|美元|法郎|元",
    "degree": r"°\s*c|degrees?|度",
    "kilogram": r"kg|公斤|千克",
    "centimetre": r"cm|厘米",
    "piece": r"pieces?|items?|件|个(?!工作|小时|星期|月)",
}
_AFTER = {unit: re.compile(rf"{_RANGE}\s*(?:{words})", re.IGNORECASE) for unit, words in _UNITS.items()}
_BEFORE = re.compile(rf"[€£$¥]\s*{_RANGE}|(?:eur|gbp|usd|chf|cny)\s*{_RANGE}", re.IGNORECASE)
_NOT = re.compile(
    r"\b(?:not|no|never|cannot|can't|isn't|aren't|don't|doesn't|won't|without|neither|nor|unable|impossible)\b|不|没有|没|无法|无需|勿|未|别",
    re.IGNORECASE,
)
ALIKE = 0.45  # cosine from which two sentences speak of the same matter
SAME_WORDS = 0.7  # and from which a negation in one of them turns it round


def amounts(text: str) -> dict[str, frozenset[str]]:
    """Its numbers by unit.

    >>> amounts("within 30 days or €4.50")["day"], amounts("三十天内")["day"]
    (frozenset({'30'}), frozenset({'30'}))
    """
    text = normalise(text)
    found: dict[str, set[str]] = {}
    for unit, pattern in _AFTER.items():
        for match in pattern.finditer(text):
            found.setdefault(unit, set()).update(_number(one) for one in match.groups() if one)
        if unit == "workday":
            text = pattern.sub(" ", text)  # "3 working days" aren't 3 days
    for match in _BEFORE.finditer(text):
        found.setdefault("money", set()).update(_number(one) for one in match.groups() if one)
    return {unit: frozenset(numbers) for unit, numbers in found.items()}


def _number(written: str) -> str:
    written = _WORDS.get(written, written)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", written):
        written = written.replace(",", "")
    written = written.replace(",", ".")
    return written.rstrip("0").rstrip(".") if "." in written else written


def negated(text: str) -> bool:
    """Whether there is an odd number of negations in it."""
    return len(_NOT.findall(text)) % 2 == 1


def contradict(one: str, other: str, likeness: float, around: tuple[str, str] = ("", "")) -> bool:
    """likeness: cosine of the two sentences. around: the passages they stand in; an amount that either passage names somewhere is no
    contradiction. A yes against a no is only read within one language.
    """
    if likeness < ALIKE:
        return False
    left, right = amounts(one), amounts(other)
    shared = left.keys() & right.keys()
    if shared:
        here, there = amounts(f"{one}\n{around[0]}"), amounts(f"{other}\n{around[1]}")
        return any(not left[unit] & there[unit] and not right[unit] & here[unit] for unit in shared)
    return likeness >= SAME_WORDS and is_chinese(one) == is_chinese(other) and negated(one) != negated(other)
