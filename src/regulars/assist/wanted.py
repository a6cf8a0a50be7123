"""What is wanted, taken out of how it is asked for: "do you have any blue mugs in stock?" is "blue mugs". Knows no product."""

from __future__ import annotations

import re

from regulars.assist.texts import CJK, plain, words_in

READ = 300
"""Characters that are read for a wish; nobody wishes for longer."""

_POLITE = (
    "please|thanks|thank you|thx|pls|maybe|perhaps|today|here|right now|at the moment|for me|at all|by any chance|in stock|"
    "in your shop|in the shop|available"
)
_THING = "(?:some|any|every)(?:thing|one)|things?|stuff|products?|items?|goods|ideas?|suggestions?|recommendations?|advice|inspiration|bits|few"
_HAVE = "have|has|had|got|sell|stock|carry|offer|keep|do"
_SHOW = "help|show|find|get|give|see|buy|order|look(?: for| at| up)?|search(?: for)?|browse|suggest|recommend|advise|choose|pick|select|tell"
_END = r"\b(?![-'’])[\s,!.:;–]*"  # "in-ear" is no "in"
_ASKED = [
    re.compile(f"^(?:{one}){_END}", re.I)
    for one in (
        "hi|hello|hey|good (?:morning|afternoon|evening)|excuse me|sorry|ok|okay|well|so|and|but|also|then|um|uh|please|maybe|perhaps",
        r"(?:thanks|thank you|thx)(?=\s*[,!.])",
        "(?:i was |i am |i'm |im |we are |we're |am |are )?(?:just |currently |still )?(?:wondering|curious)(?: if| whether)?",
        "(?:if |whether )?(?:can|could|would|will|do|did|may|might|have|has|should) (?:you|u|i|we|someone|anybody)(?: guys)?"
        f"(?: please| maybe| perhaps| possibly| also| happen to| know if you| know where i can| know)?(?: (?:{_HAVE}))?",
        f"(?:if |whether )?(?:you|u|there|your shop)(?: guys)? (?:{_HAVE}|is|are)(?: got)?",
        "(?:i|we)(?:'d| would| will|'ll)?(?: really| just| also| still| only)? (?:want|wanna|need|like|love|prefer|fancy|wish|think)(?: to)?",
        "(?:i |we |am |are )?(?:'m |'re |am |are |m )?(?:i'm |we're )?(?:just |also |still |currently |actually )?"
        "(?:looking|searching|hunting|shopping|browsing|after|in need|in the market|interested|thinking|trying to find|trying to get)"
        "(?: for| at| of| in| about| around)?",
        f"(?:{_SHOW})(?: me| us)?(?: out| to| with| of| about| up| for)?",
        "got (?=any|some|an?\\b)|have (?=any|some|an?\\b)",
        "(?:is|are|was|were) there|(?:where|how) (?:can|could|do|would|should) (?:i|we) (?:find|get|buy|see|order)",
        "(?:what|which)(?: kinds?| sorts?| types?)?(?: of)?(?:'s| is| are)?",
        "the best|your best|best|the|your|a|an|any|some|one|few|couple of|lot of|kind of|sort of|pair of|set of|nice|good|great|lovely|decent",
        f"(?:{_THING})(?: for| to| like| that| which| with| in| on| about| of| from)?",
        "for|to|of|about|with|from|in|on|that|which|and|me|us",
    )
]
_TAIL = [
    re.compile(one, re.I)
    for one in (
        rf"(?<![\s,])[\s,]*\b(?:{_POLITE})$",
        rf"(?<![\s,])[\s,]*\b(?:do|did|can|could|would|have|are|is) (?:you|u|i|we|there)(?: guys)?(?: please)?"
        rf"(?: (?:{_HAVE}|recommend|suggest|get|buy|find|show(?: me)?))?(?: in stock| here)?$",
        r"(?<!\s)\s+(?:is|are|would be)(?: the)? (?:best|better|good|nicest|right one)(?: one)?(?: for me)?$",
        r"(?<!\s)\s+in(?: a| the)?$",
    )
]
_STOPS = " .!?…,;:–"
_NOTHING = words_in(
    "something anything everything someone anyone thing things stuff product products item items good goods idea ideas suggestion suggestions "
    "recommendation recommendations cheaper better else other others different advice inspiration me you it to for in of do have buy get one ones new nice popular trending few bits"
)

# Of Chinese: what several characters say surely, and single ones where they don't begin another word (和服, 家具, 有机, 能量, 点心).
_ZH_ASKED = re.compile(
    r"^(?:你好|您好|嗨|哈喽|请问|麻烦|劳驾|不好意思|店家|老板|客服|帮忙|能不能|能否|可不可以|可以|我们|你们|您们|店里|这里|这边|这儿|现在|最近"
    r"|你家|您家|想要|需要|打算|准备|正在|寻找|找一找|找找|找一下|搜索|搜一下|查一下|买点(?!心)|购买|选购|看一看|看看|看一下"
    r"|给我|帮我|为我|推荐一下|推荐点(?!心)|推荐|介绍一下|介绍|有没有卖|有没有|有卖|卖不卖|有什么|有哪些|卖什么|什么|哪些|哪种|哪款|哪个"
    r"|一下|一些|一点(?!心)|一[个只件条双盏款把台些瓶盒套本张支副顶床]|几[个只件条双盏款把台样种]|适合|合适的|好的|好用的|好看的|比较|[，,：:！!。\s])"
)
_ZH_SINGLE = re.compile(
    r"^(?:和(?!服|牛)|跟|与|的|那|还|就|亲(?!子)|能(?!量)|请(?!柬)|我|你|您|家(?!具|居|电|纺|用|庭|装)|店(?!铺)|想|要|在|找|搜|查|选|挑|买|看(?!书)|给|帮"
    r"|来(?=[一点个些])|有(?!机|线|声|氧|色|盖)|卖|个(?!人|性)|些|点(?!心)|最)(?=..)"
)
_ZH_TAIL = re.compile(
    r"(?:有什么好|有什么|有哪些|是什么|什么好|哪个好|什么|哪些|吗|嘛|么|呢|(?<![茶酒网])吧|啊|呀|(?<=..)的|(?<=..)了|没有|谢谢|有卖|卖|推荐|可以推荐|一下|[？?。！!，,.\s])$"
)
_ZH_NOTHING = re.compile(
    r"^(?:的|和|了|东西|商品|产品|礼物推荐|点什么|什么|好东西|好物|新品|点东西|几样|几件|几款|看看)?$"
)


def wanted(text: str) -> str:
    """What is wanted, without how it is asked for; empty where only asking is left.

    >>> wanted("do you have any kettles?"), wanted("What do you recommend?"), wanted("我想买一个背包"), wanted("推荐点东西")
    ('kettles', '', '背包', '')
    """
    left = " ".join(text[:READ].split()).strip(_STOPS)
    if CJK.search(left):
        return _wanted_zh(left)
    for _ in range(20):
        before = left
        for pattern in (*_ASKED, *_TAIL):
            left = pattern.sub("", left, count=1).strip(_STOPS)
        if left == before:
            break
    return "" if set(plain(left).split()) <= _NOTHING else left


def _wanted_zh(left: str) -> str:
    for _ in range(40):
        before = left
        left = _ZH_ASKED.sub("", left, count=1).strip()
        if left == before:
            left = _ZH_SINGLE.sub("", left, count=1).strip()
        left = _ZH_TAIL.sub("", left, count=1).strip()
        if left == before:
            break
    return "" if _ZH_NOTHING.match(left) else left
