"""What could stand next in a rule that is being typed: words of the language and names of the shop."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from regulars.recommend.catalogue import Catalogue, reference
from regulars.recommend.rules.language import TAILS, Parser, Wanted, Wrong

MOST_NAMES = 5_000  # products whose attributes are looked at, and ids that are offered
MOST_VALUES = 200  # of an attribute


def wanted(line: str, surfaces: Iterable[str]) -> tuple[Wanted, int]:
    """What could follow this beginning of a rule, and the column (from 0) where the word being typed begins.

    >>> found, start = wanted("boost bra", ["home"])
    >>> "brand" in found.words, start
    (True, 6)
    """
    start = len(line)
    begun = re.search(r'(?:"[^"]*|“[^”]*|[\w-]+)$', line)
    if begun is not None and line.count('"') % 2 == begun.group().count('"') % 2:
        start = begun.start()
    try:
        parser = Parser(line[:start], 1, tuple(surfaces), "UTC")
    except Wrong:
        return Wanted(), start
    try:
        parser.rule()
    except Wrong as wrong:
        if not wrong.at_end:
            return Wanted(), start
    return parser.wanted, start


@dataclass(frozen=True, slots=True)
class Names:
    """What of a shop can be named in a rule, for completion. values: of each attribute."""

    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)


def complete(line: str, surfaces: Iterable[str], names: Names, most: int = 12) -> tuple[list[str], int]:
    """What could replace the word that is being typed at the line's end, the likeliest first, and where that word begins.

    >>> complete("boost brand is ", ["home"], Names(brands=("North", "South & Sons")))
    (['North', '"South & Sons"'], 15)
    >>> complete("boost brand is North by 20% on h", ["home", "cart"], Names())
    (['home'], 31)
    """
    found, start = wanted(line, surfaces)
    begun = line[start:].lstrip('"“').casefold()
    quoted = line[start : start + 1] in ('"', "“")
    of_shop: dict[str, Iterable[str]] = {
        "product": names.products,
        "category": names.categories,
        "brand": names.brands,
        "attribute": names.values,
        "value": names.values.get(
            found.of, next((v for k, v in names.values.items() if k.casefold() == found.of.casefold()), ())
        ),
        "number": ("20%",) if "by" in line[:start].split()[-1:] else (),
        "day": (),
    }
    said = [] if quoted else [word for word in found.words if word.casefold().startswith(begun)]
    for kind in found.kinds:
        for name in of_shop.get(kind, ()):
            if name.casefold().startswith(begun) or (len(begun) > 1 and begun in name.casefold()):
                said.append(written(name))
    return list(dict.fromkeys(said))[:most], start


def written(name: str) -> str:
    """A name as it stands in a rule: in quotation marks unless it is one plain word."""
    reserved = (*TAILS, "and", "is", "not", "one", "of", "in", "known", "unknown")
    if re.fullmatch(r"[^\W\d][\w-]*", name) and name.casefold() not in reserved:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def names_of(catalogue: Catalogue) -> Names:
    """What of a catalogue can be named, the commonest first; of a large one as much as a person would look through."""
    values: dict[str, dict[str, int]] = {}
    products = []
    for item in catalogue.items[:MOST_NAMES]:
        if item is None or not item.for_sale or not item.names:
            continue
        products.append(reference(item))
        for name, value in item.attributes.items():
            own = values.setdefault(name, {})
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, (str, int, float)) and str(one).strip():
                    own[str(one)] = own.get(str(one), 0) + 1
    categories = dict.fromkeys(part for path in catalogue.paths for part in path)
    return Names(
        tuple(products),
        tuple(categories),
        tuple(name for name in catalogue.brand_names if name),
        {name: tuple(sorted(own, key=lambda one: -own[one])[:MOST_VALUES]) for name, own in values.items()},
    )
