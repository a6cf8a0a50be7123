"""Products whose right texts a reader sees by eye."""

from __future__ import annotations

from typing import Any

from regulars.content.sheet import Price, Record

JACKET: dict[str, Any] = {
    "Material": "Nylon", "Colour": ["Red", "Navy"], "Waterproof": True, "Machine washable": "no", "Weight (g)": 340, "Fit": "regular",
    "Closure": "zip", "Pockets": 4, "Country of origin": "Portugal", "Care": "Hand wash only, do not tumble dry", "Lining": "mesh",
}  # fmt: skip
TROUSERS: dict[str, Any] = {
    "类型": "裤",
    "版型": ["显瘦", "宽松"],
    "材质": "棉",
    "风格": "简约",
    "图案": "线条",
    "裤腰型": "高腰",
    "颜色": "黑色",
}


def record(attributes: dict[str, Any], title: str | dict[str, str] = "Alpine hiking jacket", description: str = "", **more: Any) -> Record:  # fmt: skip
    titles = {"en": title} if isinstance(title, str) else title
    given: dict[str, Any] = {
        "brand": "Northbound", "category": ("Clothing", "Jackets"), "prices": (Price(8900, None, "EUR", 2),), **more,
    }  # fmt: skip
    given.setdefault("descriptions", {"en": description} if description else {})
    return Record(1, "P1", titles, attributes=attributes, **given)


def trousers(**more: Any) -> Record:
    return record(TROUSERS, {"zh": "显瘦高腰阔腿裤"}, brand="衣语", category=("服装", "裤子"), **more)
