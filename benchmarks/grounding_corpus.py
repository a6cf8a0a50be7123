"""Drafts with their frames: true ones, and false ones of fifteen kinds made by a seed. Knows neither gate nor judge.

Every false draft differs from a true one in one place, so that nothing else gives it away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from benchmarks.grounding_frames import ARTICLES, CARRIERS, LOCALES, METHODS, PRODUCTS, RULES, STATES, frame, frames
from benchmarks.grounding_fresh import ROUNDS
from benchmarks.grounding_phrases import LIES, NEGATED, SCENES
from regulars.assist.compose import compose
from regulars.assist.facts import Facts
from regulars.schema import Money
from regulars.schema.conversations import Frame, Passage

KINDS = (
    "number", "currency", "date", "duration", "id", "status", "option", "name", "polarity", "promise", "action",
    "other_order", "language", "markup", "leak",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """part: "dev" was looked at while the gate was made, "test" wasn't. origin: "template", "hand" or the kind of lie."""

    text: str
    frame: Frame
    origin: str
    part: str


def scene(name: str, locale: str, seed: int) -> Frame:
    random = Random(f"{name}/{locale}/{seed}")
    facts = Facts(locale)
    at = LOCALES.index(locale)
    day = date(2026, 2, 3) + timedelta(days=random.randrange(250))
    order = f"{random.choice(('QC', 'N', 'EU'))}-{random.randrange(10_000, 99_999)}"
    amount = Money(random.randrange(900, 15_000), "GBP", 2)
    act = name
    done: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    if name in ("shipped", "paid", "delivered"):
        act = f"order_status:{name}"
        facts.id("order", order).status("status", name).date("placed_at", day).money("total", amount)
        facts.name("carrier", random.choice(CARRIERS)[at]).id("tracking", f"TR{random.randrange(10**8, 10**9)}GB")
        if name != "paid":
            facts.date("shipped_at", day + timedelta(days=2))
        if name == "shipped":
            facts.date("expected_at", day + timedelta(days=5))
        if name == "delivered":
            facts.date("delivered_at", day + timedelta(days=4))
    elif name == "refund":
        act = "refund_status:pending"
        facts.id("order", order).status("status", "pending").money("refund", amount).name(
            "refund_to", random.choice(METHODS)[at]
        )
    elif name in ("cancelled_now", "confirm"):
        act = "done:cancel_order" if name == "cancelled_now" else "confirm:cancel_order"
        done = ("cancel_order",) if name == "cancelled_now" else ()
        facts.id("order", order).money("refund", amount)
    elif name.endswith("_article"):
        act = "answer"
        row = next(
            one
            for one in ARTICLES
            if one[0].split("-")[-1] == name.removesuffix("_article") or one[0] == name.removesuffix("_article")
        )
        passages = (
            Passage(
                f"article:{row[0]}", row[1 + 2 * at], row[2 + 2 * at], locale, 1.0, datetime(2026, 1, 9, tzinfo=UTC)
            ),
        )
    elif name.endswith("_rule"):
        act = "answer"
        rule = next(one for one in RULES if one[0] == name.removesuffix("_rule"))
        title = (rule[0].capitalize(), rule[2])[at]
        passages = (Passage(f"policy:{rule[0]}", title, rule[1 if at == 0 else 3], locale, 1.0, None),)
    elif name == "products":
        act = "list"
        for place, product in enumerate(random.sample(PRODUCTS, 3), 1):
            facts.name(f"products.{place}.title", product[at])
            facts.money(f"products.{place}.price", Money(random.randrange(900, 9_000), "GBP", 2))
    elif name == "orders":
        return frame("list:orders", locale, seed)
    else:
        act = "clarify"
    return Frame(act, locale, facts.all, passages, done)


def hand_written(seeds: int) -> Iterator[Draft]:
    """Each draft of SCENES in `seeds` frames; one without a slot once."""
    for name, by_locale in SCENES.items():
        for locale, texts in by_locale.items():
            for place, text in enumerate(texts):
                for seed in range(seeds if "{" in text else 1):
                    made = scene(name, locale, seed)
                    shown = {fact.name.replace(".", "_"): fact.shown for fact in made.facts}
                    yield Draft(text.format(**shown), made, "hand", _part(place))


def true_drafts(seed: int, templates: int = 900) -> list[Draft]:
    composed = []
    for number, one in enumerate(frames(6)):
        composed.append(Draft(compose(one, f"{seed}/{number}", number % 5).text, one, "template", _part(number)))
    Random(seed).shuffle(composed)
    return composed[:templates] + list(hand_written(3))


def false_drafts(seed: int, each: int = 90) -> list[Draft]:
    """`each` drafts of every kind, half English, half Chinese."""
    found = []
    for kind in KINDS:
        random = Random(f"{seed}/{kind}")
        number = 0
        made: set[str] = set()
        while len(made) < each and number < each * 60:
            locale = LOCALES[number % 2]
            number += 1
            one = _MAKERS[kind](random, locale, number)
            if one is not None and one.text not in made:
                made.add(one.text)
                found.append(one)
    return found


def _part(place: int) -> str:
    return "test" if place % 2 else "dev"


def _base(random: Random, locale: str, number: int, names: tuple[str, ...] = ()) -> Draft:
    """A true draft to spoil: hand-written or composed."""
    if random.random() < 0.5 or names:
        name = random.choice(names or tuple(SCENES))
        texts = SCENES[name][locale]
        place = random.randrange(len(texts))
        made = scene(name, locale, number)
        shown = {fact.name.replace(".", "_"): fact.shown for fact in made.facts}
        return Draft(texts[place].format(**shown), made, name, _part(place))
    made = random.choice(_acts(locale, number % 40))
    return Draft(compose(made, str(number), number % 7).text, made, made.act, _part(number))


def _acts(locale: str, seed: int) -> list[Frame]:
    return [frame(act, locale, seed) for act in _COMMON_ACTS]


_COMMON_ACTS = (
    "order_status:shipped", "order_status:delivered", "order_status:paid", "refund_status:pending", "confirm:return_items",
    "done:cancel_order", "list:orders", "list", "refused:window_passed", "answer", "order_items", "store_credit",
)  # fmt: skip


def _known(one: Frame) -> str:
    texts = [f"{fact.shown} {fact.value}" for fact in one.facts]
    return "\n".join([*texts, *(f"{passage.title} {passage.text}" for passage in one.passages)])


def _number(random: Random, locale: str, number: int) -> Draft | None:
    """Another amount or count: a digit changed, or the amount in words."""
    base = _base(
        random,
        locale,
        number,
        ("shipped", "paid", "refund", "cancelled_now", "confirm", "products", "delivery_article", "return_rule"),
    )
    amounts = list(re.finditer(r"£(\d[\d,]*)\.(\d\d)", base.text))
    if not amounts:
        return None
    match = random.choice(amounts)
    pounds = int(match[1].replace(",", ""))
    other = pounds + random.choice((-7, -1, 1, 3, 10, 20, 100))
    if other < 2:
        return None
    said = random.choice((f"£{other}.{match[2]}", f"£{pounds}.{(int(match[2]) + 10) % 100:02d}", f"£{other}"))
    if said.strip("£") in _known(base.frame).replace(",", ""):
        return None
    return _spoilt(base, match.span(), said, "number")


def _currency(random: Random, locale: str, number: int) -> Draft | None:
    base = _base(
        random,
        locale,
        number,
        ("shipped", "paid", "refund", "cancelled_now", "confirm", "products", "delivery_article", "return_rule"),
    )
    amounts = list(re.finditer(r"£(\d[\d,.]*\d)|(\d[\d.]*) 英镑", base.text))
    if not amounts:
        return None
    match = random.choice(amounts)
    digits = match[1] or match[2]
    forms = ("€{}", "${}", "{} euros", "{} USD") if locale == "en" else ("€{}", "¥{}", "{} 元", "{} 欧元", "{} 美元")
    return _spoilt(base, match.span(), random.choice(forms).format(digits), "currency")


_DATE = re.compile(
    r"(?P<month>[A-Z][a-z]+) (?P<day>\d{1,2}), (?P<year>\d{4})|(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日"
)
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _date(random: Random, locale: str, number: int) -> Draft | None:
    base = _base(random, locale, number, ("shipped", "paid", "delivered", "orders"))
    dates = list(_DATE.finditer(base.text))
    if not dates:
        return None
    match = random.choice(dates)
    told = date(int(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"])) if match["year"] else date(int(match["y"]), int(match["m"]), int(match["d"]))  # fmt: skip
    other = told + timedelta(days=random.choice((-12, -8, 1, 8, 9, 31, 62)))
    if other.isoformat() in _known(base.frame):
        return None
    forms: tuple[str, ...]
    if locale == "en":
        forms = (
            f"{_MONTHS[other.month - 1]} {other.day}, {other.year}", f"{other.day} {_MONTHS[other.month - 1]}",
            f"{_MONTHS[other.month - 1][:3]} {other.day}", other.isoformat(), "tomorrow", "next Friday",
        )  # fmt: skip
    else:
        forms = (
            f"{other.year}年{other.month}月{other.day}日",
            f"{other.month}月{other.day}日",
            other.isoformat(),
            "明天",
            "后天",
        )
    return _spoilt(base, match.span(), random.choice(forms), "date")


def _duration(random: Random, locale: str, number: int) -> Draft | None:
    base = _base(random, locale, number, ("delivery_article", "return_rule", "warranty_article"))
    pattern = (
        r"\b(\d+|three|four|five|28)(?: to (?:\d+|five))?[ -](?:working )?(?:days?|weeks?|years?)\b"
        if locale == "en"
        else r"(?:\d+|[三四五])(?: ?[至到] ?(?:\d+|五))? ?(?:个工作日|天|周|年)"
    )
    spans = list(re.finditer(pattern, base.text))
    if not spans:
        return None
    match = random.choice(spans)
    forms = (
        ("two months", "14 days", "90 days", "6 weeks", "ten years", "48 hours", "7 to 9 working days", "a few days")
        if locale == "en"
        else ("两个月", "14 天", "九十天", "6 周", "十年", "48 小时", "7 至 9 个工作日", "几天")
    )
    return _spoilt(base, match.span(), random.choice(forms), "duration")


def _id(random: Random, locale: str, number: int) -> Draft | None:
    base = _base(
        random, locale, number, ("shipped", "paid", "delivered", "refund", "cancelled_now", "orders", "confirm")
    )
    ids = [fact.shown for fact in base.frame.facts if fact.kind == "id" and fact.shown in base.text]
    if not ids:
        return None
    said = random.choice(ids)
    digits = [place for place, sign in enumerate(said) if sign.isdigit()]
    place = random.choice(digits)
    other = said[:place] + str((int(said[place]) + random.randrange(1, 10)) % 10) + said[place + 1 :]
    start = base.text.index(said)
    return _spoilt(base, (start, start + len(said)), other, "id")


_STATES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "shipped": ("It has been shipped.", "The parcel is on its way.", "It left the warehouse."),
        "delivered": ("It has been delivered.", "The parcel arrived.", "It was delivered to your door."),
        "cancelled": ("It was cancelled.", "The order is cancelled.", "It has been cancelled."),
        "not shipped": ("It hasn't been shipped.", "The parcel has not left yet.", "It is not on its way."),
        "refunded": ("It has been refunded.", "The refund was sent.", "Your refund is complete."),
    },
    "zh": {
        "shipped": ("已经发货。", "包裹在路上了。", "已从仓库寄出。"),
        "delivered": ("已经送达。", "包裹已签收。", "已送到您家门口。"),
        "cancelled": ("已经取消。", "订单已取消。", "该订单已被取消。"),
        "not shipped": ("还没有发货。", "包裹尚未寄出。", "还没发出。"),
        "refunded": ("已经退款。", "退款已完成。", "款项已退回。"),
    },
}
_IMPOSSIBLE = {
    "shipped": ("delivered", "cancelled", "not shipped", "refunded"),
    "paid": ("shipped", "delivered", "cancelled", "refunded"),
    "delivered": ("cancelled", "not shipped", "refunded"),
    "refund": ("refunded", "delivered", "cancelled"),
}


def _status(random: Random, locale: str, number: int) -> Draft | None:
    name = random.choice(tuple(_IMPOSSIBLE))
    base = _base(random, locale, number, (name,))
    if random.random() < 0.4:
        return _with_lie("status", random, base)
    said = random.choice(_STATES[locale][random.choice(_IMPOSSIBLE[name])])
    return _joined(base, said, "status", random)


def _option(random: Random, locale: str, number: int) -> Draft | None:
    return _with_lie("option", random, _base(random, locale, number, ("shipped", "products", "paid", "talk", "refund")))


def _name(random: Random, locale: str, number: int) -> Draft | None:
    base = _base(random, locale, number, ("shipped", "products", "paid", "delivered"))
    names = [fact.shown for fact in base.frame.facts if fact.kind == "name" and fact.shown in base.text]
    if names and random.random() < 0.5:
        said = random.choice(names)
        others = [pair[LOCALES.index(locale)] for pair in (*PRODUCTS, *CARRIERS)]
        other = random.choice([one for one in others if one not in _known(base.frame)])
        start = base.text.index(said)
        return _spoilt(base, (start, start + len(said)), other, "name")
    return _with_lie("name", random, base)


def _polarity(random: Random, locale: str, number: int) -> Draft | None:
    name = random.choice(tuple(NEGATED))
    texts = NEGATED[name][locale]
    place = random.randrange(len(texts))
    opening = random.choice(_OPENINGS[locale])
    return Draft(f"{opening}{texts[place]}", scene(name, locale, number), "polarity", _part(place))


_OPENINGS = {
    "en": ("", "Thanks for asking. ", "I've checked. ", "Here's the answer: ", "Good question! ", "Let me see. ", "Sure. ", "Hello! ", "I looked it up: "),
    "zh": ("", "谢谢您的提问。", "我查了一下。", "是这样的：", "好问题！", "我看看。", "好的。", "您好！", "查到了："),
}  # fmt: skip


def _promise(random: Random, locale: str, number: int) -> Draft | None:
    return _with_lie(
        "promise", random, _base(random, locale, number, ("shipped", "paid", "refund", "talk", "products", "delivered"))
    )


def _action(random: Random, locale: str, number: int) -> Draft | None:
    return _with_lie(
        "action", random, _base(random, locale, number, ("shipped", "paid", "talk", "confirm", "products", "delivered"))
    )


def _other_order(random: Random, locale: str, number: int) -> Draft | None:
    made = frame("list:orders", locale, number)
    facts = {fact.name: fact for fact in made.facts}
    one, other = random.sample((1, 2, 3), 2)
    part = random.choice(("total", "placed_at", "status"))
    said = facts[f"orders.{other}.{part}"]
    states = [str(facts[f"orders.{number}.status"].value) for number in (one, other)]
    if part == "status" and STATES.index(states[1]) <= STATES.index(states[0]):
        return None  # what was delivered has been shipped too
    if said.shown == facts[f"orders.{one}.{part}"].shown:
        return None
    order = facts[f"orders.{one}.id"].shown
    forms = {
        "en": {"total": ("Order {o} came to {v}.", "{o}: {v}", "The total of {o} is {v}."),
               "placed_at": ("You placed {o} on {v}.", "{o} was ordered on {v}.", "{o} is from {v}."),
               "status": ("Order {o} is {v}.", "{o} has the status {v}.", "{o}: {v}")},
        "zh": {"total": ("订单 {o} 总额是 {v}。", "{o}：{v}", "{o} 的金额为 {v}。"),
               "placed_at": ("{o} 是 {v} 下单的。", "订单 {o} 的下单日期是 {v}。", "{o} 来自 {v}。"),
               "status": ("订单 {o} {v}。", "{o} 的状态是{v}。", "{o}：{v}")},
    }  # fmt: skip
    choices = forms[locale][part]
    place = random.randrange(len(choices))
    return Draft(choices[place].format(o=order, v=said.shown), made, "other_order", _part(number // 2))


def _language(random: Random, locale: str, number: int) -> Draft | None:
    return _with_lie("language", random, _base(random, locale, number, ("shipped", "talk", "paid")), alone=0.5)


def _markup(random: Random, locale: str, number: int) -> Draft | None:
    return _with_lie("markup", random, _base(random, locale, number))


def _leak(random: Random, locale: str, number: int) -> Draft | None:
    return _with_lie("leak", random, _base(random, locale, number), first=True)


_MAKERS: dict[str, Callable[[Random, str, int], Draft | None]] = {
    "number": _number, "currency": _currency, "date": _date, "duration": _duration, "id": _id, "status": _status,
    "option": _option, "name": _name, "polarity": _polarity, "promise": _promise, "action": _action,
    "other_order": _other_order, "language": _language, "markup": _markup, "leak": _leak,
}  # fmt: skip


def _spoilt(base: Draft, span: tuple[int, int], said: str, kind: str) -> Draft:
    return Draft(base.text[: span[0]] + said + base.text[span[1] :], base.frame, kind, base.part)


def _with_lie(kind: str, random: Random, base: Draft, *, alone: float = 0.0, first: bool = False) -> Draft:
    texts = LIES[kind][base.frame.locale]
    place = random.randrange(len(texts))
    if random.random() < alone:
        return Draft(texts[place], base.frame, kind, _part(place))
    made = _joined(base, texts[place], kind, random, first=first)
    return Draft(made.text, made.frame, kind, _part(place))


def _joined(base: Draft, said: str, kind: str, random: Random, *, first: bool = False) -> Draft:
    between = (
        "\n" if first or "\n" in base.text or said.startswith(("#", "`")) else " " if base.frame.locale == "en" else ""
    )
    before = first or random.random() < 0.3
    text = f"{said}{between}{base.text}" if before else f"{base.text}{between}{said}"
    return Draft(text, base.frame, kind, base.part)


def fresh_drafts(number: int) -> tuple[list[Draft], list[Draft]]:
    """(true, false) drafts of a round of grounding_fresh. A lie stands alone: nothing else gives it away."""
    truths, lies = ROUNDS[number]
    true = []
    for name, by_locale in truths.items():
        for locale, texts in by_locale.items():
            for place, text in enumerate(texts):
                made = scene(name, locale, place)
                shown = {fact.name.replace(".", "_"): fact.shown for fact in made.facts}
                true.append(Draft(text.format(**shown), made, "fresh", "fresh"))
    false = [
        Draft(text, scene(name, locale, place), kind, "fresh")
        for place, (name, kind, *texts) in enumerate(lies)
        for locale, text in zip(LOCALES, texts, strict=True)
    ]
    return true, false
