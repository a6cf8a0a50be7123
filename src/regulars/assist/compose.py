"""A frame → a natural reply, from wordings with places for facts. It invents nothing: what isn't in the frame isn't said.

A wording is text with `{slot}` (a fact's last name), `{*items}` (a line a group of facts, "items.1.title", …), `{>part}` (a
part shared by wordings) and `[…]`, which is left out unless all its slots are there. Of the wordings that the facts can
fill, conversation and turn choose one, and never the one used just before.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from babel.dates import format_date

from regulars.assist.phrases import phrases_of
from regulars.errors import InvalidInput
from regulars.schema.conversations import Frame, Passage

MAX_LINES = 10
"""More lines than this nobody reads in a chat."""
_MAX_SHOWN = 240
_MAX_QUOTE = 700
_PIECE = re.compile(r"\[(?P<optional>[^\[\]]*)\]|(?P<plain>[^\[\]]+)")
_SLOT = re.compile(r"\{(?P<sign>[*>]?)(?P<name>\w+)\}")
_MARKUP = re.compile(
    r"<[^<>]*>|[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff`{}\[\]<>|]|(?<![\w*])\*+|\*{2,}(?![*@])"
)
_ALWAYS_SHOWN = ("confirm", "done")
_FAMILY_STATES = ("order_status", "refund_status", "stock")


@dataclass(frozen=True, slots=True)
class Reply:
    """text: what goes out. wording: which wording it is, to be given back as `before` at the next turn."""

    text: str
    wording: str


def compose(frame: Frame, conversation: str, turn: int, before: str | None = None) -> Reply:
    """Say a frame. conversation and turn seed the choice of wording; before: the wording of the reply before this.

    Raises InvalidInput when there is no wording for the act, or the frame lacks what every wording of it needs.
    """
    phrases = phrases_of(frame.locale)
    slots = _Slots(frame, phrases)
    for key in _keys(frame, slots):
        wordings = phrases["say"].get(key, [])
        said = [(f"{key}/{place}", _filled(wording, slots)) for place, wording in enumerate(wordings)]
        usable = [(name, text) for name, text in said if text]
        if usable:
            name, text = _chosen(usable, key, conversation, turn, before)
            if frame.act.split(":")[0] in _ALWAYS_SHOWN:
                text += "".join(_unsaid(frame, phrases, text))
            return Reply(_tidy(text), name)
    raise InvalidInput(
        f"There are no words for {frame.act!r} with the facts {[fact.name for fact in frame.facts]}.",
        hint="Give the facts that a wording in assist/phrases needs, or use an act that is there.",
        field="act",
    )


def acts(locale: str = "en") -> tuple[str, ...]:
    """All acts that have wordings."""
    return tuple(phrases_of(locale)["say"])


def slots_of(act: str, locale: str = "en") -> tuple[set[str], set[str]]:
    """(slots that some wording of an act needs, slots that it can use)."""
    phrases = phrases_of(locale)
    needed: set[str] = set()
    used: set[str] = set()
    for wording in phrases["say"].get(act, ()):
        for optional, text in _pieces(_with_parts(wording, phrases)):
            names = {match["name"] for match in _SLOT.finditer(text)}
            used |= names
            needed |= set() if optional else names
    return needed, used


def _keys(frame: Frame, slots: _Slots) -> Iterator[str]:
    """From the most exact act to its family."""
    family = frame.act.split(":")[0]
    if frame.act in _FAMILY_STATES and "status" in slots.states:
        yield f"{frame.act}:{slots.states['status']}"
    yield frame.act
    if family != frame.act:
        yield family


def _chosen(
    usable: list[tuple[str, str]], key: str, conversation: str, turn: int, before: str | None
) -> tuple[str, str]:
    """Round after round through the wordings, in an order of this conversation's own: neighbours always differ."""
    order = sorted(usable, key=lambda one: hashlib.blake2b(f"{conversation}/{key}/{one[0]}".encode()).digest())
    place = turn % len(order)
    if order[place][0] == before:
        place = (place + 1) % len(order)
    return order[place]


class _Slots(Mapping[str, str]):
    """What stands for a slot. "quote", "title", "extract" and "quotes" come from the passages."""

    def __init__(self, frame: Frame, phrases: dict[str, Any]) -> None:
        self.phrases = phrases
        self.states: dict[str, str] = {}
        self._alone: dict[str, str] = {}
        self._groups: dict[str, dict[str, dict[str, str]]] = {}
        for fact in frame.facts:
            group, _, role = fact.name.rpartition(".")
            shown = _clean(fact.shown, _MAX_QUOTE if fact.kind == "text" else _MAX_SHOWN)
            if match := re.fullmatch(r"(\w+)\.(\d+)", group):
                self._groups.setdefault(match[1], {}).setdefault(match[2], {})[role] = shown
            elif shown:
                self._alone.setdefault(role, shown)
                if fact.kind == "status":
                    self.states.setdefault(role, str(fact.value))
        self._from_passages(frame)

    def _from_passages(self, frame: Frame) -> None:
        if not frame.passages:
            return
        first = frame.passages[0]
        rule = next((one for one in frame.passages if one.source.startswith("policy:")), first)
        self._alone.setdefault("quote", _clean(rule.text, _MAX_QUOTE))
        self._alone.setdefault("extract", _clean(first.text, _MAX_QUOTE))
        self._alone.setdefault("title", _clean(first.title, _MAX_SHOWN))
        self._alone["quotes"] = "".join(self._quotes(frame))

    def _quotes(self, frame: Frame) -> Iterator[str]:
        passages = list(frame.passages)
        marked = frame.act == "answer:contradiction"
        if marked:
            passages.sort(key=lambda one: one.updated_at.timestamp() if one.updated_at else 0.0, reverse=True)
        for place, passage in enumerate(passages[:MAX_LINES]):
            notes = [_clean(passage.title, _MAX_SHOWN), *self._age(passage, marked and place > 0, frame.locale)]
            said = [note for note in notes if note]
            about = f"（{'，'.join(said)}）" if frame.locale == "zh" else f" ({', '.join(said)})"
            yield f"\n• “{_clean(passage.text, _MAX_QUOTE)}”{about if said else ''}"

    def _age(self, passage: Passage, older: bool, locale: str) -> Iterator[str]:
        if passage.updated_at is not None:
            yield format_date(passage.updated_at.date(), "long", locale="zh_Hans_CN" if locale == "zh" else locale)
        if older:
            yield self.phrases["marks"]["older"]

    def lines(self, name: str) -> str:
        """A line a group, "" when there is none."""
        groups = [facts for _, facts in sorted(self._groups.get(name, {}).items(), key=lambda one: int(one[0]))]
        wording = self.phrases["lines"].get(name)
        if wording is None:
            return ""
        said = [line for facts in groups[:MAX_LINES] if (line := _filled(wording, facts))]
        point = "" if wording.startswith("{number}") else "• "
        return "".join(f"\n{point}{line}" for line in said)

    def __getitem__(self, name: str) -> str:
        return self._alone[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._alone)

    def __len__(self) -> int:
        return len(self._alone)


def _filled(wording: str, slots: Mapping[str, str]) -> str:
    """The wording with its slots filled; "" when one outside brackets is missing."""
    if isinstance(slots, _Slots):
        wording = _with_parts(wording, slots.phrases)
    said = []
    for optional, text in _pieces(wording):
        filled = _replaced(text, slots)
        if filled is None and not optional:
            return ""
        said.append(filled or "")
    return "".join(said)


def _replaced(text: str, slots: Mapping[str, str]) -> str | None:
    parts = []
    last = 0
    for match in _SLOT.finditer(text):
        lined = match["sign"] == "*" and isinstance(slots, _Slots)
        value = slots.lines(match["name"]) if lined and isinstance(slots, _Slots) else slots.get(match["name"], "")
        if not value:
            return None
        parts += [text[last : match.start()], value]
        last = match.end()
    return "".join([*parts, text[last:]])


@lru_cache(maxsize=2048)
def _split(wording: str) -> tuple[tuple[bool, str], ...]:
    return tuple(
        (match["optional"] is not None, match["optional"] if match["optional"] is not None else match["plain"])
        for match in _PIECE.finditer(wording)
    )


def _pieces(wording: str) -> tuple[tuple[bool, str], ...]:
    """(whether it may be left out, text) one after the other."""
    return _split(wording)


def _with_parts(wording: str, phrases: dict[str, Any]) -> str:
    return re.sub(r"\{>(\w+)\}", lambda match: str(phrases["parts"][match[1]]), wording)


def _unsaid(frame: Frame, phrases: dict[str, Any], text: str) -> Iterator[str]:
    """Amounts, dates and limits that the wording had no place for: a summary leaves out no cost."""
    for fact in frame.facts:
        if "." not in fact.name and fact.kind in ("money", "date", "duration", "number") and fact.shown not in text:
            label = phrases["labels"].get(fact.name)
            if label:
                colon = "：" if frame.locale == "zh" else ": "
                yield f"\n• {label}{colon}{_clean(fact.shown, _MAX_SHOWN)}"


def _clean(text: str, limit: int) -> str:
    """Data as plain text on one line, cut at a sentence where it is too long."""
    text = re.sub(r"\s+", " ", _MARKUP.sub("", text)).strip()
    if len(text) <= limit:
        return text
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|[。！？]", text[:limit])]
    return text[: ends[-1]] if ends else f"{text[: limit - 1].rstrip()}…"


def _tidy(text: str) -> str:
    text = re.sub(r"[ \t]{2,}", " ", text)
    text = re.sub(r"\n[\s]*\n|\n +", "\n", text)
    text = re.sub(r" +(?=[,.!?，。！？：\n]|$)", "", text)
    text = re.sub(r"(?<=[\u3400-\u9fff，。：；！？、（）“”]) +(?=[\u3400-\u9fff])", "", text)
    text = re.sub(r"([.!?。！？])\1+", r"\1", text)
    return text.strip()
