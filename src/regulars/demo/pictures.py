"""Drawn pictures of the demo's products: a shape of its kind in its collection's colours, in a little scene. Knows no shop."""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

from regulars.demo.catalogue import Item, by_id
from regulars.demo.shapes import FORMS
from regulars.demo.shapes.home_to_books import COVERS

_INK = "#1c1b1a"
_WOOD = "#c9986a"
_WOODS = {"walnut": "#80573b", "walnut-handled": "#80573b", "bamboo": "#d9bd7e", "olive-wood": "#b98f52", "olive-handled": "#b98f52", "beech": "#d9b080", "oak": "#c2955f", "acacia": "#a8693d", "maple": "#e0bd8e"}  # fmt: skip
_METALS = {"copper": ("#c27a4d", 0.75), "brass": ("#c49a45", 0.7), "steel": ("#b4babd", 0.55), "cast-iron": ("#34383b", 0.6), "zinc": ("#aab1b3", 0.6), "titanium": ("#9aa0a4", 0.7), "cork": ("#c79c6c", 0.65), "jute": ("#c4a878", 0.6), "rattan": ("#c9a368", 0.7), "leather": ("#9a6340", 0.6), "denim": ("#45608a", 0.6)}  # fmt: skip
_HANGS = frozenset({"pendant", "string-lights", "kite"})
_LETTER = re.compile(r"'([A-Z])'")
_BODY = re.compile(r"<(\w+) B ([^>]*)/>")


def mixed(colour: str, other: str, share: float) -> str:
    """`share` of the other colour in this one."""
    parts = (
        round(int(colour[at : at + 2], 16) * (1 - share) + int(other[at : at + 2], 16) * share) for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


@lru_cache(maxsize=1_024)
def picture(product: str) -> str | None:
    """An SVG of a demo product by its id, e.g. `teapot-moss`; None for what isn't one."""
    item = by_id().get(product)
    return None if item is None else _drawn(item)


def _drawn(item: Item) -> str:
    facet = item.facet[0]
    main, second = item.collection.main, item.collection.second
    if facet in _METALS:
        main = mixed(main, *_METALS[facet])
    wood = _WOODS.get(facet, _WOOD)
    roles = {
        "C": "url(#c)", "D": mixed(main, _INK, 0.3), "L": mixed(main, "#ffffff", 0.66), "A": second, "S": mixed(second, _INK, 0.45),
        "W": wood, "V": mixed(wood, _INK, 0.35), "M": "#c3c8ca", "N": "#5b6164", "G": "#f4f8f8", "K": "#2b2927", "F": "#5f8a58", "E": "#5c4030",
    }  # fmt: skip
    if item.kind.key in COVERS:
        covers = COVERS[item.kind.key]
        shape = _book(covers[item.place % len(covers)], item.place)
    else:
        forms = FORMS[item.kind.key]
        shape = forms[item.kind.facets.index(item.facet) % len(forms)]
    shape = _BODY.sub(r"<\1 fill='C' \2/><\1 fill='url(#p)' \2/>", shape)
    shape = _LETTER.sub(lambda found: f"'{roles.get(found[1], found[1])}'", shape)
    wall, floor = _room(item, main, second)
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 240 240' stroke-linejoin='round'><defs>"
        f"<linearGradient id='c' x1='0' x2='1'><stop offset='0' stop-color='{mixed(main, '#ffffff', 0.16)}'/>"
        f"<stop offset='.55' stop-color='{main}'/><stop offset='1' stop-color='{mixed(main, _INK, 0.2)}'/></linearGradient>"
        f"<radialGradient id='s'><stop offset='0' stop-color='{_INK}' stop-opacity='.34'/>"
        f"<stop offset='1' stop-color='{_INK}' stop-opacity='0'/></radialGradient>{_pattern(item.collection.pattern, second)}</defs>"
        f"{wall}{floor}{shape}</svg>"
    )


def _room(item: Item, main: str, second: str) -> tuple[str, str]:
    """Wall and ground; which room it is depends on the product, so that a row of them looks varied."""
    number = crc32(item.id.encode())
    pale = mixed(mixed(main, second, 0.4), "#ffffff", 0.8)
    if number // 7 % 3 == 0:
        pale = mixed(mixed(main, second, 0.8), "#fbfaf7", 0.62)
    deeper = mixed(pale, mixed(main, second, 0.3), 0.24)
    light = mixed(pale, "#ffffff", 0.55)
    scenes = (
        f"<circle cx='120' cy='112' r='92' fill='{light}'/>",
        f"<path d='M0 176h240v64H0z' fill='{deeper}'/>",
        f"<path d='M40 196V116a80 80 0 0 1 160 0v80z' fill='{light}'/><path d='M0 196h240v44H0z' fill='{deeper}'/>",
        f"<path d='M0 0h96l96 240H0z' fill='{light}'/>",
        f"<path d='M0 168h240v72H0z' fill='{light}'/><path d='M150 20h62v92h-62z' fill='{light}' fill-opacity='.7'/><path d='M181 20v92m-31-46h62' stroke='{pale}' stroke-width='5'/>",
        f"<path d='M0 186q60-26 120-10t120-8v72H0z' fill='{deeper}'/><circle cx='190' cy='56' r='24' fill='{light}'/>",
    )
    wall = f"<rect width='240' height='240' fill='{pale}'/>{scenes[number % len(scenes)]}"
    floor = "" if item.kind.key in _HANGS else "<ellipse cx='120' cy='201' rx='104' ry='15' fill='url(#s)'/>"
    return wall, floor


def _book(cover: str, place: int) -> str:
    """A book that stands, its front turned to us."""
    frame = ("<path d='M88 60h76v112H88z' fill='none' stroke='A' stroke-width='2'/>", "<path d='M80 178h92' stroke='A' stroke-width='5'/>", "")[place % 3]  # fmt: skip
    return (
        "<path d='M72 52l8-10h104v150l-8 8z' fill='#fffdf6'/><path d='M176 52l8-10v150l-8 8z' fill='#e6dfd0'/>"
        f"<rect B x='64' y='50' width='112' height='150' rx='3'/><path d='M64 50h14v150H64z' fill='D'/>{frame}{cover}"
        "<path d='M96 184h60m-48 8h36' stroke='L' stroke-width='3' stroke-linecap='round'/>"
    )


def _pattern(name: str, colour: str) -> str:
    """How a collection decorates: an SVG pattern with the id p."""
    if name == "plain":
        return "<pattern id='p' width='4' height='4' patternUnits='userSpaceOnUse'/>"
    width, height, drawn = _PATTERNS[name]
    inside = drawn.replace("X", colour)
    return f"<pattern id='p' width='{width}' height='{height}' patternUnits='userSpaceOnUse' opacity='.8'>{inside}</pattern>"


_PATTERNS: dict[str, tuple[int, int, str]] = {
    "leaves": (30, 30, "<path d='M6 14q2-10 12-10-1 10-12 10zm12 14q2-10 12-10-1 10-12 10z' fill='X' fill-opacity='.8'/>"),
    "band": (240, 60, "<path d='M0 30h240v7H0zm0 11h240v3H0z' fill='X' fill-opacity='.85'/>"),
    "stars": (34, 34, "<g fill='X'><circle cx='7' cy='9' r='2'/><circle cx='24' cy='26' r='1.5'/><path d='M23 5l1.2 3.6 3.8.1-3 2.3 1 3.6-3-2.1-3.1 2.1 1.1-3.6-3-2.3 3.8-.1z'/></g>"),
    "speckle": (26, 26, "<g fill='X' fill-opacity='.65'><circle cx='4' cy='6' r='1.4'/><circle cx='15' cy='3' r='1'/><circle cx='21' cy='13' r='1.6'/><circle cx='9' cy='18' r='1.1'/><circle cx='17' cy='23' r='1.3'/></g>"),
    "dots": (20, 20, "<g fill='X' fill-opacity='.85'><circle cx='5' cy='5' r='3'/><circle cx='15' cy='15' r='3'/></g>"),
    "waves": (32, 16, "<path d='M0 8q8-8 16 0t16 0' fill='none' stroke='X' stroke-opacity='.75' stroke-width='2.4'/>"),
    "chevron": (24, 18, "<path d='M0 14l12-9 12 9' fill='none' stroke='X' stroke-opacity='.7' stroke-width='3'/>"),
    "stripes": (16, 16, "<path d='M4 0v16' stroke='X' stroke-opacity='.7' stroke-width='4'/>"),
    "petals": (36, 36, "<g fill='X' fill-opacity='.8'><ellipse cx='10' cy='5' rx='3' ry='5'/><ellipse cx='10' cy='15' rx='3' ry='5'/><ellipse cx='5' cy='10' rx='5' ry='3'/><ellipse cx='15' cy='10' rx='5' ry='3'/><circle cx='28' cy='28' r='3'/></g>"),
    "grid": (22, 22, "<path d='M0 6h22M6 0v22' stroke='X' stroke-opacity='.55' stroke-width='3'/>"),
    "terrazzo": (40, 40, "<g fill='X' fill-opacity='.9'><path d='M4 6l8-3 3 6-7 4z'/><path d='M24 16l9 2-2 7-8-1z'/><path d='M10 28l6-2 2 7-7 2z'/></g><path d='M28 4l6 1-2 5-5-1z' fill='#fff' fill-opacity='.8'/>"),
}  # fmt: skip
