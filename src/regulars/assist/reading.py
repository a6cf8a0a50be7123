"""What is named in a customer's words: orders, lines, variants, ways to pay, addresses, e-mail. English and Chinese.

Rules only, against what the customer really has: a number that is none of theirs is kept as it was said. Nothing found here
gives a right; the executor checks everything again.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from regulars.assist.texts import CJK, EMAIL, MOST_READ, alike, words_in
from regulars.store.order_book import Line, Method, OrderView, Variant

_CJK = CJK
_PART = r"(?:-\d{1,4}(?![\w-]))?"
"""What a shop counts a customer's orders by, behind their number: KT00484-15."""
_ORDER = re.compile(
    rf"#\s?([A-Za-z]{{0,4}}-?\d{{3,}}{_PART})|(?<![\w.@/-])([A-Za-z]{{1,4}}-?\d{{4,}}{_PART}|\d{{5,}}{_PART}|\d{{4,}})(?![\w@])",
    re.ASCII,
)
_COUNTED = re.compile(r"\d-\d{1,4}$", re.ASCII)
_ORDER_LIKE = re.compile(rf"(?:[A-Za-z]{{1,4}}-?\d{{4,10}}|\d{{5,10}}){_PART}", re.ASCII)
"""What is taken for an order's number though nobody asked for one and it is none of theirs."""
_POSTCODE = re.compile(
    r"(?:postcode|post code|zip code|zip|postal code|邮编)\s*(?:is|are|=|:|：|是|为)?\s*"
    r"([A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}|[A-Za-z0-9][A-Za-z0-9\-]{2,9})",
    re.I,
)
_BARE_POSTCODE = re.compile(r"(?<![\w#])([A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}|\d{5,6}(?:-\d{4})?)(?!\w)")
_NAME = re.compile(
    r"(?:my name is|name is|i am|i'm|this is|name:)\s+([^\W\d_][\w'’.\-]*(?:\s+(?!(?:and|my|with|the|at|in|from|postcode|zip)\b)[^\W\d_][\w'’.\-]*){1,3})"
    r"|(?:我叫|我是|姓名[:：是]?\s*|名字[是叫:：]?\s*)([\u4e00-\u9fff·]{2,4}(?![\u4e00-\u9fff])|[A-Za-z][A-Za-z'.\- ]{2,40})",
    re.I,
)
_PERSON = re.compile(
    r"\b(human|real person|live agent|agent|representative|someone real|speak (?:to|with) (?:a|an|some)|talk to (?:a|an|some)(?:one|body)? ?(?:person|human|agent|someone|manager)?|supervisor|manager|operator)\b"
    r"|人工|真人|客服人员|转接|找你们经理|经理|活人",
    re.I,
)
_ALL = re.compile(
    r"\b(all|everything|whole order|entire order|both|every item|all of (?:it|them))\b|全部|所有|整单|都(?:退|换|要)|全都",
    re.I,
)
_LATEST = re.compile(
    r"\b(latest|last|most recent|newest|recent) (?:order|purchase|one)\b|最近(?:的|一)|上一(?:单|个订单)|最新|刚(?:才)?(?:买|下)的",
    re.I,
)
_ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "fifth": 5,
    "第一": 1, "第二": 2, "第三": 3, "第四": 4, "第五": 5,
}  # fmt: skip
_METHOD_WORDS = {
    "paypal": "paypal", "贝宝": "paypal", "gift card": "gift_card", "giftcard": "gift_card", "礼品卡": "gift_card", "礼物卡": "gift_card",
    "store credit": "store_credit", "余额": "store_credit", "credit card": "card", "debit card": "card", "visa": "card", "mastercard": "card", "信用卡": "card",
    "银行卡": "card", "my card": "card", "bank transfer": "bank", "转账": "bank", "invoice": "invoice",
}  # fmt: skip
_ORIGINAL = re.compile(
    r"\b(original|same (?:way|card|method|payment)|how i paid|the way i paid)\b|原路|原支付|原来的", re.I
)
_ADDRESS_LEAD = re.compile(
    r"^.*?\b(?:address (?:is|to|should be)|(?:send|ship|deliver|redirect|address)\b[^,\n]{0,40}?\bto(?=\s+\S*\d)|move it to|new address[:,]?|change it to|update it to|moved to|it's|its)\b[:\s]*"
    r"|^.*?(?:地址[^，,。\d]{0,4}(?:成|为|到|是|:|：)|寄到|送到|改寄到?|寄往|收货地址[:：])\s*",
    re.I | re.S,
)
_STREET = re.compile(r"\d+[A-Za-z]?\s+\S+|\S+\s+\d+|路|街|号|弄|巷|大道|村|室")
_LEAD_WORDS = words_in(
    "a an and address at be place can change correct could delivery deliver dispatch for go hello here hi house i i'd i'm i've in instead is it it's its "
    "just like live make moved my new no not now oh on one please redirect right same send sent ship shipping should sorry street that that's the "
    "this to update use wait want wanted we we've would you your yes well ok home"
)
_LEAD_ZH = re.compile(
    r"^(?:清(?=[寄送改发填写换帮])|不对|不是|不|说错了|我?写错了|打错了|弄错了|搞错了|抱歉|对不起|哦|新的|新|正确的?|请|麻烦|帮我|帮忙|把|给我|我的|它|收货地址|地址|住址|是|为|应该是|应该|要|"
    r"[改该][成为]|改到|改寄到?|改|换成|换到|送到|送|寄到|寄往|寄|发到|更新为|更新成|填|写|到|[，,：:；;。\s])+"
)
_HOUSE = re.compile(r"(?<![\w-])\d{1,6}[A-Za-z]?(?:[-/]\d+[A-Za-z]?)?\s+(?=[A-Z])")
"""A house number before a street with a capital letter."""
_TAIL = re.compile(
    r"(?:[\s,.;，。；]*(?:please|thanks|thank you|instead|谢谢您?|多谢|麻烦了|吧|就行|即可|请更正))+$", re.I
)
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄"
    "和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊惠甄曲封"
    "芮储靳汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶黎薄印宿白怀蒲台从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍璩桑桂濮牛寿通边扈燕冀浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎"
    "廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空曾沙乜养鞠须丰巢关蒯相查荆红游竺权盖益桓公肖涂欧上司诸"
)
_SENTENCE = words_in(
    "do does did are was were how what when where why who which there have has had not your you us me it's don't can't won't ok okay yes bye so am from about"
)
_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "my",
        "of",
        "in",
        "for",
        "to",
        "and",
        "with",
        "is",
        "it",
        "one",
        "i",
        "want",
        "would",
        "like",
        "please",
        "new",
        "instead",
        "size",
        "colour",
        "color",
        "order",
        "item",
        "change",
        "swap",
        "exchange",
        "return",
    ]
)


_FLOW_WORDS = {
    "track_order": r"\bwhere\b|\btrack|\bstatus\b|\barriv|哪|物流|查|到了",
    "cancel_order": r"\bcancel|取消",
    "change_address": r"\baddress|\bsend\b|\bship\b|\bdeliver|地址|寄(?:到|往|给|去)|改寄|送(?:到|去|货)",
    "update_profile_address": r"\baddress|\bmoved\b|地址|搬",
    "change_items": r"\bchange|\bswap|\binstead|\bswitch|\bamend|\bmodif|换|改|规格|选错|拍错",
    "exchange_items": r"\bexchange|\bswap|\breplace|\btrade|换",
    "change_payment": r"\bpay(?:ment|ing)?\b|付款|支付",
    "return_items": r"\breturn|\bsend .{0,20}back|退货|退回|退掉",
    "refund_status": r"\brefund|\bmoney back|退款",
    "invoice": r"\binvoice|\breceipt|发票",
    "store_credit": r"\bbalance|\bleft\b|\bcredit do|余额|还剩",
    "stock_alert": r"\bback in|\bnotify|\balert|\blet me know|到货|有货|补货",
}


def names_flow(text: str, flow: str) -> bool:
    """Does it say so in words, rather than only look like it? "my gift card" answers a question; it begins nothing."""
    pattern = _FLOW_WORDS.get(flow)
    return pattern is not None and re.search(pattern, text[:MOST_READ], re.I) is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What a message names. orders: as the customer's own orders are called; unknown_orders: numbers that are none of theirs."""

    orders: tuple[str, ...] = ()
    unknown_orders: tuple[str, ...] = ()
    email: str | None = None
    postcode: str | None = None
    name: str | None = None
    address: dict[str, Any] | None = None
    method: str | None = None
    original_method: bool = False
    extra: dict[str, str] = field(default_factory=dict)


def wants_person(text: str) -> bool:
    return bool(_PERSON.search(text[:MOST_READ]))


def says_own(text: str) -> bool:
    """Is it about something of their own? "My parcel", not "a parcel"."""
    return bool(re.search(r"\b(my|mine)\b|我的|我(?:买|订|下)", text[:MOST_READ], re.I))


def wants_all(text: str) -> bool:
    return bool(_ALL.search(text[:MOST_READ]))


def find(text: str, orders: Sequence[OrderView], methods: Sequence[Method], asked: str | None = None) -> Found:
    """What is named. asked: the slot that was just asked for: a bare answer is taken for it."""
    text = unicodedata.normalize("NFKC", text[:MOST_READ])
    email = EMAIL.search(text)
    without = EMAIL.sub(" ", text)
    postcode = _POSTCODE.search(without)
    bare = _BARE_POSTCODE.search(without) if asked in ("postcode", "identity") else None
    method = method_named(without, methods)
    address = None
    if asked == "address" or _ADDRESS_LEAD.match(without):
        address = address_of(without)
    numbered = _POSTCODE.sub(" ", without)
    for part in address.values() if address else ():
        numbered = numbered.replace(str(part), " ")
    own, unknown = _orders(numbered, orders, asked)
    return Found(
        own,
        unknown,
        email.group() if email else None,
        (postcode or bare).group(1).strip() if postcode or bare else None,  # type: ignore[union-attr]
        _name_of(without),
        address,
        method,
        bool(_ORIGINAL.search(without)),
    )


def _name_of(text: str) -> str | None:
    """A name that somebody introduces themselves by: "我是想说" is no name, 想 is nobody's surname."""
    for match in _NAME.finditer(text):
        name = next((one.strip() for one in match.groups() if one), "")
        if match.group().casefold().startswith(("i am", "i'm", "this is")) and _is_no_name(name):
            continue  # "I'm looking for a lamp"
        if name and (not _CJK.match(name) or not match.group().startswith("我是") or name[0] in _SURNAMES):
            return name
    return None


def without_names(text: str) -> str:
    """Without e-mail addresses: what stands in one names no product."""
    return EMAIL.sub(" ", text)


def _orders(text: str, orders: Sequence[OrderView], asked: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = {_bare(order.name.value): order.name.value for order in orders if order.name is not None}
    known |= {
        _bare(parcel.tracking): order.name.value
        for order in orders if order.name is not None
        for parcel in order.parcels if parcel.tracking
    }  # fmt: skip
    own: list[str] = []
    unknown: list[str] = []
    for match in _ORDER.finditer(text):
        said = match.group(1) or match.group(2)
        found = known.get(_bare(said))
        if found is None and len(said) >= 6 and not _COUNTED.search(said):
            # One wrong digit among the customer's own numbers: it will be shown before anything is done. Where orders are
            # counted, one digit more is another order.
            near = {known[one] for one in get_close_matches(_bare(said), known, 3, 0.86)}
            found = near.pop() if len(near) == 1 else None
        if found is not None:
            own.append(found)
        elif (
            match.group(1)
            or asked == "order"
            or (asked in (None, "items", "new", "reason") and _ORDER_LIKE.fullmatch(said))
        ):
            unknown.append(said)
    if not own and orders and _LATEST.search(text) and orders[0].name is not None:
        own.append(orders[0].name.value)
    if not own and asked == "order":
        for word, place in _ORDINALS.items():
            if re.search(rf"(?<!\w){word}" if word.isascii() else word, text, re.I) and place <= len(orders):
                name = orders[place - 1].name
                own += [name.value] if name is not None else []
                break
    return tuple(dict.fromkeys(own)), tuple(dict.fromkeys(unknown))


def _bare(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", name.casefold())


def method_named(text: str, methods: Sequence[Method]) -> str | None:
    """The name of the one way to pay that is meant; None for none and for several."""
    said = text.casefold()
    for method in methods:
        if method.name is not None and method.name.value.casefold() in said:
            return method.name.value
    ending = re.findall(r"(?<!\d)(\d{4})(?!\d)", said)
    by_digits = [one for one in methods if one.last4 and one.last4 in ending]
    if len(by_digits) == 1 and by_digits[0].name is not None:
        return by_digits[0].name.value
    kinds = {kind for word, kind in _METHOD_WORDS.items() if word in said}
    fitting = [one for one in methods if one.kind in kinds]
    if len(fitting) == 1 and fitting[0].name is not None:
        return fitting[0].name.value
    return None


def address_of(text: str) -> dict[str, Any] | None:
    """An address written in one line or in several: street, city, postcode, country by their places and shapes."""
    text = _only_address(_ADDRESS_LEAD.sub("", text.strip(), count=1))
    if not text or not _STREET.search(text) or len(text) > 500:
        return None
    if _CJK.search(text):
        postcode = re.search(r"(?<!\d)(\d{6})(?!\d)", text)
        rest = text.replace(postcode.group(), " ") if postcode else text
        rest = re.sub(r"邮编[:：]?", " ", rest)
        city = re.search(r"([\u4e00-\u9fff]{2,8}?市)", rest) or re.match(r"\s*([\u4e00-\u9fff]{2})(?=[\s，,])", rest)
        line = rest if city is None else rest.replace(city.group(1), " ", 1)
        made = {
            "line1": " ".join(re.split(r"[\s，,]+", line.strip(" ，,。"))),
            "city": city.group(1).strip() if city else None,
            "postcode": postcode.group(1) if postcode else None,
        }
        return {name: value for name, value in made.items() if value}
    parts = [part.strip() for part in re.split(r"[,\n;]+", text) if part.strip()]
    made = {"line1": parts[0]}
    rest_parts = parts[1:]
    for part in list(rest_parts):
        match = re.search(r"([A-Za-z]{1,2}\d[A-Za-z\d]?\s?\d[A-Za-z]{2}|\b\d{5}(?:-\d{4})?\b|\b\d{4}\b)", part)
        if match and "postcode" not in made:
            made["postcode"] = match.group(1).upper()
            left = _without_politeness((part[: match.start()] + part[match.end() :]).strip())
            place = rest_parts.index(part)
            rest_parts[place : place + 1] = [left] if left else []
    if rest_parts and re.match(r"(apt|flat|suite|unit|floor|room|#)\b", rest_parts[0], re.I):
        made["line2"] = rest_parts.pop(0)
    for name in ("city", "region", "country"):
        if rest_parts:
            made[name] = rest_parts.pop(0)
    return made


def _without_politeness(text: str) -> str:
    """What is left beside a postcode, without "instead" and the like, also where it is mistyped."""
    return " ".join(word for word in text.split() if not any(alike(word.casefold(), one) for one in ("instead", "please", "thanks", "cheers")))  # fmt: skip


def _only_address(text: str) -> str:
    """Without the words that introduce an address, the politeness after it, and pictures."""
    text = "".join(one for one in text if unicodedata.category(one) not in ("So", "Sk", "Cf")).strip(
        " .。!！\n\t\"'，,"
    )
    text = _TAIL.sub("", text)
    if _CJK.search(text):
        return _LEAD_ZH.sub("", text)
    house = _HOUSE.search(text)
    if house is not None and _introduces(text[: house.start()]):
        return text[house.start() :]
    number = re.search(r"\d", text)
    if number is not None:
        return _without_lead(text, number.start())
    return text


def _introduces(before: str) -> bool:
    """Is what stands before a house number a lead-in, and no part of the address? "Flat 2," and "The Old Mill" are parts of it.

    >>> [_introduces(one) for one in ("No, please make that ", "Nwe address: ", "reroute NB-62259 to ", "Flat 2, ", "Rue de la Paix 5, ", "")]
    [True, True, True, False, False, False]
    """
    numbers = re.findall(r"(?<![\w-])\d{1,4}[A-Za-z]?(?![\w-])", before)
    if numbers or not before.strip():
        return False
    words = re.findall(r"[^\W\d_]+", before)
    return ":" in before or any(word.islower() or word.casefold() in _LEAD_WORDS - {"the"} for word in words)


def _without_lead(text: str, number: int) -> str:
    """Without "Please use" before "12 Mill Lane": words that introduce, of which one may be mistyped; "Flat 3" stays."""
    first = text.find(",")
    if first != -1 and first < number:
        return text
    words = list(re.finditer(r"[A-Za-z'’]+:?", text[:number]))
    known = sum(word.group().casefold().rstrip(":") in _LEAD_WORDS for word in words)
    cut = 0
    for word in words:
        said = word.group().rstrip(":")
        slip = said[:1].islower() and len(words) - known == 1 and (known >= 2 or _slipped(said))
        if said.casefold() not in _LEAD_WORDS and not slip:
            break
        cut = word.end()
    return text[cut:].lstrip(" :") if cut < number else text[number:]


def _slipped(word: str) -> bool:
    """A mistyped word that introduces."""
    return len(word) >= 3 and any(len(one) == len(word) and alike(word.casefold(), one, 3) for one in _LEAD_WORDS)


_DOING = words_in(
    "looking searching hunting shopping browsing trying wondering thinking hoping asking writing calling waiting going having"
)


def _is_no_name(text: str) -> bool:
    words = [word.casefold().strip(".") for word in text.split()]
    return any(word in _LEAD_WORDS | _STOP | _SENTENCE | _DOING for word in words)


def looks_like_a_name(text: str) -> bool:
    """A bare answer to "who are you?": a few words that are no question and no sentence, or two to four characters after a surname.

    >>> [looks_like_a_name(one) for one in ("Agnes Farrow", "灯具保修多长时间", "王嘉怡", "do you wrap presents", "ok")]
    [True, False, True, False, False]
    """
    if _CJK.search(text):
        return 2 <= len(text) <= 4 and text[0] in _SURNAMES and all(_CJK.match(one) for one in text)
    words = text.split()
    letters = all(all(one.isalpha() or one in "'’.-" for one in word) for word in words)
    return 2 <= len(words) <= 5 and letters and not _is_no_name(text)


def words_of(text: str) -> list[str]:
    """Words of a text; Chinese in pairs of characters."""
    out: list[str] = []
    for piece in re.findall(r"[\u3400-\u9fff]+|[^\W_]+", unicodedata.normalize("NFKC", text).casefold()):
        if _CJK.match(piece):
            out += [piece[at : at + 2] for at in range(max(1, len(piece) - 1))]
        elif piece not in _STOP:
            out.append(piece[:-1] if len(piece) > 3 and piece.endswith("s") else piece)
    return out


def lines_named(text: str, lines: Sequence[Line]) -> list[int]:
    """Numbers of the lines that are meant, by title, option, or place; [] when it isn't plain."""
    if wants_all(text):
        return [line.line for line in lines if line.quantity > 0]
    said = set(words_of(text[:MOST_READ]))
    scores: dict[int, float] = {}
    for line in lines:
        titles = " ".join([line.title or "", *line.titles.values()])
        named = len(said & set(words_of(titles)))
        options = len(said & set(words_of(" ".join(line.options.values()))))
        # An option alone names nothing: "the blue one" may be what is wanted instead.
        scores[line.line] = named + 0.5 * options if named else 0.0
    best = max(scores.values(), default=0.0)
    if best > 0:
        chosen = [number for number, score in scores.items() if score == best]
        several = [number for number, score in scores.items() if score >= 1]
        return chosen if len(chosen) == 1 and len(several) == 1 else _apart(text, lines, several or chosen)
    place = place_said(text)
    return [lines[place - 1].line] if place is not None and place <= len(lines) else []


def place_said(text: str) -> int | None:
    """The place in a list that is meant: 2 of "the second one", 第二个.

    >>> place_said("the second pair, please"), place_said("第三个"), place_said("seconds")
    (2, 3, None)
    """
    for word, place in _ORDINALS.items():
        if re.search(rf"(?<!\w){word}(?!\w)" if word.isascii() else word, text, re.I):
            return place
    return None


def _apart(text: str, lines: Sequence[Line], among: list[int]) -> list[int]:
    """Of several lines that share words: those whose own words are said, several where "and" joins them."""
    by_number = {line.line: line for line in lines}
    shared = set.intersection(*[set(words_of(" ".join([by_number[one].title or "", *by_number[one].titles.values()]))) for one in among])  # fmt: skip
    said = set(words_of(text))
    own: dict[int, int] = {}
    for one in among:
        line = by_number[one]
        titles = set(words_of(" ".join([line.title or "", *line.titles.values()])))
        own[one] = len(said & ((titles | set(words_of(" ".join(line.options.values())))) - shared))
    named = [one for one, count in own.items() if count > 0]
    joined = re.search(r"\band\b|,|和|还有|、|以及|与", text)
    if len(named) > 1 and not joined:
        best = max(own.values())
        named = [one for one in named if own[one] == best]
    return named


def variant_named(text: str, variants: Sequence[Variant], old: Line | None, same: bool = False) -> str | None:
    """The one variant that is meant by its options; what isn't said stays as it was. None when it isn't plain.

    same: it may be the old one again, as it may where it was just asked which one is wanted.
    """
    said = set(words_of(text[:MOST_READ]))
    raw = unicodedata.normalize("NFKC", text).casefold()
    others = [one for one in variants if one.name is not None]
    for one in others:
        assert one.name is not None
        if len(one.name.value) > 3 and one.name.value.casefold() in raw:
            return one.name.value
    best: list[tuple[float, Variant]] = []
    for one in others:
        score = 0.0
        for option, value in one.options.items():
            was = None if old is None else old.options.get(option)
            if _said(value, said, raw):
                score += 2.0 if value != was else 0.5
            elif was is not None and value == was:
                score += 0.25
            else:
                score -= 1.0
        best.append((score, one))
    best.sort(key=lambda pair: -pair[0])
    changed = [pair for pair in best if old is None or pair[1].variant_id != old.variant_id]
    if not changed or changed[0][0] < 1.0 or (len(changed) > 1 and changed[1][0] == changed[0][0]):
        if len(changed) == 1 and len(others) == 2 and old is not None and re.search(r"\bother\b|另", raw):
            return changed[0][1].name.value if changed[0][1].name else None
        return _the_same(raw, said, others, old, same)
    name = changed[0][1].name
    return None if name is None else name.value


def _the_same(raw: str, said: set[str], variants: Sequence[Variant], old: Line | None, same: bool) -> str | None:
    """The old variant, where all of its options are said as what is wanted."""
    again = next((one for one in variants if old is not None and one.variant_id == old.variant_id), None)
    if again is None or again.name is None or not again.options:
        return None
    values = [value.casefold() for value in again.options.values()]
    if not all(_said(value, said, raw) for value in values):
        return None
    wanted = rf"(?:\bfor|\bto|\binto|\blike|\bwith|换|成|为|要)\W{{0,2}}(?:the |a |an )?(?:{'|'.join(map(re.escape, values))})"
    return again.name.value if same or re.search(wanted, raw) else None


def _said(value: str, said: set[str], raw: str) -> bool:
    value = value.casefold()
    if _CJK.search(value) or len(value) <= 2:
        return bool(re.search(rf"(?<![a-z0-9'’]){re.escape(value)}(?![a-z0-9'’])", raw))  # "what's" is no size S
    words = words_of(value)
    # Of a short word one letter makes another word: "tin" isn't "tiny".
    return bool(words) and all(
        word in said or (len(word) > 4 and bool(get_close_matches(word, said, 1, 0.84))) for word in words
    )


def as_slot(address: Mapping[str, Any]) -> str:
    """An address as a slot holds it."""
    return json.dumps(address, ensure_ascii=False, sort_keys=True)
