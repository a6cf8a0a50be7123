"""The console's settings: what the shop says of itself, keys and the snippet, the password, a backup, forgetting a customer."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from nicegui import ui

from regulars.desk import parts
from regulars.desk.frame import title
from regulars.desk.markup import Markup, coded, joined, tag
from regulars.desk.visit import Visit
from regulars.desk.works import Work
from regulars.errors import InvalidInput, RateLimited
from regulars.schema import ShopSettings
from regulars.store import access
from regulars.store.database import Row
from regulars.store.shop import Scope
from regulars.web.console.context import Context
from regulars.web.console.uploads import BACKUPS

SNIPPET = """<script src="{origin}/regulars.js" data-key="{key}" defer></script>"""


def mount(context: Context) -> None:
    """Hangs the page into the console."""

    @context.desk.page("/settings")
    async def settings(visit: Visit) -> None:
        shop = context.shop_of()
        current, keys = await asyncio.gather(asyncio.to_thread(lambda: shop.settings), asyncio.to_thread(shop.keys))
        used = [row for row in keys if not row["revoked_at"]]
        one, more = (
            "{name} sells in {currency}; one key reaches it",
            "{name} sells in {currency}; {count} keys reach it",
        )
        title(visit, visit.many(one, more, len(used), name=current.name, currency=current.currency))
        _shop(context, visit, current)
        keys_shown = parts.box("section")

        async def redraw() -> None:
            fresh = await asyncio.to_thread(shop.keys)
            keys_shown.clear()
            with keys_shown:
                _keys(context, visit, fresh, redraw)

        with keys_shown:
            _keys(context, visit, keys, redraw)
        _password(context, visit)
        _backup(context, visit)
        _erase(context, visit)


def _lines(given: dict[str, list[str]], name: str) -> list[str]:
    return [line.strip() for line in given.get(name, [""])[0].splitlines() if line.strip()]


def _external(line: str) -> Any:
    """`A1`, or `namespace:value` as the console writes ids of other systems."""
    namespace, colon, value = line.partition(": ")
    return {"namespace": namespace, "value": value} if colon else line


def _shop(context: Context, visit: Visit, now: ShopSettings) -> None:
    say = visit.say
    excluded = [
        one.value if one.namespace == "shop" else f"{one.namespace}: {one.value}" for one in now.excluded_products
    ]
    zones = joined(tag("option", value=zone) for zone in sorted(available_timezones()))
    one_a_line = say("One a line.")
    fields = joined(
        [
            parts.field("name", say("Shop's name"), now.name, required=True, maxlength=200),
            parts.field("currency", say("Currency"), now.currency, required=True, maxlength=3, help=say("Three letters. Of amounts that name none.")),
            parts.field("zone", say("Time zone"), now.zone, required=True, list="zones", help=say("Days are counted in it.")),
            tag("datalist", zones, id="zones"),
            parts.field("locales", say("Languages"), ", ".join(now.locales), required=True, help=say("The main one first, for example: en, zh.")),
            parts.field("exploration_slots", say("Places to try things out"), now.exploration_slots, kind="number", min=0, max=5, help=say("How many places at the end of a list of 8 or more are drawn at random. 0 learns nothing new.")),
            parts.area("repeatable_categories", say("Categories that are bought again"), "\n".join(now.repeatable_categories), help=f"{one_a_line} " + say("What was bought there may come back.")),
            parts.area("excluded_products", say("Products that are never recommended"), "\n".join(excluded), help=f"{one_a_line} " + say("By their ids.")),
            parts.area("allowed_origins", say("Websites that may use the API"), "\n".join(now.allowed_origins), help=f"{one_a_line} " + say("For example https://www.example.com; * is every one.")),
        ]
    )  # fmt: skip

    async def save(given: dict[str, list[str]]) -> None:
        slots = given.get("exploration_slots", [""])[0]
        if not slots.isascii() or not slots.isdigit():
            raise InvalidInput(say("The places to try things out are a number from 0 to 5."))
        changes: dict[str, Any] = {
            "name": given["name"][0],
            "currency": given["currency"][0],
            "zone": given["zone"][0],
            "locales": [one.strip() for one in given["locales"][0].split(",") if one.strip()],
            "exploration_slots": int(slots),
            "repeatable_categories": _lines(given, "repeatable_categories"),
            "excluded_products": [_external(line) for line in _lines(given, "excluded_products")],
            "allowed_origins": _lines(given, "allowed_origins"),
        }
        await asyncio.to_thread(lambda: context.shop_of().change_settings(**changes))
        context.insights_of().forget()
        parts.say_note(say("Saved. It counts within seconds."))

    with parts.box("section"):
        parts.html(tag("h2", say("The shop")))
        parts.form(fields, say("Save"), save)


def _keys(context: Context, visit: Visit, keys: list[Row], redraw: Any) -> None:
    say = visit.say
    parts.html(tag("h2", say("Keys and the snippet")))
    fields = joined(
        [
            parts.field("name", say("What it is for"), "", identity="key-name", required=True, maxlength=200, placeholder=say("e.g. our website")),
            parts.choice("scope", say("What it may do"), [("public", say("public: send events, read lists")), ("secret", say("secret: everything"))], "public"),
        ]
    )  # fmt: skip
    parts.form(
        fields, say("Make a key"), lambda given: _create_and_show(context, visit, given, redraw), "first", "line"
    )
    if keys:
        heads = [say("Key"), say("What it is for"), say("May do"), say("Made"), say("State")]
        with parts.acting_table(visit, say("Keys"), heads):
            for row in keys:
                _key(context, visit, row, redraw)
    else:
        text = say("No key yet. A public key goes into your pages, a secret one stays on your server.")
        parts.html(tag("p", text, class_="empty"))
    parts.html(_snippet(context, visit, "YOUR_PUBLIC_KEY"))


async def _create_and_show(context: Context, visit: Visit, given: dict[str, list[str]], redraw: Any) -> None:
    say = visit.say
    name = given.get("name", [""])[0].strip()[:200]
    if not name:
        raise InvalidInput(say("A key needs a name: what it is for."))
    scope: Scope = "secret" if given.get("scope") == ["secret"] else "public"
    key = await asyncio.to_thread(context.shop_of().create_key, name, scope)
    sheet = parts.Sheet(visit, say("The new key"))
    with sheet.body:
        parts.html(_new_key(context, visit, key, scope))
    sheet.open()
    await redraw()


def _new_key(context: Context, visit: Visit, key: str, scope: str) -> Markup:
    say = visit.say
    copies = tag("button", say("Copy"), type="button", data_copies="new-key", data_copied=say("Copied"))
    pieces: list[Any] = [
        tag("p", say("It is shown this once: only its hash is kept. Copy it now."), class_="attention"),
        tag("pre", key, id="new-key"),
        copies,
    ]
    if scope == "public":
        pieces += [tag("h3", say("The snippet with it")), _snippet(context, visit, key, "new-snippet", bare=True)]
    return joined(pieces)


def _origin(context: Context, visit: Visit) -> str:
    """Where the API answers, as this browser names the machine."""
    url = visit.request.url
    return f"{url.scheme}://{url.hostname}:{context.api_port}" if context.api_port else f"{url.scheme}://{url.netloc}"


def _snippet(context: Context, visit: Visit, key: str, identity: str = "snippet", *, bare: bool = False) -> Markup:
    say = visit.say
    code = SNIPPET.format(origin=_origin(context, visit), key=key)
    shown = joined(
        [
            tag("pre", code, id=identity),
            tag("button", say("Copy"), type="button", data_copies=identity, data_copied=say("Copied")),
        ]
    )
    if bare:
        return shown
    text = say(
        "Put this line into every page of your shop, with a public key. It tells what people look at, and shows lists where you want them."
    )
    return joined([tag("h3", say("The snippet")), tag("p", text, class_="soft"), shown])


def _key(context: Context, visit: Visit, row: Row, redraw: Any) -> None:
    say = visit.say
    scope = say("public") if row["scope"] == "public" else say("secret")
    revoked = row["revoked_at"]
    state = (
        tag("span", say("revoked {time}", time=visit.when(revoked)), class_="badge")
        if revoked
        else tag("span", say("in use"), class_="badge good")
    )
    with parts.box("tr"):
        code = tag("code", f"{row['prefix']}…")
        parts.cells([code, row["name"], scope, visit.when(row["created_at"]), state])
        with parts.box("td"):
            if revoked:
                return

            async def revoke() -> None:
                await asyncio.to_thread(context.shop_of().revoke_key, row["key_id"])
                parts.say_note(say("The key is revoked."))
                await redraw()

            question = say("What uses {name} is refused within seconds. This can't be undone.", name=row["name"])
            opens = parts.confirm(visit, say("Revoke the key?"), question, say("Revoke"), revoke)
            parts.button(say("Revoke"), opens, "quiet", label=f"{say('Revoke')}: {row['name']}")


def _password(context: Context, visit: Visit) -> None:
    say = visit.say
    fields = joined(
        [
            parts.field("old", say("The password now"), "", kind="password", required=True, autocomplete="current-password"),
            parts.field("new", say("The new one"), "", kind="password", required=True, minlength=access.LEAST, maxlength=access.MOST, autocomplete="new-password", help=say("At least {count} characters. Everybody who is logged in has to log in again.", count=access.LEAST)),
        ]
    )  # fmt: skip

    async def change(given: dict[str, list[str]]) -> None:
        door = context.door_of()
        who = f"settings:{ui.context.client.ip}"
        try:
            door.count_try(who, time.monotonic())
        except RateLimited as error:
            seconds = round(float(error.where["retry_after"]))
            raise InvalidInput(say("Too many tries. Wait {seconds} seconds.", seconds=seconds)) from None
        if not await door.right(given.get("old", [""])[0]):
            raise InvalidInput(say("That isn't the password."))
        door.forget_tries(who)
        password = access.checked(given.get("new", [""])[0])

        def write() -> None:
            with context.shop_of().database.connect() as connection:
                access.set_password(connection, password)

        await asyncio.to_thread(write)
        parts.say_note(say("Changed. Log in with the new one."))
        ui.navigate.to(visit.link("/login"))

    with parts.box("section"):
        parts.html(tag("h2", say("Password")))
        parts.form(fields, say("Change the password"), change, "plain")


def _backup(context: Context, visit: Visit) -> None:
    say = visit.say
    with parts.box("section"):
        text = say(
            "One file with the database, the models and how the shop starts. It holds personal data: keep it where only you can read it. `regulars restore` makes a shop from it."
        )
        parts.html(joined([tag("h2", say("Backup")), tag("p", coded(text))]))
        ready = parts.box()

        def begin() -> None:
            folder = context.workspace.folder / "run" / BACKUPS
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{context.workspace.folder.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.tar"
            context.works.start("backup", say("Making a backup"), ["backup", str(file)], lambda work: done(work, file))

        def done(work: Work, file: Path) -> None:
            if work.state != "done" or ready.is_deleted:
                return
            with ready:
                size = visit.number(file.stat().st_size / 1e6, 1)
                text = say("Download {name} ({size} MB)", name=file.name, size=size)
                parts.html(
                    tag("p", tag("a", text, href=visit.link(f"/backup/{file.name}"), class_="act", download=True))
                )
                parts.html(tag("p", say("Once downloaded it is deleted here."), class_="soft"))

        with parts.box("div", "actions"):
            parts.button(say("Make a backup"), begin)


def _erase(context: Context, visit: Visit) -> None:
    say = visit.say
    with parts.box("section"):
        text = say(
            "Events, lists, reviews and names of a customer are erased, here and in the mirror; orders stay without the person."
        )
        parts.html(joined([tag("h2", say("Forget a customer")), tag("p", text)]))
        field = parts.field("customer", say("Customer's id"), "", required=True, maxlength=512)
        asked = parts.box()

        def ask(given: dict[str, list[str]]) -> None:
            customer = given.get("customer", [""])[0].strip()
            if not customer:
                raise InvalidInput(say("Whom? Give the customer's id."))

            async def go() -> None:
                gone = await asyncio.to_thread(context.shop_of().erase, customer)
                context.insights_of().forget()
                parts.say_note(say("Forgotten: {count} rows.", count=visit.number(sum(gone.values()))))

            asked.clear()
            with asked:
                question = say("Everything about {name} is erased. This can't be undone.", name=customer)
                parts.confirm(visit, say("Forget this customer?"), question, say("Forget"), go)()

        parts.form(field, say("Forget…"), ask, "plain", "line")
