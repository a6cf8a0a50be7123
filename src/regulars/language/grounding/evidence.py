"""What a frame lets one say: its facts, its passages and the actions that were done, read into a form to compare with.

Reviews are other people's words: what they say of a product counts, what they promise doesn't.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache

from regulars.language.grounding.quantities import Quantity, plain, quantities
from regulars.language.grounding.rules import BY_LOCALE, SHARED
from regulars.language.grounding.texts import WORD, Clause, Span, clauses, sentences, stem, without
from regulars.schema.conversations import Fact, Frame

_UNIT_FORMS = "|".join(
    sorted(
        (re.escape(form) for unit in SHARED["units"] for form in unit["forms"] if form.isascii()), key=len, reverse=True
    )
)
_CODES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("e-mail", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.A)),
    ("url", re.compile(r"\bhttps?:/{1,2}[^\s，。）)>\"”\u3400-\u9fff]+|\bwww\.[^\s，。）)>\"”\u3400-\u9fff]+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|shop|store|cn|de|fr|eu|uk|co|info|biz|me|app|ly)\b(?:/[^\s，。）)>\"”\u3400-\u9fff]*)?", re.I | re.A)),
    ("phone", re.compile(r"(?<![\w.,-])(?:\+\d{1,3}[\s-]?)?(?:\(\d{2,5}\)[\s-]?)?\d{2,5}(?:[\s-]\d{2,5}){2,5}(?![\w,-])|(?<!\w)\+\d{8,15}\b|(?<!\d)1[3-9]\d{9}(?!\d)")),
    ("id", re.compile(rf"(?<![\w-])(?!(?:\d+(?:[.,]\d+)?[-\s]?(?:{_UNIT_FORMS}|st|nd|rd|th|am|pm)\b))(?=[\w/#-]*\d)(?=[\w/#-]*[A-Za-z#])#?[A-Za-z0-9]+(?:[-/_][A-Za-z0-9]+)*(?![\w])", re.I | re.A)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Code:
    """An e-mail address, a web address, a phone number, or an id of letters and digits."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        if self.kind == "phone":
            return re.sub(r"\D", "", self.text)
        return self.text.casefold().strip("#./")


def codes(text: str) -> list[Code]:
    """All codes of a text; what one kind takes the next doesn't read."""
    text = plain(text)
    found: list[Code] = []
    for kind, pattern in _CODES:
        rest = without(text, [(one.start, one.end) for one in found])
        for match in pattern.finditer(rest):
            said = match[0].rstrip(".")
            if kind == "id" and re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}T\d{2}|\d+(?:-[a-z]+)+|#\w*\D", said, re.I):
                continue
            if kind == "phone" and re.fullmatch(
                r"\d{4}-\d{1,2}-\d{1,2}|(?:\d{1,3} ){2,}\d{1,3}|\d{1,2}-\d{1,2}-\d{4}", said
            ):
                continue
            found.append(Code(kind, said, match.start(), match.start() + len(said)))
    return sorted(found, key=lambda one: one.start)


def numbers(text: str) -> list[Quantity]:
    """Quantities of a text outside its codes."""
    return quantities(without(text, [(one.start, one.end) for one in codes(text)]))


@dataclass(frozen=True, slots=True)
class Known:
    """A text that may be said. group: what it belongs to among several ("orders.1"), "" for all. trusted: the shop's word."""

    text: str
    group: str
    role: str
    trusted: bool
    fact: Fact | None
    dating: bool = False
    """Whether it is only the date of a passage, which says nothing of the shop's days."""


class Evidence:
    """A frame, read."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.known: list[Known] = []
        for fact in frame.facts:
            group, role = place_of(fact.name)
            said = [fact.shown]
            value = str(fact.value)
            if value != fact.shown and (fact.kind != "money" or not value.isdigit()):
                said.append(value)
            self.known += [Known(text, group, role, True, fact) for text in said if text]
        for passage in frame.passages:
            trusted = passage.source.partition(":")[0] not in SHARED["reviews"]
            self.known += [Known(text, "", "", trusted, None) for text in (passage.title, passage.text) if text]
            if passage.updated_at is not None:
                self.known.append(Known(f"{passage.updated_at:%Y-%m-%d}", "", "", trusted, None, dating=True))

    @cached_property
    def quantities(self) -> list[tuple[Quantity, Known]]:
        return [(one, known) for known in self.known for one in numbers(known.text)]

    @cached_property
    def codes(self) -> set[str]:
        found = {code.key for known in self.known for code in codes(known.text)}
        return found | {
            str(fact.value).casefold().strip("#") for fact in self.frame.facts if fact.kind in ("id", "text")
        }

    @cached_property
    def phones(self) -> set[str]:
        runs = (run for known in self.known for run in re.findall(r"\+?\d[\d\s()-]{5,}\d", known.text))
        return {re.sub(r"\D", "", run) for run in runs}

    @cached_property
    def stems(self) -> set[str]:
        texts = [part for known in self.known for part in (known.text, known.role.replace("_", " "))]
        return {stem(word) for text in texts for word in WORD.findall(plain(text))}

    @cached_property
    def words(self) -> set[str]:
        return {word for known in self.known for word in re.findall(r"[A-Za-z0-9]+", plain(known.text))}

    @cached_property
    def joined(self) -> str:
        return "\n".join(known.text for known in self.known)

    @cached_property
    def sizes(self) -> set[Decimal]:
        """How many there are of each thing of which there are several."""
        groups: dict[str, set[str]] = {}
        for fact in self.frame.facts:
            group = place_of(fact.name)[0]
            if group:
                groups.setdefault(group.rpartition(".")[0], set()).add(group)
        return {Decimal(len(members)) for members in (*groups.values(), self.frame.passages)}

    @cached_property
    def clauses(self) -> list[tuple[Clause, Known]]:
        found = []
        for known in self.known:
            fact = known.fact
            if fact is not None and known.text.strip().casefold() in (*SHARED["yes"], *SHARED["no"]):
                name = known.role.replace("_", " ")
                negative = known.text.strip().casefold() in SHARED["no"]
                found += [(Clause(name, 0, clauses(name)[0].content, negative), known)] if name.strip() else []
                continue
            found += [(clause, known) for clause in clauses(known.text)]
        return found

    @cached_property
    def statuses(self) -> tuple[set[str], set[str]]:
        """Which states may be stated, and which may be denied."""
        rules = SHARED["status"]
        stated = {concept for name in self.frame.done for concept in SHARED["done_status"].get(name, ())}
        dated: set[str] = set()
        for fact in self.frame.facts:
            role = place_of(fact.name)[1]
            if fact.kind == "status":
                key = str(fact.value).lower().replace(" ", "_").replace("-", "_")
                refund = "refund" in role or self.frame.act.startswith("refund")
                stated.update((f"refund_{key}", key) if refund else (rules["aliases"].get(key, key),))
            if match := re.fullmatch(r"(\w+?)_(?:at|on|date)", role):
                dated.add(match[1])
        true = stated | dated
        true.update(implied for concept in stated | dated for implied in rules["implies"].get(concept, ()))
        false = {denied for concept in stated for denied in rules["denies"].get(concept, ())}
        for known in self.known:
            if known.fact is not None and known.fact.kind in ("status", "text"):
                for concept, negative in states_in(known.text):
                    (false if negative else true).add(concept)
        return true, false

    @cached_property
    def concepts(self) -> dict[str, set[bool]]:
        """Colours, materials and properties that are known → whether denied, in whichever clause they stand."""
        found: dict[str, set[bool]] = {}
        for clause, _known in self.clauses:
            for concept, _span in concepts_in(clause.text):
                found.setdefault(concept, set()).add(clause.negative)
        return found

    @cached_property
    def trusted(self) -> list[Clause]:
        """Clauses that are the shop's own word; for a fact also its name."""
        found = [clause for clause, known in self.clauses if known.trusted]
        names = [
            known.role.replace("_", " ") for known in self.known if known.fact is not None and known.fact.kind != "name"
        ]
        names += [
            self.frame.act.replace("_", " ").replace(":", " "),
            *(name.replace("_", " ") for name in self.frame.done),
        ]
        return found + [clause for name in names if name.strip() for clause in clauses(name)]


def place_of(name: str) -> tuple[str, str]:
    """A fact's name → (group, role): "orders.1.refund_total" is ("orders.1", "refund_total"), "total" is ("", "total")."""
    group, _, role = name.rpartition(".")
    return (group, role) if re.search(r"\d", group) else ("", role or name)


@lru_cache(maxsize=1)
def _concept_pattern() -> re.Pattern[str]:
    forms = []
    for place, concept in enumerate(SHARED["concepts"].values()):
        english = "|".join(sorted(map(re.escape, concept["en"]), key=len, reverse=True))
        forms.append(rf"(?P<c{place}>\b(?:{english})\b|{'|'.join(concept['zh'])})")
    return re.compile("|".join(forms), re.I)


def concepts_in(text: str) -> list[tuple[str, Span]]:
    """Colours, sizes, materials and properties that a text names."""
    names = list(SHARED["concepts"])
    return [
        (names[int(match.lastgroup[1:])], match.span())
        for match in _concept_pattern().finditer(plain(text))
        if match.lastgroup
    ]


def concept_kind(concept: str) -> str:
    kind: str = SHARED["concepts"][concept]["kind"]
    return kind


@lru_cache(maxsize=1)
def _state_patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (concept, re.compile("|".join(forms), re.I))
        for rules in BY_LOCALE.values()
        for concept, forms in rules["status"].items()
    ]


def state_matches(text: str) -> list[tuple[str, re.Match[str]]]:
    """States that a text asserts or denies."""
    text = text.replace("’", "'")
    return [(concept, match) for concept, pattern in _state_patterns() for match in pattern.finditer(text)]


def states_in(text: str) -> list[tuple[str, bool]]:
    """(state, denied) of a fact's own text, which may be one word ("Shipped", "已发货")."""
    found = []
    for begin, end in sentences(text):
        for clause in clauses(text, (begin, end)):
            lower = clause.text.lower()
            meant = {concept for concept, match in state_matches(clause.text) if match}
            for rules in BY_LOCALE.values():
                meant.update(
                    name for name, forms in rules["status_meant"].items() if any(form in lower for form in forms)
                )
            found += [(concept, clause.negative) for concept in meant]
    return found
