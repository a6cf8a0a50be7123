"""What somebody wishes to be shown, read from a sentence: the words to search for, or what it should go with. Knows no product."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from regulars.assist.texts import MOST_READ, plain

Kind = Literal["search", "recommend", "surprise", "goes_with", "alike", "size"]


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
    r"\b(?:similar|alike|comparable|alternatives? (?:to|for)|(?:more|something|anything|one|ones) like|instead of)\b"
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
_SURPRISE = re.compile(r"\bsurprise me\b|给我(?:一)?个?惊喜|惊喜一下|随便推荐", re.I)
_THEIRS = re.compile(
    r"\b(?:my|our) (?:own )?[a-z-]{3,}\b|\b(?:my|our) (?:last|latest|recent|previous|first)? ?(?:order|purchase|delivery|parcel)\b"
    r"|\b(?:i|we)(?:'ve| have|'d| had)? (?:just |already |recently |once )?(?:bought|ordered|purchased|got)\b"
    r"|(?:我|我们).{0,3}(?:上次|上回|之前|刚|最近|以前|昨天|前几天).{0,2}(?:买|订|下单|购)|我买(?:的|过|了)|我订的|我的?.{0,4}订单|上次买|上一单|上个订单",
    re.I,
)
_WHEN = re.compile(  # what says only that it is theirs
    r"\b(?:(?:my|our) )?(?:last|latest|recent|previous|first) (?:order|purchase|time|delivery|parcel|week|month)\b|\b(?:my|our) (?:order|purchase)s?\b"
    r"|\b(?:i|we)(?:'ve| have|'d| had)? (?:just |already |recently |once )?(?:bought|ordered|purchased|got)\b|\b(?:yesterday|recently|before)\b"
    r"|(?:我|我们)?(?:上次|上回|之前|刚|最近|以前|昨天|前几天)?(?:买|订|下单|购)(?:的|过|了)?|我?的?(?:上一|上个|这个)?订单|上次|上回|东西|商品",
    re.I,
)
_LARGER = re.compile(
    r"\b(?P<n>one|two|a|1|2)?\s*(?:full |half a )?sizes? (?P<up>larger|bigger|up)\b|\b(?:larger|bigger|next) size(?: up)?\b"
    r"|\b(?:too|a bit|a little|rather) (?:small|tight|short)\b|大(?P<zh>一|半|两|二|1|2)(?:个)?(?:码|号)|(?:太|有点|偏)(?:小|紧|短)",
    re.I,
)
_SMALLER = re.compile(
    r"\b(?P<n>one|two|a|1|2)?\s*(?:full |half a )?sizes? (?P<up>smaller|down)\b|\bsmaller size\b"
    r"|\b(?:too|a bit|a little|rather) (?:big|large|wide|loose|long)\b|小(?P<zh>一|半|两|二|1|2)(?:个)?(?:码|号)|(?:太|有点|偏)(?:大|松|长)",
    re.I,
)

_POLITE = r"(?:please|thanks|thank you|thx|pls|maybe|perhaps|today|here|right now|at the moment|for me|at all|by any chance|in stock|in your shop|in the shop|available)"
_THING = r"(?:(?:some|any|every)(?:thing|one)|things?|stuff|products?|items?|goods|ideas?|suggestions?|recommendations?|advice|inspiration|bits|few)"
_ASKED = [
    re.compile(one, re.I)
    for one in (
        r"^(?:hi|hello|hey|good (?:morning|afternoon|evening)|excuse me|sorry|ok|okay|well|so|and|but|also|then|um|uh)\b[\s,!.:;–-]*",
        rf"^{_POLITE}\b[\s,]*",
        r"^(?:i was|i am|i'm|im|we are|we're|am|are)?\s*(?:just |currently |still )?(?:wondering|curious)(?: if| whether)?\b\s*",
        r"^(?:if |whether )?(?:can|could|would|will|do|did|may|might|have|has|should) (?:you|u|i|we|someone|anybody)(?: guys)?(?: please| maybe| perhaps| possibly| also| happen to| know if you| know where i can| know)?\b\s*",
        r"^(?:i|we)(?:'d| would| will|'ll)?(?: really| just| also| still| only)? (?:want|wanna|need|like|love|prefer|fancy|wish|think)\b\s*(?:to\b)?\s*",
        r"^(?:i|we|am|are)?(?:'m|'re| am| are|m)?(?: just| also| still| currently| actually)?\s*(?:looking|searching|hunting|shopping|browsing|after|in need|in the market|interested|thinking|trying to find|trying to get)\b\s*(?:for|at|of|in|about|around)?\b\s*",
        r"^(?:help (?:me|us)|show|find|get|give|see|buy|order|purchase|have|has|had|got|sell|stock|carry|offer|keep|do|look(?: for| at| up)?|search(?: for)?|browse|suggest|recommend|advise|choose|pick|select|tell)\b\s*(?:me|us)?\b\s*(?:out|to|with|of|about|up)?\b\s*",
        r"^(?:if |whether )?(?:you|u|there|your shop)(?: guys)? (?:have|has|had|got|sell|stock|carry|offer|is|are)\b\s*(?:got\b)?\s*",
        r"^(?:is|are|was|were) there\b\s*",
        r"^(?:where|how) (?:can|could|do|would|should) (?:i|we) (?:find|get|buy|see|order)\b\s*",
        r"^(?:what|which)(?: kinds?| sorts?| types?)?(?: of)?\b(?:'s| is| are)?\s*",
        r"^(?:the best|your best|best|the|your|a|an|any|some|one|few|couple of|lot of|kind of|sort of|pair of|set of|nice|good|great|lovely|decent)\b\s*",
        rf"^{_THING}\b\s*(?:for|to|like|that|which|with|in|on|about|of|from)?\b\s*",
        r"^(?:for|to|of|about|with|from|in|on|that|which|and|me|us)\b\s*",
    )
]
_TAIL = [
    re.compile(one, re.I)
    for one in (
        rf"[\s,]*\b{_POLITE}[\s.!?…]*$",
        r"[\s,]*\b(?:do|did|can|could|would|have|are|is) (?:you|u|i|we|there)(?: guys)?(?: please)?(?: have| got| sell| stock| carry| offer| recommend| suggest| get| buy| find| show(?: me)?| keep)?(?: in stock| here)?[\s.!?…]*$",
        r"\s+(?:is|are|would be)(?: the)? (?:best|better|good|nicest|right one)(?: one)?(?: for me)?[\s.!?…]*$",
        r"\s+in(?: a| the)?[\s.!?…]*$",
        r"[\s.!?…,;:]+$",
    )
]
_ZH_ASKED = re.compile(
    r"^(?:和|跟|与|的|你好|您好|嗨|哈喽|请问|麻烦|劳驾|不好意思|那|还|就|亲|店家|老板|客服|帮忙|能不能|能否|可不可以|可以|能|请"
    r"|我们|我|你们|您们|你|您|家|店里|店|这里|这边|这儿|现在"
    r"|想要|想|要|需要|打算|准备|正在|在|寻找|找一找|找找|找一下|找|搜索|搜一下|搜|查一下|查|买点|购买|选购|选|挑|买|看一看|看看|看一下|看"
    r"|给我|帮我|给|帮|为我|推荐一下|推荐|介绍一下|介绍|来|有没有卖|有没有|有卖|卖不卖|有什么|有哪些|有|卖什么|卖|什么|哪些|哪种|哪款|哪个"
    r"|一下|一些|一点|一[个只件条双盏款把台些瓶盒套本张支副顶床]|几[个只件条双盏款把台样种]|[个些点](?=.)|最近|适合|合适的|好的|好用的|好看的|比较|最|，|,|：|:|\s)"
)
_ZH_TAIL = re.compile(r"(?:吗|嘛|么|呢|吧|啊|呀|的|了|没有|没|谢谢|卖|买|好|推荐|可以推荐|吗？|一下|[？?。！!，,.\s])$")
_ZH_NOTHING = re.compile(r"^(?:东西|商品|产品|礼物推荐|点什么|什么|好东西|好物|新品|点东西|几样|几件|几款|看看)?$")
_EN_NOTHING = re.compile(
    rf"^(?:{_THING}|me|you|it|to|for|in|of|do|have|buy|get|one|ones|new|nice|popular|trending)*$", re.I
)
_POPULAR = re.compile(
    r"\b(?:best ?sellers?|bestselling|popular|trending|top picks?|other people|people (?:buy|love|loving)|hits?)\b"
    r"|热销|畅销|爆款|热门|卖得好|卖得最好|大家都|别人都|人气|排行",
    re.I,
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def read(text: str, *, recommended: bool = False) -> Wish:
    """What a sentence wishes to be shown. recommended: it was understood as asking for advice, not for a thing by its name.

    >>> read("I'm looking for a blue teapot under 20").words
    'blue teapot under 20'
    >>> read("有没有绿茶？").words
    '绿茶'
    >>> read("What goes with my last order?", recommended=True)
    Wish(kind='goes_with', words='', theirs=True, step=0)
    """
    said = " ".join(text[:MOST_READ].split())
    theirs = bool(_THEIRS.search(said))
    for kind, pattern in _ABOUT:
        found = pattern.search(said)
        if found is not None:
            # In English the name stands behind "goes with", in Chinese it may stand before.
            rest = pattern.sub(" ", said) if _CHINESE.search(said) else said[found.end() :]
            return Wish(kind, wanted(_WHEN.sub(" ", rest) if theirs else rest), theirs)
    step = size_step(said)
    if step:
        return Wish("size", wanted(_LARGER.sub(" ", _SMALLER.sub(" ", said))), theirs, step)
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
    return bool(_SEEKS.search(text[:MOST_READ]))


def for_somebody(words: str) -> bool:
    """Is it a present that is looked for, more than a thing?

    >>> for_somebody("gift for my mother"), for_somebody("headphones"), for_somebody("送妈妈的礼物")
    (True, False, True)
    """
    return bool(_PRESENT.search(words))


def size_step(text: str) -> int:
    """How many sizes further is wanted, or what they have is off by: 1 for "a size up" and "too small", −1 for "too big", else 0.

    >>> size_step("these boots are too small"), size_step("two sizes smaller please"), size_step("换大一码"), size_step("blue")
    (1, -2, 1, 0)
    """
    for pattern, sign in ((_LARGER, 1), (_SMALLER, -1)):
        found = pattern.search(text[:MOST_READ])
        if found is not None:
            given = (found.groupdict().get("n") or found.groupdict().get("zh") or "").casefold()
            return sign * (2 if given in ("two", "2", "两", "二") else 1)
    return 0


def wanted(text: str) -> str:
    """What is wanted, without how it is asked for; empty where only asking is left.

    >>> wanted("do you have any kettles?"), wanted("What do you recommend?"), wanted("我想买一个背包"), wanted("推荐点东西")
    ('kettles', '', '背包', '')
    """
    left = " ".join(text[:MOST_READ].split())
    if _CHINESE.search(left):
        return _wanted_zh(left)
    for _ in range(20):
        before = left
        for pattern in (*_ASKED, *_TAIL):
            left = pattern.sub("", left, count=1).strip()
        if left == before:
            break
    return "" if _EN_NOTHING.match(plain(left).replace(" ", "")) else left


def _wanted_zh(left: str) -> str:
    for pattern in (_ZH_ASKED, _ZH_TAIL):
        for _ in range(24):
            shorter = pattern.sub("", left, count=1).strip()
            if shorter == left or not shorter:
                left = shorter
                break
            left = shorter
    return "" if _ZH_NOTHING.match(left) else left
