"""Prices as shops write them: `1.234,56 €`, `€1,234.56`, `12 990 Kč`, `15.00 USD`. Knows no record.

The sign says the currency where it is one currency's alone. `$`, `¥` and `kr` are several currencies': there the shop's
own is meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from regulars.feeds.contract import Notes

_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₫": "VND", "₽": "RUB", "₺": "TRY", "₴": "UAH", "₪": "ILS", "฿": "THB",
    "₱": "PHP", "₦": "NGN", "R$": "BRL", "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "HK$": "HKD",
    "NT$": "TWD", "S$": "SGD", "NZ$": "NZD", "MX$": "MXN", "Kč": "CZK", "kč": "CZK", "zł": "PLN", "Ft": "HUF", "lei": "RON",
    "лв": "BGN", "руб": "RUB", "грн": "UAH", "円": "JPY", "元": "CNY", "人民币": "CNY", "RMB": "CNY", "RM": "MYR", "Rp": "IDR",
    "Fr": "CHF", "SFr": "CHF", "CN¥": "CNY", "JP¥": "JPY",
}  # fmt: skip
_OPEN_SIGNS = frozenset({"$", "¥", "￥", "kr", "Kr", "kr.", "Kr."})
_SMALL_SIGNS = frozenset({"€", "Kč", "kč", "zł", "Ft", "kr", "Kr", "₫", "lei", "лв", "руб", "₽", "грн", "₴", "₺"})
_WHOLE = frozenset({"JPY", "KRW", "VND", "CLP", "ISK", "HUF", "IDR"})  # nobody writes decimals in these
_AMOUNT = re.compile(
    r"(?P<minus>[-−–]?)\s*(?P<before>(?:[^\d\s.,'’+\-−–]{1,6}\.?)?)\s*(?P<inner>[-−–]?)\s*"
    r"(?P<number>\d[\d.,'’ ]*|[.,]\d+)\s*(?P<dash>[-–—]*)\s*(?P<after>(?:[^\d\s.,]{1,6}\.?)?)"
)
_CODE = re.compile(r"[A-Za-z]{3}")
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\t": " ", "٫": ".", "٬": ","})


def read_amount(text: str) -> tuple[str, str | None]:
    """The amount with a decimal point and no grouping, and the currency where the text says one.

    Raises: ValueError.

    >>> read_amount("1.234,56 €"), read_amount("€1,234.56"), read_amount("12 990 Kč"), read_amount("¥1299")
    (('1234.56', 'EUR'), ('1234.56', 'EUR'), ('12990', 'CZK'), ('1299', None))
    """
    plain = text.translate(_SPACES).strip()
    found = _AMOUNT.fullmatch(plain) if len(plain) <= 60 else None
    if found is None:
        raise ValueError(f"{text.strip()[:40]!r} isn't an amount of money")
    before, after = found["before"].strip(), found["after"].strip()
    signs = [sign for sign in (before, after) if sign]
    currency = None
    for sign in signs:
        if sign in _SIGNS:
            currency = _SIGNS[sign]
        elif sign.rstrip(".") in _SIGNS:
            currency = _SIGNS[sign.rstrip(".")]
        elif sign in _OPEN_SIGNS:
            continue
        elif _CODE.fullmatch(sign):
            currency = sign.upper()
        else:
            raise ValueError(f"{text.strip()[:40]!r} isn't an amount of money")
    number = _decimal(found["number"], currency, after.rstrip(".") in _SMALL_SIGNS)
    return ("-" if found["minus"] or found["inner"] else "") + number, currency


def read_prices(variant: dict[str, Any], texts: Mapping[str, str]) -> None:
    """Puts prices into a variant as plain numbers, with the currency that they say. texts: by field; empty ones are absent.

    What is no price stays as it was written, to be refused by name.
    """
    for field, text in texts.items():
        if not text:
            continue
        try:
            variant[field], currency = read_amount(text)
        except ValueError:
            variant[field] = text
            continue
        if currency:
            variant["currency"] = currency


def read_cost(variant: dict[str, Any], text: str, notes: Notes) -> None:
    """Puts what the shop pays into a variant. Nobody is shown it: one that is no amount is left out, the product isn't refused."""
    try:
        amount, _ = read_amount(text) if text else ("", None)
    except ValueError:
        amount = "-"
    if amount.startswith("-"):
        notes.count("a cost that is no amount: left out")
    elif amount:
        variant["cost"] = amount


def _decimal(text: str, currency: str | None, sign_after: bool) -> str:
    digits = re.sub(r"[ '’]", "", text)
    comma, dot = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and dot >= 0:
        point = max(comma, dot)
        return f"{re.sub('[.,]', '', digits[:point]) or '0'}.{digits[point + 1 :]}".rstrip(".")
    mark = "," if comma >= 0 else "."
    if comma < 0 and dot < 0:
        return digits
    parts = digits.split(mark)
    three = all(len(part) == 3 for part in parts[1:])
    if len(parts) > 2:
        if not all(len(part) in (2, 3) for part in parts[1:]):
            raise ValueError(f"{text[:40]!r} isn't an amount of money")
        return "".join(parts)
    # One mark and three digits behind it: thousands after a comma, and after a dot where people write so.
    if three and parts[0] not in ("", "0") and (mark == "," or sign_after or currency in _WHOLE):
        return "".join(parts)
    return f"{parts[0] or '0'}.{parts[1]}".rstrip(".")
