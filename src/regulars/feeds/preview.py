"""Looking at a file before it is imported: what it is, where each column goes, the first records, what is wrong. Writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from regulars.feeds import formats, native, own_layout, reader
from regulars.feeds.contract import Look, Notes, Source, cell_text, normal
from regulars.feeds.importer import checked_row
from regulars.feeds.reader import Broken, Read
from regulars.schema import ExternalId, ShopSettings
from regulars.schema.identity import DEFAULT_NAMESPACE
from regulars.store.rows import Clock

LOOKED_AT = 2_000  # rows of the file: enough to see what is wrong with it, done in a second
MAX_PROBLEMS = 50
MAX_SAMPLE = 120
MAX_COLUMNS = 1_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file. `goes_to` is a place such as "title", "variants.price" or "attributes.colour"; "row": it decides
    whether the row is taken at all; None: to no record. `suggestion`: a field that it may be meant for, to be mapped by `--map`."""

    name: str
    sample: str
    goes_to: str | None
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that would be rejected."""

    line: int
    field: str | None
    reason: str


@dataclass(slots=True)
class Preview:
    """What an import of this file would do. Counts are of what was looked at: `whole` says whether that was all of it.

    `records` are as they would be stored, without what is empty. `kinds` are those that the format holds, `format` what
    `--format` takes. `rows` are rows of the file, `usable` and `rejected` are records.
    """

    file: str
    kind: str
    kinds: list[str]
    format: str
    format_title: str
    encoding: str | None
    columns: list[Column]
    records: list[dict[str, Any]]
    problems: list[Problem]
    rows: int = 0
    usable: int = 0
    rejected: int = 0
    whole: bool = True
    reasons: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    unplaced: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def preview_file(
    settings: ShopSettings,
    path: Path,
    kind: str | None = None,
    format: str | None = None,
    columns: dict[str, str] | None = None,
    rows: int = 20,
) -> Preview:
    """Looks at the first 2,000 rows of a file; `rows` records come back. A kind that the columns don't say is guessed.

    Raises: InvalidInput for an unknown kind or format, UnreadableFile, UnknownFormat.
    """
    try:
        found = formats.recognise(path, kind, format, columns, LOOKED_AT)
    except formats.UnclearKind as error:
        found = formats.recognise(path, _likely_kind(error.look), format, columns, LOOKED_AT)
    formats.check_columns(found, columns)
    source = found.source
    notes = Notes()
    preview = Preview(
        file=str(path),
        kind=found.kind,
        kinds=list(found.format.kinds) if found.format.name else [found.kind],
        format=found.name,
        format_title=found.title,
        encoding=_encoding(path, source.physical),
        columns=_columns(found, source),
        records=[],
        problems=[],
    )
    clock = Clock.of(settings, live=False)
    reasons: Counter[str] = Counter()
    for row in found.format.records(found.kind, source, notes):
        problem: Problem | None = None
        if isinstance(row, Broken):
            problem = Problem(row.line, None, row.reason)
        else:
            try:
                record = native.record_of(found.kind, row.values, found.flat)
                checked_row(record, clock, settings, f"preview:{row.line}")
            except native.Refused as error:
                problem = Problem(row.line, error.field, error.reason)
            else:
                preview.usable += 1
                if len(preview.records) < rows:
                    preview.records.append(_shown(record))
        if problem is not None:
            preview.rejected += 1
            reason = f"{problem.field}: {problem.reason}" if problem.field else problem.reason
            reasons[reason] += 1
            if len(preview.problems) < MAX_PROBLEMS:
                preview.problems.append(problem)
    preview.rows = source.seen
    preview.whole = preview.rows < LOOKED_AT
    preview.reasons = dict(reasons.most_common(MAX_PROBLEMS))
    preview.found = dict(notes.found.most_common())
    preview.unplaced = dict(notes.unplaced.most_common())
    return preview


def _encoding(path: Path, physical: reader.Physical) -> str | None:
    if physical not in ("csv", "jsonl"):
        return None
    return {"utf-8-sig": "UTF-8", "gb18030": "GBK"}.get(name := reader.encoding_of(path), name.upper())


def _columns(found: formats.Recognised, source: Source) -> list[Column]:
    samples: dict[str, str] = {}
    back = {ours: theirs for theirs, ours in source.renames.items()}
    if source.physical in ("csv", "parquet"):
        samples = dict.fromkeys(source.columns(), "")
    for number, row in enumerate(Source(source.path, source.physical, source.renames, 200).rows()):
        if isinstance(row, Read):
            for name, value in _paths(row.values, nested=number < 50):
                if not samples.get(name):
                    samples[name] = cell_text(value)[:MAX_SAMPLE]
        if len(samples) > MAX_COLUMNS:
            break
    places = {name: found.format.place(found.kind, name) for name in list(samples)[:MAX_COLUMNS]}
    taken = set(places.values())
    return [
        Column(
            back.get(name, name),
            samples[name],
            place,
            None if found.format.name else _suggestion(found.kind, name, place, taken),
        )
        for name, place in places.items()
    ]


def _likely_kind(look: Look) -> str:
    """What a file of our own layout may hold whose columns have other names: a preview helps to name them."""
    meant = {target for name in look.names for target, words in _WORDS.items() if name in words}
    renamed = Look(look.physical, look.columns | meant, look.names, look.rows)
    return own_layout.kind_of(renamed) or "products"


def _paths(values: dict[str, Any], *, nested: bool, before: str = "", depth: int = 0) -> list[tuple[str, Any]]:
    """Cells by dotted path; what stands in a list of objects by `name[].path`."""
    out: list[tuple[str, Any]] = []
    for name, value in values.items():
        path = f"{before}{name}"
        if nested and depth < 4 and isinstance(value, dict) and value:
            out.extend(_paths(value, nested=nested, before=f"{path}.", depth=depth + 1))
        elif nested and depth < 4 and isinstance(value, list) and value and isinstance(value[0], dict):
            out.extend(_paths(value[0], nested=nested, before=f"{path}[].", depth=depth + 1))
        else:
            out.append((path, value))
    return out


_MEANT = {
    "id": "id|handle|sku|code|number|item id|item number|product id|product code|article number|ref|reference|uid|uuid|order id|"
    "order number|order no|review id|编号|商品编号|商品id",
    "title": "title|name|product name|product title|item name|item title|label|名称|标题|商品名称|商品标题",
    "description": "description|body|body html|text|details|long description|product description|描述|商品描述|详情",
    "price": "price|amount|unit price|sale price|regular price|msrp|rrp|value|价格|售价|单价",
    "compare_at_price": "compare at price|compare price|list price|old price|original price|originalprice|was price|原价",
    "cost": "cost|unit cost|cost per item|purchase price|cost price|cost of goods|成本|进价",
    "brand": "brand|vendor|manufacturer|maker|品牌",
    "category": "category|categories|product type|type|department|collection|分类|类目",
    "stock": "stock|quantity|qty|inventory|stock quantity|available|on hand|库存",
    "pictures": "pictures|image|images|picture|photo|image url|image src|image link|img|thumbnail|图片",
    "url": "url|link|product url|permalink|page|链接",
    "email": "email|e mail|email address|mail|邮箱",
    "name": "name|full name|customer name|姓名",
    "phone": "phone|telephone|mobile|tel|phone number|电话",
    "customer": "customer|customer id|user id|client id|buyer id|user|客户",
    "visitor": "visitor|visitor id|anonymous id|device id|cookie",
    "product": "product|product id|item id|sku|item|product handle|handle|商品",
    "type": "type|event|event type|event name|action|activity",
    "occurred_at": "occurred at|time|timestamp|date|created at|event time|datetime|时间",
    "placed_at": "placed at|date|order date|created at|ordered at|下单时间",
    "written_at": "written at|date|created at|review date|时间",
    "rating": "rating|score|stars|review score|评分",
    "body": "body|text|review|comment|content|review body|review content|内容",
    "total": "total|order total|grand total|amount|总额",
}
_WORDS = {field_name: frozenset(words.split("|")) for field_name, words in _MEANT.items()}


def _suggestion(kind: str, column: str, place: str | None, taken: set[str | None]) -> str | None:
    """The field that an unplaced column may be meant for: only where that field still has none."""
    leftovers = native.LEFTOVERS.get(kind)
    if place is not None and not (leftovers and place.startswith(f"{leftovers}.")):
        return None
    name = normal(column)
    for target, words in _WORDS.items():
        if name in words and target in native.FIELDS[kind] and target not in taken:
            return target
    return None


def _shown(record: BaseModel) -> dict[str, Any]:
    """A record as one reads it: without what is empty, ids of the shop's own as plain text."""
    return {name: _plain(value) for name, value in record if not _empty(value)}


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _shown(value)
    if isinstance(value, ExternalId):
        return value.value if value.namespace == DEFAULT_NAMESPACE else value._asdict()
    if isinstance(value, dict):
        if set(value) == {""}:
            return _plain(value[""])
        return {name: _plain(one) for name, one in value.items() if not _empty(one)}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, UUID) else value
