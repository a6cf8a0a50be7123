"""Whether a text about a product may go out: everything in it traces to the sheet, and no rule of what may be claimed is broken.

Stands on the gate that the assistant uses (language.grounding). Beyond it: materials, colours, origins and features in a shop's
wider vocabulary, rule packs, the shop's own words, lengths, sentences that are too long to read. Shares nothing with the realiser
but the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from regulars.content.lexicon import plain_words, words_of
from regulars.content.readability import HARDEST, hardness
from regulars.content.rules import matches
from regulars.content.sheet import Sheet
from regulars.language.grounding import Finding, check
from regulars.language.grounding.quantities import quantities
from regulars.language.grounding.texts import CJK, Span, clauses, negations, sentences, without
from regulars.schema.content import KINDS, Brief, Fields, Place, joined, width

LONG_SENTENCE = {"en": 38, "zh": 80}
"""Words, or signs, from which on a sentence is hard to read (a warning)."""
_SINGLE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Flag:
    """Something in a text that may not stay, or that a person should see. place: the field. Places count its characters.

    kind: as a finding's, or "material", "colour", "origin", "feature", "claim", "word", "readability". rule: pack and key, with its
    source. warning: it holds nothing back.
    """

    place: str
    start: int
    end: int
    kind: str
    said: str
    reason: str
    rule: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """passed: nothing holds the text back."""

    passed: bool
    flags: tuple[Flag, ...]


def judge(fields: Fields, sheet: Sheet, brief: Brief, foreign: Collection[str] = ()) -> Judgement:
    """Every reason why this text can't go out. foreign: other brands of the shop. Raises nothing."""
    flags = [
        flag
        for name, text in texts(fields, brief.locale).items()
        for flag in _of_place(name, text, sheet, brief, foreign)
    ]
    places = {place.name for place in KINDS.get(brief.kind, ())}
    flags += [
        Flag(name, 0, 0, "length", "", "This kind of text has no such part.") for name in fields if name not in places
    ]
    flags += [Flag(name, 0, 0, "length", "", "This part is missing.") for name in places if name not in fields]
    flags += [Flag("", 0, 0, "conflict", ", ".join(what for _, what in one.told), f"The record contradicts itself: {one.matter}. Neither is written.", warning=True) for one in sheet.conflicts]  # fmt: skip
    return Judgement(not any(not one.warning for one in flags), tuple(flags))


def texts(fields: Fields, locale: str) -> dict[str, str]:
    """Each place's text as it is read."""
    return {name: joined(sentences, locale) for name, sentences in fields.items()}


def _of_place(name: str, text: str, sheet: Sheet, brief: Brief, foreign: Collection[str]) -> Iterator[Flag]:
    place = next((one for one in KINDS.get(brief.kind, ()) if one.name == name), None)
    found: dict[Span, Flag] = {}
    held = _held(sheet)
    whole = text
    cited, invented = _quotations(text, sheet, brief.locale)
    text = without(text, cited, " ")
    for finding in _grounded(text, sheet, brief, held):
        found[(finding.start, finding.end)] = Flag(
            name, finding.start, finding.end, finding.kind, finding.said, finding.reason
        )
    own = _own_spans(text, sheet, brief.locale)
    bare = without(text, own)
    for span in invented:
        found[span] = Flag(
            name,
            *span,
            "claim",
            whole[span[0] : span[1]],
            "No review and no record holds these words.",
            "claims/reviews",
        )
    for flag in (
        *_told_of(name, text, bare, held, brief.locale),
        *_stated_otherwise(name, text, sheet, brief.locale, held),
        *_wares(name, text, bare, sheet, brief.locale, held),
        *_brands(name, bare, foreign),
        *_claims(name, text, bare, sheet, brief.locale),
        *_words(name, text, brief),
    ):
        if not any(start <= flag.start and flag.end <= end and not one.warning for (start, end), one in found.items()):
            found[(flag.start, flag.end)] = flag
    yield from sorted(found.values(), key=lambda one: (one.start, one.end))
    if place is not None:
        yield from _lengths(whole, place)
    yield from _readable(name, text, brief.locale)


def _grounded(text: str, sheet: Sheet, brief: Brief, held: str) -> Iterator[Finding]:
    """The shared gate's findings, but for those that only hold between a desk and its customer."""
    words, signs = plain_words()
    labels = {said for one in sheet.details for said in (*one.label.values(), *one.values)}
    values = {
        value
        for one in sheet.details
        for value in (*one.values, *(said for each in one.said.values() for said in each))
    }
    for finding in check(text, sheet.frame(brief.locale)).findings:
        if finding.kind == "polarity" and (
            _says_no(text, finding, sheet, brief.locale) or _is_value(text, finding, values)
        ):
            continue
        if finding.kind == "promise" and (finding.said in labels or _harmless(finding.said, words)):
            continue
        if finding.kind == "number" and _counts(finding.said, sheet):
            continue
        if finding.kind == "name":
            said = finding.said.casefold()
            known = said in held if len(said) > 1 else said in values
            if known or (all(word in words for word in re.findall(r"[a-z]+", said)) and not _SINGLE.search(said)):
                continue
            if all(sign in signs or sign in values for sign in _SINGLE.findall(said)) and not re.search(r"[a-z]", said):
                continue
        if finding.kind == "length" and finding.said:
            continue
        if (
            finding.kind == "language"
            and finding.end - finding.start == len(text)
            and not CJK.search(sheet.title(brief.locale))
        ) and text.strip() == sheet.title(brief.locale).strip():
            continue
        yield finding


def _sentence_at(text: str, place: int) -> Span:
    """The sentence that a place of a text is in; an empty one where there is none."""
    return next(((begin, end) for begin, end in sentences(text) if begin <= place < end), (place, place))


def _says_no(text: str, finding: Finding, sheet: Sheet, locale: str) -> bool:
    """Whether the sentence denies by "label: no" what the record denies."""
    begin, end = _sentence_at(text, finding.start)
    forms = (re.escape(one.label[locale]) for one in sheet.details if one.yes is False and locale in one.label)
    return any(re.search(rf"{form}\s*[:：]\s*(?:no\b|否|无)", text[begin:end], re.I) for form in forms)


def _is_value(text: str, finding: Finding, values: Collection[str]) -> bool:
    """Whether the sentence denies only in a value's own words: 无袖, "non-slip"."""
    begin, end = _sentence_at(text, finding.start)
    said = text[begin:end]
    for value in sorted(values, key=len, reverse=True):
        if negations(value):
            said = said.replace(value, " ")
    return said != text[begin:end] and negations(said) == 0


def _harmless(said: str, words: Collection[str]) -> bool:
    """Whether a word of the future promises nothing: "a gift that will be used"."""
    known = {"that", "which", "will", "be", "you", "it", "to", "used", "enjoyed", "needed", "a", "the", "we", "ll"}
    return bool(re.match(r"[\w\s'’]+$", said)) and all(
        word in words or word in known for word in re.findall(r"[a-z]+", said.lower())
    )


def _counts(said: str, sheet: Sheet) -> bool:
    """Whether a number says how many values a detail has: "two colours", 两款."""
    sizes = {Decimal(len(one.values)) for one in sheet.details if len(one.values) > 1}
    return any(one.value in sizes for one in quantities(f"{said}个"))


_QUOTATION = re.compile(r"“([^“”]{4,300})”|\"([^\"]{4,300})\"|「([^」]{4,300})」")


def _quotations(text: str, sheet: Sheet, locale: str) -> tuple[list[Span], list[Span]]:
    """(quotations that a review or the record holds word for word, quotations that nobody said)."""
    held = [one.text.casefold() for one in sheet.record.reviews]
    own = [*sheet.titles.values(), *(said for several in sheet.statements.values() for said in several)]
    cited, invented = [], []
    for match in _QUOTATION.finditer(text):
        said = (match[1] or match[2] or match[3]).strip().casefold()
        if any(said in one for one in held):
            cited.append(match.span())
        elif not any(said in one.casefold() or one.casefold() in said for one in own) and (
            len(said.split()) > 2 or (locale == "zh" and len(said) > 5)
        ):
            invented.append(match.span())
    return cited, invented


def _own_spans(text: str, sheet: Sheet, locale: str) -> list[Span]:
    """Where the text has the title, the brand or a value word for word: these claim nothing of themselves."""
    forms = {*sheet.titles.values(), sheet.record.brand or ""}
    forms |= {value for one in sheet.details if locale in one.said for value in (*one.said[locale], *one.values)}
    spans = []
    for form in sorted(forms, key=len, reverse=True):
        if len(form) > 1:
            edge = r"(?<![A-Za-z])" if form[0].isascii() and form[0].isalpha() else ""
            back = r"(?![A-Za-z])" if form[-1].isascii() and form[-1].isalpha() else ""
            spans += [match.span() for match in re.finditer(edge + re.escape(form) + back, text, re.I)]
    return spans


@lru_cache(maxsize=8)
def _lexicon(locale: str) -> tuple[tuple[str, re.Pattern[str], dict[str, frozenset[str]]], ...]:
    """(kind, pattern of its words, word → all words of the same meaning)."""
    found = []
    for kind, called in (
        ("materials", "material"),
        ("colours", "colour"),
        ("origins", "origin"),
        ("features", "feature"),
    ):
        same: dict[str, set[str]] = {}
        for english, chinese in words_of(kind):
            for word in (english, chinese):
                same.setdefault(word.casefold(), set()).update((english.casefold(), chinese.casefold()))
        place = 1 if locale == "zh" else 0
        forms = sorted({pair[place] for pair in words_of(kind)}, key=len, reverse=True)
        forms = [form for form in forms if len(form) > 1 and form.casefold() not in _COMMON_WORDS]
        if locale == "zh":
            pattern = re.compile("|".join(map(re.escape, forms)))
        else:
            pattern = re.compile(
                rf"(?<![A-Za-z-])(?:{'|'.join(re.escape(form).replace(chr(92) + ' ', '[ -]') for form in forms)})(?![A-Za-z])",
                re.I,
            )
        found.append((called, pattern, {word: frozenset(others) for word, others in same.items()}))
    return tuple(found)


_COMMON_WORDS = frozenset(("down", "ash", "natural", "sand", "mint", "rose", "plum", "oat", "olive", "coral", "gold", "crystal", "clay", "wax", "pine", "camel", "cream", "paper", "lined", "china", "apricot", "champagne", "lavender", "mustard", "charcoal", "foam", "felt", "modal", "metal", "turkey", "透明", "彩色", "金属", "保温", "无线", "有弹性"))  # fmt: skip
"""Words of the lexicon that mean other things as often."""


def _wares(name: str, text: str, bare: str, sheet: Sheet, locale: str, held: str) -> Iterator[Flag]:
    """Materials, colours, origins and features that the record doesn't hold, or holds otherwise."""
    denied = {one.label[place].casefold() for one in sheet.details if one.yes is False for place in one.label}
    for kind, pattern, same in _lexicon(locale):
        for match in pattern.finditer(bare):
            word = match[0].casefold().replace("-", " ")
            alike = same.get(match[0].casefold(), frozenset((match[0].casefold(),))) | {word, word.replace(" ", "-")}
            known = any(one in held for one in alike)
            if not known:
                reason = {
                    "material": "The record has no such material.",
                    "colour": "The record has no such colour.",
                    "origin": "The record says nothing of this origin.",
                    "feature": "The record says nothing of this property.",
                }[kind]
                yield Flag(name, match.start(), match.end(), kind, text[match.start() : match.end()], reason)
            elif kind == "feature" and alike & denied and not _denied_at(text, match.span()):
                yield Flag(name, match.start(), match.end(), "polarity", match[0], "The record says that it isn't so.")


_LABELLED = {
    "en": re.compile(
        r"\b[Ii]ts (?P<label>[a-z][a-z -]{2,28}?) (?:is|are|comes to|reads)\b|(?:^|(?<=[.!?] ))(?:The )?(?P<line>[A-Z][a-z][a-z -]{2,26}?)(?:: |\? )"
    ),
    "zh": re.compile(
        r"(?:^|(?<=[，。；！？\n]))(?:它的|其|这一款的|这款的)?(?P<label>[\u4e00-\u9fff]{2,6})(?P<line>为|：)(?=[^，。；！？\n]{1,24}[，。；！？\n])"
    ),
}
"""How a text states an attribute by its name."""


def _told_of(name: str, text: str, bare: str, held: str, locale: str) -> Iterator[Flag]:
    """Attributes stated by a name that the record doesn't have."""
    for match in _LABELLED[locale].finditer(bare):
        label = (match["label"] or match["line"] or "").strip() if locale == "en" else match["label"]
        if label.casefold() in held or any(
            word in held for word in (label.casefold().split() if locale == "en" else ())
        ):
            continue
        if locale == "zh" and any(label[at : at + 2] in held for at in range(len(label) - 1)):
            continue
        if label.casefold() in _NO_LABELS:
            continue
        start = match.start("label") if match["label"] else match.start("line")
        yield Flag(name, start, match.end(), "name", text[start : match.end()], "The record has no such attribute.")


_SAY_NOTHING = frozenset(("concerned", "listed", "given", "shown", "given below", "listed below", "shown below", "important", "up to you", "yours to choose", "如下", "见下", "您说了算", "可选", "多样"))  # fmt: skip


def _stated_otherwise(name: str, text: str, sheet: Sheet, locale: str, held: str) -> Iterator[Flag]:
    """Values that are stated beside the name of an attribute which has others: "colour: red" of a blue one, "foldable: yes"."""
    yes, no = (r"yes\b", r"no\b") if locale == "en" else ("是|有", "否|无|没有")
    for one in sheet.details:
        if locale not in one.label:
            continue
        label = re.escape(one.label[locale])
        if one.yes is not None:
            wrong = no if one.yes else yes
            for match in re.finditer(rf"(?<!\w){label}\s*[:：]\s*(?:{wrong})", text, re.I):
                yield Flag(name, *match.span(), "polarity", match[0], "The record says that it isn't so.")
            continue
        forms = (
            rf"(?<![A-Za-z]){label} (?:is|are) ([^.,;!?\n]{{2,40}})"
            if locale == "en"
            else rf"{label}(?:为|：)([^，。；！？\n]{{1,24}})"
        )
        for match in re.finditer(forms, text, re.I):
            said = match[1].casefold().strip()
            values = [value.casefold() for value in (*one.values, *one.said.get(locale, ()))]
            if any(value in said or said in value for value in values) or said in held or said in _SAY_NOTHING:
                continue
            if locale == "en" and any(word in held.split() for word in said.split() if len(word) > 3):
                continue
            yield Flag(
                name, match.start(1), match.end(1), "option", match[1], "The record gives this attribute another value."
            )


_NO_LABELS = frozenset(("brand", "title", "price", "reviews", "rating", "category", "品牌", "名称", "价格", "售价", "评价", "类别", "note", "please note", "one thing to know", "tip", "and yes", "good to know", "new in the shop", "looking for", "提醒一下", "小贴士", "注意", "温馨提示", "日常所需", "认为", "作为", "成为"))  # fmt: skip


def _held(sheet: Sheet) -> str:
    """Everything that the record says, in small letters."""
    parts = [
        *sheet.record.titles.values(),
        *(one for said in sheet.statements.values() for one in said),
        *sheet.record.category,
    ]
    for one in sheet.details:
        parts += [
            *one.label.values(),
            *(one.role.names if one.role else ()),
            *one.values,
            *(value for said in one.said.values() for value in said),
        ]
    return "\n".join(parts).casefold()


def _denied_at(text: str, span: Span) -> bool:
    begin, end = _sentence_at(text, span[0])
    for clause in clauses(text, (begin, end)):
        if clause.start <= span[0] < clause.start + len(clause.text):
            after = text[span[1] : end]
            return negations(clause.text) % 2 == 1 or bool(re.match(r"\w{0,6}\s*[:：]\s*(?:no\b|否|无)", after))
    return False


def _brands(name: str, bare: str, foreign: Collection[str]) -> Iterator[Flag]:
    for brand in foreign:
        if len(brand) > 2:
            for match in re.finditer(
                rf"(?<!\w){re.escape(brand)}(?!\w)" if brand.isascii() else re.escape(brand), bare, re.I
            ):
                yield Flag(name, *match.span(), "name", match[0], "This is another brand's name.")


def _claims(name: str, text: str, bare: str, sheet: Sheet, locale: str) -> Iterator[Flag]:
    stated = "\n".join(
        value
        for one in sheet.details
        for value in (*one.values, *one.label.values(), *(said for words in one.said.values() for said in words))
        if one.yes is not False
    ).casefold()
    reduced = any(price.before for price in sheet.record.prices)
    for rule, match in matches(bare, locale):
        said = text[match.start() : match.end()]
        if rule.stated and said.casefold() in stated:
            continue
        if rule.needs == "price_before" and reduced:
            continue
        reason = rule.reason.get("en", "")
        yield Flag(name, *match.span(), "claim", said, reason, f"{rule.pack}/{rule.key}")


def _words(name: str, text: str, brief: Brief) -> Iterator[Flag]:
    """Words that the shop doesn't want."""
    for word in brief.voice.avoid:
        if word.strip():
            form = re.escape(word.strip())
            form = rf"(?<!\w){form}(?!\w)" if word.isascii() else form
            for match in re.finditer(form, text, re.I):
                yield Flag(name, *match.span(), "word", match[0], "The shop's voice avoids this word.", "voice/avoid")


def _lengths(text: str, place: Place) -> Iterator[Flag]:
    lines = text.split("\n")
    if place.lines == 1:
        if width(text, place.unit) > place.limit:
            yield Flag(
                place.name,
                place.limit,
                len(text),
                "length",
                text[place.limit :],
                f"At most {place.limit} characters fit here; these are {width(text, place.unit)}.",
            )
        return
    if len(lines) > place.lines:
        yield Flag(place.name, 0, len(text), "length", "", f"At most {place.lines} lines; these are {len(lines)}.")
    limits = place.limit if place.limit < 1_000 else None
    at = 0
    for line in lines:
        if limits is not None and width(line, place.unit) > limits:
            yield Flag(
                place.name,
                at,
                at + len(line),
                "length",
                line,
                f"At most {limits} characters a line; these are {width(line, place.unit)}.",
            )
        at += len(line) + 1
    if limits is None and len(text) > place.limit:
        yield Flag(
            place.name,
            place.limit,
            len(text),
            "length",
            "",
            f"At most {place.limit} characters; these are {len(text)}.",
        )


def _readable(name: str, text: str, locale: str) -> Iterator[Flag]:
    hard = hardness(text, locale)
    if hard is not None and hard > HARDEST[locale]:
        told = (
            f"One reads {hard:.0f} signs without a pause: shorter clauses are easier."
            if locale == "zh"
            else f"It takes {hard:.0f} years of school to read this easily: shorter sentences and words help."
        )
        yield Flag(name, 0, len(text), "readability", text[:60], told, warning=True)
    for begin, end in sentences(text):
        said = text[begin:end]
        long = len(_SINGLE.findall(said)) if locale == "zh" else len(said.split())
        if long > LONG_SENTENCE[locale]:
            yield Flag(
                name,
                begin,
                end,
                "readability",
                said,
                f"A sentence of {long} {'signs' if locale == 'zh' else 'words'} is hard to read.",
                warning=True,
            )
