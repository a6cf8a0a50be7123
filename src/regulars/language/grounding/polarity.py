"""Whether a text says the opposite of what is known: a "not" dropped or put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from regulars.language.grounding.evidence import Evidence, codes, concepts_in
from regulars.language.grounding.findings import Draft, Finding
from regulars.language.grounding.rules import BY_LOCALE, ENGLISH
from regulars.language.grounding.texts import (
    Clause,
    clauses,
    content,
    denying,
    is_question,
    negations,
    sentences,
    stem,
    without,
)

_ALIKE = 0.6
_CONDITION = re.compile(r"\W*(?:if|when|unless|in case)\b|\W*(?:如果|若|要是|假如)", re.I)
_NEAR = 0.12
_REFUSING = (
    "refused",
    "no_evidence",
    "nothing",
    "cannot",
    "verify",
    "unavailable",
    "clarify",
    "chitchat",
    "handed_over",
)
_ADVERB = r"(?:(?:really|actually|fully|always|very|quite|also|be|been|being|to|yet|currently|any|an|a|the)\s+)*"
_NEGATED = re.compile(
    rf"(?:\bnot|n't|\bcannot|\bnever|\bno|\bwithout)\s+{_ADVERB}(?P<en>[a-z][a-z-]+(?:\s+[a-z][a-z-]+)?)"
    r"|(?:不可以|不可|不能|不得)(?P<modal>[退换寄送洗用改取发付])"
    r"|(?:不可以|不可|不能|不支持|不含|不包含|不包括|不得|不会|不适合|不防|不|没有|无|未|非|勿)(?P<zh>[\u4e00-\u9fff]{2,3})",
    re.I,
)
_LITTLE = frozenset(ENGLISH["function_words"].split())
_ABLE = re.compile(
    r"\b(?:can|do|does|yes|sure|also|too|fine|ok|okay|possible|allowed|welcome)\b|可以|可|能|也|都|支持|没问题", re.I
)
_COMMON: frozenset[str] = frozenset(ENGLISH["common_after_not"].split())


def turned_round(draft: Draft) -> Iterator[Finding]:
    evidence = draft.evidence
    text = without(draft.unquoted, [(one.start, one.end) for one in codes(draft.text)])
    excused = evidence.frame.act.startswith(_REFUSING)
    for begin, end in sentences(text):
        if is_question(text[begin:end]):
            continue
        parts = clauses(text, (begin, end))
        if len(parts) > 1 and not excused and _against_whole(text[begin:end], evidence):
            yield draft.finding((begin, end), "polarity", "What is known says the opposite.")
        for clause in parts:
            if _unable(clause.text) or _CONDITION.match(clause.text) or (excused and clause.negative):
                continue
            span = (clause.start, clause.start + len(clause.text))
            rules = (_against_nearest, _against_head) if excused else (_against_nearest, _against_head, _against_denied)
            if _against_concept(draft, clause) or any(rule(clause, evidence) for rule in rules):
                yield draft.finding(span, "polarity", "What is known says the opposite.")


def _against_nearest(clause: Clause, evidence: Evidence) -> bool:
    """Whether all known clauses that are most alike deny what this one asserts, or the other way round."""
    if len(clause.content) < 2:
        return False
    near = [
        (_likeness(clause, known), known.negative)
        for known, place in evidence.clauses
        if len(known.content) > 1 and (place.fact is None or place.fact.kind in ("text", "status", "option"))
    ]
    best = max((score for score, _ in near), default=0.0)
    if best < _ALIKE:
        return False
    return all(negative != clause.negative for score, negative in near if score >= best - _NEAR)


def _against_whole(sentence: str, evidence: Evidence) -> bool:
    """Whether a sentence of several clauses asserts what a clause denies."""
    about = content(sentence)
    if negations(sentence):
        return False  # which of the clauses it belongs to isn't known
    for known, place in evidence.clauses:
        whole = place.fact is None and len(known.content) > 1
        if whole and len(about & known.content) >= _ALIKE * len(about | known.content) and known.negative:
            return not any(
                not other.negative and about & other.content >= about & known.content for other, _ in evidence.clauses
            )
    return False


def _against_denied(clause: Clause, evidence: Evidence) -> bool:
    """Whether something that is only ever denied is said to be possible."""
    if clause.negative or not _ABLE.search(clause.text):
        return False
    held: dict[str, bool] = {}
    for known, place in evidence.clauses:
        if place.fact is None:
            for word in known.content:
                held[word] = held.get(word, True) and known.negative
    rare = {word for word in clause.content if held.get(word) and (not word.isascii() or stem(word) not in _ordinary())}
    return bool(rare)


@lru_cache(maxsize=1)
def _ordinary() -> frozenset[str]:
    return frozenset(stem(word) for word in ENGLISH["words"].split())


def _likeness(clause: Clause, known: Clause) -> float:
    """Shared content over all content (Jaccard)."""
    together = clause.content | known.content
    return len(clause.content & known.content) / len(together) if together else 0.0


def _against_concept(draft: Draft, clause: Clause) -> bool:
    evidence = draft.evidence
    for concept, _span in concepts_in(draft.bare[clause.start : clause.start + len(clause.text)]):
        known = evidence.concepts.get(concept)
        if known is not None and clause.negative not in known and not evidence.frame.act.startswith(("refused",)):
            return True
    return False


def _heads(text: str) -> set[str]:
    found = set()
    for match in _NEGATED.finditer(denying(text)):
        if match["modal"]:
            found.add(match["modal"])
        elif match["zh"]:
            found.add(match["zh"][:2])
        else:
            words = [word for word in match["en"].lower().split() if word not in _LITTLE]
            if words and words[0] not in _COMMON:
                found.add(words[0])
    return found


def _against_head(clause: Clause, evidence: Evidence) -> bool:
    """Whether a word that is known only denied is asserted here, or denied here and known only asserted."""
    lower = clause.text.lower()
    known = [
        (one, one.text.lower()) for one, place in evidence.clauses if place.fact is None or place.fact.kind == "text"
    ]
    for head in _heads(lower):
        holding = [one for one, text in known if _holds(text, head)]
        if holding and not any(one.negative for one in holding):
            return True
    for one, text in known:
        for head in _heads(text):
            if _holds(lower, head) and not clause.negative and len(clause.content & one.content) >= 2:
                holding = [other for other, said in known if _holds(said, head)]
                if all(other.negative for other in holding):
                    return True
    return False


def _holds(text: str, head: str) -> bool:
    return head in text if not head.isascii() else bool(re.search(rf"\b{re.escape(head)}\b", text))


def _unable(text: str) -> bool:
    text = text.replace("’", "'")
    return any(pattern.search(text) for pattern in _inability())


@lru_cache(maxsize=1)
def _inability() -> list[re.Pattern[str]]:
    return [re.compile(form, re.I) for rules in BY_LOCALE.values() for form in rules["inability"]]
