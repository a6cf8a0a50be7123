"""What a text claims about the order of things: states, promises, and actions said to have been done."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from regulars.language.grounding.evidence import Evidence, state_matches
from regulars.language.grounding.findings import Draft, Finding
from regulars.language.grounding.rules import BY_LOCALE
from regulars.language.grounding.texts import Clause, Span, clauses, content, is_question, negations, sentences, stem

_ACT_DOES = {"handed_over": "hand_over", "verify:done": "verify", "taken_over": "hand_over"}
_NOT_OF_QUESTIONS = frozenset({"future", "deliver", "contact", "refund", "replace", "soon", "favour"})
_NARROW = frozenset({"free", "discount", "gift", "replace", "best", "credit"})
_BY_VERB = frozenset({"future", "favour"})
_ALIKE = 0.5
_DENIED = re.compile(r"\bnot\b|n't\b|^(?:还?没有?|尚未|还未|未)", re.I)
_BY_US = re.compile(r"\b(?:i|we)\b|为您|帮您|给您|替您|我", re.I)
_STATE_OF = (
    ("refund", "refunded"),
    ("退款", "refunded"),
    ("return", "return_open"),
    ("退货", "return_open"),
    ("exchange", "exchange_open"),
    ("换货", "exchange_open"),
)
"""What a return, a refund or an exchange is called → the state that says it stands so."""


def claimed(draft: Draft) -> Iterator[Finding]:
    bare = draft.bare
    for begin, end in sentences(bare):
        sentence = bare[begin:end]
        asked = is_question(sentence)
        parts = clauses(bare, (begin, end))
        yield from _states(draft, sentence, begin, asked)
        yield from _promises(draft, sentence, begin, asked)
        for part in parts:
            yield from _actions(draft, part)
            if not asked:
                yield from _doings(draft, part)


def _states(draft: Draft, sentence: str, begin: int, asked: bool) -> Iterator[Finding]:
    if asked or _supposes(sentence):
        return
    true, false = draft.evidence.statuses
    grounded: list[Span] = []
    for concept, match in state_matches(sentence):
        clause = _clause_around(sentence, match.span())
        inside = concept != "out_of_stock" and bool(_DENIED.search(match[0]))
        negative = (negations(clause.text.replace(match[0], " ")) % 2 == 1) != inside
        known = concept in (false if negative else true)
        grounded.append(match.span())
        if not known and not _said_alike(clause, draft.evidence):
            span = (begin + match.start(), begin + match.end())
            yield draft.finding(span, "status", "No fact says that it stands so.")
    for match in _participles().finditer(sentence):
        if any(start < match.end() and match.start() < end for start, end in grounded):
            continue
        if not _happened(match, draft.evidence) and not _denied_before(sentence, match.span()):
            span = (begin + match.start(), begin + match.end())
            yield draft.finding(span, "status", "No fact and no passage says that this happened.")


def _denied_before(sentence: str, span: Span) -> bool:
    return negations(sentence[_clause_around(sentence, span).start : span[0]]) % 2 == 1


def _happened(match: re.Match[str], evidence: Evidence) -> bool:
    """Whether what is said to have happened is a word of the evidence, or says nothing of the shop's doing."""
    verb = match["en"] or match["zh"]
    generic = (form for rules in BY_LOCALE.values() for form in rules["actions"]["generic"])
    if evidence.frame.done and any(verb.lower().startswith(form) for form in generic):
        return True  # which action it was is another rule's matter
    if match["en"]:
        words = {word for clause in evidence.trusted for word in clause.content}
        return stem(verb) in words or verb.lower() in BY_LOCALE["en"]["harmless_participles"].split()
    if any(verb.startswith(word) for word in BY_LOCALE["zh"]["harmless_participles"]):
        return True
    return any(verb[:2] in clause.text for clause in evidence.trusted)


@lru_cache(maxsize=1)
def _participles() -> re.Pattern[str]:
    """What happened to something, whatever the verb: "has been …ed", 已经……."""
    return re.compile("|".join(BY_LOCALE[locale]["participle"] for locale in ("en", "zh")), re.I)


def _promises(draft: Draft, sentence: str, begin: int, asked: bool) -> Iterator[Finding]:
    evidence = draft.evidence
    for concept, pattern, meant in _promise_rules():
        if asked and concept in _NOT_OF_QUESTIONS:
            continue
        for match in pattern.finditer(sentence):
            clause = _clause_around(sentence, match.span())
            before = sentence[clause.start : match.start()]
            if negations(before) % 2 and concept not in ("free", "best"):
                continue
            if concept in _BY_VERB and (_supposes(sentence) or evidence.frame.done or _verb_known(match, evidence)):
                continue
            if concept == "free" and _costs_nothing(evidence):
                continue
            if (
                concept not in _BY_VERB
                and _meant(meant, evidence)
                and (concept not in _NARROW or _mostly_known(clause, match[0], evidence))
            ):
                continue
            if concept in _BY_VERB and _said_alike(clause, evidence):
                continue
            span = (begin + match.start(), begin + match.end())
            yield draft.finding(span, "promise", "No fact and no word of the shop promises this.")


def _meant(meant: list[str], evidence: Evidence) -> bool:
    """Whether the shop's own word holds one of the forms without denying it."""
    for clause in evidence.trusted:
        lower = clause.text.lower()
        for form in meant:
            if form in lower and negations(lower.replace(form, " ")) % 2 == 0:
                return True
    return False


def _mostly_known(clause: Clause, said: str, evidence: Evidence) -> bool:
    """Whether half of what the clause is about stands in the evidence: "express is free" isn't "returns are free"."""
    words = {word for word in content(clause.text.replace(said, " ")) if not word.isdigit()}
    known = {word for one, _ in evidence.clauses for word in one.content}
    known |= {word for one in evidence.trusted for word in one.content}
    return 2 * len(words & known) >= len(words)


def _costs_nothing(evidence: Evidence) -> bool:
    return any(
        one.kind == "money" and one.value == 0 and re.search(r"fee|cost|shipping|charge|delivery|price", known.role)
        for one, known in evidence.quantities
    )


def _verb_known(match: re.Match[str], evidence: Evidence) -> bool:
    verb = match.groupdict().get("verb") or ""
    if verb.isascii():
        return stem(verb) in {word for clause in evidence.trusted for word in clause.content}
    after = match.string[match.start("verb") : match.start("verb") + 2]
    return any(after in clause.text for clause in evidence.trusted)


def _actions(draft: Draft, clause: Clause) -> Iterator[Finding]:
    text = clause.text
    offset = len(text) - len(text.lstrip(' \t\n–-•“"'))
    for rules in BY_LOCALE.values():
        actions = rules["actions"]
        for pattern in _action_patterns(actions["said"]):
            for match in pattern.finditer(text, offset):
                before = text[offset : match.start()]
                if _supposes(before) or negations(before) % 2:
                    continue
                if not _done(match, text, actions, draft.evidence):
                    span = (clause.start + match.start(), clause.start + match.end())
                    yield draft.finding(span, "action", "No action of this turn has been written down as done.")


def _doings(draft: Draft, clause: Clause) -> Iterator[Finding]:
    """Whatever else is told as having been done or having happened: "I moved it", "it went out", 卖光了."""
    evidence = draft.evidence
    true, _ = evidence.statuses
    if _supposes(clause.text) or clause.negative:
        return
    states = [match.span() for concept, match in state_matches(clause.text) if concept in true]
    for rules in BY_LOCALE.values():
        for key, kind in (("by_us", "action"), ("of_things", "status")):
            match = _compiled(rules["actions"][key]).search(clause.text)
            if match is None or any(start < match.end() and match.start() < end for start, end in states):
                continue
            verb = match["verb"].lower()
            if _harmless(verb, rules["actions"], key) or _told_of(verb, evidence):
                continue
            if kind == "action" and _done(match, clause.text, rules["actions"], evidence):
                continue
            if kind == "status" and evidence.frame.done:
                continue
            span = (clause.start + match.start(), clause.start + match.end())
            yield draft.finding(span, kind, "No fact and no passage says that this happened.")


def _harmless(verb: str, actions: dict[str, Any], key: str) -> bool:
    words = actions.get(f"harmless_{key}", actions["harmless_by_us"])
    if isinstance(words, str):
        return stem(verb) in {stem(word) for word in words.split()}
    return any(word in verb for word in words)


def _told_of(verb: str, evidence: Evidence) -> bool:
    if verb.isascii():
        return stem(verb) in {word for clause in evidence.trusted for word in clause.content}
    return any(verb[-2:] in clause.text for clause in evidence.trusted) if len(verb) > 1 else False


@lru_cache(maxsize=16)
def _compiled(form: str) -> re.Pattern[str]:
    return re.compile(form, re.I)


def _done(match: re.Match[str], text: str, actions: dict[str, Any], evidence: Evidence) -> bool:
    frame = evidence.frame
    done = {
        *frame.done,
        *(name for act, name in _ACT_DOES.items() if frame.act == act or frame.act.startswith(f"{act}:")),
    }
    verb = (match.groupdict().get("verb") or match[0]).lower()
    lower = text.lower()
    owners = {action for action, forms in actions["owners"].items() if any(form in verb for form in forms)}
    if owners:
        return bool(owners & done)
    if not _BY_US.search(match[0]) and any(
        form in lower and state in evidence.statuses[0] for form, state in _STATE_OF
    ):
        return True
    objects = [set(names) for form, names in actions["objects"].items() if form in lower]
    if objects:
        return any(names & done for names in objects)
    return bool(done) and any(form in verb or form in match[0].lower() for form in actions["generic"])


def _clause_around(sentence: str, span: Span) -> Clause:
    """The clause in which a match begins, in a sentence."""
    best: Clause | None = None
    for clause in clauses(sentence):
        if clause.start <= span[0]:
            best = clause
    return best or Clause(sentence, 0, frozenset(), False)


def _said_alike(clause: Clause, evidence: Evidence) -> bool:
    """Whether the shop says nearly the same in general."""
    if len(clause.content) < 2:
        return False
    for known, place in evidence.clauses:
        general = place.trusted and (place.fact is None or place.fact.kind == "text")
        if general and known.negative == clause.negative:
            shared = len(clause.content & known.content)
            if (
                shared > 1
                and shared / len(clause.content) >= _ALIKE
                and shared / len(clause.content | known.content) >= _ALIKE * 0.8
            ):
                return True
    return False


def _supposes(text: str) -> bool:
    return any(pattern.search(text) for pattern in _suppositions())


@lru_cache(maxsize=1)
def _suppositions() -> list[re.Pattern[str]]:
    return [re.compile(form, re.I) for rules in BY_LOCALE.values() for form in rules["hypothetical"]]


@lru_cache(maxsize=1)
def _promise_rules() -> list[tuple[str, re.Pattern[str], list[str]]]:
    """(concept, how it is said, words of either language that ground it)."""
    concepts = dict.fromkeys(concept for rules in BY_LOCALE.values() for concept in rules["promises"])
    found = []
    for concept in concepts:
        parts = [rules["promises"][concept] for rules in BY_LOCALE.values() if concept in rules["promises"]]
        meant = [form for part in parts for form in part["meant"]]
        found += [(concept, re.compile("|".join(part["said"]), re.I), meant) for part in parts]
    return found


_PATTERNS: dict[str, list[re.Pattern[str]]] = {}


def _action_patterns(forms: list[str]) -> list[re.Pattern[str]]:
    if forms[0] not in _PATTERNS:
        _PATTERNS[forms[0]] = [re.compile(form, re.I) for form in forms]
    return _PATTERNS[forms[0]]
