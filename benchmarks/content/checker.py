"""A second opinion on product texts, written apart from the gate: what of a record a text holds, and what it holds beyond it.

It compares strings: values brought to one form, numbers with their units, and a word list of hard attributes of its own. It imports nothing of
the product but the types of its input.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

_TRUE = {"true", "yes", "是", "有"}
_FALSE = {"false", "no", "否", "无"}
_NOT = re.compile(r"\b(?:not|no|non|without|isn't|aren't)\b|n't|不|没|无|否|非", re.I)
_UNITS = {
    "millilitres": "ml", "milliliters": "ml", "毫升": "ml", "litres": "l", "liters": "l", "litre": "l", "升": "l", "厘米": "cm", "centimetres": "cm", "毫米": "mm", "米": "m",
    "metres": "m", "克": "g", "grams": "g", "千克": "kg", "公斤": "kg", "小时": "h", "hours": "h", "hour": "h", "minutes": "min", "分钟": "min", "年": "year", "years": "year", "个月": "month",
    "months": "month", "瓦": "w", "watts": "w", "件": "piece", "pieces": "piece", "岁": "age", "days": "day", "天": "day", "percent": "%",
}  # fmt: skip
_NUMBER = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*([a-z%°]+|毫升|升|厘米|毫米|米|千克|公斤|克|小时|分钟|年|个月|瓦|件|岁|天)?", re.I
)
HARD = {
    "en": ["cotton", "linen", "wool", "merino", "silk", "leather", "suede", "polyester", "nylon", "acrylic", "viscose", "denim", "velvet", "cashmere", "fleece", "satin", "steel", "iron", "aluminium", "titanium", "brass", "copper", "bronze", "zinc", "oak", "walnut", "beech", "maple", "pine", "birch", "teak", "bamboo", "rattan", "cork", "plastic", "glass", "crystal", "ceramic", "porcelain", "stoneware", "marble", "granite", "rubber", "latex", "silicone", "carbon", "resin", "enamel", "terracotta", "waterproof", "windproof", "breathable", "wireless", "cordless", "rechargeable", "foldable", "vegan", "organic", "handmade", "hypoallergenic", "antibacterial", "recyclable", "biodegradable", "dimmable", "machine-washable", "red", "blue", "green", "yellow", "purple", "orange", "brown", "beige", "turquoise", "burgundy", "lilac", "portugal", "italy", "france", "germany", "japan", "china", "india", "vietnam", "turkey", "sweden", "certified", "patented", "fda", "oeko-tex", "fsc", "gots"],
    "zh": ["纯棉", "亚麻", "羊毛", "真丝", "桑蚕丝", "皮革", "真皮", "牛皮", "涤纶", "尼龙", "雪纺", "蕾丝", "羊绒", "不锈钢", "铸铁", "铝合金", "黄铜", "钛", "橡木", "胡桃木", "榉木", "枫木", "松木", "竹", "塑料", "玻璃", "水晶", "陶瓷", "骨瓷", "大理石", "橡胶", "乳胶", "硅胶", "防水", "防风", "透气", "无线", "折叠", "有机", "手工", "抗菌", "可降解", "红色", "蓝色", "绿色", "黄色", "紫色", "橙色", "棕色", "粉色", "日本", "德国", "法国", "意大利", "韩国", "美国", "认证", "专利", "获奖", "食品级"],
}  # fmt: skip


def plain(text: str) -> str:
    """One form of a text: compatibility characters, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("×", "x").split())


def figures(text: str) -> set[tuple[str, str]]:
    """(number, unit) of each number in a text; a unit that isn't one is left out."""
    known = {*_UNITS.values(), "mm", "m", "kg", "w", "v", "k", "lm", "hrc", "cm", "ml", "l", "g", "°c"}
    found = set()
    for match in _NUMBER.finditer(plain(text)):
        unit = _UNITS.get(match[2] or "", match[2] or "")
        found.add((match[1].replace(",", "."), unit if unit in known else ""))
    return found


def covered(values: Mapping[str, Any], text: str) -> tuple[int, int]:
    """(how many of a record's attributes the text holds, how many there are)."""
    said = plain(text)
    packed = re.sub(r"[\s,，、-]+", "", said)
    held = figures(text)
    done = every = 0
    for label, value in values.items():
        every += 1
        flat = str(value).casefold() if not isinstance(value, (list, tuple)) else ""
        if flat in _TRUE | _FALSE:
            name = plain(label)
            at = said.find(name)
            if at < 0 and name.startswith("可"):
                at = said.find(name[1:])
            before = re.split(r"[.,;，。；]", said[:at])[-1][-24:] if at >= 0 else ""
            after = re.split(r"[.,;，。；]", said[at + len(name) :])[0][:6] if at >= 0 else ""
            done += at >= 0 and bool(_NOT.search(f"{before} {after}")) == (flat in _FALSE)
            continue
        parts = list(value) if isinstance(value, (list, tuple)) else [value]
        done += all(_holds(str(part), said, packed, held) for part in parts)
    return done, every


def _holds(value: str, said: str, packed: str, held: set[tuple[str, str]]) -> bool:
    one = plain(value)
    if one in said or re.sub(r"[\s,，、-]+", "", one) in packed:
        return True
    own = figures(value)
    if own and own <= held | {(number, "") for number, _ in held}:
        return True
    pieces = [piece for piece in re.split(r"\s*(?:,|、|;|\band\b|和)\s*", one) if piece]
    return len(pieces) > 1 and all(piece in said for piece in pieces)


def beyond(values: Mapping[str, Any], others: Sequence[str], text: str, locale: str) -> list[str]:
    """Hard words and numbers of a text that nothing of the record holds. others: title, brand, category, description, prices."""
    whole = plain(" ".join([*map(str, _flat(values)), *values, *others]))
    known = figures(whole)
    numbers = {number for number, _ in known}
    strange = [
        f"{number}{unit}"
        for number, unit in figures(text)
        if number not in numbers or (unit and (number, unit) not in known and (number, "") not in known)
    ]
    said = plain(text)
    for word in HARD[locale]:
        found = re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", said) if locale == "en" else word in said
        if found and word not in whole and word.replace("-", " ") not in whole:
            strange.append(word)
    return strange


def _flat(values: Mapping[str, Any]) -> list[Any]:
    return [part for value in values.values() for part in (value if isinstance(value, (list, tuple)) else [value])]
