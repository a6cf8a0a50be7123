"""One text: written, judged, rewritten once with what was wrong named, else the realiser's, else it waits for a person.

Pure: a sheet and a brief go in, a text with its account comes out. Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from regulars.content.gate import Flag, Judgement, judge, texts
from regulars.content.links import linked
from regulars.content.sheet import Sheet
from regulars.content.variety import Seen
from regulars.content.writers import Realiser, Writer
from regulars.errors import RegularsError
from regulars.language.grounding.texts import CJK
from regulars.schema.content import Brief, Fields

ALIKE_TRIES = 3
WHOLE = ("description", "bullets", "email")
"""Kinds that tell all there is to tell."""
COVERED = 0.7
"""The share of the details that a chat model's text of such a kind has to tell: a title alone is true, and no description."""


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt. why: "" when its text was taken; else the error's code, or "gate", or "thin"."""

    writer: str
    why: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A text. state: "draft" when it passed, "waiting" when a person has to see to it. tries: how it came to be."""

    fields: Fields
    writer: str
    state: Literal["draft", "waiting"]
    judgement: Judgement
    tries: tuple[Try, ...]
    asked: int
    """How often a writer that costs something was asked."""


def write(
    sheet: Sheet,
    brief: Brief,
    writer: Writer | None = None,
    foreign: Collection[str] = (),
    seen: Seen | None = None,
) -> Written:
    """A text of the brief's kind that passed the gate, or one that waits with its flags. seen: texts of the same kind and language,
    to which this one is added.

    Raises: InvalidInput for a kind that isn't written about one product.
    """
    tries: list[Try] = []
    asked = 0
    if writer is not None and writer.asks:
        wrong: tuple[Flag, ...] = ()
        before: Fields | None = None
        for _ in range(2):
            asked += 1
            try:
                fields = linked(writer.write(sheet, brief, wrong, before), sheet, brief.locale)
            except RegularsError as error:
                tries.append(Try(writer.name, error.code))
                break
            judgement = judge(fields, sheet, brief, foreign)
            thin = left_out(fields, sheet, brief)
            if judgement.passed and not thin:
                tries.append(Try(writer.name, ""))
                return _kept(fields, writer.name, judgement, tries, asked, sheet, brief, seen)
            why = "gate" if not judgement.passed else "thin"
            tries.append(Try(writer.name, why, (*judgement.flags, *thin)))
            wrong, before = (*judgement.flags, *thin), fields
    realiser = Realiser()
    fields = realiser.write(sheet, brief)
    judgement = judge(fields, sheet, brief, foreign)
    for variant in range(1, ALIKE_TRIES):
        if judgement.passed and not _repeats(fields, sheet, brief, seen):
            break
        other_brief = Brief(brief.kind, brief.locale, brief.voice, brief.variant + 100 * variant)
        other = realiser.write(sheet, other_brief)
        other_judgement = judge(other, sheet, brief, foreign)
        if other_judgement.passed or not judgement.passed:
            fields, judgement = other, other_judgement
    tries.append(Try(realiser.name, "" if judgement.passed else "gate", () if judgement.passed else judgement.flags))
    return _kept(fields, realiser.name, judgement, tries, asked, sheet, brief, seen)


def left_out(fields: Fields, sheet: Sheet, brief: Brief) -> list[Flag]:
    """What a writer's text of a kind that tells everything leaves out, where that is too much."""
    if brief.kind not in WHOLE:
        return []
    told = sheet.told(brief.locale)
    said = {name for sentences in fields.values() for one in sentences for name in one.about}
    missing = [one for one in told if one.name not in said]
    if not told or len(missing) <= (1 - COVERED) * len(told):
        return []
    reason = "It leaves this out."
    return [
        Flag(
            "",
            0,
            0,
            "coverage",
            f"{one.label[brief.locale]} {', '.join(one.said.get(brief.locale, ()))}".strip(),
            reason,
        )
        for one in missing
    ]


def _repeats(fields: Fields, sheet: Sheet, brief: Brief, seen: Seen | None) -> bool:
    return seen is not None and seen.nearest(_whole(fields, brief), sheet.record.product_id) is not None


def _kept(
    fields: Fields,
    name: str,
    judgement: Judgement,
    tries: Sequence[Try],
    asked: int,
    sheet: Sheet,
    brief: Brief,
    seen: Seen | None,
) -> Written:
    flags = list(judgement.flags)
    if seen is not None:
        whole = _whole(fields, brief)
        near = seen.nearest(whole, sheet.record.product_id)
        if near is not None:
            reason = f"It is nearly the text of another product ({near[1]:.0%} alike)."
            flags.append(Flag("", 0, 0, "alike", str(near[0]), reason, warning=True))
        seen.add(sheet.record.product_id, whole)
    missing = sheet.untold.get(brief.locale, ())
    if missing:
        flags.append(
            Flag(
                "",
                0,
                0,
                "untold",
                ", ".join(missing),
                "No words in this language for these: add them to the glossary.",
                warning=True,
            )
        )
    passed = judgement.passed and _has_name(sheet, brief.locale)
    if not _has_name(sheet, brief.locale):
        flags.append(
            Flag("", 0, 0, "language", sheet.title(brief.locale), "The product has no title in this language.")
        )
    state: Literal["draft", "waiting"] = "draft" if passed else "waiting"
    return Written(fields, name, state, Judgement(passed, tuple(flags)), tuple(tries), asked)


def _whole(fields: Fields, brief: Brief) -> str:
    return "\n".join(texts(fields, brief.locale).values())


def _has_name(sheet: Sheet, locale: str) -> bool:
    """Whether the product has a title that a reader of the language can read: a Chinese one isn't English."""
    return locale in sheet.titles or (locale == "zh" and not CJK.search(sheet.title("en")) and "zh" in sheet.nouns)
