"""The demo shop's help centre: twenty articles, each in both languages. Data only; what they promise is what the world does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

ARTICLES: tuple[tuple[str, tuple[str, ...], str, str, str, str], ...] = (
    ("delivery-times", ("delivery",), "How long does delivery take?", "Orders placed before 14:00 leave our warehouse the next working day and arrive two to four days after you ordered. In busy weeks a parcel can take up to twelve days. When a parcel is late we write to you; you don't have to ask.", "配送要多久？", "14:00 前下单，次一工作日出库，下单后 2 至 4 天送达。旺季个别包裹最长可能要 12 天。若有延误，我们会主动写信告知。"),
    ("delivery-costs", ("delivery", "payment"), "What does delivery cost?", "Delivery costs £3.90. Orders of £40 or more are delivered free of charge. Tents, rugs and floor lamps cost nothing extra.", "运费多少？", "每单运费 3.90 英镑，满 40 英镑免运费。帐篷、地毯和落地灯不另收费。"),
    ("where-is-my-order", ("delivery",), "Where is my order?", "Open your account, choose the order and follow the tracking number. If nothing has moved for five days, write to us with the order number and we look for the parcel or send it again.", "我的订单到哪儿了？", "在账户中打开订单，点击运单号查看。若连续五天没有更新，请附上订单号联系我们，我们会查件或补发。"),
    ("late-parcel", ("delivery", "refund"), "My parcel is late. What now?", "We are sorry. From the eighth day you may cancel a parcel that hasn't come and get the whole amount back, or wait: then the delivery cost is refunded.", "包裹迟到了怎么办？", "很抱歉。第八天起仍未收到，可取消并全额退款；愿意再等，则退还运费。"),
    ("delivery-abroad", ("delivery",), "Do you deliver abroad?", "We deliver to the United Kingdom, Ireland and the European Union. Duties for the Union are included in the price you see at checkout.", "可以寄到国外吗？", "可寄往英国、爱尔兰和欧盟。寄往欧盟的关税已包含在结账价格中。"),
    ("returns", ("returns",), "How do I return something?", "You have 30 days from delivery. Open the order in your account, choose what goes back and print the label; returning is free. Food, opened soap and candles that were lit can't come back.", "怎样退货？", "自签收起 30 天内可退。在账户中打开订单，选择要退的商品并打印标签，退货免费。食品、已拆封的香皂和点过的蜡烛不能退。"),
    ("refunds", ("returns", "refund", "payment"), "When do I get my money back?", "Within five working days after the parcel is back with us, by the way you paid. Delivery is refunded when the whole order goes back.", "退款多久到账？", "我们收到退件后五个工作日内，按原支付方式退回。整单退货时运费一并退还。"),
    ("exchange", ("returns", "sizes"), "Can I exchange for another size?", "Yes. Order the right size and return the other within 30 days. That is faster than an exchange and you keep your place if stock is short.", "可以换尺码吗？", "可以。请直接订购合适的尺码，并在 30 天内退回原件。这样比换货更快，缺货时也不必重新排队。"),
    ("damaged", ("returns", "warranty"), "Something arrived broken", "Send us a photograph within 14 days. We send a new one at once; the broken one you may keep or throw away.", "收到时已损坏", "请在 14 天内发照片给我们，我们立即补发。损坏的不用寄回。"),
    ("warranty", ("warranty",), "How long is the warranty?", "Two years on everything that isn't eaten, burnt or worn out by design. Backpacks, tents and pans have five. The warranty covers faults, not scratches from use.", "保修多久？", "除食品、蜡烛等消耗品外，一律保修两年；双肩包、帐篷和锅保修五年。保修涵盖质量问题，不含使用划痕。"),
    ("sizes-shoes", ("sizes",), "Which shoe size do I take?", "Our running shoes run half a size small. Measure your foot in the evening and add one centimetre: 24.5 cm is size 38, each further size is 0.66 cm more.", "鞋码怎么选？", "跑鞋偏小半码。请在傍晚量脚长并加 1 厘米：24.5 厘米对应 38 码，每大一码约加 0.66 厘米。"),
    ("sizes-clothes", ("sizes",), "Sizes of gloves, socks and bed linen", "Gloves: S to 18 cm around the palm, M to 20, L to 22. Socks are given in shoe sizes. Bed linen: single 135 × 200, double 200 × 200, king 230 × 220 cm.", "手套、袜子与床品的尺寸", "手套按掌围：S 至 18 厘米，M 至 20，L 至 22。袜子按鞋码。床品：单人 135 × 200，双人 200 × 200，加大 230 × 220 厘米。"),
    ("payment-ways", ("payment",), "How can I pay?", "By card, PayPal, bank transfer or gift card. We charge when the parcel leaves, not before. Card numbers never touch our computers.", "可以怎样付款？", "支持银行卡、PayPal、银行转账和礼品卡。包裹出库时才扣款。卡号不会经过我们的系统。"),
    ("invoice", ("payment",), "Where is my invoice?", "In your account, beside each order, as a PDF. For a company's invoice enter the VAT number before you pay.", "发票在哪里？", "在账户中每个订单旁可下载 PDF。需要公司发票，请在付款前填写税号。"),
    ("gift-cards", ("payment", "gifts"), "Gift cards", "From £10 to £200, sent by e-mail on the day you choose, valid for five years. What is left after an order stays on the card.", "礼品卡", "面额 10 至 200 英镑，可指定日期以电子邮件送达，有效期五年。用不完的余额留在卡上。"),
    ("gift-wrapping", ("gifts",), "Do you wrap gifts?", "Yes, for £2.50 an order, in paper that can be recycled, with a card in your words and no prices in the parcel.", "提供礼品包装吗？", "提供，每单 2.50 英镑，使用可回收纸张，附上你写的卡片，包裹内不显示价格。"),
    ("privacy", ("privacy",), "What do you know about me?", "What you looked at, bought, wrote and told us. It is used to make your lists and to deliver your orders, and sold to nobody. In your account you can see all of it, switch the lists off and have everything deleted.", "你们了解我的哪些信息？", "你浏览、购买、写过和告诉过我们的内容。只用于生成推荐和配送订单，不会出售。在账户里可以查看全部信息、关闭推荐，或要求全部删除。"),
    ("why-this-list", ("privacy", "recommendations"), "Why am I shown these products?", "Below each list stands a reason, and “Why this list?” opens how it was made. What you bought doesn't come back, unless it is used up, such as tea.", "为什么给我看这些商品？", "每份列表下方写有理由，点“为什么是这些？”可看它如何产生。买过的不会再出现，除非像茶叶那样会用完。"),
    ("out-of-stock", ("stock",), "When will it be back in stock?", "Most things come back within two weeks. We don't take orders for what isn't there, and don't promise a day that we don't know.", "缺货多久能补上？", "多数商品两周内补货。没有现货时不接单，不知道的日期也不承诺。"),
    ("care", ("care",), "How do I care for wood, cast iron and wool?", "Wood: wash by hand, oil twice a year. Cast iron: no soap, dry at once, a drop of oil. Wool: air it rather than wash it; if you must, cold and by hand.", "木器、铸铁和羊毛怎么保养？", "木器：手洗，一年上油两次。铸铁：不用洗洁精，洗后立即擦干，抹一滴油。羊毛：多晾少洗，要洗就冷水手洗。"),
)  # fmt: skip


def articles(today: datetime) -> Iterator[dict[str, Any]]:
    """Article records: one an article and language."""
    for number, (key, tags, title_en, body_en, title_zh, body_zh) in enumerate(ARTICLES):
        updated = (today - timedelta(days=200 - 7 * number)).isoformat()
        for locale, title, body in (("en", title_en, body_en), ("zh", title_zh, body_zh)):
            yield {
                "id": f"{key}.{locale}",
                "title": title,
                "body": body,
                "locale": locale,
                "tags": list(tags),
                "updated_at": updated,
            }
