"""English sentences from a sheet's details: predicates that share a subject, labels with values, choices, what buyers say."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from regulars.content.dice import Dice
from regulars.content.lexicon import words_of
from regulars.content.sheet import MIN_REVIEWS, Detail, Sheet, is_plural
from regulars.schema.content import Sentence, Tone

LOCALE = "en"
_ADJECTIVAL = re.compile(r"(?:safe|proof|free|able|ible|resistant|friendly|less|made|organic|vegan|cancelling|wireless|reversible|portable|lightweight|elastic|stretchy|padded|lined|hooded|insulated|refillable|non-slip|ed|drying)$", re.I)  # fmt: skip
_VERBS = {"is": "are", "has": "have", "was": "were", "does": "do"}
_NO_ARTICLE = re.compile(r"^(?:the|a|an|my|our|your|this|that|these|one|ten|\d|what|where|how|when|letters)\b", re.I)
_VOWEL = re.compile(r"^(?:[aeio]|u(?!ni|se|su|ti)|hour|heir|honest|8|11\b|18\b)", re.I)


def listed(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def article(word: str) -> str:
    return "an" if _VOWEL.match(word) else "a"


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class English:
    """One product's sentences. dice: which of the ways to say a thing is taken."""

    locale = LOCALE
    stop = "."

    def __init__(self, sheet: Sheet, tone: Tone, dice: Dice) -> None:
        self.sheet, self.tone, self.dice = sheet, tone, dice
        self.title = sheet.title(LOCALE)
        self.noun, self.plural = _numbered_noun(sheet.nouns.get(LOCALE, ""), self.title)
        self.is_book = any(one.role is not None and one.role.key == "author" for one in sheet.details)
        self.brand = sheet.record.brand or ""

    # What the subject is called.

    def named(self) -> str:
        """The subject as a first sentence has it."""
        title = self.title
        if re.search(r"[\u4e00-\u9fff]", title):
            return f"This {self.noun}" if self.noun and not self.plural else f"These {self.noun}" if self.noun else "It"
        bare = self._with_article()
        if self.brand and self.brand.casefold() not in title.casefold():
            return f"{bare} {self.dice.one(('from', 'by'))} {self.brand}"
        return bare

    def _with_article(self) -> str:
        if self.is_book:
            return f"“{self.title}”"
        return self.title if _NO_ARTICLE.match(self.title) or len(self.title.split()) > 9 else f"The {self.title}"

    def again(self) -> str:
        """The subject once it is known."""
        it = "They" if self.plural else "It"
        if self.noun and self.dice.chance(0.45):
            return f"{'These' if self.plural else 'This'} {self.noun}"
        return it

    # Parts.

    def predicate(self, detail: Detail) -> str | None:
        """ "is made of stoneware"; None where it is better told with its label."""
        role = detail.role
        if role is None:
            return self.counted(detail)
        if role.plain or detail.yes is not None or "en" not in role.say:
            return None
        values = [_inside(value, role.key) for value in detail.said[LOCALE]]
        if role.counted and not all(re.fullmatch(r"\d[\d,]*", value) for value in values):
            return None
        if role.measured and not all(re.search(r"\d", value) for value in values):
            return None
        if any(len(value) > 70 or re.search(r"[:;!?]\s|\n", value) for value in values):
            return None
        if role.key != "author" and any(re.search(r"\.\s", value) for value in values):
            return None
        if role.key == "material" and not all(_is_material(value) for value in values):
            return None
        if role.key in ("size", "height", "width", "depth") and not all(
            re.search(r"\d", value) and not re.search(r"[a-z]{4,}$", value) for value in values
        ):
            return None  # "26 cm diameter" measures nothing
        if role.key == "origin" and not all(value[:1].isupper() for value in values):
            return None
        if role.key == "closure" and len(values) > 1:
            return None
        if (
            role.key == "contains"
            and len(values) == 1
            and not re.match(r"(?:an?|the|\d+|one|two)\b", values[0], re.I)
            and "," not in values[0]
        ):
            return None
        form = self.dice.one(role.say["en"])
        if " a {v}" in form:
            if len(values) > 1 or len(values[0].split()) > 3:
                return None
            noun = form.rpartition("{v} ")[2]
            if noun and noun.split()[-1].lower() in values[0].lower().split():
                form = form.replace(f"{{v}} {noun}", "{v}")
            return form.replace(" a {v}", f" {article(values[0])} {values[0]}")
        if form.endswith("{v} sleeves") and values[0].lower().endswith(("sleeve", "sleeves", "sleeved")):
            return None
        return form.format(v=listed(values))

    def sentence(self, subject: str, predicates: Sequence[str], plural: bool) -> str:
        """ "The teapot is made of clay, comes in navy and holds 1 l."""
        said = [_numbered(one, plural) for one in predicates]
        shared = said[0].split()[0]
        if len(said) == 2 and shared in ("is", "are") and said[1].startswith(f"{shared} ") and self.dice.chance(0.5):
            said[1] = said[1].removeprefix(f"{shared} ")
        return f"{capital(subject)} {listed(said)}."

    def _unwieldy(self) -> bool:
        """Whether the title is no subject for a sentence: "Organic green tea, 20 bags"."""
        return not self.is_book and (bool(re.search(r"[,:;(/|]|\s[–-]\s", self.title)) or len(self.title.split()) > 8)

    def opening(self, details: Sequence[Detail], predicates: Sequence[str]) -> Sentence:
        about = ("title", *(("brand",) if self.brand else ()), *(one.name for one in details))
        named = self.named()
        plural = self.plural and not named.startswith("It")
        if not predicates:
            return self._bare()
        if self._unwieldy() and named.startswith(("The ", self.title)):
            start = self.title
            if self.brand and self.brand.casefold() not in start.casefold():
                start = f"{start} from {self.brand}"
            rest = listed([_numbered(one, plural) for one in predicates])
            return Sentence(f"{capital(start)}: {'they' if plural else 'it'} {rest}.", about)
        if self.tone == "lively" and not named.startswith(("This", "These", "It")) and self.dice.chance(0.6):
            it = "they" if plural else "it"
            return Sentence(
                f"Meet {named[:1].lower() + named[1:] if named.startswith('The ') else named}: {it} {listed([_numbered(one, plural) for one in predicates])}.",
                about,
            )
        if self.brand and self.noun and self.brand.casefold() not in self.title.casefold() and self.dice.chance(0.3):
            start = self._with_article()
            start = f"the {start[4:]}" if start.startswith("The ") and start != self.title else start
            return Sentence(
                f"From {self.brand}: {start} {listed([_numbered(one, plural) for one in predicates])}.", about
            )
        return Sentence(self.sentence(named, predicates, plural), about)

    def _bare(self) -> Sentence:
        """What can be said where next to nothing is known."""
        about = ("title", *(("brand",) if self.brand else ()))
        if self.brand and self.brand.casefold() not in self.title.casefold():
            return Sentence(
                self.dice.one(
                    (f"{capital(self.title)}, by {self.brand}.", f"{capital(self.title)} from {self.brand}.")
                ),
                about,
            )
        return Sentence(f"{capital(self.title)}.", about)

    def group(self, details: Sequence[Detail], predicates: Sequence[str]) -> Sentence:
        subject = self.again()
        plural = self.plural
        return Sentence(self.sentence(subject, predicates, plural), tuple(one.name for one in details))

    def features(self, yes: Sequence[Detail], no: Sequence[Detail]) -> list[Sentence]:
        """ "It is waterproof and dishwasher safe. It is not foldable." What is no adjective is told with its label."""
        verb = "are" if self.plural else "is"
        made = []
        can = [one for one in yes if _is_adjective(one.label[LOCALE])]
        cannot = [one for one in no if _is_adjective(one.label[LOCALE])]
        if can:
            made.append(
                Sentence(
                    f"{self.again()} {verb} {listed([one.label[LOCALE] for one in can])}.",
                    tuple(one.name for one in can),
                )
            )
        for one in cannot:
            made.append(Sentence(f"{self.again()} {verb} not {one.label[LOCALE]}.", (one.name,)))
        for one in (*yes, *no):
            if one not in can and one not in cannot:
                made.append(Sentence(f"{capital(one.label[LOCALE])}: {'yes' if one.yes else 'no'}.", (one.name,)))
        return made

    def counted(self, detail: Detail) -> str | None:
        """ "has 4 pockets", of a label in the plural and a bare number."""
        if detail.role is None and detail.yes is None and len(detail.said[LOCALE]) == 1:
            value, label = detail.said[LOCALE][0], detail.label[LOCALE]
            label = re.sub(r"^(?:number|amount|no\.?) of ", "", label)
            if re.fullmatch(r"\d{1,4}", value) and is_plural(label):
                return f"has {value} {label if value != '1' else label[:-1]}"
        return None

    def labelled(self, details: Sequence[Detail]) -> Sentence:
        """ "The ruling is dotted, the binding sewn." """
        first, *others = details
        parts = [f"The {first.label[LOCALE]} {'are' if is_plural(first.label[LOCALE]) else 'is'} {self.value(first)}"]
        parts += [
            f"the {one.label[LOCALE]} {'are' if is_plural(one.label[LOCALE]) else 'is'} {self.value(one)}"
            for one in others
        ]
        return Sentence(f"{listed(parts)}.", tuple(one.name for one in details))

    def wants_label(self, detail: Detail) -> bool:
        """Whether a label and a value stand better in a line of their own than in a sentence."""
        value = self.value(detail)
        label = detail.label[LOCALE]
        stem = label.split()[-1].rstrip("s")
        return (
            (detail.role is not None and detail.role.plain)
            or len(value) > 60
            or len(label.split()) > 3
            or bool(re.search(r"[.:;!?]", value))
            or stem[:5] in value.lower()
            or value.lower() == "none"
            or bool(re.search(r"\b(?:before|after|by|in|for|with|of|from|to|at|on)$", label))
            or bool(re.match(r"(?:for|with|not|no|is|has|in|number|max|min)\b", label))
            or bool(re.fullmatch(r"\d+", value) and is_plural(label))
        )

    def line(self, detail: Detail) -> Sentence:
        if detail.yes is not None:
            label = detail.label[LOCALE]
            if _is_adjective(label):
                return Sentence(capital(label) if detail.yes else f"Not {label}", (detail.name,))
            return Sentence(f"{capital(label)}: {'yes' if detail.yes else 'no'}", (detail.name,))
        return Sentence(f"{capital(detail.label[LOCALE])}: {self.value(detail)}", (detail.name,))

    def value(self, detail: Detail) -> str:
        role = detail.role.key if detail.role else ""
        return listed([_inside(value, role) for value in detail.said[LOCALE]])

    def choices(self, detail: Detail) -> Sentence:
        values = [_inside(value, "") for value in detail.said[LOCALE]]
        run = _run(values)
        label = detail.label[LOCALE]
        shown = f"{run[0]} to {run[1]}" if run else listed(values)
        if len(values) == 1:
            return Sentence(f"{capital(label)}: {shown}.", (detail.name,))
        either = f"{', '.join(values[:-1])} or {values[-1]}" if not run else shown
        forms = (f"Choose the {label}: {either}.", f"Available as {either}." if not run else f"Available in {label} {shown}.", f"{capital(label)}: {either}.")  # fmt: skip
        return Sentence(self.dice.one(forms), (detail.name,))

    def buyers(self) -> Sentence | None:
        rating = self.sheet.record.rating
        if rating is None or rating[1] < MIN_REVIEWS:
            return None
        mean, many = f"{rating[0]:.1f}", rating[1]
        it = "them" if self.plural else "it"
        forms = (
            f"Buyers give {it} {mean} out of 5 ({many} reviews).",
            f"Rated {mean} out of 5 in {many} reviews.",
            f"{many} reviews, {mean} out of 5.",
        )
        return Sentence(self.dice.one(forms), ("rating", "reviews"))

    def content(self, glad: int, sad: int) -> str:
        """How many of those who wrote lately are content."""
        one = f"{glad} gave 4 stars or 5" if glad else ""
        other = f"{sad} gave 2 stars or fewer" if sad else ""
        return capital(" and ".join(part for part in (one, other) if part)) + "."

    def quoted(self, said: Sequence[str], *, glad: bool) -> str:
        """Reviews in their own words."""
        words = " ".join(f"“{one}”" for one in said)
        return f"In buyers' words: {words}" if glad else f"And on the other side: {words}"

    def priced(self, shown: str, before: str | None) -> str:
        if before:
            return self.dice.one((f"Now {shown} instead of {before}.", f"{shown}, was {before}."))
        return self.dice.one((f"{shown}.", f"For {shown}."))

    def start_price(self, shown: str) -> str:
        return f"From {shown}."

    def dash(self, *parts: str) -> str:
        return " – ".join(part for part in parts if part)


def _is_adjective(label: str) -> bool:
    """Whether a thing can be called so: "waterproof", "machine washable"; not "batteries required"."""
    if re.search(r"\b(?:required|included|needed|supplied|provided)$", label):
        return False
    if re.search(r"ed$", label) and len(label.split()) > 1:
        return False
    return bool(_ADJECTIVAL.search(label))


_AMOUNT = re.compile(r"(?:\s+\d[\d.,x×/-]*\s*(?:kg|g|mg|ml|cl|l|cm|mm|m|in|oz|lb|w|v|pcs|pack|pieces)?)+$", re.I)


def _numbered_noun(noun: str, title: str) -> tuple[str, bool]:
    """The noun in the number of the title, and whether that is plural: a jacket filed under "Jackets" is one jacket."""
    head = re.split(r",|\b(?:with|for|in|of|by)\b|[(–-]\s", title, maxsplit=1)[0].strip() or title
    head = _AMOUNT.sub("", head) or head  # "Espresso beans 1kg" are beans
    if not noun:
        return "", is_plural(head)
    words = title.lower()
    if not is_plural(noun) and noun not in words and is_plural(head):
        return "", True  # filed under coffee, called beans
    if not is_plural(noun) or noun in words:
        return noun, is_plural(noun)
    last = noun.split()[-1]
    forms = [
        last[:-1],
        last[:-2] if last.endswith("es") else "",
        f"{last[:-3]}y" if last.endswith("ies") else "",
        f"{last[:-3]}f" if last.endswith("ves") else "",
    ]
    for form in forms:
        if len(form) > 2 and re.search(rf"\b{re.escape(form)}\b", words):
            return f"{noun[: -len(last)]}{form}", False
    return ("", False) if not is_plural(head) else (noun, True)


def _numbered(predicate: str, plural: bool) -> str:
    """A predicate for a subject that is several: "is" → "are", "holds" → "hold"."""
    if not plural:
        return predicate
    verb, _, rest = predicate.partition(" ")
    if verb in _VERBS:
        verb = _VERBS[verb]
    elif verb.endswith("es") and verb.endswith(("ches", "shes", "sses")):
        verb = verb[:-2]
    elif verb.endswith("s"):
        verb = verb[:-1]
    return f"{verb} {rest}" if rest else verb


def _is_material(value: str) -> bool:
    """Whether a value ends in a material: "100% cotton", "brushed steel"; not "ceramic-coated"."""
    lower = re.sub(r"\s*\([^)]*\)$", "", value.lower())
    parts = re.split(r"\s*(?:,|;|/|\band\b|\+)\s*", lower)
    return all(
        any(part == word or part.endswith((f" {word}", f"% {word}")) for word in _MATERIALS) for part in parts if part
    )


_MATERIALS = frozenset(word.lower() for word, _ in words_of("materials") if word not in ("recycled", "waxed"))
_COMMON = frozenset(
    word.casefold()
    for kind in ("colours", "materials", "features", "words")
    for word, _ in words_of(kind)
    if word.islower()
)


def _inside(value: str, role: str) -> str:
    """A value as it stands within a sentence: a plain word isn't capital there."""
    if (
        role not in ("origin", "author", "collection", "model", "compatible")
        and value[:1].isupper()
        and (value.casefold() in _COMMON or all(part.casefold() in _COMMON for part in re.split(r"[ ,/&-]+", value)))
    ):
        return value.lower()
    return value


def _run(values: Sequence[str]) -> tuple[str, str] | None:
    """First and last of numbers that follow each other."""
    if len(values) < 3 or not all(re.fullmatch(r"\d{1,3}", value) for value in values):
        return None
    numbers = [int(value) for value in values]
    return (values[0], values[-1]) if all(b - a == 1 for a, b in itertools.pairwise(numbers)) else None
