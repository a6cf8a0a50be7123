"""Numbers in a text: money, percentages, durations, dates, times, measures, counts, in English and Chinese.

Reads digits, number words and Chinese numerals, and brings them to one form, so that "two weeks" is "14 天". It knows no
frame and decides nothing; the gate compares what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal

from regulars.language.grounding.rules import SHARED

QuantityKind = Literal["money", "percent", "duration", "date", "time", "measure", "number", "relative"]

_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide) not in "，。：；！？（）、"}
_WORDS_EN: dict[str, int] = {
    **{word: number for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
    )},
    **{word: 10 * number for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )},
}  # fmt: skip
_SCALES_EN = {"hundred": 100, "thousand": 1000, "dozen": 12}
_EN_NUMBER = "|".join(sorted([*_WORDS_EN, *_SCALES_EN], key=len, reverse=True))
_ZH_DIGITS = {**{sign: number for number, sign in enumerate("零一二三四五六七八九")}, "〇": 0, "两": 2}
_ZH_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_NUMBER = re.compile(
    rf"(?P<digits>\d+(?:[,\u00a0\u202f]\d{{3}})*(?:\.\d+)?)"
    rf"|(?P<words>\b(?:{_EN_NUMBER})(?:[\s-]+(?:and\s+)?(?:{_EN_NUMBER}))*\b)"
    rf"|(?P<signs>[零〇一二两三四五六七八九十百千万]+(?:点[零一二三四五六七八九]+)?)",
    re.I,
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WEEKDAYS = {
    name: number
    for number, name in enumerate(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])
}
_WEEKDAYS |= {name: number for number, name in enumerate(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])}
_ZH_WEEKDAYS = {sign: number for number, sign in enumerate("一二三四五六日")} | {"天": 6}
_N = r"(?:\d{1,2}|[一二两三四五六七八九十]{1,3})"
_DATES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), order)
    for pattern, order in (
        (
            r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?",
            "ymd",
        ),
        (r"(?<!\d)(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)", "ymd"),
        (r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])", "either"),
        (rf"(\d{{4}})\s*年\s*({_N})\s*月\s*({_N})\s*[日号]", "ymd"),
        (rf"(\d{{4}})\s*年\s*({_N})\s*月(?!内|后|之)", "ym"),
        (rf"(?<![\d个])({_N})\s*月\s*({_N})\s*[日号]", "md"),
        (rf"(?<![\d一-鿿])({_N})\s*月\s*(?:份|底|初|中旬)", "m"),
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\b\.?(?:,?\s+(\d{{4}}))?", "dmy"),
        (rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:%|days|items))(?:,?\s+(\d{{4}})\b)?", "mdy"),
        (rf"\b(?:in|by|until|since|during|end of|mid|late|early)[\s-]+({_MONTH})\b(?:\s+(\d{{4}}))?", "my"),
        (rf"\b({_MONTH})\s+(\d{{4}})\b", "my"),
        (r"\b(\d{1,2})(?:st|nd|rd|th)\b", "d"),
        (
            r"\b(mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|mon|tue|wed|thu|fri|sat)\b\.?",
            "w",
        ),
        (r"(?:星期|周|礼拜)([一二三四五六日天])", "w"),
    )
)
_TIMES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2})?(?!\d)(?:\s*(?P<half>[ap])\.?m\b\.?)?",
        r"\b(?P<hour>\d{1,2})\s*(?P<half>[ap])\.?m\b\.?",
        rf"(?P<half>凌晨|早上|上午|中午|下午|傍晚|晚上)?(?P<hour>{_N})点(?!击|开|进|赞|评|东|几|儿|什)(?:(?P<minute>半|{_N})分?)?",
    )
)
_LINK = re.compile(r"\s*(?:to|–|—|-|~|and|or|至|到|或|和)\s*", re.I)


@dataclass(frozen=True, slots=True)
class Quantity:
    """value: the number in the smallest unit of its kind, or for a date (year, month, day, weekday), None where unsaid.

    unit: of money its currencies ("EUR", "USD|CAD" where the sign is shared), of a duration "minute", "workday" or "month".
    """

    kind: QuantityKind
    value: Decimal | tuple[int | None, ...] | None
    unit: str
    start: int
    end: int


def plain(text: str) -> str:
    """Full-width digits and letters as ASCII, one for one, so that places stay."""
    return text.translate(_WIDE)


def quantities(text: str) -> list[Quantity]:
    """All quantities of a text, in order of place. Places hold in the text as given.

    >>> [(found.kind, str(found.value), found.unit) for found in quantities("£19.90 within two weeks")]
    [('money', '19.90', 'GBP'), ('duration', '20160', 'minute')]
    """
    text = plain(text)
    found = list(_relatives(text))
    rest = _without(text, found)
    for read in (_dates, _times):
        more = list(read(rest))
        found += more
        rest = _without(rest, more)
    found += _numbers(rest)
    return sorted(found, key=lambda one: one.start)


def _without(text: str, found: list[Quantity]) -> str:
    letters = list(text)
    for one in found:
        letters[one.start : one.end] = "\x01" * (one.end - one.start)
    return "".join(letters)


def _relatives(text: str) -> Iterator[Quantity]:
    for key, pattern in _relative_patterns():
        for match in pattern.finditer(text):
            yield Quantity("relative", None, key, *match.span())


@lru_cache(maxsize=1)
def _relative_patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(key, re.compile("|".join(forms), re.I)) for key, forms in SHARED["relative"].items()]


def _dates(text: str) -> Iterator[Quantity]:
    taken: set[int] = set()
    for pattern, order in _DATES:
        for match in pattern.finditer(text):
            if taken.intersection(range(*match.span())):
                continue
            for value in _date_values(order, list(match.groups())):
                taken.update(range(*match.span()))
                yield Quantity("date", value, "", *match.span())


def _date_values(order: str, parts: list[str | None]) -> Iterator[tuple[int | None, ...]]:
    if order == "w":
        word = (parts[0] or "").lower()
        yield None, None, None, _ZH_WEEKDAYS[word] if word in _ZH_WEEKDAYS else _WEEKDAYS[word[:3]]
        return
    if order == "either":
        first, second, year = (int(part or 0) for part in parts)
        year += 2000 if year < 100 else 0
        if first <= 12:
            yield year, first, second, None
        if second <= 12 and first != second:
            yield year, second, first, None
        return
    values: dict[str, int | None] = {"y": None, "m": None, "d": None}
    for letter, part in zip(order, parts, strict=False):
        if part is not None:
            values[letter] = _MONTHS.get(part.lower()) or (int(part) if part.isdigit() else _from_signs(part))
    month, day = values["m"], values["d"]
    if (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31):
        yield values["y"], month, day, None


def _times(text: str) -> Iterator[Quantity]:
    taken: set[int] = set()
    for pattern in _TIMES:
        for match in pattern.finditer(text):
            if taken.intersection(range(*match.span())):
                continue
            named = match.groupdict()
            said = named["hour"]
            hour = int(said) if said.isdigit() else _from_signs(said)
            minute_said = named.get("minute") or "0"
            minute = (
                30 if minute_said == "半" else int(minute_said) if minute_said.isdigit() else _from_signs(minute_said)
            )
            half = (named.get("half") or "").lower()
            if half in ("p", "下午", "傍晚", "晚上") and hour < 12:
                hour += 12
            elif half == "a" and hour == 12:
                hour = 0
            if not said.isdigit() and not half and not re.match(r"半|钟|整", text[match.end("hour") + 1 :]):
                continue  # 一点 is "a little"
            if hour <= 24 and minute < 60:
                taken.update(range(*match.span()))
                yield Quantity("time", Decimal(60 * hour + minute), "", *match.span())


def _numbers(text: str) -> list[Quantity]:
    found: list[Quantity] = []
    for match in _NUMBER.finditer(text):
        one = _with_unit(text, match)
        if one is None:
            continue
        if found and found[-1].kind == "number" and one.kind != "number":
            # "2 to 4 days": the first number has the unit of the second
            between = text[found[-1].end : match.start()]
            before = text[max(0, found[-1].start - 1) : found[-1].start]
            if _LINK.fullmatch(between) and before not in _symbols():
                factor = _FACTORS.get(_unit_word(text, match), Decimal(1))
                value = found[-1].value
                assert isinstance(value, Decimal)
                found[-1] = replace(found[-1], kind=one.kind, unit=one.unit, value=value * factor)
        found.append(one)
    found += _indefinite(text)
    return found


def _with_unit(text: str, match: re.Match[str]) -> Quantity | None:
    value = _value(match)
    start, end = match.span()
    before = text[max(0, start - 8) : start]
    money = _currency_before(before)
    if money is not None:
        return Quantity("money", value, money[0], start - money[1], end)
    unit = _unit_at(text, end)
    if match["signs"] and value is not None and before.endswith("百分之"):
        return Quantity("percent", value, "", start - 3, end)
    if match["digits"] and before.endswith("百分之"):
        return Quantity("percent", value, "", start - 3, end)
    if unit is not None:
        kind, name, factor, length = unit
        if kind == "discount":
            assert value is not None
            off = 100 - (value * 10 if value < 10 else value)
            return Quantity("percent", off, "", start, end + length)
        if kind != "count":
            assert value is not None
            return Quantity(kind, value * factor, name, start, end + length)  # type: ignore[arg-type]
    if match["words"] and match[0].lower() == "one":
        return None
    if match["signs"]:
        counted = unit is not None and match[0] != "一"
        if not counted or _sign_word(text, start, end):
            return None
    return Quantity("number", value, "", start, end)


def _sign_word(text: str, start: int, end: int) -> bool:
    """Whether numerals are part of a word that counts nothing (万一, 第一, 统一)."""
    near = text[max(0, start - 1) : end + 1]
    return any(word in near for word in SHARED["numeral_words"])


def _value(match: re.Match[str]) -> Decimal | None:
    try:
        if match["digits"]:
            return Decimal(re.sub(r"[,\u00a0\u202f]", "", match["digits"]))
        if match["signs"]:
            whole, _, part = match["signs"].partition("点")
            number = str(_from_signs(whole))
            return Decimal(f"{number}.{''.join(str(_ZH_DIGITS[sign]) for sign in part)}" if part else number)
    except (InvalidOperation, KeyError):
        return None
    total = current = 0
    for word in re.split(r"[\s-]+", match["words"].lower()):
        if word == "thousand":
            total, current = total + max(current, 1) * 1000, 0
        elif word in _SCALES_EN:
            current = max(current, 1) * _SCALES_EN[word]
        else:
            current += _WORDS_EN.get(word, 0)
    return Decimal(total + current)


def _from_signs(signs: str) -> int:
    if not any(sign in _ZH_SCALES for sign in signs):
        return int("".join(str(_ZH_DIGITS[sign]) for sign in signs[:15])) if signs else 0
    total = current = 0
    for sign in signs:
        if sign == "万":
            total, current = (total + current) * 10_000, 0
        elif sign in _ZH_SCALES:
            total, current = total + (current or 1) * _ZH_SCALES[sign], 0
        else:
            current = _ZH_DIGITS[sign]
    return total + current


@lru_cache(maxsize=1)
def _symbols() -> tuple[str, ...]:
    return tuple(SHARED["currency_signs"])


def _currency_before(before: str) -> tuple[str, int] | None:
    """The currency that ends just before a number, and how many characters it takes."""
    trimmed = before.rstrip(" \u00a0\u202f")
    for sign, codes in SHARED["currency_signs"].items():
        if trimmed.endswith(sign):
            return codes, len(sign) + len(before) - len(trimmed)
    code = trimmed[-3:]
    if code in SHARED["currency_codes"] and not trimmed[-4:-3].isalnum():
        return code, 3 + len(before) - len(trimmed)
    return None


_FACTORS: dict[str, Decimal] = {
    form: Decimal(str(unit["factor"])) for unit in SHARED["units"] for form in unit["forms"]
}


@lru_cache(maxsize=1)
def _units() -> list[tuple[str, str, str, Decimal]]:
    """(form, kind, unit, factor), the longest form first."""
    forms = [
        (form.lower(), unit["kind"], unit["unit"], Decimal(str(unit["factor"])))
        for unit in SHARED["units"]
        for form in unit["forms"]
    ]
    return sorted(forms, key=lambda row: -len(row[0]))


def _unit_word(text: str, match: re.Match[str]) -> str:
    unit = _unit_at(text, match.end())
    if unit is None:
        return ""
    return text[match.end() : match.end() + unit[3]].strip(" \u00a0\u202f-").lower()


def _unit_at(text: str, place: int) -> tuple[str, str, Decimal, int] | None:
    """(kind, unit, factor, length with the gap before it) of the unit that stands there."""
    gap = re.match(r"[ \u00a0\u202f-]?", text[place:])
    skipped = gap.end() if gap else 0
    rest = text[place + skipped : place + skipped + 24].lower()
    for form, kind, unit, factor in _units():
        if rest.startswith(form) and not (form[-1].isascii() and form[-1].isalpha() and rest[len(form) :][:1].isalpha()
                                          and rest[len(form)].isascii()):  # fmt: skip
            return kind, unit, factor, skipped + len(form)
    return None


_INDEFINITE = re.compile(
    r"\b(?:within|in|for|after|takes?|about|last|every|another|under|over|up to)\s+(?:an?|half an?)\s+"
    r"(?P<unit>minute|hour|day|week|fortnight|month|year)\b"
    r"|\b(?:a|an|the) (?:whole|entire|full) (?P<whole>minute|hour|day|week|month|year)\b"
    r"|\bwithin the (?P<the>hour|day|week|month|year)\b"
    r"|(?:一整|整整一|整)个?(?P<zh_whole>分钟|小时|天|周|星期|月|年)"
    r"|\b(?P<vague>a few|several|a couple of|some|many)\s+(?:more\s+)?(?P<unit2>minute|hour|day|week|month|year|working day|business day)s?\b"
    r"|(?P<zh>几|数|若干)个?(?P<unit3>分钟|小时|天|日|周|星期|月|年|工作日)",
    re.I,
)


def _indefinite(text: str) -> Iterator[Quantity]:
    """ "within a week" is seven days; "a few days" is a duration without a number."""
    for match in _INDEFINITE.finditer(text):
        known = match["unit"] or match["whole"] or match["the"] or match["zh_whole"]
        word = known or match["unit2"] or match["unit3"]
        unit = _unit_at(word, 0)
        name, factor = (unit[1], unit[2]) if unit else ("minute", Decimal(1))
        yield Quantity("duration", factor if known else None, name, *match.span())


def same_date(said: tuple[int | None, ...], known: tuple[int | None, ...]) -> bool:
    """Whether all that was said of a date is known of it. A weekday may follow from year, month and day."""
    year, month, day, weekday = known
    if weekday is None and year is not None and month is not None and day is not None:
        try:
            weekday = date(year, month, day).weekday()
        except ValueError:
            return False
    full = (year, month, day, weekday)
    return all(part is None or part == other for part, other in zip(said, full, strict=True))
