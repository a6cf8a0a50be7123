"""True copy in another hand than the realiser's, and the same with one error of ten kinds put in: does the gate see it, and does it let the true one be?"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

from regulars.content.sheet import Sheet

COPY = {
    split: json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    for split, name in (("dev", "copy.json"), ("scored", "copy.scored.json"))
}
"""Forms to look at while mending ("dev"), and others that nobody looked at ("scored")."""
KINDS = (
    "number",
    "unit",
    "material",
    "colour",
    "negation",
    "absolute",
    "question",
    "other product",
    "language",
    "review",
    "price",
)
_MATERIALS = {
    "en": ["titanium", "cashmere", "marble", "bamboo", "porcelain", "velvet"],
    "zh": ["钛合金", "羊绒", "大理石", "竹制", "骨瓷", "丝绒"],
}
_COLOURS = {"en": ["turquoise", "yellow", "purple", "orange"], "zh": ["黄色", "紫色", "橙色", "粉色"]}
_ABSOLUTE = {
    "en": ["It is the best of its kind.", "Nothing on earth beats it: the ultimate choice.", "The world's finest, guaranteed forever.", "It never fails.", "Number one in its class."],
    "zh": ["它是同类中最好的。", "全国第一，当之无愧。", "顶级品质，绝对放心。", "独一无二的首选。", "永久不坏。"],
}  # fmt: skip
_QUESTIONS = {
    "en": ["Did you know it is certified by the FDA?", "Why is it the most popular in the country?", "Who wouldn't want one that is clinically proven?", "Isn't it cheaper than every other?"],
    "zh": ["你知道它通过了国际认证吗？", "还有什么比销量第一更让人放心？", "谁不想要一款有治疗功效的好物？", "它是不是全网最低价？"],
}  # fmt: skip
_REVIEWS = {
    "en": ["Customers love it.", "Buyers say it changed their mornings.", "“My best purchase ever”, says Anna.", "Thousands of happy customers can't be wrong.", "Parents recommend it to each other."],
    "zh": ["买家都说好用。", "上万用户一致好评。", "顾客反映效果惊人。", "网友推荐的爆款。", "“回购三次了”，一位顾客说。"],
}  # fmt: skip
_PRICES = {
    "en": ["Now half price.", "Free delivery today.", "Save 30% this week.", "The lowest price you will find.", "Buy one, get one free."],
    "zh": ["现在半价。", "今日下单包邮。", "立减三十元。", "全网最低价。", "买一送一。"],
}  # fmt: skip
_STRANGE = {
    "en": ["这款产品非常好用。", "质量上乘，值得拥有。"],
    "zh": ["It works very well in every home.", "A lovely thing for your friends."],
}


def true_copy(sheet: Sheet, locale: str, dice: random.Random, split: str) -> list[str]:
    """Sentences in another hand: a first one, three to five facts, a last one."""
    forms = COPY[split][locale]
    words = {"title": sheet.title(locale), "brand": sheet.record.brand or ""}
    told = sheet.told(locale)
    chosen = dice.sample(told, min(len(told), dice.randrange(3, 6)))
    said = [dice.choice(forms["open"]).format(**words)]
    for one in chosen:
        label = one.label[locale]
        if one.yes is None:
            said.append(
                dice.choice(forms["fact"]).format(
                    label=label, value=(", " if locale == "en" else "、").join(one.said[locale]), **words
                )
            )
        elif locale == "zh" or re.search(r"(?:safe|proof|able|less|free|vegan|lined)$", label):
            said.append(dice.choice(forms["yes" if one.yes else "no"]).format(label=label, **words))
    last = dice.choice(forms["close"])
    return [sentence[:1].upper() + sentence[1:] for sentence in [*said, *([last] if last else [])]]


def with_error(sheet: Sheet, others: Sequence[Sheet], said: Sequence[str], locale: str, kind: str, dice: random.Random) -> list[str] | None:  # fmt: skip
    """The same copy with one error; None where the kind can't be put into it."""
    made = list(said)
    places = range(1, len(made))
    if kind in ("number", "unit"):
        fitting = [
            at
            for at in places
            if re.search(r"\d+(?:\.\d+)?\s*(?:kg|g|cm|ml|l|W|小时|克|升|厘米|hours|years|months)\b", made[at], re.I)
        ]
        if not fitting:
            return None
        at = dice.choice(fitting)
        if kind == "number":
            made[at] = re.sub(
                r"\d+", lambda match: str(int(match[0]) + dice.choice((1, 3, 10, 200))), made[at], count=1
            )
            return made
        units = {
            "kg": "g",
            "g": "kg",
            "cm": "mm",
            "ml": "l",
            "l": "ml",
            "W": "kW",
            "小时": "天",
            "克": "千克",
            "升": "毫升",
            "厘米": "毫米",
            "hours": "days",
            "years": "months",
            "months": "years",
        }
        made[at] = re.sub(
            r"(\d+(?:\.\d+)?\s*)(kg|g|cm|ml|l|W|小时|克|升|厘米|hours|years|months)\b",
            lambda match: match[1] + units[match[2] if match[2] in units else match[2].lower()],
            made[at],
            count=1,
            flags=re.I,
        )
        return made if made != list(said) else None
    if kind in ("material", "colour"):
        pool = _MATERIALS[locale] if kind == "material" else _COLOURS[locale]
        held = str(sheet.record).casefold()
        free = [word for word in pool if word.casefold() not in held]
        if not free:
            return None
        word = dice.choice(free)
        form = {
            "en": {"material": f"It has details of {word}.", "colour": f"It also comes in {word}."},
            "zh": {"material": f"细节处采用{word}。", "colour": f"另有{word}可选。"},
        }
        return [*made, form[locale][kind]]
    if kind == "negation":
        no = [
            one
            for one in sheet.told(locale)
            if one.yes is False
            and (locale == "zh" or re.search(r"(?:safe|proof|able|less|free|lined)$", one.label[locale]))
        ]
        if not no:
            return None
        label = dice.choice(no).label[locale]
        made = [one for one in made if label.casefold() not in one.casefold()]
        return [*made, f"It is {label}." if locale == "en" else f"{label}：是。"]
    if kind == "other product":
        own = str(sheet.record).casefold()
        for _ in range(20):
            other = dice.choice(others)
            strange = [
                (one.label[locale], one.said[locale][0])
                for one in other.told(locale)
                if one.yes is None and one.said[locale][0].casefold() not in own
            ]
            if strange:
                label, value = dice.choice(strange)
                return [*made, f"Its {label} is {value}." if locale == "en" else f"{label}为{value}。"]
        return None
    pool = {"absolute": _ABSOLUTE, "question": _QUESTIONS, "language": _STRANGE, "review": _REVIEWS, "price": _PRICES}[
        kind
    ][locale]
    made.insert(dice.randrange(1, len(made) + 1), dice.choice(pool))
    return made


def joined(said: Sequence[str], locale: str) -> str:
    return ("" if locale == "zh" else " ").join(said)
