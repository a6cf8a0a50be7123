"""Words that nobody gave: names, products, places, colours and properties beyond the evidence and a service desk's vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from regulars.language.grounding.evidence import codes, concept_kind, concepts_in, numbers
from regulars.language.grounding.findings import Draft, Finding
from regulars.language.grounding.rules import CHINESE, ENGLISH
from regulars.language.grounding.texts import WORD, Span, is_question, sentences, stem, without

_SIZE = re.compile(r"(?<![\w'’-])(?:XXS|XS|S|M|L|XL|XXL|XXXL)(?![\w'’-])")
_START = re.compile(r"(?:^|[.!?:;。！？：；\n“”\"(（•–—-])\s*$")
_HOUSES = re.compile(r"(?:和|与|由|是|在|从|的|^)(?P<house>[\u4e00-\u9fff]{2,5}?)(?:工作室|公司|集团|旗舰店|品牌)")
_OWN_HOUSES = ("快递", "物流", "本", "我们", "贵", "的", "哪个", "什么", "这个", "您", "其他")
_LATIN_IN_CHINESE = frozenset(("pdf", "ok", "app", "id", "sms", "faq", "url", "vip"))


def strange_words(draft: Draft) -> Iterator[Finding]:
    yield from _options(draft)
    bare = draft.bare
    taken = [(code.start, code.end) for code in codes(bare)]
    taken += [(one.start, one.end) for one in numbers(bare)]
    bare = without(bare, taken)
    strange = list(_latin(draft, bare))
    if draft.evidence.frame.locale == "zh":
        strange += _chinese(draft, bare)
    for span in _joined(strange, draft.text):
        yield draft.finding(span, "name", "Neither a fact or passage nor a service desk's vocabulary holds this.")


def _options(draft: Draft) -> Iterator[Finding]:
    evidence = draft.evidence
    for concept, span in concepts_in(draft.bare):
        if concept not in evidence.concepts:
            yield draft.finding(span, "option", f"No fact or passage holds this {concept_kind(concept)}.")
    for begin, end in sentences(draft.bare):
        if not is_question(draft.bare[begin:end]):
            for match in _attributes().finditer(draft.bare, begin, end):
                noun = match["en"] or match["zh"]
                if stem(noun) not in evidence.stems and noun not in evidence.joined:
                    yield draft.finding(match.span(), "option", "Nothing is known of such a part or version.")
    for match in _SIZE.finditer(draft.text):
        if match[0] not in evidence.words:
            yield draft.finding(match.span(), "option", "No fact or passage holds this size.")


@lru_cache(maxsize=1)
def _attributes() -> re.Pattern[str]:
    forms = (
        rules["attribute"].replace("?P<noun>", f"?P<{name}>") for rules, name in ((ENGLISH, "en"), (CHINESE, "zh"))
    )
    return re.compile("|".join(forms), re.I)


@lru_cache(maxsize=1)
def _base() -> frozenset[str]:
    return frozenset(stem(word) for word in ENGLISH["words"].split())


def _latin(draft: Draft, bare: str) -> Iterator[Span]:
    evidence = draft.evidence
    chinese = evidence.frame.locale == "zh"
    for match in WORD.finditer(bare):
        word = re.sub(r"(?i)(?:n't|'(?:s|ll|ve|re|d|m|t))$", "", match[0])
        if len(word) < 2 or stem(word) in evidence.stems:
            continue
        if chinese:
            if word.lower() not in _LATIN_IN_CHINESE:
                yield match.span()
        elif stem(word) not in _base() or (
            word[0].isupper()
            and len(word) > 2
            and not word.isupper()
            and not _START.search(draft.text[: match.start()])
        ):
            yield match.span()


def _chinese(draft: Draft, bare: str) -> Iterator[Span]:
    evidence = draft.evidence
    plain_signs = set(CHINESE["characters"])
    products = set(CHINESE["products"])
    for run in re.finditer(r"[\u4e00-\u9fff]+", bare):
        signs, start = run[0], run.start()
        covered = [False] * len(signs)
        for place in range(len(signs) - 1):
            if signs[place : place + 2] in evidence.joined:
                covered[place] = covered[place + 1] = True
        unknown = [
            not covered[place] and sign not in plain_signs and sign not in evidence.joined
            for place, sign in enumerate(signs)
        ]
        for place, sign in enumerate(signs):
            if not covered[place] and (unknown[place] or sign in products):
                yield start + place, start + place + 1
        for word in (*CHINESE["product_words"], *CHINESE["names"]):
            for match in re.finditer(re.escape(word), signs):
                if word not in evidence.joined:
                    yield start + match.start(), start + match.end()
    for match in _HOUSES.finditer(bare):
        if match["house"] not in evidence.joined and not match["house"].endswith(_OWN_HOUSES):
            yield match.span("house")
    for match in _person().finditer(bare):
        group = "who" if match["who"] else "name"
        if match[group] not in evidence.joined:
            yield match.span(group)


@lru_cache(maxsize=1)
def _person() -> re.Pattern[str]:
    """A surname with a title, or a short name just after a greeting."""
    surnames, titles = CHINESE["surnames"], "|".join(CHINESE["titles"])
    return re.compile(
        rf"(?<![\u4e00-\u9fff])(?P<who>[{surnames}][\u4e00-\u9fff]{{0,2}}?)(?:{titles})"
        rf"|(?:您好|你好|亲爱的|尊敬的)[，, ]?(?P<name>[{surnames}][\u4e00-\u9fff]{{1,2}})(?=[，,！!：:。])"
    )


def _joined(spans: list[Span], text: str) -> list[Span]:
    """Neighbouring words as one."""
    found: list[Span] = []
    for start, end in sorted(set(spans)):
        if found and start <= found[-1][1] + 1 and "\n" not in text[found[-1][1] : start]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
