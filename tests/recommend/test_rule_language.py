"""Rules as text: what is read, where a mistake is, what could stand next."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.language.translations import Saying, say_in
from regulars.recommend.rules import checks, language
from regulars.recommend.rules.completion import Names, complete, written
from regulars.recommend.rules.language import After, Condition, RuleError, parse, read

SURFACES = ("home", "email", "cart")
NAMES = Names(("tea-1",), ("Tea",), ("North", "South & Sons"), {"colour": ("red", "dark blue")})


def one(text: str, zone: str = "UTC"):
    (rule,) = parse(text, SURFACES, zone)
    return rule


def test_every_part_of_a_rule_is_read() -> None:
    rule = one(
        'boost brand is "South & Sons" and price <= 20 by 25% on home, email for newcomers, buyers because "autumn"'
    )
    assert (rule.action, rule.factor, rule.surfaces, rule.segments) == (
        "boost",
        1.25,
        ("home", "email"),
        ("newcomers", "buyers"),
    )
    assert rule.tests == (Condition("brand", "is", ("South & Sons",)), Condition("price", "<=", (20.0,)))
    assert rule.because == "autumn"
    assert one("bury everything by 30%").factor == pytest.approx(0.7)
    assert one('pin product is "tea-1" at 3 on home').place == 2
    assert one("cap each brand at most 2").each == "brand"
    assert one("cap category is Tea at most 0").most == 0
    assert one("exclude colour is red, “dark blue”").tests == (Condition("colour", "is", ("red", "dark blue")),)
    assert one("exclude colour is not (red, green)").tests == (Condition("colour", "is not", ("red", "green")),)
    assert one("exclude stock is unknown").tests == (Condition("stock", "unknown"),)
    after = one("exclude category is Fridges within 365 days of buying category is Fridges").after
    assert after == After(365, "buying", (Condition("category", "is", ("Fridges",)),))
    assert one("exclude category is Cases unless compatible").compatible
    assert one("off exclude everything").off
    assert one("boost age < 14 days by 10%").tests == (Condition("age", "<", (14.0,)),)


def test_days_are_the_shops_own_and_the_last_one_counts() -> None:
    rule = one("exclude everything from 2026-12-01 until 2026-12-24", "Asia/Shanghai")
    assert rule.starts == datetime(2026, 12, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert rule.ends == datetime(2026, 12, 25, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert one("exclude everything until 2026-12-24 18:00").ends == datetime(2026, 12, 24, 18, tzinfo=ZoneInfo("UTC"))


MISTAKES = {
    "boots brand is North by 20%": (1, "Did you mean 'boost'?"),
    "boost brand North by 20%": (13, "is"),
    "boost brand is North": (21, "by 20%"),
    "boost brand is North by 20": (25, "Write 20%."),
    "pin brand is North at 1 on home": (1, "Use boost"),
    "pin product is x at 1": (22, "on home"),
    "cap each price at most 2": (10, "Count by"),
    "exclude price > on home": (17, ""),
    "exclude price > 3 on hom": (22, "Did you mean 'home'?"),
    "exclude price > 3 from 2026-13-01": (24, ""),
    "exclude price > 3 from 2026-12-02 until 2026-12-01": (41, ""),
    'exclude brand is "North': (18, 'Put a "'),
    "exclude brand is North on home on cart": (32, "once"),
    "bury brand is North by 100%": (24, "exclude"),
    "exclude brand is North by 10%": (24, "on"),
    "cap brand is North": (19, "at most"),
    'cap brand is "Most" on home': (28, "at most"),
    'pin product is "at" on home': (28, "at 1"),
    "exclude $ > 3": (9, ""),
    "exclude": (8, "product"),
    "exclude price is cheap": (15, "price > 20"),
}


@pytest.mark.parametrize("text", list(MISTAKES))
def test_a_mistake_is_named_with_its_place_and_what_to_do(text: str) -> None:
    column, hint = MISTAKES[text]
    (problem,) = read(f"# first\n{text}\n", SURFACES).problems
    assert (problem.line, problem.column) == (2, column)
    assert hint in problem.hint
    with pytest.raises(RuleError) as raised:
        parse(f"# first\n{text}\n", SURFACES)
    assert raised.value.where["line"] == 2
    assert raised.value.where["column"] == column


# Beside MISTAKES these bring about everything that can be wrong with a line.
MORE_MISTAKES = (
    "boost brand is North by 5000%",
    "bury everything by",
    "pin everything",
    "pin product is x on home",
    'pin product is "" at 1 on home',
    "pin product is x at 101 on home",
    "cap each brand at 3",
    "cap each brand at most 2.5",
    "cap each ( at most 2",
    "exclude brand",
    "exclude brand is",
    "exclude brand is (North",
    "exclude colour blue",
    "exclude prise blue",
    "exclude everything for nobody",
    "exclude everything from tomorrow",
    "exclude everything nonsense",
    "exclude everything within 0 days of buying brand is North",
    "exclude everything within 3 days of eating brand is North",
    "x" * 2_001,
    "exclude everything\n" * 1_001,
)


def test_everything_that_can_be_wrong_is_said_in_chinese() -> None:
    """Whatever the parser or the checker can say has a Chinese text with the same gaps, and is known to come about."""
    folder = Path(language.__file__).parent
    written = {file.stem: _said_in(file, "saying") | _said_in(file, "say") for file in folder.glob("*.py")}
    met = {
        text
        for line in (*MISTAKES, *MORE_MISTAKES)
        for problem in read(line, SURFACES).problems
        for text in _texts(problem.what, problem.advice)
    }
    assert met == written["language"] | written["sayings"]
    say = say_in("zh")
    for text in set().union(*written.values()):
        assert re.search("[\u4e00-\u9fff]", say(text)), f"{text!r} isn't said in Chinese"
        assert set(re.findall("{(.*?)}", say(text))) == set(re.findall("{(.*?)}", text)), text


def test_every_finding_has_a_sentence() -> None:
    tree = ast.parse(Path(checks.__file__).read_text(encoding="utf-8"))
    made = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"]
    codes = {part.value for node in made for part in ast.walk(node.args[1]) if isinstance(part, ast.Constant)}
    assert len(codes) >= 13
    for code in codes:
        finding = checks.Finding("hint", code, (3, 7), {"name": "Nort", "place": 2, "surface": "home", "most": 1})
        for near in ({}, {"near": "North"}):
            english, chinese = (
                checks.sentence(say_in(locale), replace(finding, arguments={**finding.arguments, **near}))
                for locale in ("en", "zh")
            )
            assert english != chinese
            for told in ("3", *near.values()) if code == "unknown_name" else ("3",):
                assert told in english
                assert told in chinese


def _said_in(file: Path, function: str) -> set[str]:
    """The strings that a file gives to this function."""
    calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    given = [node.args[0] for node in calls if getattr(node.func, "id", "") == function and node.args]
    return {one.value for one in given if isinstance(one, ast.Constant)}


def _texts(*sayings: object) -> Iterator[str]:
    """All strings of these sayings, those in their gaps too."""
    for one in sayings:
        if isinstance(one, Saying):
            yield one.text
            yield from _texts(*one.gaps.values())


def test_a_rule_outlives_a_surface_that_was_taken_away() -> None:
    text = "exclude brand is North on home, gifts\nexclude brand is South on gifts"
    assert len(read(text, SURFACES).problems) == 2
    first, second = read(text, SURFACES, lenient=True).rules
    assert first.acts_on("home")
    assert not second.acts_on("home")


def test_lines_that_are_right_count_beside_lines_that_are_wrong() -> None:
    found = read("exclude everything\nboots x\ncap each brand at most 1", SURFACES)
    assert [rule.line for rule in found.rules] == [1, 3]
    assert [problem.line for problem in found.problems] == [2]


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = read(text, SURFACES)
    lines = text.splitlines()
    for problem in found.problems:
        assert 1 <= problem.line <= len(lines)
        assert problem.column >= 1
        assert problem.message
    complete(text, SURFACES, NAMES)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40).filter(str.strip))
def test_any_name_can_be_written(name: str) -> None:
    if "“" in name or "”" in name:
        return
    rule = one(f"exclude brand is {written(name)} on home")
    assert rule.tests == (Condition("brand", "is", (name,)),)


@pytest.mark.parametrize(
    ("line", "offered", "start"),
    [
        ("bo", "boost", 0),
        ("boost ", "colour", 6),
        ("boost brand is ", '"South & Sons"', 15),
        ("boost brand is No", "North", 15),
        ('boost brand is "So', '"South & Sons"', 15),
        ("boost colour is ", '"dark blue"', 16),
        ("boost brand is North ", "by", 21),
        ("exclude price > 3 on h", "home", 21),
        ("cap each ", "brand", 9),
        ("exclude everything for ", "newcomers", 23),
        ("exclude everything within 5 ", "days", 28),
    ],
)
def test_what_could_stand_next(line: str, offered: str, start: int) -> None:
    options, begins = complete(line, SURFACES, NAMES)
    assert offered in options
    assert begins == start
