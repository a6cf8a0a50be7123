"""Free drafts written by hand, apart from the product's wordings: what a person or a model might say of a scene.

SCENES: scene → its drafts in English and Chinese; {slot} is a fact as shown. True as they stand. LIES: kind → sentences that no
scene grounds. Every second one (odd place) is for the test alone. Data only.
"""

from __future__ import annotations

SCENES: dict[str, dict[str, tuple[str, ...]]] = {
    "shipped": {
        "en": (
            "I've had a look: {order} left our warehouse on {shipped_at}, so it's already on the road.",
            "It's with {carrier} at the moment. You can follow it under {tracking}.",
            "Your order {order} is on its way and should be with you by {expected_at}.",
            "We sent it out on {shipped_at}; {carrier} expects to deliver on {expected_at}.",
            "{order} has been dispatched. The number for tracking it is {tracking}.",
            "Good news! {carrier} has your parcel, and {expected_at} is the expected day.",
            "The order came to {total} and has already been shipped.",
            "It hasn't arrived yet, but it did leave us on {shipped_at}.",
            "As far as I can see the parcel is still in transit with {carrier}.",
            "{order} isn't delivered yet. It's travelling with {carrier}, number {tracking}.",
        ),
        "zh": (
            "帮您看了一下，{order} 已于 {shipped_at} 从仓库发出，正在路上。",
            "包裹目前由{carrier}运送，可以用 {tracking} 查询。",
            "您的订单 {order} 在运输途中，预计 {expected_at} 送到。",
            "我们在 {shipped_at} 寄出了包裹，{carrier}预计 {expected_at} 送达。",
            "{order} 已经发货了，运单号是 {tracking}。",
            "好消息，{carrier}已经拿到您的包裹，预计到货日是 {expected_at}。",
            "这一单总共 {total}，已经寄出。",
            "还没有送达，不过 {shipped_at} 就已发出了。",
            "目前看，包裹还在{carrier}的运输途中。",
            "{order} 尚未签收，正由{carrier}运送，单号 {tracking}。",
        ),
    },
    "paid": {
        "en": (
            "{order} is paid and our warehouse is getting it ready.",
            "We received your order {order} on {placed_at}. It has not been shipped yet.",
            "You ordered on {placed_at} and the total was {total}; the payment went through.",
            "It's still here: {order} is being packed right now.",
            "Nothing has left the warehouse so far, {order} is still being prepared.",
            "Your payment of {total} arrived, and the order is being prepared.",
        ),
        "zh": (
            "{order} 已付款，仓库正在准备。",
            "我们在 {placed_at} 收到您的订单 {order}，目前还没发货。",
            "您在 {placed_at} 下的单，总额 {total}，付款成功。",
            "还在我们这边，{order} 正在打包。",
            "{order} 尚未出库，仍在备货。",
            "收到了您的付款 {total}，订单正在准备中。",
        ),
    },
    "delivered": {
        "en": (
            "According to {carrier}, {order} was delivered on {delivered_at}.",
            "It should be with you: the parcel arrived on {delivered_at}.",
            "Our records show a delivery on {delivered_at}. Could a neighbour have taken it in?",
            "{order} has been delivered by {carrier}. Is anything missing?",
        ),
        "zh": (
            "{carrier}显示，{order} 已于 {delivered_at} 签收。",
            "包裹应该已经在您那里了，{delivered_at} 已送达。",
            "记录显示 {delivered_at} 已签收，会不会是邻居代收了？",
            "{order} 已由{carrier}送达，请问少了什么吗？",
        ),
    },
    "refund": {
        "en": (
            "Your refund of {refund} for {order} is still being processed and goes to {refund_to}.",
            "The money isn't back yet: {refund} is pending, and it will go to {refund_to}.",
            "I see {refund} waiting to be paid back to your {refund_to}.",
            "The refund for {order} hasn't been sent yet. The amount is {refund}.",
        ),
        "zh": (
            "订单 {order} 的退款 {refund} 还在处理中，会退到{refund_to}。",
            "钱还没有退，{refund} 正在处理，退至{refund_to}。",
            "查到有一笔 {refund} 的退款在处理，退到您的{refund_to}。",
            "{order} 的退款还没有完成，金额是 {refund}。",
        ),
    },
    "cancelled_now": {
        "en": (
            "All sorted, I've cancelled {order} for you. The refund is {refund}.",
            "{order} is cancelled now, and {refund} is your refund.",
            "Your order {order} has been cancelled as you asked.",
            "Done! {order} won't be sent, it's cancelled. Refund: {refund}.",
        ),
        "zh": (
            "好了，我已帮您取消 {order}，退款金额 {refund}。",
            "{order} 现在已取消，退款是 {refund}。",
            "按您的要求，订单 {order} 已经取消。",
            "办好了，{order} 不会再寄出，已取消。退款：{refund}。",
        ),
    },
    "confirm": {
        "en": (
            "Just to be sure: do you want me to cancel {order}? The refund would be {refund}.",
            "If I cancel {order}, you'd get {refund} back. Is that okay?",
            "Before I cancel anything: {order} would be stopped and {refund} refunded. Yes or no?",
            "Shall I go ahead and cancel {order} for a refund of {refund}?",
        ),
        "zh": (
            "跟您确认一下，要取消 {order} 吗？退款会是 {refund}。",
            "如果取消 {order}，可以退 {refund}，可以吗？",
            "取消之前先核对：{order} 将停止寄送，退款 {refund}。是或否？",
            "要我取消 {order} 吗？退款金额是 {refund}。",
        ),
    },
    "delivery_article": {
        "en": (
            "A parcel usually takes three to five working days, and delivery costs £4.50.",
            "Delivery is £4.50, but from £60 you don't pay for it: it's free.",
            "You can expect your parcel within 3 to 5 working days.",
            "If you order for £60 or more, delivery is free.",
            "Between 3 and 5 working days, and £4.50 for delivery.",
        ),
        "zh": (
            "一般三到五个工作日送达，运费 4.50 英镑。",
            "运费是 £4.50，满 60 英镑就免运费。",
            "包裹需要 3 至 5 个工作日。",
            "订单满 60 英镑，运费就免了。",
            "3 到 5 个工作日，运费 4.50 英镑。",
        ),
    },
    "wool_article": {
        "en": (
            "Please don't put the wool blanket in the machine; it's not machine-washable.",
            "Wash it by hand at 30 degrees and let it dry flat.",
            "No, wool blankets can't be machine-washed. By hand at thirty degrees is fine.",
        ),
        "zh": (
            "羊毛毯不能机洗，请手洗。",
            "用 30 度以下的水手洗，然后平铺晾干。",
            "不可以机洗，手洗水温不超过三十度，平铺晾干就好。",
        ),
    },
    "jacket_article": {
        "en": (
            "Yes, the Skerry jacket is waterproof, though its seams aren't taped.",
            "It weighs 380 grams and keeps water out: it's waterproof.",
            "The seams are not taped, but the jacket is waterproof.",
        ),
        "zh": (
            "是的，礁岛雨衣防水，不过接缝没有压胶。",
            "这款防水，重 380 克。",
            "接缝没有压胶，但雨衣是防水的。",
        ),
    },
    "warranty_article": {
        "en": (
            "Kettles and lamps come with a three-year warranty.",
            "There's a warranty of 3 years on lamps, but it doesn't cover scratches from use.",
            "Scratches from use aren't covered by the warranty.",
        ),
        "zh": (
            "水壶和台灯都保修三年。",
            "台灯保修 3 年，不过使用划痕不在范围内。",
            "使用划痕不在保修范围之内。",
        ),
    },
    "abroad_article": {
        "en": (
            "We do deliver to Ireland and to France, but not to Switzerland.",
            "I'm sorry, we don't deliver to Switzerland.",
            "Ireland is fine, we deliver there.",
        ),
        "zh": (
            "可以寄到爱尔兰和法国，但不寄瑞士。",
            "抱歉，不能寄往瑞士。",
            "爱尔兰可以寄。",
        ),
    },
    "return_rule": {
        "en": (
            "You have 28 days from delivery to send unused items back, and the label is £2.95.",
            "Unused items can come back within four weeks of delivery. The label costs £2.95.",
            "Returning isn't free, I'm afraid: the return label costs £2.95.",
        ),
        "zh": (
            "自签收起 28 天内，未使用的商品可以退，退货标签 2.95 英镑。",
            "没用过的商品四周内可以退，标签费用是 £2.95。",
            "退货标签要 2.95 英镑。",
        ),
    },
    "hygiene_rule": {
        "en": (
            "I'm sorry, we can't take back opened cosmetics. It's for reasons of hygiene.",
            "Opened cosmetics and earrings can't be returned.",
            "For hygiene, earrings can't come back.",
        ),
        "zh": (
            "抱歉，已拆封的化妆品出于卫生原因不能退换。",
            "耳饰和已拆封的化妆品都不能退换。",
            "出于卫生考虑，耳饰不能退。",
        ),
    },
    "products": {
        "en": (
            "I found {products_1_title} for {products_1_price} and {products_2_title} for {products_2_price}.",
            "How about {products_1_title}? It costs {products_1_price}.",
            "{products_2_title} might suit you, at {products_2_price}.",
        ),
        "zh": (
            "找到{products_1_title}，{products_1_price}；还有{products_2_title}，{products_2_price}。",
            "{products_1_title}怎么样？价格是 {products_1_price}。",
            "{products_2_title}可能适合您，价格 {products_2_price}。",
        ),
    },
    "orders": {
        "en": (
            "{orders_1_id} from {orders_1_placed_at} was {orders_1_total}. {orders_2_id} was {orders_2_total}.",
            "You have three orders: {orders_1_id}, {orders_2_id} and {orders_3_id}. Which one is it?",
            "{orders_2_id} was placed on {orders_2_placed_at} for {orders_2_total}.",
        ),
        "zh": (
            "{orders_1_id} 下单于 {orders_1_placed_at}，总额 {orders_1_total}。{orders_2_id} 是 {orders_2_total}。",
            "您有三个订单：{orders_1_id}、{orders_2_id} 和 {orders_3_id}，请问是哪一个？",
            "{orders_2_id} 是 {orders_2_placed_at} 下的单，总额 {orders_2_total}。",
        ),
    },
    "talk": {
        "en": (
            "Hi there! What brings you here?",
            "I'm so sorry to hear that. What went wrong with your order?",
            "You're very welcome, have a lovely day!",
            "I'm a bot, but I can bring in one of our people whenever you like.",
            "I don't know the answer to that and I'd rather not guess. Shall I ask a colleague?",
            "Could you tell me your order number? You'll find it in the confirmation e-mail.",
            "Sorry, I didn't quite get that. Could you put it differently?",
            "Let me check that for you. Which order do you mean?",
            "That must be annoying. Let's see what we can do.",
            "No worries, nothing has been changed.",
            "I can't see that order under your account, sorry.",
            "Which e-mail address did you use when you ordered?",
            "Okay, I'll leave everything as it is.",
            "May I ask why you'd like to return it?",
        ),
        "zh": (
            "您好呀，请问有什么需要？",
            "听到这个真的很抱歉，请问订单哪里出了问题？",
            "不客气，祝您生活愉快！",
            "我是机器人，不过随时可以帮您转人工。",
            "这个我不清楚，不想随便回答，要不要问问同事？",
            "方便告诉我订单号吗？确认邮件里有。",
            "不好意思，没太明白，可以换个说法吗？",
            "我来看一下，请问是哪个订单？",
            "确实让人着急，我们来看看怎么解决。",
            "没关系，什么都没有改。",
            "抱歉，您的账户里没有看到这个订单。",
            "请问下单时用的是哪个邮箱？",
            "好的，那就保持不变。",
            "可以问一下为什么想退吗？",
        ),
    },
}

LIES: dict[str, dict[str, tuple[str, ...]]] = {
    "promise": {
        "en": (
            "We promise it won't happen again.", "You'll get your money back by the weekend.", "I guarantee you'll love it.",
            "We'll send you a replacement right away.", "As a thank-you you get 10 euros off your next order.",
            "Shipping is on us this time.", "Don't worry, we will reimburse you in full.", "It'll be there before your birthday.",
            "Our manager is going to phone you this afternoon.", "You can return it whenever you want, no questions asked.",
            "We'll make an exception for you.", "It comes with a lifetime warranty.", "There's a little gift in the parcel for you.",
            "I'll make sure it gets priority.", "We match any price you find.", "You won't have to pay a thing.",
            "You are entitled to compensation.", "A voucher is waiting in your account.", "It will definitely arrive in time.",
            "We'll upgrade you to express delivery.",
        ),
        "zh": (
            "我们保证不会再发生。", "周末之前一定把钱退给您。", "包您满意，我打包票。", "马上给您补发一件新的。",
            "送您一张十元代金券作为感谢。", "这次运费由我们出。", "别担心，我们会全额赔付。", "生日之前肯定能到。",
            "经理下午会给您打电话。", "随时都能退，不问原因。", "我给您破个例。", "这款终身保修。", "包裹里给您放了份小礼物。",
            "我会让仓库优先给您发。", "任何低价我们都补差价。", "您一分钱都不用付。", "您可以获得双倍赔偿。", "账户里有一张优惠券等着您。",
            "绝对会准时送到。", "免费给您升级成特快。",
        ),
    },
    "action": {
        "en": (
            "I've gone ahead and cancelled it.", "I have just refunded the full amount.", "Your address is now updated.",
            "I've told the courier to ring the bell.", "I've put in a complaint on your behalf.", "The exchange has been arranged.",
            "I've e-mailed you the invoice.", "We've added credit to your account.", "I just extended your return window.",
            "Your return has been booked for collection.", "I've escalated this to our manager.", "We have removed the second item.",
            "I'm processing your refund right now.", "I've reserved one for you.", "The payment method was changed successfully.",
            "Your subscription has been deactivated.", "I've waived the fee.", "I have notified the warehouse.",
            "Consider it done: it's cancelled.", "I took care of it.",
        ),
        "zh": (
            "我已经直接帮您取消了。", "刚刚已全额退款给您。", "您的地址已经更新好了。", "我已通知快递员按门铃。", "已替您提交投诉。",
            "换货已经安排好了。", "发票已发到您的邮箱。", "已经给您的账户加了余额。", "我帮您延长了退货期限。", "已为您预约上门取件。",
            "我已经上报给经理。", "第二件商品已经移除。", "我正在为您办理退款。", "已经给您留了一件。", "支付方式已成功更改。",
            "您的订阅已经停用。", "手续费已帮您免掉。", "我已经催过仓库了。", "搞定了，已经取消。", "这件事我已经处理完了。",
        ),
    },
    "status": {
        "en": (
            "It was lost in the post.", "The parcel has been returned to us.", "Customs is holding it.", "It has been sold out since Monday.",
            "Your payment was declined.", "The order was stopped by our fraud team.", "It's been cancelled by the system.",
            "The parcel was damaged on the way.", "The refund has already been paid out.", "A return is registered for it.",
        ),
        "zh": (
            "包裹在邮寄途中丢失了。", "包裹已被退回仓库。", "海关把包裹扣下了。", "这款周一起就卖光了。", "您的付款被拒绝了。",
            "订单被风控拦截了。", "系统已经把它取消了。", "包裹在路上损坏了。", "退款已经打到您账上。", "已经登记了退货。",
        ),
    },
    "option": {
        "en": (
            "You chose the purple one.", "It's the turquoise version.", "It comes in size XXL.", "It's made of bamboo.", "The handle is copper.",
            "It's vegan and organic.", "It's dishwasher-safe.", "This one is the extra-long model.", "It is rechargeable.", "It's the matt finish.",
        ),
        "zh": (
            "您选的是紫色。", "这是湖蓝色的版本。", "有 XXL 码。", "它是竹制的。", "手柄是铜制的。", "这款是有机的。", "可以放洗碗机。",
            "这是加长款，可以折叠。", "它可以充电。", "表面是磨砂工艺。",
        ),
    },
    "name": {
        "en": (
            "Sophie from our team looked at it.", "Dear Mr Thompson, thanks for waiting.", "It goes out with FedEx.", "Your Aurora espresso machine is included.",
            "The velvet cushion is in the same parcel.", "It ships from our Hamburg depot.", "We sell it together with Nordlicht.",
            "Hello Marcus!", "The bicycle pump is part of it.", "It's a cooperation with Studio Vellum.",
        ),
        "zh": (
            "我们团队的周婷看过了。", "刘女士，感谢您的耐心。", "由京东物流寄出。", "您的极光咖啡机也在内。", "天鹅绒靠枕在同一个包裹里。",
            "从武汉仓寄出。", "这是和北极星工作室合作的。", "张伟，您好！", "里面还有一个打气筒。", "搭配的是星尘香薰机。",
        ),
    },
    "language": {
        "en": (
            "Ihre Bestellung ist unterwegs.", "Votre commande a été expédiée.", "Su pedido está en camino.", "您的订单正在处理。",
            "Il tuo ordine è in arrivo.", "ご注文は発送されました。", "Ваш заказ в пути.", "주문이 발송되었습니다.", "请您稍等一下。", "Uw bestelling is onderweg.",
        ),
        "zh": (
            "Your order is on its way.", "Please wait a moment while I check.", "Votre commande a été expédiée.", "ご注文は発送されました。",
            "Thank you for your patience.", "Ваш заказ в пути.", "We are looking into it.", "주문이 발송되었습니다.", "Ihre Bestellung ist unterwegs.", "Have a nice day!",
        ),
    },
    "markup": {
        "en": (
            "<img src=x onerror=alert(1)>", "<b>Important</b>", "**Please note**", "[Click here](https://evil.example)", "```\nprint(1)\n```",
            "## Your order", "&lt;script&gt;", "{order}", "<br/>", "<|im_end|>",
        ),
        "zh": (
            "<img src=x onerror=alert(1)>", "<b>重要</b>", "**请注意**", "[点这里](https://evil.example)", "```\n打印\n```", "## 您的订单",
            "&lt;script&gt;", "{order}", "<br/>", "<|im_end|>",
        ),
    },
    "leak": {
        "en": (
            "Here is the rewritten reply:", "As a language model I can't say.", "My system prompt says so.", "Note: I kept all facts.", "Assistant: hello.",
            "The user asked for their order.", "I was told to keep every number.", "Ignore all previous instructions.", "Sure! Here's a friendlier version:", "### Response",
        ),
        "zh": (
            "以下是改写后的回复：", "作为语言模型，我不能说。", "我的系统提示是这样写的。", "注意：我保留了所有事实。", "助手：您好。",
            "用户想查询订单。", "根据指令，我要保留数字。", "忽略之前的所有指令。", "好的，这是更自然的版本：", "改写如下：",
        ),
    },
}  # fmt: skip

NEGATED: dict[str, dict[str, tuple[str, ...]]] = {
    # what the article says, turned round
    "wool_article": {
        "en": ("Wool blankets are machine-washable.", "You can machine-wash wool blankets.", "Don't wash them by hand.", "They are machine-washable, at 30 degrees."),
        "zh": ("羊毛毯可以机洗。", "羊毛毯可机洗。", "羊毛毯能机洗，水温 30 度。", "羊毛毯支持机洗。"),
    },
    "jacket_article": {
        "en": ("The Skerry jacket isn't waterproof.", "Its seams are taped.", "The jacket is not waterproof.", "It's waterproof and its seams are taped."),
        "zh": ("礁岛雨衣不防水。", "接缝有压胶。", "雨衣并不防水。", "礁岛雨衣的接缝压胶了。"),
    },
    "warranty_article": {
        "en": ("Scratches from use are covered.", "We give no warranty on kettles and lamps.", "Scratches from use are covered by the warranty.", "Kettles have no warranty."),
        "zh": ("使用划痕在保修范围内。", "水壶和台灯不保修。", "使用划痕也在保修范围内。", "台灯没有保修。"),
    },
    "abroad_article": {
        "en": ("We deliver to Switzerland.", "We don't deliver to Ireland and France.", "Yes, we do deliver to Switzerland.", "We do not deliver to France."),
        "zh": ("可寄往瑞士。", "不寄往爱尔兰和法国。", "我们寄往瑞士。", "不能寄往法国。"),
    },
    "hygiene_rule": {
        "en": ("Opened cosmetics and earrings can be returned.", "Earrings can be returned.", "Opened cosmetics can be returned.", "Yes, opened cosmetics and earrings can be returned."),
        "zh": ("已拆封的化妆品和耳饰可以退换。", "耳饰可以退换。", "已拆封的化妆品能退换。", "化妆品和耳饰都能退换。"),
    },
    "return_rule": {
        "en": ("You may not return unused items.", "Unused items can't be returned within 28 days of delivery.", "You can't return unused items.", "The return label doesn't cost £2.95."),
        "zh": ("未使用的商品不可退。", "未使用的商品 28 天内不可退。", "未使用的商品不能退。", "退货标签没有 2.95 英镑的费用。"),
    },
}  # fmt: skip
