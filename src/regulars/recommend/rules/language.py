"""The language of rules: one a line, typed, with the place of every mistake and what could stand there instead.

    pin product is "teapot-3" at 1 on home
    boost brand is "North" by 20% on home, email for newcomers until 2026-12-24
    bury category is "Clearance" by 50%
    exclude price > 200 and stock < 3 on email because "too dear for a letter"
    exclude category is "Fridges" within 365 days of buying category is "Fridges"
    exclude category is "Phone cases" unless compatible
    cap each brand at most 2 on home

    rule      = ["off"] action [what] {tail}
    action    = "pin" | "boost" | "bury" | "exclude" | "cap"
    what      = "everything" | "each" group | condition {"and" condition}
    condition = "product" is ids | "category" is names | "brand" is names | group is names
              | ("price" | "stock" | "age" | "margin" | "discount") ("<" | "<=" | ">" | ">=" | "=" | "!=") number
              | field ("is known" | "is unknown")
    is        = "is" | "is not" | "is one of" | "=" | "!="
    tail      = "by" percent | "at" place | "at most" count | "on" surfaces | "for" segments | "from" day | "until" day
              | "within" count "days of" ("buying" | "viewing") condition {"and" condition} | "unless compatible" | "because" text

Knows no catalogue: whether a brand exists is asked in checks.py.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from regulars.errors import InvalidInput
from regulars.language.translations import Say, Saying, saying
from regulars.recommend.rules.sayings import choice, meant, missing

Action = Literal["pin", "boost", "bury", "exclude", "cap"]
ACTIONS: tuple[Action, ...] = ("pin", "boost", "bury", "exclude", "cap")
NAMED = ("product", "category", "brand")
NUMBERS = ("price", "stock", "age", "margin", "discount")
"""price: major units. stock: pieces, all variants. age: days since it was added. margin: per cent of the price. discount: per cent off."""
SEGMENTS = ("newcomers", "visitors", "customers", "buyers", "regulars")
COMPARISONS = ("<", "<=", ">", ">=", "=", "!=")
MAX_RULES = 1_000
MAX_LINE = 2_000
MAX_BOOST = 10.0
TAILS = ("by", "at", "on", "for", "from", "until", "within", "unless", "because")
Expectation = Literal[
    "word", "attribute", "product", "category", "brand", "value", "number", "surface", "segment", "day", "text"
]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. field: one of NAMED or NUMBERS, else an attribute's name. how: is, is not, known, unknown, or a comparison.

    values: names (is, is not) or one number.
    """

    field: str
    how: str
    values: tuple[str | float, ...] = ()

    @property
    def attribute(self) -> bool:
        return self.field not in NAMED and self.field not in NUMBERS


@dataclass(frozen=True, slots=True)
class After:
    """A rule that acts only for who did something lately: within `days` of buying or viewing what passes the tests."""

    days: float
    did: Literal["buying", "viewing"]
    tests: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. line: 1-based, in its book. text: as it was written.

    tests: all have to hold; none = everything. each: the group of a cap that counts per brand, category or attribute.
    factor: of a boost or bury (1.2 is "by 20%"). place: of a pin, from 0. most: of a cap.
    surfaces, segments: where and for whom; empty = everywhere, everybody. starts, ends: it acts in [starts, ends).
    compatible: "unless compatible". off: kept, but without effect.
    """

    line: int
    text: str
    action: Action
    tests: tuple[Condition, ...] = ()
    each: str | None = None
    factor: float = 1.0
    place: int = 0
    most: int = 0
    surfaces: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    starts: datetime | None = None
    ends: datetime | None = None
    after: After | None = None
    compatible: bool = False
    because: str = ""
    off: bool = False

    def acts_on(self, surface: str) -> bool:
        return not self.off and (not self.surfaces or surface in self.surfaces)


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that isn't a rule. line and column: 1-based; length: of what is wrong. what, advice: for any reader."""

    line: int
    column: int
    length: int
    what: Saying
    advice: Saying | None = None

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return str(self.what)

    @property
    def hint(self) -> str:
        """What could stand there instead, in English; empty where nothing is known."""
        return "" if self.advice is None else str(self.advice)

    def said(self, say: Say) -> tuple[str, str]:
        """Message and hint in the reader's language."""
        return self.what.said(say), "" if self.advice is None else self.advice.said(say)

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message} {self.hint}".rstrip()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What could stand at a place: words of the language, or a name of the shop's. of: the attribute, for its values."""

    words: tuple[str, ...] = ()
    kinds: tuple[Expectation, ...] = ()
    of: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What a text says. Lines with problems are no rules."""

    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...] = ()


class RuleError(InvalidInput):
    """A rule can't be read. `where` has line, column and all problems."""

    code, title = "invalid-rule", "A rule can't be read"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["word", "text", "number", "percent", "day", "sign"]
    value: str
    start: int
    end: int


_TOKENS = re.compile(
    r"""(?P<space>\s+)|(?P<comment>\#.*)
    |(?P<text>"(?:[^"\\]|\\.)*"|“[^”]*”)
    |(?P<day>\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2})?)
    |(?P<percent>\d+(?:\.\d+)?\s*%)
    |(?P<number>-?\d+(?:\.\d+)?)(?!\w)
    |(?P<sign><=|>=|!=|[<>=,()])
    |(?P<word>[^\W\d][\w-]*)
    |(?P<open>"[^"]*$)
    |(?P<other>.)""",
    re.VERBOSE,
)


class Wrong(Exception):
    """A line that can't be read, as the parser finds it. token: where; at_end: more was wanted."""

    def __init__(
        self, what: Saying, advice: Saying | None = None, token: _Token | None = None, *, at_end: bool = False
    ) -> None:
        super().__init__(str(what))
        self.what, self.advice, self.token, self.at_end = what, advice, token, at_end


def read(text: str, surfaces: Iterable[str], zone: str = "UTC", *, lenient: bool = False) -> Read:
    """The rules of a text, and what is wrong with the lines that aren't any.

    surfaces: names that may follow "on". zone: whose days "from" and "until" mean. lenient: other names may follow too: of a rule
    that was in force before a surface was taken away, the rest goes on acting.
    """
    known = tuple(surfaces)
    rules: list[Rule] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if len(rules) >= MAX_RULES:
            problems.append(Problem(number, 1, len(line), saying("There are more than {most} rules.", most=MAX_RULES)))
            break
        try:
            rules.append(Parser(line, number, known, zone, lenient=lenient).rule())
        except Wrong as wrong:
            token = wrong.token
            start, end = (len(line.rstrip()), len(line.rstrip())) if token is None else (token.start, token.end)
            problems.append(Problem(number, start + 1, max(1, end - start), wrong.what, wrong.advice))
    return Read(tuple(rules), tuple(problems))


def parse(text: str, surfaces: Iterable[str], zone: str = "UTC") -> tuple[Rule, ...]:
    """The rules of a text. Raises: RuleError with the first problem's place; all stand in its `where["problems"]`."""
    found = read(text, surfaces, zone)
    if found.problems:
        first = found.problems[0]
        more = f" ({len(found.problems) - 1} more lines are wrong.)" if len(found.problems) > 1 else ""
        raise RuleError(
            f"Line {first.line}, column {first.column}: {first.message}{more}",
            hint=first.hint or None,
            line=first.line,
            column=first.column,
            problems=[str(one) for one in found.problems],
        )
    return found.rules


class Parser:
    """One line, by recursive descent. `wanted` is what could stand at its end."""

    def __init__(self, line: str, number: int, surfaces: tuple[str, ...], zone: str, *, lenient: bool = False) -> None:
        self.line, self.number, self.surfaces = line, number, surfaces
        self.zone = ZoneInfo(zone)
        self.lenient = lenient
        self.at = 0
        self.wanted = Wanted()
        self.tokens = self._tokens()

    def _tokens(self) -> list[_Token]:
        if len(self.line) > MAX_LINE:
            raise Wrong(
                saying("A rule has at most {most} characters.", most=f"{MAX_LINE:,}"), saying("Split it in two.")
            )
        found = []
        for match in _TOKENS.finditer(self.line):
            kind = match.lastgroup or "other"
            token = _Token("word", match.group(), match.start(), match.end())
            if kind in ("space", "comment"):
                continue
            if kind == "open":
                raise Wrong(saying("A text isn't closed."), saying('Put a " at its end.'), token)
            if kind == "other":
                raise Wrong(
                    saying("{found} means nothing here.", found=repr(match.group())),
                    saying("Names stand in quotation marks."),
                    token,
                )
            value = match.group()
            if kind == "text":
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            found.append(_Token(kind, value, match.start(), match.end()))  # type: ignore[arg-type]
        return found

    # What stands here

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _may(self, words: Sequence[str] = (), kinds: Sequence[Expectation] = (), of: str = "") -> None:
        """Remembers what could stand at the end of the line, if this is its end."""
        if self.at == len(self.tokens):
            here = self.wanted
            self.wanted = Wanted(
                tuple(dict.fromkeys((*here.words, *words))), tuple(dict.fromkeys((*here.kinds, *kinds))), of or here.of
            )

    def is_next(self, *words: str) -> bool:
        """Takes these words if they stand here; they are told as possible too."""
        if words[0].isalpha():
            self._may(words[:1])
        for offset, word in enumerate(words):
            at = self.at + offset
            token = self.tokens[at] if at < len(self.tokens) else None
            if token is None and offset:
                self.at = at
                self._may((word,))
                self.at -= offset
                return False
            if token is None or token.kind not in ("word", "sign") or token.value.casefold() != word:
                return False
        self.at += len(words)
        self.wanted = Wanted()
        return True

    def wrong(self, what: Saying | str, options: Sequence[str] = ()) -> Wrong:
        """what: is wanted here; a plain string is a word of the language, the same for every reader."""
        token = self.peek()
        hint = None
        if options:
            near = difflib.get_close_matches(token.value.casefold(), options, 1) if token else []
            hint = meant(near[0]) if near else choice(options)
        if token is None:
            return Wrong(missing(what), hint, at_end=True)
        return Wrong(saying("{found} stands where {what} is wanted.", found=repr(token.value), what=what), hint, token)

    def word(self, options: Sequence[str], what: Saying | str) -> str:
        self._may(options)
        token = self.peek()
        if token is None or token.kind != "word" or token.value.casefold() not in options:
            raise self.wrong(what, options)
        self.at += 1
        self.wanted = Wanted()
        return token.value.casefold()

    def number_(self, what: Saying) -> float:
        self._may(kinds=("number",))
        token = self.peek()
        if token is None or token.kind not in ("number", "percent"):
            raise self.wrong(what)
        self.at += 1
        self.wanted = Wanted()
        return float(token.value.rstrip("% "))

    def whole(self, what: Saying, least: int, most: int) -> int:
        token = self.peek()
        value = self.number_(what)
        if value != int(value) or not least <= value <= most:
            raise Wrong(
                saying("{what} is a whole number from {least} to {most}.", what=what, least=least, most=f"{most:,}"),
                None,
                token,
            )
        return int(value)

    def name(self, kind: Expectation, of: str = "") -> str:
        """A text in quotation marks, or a single word or number without."""
        self._may(kinds=(kind,), of=of)
        token = self.peek()
        if token is None or token.kind == "sign":
            raise self.wrong(saying('a name in quotation marks, such as "North",'))
        if not token.value.strip():
            raise Wrong(saying("A name is empty."), None, token)
        self.at += 1
        self.wanted = Wanted()
        return token.value

    # The grammar

    def rule(self) -> Rule:
        off = self.is_next("off")
        action: Action = self.word(ACTIONS, saying("an action"))  # type: ignore[assignment]  # one of ACTIONS
        each = None
        tests: tuple[Condition, ...] = ()
        if self.is_next("everything"):
            if action == "pin":
                raise self.wrong(saying("one product"))
        elif action == "cap" and self.is_next("each"):
            each = self.group()
            if self.is_next("of"):
                tests = self.tests()
        else:
            self._may(("everything", *(("each",) if action == "cap" else ())))
            tests = self.tests()
        made = Rule(self.number, self.line.strip(), action, tests, each, off=off)
        return self.checked(*self.tails(made))

    def group(self) -> str:
        self._may(("brand", "category"), ("attribute",))
        token = self.peek()
        if token is None or token.kind not in ("word", "text"):
            raise self.wrong(saying("brand, category or an attribute"))
        if token.value.casefold() in (*NUMBERS, "product"):
            raise Wrong(
                saying("A cap can't count by {found}.", found=token.value),
                saying("Count by brand, category or an attribute."),
                token,
            )
        self.at += 1
        self.wanted = Wanted()
        return token.value.casefold() if token.value.casefold() in NAMED else token.value

    def tests(self) -> tuple[Condition, ...]:
        found = [self.test()]
        while self.is_next("and"):
            found.append(self.test())
        return tuple(found)

    def test(self) -> Condition:
        self._may((*NAMED, *NUMBERS, "attribute"), ("attribute",))
        token = self.peek()
        if token is None or token.kind not in ("word", "text") or token.value.casefold() in TAILS:
            raise self.wrong(saying("what it is about"), (*NAMED, *NUMBERS, "attribute"))
        self.at += 1
        self.wanted = Wanted()
        name = token.value
        if token.kind == "word" and name.casefold() == "attribute":
            name = self.name("attribute")
        elif token.kind == "word" and name.casefold() in (*NAMED, *NUMBERS):
            name = name.casefold()
        if self.is_next("is", "known"):
            return Condition(name, "known")
        if self.is_next("is", "unknown"):
            return Condition(name, "unknown")
        if name in NUMBERS:
            return self.compared(name)
        if name not in NAMED and (self.peek() is not None and self.peek().value in ("<", "<=", ">", ">=")):  # type: ignore[union-attr]
            return self.compared(name)
        return self.one_of(name, token)

    def compared(self, name: str) -> Condition:
        self._may(COMPARISONS[:4])
        sign = self.peek()
        if sign is None or sign.kind != "sign" or sign.value not in COMPARISONS:
            hint = saying("Write {name} > 20, for example.", name=name) if name in NUMBERS else None
            error = self.wrong(saying("a comparison"))
            raise Wrong(error.what, hint, error.token, at_end=error.at_end)
        self.at += 1
        self.wanted = Wanted()
        value = self.number_(saying("a number"))
        if name == "age":
            self.is_next("days")
        return Condition(name, sign.value, (value,))

    def one_of(self, name: str, token: _Token) -> Condition:
        kind: Expectation = name if name in NAMED else "value"  # type: ignore[assignment]
        if self.is_next("is", "one", "of") or self.is_next("in"):
            return Condition(name, "is", self.names(kind, name))
        if self.is_next("is", "not") or self.is_next("!="):
            return Condition(name, "is not", self.names(kind, name))
        if self.is_next("is") or self.is_next("="):
            return Condition(name, "is", self.names(kind, name))
        if name in NAMED or token.kind == "text":
            at_end = self.peek() is None
            wanted = saying("what {name} is", name=name) if at_end else saying('"is" or "is not"')
            raise self.wrong(wanted, ("is", "is not"))
        options = (*NAMED, *NUMBERS)
        near = difflib.get_close_matches(name.casefold(), options, 1)
        if self.peek() is None:
            raise self.wrong(saying("what {name} is", name=name), ("is", "is not"))
        raise Wrong(
            saying('{found} is followed by neither a comparison nor "is".', found=repr(name)),
            meant(near[0]) if near else saying('Write {name} is "…" of an attribute.', name=name),
            token,
        )

    def names(self, kind: Expectation, of: str) -> tuple[str, ...]:
        bracket = self.is_next("(")
        found = [self.name(kind, of)]
        while self.is_next(","):
            found.append(self.name(kind, of))
        if bracket and not self.is_next(")"):
            raise self.wrong('")"')
        return tuple(found)

    def tails(self, rule: Rule) -> tuple[Rule, set[str]]:
        """The rule with what follows its condition, and which words did."""
        seen: set[str] = set()
        while True:
            options = [word for word in self._tails_of(rule) if word not in seen]
            self._may(options)
            token = self.peek()
            if token is None:
                return rule, seen
            word = token.value.casefold() if token.kind == "word" else ""
            if word in seen:
                raise Wrong(
                    saying("{found} stands twice.", found=repr(word)), saying("A rule says each thing once."), token
                )
            if word not in options:
                all_of = [one for one in TAILS if one not in options]
                if word in all_of:
                    raise Wrong(
                        saying("{found} doesn't go with {action}.", found=repr(word), action=repr(rule.action)),
                        choice(options),
                        token,
                    )
                raise self.wrong(saying("the rest of the rule"), ["and", *options])
            self.at += 1
            self.wanted = Wanted()
            seen.add(word)
            rule = self.tail(rule, word)

    def _tails_of(self, rule: Rule) -> list[str]:
        first = {"boost": ["by"], "bury": ["by"], "pin": ["at"], "cap": ["at"], "exclude": []}[rule.action]
        more = [] if rule.action == "pin" else ["within"]
        only = ["unless"] if rule.action in ("exclude", "bury") else []
        return [*first, "on", "for", *more, *only, "from", "until", "because"]

    def tail(self, rule: Rule, word: str) -> Rule:
        match word:
            case "by":
                return replace(rule, factor=self.factor(rule.action))
            case "at":
                if rule.action == "cap":
                    self.word(("most",), '"most"')
                    return replace(rule, most=self.whole(saying("The most of a cap"), 0, 100))
                return replace(rule, place=self.whole(saying("A place"), 1, 100) - 1)
            case "on":
                return replace(rule, surfaces=self.several(self._surfaces(), saying("a surface")))
            case "for":
                return replace(rule, segments=self.several(SEGMENTS, saying("who it is for")))
            case "from":
                return replace(rule, starts=self.moment(end=False))
            case "until":
                return replace(rule, ends=self.moment(end=True))
            case "within":
                days = self.whole(saying("A number of days"), 1, 3_650)
                self.word(("days", "day"), '"days"')
                self.word(("of",), '"of"')
                did = self.word(("buying", "viewing"), saying('"buying" or "viewing"'))
                return replace(rule, after=After(days, did, self.tests()))  # type: ignore[arg-type]
            case "unless":
                self.word(("compatible",), '"compatible"')
                return replace(rule, compatible=True)
            case _:
                return replace(rule, because=self.name("text"))

    def _surfaces(self) -> tuple[str, ...]:
        """Names that may follow "on"; where the reader is lenient, any."""
        if not self.lenient:
            return self.surfaces
        return (*self.surfaces, *(token.value.casefold() for token in self.tokens if token.kind == "word"))

    def factor(self, action: str) -> float:
        self._may(kinds=("number",))
        token = self.peek()
        if token is None or token.kind not in ("percent", "number"):
            raise self.wrong(saying("a percentage, such as 20%,"))
        if token.kind == "number":
            raise Wrong(
                saying("{found} of what?", found=token.value), saying("Write {found}%.", found=token.value), token
            )
        self.at += 1
        self.wanted = Wanted()
        share = float(token.value.rstrip("% ")) / 100
        if action == "boost":
            if not 0 < share <= MAX_BOOST:
                raise Wrong(saying("A boost is from 1% to {most}.", most=f"{MAX_BOOST:.0%}"), None, token)
            return 1 + share
        if not 0 < share < 1:
            raise Wrong(
                saying("A bury is from 1% to 99%."), saying('To take it out altogether, write "exclude".'), token
            )
        return 1 - share

    def several(self, options: Sequence[str], what: Saying) -> tuple[str, ...]:
        found = [self.word(options, what)]
        while self.is_next(","):
            found.append(self.word(options, what))
        return tuple(dict.fromkeys(found))

    def moment(self, *, end: bool) -> datetime:
        self._may(kinds=("day",))
        token = self.peek()
        if token is None or token.kind != "day":
            raise self.wrong(saying("a day, such as 2026-12-24,"))
        self.at += 1
        self.wanted = Wanted()
        try:
            made = datetime.fromisoformat(token.value).replace(tzinfo=self.zone)
        except ValueError:
            raise Wrong(saying("There is no day {day}.", day=token.value), None, token) from None
        # "until 2026-12-24" holds on that day too.
        return made + timedelta(days=1) if end and len(token.value) == 10 else made

    def checked(self, rule: Rule, said: set[str]) -> Rule:
        """What a rule can't do without, and what can't be right."""

        def needs(what: Saying, example: str) -> Wrong:
            return Wrong(missing(what), saying("For example: {example}", example=example), at_end=True)

        if rule.action in ("boost", "bury") and rule.factor == 1.0:
            raise needs(saying("by how much"), f"{rule.action} … by 20%")
        if rule.action == "cap" and "at" not in said:
            raise needs(saying("how many at most"), "cap … at most 2")
        if rule.action == "pin":
            if (
                len(rule.tests) != 1
                or rule.tests[0].field != "product"
                or rule.tests[0].how != "is"
                or len(rule.tests[0].values) != 1
            ):
                raise Wrong(
                    saying('A pin names one product: pin product is "…".'),
                    saying("Use boost for several."),
                    self.tokens[0],
                )
            if "at" not in said:
                raise needs(saying("the place"), f"{rule.text[:60]} at 1 on home")
            if not rule.surfaces:
                raise needs(saying("where it stands"), f"{rule.text[:60]} on home")
        if rule.starts is not None and rule.ends is not None and rule.starts >= rule.ends:
            raise Wrong(saying("The rule ends before it begins."), saying('Change "from" or "until".'), self.tokens[-1])
        return rule
