"""An invented shop: products, customers with tastes, half a year of what they did. Seeded; writes plain records.

Nothing here is real. The behaviour has structure on purpose, so that a recommender finds something: customers like two
of the shop's worlds and one style, have a budget, come back at their own pace, and what is bought leads to what goes with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

NAME = "Kettle & Thread"
CUSTOMERS = 600
DAYS = 182
SEED = 7

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product: its world, words in both languages, the price it starts at, and the kinds that go with it."""

    key: str
    world: str
    en: str
    zh: str
    price: float
    goes_with: tuple[str, ...]
    about_en: str
    about_zh: str


WORLDS = {"Tea": "茶", "Coffee": "咖啡", "Kitchen": "厨房", "Knitting": "编织", "Reading": "阅读", "Garden": "园艺", "Running": "跑步", "Travel": "旅行"}  # fmt: skip

KINDS = (
    Kind("loose-tea", "Tea", "loose leaf tea", "散装茶叶", 6, ("teapot", "tea-tin"), "A tin's worth of whole leaves for about forty cups.", "整叶茶，约可泡四十杯。"),
    Kind("teapot", "Tea", "teapot", "茶壶", 28, ("loose-tea", "tea-cup"), "Holds 0.8 litres and pours without a drip.", "容量 0.8 升，出水利落。"),
    Kind("tea-cup", "Tea", "tea cup", "茶杯", 9, ("teapot", "loose-tea"), "Stoneware, glazed inside and out.", "炻器，内外上釉。"),
    Kind("tea-tin", "Tea", "tea tin", "茶叶罐", 8, ("loose-tea",), "Keeps 150 grams dry and dark.", "可存 150 克，防潮避光。"),
    Kind("coffee-beans", "Coffee", "coffee beans", "咖啡豆", 11, ("grinder", "filter"), "250 grams, roasted in small batches.", "250 克，小批量烘焙。"),
    Kind("grinder", "Coffee", "hand grinder", "手摇磨豆机", 46, ("coffee-beans", "dripper"), "Steel burrs with eighteen settings.", "钢制磨芯，十八档粗细。"),
    Kind("dripper", "Coffee", "pour-over dripper", "手冲滤杯", 22, ("filter", "grinder"), "For one to three cups.", "适合一至三杯。"),
    Kind("filter", "Coffee", "paper filters", "滤纸", 5, ("dripper", "coffee-beans"), "A hundred sheets, unbleached.", "一百张，未漂白。"),
    Kind("pan", "Kitchen", "frying pan", "平底锅", 39, ("spatula", "apron"), "24 cm, for every hob.", "24 厘米，各种炉灶可用。"),
    Kind("spatula", "Kitchen", "wooden spatula", "木铲", 7, ("pan",), "Beech, oiled once before use.", "榉木，使用前上过油。"),
    Kind("apron", "Kitchen", "linen apron", "亚麻围裙", 24, ("pan", "bowl"), "One size, two pockets.", "均码，两个口袋。"),
    Kind("bowl", "Kitchen", "mixing bowl", "拌碗", 15, ("spatula", "apron"), "2 litres, with a lip to pour.", "2 升，带倾倒口。"),
    Kind("wool", "Knitting", "merino wool", "美利奴毛线", 8, ("needles", "pattern"), "50 grams, 120 metres.", "50 克，120 米。"),
    Kind("needles", "Knitting", "knitting needles", "毛衣针", 10, ("wool",), "A pair of 4 mm, 35 cm long.", "4 毫米一对，长 35 厘米。"),
    Kind("pattern", "Knitting", "pattern book", "编织图样书", 18, ("wool", "needles"), "Twenty pieces from easy to hard.", "二十款作品，由易到难。"),
    Kind("notebook", "Reading", "notebook", "笔记本", 12, ("pen", "lamp"), "160 dotted pages that lie flat.", "160 页点阵纸，可平摊。"),
    Kind("pen", "Reading", "fountain pen", "钢笔", 32, ("notebook",), "A fine nib and a converter.", "细尖，附上墨器。"),
    Kind("lamp", "Reading", "reading lamp", "阅读灯", 54, ("notebook",), "Warm light in three steps.", "暖光，三档亮度。"),
    Kind("seeds", "Garden", "flower seeds", "花种", 4, ("pot", "trowel"), "Enough for two square metres.", "够种两平方米。"),
    Kind("pot", "Garden", "clay pot", "陶土花盆", 13, ("seeds", "trowel"), "20 cm, with a saucer.", "20 厘米，附托盘。"),
    Kind("trowel", "Garden", "trowel", "小铲", 11, ("pot", "seeds"), "Ash handle, steel blade.", "白蜡木柄，钢刃。"),
    Kind("shoes", "Running", "running shoes", "跑鞋", 89, ("socks", "bottle"), "Cushioned for the road; 240 grams.", "公路缓震，240 克。"),
    Kind("socks", "Running", "running socks", "跑步袜", 9, ("shoes",), "Seamless at the toe.", "袜头无缝。"),
    Kind("bottle", "Running", "water bottle", "水壶", 14, ("shoes", "backpack"), "0.6 litres, opens with one hand.", "0.6 升，单手开合。"),
    Kind("backpack", "Travel", "backpack", "双肩包", 68, ("pouch", "bottle"), "22 litres, with a sleeve for a laptop.", "22 升，带电脑夹层。"),
    Kind("pouch", "Travel", "packing pouch", "收纳袋", 12, ("backpack", "blanket"), "Three sizes in one.", "大中小三件一套。"),
    Kind("blanket", "Travel", "travel blanket", "旅行毯", 35, ("pouch",), "Wool, rolls up small.", "羊毛材质，卷起来很小。"),
)  # fmt: skip

STYLES = (
    ("Moss", "苔绿", "Hillside", "#5d7f57"), ("Clay", "陶土", "Hillside", "#b8694a"), ("Midnight", "夜蓝", "North & Sons", "#2f4763"),
    ("Oat", "燕麦", "North & Sons", "#c9b38c"), ("Plum", "梅紫", "Atelier Bo", "#7a4b6d"), ("Sky", "天青", "Atelier Bo", "#6f9fb8"),
    ("Saffron", "藏红花", "Sundry", "#d39b2f"), ("Ash", "灰烬", "Sundry", "#7b7a76"), ("Rose", "玫瑰", "Atelier Bo", "#c07a80"),
)  # fmt: skip
BY_KEY = {kind.key: kind for kind in KINDS}
_FIRST = ("Ada", "Ben", "Chen", "Dora", "Eli", "Fang", "Grace", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Mei", "Noor", "Otto", "Priya", "Quinn", "Rosa", "Sami", "Tao")  # fmt: skip
_LAST = ("Abbott", "Berg", "Cheng", "Dias", "Evans", "Fischer", "Gao", "Hart", "Ito", "Jones", "Khan", "Lin", "Moreau", "Novak", "Okoye", "Price")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """A product of the world: one kind in one style."""

    number: int
    kind: Kind
    style: int
    price: float

    @property
    def id(self) -> str:
        return f"{self.kind.key}-{STYLES[self.style][0].lower()}"


class World:
    """The invented shop on one day. The same seed and day give the same records."""

    def __init__(self, today: datetime, seed: int = SEED, customers: int = CUSTOMERS) -> None:
        """today: the last day of what has happened."""
        self.today = today.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.seed = seed
        self.customers_wanted = customers
        generator = np.random.default_rng(seed)
        self.items = [
            Item(number, kind, style, _price(kind.price * float(generator.uniform(0.85, 1.5))))
            for number, (kind, style) in enumerate((kind, style) for kind in KINDS for style in range(len(STYLES)))
        ]
        self._by_kind: dict[str, list[Item]] = {}
        for item in self.items:
            self._by_kind.setdefault(item.kind.key, []).append(item)
        self._stock = generator.integers(3, 60, len(self.items))
        self._stock[generator.choice(len(self.items), 9, replace=False)] = 0
        self._reduced = set(generator.choice(len(self.items), 20, replace=False).tolist())
        self._people = [self._person(number, generator) for number in range(customers)]

    def products(self) -> Iterator[Record]:
        """Product records, in both languages."""
        for item in self.items:
            kind, (style_en, style_zh, brand, _) = item.kind, STYLES[item.style]
            yield {
                "id": item.id,
                "title": {"en": f"{style_en} {kind.en}", "zh": f"{style_zh}{kind.zh}"},
                "description": {"en": kind.about_en, "zh": kind.about_zh},
                "brand": brand,
                "category": [kind.world, kind.en.capitalize()],
                "attributes": {"style": style_en},
                "price": f"{item.price:.2f}",
                "compare_at_price": f"{_price(item.price * 1.25):.2f}" if item.number in self._reduced else None,
                "stock": int(self._stock[item.number]),
                "sku": f"KT-{item.number + 1001}",
                "pictures": [f"/demo/pictures/{item.id}.svg"],
                "created_at": (self.today - timedelta(days=DAYS + 30 - item.number * 37 % 90)).isoformat(),
            }

    def customers(self) -> Iterator[Record]:
        for person in self._people:
            yield {
                "id": person["id"],
                "name": person["name"],
                "email": f"{person['id']}@example.com",
                "locale": person["locale"],
                "consent": {"personalisation": True, "email": person["number"] % 3 > 0},
                "created_at": (self.today - timedelta(days=DAYS)).isoformat(),
            }

    def days(self) -> tuple[list[Record], list[Record], list[Record]]:
        """What happened: events, orders and reviews, each oldest first."""
        events: list[Record] = []
        orders: list[Record] = []
        reviews: list[Record] = []
        for person in self._people:
            self._live(person, events, orders, reviews)
        events.sort(key=lambda event: (event["occurred_at"], event["message_id"]))
        orders.sort(key=lambda order: (order["placed_at"], order["id"]))
        reviews.sort(key=lambda review: (review["written_at"], review["id"]))
        return events, orders, reviews

    def _person(self, number: int, generator: np.random.Generator) -> Record:
        worlds = list(WORLDS)
        return {
            "number": number,
            "id": f"c{number + 1:04d}",
            "name": f"{_FIRST[number % len(_FIRST)]} {_LAST[(number // len(_FIRST)) % len(_LAST)]}",
            "locale": "zh" if generator.random() < 0.3 else "en",
            "worlds": [worlds[place] for place in generator.choice(len(worlds), 2, replace=False)],
            "styles": generator.choice(len(STYLES), 3, replace=False).tolist(),
            "budget": float(generator.lognormal(3.4, 0.5)),
            "pace": float(generator.gamma(2.0, 9.0) + 3),
            "seed": int(generator.integers(2**32)),
        }

    def _live(self, person: Record, events: list[Record], orders: list[Record], reviews: list[Record]) -> None:
        """One customer's half year: visits at their pace; in each they look along their taste and sometimes buy."""
        generator = np.random.default_rng(person["seed"])
        day = float(generator.uniform(0, person["pace"]))
        wanted: list[str] = []
        bought: set[int] = set()
        visit = 0
        while day < DAYS:
            visit += 1
            at = self.today - timedelta(days=DAYS - int(day)) + timedelta(hours=float(generator.uniform(8, 22)))
            seen: list[Item] = []
            for step in range(int(generator.integers(2, 9))):
                item = self._pick(person, wanted, seen, generator)
                seen.append(item)
                at += timedelta(seconds=float(generator.uniform(15, 120)))
                events.append(_event(person, "view", item, at, f"{visit}-{step}-v"))
            basket = [
                item
                for item in dict.fromkeys(seen)
                if item.number not in bought and item.price <= person["budget"] * 1.6 and generator.random() < 0.22
            ]
            for item in basket:
                at += timedelta(seconds=20)
                events.append(_event(person, "cart", item, at, f"{visit}-{item.number}-c"))
            if basket and generator.random() < 0.6:
                at += timedelta(minutes=2)
                orders.append(_order(person, visit, basket, at))
                bought |= {item.number for item in basket}
                wanted = [kind for item in basket for kind in item.kind.goes_with]
                written = at + timedelta(days=6)
                if generator.random() < 0.25 and written < self.today:
                    reviews.append(_review(person, visit, basket[0], written, generator))
            day += float(generator.exponential(person["pace"])) + 0.5

    def _pick(self, person: Record, wanted: list[str], seen: list[Item], generator: np.random.Generator) -> Item:
        chance = generator.random()
        if wanted and chance < 0.35:
            kind = wanted[int(generator.integers(len(wanted)))]
        elif seen and chance < 0.65:
            near = (seen[-1].kind.key, *seen[-1].kind.goes_with)
            kind = near[int(generator.integers(len(near)))]
        elif chance < 0.95:
            world = person["worlds"][0 if generator.random() < 0.65 else 1]
            keys = [one.key for one in KINDS if one.world == world]
            kind = keys[int(generator.integers(len(keys)))]
        else:
            kind = KINDS[int(generator.integers(len(KINDS)))].key
        styles = person["styles"] if generator.random() < 0.75 else list(range(len(STYLES)))
        return self._by_kind[kind][styles[int(generator.integers(len(styles)))]]


def _price(about: float) -> float:
    """As shops write them: 4.95, 12.50, 68.00."""
    return round(about) - 0.05 if about < 10 else round(about * 2) / 2


@cache
def _in_chinese() -> dict[str, str]:
    words = dict(WORLDS)
    words |= {kind.en.capitalize(): kind.zh for kind in KINDS}
    return words | {style: zh for style, zh, *_ in STYLES} | {"style": "款式"}


def label(text: str, locale: str) -> str:
    """A category, attribute or value of this shop in a language; what isn't one as it is."""
    return _in_chinese().get(text, text) if locale == "zh" else text


def _event(person: Record, kind: str, item: Item, at: datetime, key: str) -> Record:
    return {
        "message_id": f"demo:{person['id']}:{key}",
        "type": kind,
        "occurred_at": at.isoformat(timespec="seconds"),
        "customer": person["id"],
        "product": item.id,
    }


def _order(person: Record, visit: int, basket: list[Item], at: datetime) -> Record:
    return {
        "id": f"{person['id']}-{visit}",
        "customer": person["id"],
        "placed_at": at.isoformat(timespec="seconds"),
        "status": "delivered",
        "lines": [{"product": item.id, "quantity": 1, "unit_price": f"{item.price:.2f}"} for item in basket],
        "total": f"{sum(item.price for item in basket):.2f}",
    }


_GOOD = {
    "en": ("Just right.", "Even better than the picture.", "Would buy it again."),
    "zh": ("正合适。", "比图片还好。", "会再买。"),
}
_BAD = {"en": ("Smaller than I thought.", "It arrived late."), "zh": ("比想象的小。", "送得有点慢。")}


def _review(person: Record, visit: int, item: Item, at: datetime, generator: np.random.Generator) -> Record:
    good = generator.random() < 0.8
    words = (_GOOD if good else _BAD)[person["locale"]]
    return {
        "id": f"{person['id']}-{visit}",
        "product": item.id,
        "customer": person["id"],
        "rating": int(generator.integers(4, 6)) if good else int(generator.integers(1, 4)),
        "body": words[int(generator.integers(len(words)))],
        "locale": person["locale"],
        "written_at": at.isoformat(timespec="seconds"),
    }
