"""The gate: whether everything that a text says traces to a frame's facts or a cited passage.

It is strict on purpose: who asks has a deterministic text to send instead. It judges words, not the world: a fact that is
wrong passes. Service and content both use it, so it knows nothing of conversations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from regulars.language.grounding.claims import claimed
from regulars.language.grounding.evidence import Evidence
from regulars.language.grounding.figures import ungrounded_figures
from regulars.language.grounding.findings import Draft, Finding, Verdict
from regulars.language.grounding.hygiene import unfit
from regulars.language.grounding.matters import said_of_matters
from regulars.language.grounding.polarity import turned_round
from regulars.language.grounding.vocabulary import strange_words
from regulars.schema.conversations import Frame

RULES: tuple[Callable[[Draft], Iterator[Finding]], ...] = (
    unfit,
    ungrounded_figures,
    strange_words,
    claimed,
    turned_round,
    said_of_matters,
)


def check(text: str, frame: Frame) -> Verdict:
    """Find everything in `text` that doesn't follow from `frame`. Raises nothing: any text gets a verdict.

    >>> from regulars.schema.conversations import Fact
    >>> frame = Frame("order_status", "en", (Fact("total", "19.90", "money", "£19.90"),))
    >>> check("The total is £19.90.", frame).passed
    True
    >>> [(one.kind, one.said) for one in check("The total is £18.90.", frame).findings]
    [('money', '£18.90')]
    """
    draft = Draft(text, Evidence(frame))
    found = {(one.start, one.end, one.kind): one for rule in RULES for one in rule(draft)}
    findings = tuple(sorted(found.values(), key=lambda one: (one.start, one.end, one.kind)))
    return Verdict(not findings, findings)
