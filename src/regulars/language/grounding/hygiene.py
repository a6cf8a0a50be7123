"""What no reply may hold, whatever it says: markup, control signs, a prompt's remains, another language, too much text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from regulars.language.grounding.findings import Draft, Finding
from regulars.language.grounding.rules import BY_LOCALE
from regulars.language.grounding.texts import CJK

MAX_CHARACTERS = 3_000
"""A reply longer than this is a page. The longest that is composed, ten orders in a list, has a third of it."""
_MARKUP = re.compile(
    r"</?[A-Za-z!][^<>\n]{0,200}>?|&(?:[a-z]{2,8}|#\d{2,6});|(?<![\w*])\*\*(?=\S)|\*\*(?![*@\w])|__\w|```|`[^`\n]*`|\]\(|^\s{0,3}#{1,6}\s|^\s{0,3}>\s"
    r"|^\s{0,3}\|.*\||^\s{0,3}\*\s|\bjavascript:|\bdata:\w+/|\bon\w+\s*=\s*[\"']|\{\{?[\w.\" :]*\}?\}|\[\[|<\|"
    r"|\[/?(?:INST|SYS|USER|ASSISTANT|[A-Z]{3,}[-_]\d+)\]|\{\s*\"",
    re.I | re.M,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_OTHER_SCRIPTS = re.compile(r"[\u0370-\u052f\u0590-\u06ff\u0900-\u0dff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]+")
_CJK_RUN = re.compile(r"[\u3400-\u9fff，。！？、：；]*[\u3400-\u9fff]+[\u3400-\u9fff，。！？、：；]*")
_REPEATED = re.compile(r"(.{12,120}?)(?:\s*\1){2,}", re.S)


def unfit(draft: Draft) -> Iterator[Finding]:
    text = draft.text
    if not text.strip():
        yield draft.finding((0, len(text)), "length", "The text is empty.")
        return
    if len(text) > MAX_CHARACTERS:
        yield draft.finding((MAX_CHARACTERS, len(text)), "length", f"The text has over {MAX_CHARACTERS:,} characters.")
    for match in _MARKUP.finditer(text):
        yield draft.finding(match.span(), "markup", "A reply is plain text.")
    for match in _CONTROL.finditer(text):
        yield draft.finding(match.span(), "markup", "A reply has no control or invisible signs.")
    for match in _REPEATED.finditer(text):
        yield draft.finding(match.span(), "length", "The text goes round in circles.")
    for pattern in _leaks():
        for match in pattern.finditer(draft.bare):
            yield draft.finding(match.span(), "leak", "This belongs to instructions, not to a reply.")
    yield from _another_language(draft)


def _another_language(draft: Draft) -> Iterator[Finding]:
    locale = draft.evidence.frame.locale
    for match in _OTHER_SCRIPTS.finditer(draft.bare):
        yield draft.finding(match.span(), "language", "The reply is in another script than its reader's.")
    if locale == "en":
        for match in _CJK_RUN.finditer(draft.bare):
            yield draft.finding(match.span(), "language", "The reply is for a reader of English.")
    elif not CJK.search(draft.text) and re.search(r"[A-Za-z]{3,}", draft.bare):
        yield draft.finding((0, len(draft.text)), "language", "The reply is for a reader of Chinese.")


@lru_cache(maxsize=1)
def _leaks() -> list[re.Pattern[str]]:
    return [re.compile(form, re.I | re.M) for rules in BY_LOCALE.values() for form in rules["leaks"]]
