"""The data-to-text realiser: chooses facts for a kind of text, orders them by a plan, and says them in one of many ways.

After Reiter and Dale, "Building Natural Language Generation Systems" (2000): document plan, aggregation of facts that share a
subject, referring expressions (named first, "it" after), realisation. It needs no model, and says nothing that isn't in the sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from regulars.content import introductions
from regulars.content.chinese import Chinese, beside
from regulars.content.dice import Dice
from regulars.content.english import English
from regulars.content.rules import matches
from regulars.content.sheet import MIN_REVIEWS, Detail, Sheet, happy, money, quotable, unhappy
from regulars.errors import InvalidInput, NotEnoughData
from regulars.schema.content import KINDS, Brief, Fields, Place, Sentence, width

Tongue = English | Chinese
PROSE = 14
"""Details told in sentences; more are told as lines."""
STATEMENTS = {"short": 1, "medium": 4, "long": 12}
OPENING = 2


@dataclass(frozen=True, slots=True)
class _Job:
    """What a kind is written from."""

    tongue: Tongue
    sheet: Sheet
    brief: Brief
    dice: Dice


def realise(sheet: Sheet, brief: Brief) -> Fields:
    """A text of the brief's kind. Two variants of one product differ in words, not in facts.

    Raises: InvalidInput for a kind that isn't written about such a thing; NotEnoughData for a digest of too few reviews.
    """
    about_category = sheet.record.product_id < 0
    write = _WRITERS.get(brief.kind)
    if (write is None and brief.kind != introductions.KIND) or about_category != (brief.kind == introductions.KIND):
        known = introductions.KIND if about_category else ", ".join(sorted(_WRITERS))
        raise InvalidInput(f"There is no kind {brief.kind!r} here.", hint=f"Kinds are {known}.", field="kind")
    dice = Dice(sheet.record.name, brief.kind, brief.locale, brief.variant)
    if write is None:
        return introductions.introduction(sheet, brief, dice)
    tongue: Tongue = (Chinese if brief.locale == "zh" else English)(sheet, brief.voice.tone, dice)
    return write(_Job(tongue, sheet, brief, dice))


def _description(job: _Job) -> Fields:
    tongue, sheet, brief, dice = job.tongue, job.sheet, job.brief, job.dice
    told = sheet.told(tongue.locale)
    options = [one for one in told if one.source == "option"]
    rest = [one for one in told if one.source != "option"]
    said = {one.name: tongue.predicate(one) for one in rest}
    prose = [one for one in rest if said[one.name] is not None]
    first = prose[:OPENING] if dice.chance(0.75) else prose[:1]
    prose = prose[len(first) :]
    short = brief.voice.length == "short"
    body: list[Sentence] = [tongue.opening(first, [said[one.name] or "" for one in first])]
    statements = [
        Sentence(_ended(one, tongue), ("statement",))
        for one in sheet.statements.get(tongue.locale, ())[: STATEMENTS[brief.voice.length]]
    ]
    groups = list(_groups(tongue, prose[:PROSE], said, dice))
    yes = [one for one in rest if one.yes is True]
    no = [one for one in rest if one.yes is False]
    able = tongue.features(yes, no) if yes or no else []
    others = [one for one in rest if said[one.name] is None and one.yes is None]
    lines = [*prose[PROSE:], *(one for one in others if tongue.wants_label(one))]
    labelled = [one for one in others if not tongue.wants_label(one)]
    lines += labelled[PROSE:]
    gapped = [tongue.labelled(labelled[at : at + 3]) for at in range(0, len(labelled[:PROSE]), 3)]
    middle = (
        [[*statements], [*groups, *gapped], able] if dice.chance(0.6) else [[*groups, *gapped], able, [*statements]]
    )
    body += [one for part in middle for one in part]
    if short:
        body = [*body[:1], *[one for one in body[1:] if "statement" not in one.about], *statements]
    body += [tongue.choices(one) for one in options]
    buyers = tongue.buyers()
    if buyers is not None:
        body.append(buyers)
    for one in lines:
        line = tongue.line(one)
        body.append(Sentence(f"\n{line.text}", line.about))
    return {"body": tuple(body)}


def _ended(said: str, tongue: Tongue) -> str:
    return said if said[-1:] in ".!?。！？…" else f"{said.rstrip(',;:，；：')}{tongue.stop}"


def _groups(tongue: Tongue, details: Sequence[Detail], said: dict[str, str | None], dice: Dice) -> Iterable[Sentence]:
    """Sentences of two or three predicates, of one theme where there are enough."""
    at = 0
    while at < len(details):
        many = 3 if dice.chance(0.4) else 2
        if len(details) - at == many + 1:
            many = min(3, many + 1) if many == 2 else 2
        part = details[at : at + many]
        yield tongue.group(part, [said[one.name] or "" for one in part])
        at += len(part)


def _title(job: _Job) -> Fields:
    tongue, sheet, dice = job.tongue, job.sheet, job.dice
    limit = KINDS["title"][0]
    title = tongue.title
    brand = tongue.brand if tongue.brand.casefold() not in title.casefold() else ""
    base = f"{brand} {title}".strip() if tongue.locale == "en" else beside(brand, title)
    about = ["title", *(["brand"] if brand else [])]
    base = base if width(base, limit.unit) <= limit.limit else _clipped(title, limit)
    extras = [
        one
        for one in sheet.told(tongue.locale)
        if one.role is not None and one.role.theme in ("look", "shape") and one.source != "option" and one.yes is None
    ]
    taken: list[str] = []
    for one in dice.shuffled(extras):
        value = tongue.value(one)
        if value.casefold() in base.casefold() or len(value) > 24:
            continue
        more = tongue.dash(base, ", ".join([*taken, value]) if tongue.locale == "en" else "，".join([*taken, value]))
        if width(more, limit.unit) > limit.limit or len(taken) == 2:
            break
        taken.append(value)
        about.append(one.name)
    text = tongue.dash(base, (", " if tongue.locale == "en" else "，").join(taken))
    return {"title": (Sentence(text[:1].upper() + text[1:], tuple(about)),)}


def _bullets(job: _Job) -> Fields:
    tongue, sheet, brief = job.tongue, job.sheet, job.brief
    lines = [tongue.line(one) for one in sheet.told(tongue.locale) if one.source != "option"]
    if tongue.brand:
        label = "品牌：" if tongue.locale == "zh" else "Brand: "
        lines.insert(0, Sentence(f"{label}{tongue.brand}", ("brand",)))
    statements = [one for one in sheet.statements.get(tongue.locale, ()) if len(one) <= 120]
    lines += [Sentence(one.rstrip("。.；;"), ("statement",)) for one in statements[: STATEMENTS[brief.voice.length]]]
    lines += [
        Sentence(tongue.choices(one).text.rstrip("。."), (one.name,))
        for one in sheet.told(tongue.locale)
        if one.source == "option"
    ]
    buyers = tongue.buyers()
    if buyers is not None:
        lines.append(Sentence(buyers.text.rstrip("。."), buyers.about))
    if not lines:
        lines = [Sentence(tongue.title, ("title",))]
    return {
        "bullets": tuple(Sentence(one.text if at == 0 else f"\n{one.text}", one.about) for at, one in enumerate(lines))
    }


def _hooks(tongue: Tongue, sheet: Sheet, dice: Dice) -> list[Sentence]:
    """Short true things to say, the telling ones first: statements, then facts, then what buyers say and what it costs."""
    told = [one for one in sheet.told(tongue.locale) if one.source != "option"]
    facts = []
    for one in told:
        predicate = tongue.predicate(one)
        if predicate is not None:
            subject = "" if tongue.locale == "zh" else tongue.again()
            said = f"{predicate}。" if tongue.locale == "zh" else f"{_sentence(tongue, subject, predicate)}"
            facts.append(Sentence(said, (one.name,)))
        elif one.yes and ":" not in tongue.line(one).text and "：" not in tongue.line(one).text:
            facts.append(Sentence(_ended(tongue.line(one).text, tongue), (one.name,)))
    statements = [Sentence(_ended(one, tongue), ("statement",)) for one in sheet.statements.get(tongue.locale, ())]
    buyers = tongue.buyers()
    return [*statements[:6], *dice.shuffled(facts), *([buyers] if buyers else [])]


def _sentence(tongue: Tongue, subject: str, predicate: str) -> str:
    assert isinstance(tongue, English)
    return tongue.sentence(subject, [predicate], tongue.plural)


def _offer(tongue: Tongue, sheet: Sheet) -> Sentence | None:
    """What it costs now: of several prices the lowest."""
    if not sheet.record.prices:
        return None
    price = min(sheet.record.prices, key=lambda one: one.amount)
    several = len({one.amount for one in sheet.record.prices}) > 1
    shown = money(price, price.amount)
    if several:
        return Sentence(tongue.start_price(shown), ("price",))
    before = money(price, price.before) if price.before and price.before > price.amount else None
    return Sentence(tongue.priced(shown, before), ("price", *(("price_before",) if before else ())))


def _filled(
    place: Place, first: Sequence[Sentence], hooks: Sequence[Sentence], tongue: Tongue, at_most: int = 3
) -> tuple[Sentence, ...]:
    """As many sentences as the place holds."""
    gap = 0 if tongue.locale == "zh" else 1
    taken: list[Sentence] = []
    used = 0
    for one in [*first, *hooks]:
        need = width(one.text, place.unit) + (gap if taken else 0)
        if used + need <= place.limit and len(taken) < at_most and not _told(one, taken):
            taken.append(one)
            used += need
    return tuple(taken)


def _told(one: Sentence, taken: Sequence[Sentence]) -> bool:
    """Whether a sentence says nothing that these don't say: its words, or all its facts."""
    if one.text in {other.text for other in taken}:
        return True
    facts = set(one.about)
    return bool(facts) and "statement" not in facts and facts <= {name for other in taken for name in other.about}


def _name(tongue: Tongue, place: Place) -> Sentence:
    """The product by name, as long as the place allows."""
    for text, about in (
        (_branded(tongue), ("title", "brand")),
        (tongue.title, ("title",)),
        (f"{tongue.brand} {tongue.noun}".strip() if tongue.noun else "", ("brand", "kind")),
    ):
        if text and width(text, place.unit) <= place.limit:
            return Sentence(text[:1].upper() + text[1:], about)
    return Sentence(_clipped(tongue.title, place), ("title",))


def _branded(tongue: Tongue) -> str:
    if not tongue.brand or tongue.brand.casefold() in tongue.title.casefold():
        return tongue.title
    return f"{tongue.title} | {tongue.brand}" if tongue.locale == "en" else f"{tongue.title}｜{tongue.brand}"


def _clipped(text: str, place: Place) -> str:
    """As many whole words as fit."""
    if width(text, place.unit) <= place.limit:
        return text
    cut = ""
    for word in text.split() if " " in text else list(text):
        longer = f"{cut} {word}".strip() if " " in text else cut + word
        if width(longer, place.unit) > place.limit:
            break
        cut = longer
    return cut.rstrip(" ,;:-–&，；：") or text[: place.limit // 2]


def _opening(tongue: Tongue, sheet: Sheet, many: int = 2) -> Sentence:
    told = [one for one in sheet.told(tongue.locale) if one.source != "option"]
    said = [(one, predicate) for one in told if (predicate := tongue.predicate(one)) is not None][:many]
    return tongue.opening([one for one, _ in said], [predicate for _, predicate in said])


def _seo(job: _Job) -> Fields:
    tongue, sheet, dice = job.tongue, job.sheet, job.dice
    title, description = KINDS["seo"]
    offer = _offer(tongue, sheet)
    hooks = _hooks(tongue, sheet, dice)
    body = _filled(description, [_opening(tongue, sheet), *([offer] if offer else [])], hooks, tongue, 4)
    return {"title": (_name(tongue, title),), "description": body or (_name(tongue, description),)}


def _ad_search(job: _Job) -> Fields:
    tongue, sheet, dice = job.tongue, job.sheet, job.dice
    headline, description = KINDS["ad_search"]
    offer = _offer(tongue, sheet)
    heads = [_name(tongue, headline)]
    for one in sheet.told(tongue.locale):
        line = tongue.line(one) if one.source != "option" else tongue.choices(one)
        heads.append(Sentence(line.text.rstrip("。."), line.about))
    if offer:
        heads.append(Sentence(offer.text.rstrip("。."), offer.about))
    fitting = [one for one in heads if width(one.text, headline.unit) <= headline.limit]
    fitting = list({one.text: one for one in fitting}.values())[: headline.lines]
    hooks = [
        one
        for one in [_opening(tongue, sheet, 1), *_hooks(tongue, sheet, dice)]
        if width(one.text, description.unit) <= description.limit
    ]
    told: list[Sentence] = []
    for hook in hooks:
        if len(told) < description.lines and not _told(hook, told):
            told.append(hook)
    told = told or [_name(tongue, description)]
    return {"headlines": _as_lines(fitting), "descriptions": _as_lines(told)}


def _as_lines(sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    return tuple(Sentence(one.text if at == 0 else f"\n{one.text}", one.about) for at, one in enumerate(sentences))


def _two(first: str, second: str, kind: str) -> Callable[[_Job], Fields]:
    """A kind of two places: the product's name in one, what there is to say in the other."""

    def write(job: _Job) -> Fields:
        tongue, sheet, dice = job.tongue, job.sheet, job.dice
        places = {place.name: place for place in KINDS[kind]}
        offer = _offer(tongue, sheet)
        hooks = [*_hooks(tongue, sheet, dice), *([offer] if offer else [])]
        start = [_opening(tongue, sheet, 1)] if dice.chance(0.4) else []
        text = _filled(places[second], start, hooks, tongue)
        return {first: (_name(tongue, places[first]),), second: text or (_name(tongue, places[second]),)}

    return write


def _sms(job: _Job) -> Fields:
    tongue, sheet, dice = job.tongue, job.sheet, job.dice
    (place,) = KINDS["sms"]
    offer = _offer(tongue, sheet)
    start = [_opening(tongue, sheet, 1), *([offer] if offer else [])]
    return {"body": _filled(place, start, _hooks(tongue, sheet, dice), tongue) or (_name(tongue, place),)}


def _email(job: _Job) -> Fields:
    tongue, sheet, _brief, dice = job.tongue, job.sheet, job.brief, job.dice
    subject, preheader, _ = KINDS["email"]
    offer = _offer(tongue, sheet)
    hooks = _hooks(tongue, sheet, dice)
    before = _filled(preheader, [], [*([offer] if offer else []), *hooks], tongue, 2)
    body = list(_description(job)["body"])
    if offer:
        body.append(Sentence(f"\n{offer.text}", offer.about))
    return {
        "subject": (_name(tongue, subject),),
        "preheader": before or (_name(tongue, preheader),),
        "body": tuple(body),
    }


def _alt(job: _Job) -> Fields:
    tongue, sheet = job.tongue, job.sheet
    (place,) = KINDS["alt"]
    looks = [
        one
        for one in sheet.told(tongue.locale)
        if one.role is not None
        and one.role.key in ("colour", "material", "pattern", "shape")
        and one.source == "attribute"
    ]
    values = [(one, tongue.value(one)) for one in looks if tongue.value(one).casefold() not in tongue.title.casefold()]
    text, about = tongue.title, ["title"]
    for one, value in values[:2]:
        more = f"{text}, {value}" if tongue.locale == "en" else f"{text}，{value}"
        if len(more) <= place.limit:
            text = more
            about.append(one.name)
    return {"alt": (Sentence(text if len(text) <= place.limit else _clipped(text, place), tuple(about)),)}


def _digest(job: _Job) -> Fields:
    """What buyers say: how many, how content, and their own words, one from each side where there are two."""
    tongue, sheet, dice = job.tongue, job.sheet, job.dice
    buyers = tongue.buyers()
    if buyers is None:
        raise NotEnoughData(
            f"There are fewer than {MIN_REVIEWS} reviews with a rating.",
            hint="A digest is written once there are that many.",
        )
    body = [buyers]
    glad, sad = happy(sheet.record), unhappy(sheet.record)
    if glad or sad:
        body.append(Sentence(tongue.content(glad, sad), ("reviews",)))
    quotes = [
        (one, said)
        for one, said in quotable(sheet.record, tongue.locale)
        if not any(True for _ in matches(said, tongue.locale))
    ]
    liked = list({id(one): said for one, said in quotes if one.stars is not None and one.stars >= 4}.values())
    disliked = list({id(one): said for one, said in quotes if one.stars is not None and one.stars <= 2}.values())
    if liked:
        body.append(Sentence(tongue.quoted(dice.shuffled(liked)[:2], glad=True), ("review",)))
    if disliked:
        body.append(Sentence(tongue.quoted(dice.shuffled(disliked)[:1], glad=False), ("review",)))
    return {"body": tuple(body)}


_WRITERS: dict[str, Callable[[_Job], Fields]] = {
    "description": _description,
    "title": _title,
    "bullets": _bullets,
    "seo": _seo,
    "ad_search": _ad_search,
    "ad_social": _two("headline", "text", "ad_social"),
    "ad_banner": _two("headline", "text", "ad_banner"),
    "push": _two("title", "body", "push"),
    "sms": _sms,
    "email": _email,
    "alt": _alt,
    "digest": _digest,
}
WRITTEN = tuple(_WRITERS)
"""The kinds that are written about one product."""
ALL_KINDS = (*WRITTEN, introductions.KIND)
