"""Files that are odd in the ways real ones are: read where they can be, refused by name where not, and always inert."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from regulars.errors import InvalidInput, UnreadableFile
from regulars.feeds import formats, reader
from regulars.feeds.amounts import read_amount
from regulars.feeds.contract import Notes
from regulars.feeds.html_text import plain_text
from regulars.feeds.preview import Preview, preview_file
from regulars.feeds.reader import Broken, Read
from regulars.schema import ShopSettings


@pytest.fixture
def look(tmp_path: Path) -> Any:
    """Writes a file and looks at what would come of it."""

    def run(content: str | bytes, kind: str | None = None, name: str = "file.csv", **more: Any) -> Preview:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return preview_file(ShopSettings(), path, kind, **more)

    return run


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1.234,56 €", "1234.56", "EUR"), ("€1,234.56", "1234.56", "EUR"), ("12 990 Kč", "12990", "CZK"), ("¥1299", "1299", None),
        ("￥1,299", "1299", None), ("1299元", "1299", "CNY"), ("15.00 USD", "15.00", "USD"), ("USD 15", "15", "USD"), ("$1,000", "1000", None),
        ("1'234.50 CHF", "1234.50", "CHF"), ("1\u202f234,50\u00a0€", "1234.50", "EUR"), ("1,23,456.00", "123456.00", None), ("19,99", "19.99", None),
        ("19.9", "19.9", None), ("0,5", "0.5", None), (".50", "0.50", None), ("1.999 €", "1999", "EUR"), ("1.999", "1.999", None),
        ("1,999", "1999", None), ("1.234.567", "1234567", None), ("R$ 1.234,56", "1234.56", "BRL"), ("1 299,- Kč", "1299", "CZK"), ("-5.00", "-5.00", None),
        ("1 299 kr.", "1299", None), ("zł 12,00", "12.00", "PLN"), ("1.500 JPY", "1500", "JPY"), ("0.125 KWD", "0.125", "KWD"), ("US$12", "12", "USD"),
    ],
)  # fmt: skip
def test_prices_as_shops_write_them(text: str, amount: str, currency: str | None) -> None:
    assert read_amount(text) == (amount, currency)


@pytest.mark.parametrize(
    "text", ["", "twelve", "12 apples", "1.2.3", "12-13", "free", "€", "NaN", "1e9", "12;", "9" * 100]
)
def test_what_is_no_price_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="isn't an amount"):
        read_amount(text)


def test_prices_of_our_own_layout_may_bear_signs_too(look: Any) -> None:
    preview = look('id,title,price\na,A,"1.234,56 €"\nb,B,"12 990 Kč"\nc,C,cheap\n')
    assert [(one["price"], one.get("currency")) for one in preview.records] == [("1234.56", "EUR"), ("12990", "CZK")]
    assert [(problem.line, problem.field) for problem in preview.problems] == [(4, "price")]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("<ul><li>a</li><li>b</li></ul>", "• a\n• b"),
        ("5 < 6 & 7 > 3", "5 < 6 & 7 > 3"),
        ("Tom &amp; Jerry&nbsp;&eacute;", "Tom & Jerry é"),
        ('<img src=x onerror="alert(1)">Mug<script>alert(1)</script><style>p{}</style>', "Mug"),
        ("<svg><script>alert(1)</script></svg>x<iframe src=//evil></iframe>y", "xy"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("<p>open <b>and never closed", "open and never closed"),
        ("<![foo[ weird ]]> text <p>x</p>", None),
        ("<table><tr><td>Width<td>3 cm</table>", "Width 3 cm"),
    ],
)
def test_html_becomes_text(html: str, text: str | None) -> None:
    made = plain_text(html)
    assert text is None or made == text


def test_chinese_spreadsheets_are_read(look: Any) -> None:
    text = "编号,商品名称,价格\n1,白瓷茶杯（大）,￥1299\n2,青花碗，两只装,88\n"
    preview = look(text.encode("gbk"), "products", columns={"编号": "id", "商品名称": "title", "价格": "price"})
    assert [(one["title"], one["price"]) for one in preview.records] == [
        ("白瓷茶杯（大）", "1299"),
        ("青花碗，两只装", "88"),
    ]
    assert preview.encoding == "GBK"


def test_latin_letters_are_never_taken_for_chinese(look: Any) -> None:
    text = "id,title\n1,Größe\n2,Crème brûlée\n3,Übergröße\n4,plain\n"
    preview = look(text.encode("latin-1"), "products")
    assert [one["title"] for one in preview.records] == ["plain"]
    assert [problem.reason for problem in preview.problems] == ["is not UTF-8"] * 3


def test_utf16_without_a_mark_is_read(look: Any) -> None:
    text = "id;title;price\n1;Mug;2,50\n"
    for encoding in ("utf-16-le", "utf-16-be"):
        assert look(text.encode(encoding), "products").records[0]["price"] == "2.50"


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\nid;title\n1;Mug\n",
        '"sep=;"\nid;title\n1;Mug\n',
        '"id, the";title\n1;Mug\n',
        "id,title,,\n1,Mug,,\n",
        "id,title\n1,Mug,,,\n",
        '"id"\t"title"\n1\tMug\n',
    ],
)
def test_headers_that_spreadsheets_make(look: Any, content: str) -> None:
    preview = look(content, "products", columns={"id, the": "id"} if "id, the" in content else None)
    assert [one["title"] for one in preview.records] == ["Mug"]


def test_a_mapping_that_leads_nowhere_is_said(look: Any) -> None:
    text = "artikelnummer;Bezeichnung\n1;Tasse\n"
    with pytest.raises(InvalidInput, match="no column 'Artikel'") as wrong:
        look(text, "products", columns={"Artikel": "id"})
    assert "artikelnummer" in (wrong.value.hint or "")
    with pytest.raises(InvalidInput, match="no field 'titel'") as wrong:
        look(text, "products", columns={"artikelnummer": "id", "Bezeichnung": "titel"})
    assert "attributes.titel" in (wrong.value.hint or "")
    preview = look(text, "products", columns={"artikelnummer": "id", "Bezeichnung": "title.de"})
    assert preview.records[0]["title"] == {"de": "Tasse"}


def test_a_column_without_a_name_is_kept(look: Any) -> None:
    assert look("id,title,\n1,Mug,blue\n", "products").records[0]["attributes"] == {"(column 3)": "blue"}


def test_three_hundred_columns(look: Any) -> None:
    names = [f"Detail {number}" for number in range(300)]
    cells = [f"value {number}" for number in range(300)]
    preview = look(f"Handle,Title,Variant Price,{','.join(names)}\nmug,Mug,9,{','.join(cells)}\n")
    assert preview.records[0]["attributes"] == dict(zip(names, cells, strict=True))
    assert len(preview.columns) == 303
    too_many = [f"Detail {number}" for number in range(700)]
    preview = look(f"Handle,Title,Variant Price,{','.join(too_many)}\nmug,Mug,9,{','.join(['x'] * 700)}\n")
    assert len(preview.records[0]["attributes"]) + len(preview.unplaced) == 700


def test_skus_that_come_twice_are_kept_and_counted(look: Any) -> None:
    preview = look(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,S,M1,9\nmug,,,L,M1,10\ncup,Cup,,,M1,3\n"
    )
    assert [len(one["variants"]) for one in preview.records] == [2, 1]
    assert preview.found == {"a SKU on two variants of a product: it names the first": 1}


def test_variants_without_a_parent_are_named(look: Any) -> None:
    preview = look(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,,,S,M1,9\nmug,,,L,M2,9\n,,,XL,M3,9\ncup,Cup,,,C,3\n"
    )
    assert [one["id"] for one in preview.records] == ["cup"]
    assert {problem.line: problem.reason for problem in preview.problems} == {
        2: "no row of 'mug' has a title: variants without a parent",
        4: "has neither a handle nor a title",
    }
    woo = look(
        "ID,Type,SKU,Name,Parent,Regular price,Categories\n1,variation,a,A,id:9,5,\n2,simple,b,B,,5,X\n3,variation,c,C,,5,\n"
    )
    assert [one["id"] for one in woo.records] == ["2"]
    assert {problem.line: problem.reason for problem in woo.problems} == {
        2: "is a variation of 'id:9', which isn't in this file",
        4: "is a variation of 'nothing', which isn't in this file",
    }


def test_dead_picture_links_are_kept_as_they_are(look: Any) -> None:
    preview = look(
        "Handle,Title,Variant Price,Image Src\nmug,Mug,9,http://gone.example/x.jpg\ncup,Cup,9,not an address\n"
    )
    assert [one["pictures"][0]["url"] for one in preview.records] == ["http://gone.example/x.jpg", "not an address"]


def test_an_inventory_file_never_takes_prices_away(look: Any) -> None:
    preview = look("Handle,Title,Option1 Name,Option1 Value,SKU,Location,On hand\nmug,Mug,Size,S,M1,Here,4\n")
    assert (preview.format, preview.usable) == ("csv", 0)


def test_rows_of_a_product_may_stand_apart(look: Any) -> None:
    preview = look(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\nmug,Mug,Size,S,M1,9\ncup,Cup,,,C,3\nmug,,,L,M2,10\n"
    )
    assert {one["id"]: len(one["variants"]) for one in preview.records} == {"mug": 2, "cup": 1}


def test_a_sale_counts_only_on_its_days(look: Any) -> None:
    head = "ID,Type,SKU,Name,Date sale price starts,Date sale price ends,Regular price,Sale price,Categories\n"
    preview = look(
        head
        + "1,simple,a,A,2020-01-01,2020-02-01,10,5,X\n2,simple,b,B,2020-01-01,,10,5,X\n3,simple,c,C,2999-01-01,,10,5,X\n"
    )
    assert [one["variants"][0]["price"] for one in preview.records] == ["10", "5", "10"]
    assert preview.found == {"a sale price outside its dates: the regular price counts": 2}


def rss(*items: str, head: str = "", encoding: str = "utf-8") -> bytes:
    text = f'<?xml version="1.0" encoding="{encoding}"?>{head}<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{"".join(items)}</channel></rss>'
    return text.encode(encoding)


ITEM = "<item><g:id>{0}</g:id><title>Mug {0}</title><g:price>5 EUR</g:price></item>"


def test_entities_never_blow_up(look: Any, tmp_path: Path) -> None:
    laughs = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {one} "{f"&{before};" * 10}">' for before, one in zip("abcdefghi", "bcdefghij", strict=False)
    )
    began = time.monotonic()
    with pytest.raises(UnreadableFile, match="declares entities") as refused:
        look(rss("<item><g:id>1</g:id><title>&j;</title></item>", head=laughs + "]>"), name="bomb.xml")
    assert time.monotonic() - began < 2
    assert "DOCTYPE" in (refused.value.hint or "")
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    outside = f'<!DOCTYPE l [<!ENTITY a SYSTEM "file://{secret}">]>'
    with pytest.raises(UnreadableFile, match="declares entities"):
        look(rss("<item><g:id>1</g:id><title>&a;</title></item>", head=outside), name="outside.xml")
    preview = look(rss(ITEM.format(1), head="<!DOCTYPE rss>"), name="doctype.xml")
    assert [one["id"] for one in preview.records] == ["1"]


def test_xml_in_an_encoding_that_nobody_knows_is_refused_in_words(look: Any) -> None:
    text = '<?xml version="1.0" encoding="BK"?><rss xmlns:g="http://base.google.com/ns/1.0"><channel>' + ITEM.format(1) + "</channel></rss>"  # fmt: skip
    with pytest.raises(UnreadableFile, match="encoding"):
        look(text, name="odd.xml")


def test_xml_that_breaks_keeps_what_stood_before(look: Any) -> None:
    preview = look(
        rss(ITEM.format(1), "\n", ITEM.format(2), "\n<item><title>Fish & Chips</title></item>", ITEM.format(3)),
        name="feed.xml",
    )
    assert [one["id"] for one in preview.records] == ["1", "2"]
    assert [(problem.line, "not XML from here on" in problem.reason) for problem in preview.problems] == [(3, True)]


def test_xml_of_any_size_takes_the_same_room(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml.gz"
    body = "".join(ITEM.format(number) for number in range(30_000))
    path.write_bytes(gzip.compress(rss(body), 1))
    del body
    found = formats.recognise(path)
    tracemalloc.start()
    count = sum(isinstance(row, Read) for row in reader.rows(path, "xml"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000
    assert most < 3_000_000
    assert found.name == "google-merchant"


def test_a_huge_item_and_deep_nesting_are_refused(look: Any) -> None:
    huge = (
        f"<item><g:id>1</g:id><title>A</title><g:price>5</g:price><description>{'x' * 9_000_000}</description></item>"
    )
    preview = look(rss(ITEM.format(0), huge, ITEM.format(2)), name="feed.xml")
    assert [one["id"] for one in preview.records] == ["0", "2"]
    assert [problem.reason for problem in preview.problems] == ["the item is longer than 8 MB"]
    deep = look(rss(ITEM.format(0), "<item>" + "<a>" * 500), name="deep.xml")
    assert [problem.reason.count("deep") for problem in deep.problems] == [1]


def test_segment_calls_out_of_order_and_ga4_items_without_ids_are_counted(look: Any) -> None:
    segment = look(
        '{"type":"track","event":"Product Viewed","anonymousId":"a","timestamp":"2024-01-02T10:00:00Z","properties":{"product_id":"1"}}\n'
        '{"type":"identify","anonymousId":"a","userId":"u","timestamp":"2024-01-02T09:00:00Z"}\n'
        '{"type":"alias","previousId":"b","userId":"u","timestamp":"2024-01-02T11:00:00Z"}\n',
        name="calls.jsonl",
    )
    assert segment.found == {"calls out of order: each stands where its own time says": 1}
    assert [(one["type"], one.get("visitor"), one.get("customer")) for one in segment.records] == [
        ("view", "a", None), ("identify", "a", "u"), ("identify", "b", "u")]  # fmt: skip
    ga4 = look(
        '{"client_id":"c","events":[{"name":"add_to_cart","params":{"items":[{"item_name":"No id"},{"item_id":"(not set)"}]}}]}\n',
        name="ga4.jsonl",
    )
    assert ga4.found == {"items without an id: the event is kept, but says nothing of a product": 2}
    assert [one.get("product") for one in ga4.records] == [None, None]


def test_a_message_without_an_id_gets_the_same_one_each_time(look: Any) -> None:
    call = '{"type":"track","event":"Product Viewed","anonymousId":"a","timestamp":"2024-01-02T10:00:00Z","properties":{"product_id":"%s"}}\n'
    ids = [one["message_id"] for one in look(call % 1 + call % 2 + call % 1, name="calls.jsonl").records]
    assert ids[0] == ids[2] != ids[1]
    timeless = '{"type":"track","event":"Product Viewed","anonymousId":"a","properties":{"product_id":"1"}}\n'
    ids = [one["message_id"] for one in look(timeless * 2, name="calls.jsonl").records]
    assert ids[0] != ids[1]
    assert ids == [one["message_id"] for one in look(timeless * 2, name="calls.jsonl").records]


def test_a_request_written_over_several_lines_is_one_object(look: Any) -> None:
    body = {"client_id": "c", "events": [{"name": "view_item", "params": {"items": [{"item_id": "A"}]}}]}
    preview = look(json.dumps(body, indent=2), name="body.json")
    assert [(one["type"], one["product"]) for one in preview.records] == [("view", "A")]
    assert look('{\n"id": "a",\n"title": "A"\n}\n{"id": "b", "title": "B"}\n', "products").rejected == 4


def test_markdown_folders_hold_articles(tmp_path: Path) -> None:
    folder = tmp_path / "help"
    (folder / "deep").mkdir(parents=True)
    (folder / "returns.md").write_text(
        "---\ntitle: 'Returns: how'\ntags:\n- post\n- money\nlang: zh-CN\nquestions:\n- Too late now?\n- 还能退吗\nweight: 3\n---\nWithin 30 days."
    )
    (folder / "deep" / "shipping-costs.md").write_text("No heading here.")
    (folder / "hidden.md").write_text("---\ntitle: Draft\ndraft: true\n---\nx")
    (folder / "latin.md").write_bytes(b"caf\xe9")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("# no")
    preview = preview_file(ShopSettings(), folder)
    assert preview.records == [
        {"id": "deep/shipping-costs", "title": "shipping costs", "body": "No heading here."},
        {
            "id": "returns",
            "title": "Returns: how",
            "body": "Within 30 days.",
            "locale": "zh-CN",
            "tags": ["post", "money"],
            "questions": ["Too late now?", "还能退吗"],
        },
    ]
    assert sorted(problem.reason for problem in preview.problems) == ["isn't published", "latin.md is not UTF-8"]
    assert preview.unplaced == {"weight": 1}


def test_notes_stay_small_whatever_a_file_does() -> None:
    notes = Notes()
    for number in range(5_000):
        notes.leave(f"column {number}")
        notes.count(f"oddity {number}")
    assert len(notes.unplaced) <= 1_001
    assert len(notes.found) <= 1_001
    assert sum(notes.unplaced.values()) == 5_000


def test_broken_rows_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes(b'Handle,Title,Variant Price\nmug,Mug,9\nbad,"B\ncup,Cup,3\nx,caf\xe9,3\ny,Y,3,4\n')
    found = formats.recognise(path)
    lines = [
        (row.line, row.reason[:20])
        for row in found.format.records("products", found.source, Notes())
        if isinstance(row, Broken)
    ]
    assert lines == [(3, "is not CSV: a quote "), (5, "is not UTF-8"), (6, "has 4 cells where th")]


def test_shopifys_type_is_the_narrowest_shelf(look: Any) -> None:
    head = "Handle,Title,Product Category,Type,Variant Barcode,Variant Price\n"
    made = look(
        head + "a,Ethiopia,Food > Drinks,Coffee,'400009,9.50\nb,Cola,Food > Drinks,drinks,,2\n", "products"
    ).records
    assert made[0]["category"] == ["Food", "Drinks", "Coffee"]
    assert made[1]["category"] == ["Food", "Drinks"]
    assert made[0]["attributes"]["barcode"] == "400009"
