"""Shows products in a conversation: what is looked for, what goes with or comes close to another, the next size. It words nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regulars.assist import framing, reading, sizes, wishes
from regulars.assist.turns import Shown, Shows, Work
from regulars.schema import ShopSettings
from regulars.schema.conversations import Frame
from regulars.store import order_book

PLAINLY = 0.5
"""From this share of its title on a product is named, not only meant perhaps."""

GONE = ("cancelled", "returned")
ACTS = {"found": "list", "near": "list:near", "else": "list:else", "chosen": "list:recommend"}


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
        ordered = wish.theirs or "order" in work.state.slots
        return work.person is None and ordered and wish.kind in wishes.ABOUT_ANOTHER

    def show(self, work: Work, *, advice: bool) -> None:
        """Leaves what is to be said in the turn's frames, and its products. advice: a thing was asked for by no name of its own."""
        wish = wishes.read(work.said or work.text, recommended=advice)
        if wish.kind in wishes.ABOUT_ANOTHER and not self._is_theirs(work):
            work.state.clear()
            work.frames.append(Frame("refused:not_found", work.locale))
            return
        asked = work.state.slots.get("order")
        if asked is not None:  # its number is no product's name
            words = " ".join(
                one for one in wish.words.split() if one.casefold().strip("#") != asked.casefold().strip("#")
            )
            wish = replace(wish, words=words)
        about = self._about(work, wish) if wish.kind in wishes.ABOUT_ANOTHER else None
        work.state.clear()
        if about is not None and wish.kind == "size":
            self._size(work, about, wish.step)
        elif about is not None:
            act, surface = ("goes_with", "goes_with") if wish.kind == "goes_with" else ("alternatives", "alike")
            self._list(work, self._recommended(work, surface, about.product_id), f"list:{act}", about.title)
        elif wish.words:
            shown = self.shows.find(work.connection, wish.words, work.locale, _customer(work), work.visitor)
            act = ACTS[shown.how]
            if advice and (act == "list:near" or (act == "list:else" and wishes.for_somebody(wish.words))):
                act = "list:recommend"  # no product is called "a gift for my mother"
            self._list(work, shown, act)
        else:
            shown = self._recommended(work, "surprise") if wish.kind == "surprise" else self._recommended(work)
            self._list(work, shown, "list:recommend")

    def answers(self, work: Work, text: str) -> bool:
        """Answers a question with a product's next size, where it asks for that and it is plain of what."""
        wish = wishes.read(text)
        if wish.kind != "size" or (wish.theirs and work.person is None):
            return False
        about = self._about(work, wish)
        if about is None:
            return False
        self._size(work, about, wish.step)
        return True

    def answers_instead(self, work: Work, text: str) -> bool:
        """Answers what the help centre can't with products, where it asks for some: "what kettles do you have?"."""
        wish = wishes.read(text)
        plainly_asked = wish.kind == "search" and wish.words != " ".join(text.split()).strip(" ?？!.。")
        if not plainly_asked or wishes.of_the_shop(text):
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

    def _is_theirs(self, work: Work) -> bool:
        """Whether an order that was named is one of theirs; True where none was."""
        asked = work.state.slots.get("order")
        return asked is None or any(framing.order_name(one) == asked for one in work.orders)

    def _about(self, work: Work, wish: wishes.Wish) -> About | None:
        """Something that they ordered, what the words name, or, where there are none, what was shown last; None for none of these."""
        asked = work.state.slots.get("order")
        orders = [one for one in work.orders if asked is None or framing.order_name(one) == asked]
        theirs = wish.theirs or asked is not None
        line = _bought(wish.words, orders, PLAINLY if theirs else 1.0, newest=theirs and not wish.words)
        if line is not None and line.product_id is not None:
            return About(line.product_id, framing.title_of(line, work.locale), line.options)
        shown = [int(one) for one in work.state.shown if one.isdigit()]
        if wish.words:
            named = self.shows.named(wish.words, work.locale)
            alone = len(named) == 1 or (len(named) > 1 and named[0].share > named[1].share)
            if named and alone and named[0].share >= PLAINLY:
                return About(named[0].product_id, named[0].title)
            shown = [one for one in shown if any(one == other.product_id for other in named)]
            if not shown and named and wish.kind != "size":
                return About(named[0].product_id, named[0].title)
        elif (place := reading.place_said(work.said or work.text)) is not None:
            shown = shown[place - 1 : place]
        titled = ((one, self.shows.title(one, work.locale)) for one in shown)
        return next((About(one, title) for one, title in titled if title is not None), None)

    def _size(self, work: Work, about: About, step: int) -> None:
        """The size after theirs. Where it can't be told what that is, the sizes there are: that there is no larger one is only said if it is so."""
        variants = [one for one in order_book.read_variants(work.connection, about.product_id) if one.for_sale]
        there = [one for one in variants if one.in_stock]
        own = about.options or _options_said(work.said or work.text, variants)
        fitting = None if own is None else sizes.following(variants, own, step)
        if fitting is None and there and len(variants) > 1:
            work.frames.append(framing.sizes_frame(about.title, there, work.locale, self.settings.zone))
            return
        if fitting is not None:
            wanted = next((one for one in fitting if one.in_stock), fitting[0] if fitting else None)
            work.frames.append(framing.size_frame(about.title, wanted, step > 0, work.locale, self.settings.zone))
            if wanted is not None and wanted.in_stock:
                return
        self._list(work, self._recommended(work, "alike", about.product_id), "list:alternatives", about.title)


def _customer(work: Work) -> int | None:
    return None if work.person is None else work.person.customer_id


def _bought(
    words: str, orders: Sequence[order_book.OrderView], share: float, *, newest: bool
) -> order_book.Line | None:
    """The line whose title has most of the words, at least this share of them, the newest order's first; what came to nothing is left out.

    newest: the first line of the newest order.
    """
    kept = [
        line
        for order in orders
        if order.status not in GONE
        for line in order.lines
        if line.product_id is not None and line.quantity > 0
    ]
    if newest:
        return next(iter(kept), None)
    said = set(reading.words_of(words))
    shares = [len(said & set(reading.words_of(" ".join([line.title or "", *line.titles.values()])))) for line in kept]
    best = max(shares, default=0)
    return kept[shares.index(best)] if best and best >= share * len(said) else None


def _options_said(text: str, variants: Sequence[order_book.Variant]) -> dict[str, str] | None:
    """The options of the variant that the words name ("than the M"), or of the only one."""
    if len(variants) == 1:
        return dict(variants[0].options)
    name = reading.variant_named(text, variants, None)
    return next((dict(one.options) for one in variants if one.name is not None and one.name.value == name), None)
