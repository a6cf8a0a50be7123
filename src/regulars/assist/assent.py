"""Yes, no, and leave it: the three answers that decide. English and Chinese.

A yes is explicit and nothing beside it: each word of the message has to belong to the vocabulary of agreeing or of politeness. A
condition, another wish, a doubt or a question is none of these words, so none of them can pass for a yes. A word of four letters or more
may have one slip of the fingers in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from regulars.assist.texts import CJK, alike, plain, words_in

LONGEST = 12
"""Words of a message from which on it says more than yes."""

_YES = words_in(
    """
yes|y|yeah|yep|yup|aye|ok|okay|okey|sure|correct|right|exactly|absolutely|definitely|certainly|of course|confirm|confirmed|i confirm|i do
agreed|i agree|proceed|go ahead|go on|go for it|do it|do that|do so|please do|please|make it so|sounds good|looks good|looks right|fine|perfect
that's right|that's correct|that's fine|that's good|that's ok|that's okay|that's it|thats right|thats correct|thats fine|that is right
that is correct|that is fine|it's right|it's correct|it's fine|it is right|it is correct|alright|all right|all good|very well|by all means
""", "|"
)  # fmt: skip
_ALONE_NO_YES = frozenset(["please"])
_POLITE = words_in(
    """
please|thanks|thank you|thx|ty|cheers|very much|a lot|so much|kindly|then|now|it|this|that|with it|with that|and|so|just|great|good|lovely|for me|if you would
confirm that|confirm it|confirm this|hi|hello
""", "|"
)  # fmt: skip
_YES_ZH = words_in(
    "是的 是 对的 对 好的 好吧 好呀 好啊 好 可以的 可以 确认 确定 没错 没问题 行 嗯嗯 嗯 同意 继续 就这样 就这么办 就这么定 这么办 办吧 办理 正确 无误 不错"
)
_POLITE_ZH = words_in(
    "我 请您 请你 请 麻烦您 麻烦你 麻烦了 麻烦 谢谢您 谢谢你 谢谢 谢啦 谢了 多谢 辛苦了 的 得 吧 了 啦 呀 啊 哦 哈 嘛 噢 那就 就 那 您 你 帮我 给我 帮忙 都 完全 信息 去办 办一下 处理一下 处理 办 一下"
)
_NO = words_in(
    """no|n|nope|nah|no thanks|no thank you|don't|dont|do not|no don't|no dont|stop|wait|not now|never mind|nevermind|cancel that|no stop|i changed my mind|leave it|forget it|no wait|rather not|no way
不|不是|不要|不用|不用了|不行|别|算了|先不|等等|等一下|不对|不可以|不同意|取消吧|还是算了|先别|不了|不要了|我改主意了""", "|"
)  # fmt: skip
_LEAVE = words_in(
    "never mind|nevermind|forget it|leave it|let it be|leave it be|leave it as it is|stop|forget about it|drop it|cancel this request|i changed my mind|skip it|no matter|doesn't matter|it doesn't matter|not needed|not needed any more",
    "|",
)
_LEAVE_ZH = words_in(
    "算了 算啦 算了吧 不用了 先不弄了 不弄了 不办了 不换了 不改了 不退了 不要了 不需要了 没事了 不必了 作罢 我改主意了 放弃"
)
_BEGINS_NO = re.compile(
    r"(?:(?:hmm|hm|well|sorry|oh|oops|actually|um|uh|er)\s+)*(?:no\b|not\b|nope\b|nah\b|don't\b|dont\b|do not\b|rather not\b|better not\b|never mind)"
    r"|(?:嗯|呃|哦|抱歉|那个)*\s*(?:不|别|先不|先别|还是不|还是别|还是算|算了|暂时不|没有?要)"
)
_NONE = words_in(
    """none|none of them|none of these|none of those|neither|neither of them|nothing of that|no none|not these|none fits|none of them helps
都不是|都不对|都没有|没有一个|都不行|都不合适|没有我要的|一个都不是""", "|"
)  # fmt: skip
_MARKUP = re.compile(r"[<>{}\[\]=|\\/`@#$%^*_0-9]")
"""What no person agrees with: a message with one of these was made by something else, or says more than yes."""
_ENOUGH = re.compile(r"(?:不错|没错|不客气)")


def is_yes(text: str) -> bool:
    """An explicit yes and nothing else: "yes, but to another card" is none.

    >>> is_yes("Yes, please!"), is_yes("好的，麻烦办一下。"), is_yes("Yes, that's corect"), is_yes("行，谢谢 👍")
    (True, True, True, True)
    >>> is_yes("<confirm/>"), is_yes('{"confirm": true}')
    (False, False)
    >>> is_yes("yes but tomorrow"), is_yes("is that right?"), is_yes("对吗"), is_yes("not ok"), is_yes("👍"), is_yes("incorrect")
    (False, False, False, False, False, False)
    """
    if text.rstrip().endswith(("?", "？")) or _MARKUP.search(text):
        return False
    said = plain(text)
    if not said or len(said) > 120:
        return False
    if CJK.search(said):
        return _covered_zh(said.replace(" ", ""), _YES_WORDS_ZH)
    words = said.split()
    return len(words) <= LONGEST and _covered(words)


def is_no(text: str, *, bare: bool = False) -> bool:
    """A no, and what may follow it; bare: a no and nothing else.

    >>> is_no("No, I meant the blue one"), is_no("No, I meant the blue one", bare=True), is_no("Hmm no, don't do that."), is_no("不错")
    (True, False, True, False)
    """
    said = plain(text)
    if said in _NO:
        return True
    return not bare and len(said) < 200 and _BEGINS_NO.match(said) is not None and not _ENOUGH.match(said)


def is_leave(text: str) -> bool:
    """Leave it, and nothing beside it but politeness.

    >>> is_leave("OK, then leave it."), is_leave("那不弄了 😅"), is_leave("行吧，算啦"), is_leave("leave it at the door"), is_leave("ok")
    (True, True, True, False, False)
    """
    said = plain(text)
    if CJK.search(said):
        return len(said) <= 24 and _covered_zh(said.replace(" ", ""), _LEAVE_WORDS_ZH)
    return len(said.split()) <= LONGEST and _covered(said.split(), _LEAVE, _POLITE | _YES)


def is_none(text: str) -> bool:
    """None of what was offered, and nothing beside it.

    >>> is_none("None of them, thanks."), is_none("都不是"), is_none("none left in stock?")
    (True, True, False)
    """
    said = plain(text)
    if CJK.search(said):
        return said.replace(" ", "").strip("的呢吧") in _NONE
    words = said.split()
    return 0 < len(words) <= LONGEST and _covered(words, _NONE)


def _covered(words: list[str], meant: frozenset[str] = _YES, beside: frozenset[str] = _POLITE) -> bool:
    """Is the message made of the vocabulary alone, with a word of what is meant in it? Longer phrases first."""
    agreed = False
    at = 0
    while at < len(words):
        for many in (4, 3, 2, 1):
            phrase = " ".join(words[at : at + many])
            if at + many > len(words):
                continue
            if _in(phrase, meant):
                agreed = agreed or phrase not in _ALONE_NO_YES
            elif not _in(phrase, beside):
                continue
            at += many
            break
        else:
            return False
    return agreed


def _in(phrase: str, among: frozenset[str]) -> bool:
    if phrase in among:
        return True
    words = phrase.split()
    if not any(len(word) >= 4 for word in words):
        return False
    return any(
        len(known := one.split()) == len(words) and all(alike(word, right) for word, right in zip(words, known, strict=True))
        for one in among
    )  # fmt: skip


def _covered_zh(said: str, vocabulary: Sequence[tuple[str, bool]]) -> bool:
    """The same for a text without spaces: some way of cutting it into the vocabulary, with one of the words that count in it."""
    if len(said) > 24 or said.endswith(("吗", "么", "呢")):
        return False
    # Of each place: can it be reached, and with a word that counts on the way.
    reached: dict[int, bool] = {0: False}
    for at in range(len(said)):
        if at not in reached:
            continue
        for word, yes in vocabulary:
            if said.startswith(word, at):
                reached[at + len(word)] = reached.get(at + len(word), False) or reached[at] or yes
    return reached.get(len(said), False)


_YES_WORDS_ZH = [(one, True) for one in _YES_ZH] + [(one, False) for one in _POLITE_ZH]
_LEAVE_WORDS_ZH = [(one, True) for one in _LEAVE_ZH] + [(one, False) for one in (*_POLITE_ZH, *_YES_ZH)]
