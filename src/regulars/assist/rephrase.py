"""A chat model may say a composed reply more naturally; the gate decides whether it goes out. Knows no conversation.

What could tell who the customer is (names, e-mail, phone, addresses) leaves the machine as a placeholder and is put back
afterwards. Late, unreachable, refused or ungrounded: the composed reply goes out, and the trace says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from regulars.errors import RegularsError
from regulars.language.chat_models import ChatModel, Message
from regulars.language.grounding import Finding, check
from regulars.language.grounding.texts import content
from regulars.schema.conversations import Fact, Frame

LONGEST = 1.8
"""A rephrased reply has at most this many times the characters of the composed one, and LEEWAY more."""
LEEWAY = 120
_KEPT = 0.25
"""Less of the composed reply's content than this, and the model speaks of something else."""
SECONDS = 6.0
"""The time a turn may spend on it. After that nobody waits any more."""
PERSONAL = frozenset(
    [
        "name",
        "customer",
        "first_name",
        "last_name",
        "email",
        "phone",
        "address",
        "new_address",
        "old_address",
        "street",
        "postcode",
        "city",
        "recipient",
        "company",
        "tax_id",
    ]
)
"""Names of facts that tell who somebody is."""
_TOLD = {
    "en": "Say the shop's reply below in friendly, natural English, in the same meaning and at the same length. Keep every number, "
    "date, amount, name, link and every word in CAPITALS with a digit exactly. Add nothing, promise nothing. Plain text, only the reply.",
    "zh": "请把下面的客服回复改得自然、亲切，意思和长度不变。数字、日期、金额、名称、链接和带数字的大写词必须原样保留。不要添加内容，不要承诺。只输出纯文本回复。",
}
_EXAMPLES = {
    "en": (
        Message("user", "Order AB-1: shipped. Total: £5.00. Tracking number: T1."),
        Message("assistant", "Your order AB-1 has been shipped. The total is £5.00, and the tracking number is T1."),
        Message("user", "I can't find an order with that number. Could you check it?"),
        Message("assistant", "I'm sorry, I can't find an order with that number. Could you check it, please?"),
    ),
    "zh": (
        Message("user", "订单 AB-1 的状态：已发货。总额：£5.00。"),
        Message("assistant", "您的订单 AB-1 已发货，总额是 £5.00。"),
    ),
}
"""Pairs that a small model goes by rather than by the rules."""
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("EMAIL", re.compile(r"[A-Za-z0-9.+_…•*-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
    ("PHONE", re.compile(r"(?<![\w.,-])\+?\d[\d\s()-]{7,}\d(?![\w,-])")),
)


@dataclass(frozen=True, slots=True)
class Rephrased:
    """text: what goes out. by: the model's name, or "template". why: why the model's text didn't go out, "" when it did.

    draft: what the model said, personal data put back, None when it said nothing. findings: what the gate found in it.
    """

    text: str
    by: str
    why: str
    seconds: float
    draft: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text whose personal data are placeholders. kept: placeholder → what stood there."""

    text: str
    kept: dict[str, str]

    def restored(self, text: str) -> str | None:
        """Put everything back; None unless each placeholder stands there exactly as often as it did."""
        if not self.kept:
            return text
        holders = re.compile(rf"(?:{'|'.join(sorted(self.kept, key=len, reverse=True))})(?!\d)")
        if sorted(holders.findall(text)) != sorted(holders.findall(self.text)):
            return None
        return holders.sub(lambda match: self.kept[match[0]], text)


def rephrase(model: ChatModel, text: str, frame: Frame, seconds: float = SECONDS) -> Rephrased:
    """The model's wording of `text` if the gate lets it through, else `text`. Raises nothing that a model can cause."""
    redacted = redact(text, frame.facts)
    told = _TOLD.get(frame.locale, _TOLD["en"])
    try:
        said = model.complete(
            [Message("system", told), *_EXAMPLES.get(frame.locale, ()), Message("user", redacted.text)],
            max_tokens=40 + (2 if frame.locale == "zh" else 1) * len(redacted.text) // 2,
            timeout=seconds,
        )
    except RegularsError as error:
        return Rephrased(text, "template", error.code, seconds)
    if said.calls or not said.text:
        return Rephrased(text, "template", "empty", said.seconds)
    draft = redacted.restored(_unwrapped(said.text))
    if draft is None:
        return Rephrased(text, "template", "placeholder-lost", said.seconds, said.text)
    if len(draft) > LONGEST * len(text) + LEEWAY:
        return Rephrased(text, "template", "too-long", said.seconds, draft)
    missing = [fact.name for fact in frame.facts if _owed(fact, text) and fact.shown not in draft]
    if missing:
        return Rephrased(text, "template", "left-out", said.seconds, draft)
    if text.rstrip().endswith(("?", "？")) and not draft.rstrip().endswith(("?", "？")):
        return Rephrased(text, "template", "question-lost", said.seconds, draft)
    meant = content(text)
    if meant and len(meant & content(draft)) < _KEPT * len(meant):
        return Rephrased(text, "template", "drifted", said.seconds, draft)
    verdict = check(draft, frame)
    if not verdict.passed:
        return Rephrased(text, "template", "ungrounded", said.seconds, draft, verdict.findings)
    return Rephrased(draft, model.name, "", said.seconds, draft)


def redact(text: str, facts: tuple[Fact, ...] = ()) -> Redacted:
    """E-mail addresses, phone numbers, and the values of personal facts become placeholders such as NAME1.

    >>> redact("Write to ann@mail.example.").text
    'Write to EMAIL1.'
    """
    kept: dict[str, str] = {}
    by_text: dict[str, str] = {}

    def holder(kind: str, said: str) -> str:
        if said not in by_text:
            number = 1 + sum(1 for one in kept if one.startswith(kind))
            while f"{kind}{number}" in text:
                number += 1
            by_text[said] = f"{kind}{number}"
            kept[by_text[said]] = said
        return by_text[said]

    personal = [fact for fact in facts if fact.name.rpartition(".")[2] in PERSONAL]
    for fact in sorted(personal, key=lambda one: -len(one.shown)):
        said = " ".join(fact.shown.split())
        kind = {"email": "EMAIL", "phone": "PHONE"}.get(
            fact.name.rpartition(".")[2], "NAME" if fact.kind == "name" else "PLACE"
        )
        if said and said in text:
            text = text.replace(said, holder(kind, said))
    for kind, pattern in _KINDS:
        text = pattern.sub(lambda match, kind=kind: holder(kind, match[0]), text)  # type: ignore[misc]
    return Redacted(text, kept)


def _owed(fact: Fact, text: str) -> bool:
    """Whether a rewording has to say the fact: all that stands in the composed reply, but for state words and texts."""
    return fact.kind in ("money", "date", "number", "id", "duration") and fact.shown in text


def _unwrapped(text: str) -> str:
    """Without the quotation marks that models like to put around an answer."""
    text = text.strip()
    for opening, closing in (('"', '"'), ("“", "”"), ("「", "」")):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing) and text.count(opening) <= 2:
            return text[1:-1].strip()
    return text
