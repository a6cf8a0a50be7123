"""What every format keeps to: told by content and by nothing else, silent on no column, unharmed by any bytes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.errors import InvalidInput, RegularsError, UnknownFormat
from regulars.feeds import formats, ga4, native, reader, segment
from regulars.feeds.contract import Format, Notes, Source, look_at
from regulars.feeds.preview import preview_file
from regulars.feeds.reader import Broken, Read
from regulars.schema import ShopSettings

from .writers import WRITERS

SETTINGS = ShopSettings()
EXAMPLES = {name: write(Random(7)) for name, (_, write) in WRITERS.items()}


@pytest.fixture(params=WRITERS)
def example(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, Path]:
    """A format's name, the kind it holds, and a file in it."""
    file = EXAMPLES[request.param]
    path = tmp_path / file.name
    path.write_bytes(file.content)
    return request.param.partition(" ")[0], WRITERS[request.param][0], path


def test_every_format_has_a_writer_that_tries_it() -> None:
    assert set(formats.BY_NAME) - {"online-retail"} == {name.partition(" ")[0] for name in WRITERS}
    page = (Path(__file__).parent.parent.parent / "docs" / "import.md").read_text(encoding="utf-8")
    for format in formats.FORMATS:
        assert format.title
        assert f"| `{format.name}` |" in page
        assert set(format.kinds) <= set(native.KINDS)


def test_exactly_one_format_takes_a_file(example: tuple[str, str, Path]) -> None:
    name, kind, path = example
    look = look_at(Source(path, reader.find_format(path)))
    assert [format.name for format in formats.FORMATS if format.fits(look)] == [name]
    assert formats.recognise(path).kind == kind
    assert formats.recognise(path, "auto").name == name
    assert formats.recognise(path, kind, name).format is formats.BY_NAME[name]
    other = "articles" if kind != "articles" else "events"
    with pytest.raises(InvalidInput, match="which holds"):
        formats.recognise(path, other)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('{"id": "a", "title": "A", "price": 3}\n', "products"),
        ("id,title\na,A\n", "products"),
        ("id,title,description,price,rating\na,A,d,3,5\n", "products"),
        ('{"type": "page", "visitor": "v"}\n', "events"),
        ('{"type": "view", "product": "p", "properties": {"event": "x"}}\n', "events"),
        ("id,email,name\nc,a@x.org,A\n", "customers"),
        ("id,customer,placed_at,product,quantity,unit_price\no,c,2024-01-01,p,1,2\n", "orders"),
        ("id,product,customer,rating,body\nr,p,c,5,good\n", "reviews"),
        ("id,title,body,tags\na,A,B,t\n", "articles"),
    ],
)
def test_our_own_layout_stays_our_own(tmp_path: Path, content: str, kind: str) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    found = formats.recognise(file)
    assert (found.kind, found.format.name) == (kind, "")


def test_a_file_that_says_nothing_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="Name the kind"):
        formats.recognise(file)
    with pytest.raises(InvalidInput, match="isn't a format"):
        formats.recognise(file, format="excel")
    (tmp_path / "page.html").write_text("<html><body><p>Hello</p></body></html>")
    with pytest.raises(UnknownFormat, match="no product feed"):
        formats.recognise(tmp_path / "page.html", "products")


def test_a_preview_says_where_each_column_goes(example: tuple[str, str, Path]) -> None:
    name, kind, path = example
    preview = preview_file(SETTINGS, path)
    assert (preview.kind, preview.format, preview.rejected, preview.problems) == (kind, name, 0, [])
    assert preview.usable == len(preview.records) > 0
    assert preview.whole
    assert preview.rows > 0
    fields = {*native.KINDS[kind].model_fields, "row"}
    for column in preview.columns:
        assert column.goes_to is None or column.goes_to.partition(".")[0] in fields, column
        if column.goes_to is None and column.sample:
            inner = column.name.rpartition("].")[2]
            assert any(left.endswith(inner) or inner.startswith(left) for left in preview.unplaced), column


def test_a_preview_reads_no_further_than_it_says(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"type": "view", "visitor": "v", "product": "p"}\n' * 2_500 + '{"type"\n')
    preview = preview_file(SETTINGS, file)
    assert (preview.rows, preview.usable, preview.rejected, preview.whole) == (2_000, 2_000, 0, False)
    assert len(preview.records) == 20


def test_a_preview_suggests_what_odd_columns_may_mean(tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("Item Number,Product Name,Cost,Colour\n1,Mug,2,red\n")
    preview = preview_file(SETTINGS, file, "products")
    suggested = {column.name: column.suggestion for column in preview.columns}
    assert suggested == {"Item Number": "id", "Product Name": "title", "Cost": "cost", "Colour": None}
    assert [problem.field for problem in preview.problems] == ["id"]
    assert preview_file(SETTINGS, file).kind == "products"
    mapped = preview_file(
        SETTINGS, file, "products", columns={"Item Number": "id", "Product Name": "title", "Cost": "price"}
    )
    assert mapped.records == [
        {"id": "1", "title": "Mug", "attributes": {"Colour": "red"}, "status": "active", "price": "2"}
    ]
    assert {column.name: column.goes_to for column in mapped.columns}["Item Number"] == "id"


def test_a_mapped_column_reaches_a_place_of_a_foreign_format(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("Handle,Title,Variant SKU,Our price\nmug,Mug,M1,9.50\n")
    for target in ("Variant Price", "variants.price", "price"):
        preview = preview_file(SETTINGS, file, columns={"Our price": target})
        assert preview.records[0]["variants"] == [{"sku": "M1", "price": "9.50"}], target


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(sorted(WRITERS)))
    data = bytearray(EXAMPLES[name].content)
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 3)):
            case 0:
                del data[place : place + draw(st.integers(1, 300))]
            case 1:
                data[place:place] = draw(st.binary(min_size=1, max_size=6))
            case 2:
                data[place:place] = draw(
                    st.sampled_from(
                        [b'"', b"\n", b",", b"{", b"]", b"\x00", b"<", b"&", b"]]>", b"null", b"NaN", b"1e999"]
                    )
                )
            case _:
                data[place:place] = bytes(data[draw(st.integers(0, len(data))) :][:200])
    return name, bytes(data)


def _all(format: Format, kind: str, source: Source, flat: bool) -> None:
    notes = Notes()
    for row in format.records(kind, source, notes):
        if isinstance(row, Broken):
            assert row.reason
            continue
        assert isinstance(row, Read)
        with suppress(native.Refused):
            native.record_of(kind, row.values, flat)


@given(damaged())
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_damage_costs_rows_and_never_a_crash(tmp_path: Path, given_file: tuple[str, bytes]) -> None:
    name, content = given_file
    path = tmp_path / EXAMPLES[name].name
    path.write_bytes(content)
    with suppress(RegularsError):
        preview_file(SETTINGS, path)
        found = formats.recognise(path, WRITERS[name][0], name.partition(" ")[0])
        for kind in found.format.kinds:
            _all(found.format, kind, found.source, found.flat)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["type", "event", "events", "batch", "properties", "products", "product_id", "sku", "price", "quantity",
                         "items", "item_id", "params", "name", "client_id", "userId", "anonymousId", "messageId", "timestamp",
                         "context", "traits", "event_name", "event_params", "event_timestamp", "key", "value", "string_value",
                         "order_id", "currency", "position", "decision_id"]), inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["type", "event", "properties", "batch", "events", "client_id", "event_name", "event_params", "items", "anonymousId", "context", "messageId"]), JSON, max_size=6))  # fmt: skip
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_json_is_an_event_or_a_reason(value: dict[str, Any]) -> None:
    assert segment.is_call(value) in (True, False)
    assert ga4.is_body(value) in (True, False)
    for kind in ("track", value.get("type")):
        for module in (segment, ga4):
            for _, event in module.events_of({**value, "type": kind}, Notes(), "1"):
                if isinstance(event, dict):
                    with suppress(native.Refused):
                        native.record_of("events", event, False)
                else:
                    assert event
