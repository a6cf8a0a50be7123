"""Figures and codes: each has to be one that the evidence holds, and to belong to the thing that the sentence is about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from regulars.language.grounding.evidence import Evidence, Known, codes, numbers
from regulars.language.grounding.findings import Draft, Finding
from regulars.language.grounding.quantities import Quantity, same_date
from regulars.language.grounding.texts import Span, clauses, is_question, sentences

_ENUMERATOR = re.compile(r"(?:^|\n)\s*$")
_AFTER_ENUMERATOR = re.compile(r"^[.)、．]\s?")


def ungrounded_figures(draft: Draft) -> Iterator[Finding]:
    evidence = draft.evidence
    for code in codes(draft.text):
        if code.kind == "phone":
            known = code.key in evidence.phones or any(code.key and code.key == key for key in evidence.codes)
        else:
            known = code.key in evidence.codes
        if not known and code.text not in evidence.joined:
            yield draft.finding((code.start, code.end), code.kind, f"No fact or passage holds this {code.kind}.")
    for said in numbers(draft.text):
        span = (said.start, said.end)
        if said.kind == "relative" and _asked(draft.text, span):
            continue
        if said.kind == "number" and _enumerates(draft.text, span):
            continue
        if not supporters(said, evidence):
            kind = {"relative": "date", "measure": "number"}.get(said.kind, said.kind)
            yield draft.finding(span, kind, f"No fact or passage holds this {kind}.")


def supporters(said: Quantity, evidence: Evidence) -> list[Known | None]:
    """What holds the same quantity; None stands for a count of things."""
    found: list[Known | None] = [
        known for one, known in evidence.quantities if agrees(said, one) and not (known.dating and _partial(said))
    ]
    if said.kind == "number" and said.value in evidence.sizes:
        found.append(None)
    return found


def _partial(said: Quantity) -> bool:
    return said.kind == "date" and isinstance(said.value, tuple) and None in said.value[:3]


def agrees(said: Quantity, known: Quantity) -> bool:
    """Whether what was said follows from what is known: same value, same unit; a bare number from any."""
    if said.kind == "number":
        return _bare_value(known) == said.value
    if said.kind == "measure" and known.kind == "number":
        return said.value == known.value  # "4.6 stars": the fact may hold the bare number
    if said.kind != known.kind:
        return False
    if said.kind == "date":
        assert isinstance(said.value, tuple)
        assert isinstance(known.value, tuple)
        return same_date(said.value, known.value)
    if said.kind == "money":
        return said.value == known.value and bool(set(said.unit.split("|")) & set(known.unit.split("|")))
    return said.value == known.value and said.unit == known.unit


def _bare_value(known: Quantity) -> object:
    return None if known.kind in ("date", "relative", "time", "duration") else known.value


def _asked(text: str, span: Span) -> bool:
    for begin, end in sentences(text):
        if begin <= span[0] < end and is_question(text[begin:end]):
            return span[0] >= clauses(text, (begin, end))[-1].start
    return False


def _enumerates(text: str, span: Span) -> bool:
    return bool(_ENUMERATOR.search(text[: span[0]]) and _AFTER_ENUMERATOR.match(text[span[1] :]))
