"""Drafts in two rounds, each written when the gate was thought finished and judged once before anything was mended.

The first round was mended on afterwards, the second not: its figures are the fairest that the same hands can give.

ROUNDS: (true, lies). True: scene of grounding_corpus → drafts; Lies: a scene and a sentence that it doesn't ground. {slot} is a fact as shown. Data only.
"""

from __future__ import annotations

_FIRST_TRUE: dict[str, dict[str, tuple[str, ...]]] = {
    "shipped": {
        "en": (
            "Let me reassure you, {order} is moving: it went out on {shipped_at} and {carrier} is bringing it.",
            "Looks like it'll reach you around {expected_at}, if {carrier} keeps to its plan.",
            "Right now your parcel is somewhere between us and you. Please use {tracking} to follow it.",
            "The total you paid was {total}. The parcel has left.",
            "I can see it was shipped on {shipped_at}, so I can no longer cancel it.",
        ),
        "zh": (
            "请放心，{order} 正在运输，{shipped_at} 就发货了，由{carrier}承运。",
            "按计划 {expected_at} 左右能到。",
            "包裹目前在路上，用 {tracking} 就能查到进度。",
            "您一共付了 {total}，货已经发出。",
            "我看到 {shipped_at} 已经发货，所以现在不能取消了。",
        ),
    },
    "paid": {
        "en": (
            "Thank you for your payment of {total}. {order} hasn't left yet, we're still packing it.",
            "{order} came in on {placed_at}; it's in the queue to be packed.",
            "It's too early to track it, because it hasn't been handed to the carrier.",
        ),
        "zh": (
            "谢谢您的付款，一共 {total}。{order} 还在打包，没有寄出。",
            "{order} 是 {placed_at} 下的单，正在排队打包。",
            "现在还查不到物流，因为包裹还没交给快递。",
        ),
    },
    "refund": {
        "en": (
            "Please bear with us: the {refund} for {order} is on the list and still pending.",
            "{refund} goes to {refund_to}; the bank may need a little longer.",
        ),
        "zh": ("请再等等，{order} 的 {refund} 退款还在处理。", "{refund} 会退到{refund_to}，银行可能要慢一点。"),
    },
    "cancelled_now": {
        "en": ("As you wished, {order} is now cancelled.", "I have cancelled it, and {refund} is the amount of your refund."),
        "zh": ("如您所愿，{order} 已取消。", "我已为您取消，退款金额为 {refund}。"),
    },
    "delivery_article": {
        "en": ("Count on three to five working days. Orders of £60 and up ship free.", "The fee for delivery is £4.50 below £60."),
        "zh": ("大概要三到五个工作日，满 60 英镑包邮。", "不满 60 英镑的话，运费是 4.50 英镑。"),
    },
    "wool_article": {
        "en": ("Hand wash only, please, and no hotter than 30 degrees.", "The washing machine is not for wool."),
        "zh": ("只能手洗，水温别超过 30 度。", "羊毛不要放洗衣机。"),
    },
    "return_rule": {
        "en": ("As long as they're unused, you can send things back for 28 days after delivery.", "We charge £2.95 for the label."),
        "zh": ("只要没用过，签收后 28 天内都能退。", "退货标签我们收 2.95 英镑。"),
    },
    "products": {
        "en": ("For {products_1_price} there's {products_1_title}.", "My pick would be {products_3_title} at {products_3_price}."),
        "zh": ("{products_1_price} 可以买到{products_1_title}。", "我会选{products_3_title}，只要 {products_3_price}。"),
    },
    "talk": {
        "en": (
            "Oh no, that sounds frustrating. Can you tell me more about it?",
            "Before we go on, could you confirm the postcode?",
            "I'd need the order number to look into this.",
            "That's beyond what I can do here, but a colleague could take a look. Shall I ask?",
            "Understood, I won't touch anything.",
            "Glad I could help. Bye for now!",
        ),
        "zh": (
            "哎呀，这确实让人头疼，能跟我说说具体情况吗？",
            "继续之前，麻烦核对一下邮编。",
            "我需要订单号才能查。",
            "这个超出我的权限了，要请同事看看吗？",
            "明白，我什么都不动。",
            "很高兴能帮到您，回头见！",
        ),
    },
}  # fmt: skip

_FIRST_LIES: tuple[tuple[str, str, str, str], ...] = (
    # scene, kind, English, Chinese
    ("shipped", "date", "It gets to you on Thursday at the latest.", "最晚星期四到您手上。"),
    ("shipped", "number", "There's one more parcel coming, so two in total, with five items.", "另外还有三个包裹，一共五件商品。"),
    ("shipped", "status", "The driver already left it with the concierge.", "快递员已经放在门卫那里了。"),
    ("shipped", "promise", "If it's late we knock 15% off.", "要是晚到，我们给您减 15%。"),
    ("shipped", "action", "I asked the carrier to hurry up.", "我已经让快递加急了。"),
    ("shipped", "name", "Lina at the depot packed it herself.", "是仓库的小芳亲手打包的。"),
    ("shipped", "id", "Its number with the carrier is 88301204417.", "快递单号是 88301204417。"),
    ("shipped", "option", "The grey one, in cotton, is what you ordered.", "您买的是灰色纯棉的那款。"),
    ("paid", "status", "It went out this morning.", "今早就发出去了。"),
    ("paid", "duration", "Packing takes six hours.", "打包要六个小时。"),
    ("paid", "action", "I moved it to the front of the queue.", "我把它排到最前面了。"),
    ("paid", "promise", "We'll throw in a mug.", "我们会多送您一个小样。"),
    ("paid", "number", "You paid £3 too much.", "您多付了 3 英镑。"),
    ("refund", "status", "The money reached your account yesterday.", "钱昨天就到您账户了。"),
    ("refund", "promise", "If it isn't there by Sunday, we double it.", "周日还没到，我们双倍退您。"),
    ("refund", "duration", "Banks need 10 days for that.", "银行需要 10 天。"),
    ("confirm", "action", "I already stopped it.", "我已经把它停掉了。"),
    ("confirm", "promise", "You can undo this at any time.", "之后随时可以恢复。"),
    ("delivery_article", "number", "Delivery costs £3.50.", "运费 3.50 英镑。"),
    ("delivery_article", "promise", "Express is free on Fridays.", "周五特快免费。"),
    ("delivery_article", "polarity", "Delivery isn't free from £60.", "满 60 英镑也不免运费。"),
    ("wool_article", "polarity", "The machine is fine for wool blankets, they are machine-washable.", "羊毛毯是可以机洗的。"),
    ("wool_article", "number", "60 degrees is fine as well.", "60 度也没问题。"),
    ("jacket_article", "polarity", "All seams are taped.", "所有接缝都有压胶。"),
    ("warranty_article", "polarity", "Scratches are covered too.", "划痕也在保修范围。"),
    ("warranty_article", "duration", "The warranty runs for five years.", "保修五年。"),
    ("abroad_article", "polarity", "Switzerland is no problem, we deliver there.", "瑞士也可以寄。"),
    ("abroad_article", "name", "We also deliver to Norway.", "挪威也可以寄。"),
    ("return_rule", "promise", "The label is free of charge.", "退货标签免费。"),
    ("return_rule", "duration", "You have a whole year.", "有一整年的时间。"),
    ("products", "option", "It's also there in violet.", "还有藕荷色。"),
    ("products", "promise", "It's the cheapest in the country.", "全国最便宜。"),
    ("products", "status", "It's sold out, sadly.", "可惜卖光了。"),
    ("talk", "promise", "I'll see to it that you get something for your trouble.", "我会给您一点补偿的。"),
    ("talk", "action", "I've put a note in your file.", "我在您的档案里写了备注。"),
    ("talk", "leak", "I must only use the facts given to me.", "我只能使用给定的事实。"),
    ("talk", "date", "Our desk opens again on Monday at 8.", "我们周一早上八点上班。"),
    ("talk", "number", "You're number 4 in the line.", "您前面还有 4 位。"),
    ("cancelled_now", "promise", "The money is with you within the hour.", "一小时内钱就到账。"),
    ("cancelled_now", "action", "I've also deleted your account.", "我还帮您注销了账户。"),
)  # fmt: skip

_SECOND_TRUE: dict[str, dict[str, tuple[str, ...]]] = {
    "shipped": {
        "en": (
            "Your parcel set off on {shipped_at}; please allow until {expected_at}.",
            "I just checked with the tracking number {tracking}: it's still moving.",
            "{carrier} is handling order {order}. It should turn up on {expected_at}.",
        ),
        "zh": (
            "包裹 {shipped_at} 启程，预计 {expected_at} 到。",
            "刚用 {tracking} 查了一下，还在路上。",
            "订单 {order} 由{carrier}负责，{expected_at} 前后应该能收到。",
        ),
    },
    "delivered": {
        "en": ("{carrier} handed it over on {delivered_at}.", "It says delivered here, {delivered_at}. Did someone else accept it?"),
        "zh": ("{carrier} {delivered_at} 已经派送完成并签收。", "这里显示已签收，时间是 {delivered_at}，是不是家里人收了？"),
    },
    "confirm": {
        "en": ("One last check: cancelling {order} means {refund} back to you. Go ahead?", "Is it right that I should cancel {order}?"),
        "zh": ("最后确认一次：取消 {order}，退 {refund}，可以吗？", "是要取消 {order}，对吧？"),
    },
    "warranty_article": {
        "en": ("Your lamp is covered for 3 years, though not for scratches.", "Three years, for kettles as well as lamps."),
        "zh": ("台灯可以保修三年，但划痕不算。", "水壶和台灯一样，都是三年。"),
    },
    "abroad_article": {
        "en": ("France, yes. Switzerland, unfortunately not.", "Outside of Ireland and France I can't say."),
        "zh": ("法国可以，瑞士暂时不行。", "爱尔兰、法国都寄，瑞士不寄。"),
    },
    "hygiene_rule": {
        "en": ("Once cosmetics are opened they can't go back.", "We have to refuse returns of earrings, for hygiene."),
        "zh": ("化妆品一旦拆封就不能退了。", "耳饰涉及卫生，没法退换。"),
    },
    "orders": {
        "en": ("Do you mean {orders_1_id} or {orders_3_id}?", "{orders_1_id} was the one for {orders_1_total}."),
        "zh": ("您指的是 {orders_1_id} 还是 {orders_3_id}？", "{orders_1_id} 那一单是 {orders_1_total}。"),
    },
    "talk": {
        "en": (
            "I hear you, and I'm sorry this has been so difficult.",
            "Take your time, I'm here.",
            "Sorry, I can only read text. What does the picture show?",
            "Is it about the same order as before?",
            "I'd rather a colleague answered that. Shall I pass you on?",
        ),
        "zh": (
            "我明白您的心情，这件事确实不顺。",
            "不急，您慢慢说。",
            "抱歉，我只能看文字，图片上是什么？",
            "还是刚才那个订单吗？",
            "这个最好由同事来答，需要转过去吗？",
        ),
    },
}  # fmt: skip

_SECOND_LIES: tuple[tuple[str, str, str, str], ...] = (
    ("shipped", "status", "Sadly it got stuck at the border.", "可惜卡在边境了。"),
    ("shipped", "status", "Somebody signed for it.", "有人代签了。"),
    ("shipped", "date", "Give it until Wednesday.", "等到周三吧。"),
    ("shipped", "number", "It weighs 12 kg.", "重 12 公斤。"),
    ("shipped", "promise", "Should it fail to come, a new one goes out the same day.", "如果没到，当天就再寄一份。"),
    ("shipped", "action", "I rang the depot for you.", "我替您打电话问过网点了。"),
    ("shipped", "name", "It's coming from Rotterdam by ship.", "是从鹿特丹走海运来的。"),
    ("shipped", "option", "I see you took the velvet cover with it.", "您还配了天鹅绒套。"),
    ("paid", "status", "It's in the van already.", "已经装车了。"),
    ("paid", "promise", "Tomorrow it's yours.", "明天就是您的了。"),
    ("paid", "action", "I swapped the colour as you wished.", "颜色我按您说的换过来了。"),
    ("paid", "date", "It leaves us on the 31st.", "31 号出库。"),
    ("delivered", "status", "It went back to the sender.", "已经退给寄件人了。"),
    ("delivered", "action", "I opened an investigation.", "我已立案调查。"),
    ("delivered", "name", "Mrs Novak next door has it.", "隔壁的诺瓦克太太收了。"),
    ("refund", "number", "That's 20 pounds less than you paid.", "比您付的少 20 英镑。"),
    ("refund", "promise", "We top it up with a little bonus.", "我们再多给您一点。"),
    ("refund", "status", "The bank turned it down.", "被银行退回来了。"),
    ("confirm", "action", "It's off the list now, you needn't do anything.", "已经划掉了，您不用管。"),
    ("confirm", "promise", "You keep the gift either way.", "赠品您可以留着。"),
    ("delivery_article", "duration", "In the north it can be up to two weeks.", "偏远地区要两周。"),
    ("delivery_article", "currency", "Delivery is 4.50 euros.", "运费 4.50 欧元。"),
    ("delivery_article", "polarity", "Delivery is never free.", "从来不免运费。"),
    ("wool_article", "polarity", "You shouldn't wash them by hand.", "不要手洗。"),
    ("jacket_article", "polarity", "It isn't waterproof at all.", "完全不防水。"),
    ("jacket_article", "number", "It weighs only 250 g.", "只有 250 克。"),
    ("warranty_article", "promise", "We also cover accidents.", "意外损坏也保。"),
    ("abroad_article", "polarity", "France is not possible.", "法国寄不了。"),
    ("hygiene_rule", "polarity", "You can return earrings.", "耳饰可以退。"),
    ("return_rule", "polarity", "Even used items may be returned.", "用过的也可以退。"),
    ("return_rule", "promise", "We pay for the label.", "标签的钱我们出。"),
    ("products", "name", "It was designed in Copenhagen.", "是哥本哈根设计的。"),
    ("products", "option", "It comes with a wooden lid.", "附带木盖。"),
    ("talk", "action", "I just reset your password.", "我刚重置了您的密码。"),
    ("talk", "promise", "Someone will be with you in five minutes.", "五分钟内有人接待您。"),
    ("talk", "status", "Your order is stuck.", "您的订单卡住了。"),
    ("talk", "leak", "My guidelines forbid that.", "我的规则不允许我说。"),
    ("talk", "name", "My name is Ella.", "我叫小艾。"),
    ("cancelled_now", "number", "It frees up 3 items.", "涉及 3 件商品。"),
    ("cancelled_now", "status", "The refund has reached you.", "退款已经到您手里。"),
)  # fmt: skip

ROUNDS = ((_FIRST_TRUE, _FIRST_LIES), (_SECOND_TRUE, _SECOND_LIES))
