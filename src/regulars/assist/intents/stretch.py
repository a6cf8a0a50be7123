"""Stretches sparse labels: weak rules that vote, and the model's own surest guesses. Offline; labels nothing that it isn't sure of.

A weak rule is a pattern that hints at an intent. How far each is to be trusted is measured on the labelled texts (Ratner et al. 2017,
with labels in place of the generative model). A pseudo-label (Lee 2013) is taken only if the model is sure and, where rules
speak, they agree.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars.assist.intents.model import IntentModel, clean, script_of
from regulars.assist.intents.settings import OUT_OF_SCOPE, Example
from regulars.errors import InvalidInput

PRIOR = 2.0
"""Imagined labelled texts on which a rule was right half of the time: a rule seen once isn't believed yet."""

MIN_TRUST = 0.7
MIN_LABELS = 3
"""Labelled texts that a rule made from words has to hold in."""


@dataclass(frozen=True, slots=True)
class WeakRule:
    """pattern: a regular expression, searched without regard to case. intent: what it hints at."""

    pattern: str
    intent: str

    def holds(self, text: str) -> bool:
        """Raises InvalidInput when the pattern can't be read."""
        try:
            return re.search(self.pattern, text, re.IGNORECASE) is not None
        except re.error as error:
            raise InvalidInput(
                f"The pattern {self.pattern!r} can't be read: {error}.",
                hint="Write a regular expression.",
                field="pattern",
            ) from error


@dataclass(frozen=True, slots=True)
class PseudoLabel:
    """An example that nobody labelled. weight: 0 to 1, how sure. by: "rules", "model" or "both"."""

    example: Example
    weight: float
    by: str


def trust(rules: Sequence[WeakRule], labelled: Sequence[Example]) -> dict[WeakRule, float]:
    """How often each rule was right on labelled texts, drawn towards one half: (hits + 1) / (times + 2).

    >>> rule = WeakRule("refund", "refund_status")
    >>> trust([rule], [Example("where is my refund", "refund_status")] * 8)[rule]
    0.9
    """
    out = {}
    for rule in rules:
        held = [one.intent == rule.intent for one in labelled if rule.holds(one.text)]
        out[rule] = (sum(held) + PRIOR / 2) / (len(held) + PRIOR)
    return out


def mined_rules(labelled: Sequence[Example], most: int = 200) -> list[WeakRule]:
    """Rules made of the labelled texts: words, and pairs of Chinese characters, that stand nearly always with one intent."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for one in labelled:
        for word in set(_words(clean(one.text).lower())):
            seen[word][one.intent] += 1
    found = []
    for word, intents in seen.items():
        intent, times = intents.most_common(1)[0]
        total = sum(intents.values())
        sure = (times + 1) / (total + PRIOR)
        if times >= MIN_LABELS and sure >= MIN_TRUST and intent != OUT_OF_SCOPE:
            pattern = re.escape(word) if script_of(word) == "cjk" else rf"\b{re.escape(word)}\b"
            found.append((sure * times, word, WeakRule(pattern, intent)))
    found.sort(key=lambda one: (-one[0], one[1]))
    return [rule for _, _, rule in found[:most]]


def vote(text: str, trusted: Mapping[WeakRule, float]) -> tuple[str, float] | None:
    """The intent that the rules agree on, and how sure: 1 − Π (1 − trust) of those for it, less the same of those against it."""
    missed: dict[str, float] = {}
    for rule, share in trusted.items():
        if share >= MIN_TRUST and rule.holds(text):
            missed[rule.intent] = missed.get(rule.intent, 1.0) * (1 - share)
    if not missed:
        return None
    ranked = sorted(missed.items(), key=lambda one: (one[1], one[0]))
    sure = 1 - ranked[0][1]
    if len(ranked) > 1:
        sure -= 1 - ranked[1][1]
    return (ranked[0][0], sure) if sure >= MIN_TRUST else None


def pseudo_labels(
    unlabelled: Sequence[str],
    model: IntentModel,
    trusted: Mapping[WeakRule, float] | None = None,
    sure: float = 0.9,
    each: int = 50,
) -> list[PseudoLabel]:
    """What can be labelled without asking: texts in scope whose probability is `sure` or more and that no rules contradict, or half
    as unsure and confirmed by rules. At most `each` an intent, the surest, so that a common intent doesn't drown the others.
    """
    texts = list(dict.fromkeys(text for text in map(clean, unlabelled) if text))
    found: dict[str, list[PseudoLabel]] = defaultdict(list)
    for text, prediction in zip(texts, model.predict(texts), strict=True):
        said = vote(text, trusted or {})
        locale = "zh" if script_of(text) == "cjk" else "en"
        agree = said is not None and said[0] == prediction.intent
        needed = 1 - 2 * (1 - sure) if agree else sure
        if prediction.in_scope and prediction.probability >= needed and (said is None or agree):
            label = Example(text, prediction.intent, locale)
            weight = prediction.probability if said is None else max(prediction.probability, said[1])
            found[label.intent].append(PseudoLabel(label, weight, "both" if agree else "model"))
        elif said is not None and not prediction.in_scope:
            # The model doesn't know such texts yet: the rules alone may teach it.
            found[said[0]].append(PseudoLabel(Example(text, said[0], locale), said[1], "rules"))
    return [
        label
        for _, labels in sorted(found.items())
        for label in sorted(labels, key=lambda one: (-one.weight, one.example.text))[:each]
    ]


def _words(text: str) -> list[str]:
    words = [word for word in re.findall(r"[^\W\d_]{3,}", text) if script_of(word) == "latin"]
    for run in re.findall(r"[\u3400-\u4dbf\u4e00-\u9fff]+", text):
        words += [run[at : at + 2] for at in range(len(run) - 1)]
    return words
