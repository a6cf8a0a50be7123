"""Files as other systems write them, made at random from a known truth. Knows nothing of the readers and their tables.

Every cell that is text holds a word of its own (`w17w`), so that one can look for it on the other side.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from xml.sax.saxutils import escape, quoteattr

SPICE = [
    "",
    ' "quoted" ',
    ", comma",
    "; semi",
    "\nnext line",
    " ümläut",
    " 茶杯",
    " 🫖",
    " & co",
    " it's",
    "\ttab",
    ' 12" pan',
]


@dataclass
class File:
    """A file, what has to come out of it, and where each word stands."""

    content: bytes
    name: str
    expected: list[dict[str, Any]]
    words: dict[str, str] = field(default_factory=dict)  # word → column


class Pen:
    """Chance, and words that are used once."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.words: dict[str, str] = {}
        self._next = 0

    def word(self, column: str, *, plain: bool = False) -> str:
        made = f"w{self._next}w"
        self._next += 1
        self.words[made] = column
        return made if plain else made + self.random.choice(SPICE)

    def maybe(self, column: str, share: float = 0.5, *, plain: bool = False) -> str:
        return self.word(column, plain=plain) if self.random.random() < share else ""

    def price(self) -> Decimal:
        return Decimal(self.random.randrange(1, 2_000_000)) / 100

    def some(self, most: int, least: int = 0) -> range:
        return range(self.random.randint(least, most))


def styled(random: Random, amount: Decimal) -> str:
    """An amount as one shop or another writes it."""
    whole, _, cents = f"{amount:.2f}".partition(".")
    dotted = f"{int(whole):,}".replace(",", ".")
    return random.choice(
        [
            f"{amount:.2f}", f"{amount:.2f}", f"{int(whole):,}.{cents}", f"{dotted},{cents} €", f"€{int(whole):,}.{cents}",
            f"{whole},{cents}", f"{f'{int(whole):,}'.replace(',', ' ')},{cents} Kč", f"{amount:.2f} USD", f"USD {amount:.2f}",
            f"{f'{int(whole):,}'.replace(',', chr(0x202F))},{cents}\u00a0zł", f"${int(whole):,}.{cents}",
            f"CHF {f'{int(whole):,}'.replace(',', chr(39))}.{cents}",
        ]
    )  # fmt: skip


def table(pen: Pen, header: list[str], rows: list[dict[str, str]], *, tabs: bool = False) -> bytes:
    """Rows as CSV in one dialect or another; unknown columns and empty ones thrown in, columns in any order."""
    random = pen.random
    extra = [f"Extra {random.choice('ABCDEFG')}{number}" for number in pen.some(3)]
    for row in rows:
        for name in extra:
            row[name] = pen.maybe(name, 0.4)
    header = [*header, *extra]
    if random.random() < 0.5:
        random.shuffle(header)
    out = io.StringIO()
    delimiter = "\t" if tabs else random.choice([",", ",", ";", "\t"])
    writer = csv.DictWriter(out, header, restval="", delimiter=delimiter, lineterminator=random.choice(["\n", "\r\n"]),
                            quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), extrasaction="raise")  # fmt: skip
    writer.writeheader()
    writer.writerows(rows)
    text = out.getvalue()
    return random.choice([text.encode(), ("\ufeff" + text).encode(), text.encode("utf-16")])


OLD = {"id": "Handle", "body": "Body (HTML)", "category": "Product Category", "sku": "Variant SKU", "price": "Variant Price",
       "before": "Variant Compare At Price", "stock": "Variant Inventory Qty", "picture": "Image Src", "alt": "Image Alt Text",
       "option": "Option{} Name", "value": "Option{} Value", "barcode": "Variant Barcode", "mpn": "Google Shopping / MPN"}  # fmt: skip
NEW = {"id": "URL handle", "body": "Description", "category": "Product category", "sku": "SKU", "price": "Price",
       "before": "Compare-at price", "stock": "Inventory quantity", "picture": "Product image URL", "alt": "Image alt text",
       "option": "Option{} name", "value": "Option{} value", "barcode": "Barcode",
       "mpn": "Google Shopping / Manufacturer part number (MPN)"}  # fmt: skip


def shopify_products(random: Random) -> File:
    pen = Pen(random)
    names = random.choice([OLD, NEW])
    rows: list[dict[str, str]] = []
    expected = []
    for number in pen.some(3, 1):
        handle = f"{pen.word(names['id'], plain=True)}-{number}"
        options = [pen.word(names["option"].format(n + 1), plain=True) for n in pen.some(3)]
        category = f"{pen.word(names['category'], plain=True)} > {pen.word(names['category'], plain=True)}"
        head = {"Title": pen.word("Title"), names["body"]: f"<p>{pen.word(names['body'], plain=True)}</p><script>x()</script>",
                "Vendor": pen.word("Vendor"), names["category"]: category, "Type": pen.maybe("Type"),
                "Tags": ", ".join(pen.word("Tags", plain=True) for _ in pen.some(3)), "Status": "active",
                names["mpn"]: pen.maybe(names["mpn"]), "SEO Title": pen.maybe("SEO Title"),
                **{names["option"].format(n + 1): option for n, option in enumerate(options)}}  # fmt: skip
        variants = []
        for _ in pen.some(4, 1):
            price, before = pen.price(), random.choice([None, pen.price()])
            stock = random.choice([None, random.randrange(-3, 500)])
            values = [pen.word(names["value"].format(n + 1)) for n in range(len(options))]
            sku = pen.word(names["sku"], plain=True)
            row = {names["id"]: handle, names["sku"]: sku, names["price"]: styled(random, price),
                   names["before"]: styled(random, before) if before else "", names["stock"]: "" if stock is None else str(stock),
                   names["picture"]: f"https://x/{pen.word(names['picture'], plain=True)}.jpg", names["alt"]: pen.maybe(names["alt"]),
                   names["barcode"]: pen.maybe(names["barcode"]), "Tax code": pen.maybe("Tax code", plain=True),
                   **{names["value"].format(n + 1): value for n, value in enumerate(values)}}  # fmt: skip
            variants.append(
                {
                    "sku": sku,
                    "price": price,
                    "stock": stock,
                    "options": dict(zip(options, (v.strip() for v in values), strict=True)),
                }
            )
            rows.append({**row, **(head if len(variants) == 1 else {})})
        shelf = " ".join(head["Type"].split())
        path = f"{category} > {shelf}" if shelf else category
        expected.append({"id": handle, "title": head["Title"].strip(), "brand": head["Vendor"].strip(),
                         "category": [part.strip() for part in path.split(">") if part.strip()], "variants": variants})  # fmt: skip
    header = [names["id"], "Title", names["body"], "Vendor", names["category"], "Type", "Tags", "Status", names["mpn"], "SEO Title",
              *(names["option"].format(n) for n in (1, 2, 3)), *(names["value"].format(n) for n in (1, 2, 3)), names["sku"],
              names["price"], names["before"], names["stock"], names["picture"], names["alt"], names["barcode"], "Tax code"]  # fmt: skip
    return File(table(pen, header, rows), "products.csv", expected, pen.words)


def woocommerce_products(random: Random) -> File:
    pen = Pen(random)
    rows: list[dict[str, str]] = []
    later: list[dict[str, str]] = []
    expected = []
    for number in pen.some(3, 1):
        identity, variable = str(100 + number), random.random() < 0.5
        path = f"{pen.word('Categories', plain=True)} > {pen.word('Categories', plain=True)}"
        price, sale = pen.price(), random.choice([None, pen.price()])
        stock = random.choice([None, random.randrange(1, 90)])
        sku = pen.word("SKU", plain=True)
        row = {"ID": identity, "Type": "variable" if variable else random.choice(["simple", "simple, virtual"]), "SKU": sku,
               "Name": pen.word("Name"), "Published": "1", "Visibility in catalog": "visible",
               "Short description": pen.maybe("Short description"), "Description": f"<b>{pen.word('Description', plain=True)}</b>",
               "In stock?": "1", "Categories": path, "Tags": ", ".join(pen.word("Tags", plain=True) for _ in pen.some(2)),
               "Images": ", ".join(f"https://x/{pen.word('Images', plain=True)}.jpg" for _ in pen.some(3)),
               "Tax class": pen.maybe("Tax class"), "Weight (kg)": pen.maybe("Weight (kg)", plain=True),
               "Attribute 1 name": pen.word("Attribute 1 name", plain=True), "Attribute 1 visible": "1"}  # fmt: skip
        name = row["Attribute 1 name"]
        if variable:
            values = [pen.word("Attribute 1 value(s)", plain=True) for _ in pen.some(3, 1)]
            row["Attribute 1 value(s)"] = ", ".join(values)
            variants = []
            for place, value in enumerate(values):
                price = pen.price()
                own = pen.word("SKU", plain=True)
                later.append({"ID": f"{identity}9{place}", "Type": "variation", "SKU": own, "Name": pen.maybe("Name"), "Published": "1",
                              "Parent": random.choice([sku, f"id:{identity}"]), "Regular price": styled(random, price), "In stock?": "1",
                              "Attribute 1 name": name, "Attribute 1 value(s)": value})  # fmt: skip
                variants.append({"sku": own, "price": price, "options": {name: value}})
            if random.random() < 0.5:
                rows.append(row)
                rows.extend(later)
                later = []
            else:
                rows.append(row)
        else:
            row |= {
                "Regular price": styled(random, price),
                "Sale price": styled(random, sale) if sale else "",
                "Stock": "" if stock is None else str(stock),
            }
            variants = [{"sku": sku, "price": sale or price, "stock": stock, "options": {}}]
            rows.append(row)
        expected.append(
            {
                "id": identity,
                "title": row["Name"].strip(),
                "category": [part.strip() for part in path.split(">")],
                "variants": variants,
            }
        )
    rows.extend(later)
    header = ["ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "Short description", "Description", "In stock?", "Stock",
              "Sale price", "Regular price", "Categories", "Tags", "Images", "Parent", "Tax class", "Weight (kg)", "Attribute 1 name",
              "Attribute 1 value(s)", "Attribute 1 visible"]  # fmt: skip
    return File(table(pen, header, rows), "products.csv", expected, pen.words)


def _merchant(pen: Pen) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items, expected = [], []
    for _ in pen.some(3, 1):
        grouped = pen.random.random() < 0.5
        group = pen.word("item_group_id", plain=True)
        title, brand = pen.word("title"), pen.word("brand")
        path = f"{pen.word('product_type', plain=True)} > {pen.word('product_type', plain=True)}"
        variants = []
        for _ in range(pen.random.randint(1, 3) if grouped else 1):
            price, stocked = pen.price(), pen.random.random() < 0.7
            item = {"id": pen.word("id", plain=True), "title": title, "brand": brand, "product_type": path,
                    "description": pen.word("description", plain=True) if not variants else "", "link": f"https://x/{pen.word('link', plain=True)}",
                    "image_link": f"https://x/{pen.word('image_link', plain=True)}.png", "price": styled(pen.random, price),
                    "availability": pen.random.choice(["in stock", "in_stock"]) if stocked else pen.random.choice(["out of stock", "out_of_stock"]),
                    "color": pen.word("color"), "gtin": pen.maybe("gtin"), "condition": pen.maybe("condition"),
                    "custom_label_0": pen.maybe("custom_label_0"), "shipping_label": pen.maybe("shipping_label")}  # fmt: skip
            if grouped:
                item["item_group_id"] = group
            items.append(item)
            variants.append({"sku": item["id"], "price": price, "stock": None if stocked else 0})
        if not grouped:
            del pen.words[group]
        expected.append({"id": group if grouped else items[-1]["id"], "title": title.strip(), "brand": brand.strip(),
                         "category": [part.strip() for part in path.split(">")], "variants": variants})  # fmt: skip
    return items, expected


def google_xml(random: Random) -> File:
    pen = Pen(random)
    items, expected = _merchant(pen)
    atom = random.random() < 0.3
    body = []
    for item in items:
        lines = []
        for name, value in item.items():
            if not value:
                continue
            tag = name if name in ("title", "link", "description") and random.random() < 0.5 else f"g:{name}"
            if name == "link" and atom and tag == "link":
                lines.append(f"<link href={quoteattr(value)}/>")
            elif random.random() < 0.2 and "]]>" not in value:
                lines.append(f"<{tag}><![CDATA[{value}]]></{tag}>")
            else:
                lines.append(f"<{tag}>{escape(value)}</{tag}>")
        random.shuffle(lines)
        lines.append(
            f"<g:shipping><g:country>{escape(pen.word('shipping.country'))}</g:country></g:shipping>"
            if random.random() < 0.3
            else ""
        )
        tag = "entry" if atom else "item"
        body.append(f"<{tag}>{''.join(lines)}</{tag}>")
    inner = "\n".join(body)
    space = 'xmlns:g="http://base.google.com/ns/1.0"'
    text = (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {space}><title>S</title>{inner}</feed>'
        if atom
        else f'<rss {space} version="2.0"><channel><title>S</title>{inner}</channel></rss>'
    )
    encoding = random.choice(["utf-8", "utf-16", "gb18030"])
    declared = {"gb18030": "GBK"}.get(encoding, encoding)
    return File(
        f'<?xml version="1.0" encoding="{declared}"?>\n{text}'.encode(encoding), "feed.xml", expected, pen.words
    )


def google_tsv(random: Random) -> File:
    pen = Pen(random)
    items, expected = _merchant(pen)
    header = ["id", "title", "description", "link", "image_link", "availability", "price", "brand", "product_type", "item_group_id", "color", "gtin", "condition", "custom_label_0", "shipping_label"]  # fmt: skip
    spaced = random.random() < 0.3
    if spaced:
        header = [name.replace("_", " ") for name in header]
        items = [{name.replace("_", " "): value for name, value in item.items()} for item in items]
        pen.words = {word: column.replace("_", " ") for word, column in pen.words.items()}
    return File(table(pen, header, items, tabs=True), "feed.tsv", expected, pen.words)


def shopify_orders(random: Random) -> File:
    pen = Pen(random)
    rows: list[dict[str, str]] = []
    expected = []
    for number in pen.some(3, 1):
        name, email = f"#{1001 + number}", f"{pen.word('Email', plain=True)}@x.org"
        total = pen.price()
        head = {"Email": email, "Financial Status": random.choice(["paid", "pending", "refunded"]), "Currency": "EUR", "Total": f"{total:.2f}",
                "Shipping": "0.00", "Shipping Name": pen.word("Shipping Name"), "Shipping City": pen.word("Shipping City"),
                "Billing Name": pen.word("Billing Name"), "Notes": pen.maybe("Notes"), "Tags": pen.maybe("Tags"),
                "Discount Code": pen.maybe("Discount Code"), "Vendor": pen.maybe("Vendor")}  # fmt: skip
        lines = []
        for _ in pen.some(4, 1):
            price, quantity, sku = pen.price(), random.randint(1, 9), pen.word("Lineitem sku", plain=True)
            title = pen.word("Lineitem name")
            rows.append({"Name": name, "Created at": "2024-01-02 09:50:26 +0200", "Lineitem quantity": str(quantity), "Lineitem name": title,
                         "Lineitem price": f"{price:.2f}", "Lineitem sku": sku, **(head if not lines else {"Email": email})})  # fmt: skip
            lines.append({"variant": ["sku", sku], "quantity": quantity, "unit_price": price, "title": title.strip()})
        expected.append({"id": name, "customer": ["email", email], "lines": lines})
    header = ["Name", "Email", "Financial Status", "Currency", "Total", "Shipping", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Shipping Name", "Shipping City", "Billing Name", "Notes", "Tags", "Discount Code", "Vendor"]  # fmt: skip
    return File(table(pen, header, rows), "orders.csv", expected, pen.words)


def woocommerce_orders(random: Random) -> File:
    pen = Pen(random)
    rows: list[dict[str, str]] = []
    expected = []
    packed = random.random() < 0.5
    for number in pen.some(3, 1):
        identity, customer = str(500 + number), random.choice(["0", str(7 + number)])
        email = f"{pen.word('customer_email', plain=True)}@x.org"
        head = {"order_id": identity, "order_date": "2024-01-02 10:00:00", "status": random.choice(["wc-completed", "processing", "on-hold"]),
                "order_total": f"{pen.price():.2f}", "order_currency": "EUR", "customer_id": customer, "customer_email": email,
                "billing_first_name": pen.word("billing_first_name"), "shipping_city": pen.word("shipping_city"),
                "customer_note": pen.maybe("customer_note"), "order_key": pen.maybe("order_key")}  # fmt: skip
        lines, cells = [], []
        for _ in pen.some(3, 1):
            quantity, price, sku = (
                random.randint(1, 5),
                pen.price(),
                pen.word("line_items" if packed else "item_sku", plain=True),
            )
            title = pen.word("line_items" if packed else "item_name", plain=True)
            lines.append({"variant": ["sku", sku], "quantity": quantity, "unit_price": price, "title": title})
            total = f"{price * quantity:.2f}"
            if packed:
                cells.append(f"name:{title}|product_id:{40 + number}|sku:{sku}|quantity:{quantity}|total:{total}")
            else:
                rows.append(
                    {
                        **head,
                        "item_name": title,
                        "item_sku": sku,
                        "item_product_id": str(40 + number),
                        "item_quantity": str(quantity),
                        "item_total": total,
                    }
                )
        if packed:
            rows.append({**head, "line_items": ";".join(cells)})
        expected.append(
            {"id": identity, "customer": ["email", email] if customer == "0" else ["shop", customer], "lines": lines}
        )
    header = ["order_id", "order_date", "status", "order_total", "order_currency", "customer_id", "customer_email", "billing_first_name", "shipping_city", "customer_note", "order_key",
              *(["line_items"] if packed else ["item_name", "item_sku", "item_product_id", "item_quantity", "item_total"])]  # fmt: skip
    return File(table(pen, header, rows), "orders.csv", expected, pen.words)


def _lines(random: Random, objects: list[Any]) -> bytes:
    text = "".join(json.dumps(one, ensure_ascii=random.random() < 0.5) + "\n" for one in objects)
    return random.choice([text.encode(), ("\ufeff" + text).encode(), text.replace("\n", "\n\n").encode()])


def segment(random: Random) -> File:
    pen = Pen(random)
    calls: list[dict[str, Any]] = []
    expected: list[dict[str, Any]] = []
    names = {
        "Product Viewed": "view",
        "Product Added": "cart",
        "Product Removed": "remove_from_cart",
        "Product Clicked": "click",
        "Products Searched": "search",
    }
    for number in pen.some(5, 1):
        at = (datetime(2024, 1, 2, tzinfo=UTC) + timedelta(minutes=random.randrange(9_000))).isoformat()
        call: dict[str, Any] = {
            "anonymousId": pen.word("anonymousId", plain=True),
            "messageId": f"m-{number}-{random.random()}",
            "timestamp": at,
        }
        who = {"visitor": call["anonymousId"]}
        if random.random() < 0.4:
            call["userId"] = pen.word("userId", plain=True)
            who["customer"] = call["userId"]
        if random.random() < 0.4:
            call["context"] = {"ip": pen.word("context.ip"), "page": {"path": pen.word("context.page.path")}}
        way = random.random()
        if way < 0.5:
            name = random.choice(list(names))
            product, price = pen.word("product_id", plain=True), pen.price()
            call |= {"type": "track", "event": random.choice([name, name.lower(), name.replace(" ", "_")]),
                     "properties": {"product_id": product, "price": float(price), "currency": "EUR", "name": pen.word("name"), "extra": {"deep": [pen.word("deep")]}}}  # fmt: skip
            expected.append({**who, "type": names[name], "product": product, "price": price})
        elif way < 0.7:
            order = pen.word("order_id", plain=True)
            goods = [{"product_id": pen.word("product_id", plain=True), "price": float(price := pen.price()), "quantity": (quantity := random.randint(1, 4)),
                      "variant": pen.word("variant"), "_": (price, quantity)} for _ in pen.some(3, 1)]  # fmt: skip
            expected.extend(
                {
                    **who,
                    "type": "purchase",
                    "order": order,
                    "product": one["product_id"],
                    "price": one["_"][0],
                    "quantity": one["_"][1],
                }
                for one in goods
            )  # type: ignore[index]
            call |= {"type": "track", "event": "Order Completed", "properties": {"order_id": order, "coupon": pen.word("coupon"), "currency": "EUR",
                     "products": [{key: value for key, value in one.items() if key != "_"} for one in goods]}}  # fmt: skip
        elif way < 0.85:
            call |= {"type": "page", "name": pen.word("name"), "properties": {"url": pen.word("url")}}
            expected.append({**who, "type": "page"})
        else:
            call |= {"type": "identify", "traits": {"email": pen.word("email")}}
            expected.append({**who, "type": "identify"})
        calls.append(call)
    batched = random.random() < 0.4
    return File(_lines(random, [{"batch": calls}] if batched else calls), "segment.jsonl", expected, pen.words)


def ga4(random: Random) -> File:
    pen = Pen(random)
    objects: list[dict[str, Any]] = []
    expected: list[dict[str, Any]] = []
    names = {
        "view_item": "view",
        "add_to_cart": "cart",
        "select_item": "click",
        "view_item_list": "impression",
        "purchase": "purchase",
    }
    for _ in pen.some(4, 1):
        name = random.choice(list(names))
        visitor = pen.word("client_id", plain=True)
        micros = 1_704_189_600_000_000 + random.randrange(10**12)
        goods: list[dict[str, Any]] = []
        for _ in pen.some(3, 1):
            price = pen.price()
            goods.append({"item_name": pen.word("item_name"), "price": float(price), "quantity": random.randint(1, 4)})
            made = {"visitor": visitor, "type": names[name], "price": price, "quantity": goods[-1]["quantity"]}
            if random.random() < 0.8:
                goods[-1]["item_id"] = made["product"] = pen.word("item_id", plain=True)
            expected.append(made)
        extra = pen.word("extra")
        if random.random() < 0.5:
            objects.append(
                {
                    "client_id": visitor,
                    "timestamp_micros": str(micros),
                    "events": [{"name": name, "params": {"currency": "EUR", "extra": extra, "items": goods}}],
                }
            )
        else:
            objects.append({"event_name": name, "event_timestamp": micros, "user_pseudo_id": visitor, "items": goods, "device": {"x": pen.word("device")},
                            "event_params": [{"key": "extra", "value": {"string_value": extra}}, {"key": "ga_session_id", "value": {"int_value": 5}}]})  # fmt: skip
    return File(_lines(random, objects), "ga4.jsonl", expected, pen.words)


def reviews(random: Random) -> File:
    pen = Pen(random)
    names = random.choice(
        [
            {"product": "product_handle", "rating": "rating", "title": "title", "body": "body", "email": "reviewer_email", "date": "review_date", "name": "reviewer_name", "reply": "reply"},
            {"product": "product_id", "rating": "review_score", "title": "review_title", "body": "review_content", "email": "email", "date": "date", "name": "display_name", "reply": "comment_text"},
            {"product": "handle", "rating": "Rating", "title": "Title", "body": "Body", "email": "Email", "date": "Created At", "name": "Author", "reply": "Reply"},
            {"product": "SKU", "rating": "Stars", "title": "Headline", "body": "Review", "email": "Customer Email", "date": "Submitted At", "name": "Nickname", "reply": "Photos"},
        ]
    )  # fmt: skip
    rows, expected = [], []
    for _ in pen.some(5, 1):
        stars = random.randint(1, 5)
        row = {names["product"]: pen.word(names["product"], plain=True), names["rating"]: random.choice([str(stars), f"{stars}/5", f"{stars}.0"]),
               names["title"]: pen.word(names["title"]), names["body"]: f"<p>{pen.word(names['body'], plain=True)}</p>", names["email"]: f"{pen.word(names['email'], plain=True)}@x.org",
               names["date"]: "2024-01-02 10:00:00 UTC", names["name"]: pen.maybe(names["name"]), names["reply"]: pen.maybe(names["reply"])}  # fmt: skip
        rows.append(row)
        expected.append(
            {
                "product": ["sku" if names["product"] == "SKU" else "shop", row[names["product"]]],
                "rating": float(stars),
                "title": row[names["title"]].strip(),
                "customer": ["email", row[names["email"]]],
            }
        )
    return File(table(pen, list(names.values()), rows), "reviews.csv", expected, pen.words)


def shopify_customers(random: Random) -> File:
    pen = Pen(random)
    rows, expected = [], []
    for number in pen.some(5, 1):
        row = {"Customer ID": f"'{6401 + number}", "First Name": pen.word("First Name", plain=True), "Last Name": pen.word("Last Name", plain=True),
               "Email": f"{pen.word('Email', plain=True)}@x.org", "Accepts Email Marketing": random.choice(["yes", "no"]), "Default Address City": pen.word("Default Address City"),
               "Phone": pen.maybe("Phone"), "Total Spent": "12.00", "Total Orders": "2", "Note": pen.maybe("Note"), "Tags": pen.maybe("Tags", plain=True)}  # fmt: skip
        rows.append(row)
        expected.append(
            {"id": str(6401 + number), "email": row["Email"], "name": f"{row['First Name']} {row['Last Name']}"}
        )
    return File(table(pen, list(rows[0]), rows), "customers.csv", expected, pen.words)


def shopify_pages(random: Random) -> File:
    pen = Pen(random)
    rows, expected = [], []
    for number in pen.some(4, 1):
        row = {"Handle": f"{pen.word('Handle', plain=True)}-{number}", "Title": pen.word("Title"), "Body HTML": f"<h1>{pen.word('Body HTML', plain=True)}</h1>",
               "Author": pen.maybe("Author"), "Published": "TRUE", "Template Suffix": pen.maybe("Template Suffix")}  # fmt: skip
        rows.append(row)
        expected.append({"id": row["Handle"], "title": row["Title"].strip()})
    return File(table(pen, list(rows[0]), rows), "pages.csv", expected, pen.words)


def markdown(random: Random) -> File:
    pen = Pen(random)
    title = pen.word("title", plain=True)
    quote = random.choice(["", '"', "'"])
    tags = [pen.word("tags", plain=True) for _ in pen.some(3)]
    front = f"---\ntitle: {quote}{title}{quote}\nowner: {pen.word('owner', plain=True)}\n" + (
        f"tags: [{', '.join(tags)}]\n" if random.random() < 0.5 else "tags:\n" + "".join(f"  - {tag}\n" for tag in tags)
    )
    body = f"# {pen.word('body')}\n\n{pen.word('body')}\n"
    return File(
        (front + "---\n" + body).encode(random.choice(["utf-8", "utf-8-sig"])),
        "page.md",
        [{"title": title, "tags": tags}],
        pen.words,
    )


WRITERS: dict[str, tuple[str, Callable[[Random], File]]] = {
    "shopify-products": ("products", shopify_products),
    "woocommerce-products": ("products", woocommerce_products),
    "google-merchant": ("products", google_xml),
    "google-merchant (tsv)": ("products", google_tsv),
    "shopify-orders": ("orders", shopify_orders),
    "woocommerce-orders": ("orders", woocommerce_orders),
    "shopify-customers": ("customers", shopify_customers),
    "segment": ("events", segment),
    "ga4": ("events", ga4),
    "reviews": ("reviews", reviews),
    "shopify-pages": ("articles", shopify_pages),
    "markdown": ("articles", markdown),
}
