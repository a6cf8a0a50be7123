"""What the demo's customers write to the shop, turn by turn, and what its people answer. Data only: the assistant's part is its own."""

from __future__ import annotations

from dataclasses import dataclass

Says = tuple[str, str]
"""(after, words): the words are said if the assistant's last reply is an act that begins with `after`; "" is always."""

END_OPEN, END_TAKEN = "waiting", "taken"


@dataclass(frozen=True, slots=True)
class Script:
    """One way in which a conversation goes.

    needs: what its customer has: an order that is "paid", "shipped", "late" (shipped some days ago), "delivered" or "returned", a product
    that was "viewed", or "" for nothing. says: by language, one of several ways to say it. answer: a person's words by language, once the customer waits for one.
    signed: is the customer signed in, or do they say who they are? ending: how it stands at the day's end: "" for over and done, "waiting"
    while nobody has answered, "taken" while a person has it. ratings: one of these is given, 0 for none.
    """

    needs: str
    says: dict[str, tuple[tuple[Says, ...], ...]]
    answer: dict[str, str] | None = None
    signed: bool = True
    ending: str = ""
    ratings: tuple[int, ...] = (0,)


_YES = {"en": ("confirm:", "Yes, please."), "zh": ("confirm:", "好的，确认")}


SCRIPTS: dict[str, Script] = {
    "where": Script(
        "shipped",
        {
            "en": (
                (("", "Hello, where is my order {order}?"), ("", "Thanks, that helps.")),
                (("", "Has {order} left your warehouse yet?"), ("", "Perfect, thank you!")),
                (("", "Can you tell me the tracking number of {order}?"),),
            ),
            "zh": (
                (("", "你好，我的订单 {order} 到哪儿了？"), ("", "好的，谢谢")),
                (("", "{order} 发货了吗？运单号是多少？"), ("", "谢谢")),
            ),
        },
        ratings=(5, 4, 0, 5, 0),
    ),
    "where-unknown": Script(
        "shipped",
        {
            "en": ((("", "Where is my parcel?"), ("verify:", "{email}"), ("ask_slot:order", "{order}"), ("", "Great, thank you.")),),
            "zh": ((("", "我的包裹到哪儿了？"), ("verify:", "{email}"), ("ask_slot:order", "{order}"), ("", "谢谢")),),
        },
        signed=False,
        ratings=(4, 0),
    ),
    "stuck": Script(
        "late",
        {
            "en": (
                (("", "My parcel {order} hasn't moved for days. Where is it?"), ("", "That doesn't help me. Can I talk to a real person?")),
            ),
            "zh": ((("", "包裹 {order} 好几天没动了，到底在哪儿？"), ("", "这没用，帮我转人工吧")),),
        },
        {
            "en": "Hello {name}, this is Kim. I have asked Parcel Post about {order}; it is on the lorry again. If it isn't with you in three days, write to us here and we send a new one.",
            "zh": "{name}你好，我是小林。我问过承运方，{order} 已重新装车。若三天后还没收到，在这里告诉我们，我们补发一份。",
        },
        ending=END_TAKEN,
        ratings=(4, 3, 5),
    ),
    "cancel": Script(
        "paid",
        {
            "en": (
                (("", "Hi, I ordered {order} by mistake. Please cancel it."), ("ask_slot:", "Ordered by mistake"), _YES["en"], ("", "Thank you!")),
                (("", "I'd like to cancel my order {order}, I don't need it any more."), ("ask_slot:", "No longer needed"), _YES["en"]),
            ),
            "zh": (
                (("", "你好，订单 {order} 下错了，想取消。"), ("ask_slot:", "下错了"), _YES["zh"], ("", "谢谢")),
                (("", "请帮我取消订单 {order}，不需要了。"), ("ask_slot:", "不需要了"), _YES["zh"]),
            ),
        },
        ratings=(5, 5, 0),
    ),
    "cancel-late": Script(
        "shipped",
        {
            "en": ((("", "Can I still cancel order {order}?"), ("", "Pity. Never mind, thanks.")),),
            "zh": ((("", "订单 {order} 现在还能取消吗？"), ("", "好吧，算了")),),
        },
        ratings=(3, 2, 0),
    ),
    "return": Script(
        "delivered",
        {
            "en": (
                (("", "I'd like to return order {order}, it isn't what I had in mind."), ("ask_slot:items", "All of it, please."), ("ask_slot:method", "Back to how I paid, please."), _YES["en"], ("", "Thank you.")),
            ),
            "zh": (
                (("", "我想退订单 {order}，和想象的不一样。"), ("ask_slot:items", "全部都退"), ("ask_slot:method", "原路退回"), _YES["zh"], ("", "谢谢")),
            ),
        },
        ratings=(4, 5, 0),
    ),
    "refund": Script(
        "returned",
        {
            "en": ((("", "Has the refund for {order} gone out?"), ("", "Thanks!")),),
            "zh": ((("", "订单 {order} 的退款处理了吗？"), ("", "谢谢")),),
        },
        ratings=(5, 4),
    ),
    "product": Script(
        "viewed",
        {
            "en": (
                (("", "Is the {title} in stock?"), ("", "Thanks!")),
                (("", "How much is the {title}?"),),
            ),
            "zh": (
                (("", "{title}有货吗？"), ("", "谢谢")),
                (("", "{title}多少钱？"),),
            ),
        },
        ratings=(5, 0, 0),
    ),
    "product-unsaid": Script(
        "viewed",
        {
            "en": (
                (("", "Can the {title} go in the dishwasher?"), ("", "No, thanks.")),
                (("", "Is the {title} made by hand?"), ("", "No, thanks.")),
            ),
            "zh": ((("", "{title}能进洗碗机吗？"), ("", "不用了，谢谢")),),
        },
        ratings=(2, 3, 0),
    ),
    "find": Script(
        "",
        {
            "en": ((("", "A teapot, please. What do you have?"), ("", "Lovely, thanks.")), (("", "Do you have a backpack?"),)),
            "zh": ((("", "有茶壶吗？"), ("", "谢谢")),),
        },
        ratings=(5, 0),
    ),
    "help": Script(
        "",
        {
            "en": (
                (("", "How much is delivery?"), ("", "Great, thanks!")),
                (("", "Do you deliver to Ireland?"), ("", "Thank you.")),
                (("", "Do you wrap gifts?"),),
                (("", "How do I look after a cast iron pan?"), ("", "Thanks, good to know.")),
                (("", "How long is the warranty on a backpack?"),),
                (("", "How many days do I have to return something?"), ("", "Thanks!")),
            ),
            "zh": (
                (("", "运费是多少？"), ("", "谢谢")),
                (("", "可以寄到国外吗？"),),
                (("", "提供礼品包装吗？"), ("", "好的，谢谢")),
                (("", "保修多久？"),),
            ),
        },
        ratings=(5, 4, 0, 5, 0, 0),
    ),
    "gap": Script(
        "",
        {
            "en": (
                (("", "Do you have a shop I can visit? When are you open?"), ("", "No, thanks.")),
                (("", "Do you have a loyalty programme with points?"), ("", "No, thanks.")),
                (("", "Is there a showroom in London?"), ("", "No, thanks.")),
                (("", "Can you engrave a name on it?"), ("", "No, that's all.")),
                (("", "Do you sell to restaurants at a trade price?"), ("", "No, thanks.")),
            ),
            "zh": (
                (("", "你们有会员积分吗？"), ("", "不用了，谢谢")),
                (("", "可以自己上门取货吗？"), ("", "不用了，谢谢")),
                (("", "可以刻字吗？"), ("", "不用了")),
            ),
        },
        ratings=(3, 2, 0),
    ),
    "gap-person": Script(
        "",
        {
            "en": ((("", "Do you have a shop I can visit? When are you open?"), ("no_evidence", "Yes, please.")),),
            "zh": ((("", "你们有会员积分吗？"), ("no_evidence", "好的")),),
        },
        {
            "en": "Hello {name}, this is Kim. We have no shop that you can visit: everything is sent from our warehouse. We answer here from Monday to Saturday, 9:00 to 18:00.",
            "zh": "{name}你好，我是小林。我们没有会员积分，但订单满 40 英镑免运费。",
        },
        ending=END_TAKEN,
        ratings=(5, 4),
    ),
    "praise": Script(
        "",
        {
            "en": ((("", "I love your shop, great service!"),),),
            "zh": ((("", "你们服务太好了！"),),),
        },
        ratings=(5,),
    ),
    "upset": Script(
        "late",
        {
            "en": (
                (("", "This is the second parcel that comes late. I'm really annoyed."), ("", "I want to talk to a person about {order}, now.")),
                (("", "Nobody told me that {order} is late. This is unacceptable, get me a human."),),
                (("", "{order} was a birthday present, and the birthday is over. A person, please."),),
            ),
            "zh": (
                (("", "订单 {order} 又晚了，太差劲了！"), ("", "我要找真人客服")),
                (("", "{order} 等了这么久还没到，让你们经理来处理。"),),
            ),
        },
        {
            "en": "Hello {name}, this is Kim. I'm sorry: that should not have happened twice. I have looked at {order} and we give you back what delivery cost.",
            "zh": "{name}你好，我是小林。很抱歉让你又等了。我看过 {order} 了，运费退还给你。",
        },
        ending=END_OPEN,
        ratings=(3, 2),
    ),
    "broken": Script(
        "delivered",
        {
            "en": ((("", "Something in order {order} arrived broken."), ("", "I have a photograph. Please let me talk to somebody.")),),
            "zh": ((("", "订单 {order} 收到时有一件坏了。"), ("", "我拍了照片，请转人工")),),
        },
        {
            "en": "Hello {name}, this is Kim. I'm sorry about that. Please send the photograph to help@example.com; a new one goes out today.",
            "zh": "{name}你好，我是小林。很抱歉。请把照片发到 help@example.com，今天就补发。",
        },
        ending=END_TAKEN,
        ratings=(5, 4),
    ),
}  # fmt: skip

ROTA: tuple[tuple[str, ...], ...] = (
    ("where", "cancel", "help", "product", "gap-person", "upset"),
    ("where", "return", "help", "gap", "broken", "upset"),
    ("where-unknown", "cancel", "find", "product-unsaid", "stuck", "upset"),
    ("where", "cancel-late", "help", "gap", "broken", "upset"),
    ("where-unknown", "refund", "help", "product", "gap-person", "upset"),
    ("where", "return", "praise", "gap", "stuck", "upset"),
    ("help", "cancel", "find", "product-unsaid", "broken", "upset"),
)
"""What is written on a day, by the day's number modulo seven: a week holds everything, each day ends with one who waits and one who is with
a person.
"""
