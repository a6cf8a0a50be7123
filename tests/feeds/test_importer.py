"""Files as shops have them, good and bad: good rows are kept, the others are named with line, field and reason."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.errors import InvalidInput, RegularsError, UnknownFormat, UnreadableFile
from regulars.feeds import importer, reader
from regulars.feeds.report import ImportReport
from regulars.shop import Shop

from store.helpers import ask, one  # isort: skip


def rejected(report: ImportReport) -> list[tuple[int, str | None]]:
    assert report.read == report.new + report.updated + report.unchanged + report.rejected
    if report.rejects_file is None:
        return []
    entries = [json.loads(line) for line in Path(report.rejects_file).read_text().splitlines()]
    assert all(entry["reason"] for entry in entries)
    return [(entry["line"], entry["field"]) for entry in entries]


@pytest.fixture
def bring(shop: Shop, tmp_path: Path) -> Any:
    """Writes a file and imports it."""

    def run(kind: str, content: str | bytes, name: str = "file", **more: Any) -> ImportReport:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return shop.import_file(kind, file, **more)

    return run


def titles(shop: Shop) -> list[str]:
    return [
        r["t"] for r in ask(shop.database, "SELECT texts->'en'->>'title' AS t FROM products WHERE known ORDER BY 1")
    ]


def test_broken_lines_of_json_are_named_and_the_good_ones_kept(shop: Shop, bring: Any) -> None:
    report = bring(
        "products",
        '{"id": "a", "title": "A"}\n{"id": "b", "title"\n\n[1]\n{"id": "", "title": "C"}\n{"id": "d"}\n'
        '{"id": "e", "title": "E", "price": "cheap"}\n{"id": "f", "title": "nul \\u0000"}\n{"id": "g", "title": "G"}\n',
    )
    assert rejected(report) == [(2, None), (4, None), (5, "id"), (6, "title"), (7, "price"), (8, "title")]
    assert titles(shop) == ["A", "G"]


def test_a_quote_that_is_never_closed_costs_its_own_row_only(shop: Shop, bring: Any) -> None:
    report = bring("products", 'id,title\na,A\nb,"B\nc,C\nd,"D ""big""\nstill D"\ne,E\n')
    assert rejected(report) == [(3, None)]
    assert titles(shop) == ["A", "C", 'D "big"\nstill D', "E"]
    report = bring("products", 'id,title\nf,F\ng,"G\nh,H\n', "other")
    assert rejected(report) == [(3, None)]
    assert report.new == 2


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("\ufeffid,title\na,A\n".encode(), ["A"]),
        (b"id;title;price\r\na;A, B;1,50\r\n", ["A, B"]),
        (b"id\ttitle\na\tA\n", ["A"]),
        ("id,title\na,Ä\n".encode("utf-16"), ["Ä"]),
        (b'id,title\n"a","A ""x"", y"\n', ['A "x", y']),
        ("\ufeff".encode() + b'{"id": "a", "title": "A"}\n', ["A"]),
        (gzip.compress(b"id,title\na,A\n"), ["A"]),
        ("id,title\na,🫖 مرحبا‏ <script>alert(1)</script>\n".encode(), ["🫖 مرحبا‏ <script>alert(1)</script>"]),
        (("id,title\na," + "x" * 100_000 + "\n").encode(), ["x" * 999 + "…"]),
    ],
    ids=["bom", "semicolons", "tabs", "utf-16", "quotes", "jsonl-bom", "gzip", "emoji-rtl-script", "100kB-title"],
)
def test_files_as_other_programs_write_them_are_read(shop: Shop, bring: Any, content: bytes, kept: list[str]) -> None:
    assert rejected(bring("products", content)) == []
    assert titles(shop) == kept


@pytest.mark.parametrize(
    ("content", "lines", "reason"),
    [
        (b"id,title\na,A\nb,caf\xe9\nc,C\n", [3], "not UTF-8"),
        (b"id,title\na,A\nb,x\x00y\nc,C\n", [3], "NUL"),
        (b"id,title\na,A\nb,B,extra\nc,C\n", [3], "3 cells where the header has 2"),
        (b'{"id":"a","title":"A"}\n{"id":"b","title":"caf\xe9"}\n{"id":"c","title":"C"}\n', [2], "not UTF-8"),
    ],
    ids=["latin-1", "nul", "too-many-cells", "latin-1-json"],
)
def test_one_bad_row_is_refused_with_its_line_and_reason(
    shop: Shop, bring: Any, content: bytes, lines: list[int], reason: str
) -> None:
    report = bring("products", content)
    assert [line for line, _ in rejected(report)] == lines
    assert reason in next(iter(report.reasons))
    assert titles(shop) == ["A", "C"]


def test_files_that_are_no_feed_are_refused_with_what_they_are(shop: Shop, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "id,title\n")
    cases: list[tuple[bytes | None, type[RegularsError], str]] = [
        (b"", UnreadableFile, "is empty"),
        ((tmp_path / "a.zip").read_bytes(), UnknownFormat, "zip archive"),
        (b'[{"id": 1}]', UnknownFormat, "JSON array"),
        (b"<rss></rss>", UnknownFormat, "XML or HTML"),
        (b"%PDF-1.7", UnknownFormat, "a PDF"),
        (b"PAR1 but not really", UnreadableFile, "damaged Parquet"),
        (gzip.compress(b"id,title\na,A\n")[:20], UnreadableFile, "damaged"),
        (b"\x00" * 500, UnknownFormat, "binary"),
        (b"id,title,id\n1,A,2\n", UnreadableFile, "'id' twice"),
    ]
    for content, error, words in cases:
        (tmp_path / "bad").write_bytes(content or b"")
        with pytest.raises(error, match=words):
            shop.import_file("products", tmp_path / "bad")
    with pytest.raises(UnreadableFile, match="is a folder"):
        shop.import_file("products", tmp_path)
    with pytest.raises(UnreadableFile, match="can't be opened"):
        shop.import_file("products", tmp_path / "nowhere.csv")
    with pytest.raises(InvalidInput, match="nothing called 'things'"):
        shop.import_file("things", tmp_path / "bad")


def test_times_of_every_kind_are_read_counted_or_refused(shop: Shop, bring: Any) -> None:
    shop.change_settings(zone="Asia/Shanghai")
    at = ["2024-05-01T10:00:00Z", "2024-05-01 10:00:00", "2999-01-01T00:00:00Z", "soon", "", "1997-01-01", "1950-01-01"]
    rows = [
        {"type": "view", "product": "p", "visitor": "v", "message_id": str(n), "occurred_at": t}
        for n, t in enumerate(at)
    ]
    rows.append({**rows[0], "message_id": "old", "sent_at": "2024-05-01T10:00:09Z"})
    rows.append(
        {**rows[0], "message_id": "ahead", "occurred_at": "2999-01-01T00:00:00Z", "sent_at": "2999-01-01T00:01:00Z"}
    )
    report = bring("events", "".join(json.dumps(row) + "\n" for row in rows))
    assert rejected(report) == [(4, "occurred_at"), (5, "occurred_at"), (7, "occurred_at")]
    assert dict(report.clocks) == {"stated": 2, "zone": 2, "server": 1, "corrected": 1}
    moments = [
        f"{r['occurred_at']:%Y-%m-%dT%H:%M}"
        for r in ask(shop.database, "SELECT occurred_at FROM events WHERE clock IN ('stated', 'zone') ORDER BY 1")
    ]
    assert moments == ["1996-12-31T16:00", "2024-05-01T02:00", "2024-05-01T10:00", "2024-05-01T10:00"]


def test_importing_a_file_twice_is_importing_it_once_whatever_its_times(shop: Shop, bring: Any) -> None:
    rows = [{"type": "view", "product": "p", "visitor": "v", **more} for more in
            ({}, {}, {"occurred_at": "2999-01-01T00:00:00Z"}, {"occurred_at": "2024-01-01"},
             {"occurred_at": "2999-01-01T00:00:00Z", "sent_at": "2999-01-01T00:01:00Z", "session": "s"})]  # fmt: skip
    content = "".join(json.dumps(row) + "\n" for row in rows)
    assert bring("events", content).new == 5
    assert bring("events", content).unchanged == 5
    assert one(shop.database, "SELECT count(*) FROM events") == 5


def test_rows_of_one_order_that_stand_apart_become_one_order(shop: Shop, bring: Any) -> None:
    report = bring("orders", "id,customer,placed_at,product,quantity,unit_price\no1,ann,2024-01-01,a,1,2.50\n"
                             "o2,bob,2024-01-02,b,2,3\no1,ann,2024-01-01,c,1,4\n")  # fmt: skip
    assert (report.new, rejected(report)) == (2, [])
    lines = ask(shop.database, "SELECT count(*) AS n FROM order_lines GROUP BY order_id ORDER BY n")
    assert [row["n"] for row in lines] == [1, 2]


@pytest.mark.parametrize("kind_of_file", ["csv", "parquet"])
def test_the_online_retail_layout_is_read_as_products_customers_and_orders(
    shop: Shop, tmp_path: Path, kind_of_file: str
) -> None:
    names = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    rows = [
        ["536365", "85123A", "WHITE HEART HOLDER", "6", "12/1/2010 8:26", "2.55", "17850", "United Kingdom"],
        ["536365", "71053", "WHITE LANTERN", "6", "12/1/2010 8:26", "3.39", "17850", "United Kingdom"],
        ["536366", "POST", "POSTAGE", "1", "12/1/2010 8:28", "18.00", "12583", "France"],
        ["C536379", "85123A", "damaged?", "-1", "12/1/2010 9:41", "2.55", "17850", "United Kingdom"],
        ["536370", "71053", "WHITE LANTERN", "x", "12/1/2010 9:45", "3.39", "", "France"],
    ]
    file = tmp_path / f"retail.{kind_of_file}"
    if kind_of_file == "csv":
        file.write_text("\n".join(",".join(row) for row in [names, *rows]))
    else:
        parquet.write_table(pa.table({name: [row[n] for row in rows] for n, name in enumerate(names)}), file)
    assert shop.import_file("products", file).new == 2
    assert shop.import_file("customers", file).new == 2
    report = shop.import_file("orders", file)
    assert (report.format, report.new) == ("online-retail", 4)
    assert [line for line, _ in rejected(report)] == [6 if kind_of_file == "csv" else 5]
    assert titles(shop) == ["WHITE HEART HOLDER", "WHITE LANTERN"]
    assert [row["type"] for row in ask(shop.database, "SELECT type FROM events ORDER BY 1")] == [
        "purchase",
        "purchase",
        "return",
    ]
    assert shop.import_file("orders", file).unchanged == 4


def state_of(shop: Shop) -> list[dict[str, Any]]:
    return ask(shop.database, "SELECT message_id, type, occurred_at, clock, x.value FROM events e JOIN external_ids x"
                              " ON x.id = e.product_id AND x.kind = 'product' ORDER BY message_id")  # fmt: skip


def events_file(path: Path, rows: int) -> None:
    with path.open("w") as file:
        for n in range(rows):
            if n % 97 == 5:
                file.write('{"type": "view", "quantity": "many"}\n')
            at = "" if n % 11 == 0 else f', "occurred_at": "2024-0{n % 9 + 1}-01T00:00:0{n % 10}"'
            file.write(f'{{"type": "view", "visitor": "v{n % 50}", "product": "p{n % 70}", "quantity": {n}{at}}}\n')


class Stop(Exception):
    pass


def test_an_import_that_broke_off_goes_on_and_ends_as_if_nothing_had_happened(
    shop: Shop, new_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(importer.BATCH, "events", 150)
    file = tmp_path / "events.jsonl"
    events_file(file, 5_000)

    def stop_at(row: int) -> Any:
        def progress(done: int, _: int | None) -> None:
            if done == row:
                raise Stop

        return progress

    for row in (1_000, 2_000, 4_000):
        with pytest.raises(Stop):
            shop.import_file("events", file, progress=stop_at(row))
    report = shop.import_file("events", file)
    assert 3_500 <= report.resumed_at <= 4_000
    rejects = rejected(report)
    from regulars.shop import StartSettings, Workspace

    calm_database = new_database()
    calm = Shop(Workspace.create(tmp_path / "calm"), StartSettings(), calm_database)
    undisturbed = calm.import_file("events", file)
    assert rejects == rejected(undisturbed)
    one_report, other = report.as_dict(), undisturbed.as_dict()
    for name in ("read", "new", "updated", "unchanged", "rejected", "reasons", "clocks"):
        assert one_report[name] == other[name], name

    def without_time(rows: list[dict[str, Any]]) -> list[Any]:
        return [{**row, "occurred_at": None if row["clock"] == "server" else row["occurred_at"]} for row in rows]

    assert without_time(state_of(shop)) == without_time(state_of(calm))


def test_an_import_process_that_was_killed_goes_on_when_started_again(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    events_file(file, 60_000)
    (shop.workspace.folder / "regulars.toml").write_text(f'database_url = "{shop.database.url}"\n')
    command = [
        sys.executable,
        "-m",
        "regulars.cli",
        "import",
        "events",
        str(file),
        "-w",
        str(shop.workspace.folder),
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not ask(shop.database, "SELECT 1 FROM import_runs WHERE rows_done > 0") and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    (report,) = json.loads(again.stdout)
    assert report["resumed_at"] > 0
    assert (report["read"], report["new"], report["rejected"]) == (60_619, 60_000, 619)
    assert one(shop.database, "SELECT count(*) FROM events") == 60_000
    assert len(Path(report["rejects_file"]).read_text().splitlines()) == 619


BASES = [
    b'id,title,price\na,A,1\nb,"B ""x""",2\n',
    b'{"id": "a", "title": "A"}\n{"type": "view", "product": {"namespace": "x", "value": "1"}}\n',
    b"id;product;quantity;placed_at\no1;a;1;2024-01-01\n",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data)))
        if draw(st.booleans()):
            data[place:place] = draw(
                st.binary(min_size=1, max_size=4) | st.sampled_from([b'"', b"\n", b",", b"{", b"\x00"])
            )
        else:
            del data[place : place + draw(st.integers(1, 8))]
    return bytes(data)


@given(st.binary(max_size=400) | mutated())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_makes_a_reader_crash(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fuzz"
    file.write_bytes(content)
    try:
        physical = reader.find_format(file)
        rows = list(reader.rows(file, physical))
    except RegularsError:
        return
    lines = [row.line for row in rows]
    assert lines == sorted(lines)


@given(
    st.sampled_from(["products", "customers", "events", "orders", "reviews", "articles", "conversations"]), mutated()
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_makes_an_import_crash_and_twice_is_once(shop: Shop, tmp_path: Path, kind: str, content: bytes) -> None:
    file = tmp_path / "fuzz"
    file.write_bytes(content)
    try:
        first = shop.import_file(kind, file)
    except RegularsError:
        return
    assert first.read == first.new + first.updated + first.unchanged + first.rejected
    counts = shop.counts()
    second = shop.import_file(kind, file)
    assert shop.counts() == counts
    assert (second.new, second.read, second.rejected) == (0, first.read, first.rejected)


def test_names_of_columns_that_no_text_may_hold_are_rejected_and_reported(shop: Shop, tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes(b"id,title,c\xff\nA,T,x\n")
    report = shop.import_file("products", latin)
    assert (report.new, report.rejected) == (0, 1)
    zero = tmp_path / "zero.jsonl"
    zero.write_bytes(
        b'{"id": "A", "title": "T", "attributes": {"a\\u0000": "x"}}\n'
        b'{"id": "B", "title": "T", "attributes": {"a": "x\\u0000"}}\n'
        b'{"id": "C", "title": "T", "attributes": {"a": "x"}}\n'
    )
    report = shop.import_file("products", zero)
    assert (report.new, report.rejected) == (1, 2)
    assert all("NUL" in reason for reason in report.reasons)
