"""Shows products in a conversation: what is looked for, what goes with or comes close to another, the next size. It words nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.assist import framing, reading, sizes, wishes
from regulars.assist.turns import Named, Shown, Shows, Work
from regulars.schema import ShopSettings
from regulars.schema.conversations import Frame
from regulars.store import order_book

PLAINLY = 0.5
"""From this share of its title on a product is named, not only meant perhaps."""

ACTS = {"found": "list", "near": "list:near", "else": "list:else", "chosen": "list:recommend"}
ABOUT_ANOTHER = ("goes_with", "alike", "size")


@dataclass(frozen=True, slots=True)
class About:
    """The product that a wish is about. options: of the variant that they have; None where it isn't known which."""

    product_id: int
    title: str
    options: dict[str, str] | None = None


class Showing:
    """Answers what somebody wishes to be shown."""

    def __init__(self, shows: Shows, settings: ShopSettings) -> None:
        self.shows = shows
        self.settings = settings

    def needs_person(self, work: Work) -> bool:
        """Is it about something that they have ordered, and nobody knows who they are?"""
        wish = wishes.read(work.said or work.text)
        return (
            work.person is None and wish.theirs and wish.kind in ABOUT_ANOTHER and self._named(work, wish.words) is None
        )

    def show(self, work: Work, *, advice: bool) -> None:
        """Leaves what is to be said in the turn's frames, and its products. advice: a thing was asked for by no name of its own."""
        wish = wishes.read(work.said or work.text, recommended=advice)
        about = self._about(work, wish, guessed=wish.kind != "size") if wish.kind in ABOUT_ANOTHER else None
        work.state.clear()
        if about is not None and wish.kind == "size":
            self._size(work, about, wish.step)
        elif about is not None:
            act, surface = ("goes_with", "goes_with") if wish.kind == "goes_with" else ("alternatives", "alike")
            self._list(work, self._recommended(work, surface, about.product_id), f"list:{act}", about.title)
        elif wish.kind == "search" or (wish.kind == "size" and wish.words):
            shown = self.shows.find(work.connection, wish.words, work.locale, _customer(work), work.visitor)
            acts = {"found": "list", "near": "list:near", "else": "list:else", "chosen": "list:recommend"}
            if advice and (shown.how == "near" or wishes.for_somebody(wish.words)):
                acts |= {
                    "near": "list:recommend",
                    "else": "list:recommend",
                }  # no product is called "a gift for my mother"
            self._list(work, shown, acts[shown.how])
        else:
            shown = self._recommended(work, "surprise") if wish.kind == "surprise" else self._recommended(work)
            self._list(work, shown, "list:recommend")

    def answers(self, work: Work, text: str) -> bool:
        """Answers a question with a product's next size, where it asks for that and it is plain of what."""
        wish = wishes.read(text)
        if wish.kind != "size":
            return False
        about = None if wish.theirs and work.person is None else self._about(work, wish, guessed=False)
        if about is None:
            return False
        self._size(work, about, wish.step)
        return True

    def answers_instead(self, work: Work, text: str) -> bool:
        """Answers what the help centre can't with products, where it asks for some: "what kettles do you have?"."""
        wish = wishes.read(text)
        if wish.kind != "search" or wish.words == " ".join(text.split()).rstrip(" ?？!.。"):
            return False
        surely = not wishes.seeks(text)
        shown = self.shows.find(work.connection, wish.words, work.locale, _customer(work), work.visitor, surely)
        if shown.products:
            self._list(work, shown, ACTS[shown.how])
        return bool(shown.products)

    def _recommended(self, work: Work, surface: str | None = None, beside: int | None = None) -> Shown:
        given = () if surface is None else (surface, beside)
        return self.shows.recommend(work.connection, work.locale, _customer(work), work.visitor, *given)

    def _list(self, work: Work, shown: Shown, act: str, about: str | None = None) -> None:
        work.products = shown.products
        work.state.shown = [str(one) for one in shown.ids]
        if not shown.products:
            if not work.frames:
                work.frames.append(Frame("list:empty", work.locale))
            return
        work.frames.append(framing.products_frame(act, shown.products, work.locale, self.settings.zone, about))

    # What it is about.

    def _named(self, work: Work, words: str) -> Named | None:
        """The one product that the words plainly name."""
        named = self.shows.named(words, work.locale)
        alone = len(named) == 1 or (len(named) > 1 and named[0].share > named[1].share)
        return named[0] if named and alone and named[0].share >= PLAINLY else None

    def _about(self, work: Work, wish: wishes.Wish, *, guessed: bool = True) -> About | None:
        """Something that they ordered, what the words name, or what was shown last. guessed: else what the words may mean."""
        text = work.said or work.text
        asked = work.state.slots.get("order")
        orders = [one for one in work.orders if framing.order_name(one) == asked] or work.orders
        meant = self.shows.named(wish.words, work.locale)
        if wish.theirs and (line := _bought(wish.words, orders, newest=not meant)) is not None:
            assert line.product_id is not None
            return About(line.product_id, framing.title_of(line, work.locale), line.options)
        plain = self._named(work, wish.words)
        if plain is not None:
            return About(plain.product_id, plain.title)
        shown = [int(one) for one in work.state.shown if one.isdigit()]
        place = reading.place_said(text)
        of_those = [one for one in shown if any(one == other.product_id for other in meant)]
        for product_id in [*(shown[place - 1 : place] if place else []), *(of_those if meant else shown)]:
            title = self.shows.title(product_id, work.locale)
            if title is not None:
                return About(product_id, title)
        return About(meant[0].product_id, meant[0].title) if meant and guessed else None

    # Sizes.

    def _size(self, work: Work, about: About, step: int) -> None:
        variants = [one for one in order_book.read_variants(work.connection, about.product_id) if one.for_sale]
        own = about.options or _options_said(work.said or work.text, variants)
        if own is None:
            there = [one for one in variants if one.in_stock]
            if there:
                work.frames.append(framing.sizes_frame(about.title, there, work.locale, self.settings.zone))
                return
        wanted = None if own is None else sizes.beside(variants, own, step)
        work.frames.append(framing.size_frame(about.title, wanted, step > 0, work.locale, self.settings.zone))
        if wanted is not None and wanted.in_stock:
            return
        self._list(work, self._recommended(work, "alike", about.product_id), "list:alternatives", about.title)


def _customer(work: Work) -> int | None:
    return None if work.person is None else work.person.customer_id


def _bought(text: str, orders: Sequence[order_book.OrderView], *, newest: bool) -> order_book.Line | None:
    """The line that the words name, the newest order's first. newest: else the first line of the newest order."""
    for order in orders:
        lines = [line for line in order.lines if line.product_id is not None]
        named = reading.lines_named(text, lines)
        if len(named) == 1:
            return next(line for line in lines if line.line == named[0])
    return (
        next((line for order in orders for line in order.lines if line.product_id is not None), None)
        if newest
        else None
    )


def _options_said(text: str, variants: Sequence[order_book.Variant]) -> dict[str, str] | None:
    """The options of the variant that the words name ("than the M"), or of the only one."""
    if len(variants) == 1:
        return dict(variants[0].options)
    name = reading.variant_named(text, variants, None)
    return next((dict(one.options) for one in variants if one.name is not None and one.name.value == name), None)
