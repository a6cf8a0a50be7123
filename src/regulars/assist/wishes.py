"""What somebody wishes to be shown, read from a sentence: the words to search for, or what it should go with. Knows no product."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from regulars.assist.texts import CJK
from regulars.assist.wanted import READ, wanted

Kind = Literal["search", "recommend", "surprise", "goes_with", "alike", "size"]
ABOUT_ANOTHER = ("goes_with", "alike", "size")
"""Wishes about a product that was bought, shown or named."""


@dataclass(frozen=True, slots=True)
class Wish:
    """words: what is searched for, or what it goes with or is like, without how it was asked for; may be empty.

    theirs: of goes_with, alike and size: about something that they have ordered. step: of size, how many sizes further; below 0
    smaller.
    """

    kind: Kind
    words: str = ""
    theirs: bool = False
    step: int = 0


_GOES_WITH = re.compile(
    r"\b(?:go(?:es)?|pairs?|fits?|works?|looks?) (?:well |nicely |good |great |together )*with\b"
    r"|\b(?:match(?:es|ing)?|complement(?:s|ing)?|accompan(?:y|ies)|to wear with|to use with)\b"
    r"|搭配|相配|配套|般配|搭的|搭什么|配什么|配得上|配我",
    re.I,
)
_ALIKE = re.compile(
    r"\b(?:similar|alike|comparable|alternatives? (?:to|for)|(?:more|something|anything|one|ones) like)\b"
    r"|类似|相似|差不多|同类|同款|代替|替代|这样的|那样的",
    re.I,
)
_ABOUT: tuple[tuple[Kind, re.Pattern[str]], ...] = (("goes_with", _GOES_WITH), ("alike", _ALIKE))
_PRESENT = re.compile(
    r"\b(?:gifts?|presents?|birthday|anniversary|housewarming)\b|礼物|礼品|送(?!货|到)|生日|纪念日", re.I
)
_SEEKS = re.compile(
    r"\b(?:looking|searching|hunting|shopping) for\b|\bin the market for\b|\b(?:want|like|need) to (?:buy|purchase)\b|\bshow me\b"
    r"|(?:想|要|打算)买|想找|在找|求购",
    re.I,
)
_OF_THE_SHOP = re.compile(
    r"\byour (?:\w+ )?(?:phone|telephone|number|e-?mail|address|store|shop|branch|warehouse|office|showroom|company|website|app)\b"
    r"|\b(?:store|shop|branch|showroom|office)s? (?:in|near|at)\b|\b(?:jobs?|vacanc(?:y|ies)|internships?)\b"
    r"|你们的?(?:电话|邮箱|地址|门店|店面|仓库|公司|官网)|实体店|分店|招聘",
    re.I,
)
_SURPRISE = re.compile(r"\bsurprise me\b|给我(?:一)?个?惊喜|惊喜一下|随便推荐", re.I)
_BOUGHT = r"\b(?:i|we)(?:'ve| have|'d| had)? (?:just |already |recently |once )?(?:bought|ordered|purchased|got)\b"
_THEIRS = re.compile(
    rf"\b(?:my|our) (?:last |latest |recent |previous |first )?(?:order|purchase|delivery|parcel)s?\b|{_BOUGHT}"
    r"|(?:我|我们).{0,3}(?:上次|上回|之前|刚|最近|以前|昨天|前几天).{0,2}(?:买|订|下单|购)|我买(?:的|过|了)|我订的|我的?.{0,4}订单|上次买|上一单|上个订单",
    re.I,
)
_WHEN = re.compile(  # what says only that it is theirs
    r"\b(?:(?:my|our) )?(?:last|latest|recent|previous|first) (?:order|purchase|time|delivery|parcel|week|month)\b"
    rf"|\b(?:my|our) (?:order|purchase|delivery|parcel)s?\b|{_BOUGHT}|\b(?:yesterday|recently|before)\b|\border\b"
    r"|(?:我|我们)?(?:上次|上回|之前|刚|最近|以前|昨天|前几天)?(?:买|订|下单|购)(?:的|过|了)?|我?的?(?:上一|上个|这个)?订单|上次|上回|东西|商品",
    re.I,
)
_POINTING = re.compile(  # at what was shown, by no name of its own
    r"(?:the |this |that |these |those )?(?:(?:first|second|third|fourth|fifth|last|1st|2nd|3rd)(?: (?:one|pair|item|product)s?)?|(?:one|pair|item|product)s?)"
    r"|this|that|these|those|it|them|第[一二三四五]|[这那它]|[这那第][一二三四五]?[个款些件双只条]",
    re.I,
)
_TOO = r"(?<!not )(?<!n't )(?:too|a bit too|a little too|rather|much too)"
_NUMBERS = {"two": 2, "2": 2, "两": 2, "二": 2, "three": 3, "3": 3, "三": 3}
_LARGER = re.compile(
    r"\b(?:(?P<en>two|three|2|3)\s+)?(?:full |half a )?sizes? (?:larger|bigger|up)\b|\b(?:larger|bigger|next) size(?: up)?\b"
    r"|大(?P<zh>[一半两二三123])个?(?:码|号)",
    re.I,
)
_SMALLER = re.compile(
    r"\b(?:(?P<en>two|three|2|3)\s+)?(?:full |half a )?sizes? (?:smaller|down)\b|\bsmaller size\b|小(?P<zh>[一半两二三123])个?(?:码|号)",
    re.I,
)
_EXPECTED = re.compile(r"\bthan (?:i|we|it|usual|normal|expected|stated)\b|比.{0,4}(?:想|预期|平时)", re.I)
_TOO_SMALL = re.compile(rf"{_TOO} (?:small|tight)\b|(?<!不)(?<!不会)(?:太|有点|偏)(?:小|紧)", re.I)
_TOO_LARGE = re.compile(rf"{_TOO} (?:big|large|loose)\b|(?<!不)(?<!不会)(?:太|有点|偏)(?:大|松)", re.I)
_POPULAR = re.compile(
    r"\b(?:best ?sellers?|bestselling|popular|trending|top picks?|other people|people (?:buy|love|loving)|hits?)\b"
    r"|热销|畅销|爆款|热门|卖得好|卖得最好|大家都|别人都|人气|排行",
    re.I,
)


def read(text: str, *, recommended: bool = False) -> Wish:
    """What a sentence wishes to be shown. recommended: it was understood as asking for advice, not for a thing by its name.

    >>> read("I'm looking for a blue teapot under 20").words
    'blue teapot under 20'
    >>> read("有没有绿茶？").words
    '绿茶'
    >>> read("What goes with my last order?", recommended=True)
    Wish(kind='goes_with', words='', theirs=True, step=0)
    """
    said = " ".join(text[:READ].split())
    theirs = bool(_THEIRS.search(said))
    for kind, pattern in _ABOUT:
        found = pattern.search(said)
        if found is not None:
            # In English the name stands behind "goes with", in Chinese it may stand before.
            rest = pattern.sub(" ", said) if CJK.search(said) else said[found.end() :]
            return Wish(kind, _named(_WHEN.sub(" ", rest)), theirs)
    step = size_step(said)
    if step:
        return Wish("size", _named(_WHEN.sub(" ", _LARGER.sub(" ", _SMALLER.sub(" ", said)))), theirs, step)
    if _SURPRISE.search(said):
        return Wish("surprise")
    words = wanted(said)
    if not words or _POPULAR.fullmatch(words) or (recommended and _POPULAR.search(said)):
        return Wish("recommend")
    return Wish("search", words)


def seeks(text: str) -> bool:
    """Does it say in so many words that a thing is looked for, and not ask a question?

    >>> seeks("I'm looking for a violin"), seeks("do you have a shop in York?"), seeks("我想买小提琴")
    (True, False, True)
    """
    return bool(_SEEKS.search(text[:READ]))


def of_the_shop(text: str) -> bool:
    """Is it something of the shop's own that is asked for, and no product?

    >>> of_the_shop("I'm looking for your phone number"), of_the_shop("do you have a store in Rome"), of_the_shop("show me your teapots")
    (True, True, False)
    """
    return bool(_OF_THE_SHOP.search(text[:READ]))


def for_somebody(words: str) -> bool:
    """Is it a present that is looked for, more than a thing?

    >>> for_somebody("gift for my mother"), for_somebody("headphones"), for_somebody("送妈妈的礼物")
    (True, False, True)
    """
    return bool(_PRESENT.search(words))


def size_step(text: str) -> int:
    """How many sizes further is wanted; below 0 smaller, 0 where no size is spoken of.

    >>> size_step("a size up"), size_step("two sizes smaller please"), size_step("换大一码"), size_step("a size smaller than I expected")
    (1, -2, 1, 0)
    """
    said = text[:READ]
    for pattern, sign in ((_LARGER, 1), (_SMALLER, -1)):
        found = pattern.search(said)
        if found is not None and not _EXPECTED.search(said):
            return sign * _NUMBERS.get((found["en"] or found["zh"] or "").casefold(), 1)
    return 0


def fit_step(text: str) -> int:
    """The size that would fit, of what they have: `size_step`, or 1 for what is too small and −1 for what is too big.

    >>> fit_step("these boots are too small"), fit_step("太大了"), fit_step("it isn't too big")
    (1, -1, 0)
    """
    said = text[:READ]
    return size_step(said) or int(bool(_TOO_SMALL.search(said))) - int(bool(_TOO_LARGE.search(said)))


def _named(text: str) -> str:
    """What something is called; empty where it is only pointed at."""
    words = re.sub(r"^(?:my|our|我的?)\s*|\s+(?:a|an|one)$|有$", "", wanted(text))
    return "" if _POINTING.fullmatch(words) else words
