"""What the gate answers with, and a text prepared for its rules. Knows no rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from regulars.language.grounding.evidence import Evidence
from regulars.language.grounding.quantities import plain
from regulars.language.grounding.texts import Span, sentences, without


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a text says without a ground. Places count characters of the text; reason is a plain sentence.

    kind: "number", "money", "percent", "duration", "date", "time", "id", "e-mail", "url", "phone", "name", "option",
    "status", "promise", "action", "polarity", "binding", "language", "markup", "leak" or "length".
    """

    start: int
    end: int
    kind: str
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text may go out."""

    passed: bool
    findings: tuple[Finding, ...]


_OPENERS = " \t“”\"'‘「『《>(（"


class Draft:
    """A text beside its evidence, with what it quotes blanked out for the rules that don't judge quotations."""

    def __init__(self, text: str, evidence: Evidence) -> None:
        self.text = text
        self.evidence = evidence

    @cached_property
    def quotes(self) -> list[Span]:
        """Whole sentences of trusted passages and text facts, word for word."""
        found = []
        for known in self.evidence.known:
            if known.fact is not None and known.fact.kind != "text":
                continue
            if not known.trusted:
                continue
            for begin, end in sentences(known.text):
                said = known.text[begin:end].strip().rstrip(".。;；")
                if len(said) >= 5:
                    found += [span for span in _places(said, self.text) if self._whole(span)]
        return found

    def _whole(self, span: Span) -> bool:
        """A quotation stands alone: else "We never promise" could be quoted without its first half."""
        before = self.text[: span[0]].rstrip(_OPENERS)
        after = self.text[span[1] :].lstrip("”\"'’」』》 ")
        begins = not before or before[-1] in ".!?。！？:：;；\n•–" or self.text[: span[0]].endswith("\n")
        return begins and (not after or after[0] in ".!?。！？;；\n)）")

    @cached_property
    def unquoted(self) -> str:
        return without(self.text, self.quotes)

    @cached_property
    def named(self) -> list[Span]:
        """Names, options and ids of the facts, as shown; titles of passages."""
        said = {
            form
            for fact in self.evidence.frame.facts
            if fact.kind in ("name", "option", "id", "text")
            for form in (fact.shown, str(fact.value))
        }
        said |= {passage.title for passage in self.evidence.frame.passages}
        found: list[Span] = []
        for form in sorted(said, key=len, reverse=True):
            if len(form) > 1:
                found += _places(form, self.text)
        return found

    @cached_property
    def bare(self) -> str:
        """The text without quotations and names: what the writer says of their own."""
        return plain(without(self.unquoted, self.named)).replace("’", "'")

    def finding(self, span: Span, kind: str, reason: str) -> Finding:
        return Finding(span[0], span[1], kind, self.text[span[0] : span[1]], reason)


def _places(said: str, text: str) -> list[Span]:
    pattern = re.escape(said)
    if said[:1].isascii() and said[:1].isalnum():
        pattern = rf"(?<![A-Za-z0-9]){pattern}"
    if said[-1:].isascii() and said[-1:].isalnum():
        pattern = rf"{pattern}(?![A-Za-z0-9])"
    return [match.span() for match in re.finditer(pattern, text)]
