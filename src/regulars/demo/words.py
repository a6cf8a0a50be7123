"""What the demo's customers write: reviews and questions in their language, agreeing with what happened to them. Data and choice."""

from __future__ import annotations

import numpy as np

_OPENINGS: dict[str, dict[int, tuple[str, ...]]] = {
    "en": {
        5: ("I'm very happy with it.", "Exactly what I hoped for.", "The best {noun} I've had in years.", "Even nicer than in the picture.", "My neighbour wanted the same the day she saw it."),
        4: ("Good, as hoped.", "Does what it should.", "I'd buy it again.", "Pleased with it on the whole.", "Nice, with one small thing."),
        3: ("It's all right.", "Neither good nor bad.", "Fair for the price, no more.", "Not quite what I had in mind."),
        2: ("I'm a little disappointed.", "I expected more.", "Not really worth the money."),
        1: ("I wouldn't buy it again.", "It went straight back.", "A pity."),
    },
    "zh": {
        5: ("非常满意。", "正是我想要的。", "这些年买过最好的{noun}。", "比图片上还好看。", "邻居看到当天也下单了。"),
        4: ("不错的{noun}。", "该有的都有。", "会再买。", "总体满意。", "挺好，只有一点小遗憾。"),
        3: ("还可以。", "不好不坏。", "对得起价格，仅此而已。", "和想象的有点出入。"),
        2: ("有点失望。", "本来期待更多。", "不太值这个价。"),
        1: ("不会再买。", "直接退回去了。", "可惜。"),
    },
}  # fmt: skip
_USED_UP = {
    "en": {True: ("It lasts well and I notice when it's gone.", "The whole family asks for it.", "Fresh, and smells as it should."), False: ("It was used up sooner than I thought.", "The last batch was better.", "Not as fresh as usual.")},
    "zh": {True: ("很耐用，用完了会想念。", "全家都喜欢。", "很新鲜，味道对。"), False: ("用得比想象的快。", "上一批更好。", "没有平时新鲜。")},
}  # fmt: skip
_LASTING = {
    "en": {True: ("Well made, with care in the details.", "The colour is lovely in daylight.", "It feels solid in the hand.", "After a month of use it looks like new."), False: ("The finish is rough at the edges.", "The colour differs from the picture.", "It feels lighter than I thought.", "A seam came loose after a week.")},
    "zh": {True: ("做工扎实，细节用心。", "自然光下颜色很美。", "拿在手里很有分量。", "用了一个月还像新的。"), False: ("边缘有点毛糙。", "颜色和图片不一样。", "比想象的轻薄。", "用了一周就开线了。")},
}  # fmt: skip
_LATE = {
    "en": (
        "But it came {days} days after I ordered.",
        "It took {days} days to arrive, and nobody told me.",
        "Late by a week; the birthday was over.",
    ),
    "zh": ("不过下单 {days} 天后才到。", "等了 {days} 天，也没人通知。", "晚了一周，生日都过完了。"),
}
_QUICK = {
    "en": ("Here within {days} days.", "Quick delivery, good packaging."),
    "zh": ("{days} 天就到了。", "发货快，包装好。"),
}
_TITLES = {
    "en": {5: "Wonderful", 4: "Good", 3: "All right", 2: "Disappointing", 1: "Sent back"},
    "zh": {5: "很棒", 4: "不错", 3: "一般", 2: "失望", 1: "退了"},
}
_QUESTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "where": ("Where is my order {order}? It should have been here days ago.", "My parcel {order} hasn't moved since last week. Can you look?", "Order {order} is late. May I cancel it?"),
        "size": ("Which size of the {title} do I need?", "Does the {title} run small?", "How big is the {title} really?"),
        "stock": ("When is the {title} back in stock?", "Will the {title} come back before the weekend?"),
        "return": ("How do I send the {title} back?", "Can I return the {title} if it was used once?", "When do I get my money back for the {title}?"),
        "care": ("Can the {title} go in the dishwasher?", "How do I look after the {title}?"),
        "gift": ("Can you wrap the {title} as a gift, without the price?", "Can the {title} arrive on Friday? It's a present."),
    },
    "zh": {
        "where": ("我的订单 {order} 到哪儿了？早该到了。", "包裹 {order} 一周没动了，能帮我查查吗？", "订单 {order} 迟到了，可以取消吗？"),
        "size": ("{title}该选哪个尺寸？", "{title}偏小吗？", "{title}实际有多大？"),
        "stock": ("{title}什么时候补货？", "{title}周末前能到货吗？"),
        "return": ("{title}怎么退？", "{title}用过一次还能退吗？", "{title}的退款什么时候到？"),
        "care": ("{title}能进洗碗机吗？", "{title}怎么保养？"),
        "gift": ("{title}能包成礼物吗？不要放价格。", "{title}周五能到吗？是送人的。"),
    },
}  # fmt: skip


def review(
    locale: str, noun: str, rating: int, good: bool, lasts: bool, days: int, late: bool, draw: np.random.Generator
) -> tuple[str, str]:
    """Title and body. good: of the product itself; days: from order to delivery."""
    parts = [_one(_OPENINGS[locale][rating], draw), _one((_USED_UP if lasts else _LASTING)[locale][good], draw)]
    if late:
        parts.append(_one(_LATE[locale], draw))
    elif draw.random() < 0.35:
        parts.append(_one(_QUICK[locale], draw))
    body = ("" if locale == "zh" else " ").join(parts)
    return _TITLES[locale][rating], body.format(noun=noun, days=days)


def question(locale: str, topic: str, title: str, order: str, draw: np.random.Generator) -> str:
    """topic: where, size, stock, return, care or gift."""
    return _one(_QUESTIONS[locale][topic], draw).format(title=title, order=order)


def _one(texts: tuple[str, ...], draw: np.random.Generator) -> str:
    return texts[int(draw.integers(len(texts)))]
