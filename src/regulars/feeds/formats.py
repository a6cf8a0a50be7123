"""The table of formats, and which one a file is in. Knows no field of any of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from regulars.errors import InvalidInput, UnknownFormat
from regulars.feeds import (
    articles,
    ga4,
    google_merchant,
    native,
    online_retail,
    own_layout,
    reader,
    review_exports,
    segment,
    shopify_customers,
    shopify_orders,
    shopify_products,
    woocommerce_orders,
    woocommerce_products,
)
from regulars.feeds.contract import Format, Look, Source, look_at

AUTO = "auto"
FORMATS: tuple[Format, ...] = (
    online_retail.FORMAT,
    segment.FORMAT,
    ga4.FORMAT,
    shopify_orders.FORMAT,
    woocommerce_orders.FORMAT,
    shopify_customers.FORMAT,
    shopify_products.FORMAT,
    woocommerce_products.FORMAT,
    google_merchant.FORMAT,
    review_exports.FORMAT,
    articles.MARKDOWN,
    articles.PAGES,
)
"""In the order in which they are tried: the more particular first."""

BY_NAME = {format.name: format for format in FORMATS}
NAMES = (*reader.STORED, *BY_NAME)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is: how it is stored, in which format, and which kind of it is meant."""

    kind: str
    format: Format
    source: Source

    @property
    def name(self) -> str:
        """The format's name, as `--format` takes it; for our own layout how it is stored."""
        return self.format.name or self.source.physical

    @property
    def title(self) -> str:
        if self.format.name:
            return self.format.title
        return f"{self.format.title} ({ {'jsonl': 'JSON lines', 'csv': 'CSV'}.get(self.source.physical, 'Parquet') })"

    @property
    def flat(self) -> bool:
        """Whether `native` has still to shape the rows' cells."""
        return self.format.flat and self.source.physical != "jsonl" and self.kind != "orders"


def recognise(
    path: Path,
    kind: str | None = None,
    format: str | None = None,
    columns: dict[str, str] | None = None,
    limit: int | None = None,
) -> Recognised:
    """Finds out what a file is. `kind` None or "auto" and `format` None are found by content.

    Raises: InvalidInput for an unknown kind or format, or a kind that this format doesn't hold; UnreadableFile,
    UnknownFormat.
    """
    if kind is not None and kind != AUTO and kind not in native.KINDS:
        raise InvalidInput(
            f"There is nothing called {kind!r} to import.", hint=f"Choose {', '.join(native.KINDS)}, or {AUTO}."
        )
    if format is not None and format not in NAMES:
        raise InvalidInput(f"{format!r} isn't a format.", hint=f"Choose {', '.join(NAMES)}.")
    wanted = None if kind == AUTO else kind
    physical = reader.find_format(path)
    if format in reader.STORED:
        physical = cast(reader.Physical, format)
    source = Source(path, physical, dict(columns or {}), limit)
    if format in reader.STORED:
        if wanted is None:
            wanted = _own_kind(path, look_at(source))
        return Recognised(wanted, own_layout.FORMAT, source)
    if format is not None:
        chosen = BY_NAME[format]
    else:
        look = look_at(source)
        fitting = [one for one in FORMATS if one.fits(look)]
        holding = [one for one in fitting if wanted in one.kinds]
        if fitting:
            chosen = (holding or fitting)[0]
        elif own_layout.FORMAT.fits(look):
            return Recognised(wanted or _own_kind(path, look), own_layout.FORMAT, source)
        else:
            raise UnknownFormat(
                _foreign(path, physical), hint="Export it as CSV, JSON lines or Parquet.", file=str(path)
            )
    if wanted is not None and wanted not in chosen.kinds:
        held = " and ".join(filter(None, [", ".join(chosen.kinds[:-1]), chosen.kinds[-1]]))
        raise InvalidInput(
            f"{path} is in the format {chosen.name} ({chosen.title}), which holds {held}, no {wanted}.",
            hint=f"Leave the kind out, or say --format csv if it is something else: regulars import {path.name}",
            file=str(path),
        )
    return Recognised(wanted or chosen.kinds[0], chosen, source)


def kinds_in(path: Path, format: str | None = None, columns: dict[str, str] | None = None) -> tuple[str, ...]:
    """The kinds to import from a file when none is named, in an order in which one helps the next."""
    found = recognise(path, None, format, columns)
    return found.format.kinds if found.format.name else (found.kind,)


def check_columns(found: Recognised, columns: dict[str, str] | None) -> None:
    """Raises: InvalidInput for a mapping from a column that isn't in the file, or to a field that the kind doesn't have."""
    fields = native.FIELDS[found.kind] | ({"lines", *native.ORDER_LINE} if found.kind == "orders" else set())
    physical = found.source.physical
    there = set(reader.columns(found.source.path, physical)) if physical in ("csv", "parquet") else None
    for theirs, ours in (columns or {}).items():
        if there is not None and theirs not in there:
            raise InvalidInput(
                f"--map {theirs}={ours}: the file has no column {theirs!r}.",
                hint=f"Its columns are {', '.join(sorted(there)[:20])}.",
                field=theirs,
            )
        # A foreign format's own names are places too: `--map "My SKU=Variant SKU"`.
        if not found.format.name and ours.partition(".")[0] not in fields:
            raise InvalidInput(
                f"--map {theirs}={ours}: {found.kind} have no field {ours!r}.",
                hint=f"Fields are {', '.join(sorted(fields))}; for one of your own: attributes.{ours}."
                if found.kind == "products"
                else f"Fields are {', '.join(sorted(fields))}.",
                field=ours,
            )


def kinds_held(format: str) -> tuple[str, ...]:
    """What files of this format hold, by its name; nothing for our own layout, whose files hold one kind each."""
    return BY_NAME[format].kinds if format in BY_NAME else ()


class UnclearKind(InvalidInput):
    """The columns of a file in our own layout don't say what it holds."""

    def __init__(self, path: Path, look: Look) -> None:
        super().__init__(
            f"{path} doesn't say what it holds: its columns are {', '.join(sorted(look.columns)[:12])}.",
            hint="Name the kind: regulars import products FILE. Columns with other names: see them with --dry-run, then "
            "--map theirs=ours.",
            file=str(path),
        )
        self.look = look


def _own_kind(path: Path, look: Look) -> str:
    kind = own_layout.kind_of(look)
    if kind is None:
        raise UnclearKind(path, look)
    return kind


def _foreign(path: Path, physical: reader.Physical) -> str:
    if physical == "xml":
        return f"{path} is XML or HTML, but no product feed: it holds no items with an id and a title."
    return f"{path} is in no format that is known here."
