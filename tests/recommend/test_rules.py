"""Rules in lists: six tea things and what a shop wants of them. No list holds what a rule excludes, nor more than a cap allows."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from regulars.language.translations import say_in
from regulars.recommend import service
from regulars.recommend.blend import Blend
from regulars.recommend.catalogue import Catalogue, Item
from regulars.recommend.context import Arrival
from regulars.recommend.filters import FilterBase, Wishes
from regulars.recommend.history import History
from regulars.recommend.links import Edge, Links, path
from regulars.recommend.model import Model
from regulars.recommend.rules import book, checks
from regulars.recommend.rules.book import RuleBook
from regulars.recommend.rules.language import parse
from regulars.recommend.service import Serving
from regulars.recommend.surfaces import SURFACES, surfaces_of
from regulars.recommend.whynot import why_not, why_not_told
from regulars.schema import ShopSettings
from regulars.schema.shop import SurfaceSettings
from regulars.store.people import NOBODY, Person

from .conftest import Fitted
from .shop import TEXTS, vocabulary

IDS = vocabulary().product_ids.tolist()
GREEN, BLACK, POT, SHOES, SOCKS, BOTTLE = IDS
DAY = 86_400.0
SOURCES = ("sequence", "ease", "covisitation", "text", "popular")


def item(number: int, stock: int | None = 5, price: int = 500, cost: int | None = None) -> Item:
    sport = number >= 3
    category = ("Sport", "Running") if sport else ("Tea",)
    colour = ("red", "blue", "green")[number % 3]
    brand = ("North", "South")[number % 2]
    return Item(
        IDS[number], (("shop", str(IDS[number])),), {"en": {"title": TEXTS[number]}}, brand, category, {"colour": colour}, (), None,
        price + number * 100, None, "EUR", 2, True, stock != 0, 1e9, stock, cost,
    )  # fmt: skip


@pytest.fixture(scope="module")
def model(fitted: Fitted) -> Model:
    return Model(vocabulary().product_ids, [fitted.sources[name] for name in SOURCES], Blend.default(SOURCES))


def serve(
    model: Model | None, rules: str = "", links: list[tuple[int, str, int]] | None = None, **settings: object
) -> Serving:
    items = [item(number) for number in range(6)]
    catalogue = Catalogue(items, np.array(IDS, np.int64))
    graph = Links(catalogue, links or [])
    given = ShopSettings(exploration_slots=1, **settings)  # type: ignore[arg-type]
    surfaces = surfaces_of(given.surfaces)
    book = RuleBook(1, parse(rules, surfaces), catalogue, graph)
    filters = FilterBase(catalogue, (), ())
    return Serving(model, None, "trained", catalogue, filters, given, rules=book, links=graph, surfaces=surfaces)


def shown(
    serving: Serving, person: Person = NOBODY, surface: str = "home", n: int = 6, context: int | None = None
) -> list[int]:
    decision = service.recommend(serving, service.Request(surface, n, context, seed=1), person)
    return [action.product_id for action in decision.actions]


def viewer(*products: int, kind: str = "view", days: float = 30.0, customer: int | None = None) -> Person:
    now = time.time()
    bought = list(products) if kind == "purchase" else []
    return Person(customer, 1, list(products), [kind] * len(products), [now - days * DAY] * len(products), bought)


def test_excluded_products_are_nowhere_and_the_trace_names_the_rule(model: Model) -> None:
    serving = serve(model, "exclude category is Sport\nexclude colour is red on email")
    decision = service.recommend(serving, service.Request(n=6), NOBODY)
    assert {action.product_id for action in decision.actions} == {GREEN, BLACK, POT}
    assert decision.trace["filters"]["rule"] == 3
    assert {reason for _, reason in decision.trace["removed"]} == {"rule:1"}
    assert decision.trace["rules"]["excluding"] == [[1, 3]]
    assert GREEN not in shown(serving, surface="email")


def test_a_pin_stands_at_its_place_unless_it_may_not_be_shown(model: Model) -> None:
    rules = f"pin product is {IDS[5]} at 2 on home\npin product is {IDS[4]} at 1 on home"
    found = shown(serve(model, rules))
    assert found[:2] == [SOCKS, BOTTLE]
    decision = service.recommend(serve(model, rules + "\nexclude product is 12"), service.Request(n=6), NOBODY)
    assert decision.actions[0].product_id == SOCKS
    assert BOTTLE not in [action.product_id for action in decision.actions]
    assert decision.actions[0].reason.code == "pinned"
    assert decision.actions[0].source == "rule"
    assert decision.trace["rules"]["unpinned"] == [[BOTTLE, 1, "rule:3"]]


def test_a_pin_that_was_seen_lately_is_shown_but_never_one_that_is_excluded_too(model: Model) -> None:
    seen = viewer(SOCKS, days=1)
    pin = f"pin product is {SOCKS} at 1 on home"
    assert shown(serve(model, pin), seen)[0] == SOCKS
    assert SOCKS not in shown(serve(model, f"{pin}\nexclude product is {SOCKS}"), seen)


def test_boost_and_bury_move_and_say_so(model: Model) -> None:
    plain = shown(serve(model), viewer(GREEN))
    last = plain[-1]
    up = serve(model, f"boost product is {last} by 1000%")
    decision = service.recommend(up, service.Request(n=6, seed=1), viewer(GREEN))
    assert plain.index(last) > [action.product_id for action in decision.actions].index(last)
    assert decision.trace["rules"]["moving"] == [[1, 11.0]]
    assert [last, [1]] in decision.trace["rules"]["moved"]
    first = plain[0]
    assert shown(serve(model, f"bury product is {first} by 99%"), viewer(GREEN)).index(first) > 0


def test_a_cap_holds_in_every_way_a_place_is_filled(model: Model) -> None:
    serving = serve(model, "cap each brand at most 1\ncap category is Sport at most 1")
    for surface in ("home", "cart", "email", "surprise"):
        for seed in range(20):
            for even in (False, True):
                request = service.Request(surface, 6, seed=seed, even=even)
                found = [action.product_id for action in service.recommend(serving, request, NOBODY).actions]
                assert len(found) == 2
                assert sum(one in (SHOES, SOCKS, BOTTLE) for one in found) <= 1
    nothing = serve(model, "cap everything at most 0")
    for even in (False, True):
        decision = service.recommend(nothing, service.Request(n=6, even=even), NOBODY)
        assert not decision.actions
        assert decision.trace["short"]["got"] == 0


def test_rules_for_some_and_for_a_while(model: Model) -> None:
    serving = serve(model, "exclude category is Tea for newcomers\nexclude category is Sport for customers")
    assert not {GREEN, BLACK, POT} & set(shown(serving))
    assert {GREEN, BLACK, POT} & set(shown(serving, viewer(SHOES)))
    assert not {SHOES, SOCKS, BOTTLE} & set(shown(serving, viewer(GREEN, customer=7)))
    over = serve(model, "exclude everything until 2020-01-01")
    assert len(shown(over)) == 6
    later = serve(model, "exclude everything from 2090-01-01")
    assert len(shown(later)) == 6
    assert not service.recommend(later, service.Request(n=6), NOBODY, 4e9).actions


def test_after_buying_one_the_others_are_left_alone_for_a_year(model: Model) -> None:
    serving = serve(model, "exclude category is Tea within 365 days of buying category is Tea")
    assert set(shown(serving, viewer(GREEN))) & {BLACK, POT}
    assert not set(shown(serving, viewer(GREEN, kind="purchase"))) & {BLACK, POT}
    assert set(shown(serving, viewer(GREEN, kind="purchase", days=400))) & {BLACK, POT}


def test_a_case_fits_its_phone(model: Model) -> None:
    links = [(SHOES, "compatible_with", SOCKS)]
    serving = serve(model, "exclude category is Sport unless compatible", links)
    assert not set(shown(serving)) & {SHOES, SOCKS, BOTTLE}
    found = shown(serving, viewer(SHOES, kind="purchase"))
    assert SOCKS in found
    assert BOTTLE not in found
    beside = service.recommend(serving, service.Request("product", 6, SHOES), NOBODY)
    assert {SOCKS, BOTTLE} & {action.product_id for action in beside.actions} == {SOCKS}


def test_what_the_shop_links_comes_first_and_is_the_reason(model: Model) -> None:
    serving = serve(model, "", [(GREEN, "goes_with", BOTTLE), (GREEN, "compatible_with", POT)])
    decision = service.recommend(serving, service.Request("goes_with", 4, GREEN), NOBODY)
    assert decision.actions[0].product_id == BOTTLE
    assert decision.actions[0].reason.code == "linked_page"
    after = service.recommend(serving, service.Request("after_purchase", 4), viewer(GREEN, kind="purchase", days=0))
    codes = {action.product_id: action.reason.code for action in after.actions}
    assert codes[POT] == "fits_bought"


def test_a_product_that_cant_be_had_shows_its_successor_first(model: Model) -> None:
    links = [(BLACK, "replaces", GREEN), (BOTTLE, "replaces", BLACK)]

    def alike(stock: dict[int, int]) -> list[tuple[int, str]]:
        serving = serve(model, "", links)
        items = [item(number, stock=stock.get(IDS[number], 5)) for number in range(6)]
        catalogue = Catalogue(items, np.array(IDS, np.int64))
        serving = replace(
            serving,
            catalogue=catalogue,
            filters=FilterBase(catalogue, (), ()),
            links=Links(catalogue, links),
            rules=None,
        )
        made = service.recommend(serving, service.Request("alike", 4, GREEN), NOBODY)
        return [(action.product_id, action.reason.code) for action in made.actions]

    assert all(code != "replaces_page" for _, code in alike({}))
    first, *_ = alike({GREEN: 0})
    assert first[0] in (BLACK, BOTTLE)
    assert first[1] == "replaces_page"
    assert alike({GREEN: 0, BLACK: 0})[0] == (BOTTLE, "replaces_page")


def test_somebody_who_just_came_is_shown_links_too(model: Model) -> None:
    """The context's column isn't one that the model knows."""
    serving = serve(model, "", [(GREEN, "goes_with", BOTTLE)])
    for surface in ("cart", "after_purchase"):
        for person in (NOBODY, viewer(GREEN, kind="purchase", days=0), replace(NOBODY, refused=True)):
            request = service.Request(surface, 4, arrival=Arrival("search", ("Tea",), (), "en", 9, 1, "phone"))
            decision = service.recommend(serving, request, person)
            assert decision.actions
            if person.bought:
                assert decision.actions[0].product_id == BOTTLE


def test_own_purchases_are_pushed_by_nothing_but_never_break_a_rule(model: Model) -> None:
    person = viewer(GREEN, GREEN, SHOES, SHOES, kind="purchase", days=40)
    seconds = [time.time() - days * DAY for days in (40, 70, 30, 60)]
    person = replace(person, seconds=seconds)
    plain = shown(serve(model), person, "again", 4)
    assert set(plain) == {GREEN, SHOES}
    pushed = serve(model, f"pin product is {BLACK} at 1 on again\nboost product is {plain[-1]} by 900%")
    assert shown(pushed, person, "again", 4) == plain
    both = serve(
        model, f"exclude product is {POT}\nboost product is {plain[-1]} by 900%\nbury category is Sport by 10%"
    )
    assert shown(both, person, "again", 4) == [one for one in plain if one != POT]
    assert shown(serve(model, f"exclude product is {GREEN}"), person, "again", 4) == [SHOES]


def test_paths_end_in_loops_and_dead_ends() -> None:
    catalogue = serve(None).catalogue
    links = Links(
        catalogue,
        [(GREEN, "goes_with", BLACK), (BLACK, "goes_with", POT), (POT, "goes_with", GREEN), (POT, "replaces", 99)],
    )
    places = {one: catalogue.place[one] for one in IDS}
    assert len(path(catalogue, links, places[GREEN], places[POT])) == 1
    assert path(catalogue, links, places[GREEN], places[SHOES]) == [Edge(0, "colour", 3)]
    assert path(catalogue, Links(catalogue, []), places[GREEN], places[BOTTLE]) == []
    assert links.count == 3


def random_rules(draw: random.Random) -> str:
    conditions = [
        "category is Sport", "category is not Tea", "brand is North", "brand is not South", "colour is red", "colour is red, blue",
        "price > 6.5", "price <= 7", "stock < 6", "margin is unknown", "age > 5", f"product is {draw.choice(IDS)}", "everything",
        "colour is green and price < 9", "discount > 0", "brand is unknown",
    ]  # fmt: skip
    lines = []
    for _ in range(draw.randrange(0, 9)):
        tail = draw.choice(["", " on home", " on home, email", " for newcomers", " for buyers", " on again"])
        what = draw.choice(conditions)
        match draw.choice(("exclude", "boost", "bury", "cap", "pin", "each")):
            case "exclude" if what != "everything":
                lines.append(f"exclude {what}{tail}")
            case "boost":
                lines.append(f"boost {what} by {draw.randrange(1, 500)}%{tail}")
            case "bury":
                lines.append(f"bury {what} by {draw.randrange(1, 99)}%{tail}")
            case "cap":
                lines.append(f"cap {what} at most {draw.randrange(0, 4)}{tail}")
            case "each":
                lines.append(
                    f"cap each {draw.choice(('brand', 'category', 'colour'))} at most {draw.randrange(0, 4)}{tail}"
                )
            case _:
                lines.append(f"pin product is {draw.choice(IDS)} at {draw.randrange(1, 9)} on home")
    return "\n".join(lines)


FACTS = {
    one: {
        "sport": number >= 3,
        "brand": ("North", "South")[number % 2],
        "colour": ("red", "blue", "green")[number % 3],
        "price": 5 + number,
    }
    for number, one in enumerate(IDS)
}


def holds(what: str, product: int) -> bool:
    """Whether a condition is true of a product: worked out from the table above, with none of the code under test."""
    facts = FACTS[product]
    match what:
        case "everything" | "age > 5" | "stock < 6" | "margin is unknown":
            return True
        case "category is Sport" | "category is not Tea":
            return bool(facts["sport"])
        case "brand is North" | "brand is not South":
            return facts["brand"] == "North"
        case "colour is red":
            return facts["colour"] == "red"
        case "colour is red, blue":
            return facts["colour"] in ("red", "blue")
        case "price > 6.5":
            return float(facts["price"]) > 6.5  # type: ignore[arg-type]
        case "price <= 7":
            return float(facts["price"]) <= 7  # type: ignore[arg-type]
        case "colour is green and price < 9":
            return facts["colour"] == "green" and float(facts["price"]) < 9  # type: ignore[arg-type]
        case "discount > 0" | "brand is unknown":
            return False
        case _:
            return what == f"product is {product}"


@pytest.mark.parametrize("seed", range(60))
def test_no_list_breaks_a_rule(model: Model, seed: int) -> None:
    draw = random.Random(seed)
    text = random_rules(draw)
    serving = serve(draw.choice((model, None)), text)
    people = [NOBODY, viewer(GREEN), viewer(SHOES, kind="purchase"), viewer(GREEN, GREEN, kind="purchase", customer=3)]
    for _ in range(12):
        person = draw.choice(people)
        surface = draw.choice(("home", "email", "cart", "again", "alike", "surprise"))
        context = draw.choice(IDS) if SURFACES[surface].needs_product else None
        n = draw.randrange(1, 9)
        request = service.Request(surface, n, context, seed=draw.randrange(100), even=draw.random() < 0.2)
        found = [action.product_id for action in service.recommend(serving, request, person).actions]
        assert len(set(found)) == len(found) <= n
        for line in text.splitlines():
            where, who = " on " in line, " for " in line
            on = line.split(" on ")[1].replace(" ", "").split(",") if where else [surface]
            newcomer = not person.products
            buyer = bool(person.bought)
            if surface not in on or (who and not (newcomer if "newcomers" in line else buyer)):
                continue
            body = line.split(" on ")[0].split(" for ")[0]
            if body.startswith("exclude "):
                assert not any(holds(body.removeprefix("exclude "), one) for one in found), (line, found)
            if body.startswith("cap ") and not body.startswith("cap each"):
                what, most = body.removeprefix("cap ").split(" at most ")
                assert sum(holds(what, one) for one in found) <= int(most), (line, found)
            if body.startswith("cap each"):
                group, most = body.removeprefix("cap each ").split(" at most ")
                name = {"category": "sport"}.get(group, group)
                counts = Counter(FACTS[one][name] for one in found)
                assert max(counts.values(), default=0) <= int(most), (line, found)


ODD = {
    "pin product is 900 at 1 on home\nexclude category is Tea": "pin_excluded",
    "pin product is 900 at 1 on home\npin product is 17 at 1 on home": "same_place",
    "boost brand is North by 10%\nbury brand is North by 10%": "opposite",
    "boost brand is North by 10%\nboost brand is North by 20%": "twice",
    "exclude category is Tea\nexclude category is Sport": "nothing_left",
    "cap category is Tea at most 1 on home\npin product is 900 at 1 on home\npin product is 17 at 2 on home": "crowded",
    "boost colour is red by 10% on home\nexclude colour is red": "moot",
    "boost brand is Noth by 10%": "unknown_name",
    "boost color is red by 10%": "unknown_name",
    "exclude product is gone": "unknown_name",
    "exclude price > 5 and price < 3": "hits_nothing",
    "exclude everything until 2020-01-01": "over",
    "exclude category is Sport unless compatible": "nothing_fits",
}


@pytest.mark.parametrize("rules", list(ODD))
def test_what_is_odd_is_found_and_said(rules: str) -> None:
    serving = serve(None, rules)
    assert serving.rules is not None
    found = checks.check(serving.rules, serving.catalogue, ("home", "email"), time.time())
    assert [one.code for one in found] == [ODD[rules]]
    for locale in ("en", "zh"):
        assert "{" not in checks.sentence(say_in(locale), found[0])


def test_rules_that_go_well_together_are_not_odd() -> None:
    rules = "boost brand is North by 10% on home\nbury brand is North by 10% on email\ncap each colour at most 2\nexclude price > 9"
    serving = serve(None, rules)
    assert serving.rules is not None
    assert checks.check(serving.rules, serving.catalogue, ("home", "email"), time.time()) == []


def test_why_not_names_what_kept_it_out(model: Model) -> None:
    person = viewer(GREEN, days=1)
    request = service.Request(n=2, seed=1)

    def code(
        serving: Serving, product: int, asked: service.Request = request, who: Person = person
    ) -> tuple[str, int | None]:
        found = why_not(serving, asked, who, product)
        for locale in ("en", "zh"):
            assert "{" not in why_not_told(serving, found, locale)["text"]
        return found.code, found.line

    serving = serve(model, "exclude product is 17\ncap category is Sport at most 0")
    assert code(serving, BLACK) == ("rule", 1)
    assert code(serving, GREEN) == ("seen_lately", None)
    assert code(serving, 123_456) == ("unknown", None)
    assert code(serve(model, "cap category is Sport at most 0"), SHOES)[0] == "cap"
    plain = serve(model)
    there = shown(plain, person, n=2)
    assert code(plain, there[0]) == ("shown", None)
    missing = next(one for one in IDS if one not in there and one != GREEN)
    assert code(plain, missing)[0] in ("ranked_below", "no_source")
    assert code(plain, SHOES, service.Request("again", 2)) == ("never_bought", None)
    assert code(plain, SHOES, service.Request(n=2, wishes=Wishes("Tea"))) == ("other_category", None)
    bought = replace(viewer(SHOES, kind="purchase"), bought=[SHOES])
    assert code(plain, SHOES, request, bought) == ("already_bought", None)


def test_a_surface_of_the_shops_own(model: Model) -> None:
    own = [
        SurfaceSettings(name="gifts", like="home", purpose="Gifts", category="Tea", sources=["popular"], explores=False)
    ]
    serving = serve(model, "exclude product is 900 on gifts", surfaces=own)
    found = shown(serving, surface="gifts")
    assert set(found) <= {BLACK, POT}
    assert found
    assert GREEN in shown(serving)


def test_tired_of_what_is_shown_and_never_followed(model: Model) -> None:
    serving = serve(model, tiredness=3.0)
    person = viewer(GREEN)
    first = shown(serving, person)[0]
    tired = replace(person, shown={first: 40})
    assert shown(serving, tired)[0] != first
    assert shown(serve(model, tiredness=0.0), tired)[0] == first


def test_rules_read_together_say_what_each_says_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Masks side by side (small catalogues) and one by one (large ones): the same rules act, and the same lines push."""
    rules = "\n".join(
        [
            "boost category is Tea by 20%",
            "bury stock < 9 by 10%",
            "boost colour is red by 30%",
            "exclude price > 8 within 10 days of viewing category is Tea",
            "boost brand is North by 5% within 3 days of buying category is Sport",
            "bury price > 1 by 5% within 40 days of viewing colour is green",
        ]
    )
    people = [
        NOBODY,
        viewer(POT, days=5),
        viewer(POT, days=20),
        viewer(SOCKS, kind="purchase", days=2),
        viewer(GREEN, SOCKS),
    ]
    everything = np.arange(6)
    found = []
    for most in (book.MOST_PACKED, 0):
        monkeypatch.setattr(book, "MOST_PACKED", most)
        serving = serve(None, rules)
        assert serving.rules is not None
        told = []
        for person in people:
            history = History.of(person, serving.catalogue, time.time())
            who = book.Who(history.items, history.ages, history.purchases, False, False, time.time() / DAY)
            steering = serving.rules.acting("home", who, time.time())
            factors = [] if steering.factors is None else steering.factors.round(5).tolist()
            told.append(([line for line, *_ in steering.by_line], factors, steering.pushing(everything)))
        found.append(told)
    assert found[0] == found[1]
    pushed = [told[2] for told in found[0]]
    assert any(len({tuple(lines) for lines in one}) > 1 for one in pushed)
    assert len({str(one) for one in pushed}) > 2, "people differ"
