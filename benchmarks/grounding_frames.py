"""Frames as an assistant would make them, drawn by a seed: orders, products, policies, articles in English and Chinese.

The world here is invented for measuring and shares no words with the demo shop. Knows neither gate nor judge.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from regulars.assist.compose import acts, slots_of
from regulars.assist.facts import Facts
from regulars.schema import Money
from regulars.schema.conversations import Frame, Passage

Pair = tuple[str, str]

PRODUCTS: tuple[Pair, ...] = (
    ("Harbour enamel kettle", "海港搪瓷水壶"), ("Maren wool blanket", "玛伦羊毛毯"), ("Pine desk lamp", "松木台灯"),
    ("Ferry canvas tote", "渡轮帆布袋"), ("Alder cheese board", "桤木奶酪板"), ("Skerry rain jacket", "礁岛雨衣"),
    ("Lark ceramic mug", "云雀陶瓷杯"), ("Birch shoe rack", "桦木鞋架"), ("Tarn trekking poles", "山湖登山杖"),
    ("Drift linen apron", "漂流亚麻围裙"), ("Moss yoga mat", "青苔瑜伽垫"), ("Kelp bath towel", "海藻浴巾"),
)  # fmt: skip
OPTIONS: tuple[Pair, ...] = (
    ("red", "红色"), ("dark blue", "深蓝色"), ("size M", "M 码"), ("size 42", "42 码"), ("green", "绿色"),
    ("two-pack", "两件装"), ("large", "大号"), ("natural", "原色"),
)  # fmt: skip
NAMES: tuple[Pair, ...] = (
    ("Ines Keller", "陈思远"),
    ("Tom Adeyemi", "林晓雯"),
    ("Priya Nair", "赵一鸣"),
    ("Jonas Wirth", "孙佳怡"),
)
CARRIERS: tuple[Pair, ...] = (("Royal Mail", "顺丰速运"), ("DPD", "中通快递"), ("Hermes", "圆通速递"))
METHODS: tuple[Pair, ...] = (
    ("Visa ending in 4242", "尾号 4242 的银行卡"),
    ("PayPal", "支付宝"),
    ("gift card", "礼品卡"),
    ("bank transfer", "银行转账"),
)
ADDRESSES: tuple[Pair, ...] = (
    ("14 Quay Street, Bristol BS1 4DJ, United Kingdom", "上海市静安区南京西路 120 号 3 楼，200041"),
    ("7 Mill Lane, Leeds LS2 8PQ, United Kingdom", "广州市天河区体育东路 88 号，510620"),
)  # fmt: skip
RULES: tuple[tuple[str, str, str, str], ...] = (
    ("cancel", "Orders can be cancelled until they are handed to the carrier. After that you may return them.", "取消订单", "订单交给快递之前可以取消，之后可以退货。"),
    ("return", "You may return unused items within 28 days of delivery. The return label costs £2.95.", "退货", "未使用的商品自签收起 28 天内可退，退货标签费用为 2.95 英镑。"),
    ("hygiene", "For reasons of hygiene, opened cosmetics and earrings can't be returned.", "卫生用品", "出于卫生原因，已拆封的化妆品和耳饰不能退换。"),
    ("exchange", "Each item can be exchanged once. An exchange for the same variant isn't possible.", "换货", "每件商品可以换货一次，不能换成同一款。"),
    ("address", "The address can be changed while an order is being prepared.", "修改地址", "订单备货期间可以修改收货地址。"),
    ("refund", "Refunds go to the original payment method within 7 working days.", "退款", "退款在 7 个工作日内退回原支付方式。"),
)  # fmt: skip
ARTICLES: tuple[tuple[str, str, str, str, str], ...] = (
    ("delivery", "Delivery times", "Parcels arrive within 3 to 5 working days. Delivery costs £4.50 and is free from £60.", "配送时间", "包裹 3 至 5 个工作日送达。运费 4.50 英镑，满 60 英镑免运费。"),
    ("care-wool", "Caring for wool", "Wool blankets are not machine-washable. Wash them by hand at 30 degrees and dry them flat.", "羊毛保养", "羊毛毯不可机洗。请用 30 度以下的水手洗，平铺晾干。"),
    ("jacket", "Skerry jackets", "The Skerry jacket is waterproof, but its seams are not taped. It weighs 380 g.", "礁岛系列", "礁岛雨衣防水，但接缝没有压胶，重 380 克。"),
    ("warranty", "Warranty", "We give a warranty of 3 years on kettles and lamps. Scratches from use are not covered.", "保修", "水壶和台灯保修 3 年，使用划痕不在保修范围内。"),
    ("gift", "Gift wrapping", "Gift wrapping costs £3.00 an order. Prices are not shown on the delivery note.", "礼品包装", "礼品包装每单 3.00 英镑，送货单上不显示价格。"),
    ("abroad", "Delivery abroad", "We deliver to Ireland and France. We do not deliver to Switzerland.", "寄往国外", "可寄往爱尔兰和法国，不寄往瑞士。"),
    ("payment", "Ways of paying", "You can pay by card, PayPal or bank transfer. We do not accept cheques.", "支付方式", "可用银行卡、支付宝或银行转账付款，不接受支票。"),
    ("mug", "Lark mugs", "Lark mugs are dishwasher-safe and microwave-safe. They hold 300 ml.", "云雀系列", "云雀陶瓷杯可用洗碗机和微波炉，容量 300 毫升。"),
)  # fmt: skip
STATES = (
    "placed",
    "paid",
    "shipped",
    "out_for_delivery",
    "delivered",
    "cancelled",
    "returned",
    "delayed",
    "lost",
    "return_open",
)
LOCALES = ("en", "zh")
_DAY = date(2026, 5, 20)


def _said(pair: Pair, locale: str) -> str:
    return pair[LOCALES.index(locale)]


def _amount(random: Random, most: int = 12_000) -> Money:
    return Money(random.randrange(250, most), "GBP", 2)


def _order_id(random: Random) -> str:
    return f"{random.choice(('HN', 'W', 'SO'))}-{random.randrange(10_000, 99_999)}"


def frame(act: str, locale: str, seed: int) -> Frame:
    """A frame with what the act's wordings can use; states and dates fit each other."""
    random = Random(f"{act}/{locale}/{seed}")
    needed, used = slots_of(act, locale)
    family, _, detail = act.partition(":")
    facts = Facts(locale)
    wanted = {slot for slot in sorted(used) if slot in needed or random.random() < 0.7}
    day = _DAY + timedelta(days=random.randrange(0, 200))
    for slot in sorted(wanted - {"status"}):
        _add(facts, slot, locale, random, day)
    if family in ("order_status", "stock", "refund_status"):
        facts.status("status", detail or random.choice(STATES[:6] if family == "order_status" else ("pending", "sent")))
    elif "status" in wanted or act == "refused:already_shipped":
        facts.status("status", "shipped" if act == "refused:already_shipped" else random.choice(STATES[1:6]))
    if act in ("refused:already_cancelled",):
        facts.status("state", "cancelled")
    if act == "refused:not_delivered":
        facts.status("state", "paid")
    if act == "refused:out_of_stock":
        facts.status("state", "out_of_stock")
    if act in ("size:in_stock", "size:all", "size:out_of_stock"):
        facts.status("stock", "out_of_stock" if act == "size:out_of_stock" else "in_stock")
    done = (detail or "cancel_order",) if family == "done" else ()
    return Frame(act, locale, facts.all, _passages(locale, random, wanted), done)


def _add(facts: Facts, slot: str, locale: str, random: Random, day: date) -> None:
    if slot in ("order", "reference"):
        facts.id(slot, _order_id(random))
    elif slot in (
        "refund",
        "fee",
        "shipping",
        "total",
        "credit",
        "to_pay",
        "difference",
        "new_total",
        "price",
        "balance",
    ):
        facts.money(slot, _amount(random))
    elif slot == "limit":
        facts.number(slot, random.randrange(2, 6))
    elif slot == "attempts_left":
        facts.number(slot, random.randrange(1, 4))
    elif slot == "opens_at":
        facts.text(slot, "on weekdays at 09:00" if locale == "en" else "工作日 09:00")
    elif slot.endswith("_at") or slot == "until":
        late = {"placed_at": -9, "shipped_at": -6, "delivered_at": -2, "expected_at": 4, "until": 20}.get(slot, 0)
        facts.date(slot, day + timedelta(days=late))
    elif slot in ("product", "first_product"):
        facts.name(slot, _said(random.choice(PRODUCTS), locale))
    elif slot in ("refund_to", "method", "new_method"):
        facts.name(slot, _said(random.choice(METHODS), locale))
    elif slot == "carrier":
        facts.name(slot, _said(random.choice(CARRIERS), locale))
    elif slot == "tracking":
        facts.id(slot, f"JD{random.randrange(10**9, 10**10)}")
    elif slot.endswith("_url"):
        facts.text(slot, f"https://shop.example/d/{random.randrange(10**6)}")
    elif slot == "email":
        facts.text(slot, random.choice(("i…@mail.example", "t…@post.example")))
    elif slot == "name":
        facts.name(slot, _said(random.choice(NAMES), locale))
    elif slot == "shop":
        facts.name(slot, "Quay & Co")
    elif slot in ("new_address", "address"):
        facts.text(slot, _said(random.choice(ADDRESSES), locale))
    elif slot in ("new_option", "option"):
        facts.option(slot, _said(random.choice(OPTIONS), locale))
    elif slot == "reason":
        facts.text(slot, "the card was declined" if locale == "en" else "银行卡被拒")
    elif slot in ("first", "second"):
        said = {"first": ("changing the address", "修改地址"), "second": ("the invoice", "发票")}[slot]
        facts.text(slot, _said(said, locale))
    elif slot == "items":
        for place in range(1, random.randrange(2, 5)):
            facts.number(f"items.{place}.quantity", random.randrange(1, 4))
            facts.name(
                f"items.{place}.title", _said(PRODUCTS[(place * 5 + random.randrange(3)) % len(PRODUCTS)], locale)
            )
            facts.option(f"items.{place}.option", _said(random.choice(OPTIONS), locale))
            facts.money(f"items.{place}.price", _amount(random))
    elif slot == "orders":
        for place in range(1, 4):
            facts.id(f"orders.{place}.id", _order_id(random))
            facts.status(f"orders.{place}.status", STATES[(place * 2) % 6])
            facts.date(f"orders.{place}.placed_at", day - timedelta(days=11 * place))
            facts.money(f"orders.{place}.total", _amount(random))
    elif slot == "products":
        for place in range(1, 4):
            facts.name(
                f"products.{place}.title", _said(PRODUCTS[(place * 4 + random.randrange(3)) % len(PRODUCTS)], locale)
            )
            facts.money(f"products.{place}.price", _amount(random))
            facts.number(f"products.{place}.rating", random.randrange(3, 6))
    elif slot == "choices":
        for place, said in enumerate(
            (("a refund", "退款"), ("an exchange", "换货"), ("track an order", "查询订单")), 1
        ):
            facts.text(f"choices.{place}.label", _said(said, locale))
    elif slot == "effects":
        said = ("The gift card is charged back first.", "优先退回礼品卡。")
        facts.text("effects.1.text", _said(said, locale))
    elif slot == "parcels":
        for place in (1, 2):
            facts.name(f"parcels.{place}.carrier", _said(CARRIERS[place], locale))
            facts.id(f"parcels.{place}.tracking", f"JD{random.randrange(10**9, 10**10)}")
            facts.status(f"parcels.{place}.status", ("shipped", "delivered")[place - 1])
    elif slot == "reviews":
        facts.text(
            "reviews.1.text", "Keeps warm for hours and looks good." if locale == "en" else "保温效果好，样子也好看。"
        )


def _passages(locale: str, random: Random, wanted: set[str]) -> tuple[Passage, ...]:
    at = LOCALES.index(locale)
    updated = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=random.randrange(100))
    if "quote" in wanted:
        rule = random.choice(RULES)
        title = (rule[0].capitalize(), rule[2])[at]
        return (Passage(f"policy:{rule[0]}", title, rule[1 if at == 0 else 3], locale, 1.0, updated),)
    if wanted & {"extract", "quotes", "title"}:
        articles = random.sample(ARTICLES, 2)
        made = [
            Passage(
                f"article:{one[0]}", one[1 + 2 * at], one[2 + 2 * at], locale, 1.0, updated - timedelta(days=90 * place)
            )
            for place, one in enumerate(articles)
        ]
        return tuple(made if "quotes" in wanted else made[:1])
    return ()


def frames(seeds: int, locales: tuple[str, ...] = LOCALES) -> list[Frame]:
    """A frame of every act, language and seed."""
    return [frame(act, locale, seed) for seed in range(seeds) for locale in locales for act in acts(locale)]


def with_orders(locale: str, seed: int) -> Frame:
    """A list of orders, to tell whether one's figures are given to another."""
    return replace(frame("list:orders", locale, seed), act="list:orders")
