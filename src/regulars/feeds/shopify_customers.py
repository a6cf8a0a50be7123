"""Shopify's customer CSV. The customer's number is the id, the e-mail address a second name: orders know only that one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regulars.feeds.contract import Look, Notes, Places, Source, split_list, truth
from regulars.feeds.reader import Broken, Read
from regulars.feeds.said import by_email
from regulars.schema import Customer

PLACES = Places(
    {
        "Customer ID": "id", "First Name": "first", "Last Name": "last", "Email": "email", "Phone": "phone",
        "Accepts Email Marketing": "consent.email", "Accepts Marketing": "consent.email",
        "Accepts SMS Marketing": "consent.sms", "Default Address Address1": "address.line1",
        "Default Address Address2": "address.line2", "Default Address City": "address.city",
        "Default Address Province Code": "address.region", "Default Address Zip": "address.postcode",
        "Default Address Country Code": "address.country", "Default Address Company": "traits.company",
        "Default Address Phone": "address_phone", "Address1": "address.line1", "Address2": "address.line2",
        "City": "address.city", "Province Code": "address.region", "Zip": "address.postcode",
        "Country Code": "address.country", "Company": "traits.company", "Total Spent": "traits.total_spent",
        "Total Orders": "traits.total_orders", "Note": "traits.note", "Tags": "traits.tags", "Tax Exempt": "traits.tax_exempt",
    },
    fields=Customer.model_fields,
    rest="traits",
)  # fmt: skip
SHOWN = {"first": "name", "last": "name", "address_phone": "phone"}


class ShopifyCustomers:
    name = "shopify-customers"
    title = "Shopify customers (CSV)"
    kinds = ("customers",)
    flat = False

    def fits(self, look: Look) -> bool:
        return look.physical in ("csv", "parquet") and look.has("first name", "last name", "email") and look.some("total spent", "total orders", "accepts email marketing", "accepts marketing", "default address address1") >= 2  # fmt: skip

    def place(self, kind: str, column: str) -> str | None:
        place = PLACES.of(column)
        if place and place.startswith("address."):
            return place.replace("address.", "addresses.")
        return SHOWN.get(place, place) if place else None

    def records(self, kind: str, source: Source, notes: Notes) -> Iterator[Read | Broken]:
        for row in source.rows():
            yield row if isinstance(row, Broken) else _customer(row, notes)


FORMAT = ShopifyCustomers()


def _customer(row: Read, notes: Notes) -> Read | Broken:
    cells = PLACES.sort(row.values, notes)
    email = by_email(cells.get("email", ""))
    number = cells.get("id", "").lstrip("'")
    if not number and email is None:
        return Broken(row.line, "has neither a customer id nor an e-mail address", str(row.values)[:2_000])
    made: dict[str, Any] = {"id": number or email, "traits": {}}
    if number and email:
        made["also_known_as"] = [email]
    if "email" in cells:
        made["email"] = cells["email"]
    name = " ".join(part for part in (cells.get("first"), cells.get("last")) if part)
    if name or "name" in cells:
        made["name"] = cells.get("name") or name
    phone = cells.get("phone") or cells.get("address_phone")
    if phone:
        made["phone"] = phone.lstrip("'")
        if cells.get("address_phone", phone) != phone:
            notes.leave(cells.columns["address_phone"])
    address = {place[8:]: value.lstrip("'") for place, value in cells.items() if place.startswith("address.")}
    if address:
        made["addresses"] = [{**address, "default": True}]
    consent = []
    for purpose in ("email", "sms"):
        said = cells.get(f"consent.{purpose}")
        agreed = truth(said)
        if agreed is not None:
            consent.append({"purpose": purpose, "granted": agreed, "source": "Shopify"})
        elif said:
            notes.leave(cells.columns[f"consent.{purpose}"])
    made["consent"] = consent
    for place in ("locale", "created_at"):
        if place in cells:
            made[place] = cells[place]
    for place, value in cells.items():
        if place.startswith("traits."):
            made["traits"][place[7:]] = split_list(value) if place == "traits.tags" else value
    return Read(row.line, made)
