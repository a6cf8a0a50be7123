"""Chinese sentences from a sheet's details: clauses one after the other, labels with values, choices, what buyers say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from regulars.content.dice import Dice
from regulars.content.sheet import MIN_REVIEWS, Detail, Sheet
from regulars.schema.content import Sentence, Tone

LOCALE = "zh"
_GARMENT = re.compile(r"^(?:裙|裤|衣|鞋|帽|包)(?=.{2,})")


_EDGE = re.compile(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%°])(?=[\u4e00-\u9fffA-Za-z0-9])")


def listed(words: Sequence[str]) -> str:
    """a、b和c."""
    return words[0] if len(words) == 1 else beside("、".join(words[:-1]), "和", words[-1])


def beside(*parts: str) -> str:
    """Parts of a sentence, a space where a letter or digit meets a Chinese sign or another; inside a part nothing changes."""
    text = ""
    for part in parts:
        edge = f"{text[-1:]}{part[:1]}"
        text += f" {part}" if text and _EDGE.search(edge) else part
    return text


class Chinese:
    """One product's sentences; the same parts as in English."""

    locale = LOCALE
    stop = "。"

    def __init__(self, sheet: Sheet, tone: Tone, dice: Dice) -> None:
        self.sheet, self.tone, self.dice = sheet, tone, dice
        self.title = sheet.title(LOCALE)
        self.noun = sheet.nouns.get(LOCALE, "")
        self.brand = sheet.record.brand or ""

    def named(self) -> str:
        if self.brand and self.brand.casefold() not in self.title.casefold():
            if re.match(r"[A-Za-z0-9]", self.title) and self.brand.isascii():
                return f"{self.brand} {self.title}"
            return beside(self.brand, self.title)
        return self.title

    def again(self) -> str:
        if self.noun and self.dice.chance(0.4):
            return f"这款{self.noun}"
        return ""

    def predicate(self, detail: Detail) -> str | None:
        role = detail.role
        if role is None or role.plain or detail.yes is not None or "zh" not in role.say:
            return None
        values = list(detail.said[LOCALE])
        if role.counted and not all(re.fullmatch(r"\d+", value) for value in values) and role.key == "pages":
            return None
        if (role.measured or role.counted) and not all(
            re.search(r"\d|[一二三四五六七八九十百]", value) for value in values
        ):
            return None
        if any(len(value) > 40 or re.search(r"[。！？；\n：]", value) for value in values):
            return None
        if role.key in ("size", "height", "width", "depth") and not all(re.search(r"\d", value) for value in values):
            return None
        said = listed(values)
        forms = role.say["zh"]
        if role.key == "count" and re.fullmatch(r"\d+", said):
            forms = ("共{v}件",)
        form = self.dice.one(forms)
        if role.tail and values[-1].endswith(role.tail):
            for tail in sorted((*role.tail, *role.label.values()), key=len, reverse=True):
                if values[-1].endswith(tail) and f"{{v}}{tail}" in form:
                    form = form.replace(f"{{v}}{tail}", "{v}")
                    break
            else:
                match = re.search(r"\{v\}(材质|图案|风格|工艺|系列|版型|造型|香味|口味|配色|设计)", form)
                if match:
                    form = form.replace(match[0], "{v}")
            if form == "{v}":
                form = f"{role.label['zh']}为{{v}}"
        if "版型{v}" in form and role.key == "fit" and len(values) > 1:
            form = "版型为{v}"
        if form.startswith("{v}") and not role.tail and role.key != "colour":
            form = f"{role.label['zh']}为{{v}}"
        own = self._label(detail)
        if own != role.label["zh"] and role.label["zh"] in form and own not in form:
            form = form.replace(role.label["zh"], own)  # 口径 isn't 直径
        if role.key == "material" and "%" in said:
            form = f"{own}为{{v}}"
        before, _, after = form.partition("{v}")
        return beside(before, said, after) if before or after else said

    def sentence(self, subject: str, predicates: Sequence[str]) -> str:
        return f"{subject}{'，'.join(predicates)}。"

    def opening(self, details: Sequence[Detail], predicates: Sequence[str]) -> Sentence:
        about = ("title", *(("brand",) if self.brand else ()), *(one.name for one in details))
        if not predicates:
            return Sentence(f"{self.named()}。", ("title", *(("brand",) if self.brand else ())))
        named = self.named()
        starts = [f"{named}，", f"{named}："]
        if self.noun and self.noun not in self.title:
            starts.append(beside(named, f"是一款{self.noun}，"))
        if self.tone == "lively":
            starts.append(f"来看看{named}：")
        elif self.tone == "warm":
            starts.append(f"为您介绍{named}：")
        return Sentence(self.sentence(self.dice.one(starts), predicates), about)

    def group(self, details: Sequence[Detail], predicates: Sequence[str]) -> Sentence:
        subject = self.again()
        return Sentence(self.sentence(subject, predicates), tuple(one.name for one in details))

    def features(self, yes: Sequence[Detail], no: Sequence[Detail]) -> list[Sentence]:
        made = []
        can = [one for one in yes if self._adjectival(one)]
        cannot = [one for one in no if self._adjectival(one)]
        if can:
            words = [one.label[LOCALE] for one in can]
            made.append(Sentence(f"{self.again()}{'，'.join(words)}。", tuple(one.name for one in can)))
        if cannot:
            said = "，".join(self._denied(one) for one in cannot)
            made.append(Sentence(f"{self.again()}{said}。", tuple(one.name for one in cannot)))
        for one in (*yes, *no):
            if one not in can and one not in cannot:
                made.append(Sentence(f"{one.label[LOCALE]}：{'是' if one.yes else '否'}。", (one.name,)))
        return made

    def _adjectival(self, detail: Detail) -> bool:
        return bool(re.match(r"(?:可|防|不|有|无|抗|透|速|便|轻|低|手工|保温|带|支持)", detail.label[LOCALE]))

    def _denied(self, detail: Detail) -> str:
        label = detail.label[LOCALE]
        if label.startswith("不"):
            return f"{label}：否"
        if label.startswith("有"):
            return f"没{label}"
        if label.startswith("可"):
            return f"不{label}"
        if label.startswith(("防", "透", "抗", "保温", "速", "支持")):
            return f"不{label}"
        return f"{label}：否"

    def labelled(self, details: Sequence[Detail]) -> Sentence:
        parts = [beside(f"{self._label(one)}为", self.value(one)) for one in details]
        return Sentence(f"{'，'.join(parts)}。", tuple(one.name for one in details))

    def _label(self, detail: Detail) -> str:
        return _GARMENT.sub("", detail.label[LOCALE])

    def wants_label(self, detail: Detail) -> bool:
        value = self.value(detail)
        return (
            (detail.role is not None and detail.role.plain)
            or len(value) > 30
            or len(detail.label[LOCALE]) > 8
            or bool(re.fullmatch(r"\d+", value))
            or bool(re.search(r"[。！？；：:]", value))
        )

    def line(self, detail: Detail) -> Sentence:
        if detail.yes is not None:
            if self._adjectival(detail):
                return Sentence(detail.label[LOCALE] if detail.yes else self._denied(detail), (detail.name,))
            return Sentence(f"{detail.label[LOCALE]}：{'是' if detail.yes else '否'}", (detail.name,))
        return Sentence(f"{detail.label[LOCALE]}：{self.value(detail)}", (detail.name,))

    def value(self, detail: Detail) -> str:
        return listed(detail.said[LOCALE])

    def choices(self, detail: Detail) -> Sentence:
        values = detail.said[LOCALE]
        label = detail.label[LOCALE]
        if len(values) == 1:
            return Sentence(f"{label}：{values[0]}。", (detail.name,))
        forms = (
            f"{beside(f'{label}可选', listed(values))}。",
            f"{beside('有', listed(values), '可选')}。",
            f"{label}：{'、'.join(values)}。",
        )
        return Sentence(self.dice.one(forms), (detail.name,))

    def buyers(self) -> Sentence | None:
        rating = self.sheet.record.rating
        if rating is None or rating[1] < MIN_REVIEWS:
            return None
        mean, many = f"{rating[0]:.1f}", rating[1]
        forms = (
            f"{many} 条评价，平均 {mean} 分（满分 5 分）。",
            f"买家评价平均 {mean} 分（满分 5 分，共 {many} 条）。",
        )
        return Sentence(self.dice.one(forms), ("rating", "reviews"))

    def content(self, glad: int, sad: int) -> str:
        one = f"{glad} 条给了 4 星或 5 星" if glad else ""
        other = f"{sad} 条给了 2 星及以下" if sad else ""
        return "，".join(part for part in (one, other) if part) + "。"

    def quoted(self, said: Sequence[str], *, glad: bool) -> str:
        words = "".join(f"“{one}”" for one in said)
        return f"评价原文：{words}" if glad else f"也有不同的声音：{words}"

    def priced(self, shown: str, before: str | None) -> str:
        if before:
            return self.dice.one((f"现价 {shown}，原价 {before}。", f"{shown}，原价 {before}。"))
        return self.dice.one((f"售价 {shown}。", f"{shown}。"))

    def start_price(self, shown: str) -> str:
        return f"{shown} 起。"

    def dash(self, *parts: str) -> str:
        return "｜".join(part for part in parts if part)
