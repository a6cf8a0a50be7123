"""Money is an amount in minor units, a currency and its exponent. Never a float."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

# ISO 4217: currencies whose minor unit is not 1/100.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_CURRENCY = re.compile(r"[A-Z]{3}")
MAX_MINOR = 10**15  # ten trillion in cents: past this it's a broken column, not a price


def exponent_of(currency: str) -> int:
    """Digits after the decimal point: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def checked_currency(value: str) -> str:
    """Raises: ValueError unless it is three letters (ISO 4217)."""
    code = value.strip().upper()
    if not _CURRENCY.fullmatch(code):
        raise ValueError(f"{value[:20]!r} isn't a currency; use three letters such as EUR")
    return code


@dataclass(frozen=True, slots=True)
class Money:
    """`Money(1999, "EUR", 2)` is €19.99."""

    minor: int
    currency: str
    exponent: int

    @classmethod
    def of(cls, amount: Any, currency: str) -> Money:
        """From an amount in major units: 19.99, "19.99" or "1,999.00".

        Raises: ValueError when it isn't a finite amount, or has more digits than the currency.
        """
        currency = checked_currency(currency)
        exponent = exponent_of(currency)
        return cls(to_minor(amount, exponent), currency, exponent)

    @property
    def major(self) -> Decimal:
        return Decimal(self.minor).scaleb(-self.exponent)


def to_minor(amount: Any, exponent: int) -> int:
    """An amount in major units as whole minor units. Binary noise (2.5500000001) is rounded away, half up.

    Raises: ValueError when it isn't a finite number or is out of range.
    """
    if isinstance(amount, bool):
        raise ValueError("an amount is a number")
    text = repr(amount) if isinstance(amount, float) else str(amount).strip().replace(" ", "").replace("\u00a0", "")
    if "," in text:
        # "1,999.00" → 1999.00, "1.999,00" → 1999.00, "19,99" → 19.99, "1,999" → 1999
        comma, dot = text.rfind(","), text.rfind(".")
        if dot > comma:
            text = text.replace(",", "")
        elif dot >= 0:
            text = text.replace(".", "").replace(",", ".")
        else:
            text = text.replace(",", "" if text.count(",") > 1 or len(text) - comma == 4 else ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{str(amount)[:40]!r} isn't an amount of money") from None
    if not value.is_finite() or abs(value) > Decimal(MAX_MINOR).scaleb(-exponent):
        raise ValueError(f"{str(amount)[:40]!r} is not a plausible amount of money")
    return int(value.scaleb(exponent).to_integral_value(rounding="ROUND_HALF_UP"))
