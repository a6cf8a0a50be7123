"""python -m benchmarks.content [--data DIR] [--bulk 10000] [--seed 1]

Coverage and inventions of the realiser's descriptions over made-up goods, the demo shop and, with --data, Online Retail's titles, judged by
checker.py; variety beside one template; the gate on seeded errors and on true copy in another hand; texts a second; a killed bulk run.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path

from benchmarks._report import print_report
from benchmarks.content import errors, goods, variety
from benchmarks.content.bulk import killed_in_the_middle
from benchmarks.content.checker import beyond, covered
from regulars.content.gate import judge, texts
from regulars.content.realiser import realise
from regulars.content.sheet import Sheet, money
from regulars.content.writers import in_sentences
from regulars.schema.content import Brief

TRUE_AIM, ERRORS_AIM = 1_000, 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder with online-retail/")
    parser.add_argument("--made", type=int, default=1_200, help="how many made-up goods")
    parser.add_argument("--bulk", type=int, default=10_000, help="products of the killed run; 0 leaves it out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--split", choices=["scored", "dev"], default="scored", help="whose copy: scored's forms stay unlooked at"
    )
    parser.add_argument("--show", type=int, default=0, help="print so many misses of each kind")
    given = parser.parse_args()
    made = goods.made_up(given.made, given.seed)
    sheets = [*made, *goods.of_demo()]
    if given.data is not None:
        sheets += goods.of_online_retail(given.data, 600)
    figures: dict[str, float] = {"products": float(len({sheet.record.name for sheet, _ in sheets}))}
    written = _realised(sheets, figures)
    _truth(sheets, written, figures, given.show)
    peers = {"one template": _variety(sheets, written, figures, given.seed)}
    _gate(made, figures, given.seed, given.split, given.show)
    if given.bulk:
        figures |= killed_in_the_middle(given.bulk)
    print_report("content", figures, peers)


def _realised(sheets: list[tuple[Sheet, str]], figures: dict[str, float]) -> list[str]:
    began = time.perf_counter()
    fields = [realise(sheet, Brief("description", locale)) for sheet, locale in sheets]
    figures["texts_per_second"] = len(sheets) / (time.perf_counter() - began)
    began = time.perf_counter()
    held = sum(
        not judge(one, sheet, Brief("description", locale)).passed
        for one, (sheet, locale) in zip(fields, sheets, strict=True)
    )
    figures["gated_per_second"] = len(sheets) / (time.perf_counter() - began)
    figures["held_back"] = held / len(sheets)
    return [texts(one, locale)["body"] for one, (_, locale) in zip(fields, sheets, strict=True)]


def _truth(sheets: list[tuple[Sheet, str]], written: list[str], figures: dict[str, float], show: int) -> None:
    done = every = hard = invented = 0
    for (sheet, locale), text in zip(sheets, written, strict=True):
        record = sheet.record
        values = goods.values_of(sheet)
        own = [name for name in values if _same_language(name, values[name], locale)]
        # A value in the other language is read through its translation, which only the sheet knows: those are counted by the demo's English.
        some, of = covered({name: values[name] for name in own}, text)
        done, every = done + some, every + of
        others = [*record.titles.values(), record.brand or "", *record.category, *record.descriptions.values()]
        others += [f"{record.rating[0]:.1f} {record.rating[1]} 5"] if record.rating else []
        others += [money(price, price.amount) for price in record.prices]
        others += [
            value
            for one in sheet.details
            for words in (*one.said.values(), tuple(one.label.values()))
            for value in words
        ]
        strange = beyond(values, others, text, locale)
        hard += of + 2
        invented += len(strange)
        if show and (some < of or strange):
            show -= 1
            print(record.name, f"{some}/{of}", strange, text, dict(values), sep="\n  ")
    figures["coverage"] = done / every
    figures["invented"] = invented / hard


def _same_language(name: str, value: object, locale: str) -> bool:
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in f"{name}{value}")
    return chinese == (locale == "zh")


def _variety(
    sheets: list[tuple[Sheet, str]], written: list[str], figures: dict[str, float], seed: int
) -> dict[str, float]:
    """Over 1,000 English descriptions of different products, beside one template filled with the same facts."""
    chosen = [(sheet, text) for (sheet, locale), text in zip(sheets, written, strict=True) if locale == "en"][:1_000]
    ours = [variety.words(text) for _, text in chosen]
    filled = [variety.words(_template(sheet)) for sheet, _ in chosen]
    peer: dict[str, float] = {}
    for given, into in ((ours, figures), (filled, peer)):
        into["self_bleu_4"] = variety.self_bleu_4(given, 300, seed)
        into["distinct_2"] = variety.distinct_2(given)
        into["near_twins"] = variety.near_twins(given)
    return peer


def _template(sheet: Sheet) -> str:
    facts = ". ".join(
        f"The {one.label['en']} is {', '.join(one.said['en']) if one.yes is None else 'yes' if one.yes else 'no'}"
        for one in sheet.told("en")
    )
    said = " ".join(sheet.statements.get("en", ()))
    return f"Discover the {sheet.title('en')} by {sheet.record.brand}. {said} {facts}. Order the {sheet.title('en')} today."


def _gate(made: list[tuple[Sheet, str]], figures: dict[str, float], seed: int, split: str, show: int) -> None:
    dice = random.Random(seed)
    by_language = {place: [sheet for sheet, locale in made if locale == place] for place in ("en", "zh")}
    alarms = copies = 0
    seen: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    at = 0
    while copies < TRUE_AIM or sum(all_of.values()) < ERRORS_AIM:
        sheet, locale = made[at % len(made)]
        at += 1
        said = errors.true_copy(sheet, locale, dice, split)
        brief = Brief("description", locale)
        if copies < TRUE_AIM:
            copies += 1
            judged = judge({"body": in_sentences(errors.joined(said, locale))}, sheet, brief)
            alarms += not judged.passed
            if show and not judged.passed:
                show -= 1
                print(
                    "ALARM",
                    errors.joined(said, locale),
                    [(one.kind, one.said) for one in judged.flags if not one.warning],
                    sep="\n  ",
                )
        kind = errors.KINDS[at % len(errors.KINDS)]
        wrong = errors.with_error(sheet, by_language[locale], said, locale, kind, dice)
        if wrong is None or sum(all_of.values()) >= ERRORS_AIM:
            continue
        judged = judge({"body": in_sentences(errors.joined(wrong, locale))}, sheet, brief)
        all_of[kind] += 1
        seen[kind] += not judged.passed
        if show and judged.passed:
            show -= 1
            print("MISSED", kind, errors.joined(wrong, locale), sep="\n  ")
    figures["gate_errors"] = float(sum(all_of.values()))
    figures["gate_recall"] = sum(seen.values()) / sum(all_of.values())
    figures["gate_false_alarms"] = alarms / copies
    for kind in errors.KINDS:
        print(f"  {kind:<14} {seen[kind]:>4} of {all_of[kind]:>4} seen")


if __name__ == "__main__":
    main()
