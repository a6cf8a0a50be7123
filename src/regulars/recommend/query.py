"""What a search query says beside its words: prices, and the way it is written. Knows no catalogue.

Traditional characters are read as simplified ones (OpenCC), and Chinese as it sounds (pinyin without tones) where a spelling is looked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from regulars.language.text_features import normalise

MAX_QUERY = 200  # characters; nobody types more, and a page of text would only cost time
_OTHER = (
    r"(?!\s*(?:cm|mm|m|km|kg|g|mg|lbs?|oz|ml|cl|l|litres?|liters?|inch(?:es)?|in|ft|feet|w|watts?|v|mah|gb|tb|pcs?|pieces?|packs?|people|persons?|years?|yrs?"
    r"|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|times|stars?|x)\b|\s*(?:[%\"'″]|厘米|毫米|公分|米|公斤|千克|克|斤|毫升|升|寸|瓦|岁|个月|年|天|小时|分钟|人|件|个|只|片|包|码|号))"
)
_AMOUNT = rf"(?:[£$€¥]\s*)?(\d{{1,3}}(?:,\d{{3}})+(?:\.\d{{1,2}})?|\d{{1,7}}(?:[.,]\d{{1,2}})?)(?![\d,.]*\d){_OTHER}"
_UNIT = r"\s*(?:[£$€¥]|pounds?\b|quid\b|gbp\b|euros?\b|eur\b|dollars?\b|usd\b|yuan\b|rmb\b|英镑|镑|欧元|美元|人民币|元|块钱|块)?"
_MOST = re.compile(
    rf"(?:\b(?:under|below|less than|cheaper than|up to|at most|max(?:imum)?|no more than|not over|within)\s*{_AMOUNT}{_UNIT})"
    rf"|(?:(?:不超过|低于|少于|最多)\s*{_AMOUNT}{_UNIT})"
    rf"|(?:{_AMOUNT}{_UNIT}\s*(?:以下|以内|之内|内|or less|and under|max\b))"
)
_LEAST = re.compile(
    rf"(?:\b(?:over|above|more than|from|at least|min(?:imum)?)\s*{_AMOUNT}{_UNIT})"
    rf"|(?:(?:高于|超过|至少)\s*{_AMOUNT}{_UNIT})"
    rf"|(?:{_AMOUNT}{_UNIT}\s*(?:以上|起|or more|and over))"
)
_BETWEEN = re.compile(
    rf"(?:\b(?:between|from)\s+)?{_AMOUNT}{_UNIT}\s*(?:-|–|to|and|到|至|~)\s*{_AMOUNT}{_UNIT}(?=$|\s|的|之间)"
)
_LEFT = re.compile(r"^(?:的|之间的?)")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it is read. words: without what a price took. least, most: a price in major units."""

    words: str
    least: float | None = None
    most: float | None = None


def read(query: str) -> Asked:
    """The words and the prices of a query.

    >>> read("cushion under £30"), read("20英镑以下的茶杯")
    (Asked(words='cushion', least=None, most=30.0), Asked(words='茶杯', least=None, most=20.0))
    """
    text = simplified(normalise(query[:MAX_QUERY]))
    least = most = None
    between = _BETWEEN.search(text)
    if between is not None and _marked(between.group()):
        least, most = sorted(_number(one) for one in between.groups() if one)[:2]
        text = _cut(text, between)
    else:
        for pattern, upper in ((_MOST, True), (_LEAST, False)):
            found = pattern.search(text)
            if found is None:
                continue
            value = _number(next(one for one in found.groups() if one))
            least, most = (least, value) if upper else (value, most)
            text = _cut(text, found)
    return Asked(" ".join(text.split()), least, most)


def _marked(text: str) -> bool:
    """Whether two numbers are surely prices: "500 to 600 ml" isn't."""
    return bool(re.search(r"between|[£$€¥]|pound|quid|gbp|euro|dollar|usd|英镑|镑|元|块|之间", text))


def _cut(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " + _LEFT.sub("", text[found.end() :].lstrip())


def _number(text: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


@cache
def _converter():  # type: ignore[no-untyped-def]
    from opencc import OpenCC

    return OpenCC("t2s")


@lru_cache(maxsize=50_000)
def simplified(text: str) -> str:
    """Traditional characters as simplified ones; other text as it is."""
    return str(_converter().convert(text)) if _CHINESE.search(text) else text


@lru_cache(maxsize=200_000)
def sounds(text: str) -> tuple[str, ...]:
    """How Chinese characters sound, one syllable each, without tones: 茶壶 is ("cha", "hu")."""
    from pypinyin import lazy_pinyin

    return tuple(lazy_pinyin(text))
