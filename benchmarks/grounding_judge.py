"""A second opinion on whether a text is grounded. It shares no code, list or pattern with the gate.

It works on tokens where the gate works on patterns: a text is cut into words, numbers and signs, and each claim is looked up in the
frame. It is made to accuse: where it can't tell, it says so (`unsure`), and those are counted apart. Only the texts that the
gate let through are worth showing to it.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser

from regulars.schema.conversations import Frame

_ENGLISH_NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
    "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "hundred": 100,
}  # fmt: skip
_CHINESE_NUMBERS = dict(zip("二两三四五六七八九十", (2, 2, 3, 4, 5, 6, 7, 8, 9, 10), strict=True))
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONEY = {"£": "GBP", "€": "EUR", "$": "USD", "¥": "CNY", "pounds": "GBP", "euros": "EUR", "euro": "EUR", "dollars": "USD", "usd": "USD", "eur": "EUR", "gbp": "GBP", "英镑": "GBP", "欧元": "EUR", "美元": "USD", "元": "CNY"}  # fmt: skip
_TIME_UNITS = {"minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y", "分钟": "min", "小时": "h", "天": "d", "日": "d", "周": "w", "星期": "w", "月": "mo", "年": "y"}  # fmt: skip
_SOON = {"tomorrow", "tonight", "yesterday", "明天", "后天", "昨天", "明日"}
_STATES = {
    "shipped": {"shipped", "dispatched", "posted", "发货", "寄出", "发出"},
    "delivered": {"delivered", "arrived", "送达", "签收", "送到"},
    "cancelled": {"cancelled", "canceled", "取消"},
    "refunded": {"refunded", "reimbursed", "退款"},
    "returned": {"returned", "退回"},
    "lost": {"lost", "missing", "丢失"},
}
_FOLLOWS = {
    "delivered": {"shipped"}, "shipped": {"dispatched"}, "returned": {"delivered", "shipped"}, "out_for_delivery": {"shipped"},
    "return_open": {"delivered", "shipped", "returned"}, "delayed": {"shipped"}, "lost": {"shipped"}, "sent": {"refunded"},
}  # fmt: skip
_PROMISING = ("promise", "guarantee", "compensat", "voucher", "discount", "coupon", "refund you", "free of", "for free", "lifetime", "right away", "call you", "gift for", "保证", "承诺", "赔", "优惠", "免费", "送您", "终身", "马上", "立即", "打电话", "破例")  # fmt: skip
_DOING = ("i've ", "i have ", "we've ", "we have ", "已为您", "已帮您", "帮您", "已经为您", "我已", "已替您")
_DONE_WORDS = {"cancelled", "refunded", "changed", "updated", "sent", "emailed", "issued", "booked", "registered", "arranged", "escalated", "removed", "added", "credited", "extended", "waived", "reserved", "notified", "取消", "退款", "修改", "更新", "登记", "发送", "提交", "预约", "安排"}  # fmt: skip
_PROPERTIES = ("red", "blue", "green", "black", "white", "purple", "turquoise", "pink", "yellow", "bamboo", "leather", "cotton", "silk", "steel", "copper", "plastic", "organic", "vegan", "rechargeable", "foldable", "xl", "xxl", "红色", "蓝色", "绿色", "黑色", "白色", "紫色", "粉色", "竹", "真皮", "纯棉", "塑料", "不锈钢", "铜", "有机", "折叠", "充电", "加长")  # fmt: skip
_PROMPTS = ("language model", "system prompt", "rewritten", "rephrased", "instructions", "the user", "assistant:", "i was told", "语言模型", "系统提示", "改写", "以下是", "指令", "用户", "助手：", "版本：")  # fmt: skip
_DENYING_EN = {
    "not",
    "no",
    "never",
    "cannot",
    "without",
    "isn't",
    "aren't",
    "can't",
    "don't",
    "doesn't",
    "won't",
    "hasn't",
    "haven't",
    "wasn't",
}
_DENYING_ZH = "不没无未"
_ASIDE = (
    "不过",
    "不好意思",
    "没问题",
    "没关系",
    "不客气",
    "对不起",
    "要不要",
    "是不是",
    "能不能",
    "有没有",
    "未使用",
    "未拆封",
    "不仅",
    "不用",
)
_LITTLE = {
    "a",
    "an",
    "the",
    "it",
    "its",
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "to",
    "of",
    "in",
    "on",
    "at",
    "for",
    "from",
    "with",
    "and",
    "or",
    "but",
    "by",
    "we",
    "you",
    "your",
    "our",
    "us",
    "i",
    "this",
    "that",
    "they",
    "them",
    "their",
    "as",
    "so",
    "if",
    "then",
}


@dataclass
class Opinion:
    """accused: (kind, words) that the frame doesn't ground."""

    accused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def grounded(self) -> bool:
        return not self.accused


@dataclass
class _Token:
    text: str
    kind: str  # "word", "number", "sign", "han"


def judge(text: str, frame: Frame) -> Opinion:
    opinion = Opinion()
    if not text.strip():
        opinion.accused.append(("empty", ""))
        return opinion
    text = unicodedata.normalize("NFKC", text).replace("’", "'")
    known = _Known(frame)
    _look_at_form(text, frame, opinion)
    _look_at_numbers(text, known, opinion)
    _look_at_names(text, known, opinion)
    _look_at_properties(text, known, opinion)
    _look_at_mix_ups(text, frame, opinion)
    for sentence in _cut(text):
        if known.quotes(sentence):
            continue
        asks = sentence.rstrip("\"'”）) ").endswith(("?", "吗", "呢"))
        _look_at_states(sentence, asks, known, opinion)
        _look_at_promises(sentence, asks, known, opinion)
        _look_at_doings(sentence, known, opinion)
        if not asks:
            _look_at_denials(sentence, known, opinion)
    return opinion


class _Known:
    """The frame as a bag of what it says."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        texts = [part for fact in frame.facts for part in (fact.shown, str(fact.value))]
        texts += [part for passage in frame.passages for part in (passage.title, passage.text)]
        texts += [passage.updated_at.strftime("%Y-%m-%d") for passage in frame.passages if passage.updated_at]
        self.all = unicodedata.normalize("NFKC", "\n".join(texts)).replace("’", "'")
        self.lower = self.all.lower()
        self.words = {token.text.lower().removesuffix("'s") for token in _tokens(self.all) if token.kind == "word"}
        self.numbers = _valued(self.all)
        counts = {int(part) for fact in frame.facts for part in fact.name.split(".") if part.isdigit()}
        self.numbers |= {("", float(count)) for count in {*counts, len(frame.passages)}}
        self.states = {str(fact.value).lower() for fact in frame.facts if fact.kind == "status"}
        self.states |= {"cancelled"} if "cancel_order" in frame.done else set()
        self.states |= {
            fact.name.rpartition(".")[2].removesuffix("_at") for fact in frame.facts if fact.name.endswith("_at")
        }
        for state in list(self.states):
            self.states |= _FOLLOWS.get(state, set())
        self.sentences = [sentence.strip(" .。!！") for sentence in _cut(self.all)]

    def quotes(self, sentence: str) -> bool:
        bare = sentence.strip(" .。!！“”\"'()（）•")
        return any(bare and bare in one for one in self.sentences if len(bare) > 12 or bare == one)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while place < len(text):
        sign = text[place]
        start = place
        if sign.isdigit() and sign.isascii():
            while place < len(text) and (
                text[place].isdigit() or (text[place] in ".," and text[place + 1 : place + 2].isdigit())
            ):
                place += 1
            found.append(_Token(text[start:place].replace(",", ""), "number"))
        elif sign.isascii() and sign.isalpha():
            while place < len(text) and text[place].isascii() and (text[place].isalpha() or text[place] == "'"):
                place += 1
            found.append(_Token(text[start:place], "word"))
        elif "一" <= sign <= "鿿":
            found.append(_Token(sign, "han"))
            place += 1
        else:
            if not sign.isspace():
                found.append(_Token(sign, "sign"))
            place += 1
    return found


def _cut(text: str) -> list[str]:
    found, start = [], 0
    for place, sign in enumerate(text):
        ends = sign in "。！？!?;；\n" or (sign == "." and (place + 1 == len(text) or text[place + 1] in " \n\"'”)"))
        if ends:
            found.append(text[start : place + 1].strip())
            start = place + 1
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _valued(text: str) -> set[tuple[str, float]]:
    """(what is counted, value): ("GBP", 19.9), ("d", 14), ("%", 10), ("month", 3) for a date's month, ("", 5)."""
    found: set[tuple[str, float]] = set()
    tokens = _tokens(text)
    for place, _token in enumerate(tokens):
        value = _value_of(tokens, place)
        if value is None:
            continue
        for what in _counted(tokens, place):
            found.add((what, value))
    return found


def _value_of(tokens: list[_Token], place: int) -> float | None:
    token = tokens[place]
    if token.kind == "number":
        try:
            return float(token.text)
        except ValueError:
            return None
    if token.kind == "word":
        value = _ENGLISH_NUMBERS.get(token.text.lower())
        return None if value is None else float(value)
    return None


def _counted(tokens: list[_Token], place: int) -> set[str]:
    before = tokens[place - 1].text.lower() if place else ""
    after = [token.text.lower() for token in tokens[place + 1 : place + 6]]
    if before in _MONEY:
        return {_MONEY[before]}
    joined = "".join(after[:4])
    if after and after[0] in _MONEY:
        return {_MONEY[after[0]]}
    for name in ("英镑", "欧元", "美元", "元"):
        if joined.startswith(name):
            return {_MONEY[name]}
    if after[:1] == ["%"] or after[:1] == ["percent"]:
        return {"%"}
    rest = [word for word in after if word not in ("-", "working", "business", "calendar", "more")]
    for word in rest[:1]:
        for unit, short in _TIME_UNITS.items():
            if unit.isascii() and word in (unit, f"{unit}s"):
                return {short}
    if joined.startswith(("个工作日", "工作日")):
        return {"d"}
    for unit, short in _TIME_UNITS.items():
        if not unit.isascii() and joined.startswith((unit, f"个{unit}")) and unit not in "年月日":
            return {short}
    if rest[:1] and rest[0] in ("to", "至", "到", "–", "and") and len(rest) > 1:
        return {"", "d", "w", "y"}
    return {""}


def _look_at_numbers(text: str, known: _Known, opinion: Opinion) -> None:
    bare = {value for _, value in known.numbers}
    tokens = _tokens(text)
    for place, token in enumerate(tokens):
        value = _value_of(tokens, place)
        if value is None:
            continue
        what = _counted(tokens, place)
        if what & set(_MONEY.values()) or what == {"%"}:
            fine = any((one, value) in known.numbers for one in what)
        elif len(what) == 1 and what <= {"d", "w", "h", "min", "mo", "y"}:
            (unit,) = what
            same = {"w": [("w", value), ("d", value * 7)], "d": [("d", value), ("w", value / 7)]}.get(
                unit, [(unit, value)]
            )
            fine = any(one in known.numbers for one in same) or ("", value) in known.numbers
        else:
            fine = value in bare or token.text in known.all
        if not fine and not (place == 0 or tokens[place - 1].text == "\n"):
            opinion.accused.append(("number", " ".join(one.text for one in tokens[max(0, place - 1) : place + 2])))
    low = text.lower()
    for word in _SOON:
        if word in low and word not in known.lower:
            opinion.accused.append(("date", word))
    for sentence in _cut(text):
        tokens = _tokens(sentence)
        for place, token in enumerate(tokens):
            month = token.text.lower()[:3]
            near = [one for one in tokens[max(0, place - 1) : place + 2] if one.kind == "number"]
            if token.kind == "word" and month in _MONTH_NAMES and token.text[0].isupper() and near:
                number = _MONTH_NAMES.index(month) + 1
                if f"-{number:02d}-{int(float(near[-1].text)):02d}" not in known.all and month not in known.lower:
                    opinion.accused.append(("date", token.text))


def _look_at_names(text: str, known: _Known, opinion: Opinion) -> None:
    """English words with a capital inside a sentence; web and e-mail addresses."""
    for piece in "".join(sign if sign < "⺀" else " " for sign in text).split():
        bare = piece.strip(".,;:!?()（）“”\"'，。")
        if ("@" in bare or "http" in bare or "www." in bare) and bare.lower() not in known.lower:
            opinion.accused.append(("address", bare))
    for sentence in _cut(text):
        tokens = _tokens(sentence)
        for place, token in enumerate(tokens):
            if place == 0 or token.kind != "word" or not token.text[0].isupper() or len(token.text) < 3:
                continue
            if tokens[place - 1].text in ":–—•“\"'(./" or token.text in ("PDF", "VAT"):
                continue
            name = token.text.lower().removesuffix("'s")
            if name[:3] in _MONTH_NAMES and f"-{_MONTH_NAMES.index(name[:3]) + 1:02d}-" in known.all:
                continue
            if name not in known.words and not token.text.startswith("I'"):
                opinion.accused.append(("name", token.text))


def _look_at_properties(text: str, known: _Known, opinion: Opinion) -> None:
    low = f" {text.lower()} "
    for word in _PROPERTIES:
        if (
            f" {word} " in low or f" {word}." in low or f" {word}," in low or (not word.isascii() and word in low)
        ) and word not in known.lower:
            opinion.accused.append(("property", word))
    for word in _PROMPTS:
        if word in low and word not in known.lower:
            opinion.accused.append(("prompt", word))


def _look_at_mix_ups(text: str, frame: Frame, opinion: Opinion) -> None:
    """A line that names one of several things shows no value that only another of them has."""
    things: dict[str, dict[str, str]] = {}
    for fact in frame.facts:
        parts = fact.name.split(".")
        if len(parts) == 3:
            things.setdefault(".".join(parts[:2]), {})[parts[2]] = fact.shown
    for line in _cut(text):
        named = [key for key, values in things.items() if values.get("id", values.get("title", "\0")) in line]
        if len(named) != 1 or len(things) < 2:
            continue
        own = set(things[named[0]].values())
        for key, values in things.items():
            for role, shown in values.items():
                if (
                    key != named[0]
                    and role not in ("quantity", "rating", "id", "title")
                    and len(shown) > 2
                    and shown in line
                    and shown not in own
                ):
                    opinion.accused.append(("mixed up", shown))


def _look_at_form(text: str, frame: Frame, opinion: Opinion) -> None:
    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            opinion.accused.append(("markup", tag))

    Tags(convert_charrefs=False).feed(text)
    if any(mark in text for mark in ("**", "```", "](", "<|", "{", "}")) and "…@" not in text:
        opinion.accused.append(("markup", "marks"))
    quoted = "".join(passage.text + passage.title for passage in frame.passages) + "".join(
        fact.shown for fact in frame.facts
    )
    han = sum("一" <= sign <= "鿿" and sign not in quoted for sign in text)
    latin = sum(sign.isascii() and sign.isalpha() for sign in text)
    if frame.locale == "en" and han:
        opinion.accused.append(("language", "Chinese"))
    if frame.locale == "zh" and not any("一" <= sign <= "鿿" for sign in text) and latin:
        opinion.accused.append(("language", "not Chinese"))
    if any("぀" <= sign <= "ヿ" or "가" <= sign <= "힣" or "Ѐ" <= sign <= "ӿ" for sign in text):
        opinion.accused.append(("language", "another script"))


def _denied(sentence: str) -> bool:
    low = sentence.lower()
    for phrase in _ASIDE:
        low = low.replace(phrase, "")
    words = {token.text.lower() for token in _tokens(low) if token.kind == "word"}
    return bool(words & _DENYING_EN) or any(sign in low for sign in _DENYING_ZH)


def _supposed(sentence: str) -> bool:
    low = f" {sentence.lower()}"
    return any(
        word in low
        for word in (
            " if ",
            " would ",
            " when ",
            " once ",
            " until ",
            " before ",
            " shall ",
            " can be ",
            " may ",
            "如果",
            "之前",
            "之后",
            "可以",
            "确认",
            "将",
            "要",
        )
    )


def _look_at_states(sentence: str, asks: bool, known: _Known, opinion: Opinion) -> None:
    if asks or _denied(sentence) or _supposed(sentence):
        return
    low = sentence.lower()
    happened = any(
        mark in f" {low}"
        for mark in (" has been ", " was ", " were ", " is now ", " has arrived", " arrived", "已", "了。", "成功")
    )
    if not happened:
        return
    for state, words in _STATES.items():
        for word in words:
            told = (
                word in low
                if word.isascii()
                else any(f"{mark}{word}" in low for mark in ("已", "已经", "已被", "经", "了"))
            )
            if told and state not in known.states and word not in known.lower and "payment" not in low:
                opinion.accused.append(("status", word))


def _look_at_promises(sentence: str, asks: bool, known: _Known, opinion: Opinion) -> None:
    if asks or _denied(sentence):
        return
    low = sentence.lower()
    for word in _PROMISING:
        stem = word.removesuffix(" of").removeprefix("for ").split()[0]
        if word in low and stem not in known.lower:
            opinion.accused.append(("promise", word))


def _look_at_doings(sentence: str, known: _Known, opinion: Opinion) -> None:
    if known.frame.done or known.frame.act.startswith(("handed_over", "verify")):
        return
    low = sentence.lower()
    for opener in _DOING:
        at = low.find(opener)
        if at < 0:
            continue
        said = low[at + len(opener) : at + len(opener) + 30]
        done = [word for word in _DONE_WORDS if word in said]
        if done and not _denied(low[: at + len(opener) + 10]) and not low.rstrip().endswith(("?", "吗")):
            opinion.accused.append(("action", done[0]))


def _about(sentence: str) -> set[str]:
    tokens = _tokens(sentence)
    words = (
        {token.text.lower()[:6] for token in tokens if token.kind == "word"}
        - _LITTLE
        - {word[:6] for word in _DENYING_EN}
    )
    signs = [
        token.text for token in tokens if token.kind == "han" and token.text not in "的了是可以能会也都不没无未请您在"
    ]
    return words | {a + b for a, b in itertools.pairwise(signs)}


def _look_at_denials(sentence: str, known: _Known, opinion: Opinion) -> None:
    """The sentence of the passages that is nearest has to deny what this one denies."""
    about = _about(sentence)
    if len(about) < 2:
        return
    ranked = []
    for passage in known.frame.passages:
        for whole in _cut(unicodedata.normalize("NFKC", passage.text)):
            for part in whole.replace("，", ",").replace(" but ", ",").split(","):
                other = _about(part)
                if other:
                    ranked.append((len(about & other) / len(about | other), _denied(part)))
    ranked.sort(reverse=True)
    if ranked and ranked[0][0] >= 0.65 and ranked[0][1] != _denied(sentence):
        opinion.accused.append(("denial", sentence))
