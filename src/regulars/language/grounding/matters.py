"""Of which thing something is said: a sentence about one order takes figures and states from that order alone.

Facts of one thing among several share their name's beginning ("orders.1.id", "orders.1.total"); facts of several roles
say theirs by the last part ("total", "refund"). Both are compared with the words of the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from regulars.language.grounding.evidence import Known, numbers, place_of, state_matches
from regulars.language.grounding.figures import supporters
from regulars.language.grounding.findings import Draft, Finding
from regulars.language.grounding.rules import SHARED
from regulars.language.grounding.texts import sentences

_BETWEEN = re.compile(r"(?<!\d),|,(?!\d)|[，、()（）]|\band\b|\bof which\b|其中", re.I)


def said_of_matters(draft: Draft) -> Iterator[Finding]:
    yield from _of_another(draft)
    yield from _in_another_role(draft)


def _of_another(draft: Draft) -> Iterator[Finding]:
    anchors = _anchors(draft)
    if len(set(anchors.values())) < 2:
        return
    text = draft.text
    for begin, end in _lines(text):
        line = text[begin:end]
        about = {group for form, group in anchors.items() if form in line}
        if len(about) != 1:
            continue
        (group,) = about
        for said in numbers(line):
            holders = supporters(said, draft.evidence)
            if holders and not any(_belongs(known, group) for known in holders):
                span = (begin + said.start, begin + said.end)
                yield draft.finding(span, "binding", "This is known of another thing than the one named beside it.")
        for start, shown in _shown_of_others(draft, line, group):
            yield draft.finding((begin + start, begin + start + len(shown)), "binding", "Another thing's is shown so.")
        for concept, match in state_matches(line):
            groups = _groups_in_state(draft, concept)
            if groups and "" not in groups and group not in groups:
                span = (begin + match.start(), begin + match.end())
                yield draft.finding(span, "binding", "Another thing than the one named beside it stands so.")


def _shown_of_others(draft: Draft, line: str, group: str) -> Iterator[tuple[int, str]]:
    """States and options in a line that only other things have."""
    own: set[str] = set()
    others: set[str] = set()
    for fact in draft.evidence.frame.facts:
        if fact.kind in ("status", "option") and len(fact.shown) > 1:
            (own if place_of(fact.name)[0] in ("", group) else others).add(fact.shown)
    for shown in others - own:
        place = line.find(shown)
        if place >= 0 and not any(shown in one for one in own) and not _true_of(draft, shown, group):
            yield place, shown


def _true_of(draft: Draft, shown: str, group: str) -> bool:
    """Whether a state follows from the group's own: what was delivered has been shipped."""
    rules = SHARED["status"]
    keys = {place_of(fact.name)[0]: str(fact.value) for fact in draft.evidence.frame.facts if fact.kind == "status"}
    states = {rules["aliases"].get(key, key) for place, key in keys.items() if place == group}
    implied = {one for state in states for one in rules["implies"].get(state, ())} | states
    meant = {rules["aliases"].get(key, key) for place, key in keys.items() if _says(draft, place, shown)}
    return bool(meant & implied)


def _says(draft: Draft, place: str, shown: str) -> bool:
    return any(place_of(fact.name)[0] == place and fact.shown == shown for fact in draft.evidence.frame.facts)


def _belongs(known: Known | None, group: str) -> bool:
    """Whether a fact is of the group, or of something inside it or around it, or of none."""
    return known is None or not known.group or known.group.startswith(group) or group.startswith(known.group)


def _anchors(draft: Draft) -> dict[str, str]:
    """What names a thing among several → its group; a form that names two things names none."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for fact in draft.evidence.frame.facts:
        group, _role = place_of(fact.name)
        if group and fact.kind in ("id", "name") and len(fact.shown) > 2:
            if found.get(fact.shown, group) != group:
                twice.add(fact.shown)
            found[fact.shown] = group
    return {form: group for form, group in found.items() if form not in twice}


def _groups_in_state(draft: Draft, concept: str) -> set[str]:
    rules = SHARED["status"]
    found = set()
    for fact in draft.evidence.frame.facts:
        if fact.kind == "status":
            key = str(fact.value).lower().replace(" ", "_")
            key = rules["aliases"].get(key, key)
            if concept == key or concept in rules["implies"].get(key, ()) or concept in rules["denies"].get(key, ()):
                found.add(place_of(fact.name)[0])
    return found


def _in_another_role(draft: Draft) -> Iterator[Finding]:
    roles: dict[str, list[str]] = SHARED["roles"]
    text = draft.bare
    for start, part in _parts(text):
        lower = part.lower()
        spoken = [role for role, forms in roles.items() if any(re.search(form, lower) for form in forms)]
        if len(spoken) != 1:
            continue
        for said in numbers(part):
            if said.kind not in ("money", "date"):
                continue
            held = [known for known in supporters(said, draft.evidence) if known is not None]
            if not held or any(known.fact is None or known.fact.kind not in ("money", "date") for known in held):
                continue
            named = [_role_of(known.role, roles) for known in held]
            if all(role is not None and role != spoken[0] and _kind_of(role) == said.kind for role in named):
                if _kind_of(spoken[0]) != said.kind:
                    continue
                span = (start + said.start, start + said.end)
                yield draft.finding(span, "binding", "The fact with this value is of something else.")


def _role_of(name: str, roles: dict[str, list[str]]) -> str | None:
    words = name.replace("_", " ")
    return next((role for role, forms in roles.items() if any(re.search(form, words) for form in forms)), None)


def _kind_of(role: str) -> str:
    return "date" if role.endswith("_date") else "money"


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Parts of sentences in which a role and its figure stand together: a colon doesn't part them."""
    for begin, end in sentences(text):
        start = begin
        for cut in [*_BETWEEN.finditer(text, begin, end), None]:
            stop = cut.start() if cut else end
            yield start, text[start:stop]
            start = cut.end() if cut else end


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1
