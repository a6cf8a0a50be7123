"""Drawn pictures of the demo's products: one flat shape a kind, in the style's colour. Knows no shop."""

from __future__ import annotations

from regulars.demo.world import BY_KEY, STYLES

_INK = "#1c1b1a"

# Each shape is drawn on a 240 × 240 field; C is the style's colour, D a darker shade of it, L a light one.
_SHAPES = {
    "loose-tea": "<path d='M62 150q58 44 116 0l-14 40H76z' fill='D'/><path d='M84 140q10-46 36-58 26 12 36 58-36 22-72 0z' fill='C'/><path d='M120 84v64' stroke='L' stroke-width='4'/>",
    "teapot": "<path d='M66 118q0-44 54-44t54 44-22 70H88q-22-26-22-70z' fill='C'/><path d='M174 112q34-10 30 24-12 30-38 26' fill='none' stroke='D' stroke-width='12'/><path d='M68 128q-26-6-34-36' stroke='C' stroke-width='16' fill='none' stroke-linecap='round'/><circle cx='120' cy='64' r='9' fill='D'/>",
    "tea-cup": "<path d='M62 96h100q0 76-50 84-50-8-50-84z' fill='C'/><path d='M160 108q34 2 24 30-10 16-34 12' fill='none' stroke='D' stroke-width='10'/><ellipse cx='112' cy='190' rx='64' ry='9' fill='D'/><ellipse cx='112' cy='97' rx='50' ry='8' fill='L'/>",
    "tea-tin": "<rect x='74' y='82' width='92' height='112' rx='10' fill='C'/><rect x='68' y='62' width='104' height='28' rx='8' fill='D'/><rect x='92' y='116' width='56' height='44' rx='4' fill='L'/>",
    "coffee-beans": "<path d='M78 66h84l14 126H64z' fill='C'/><path d='M78 66h84l-8-16H86z' fill='D'/><ellipse cx='120' cy='134' rx='24' ry='32' fill='L'/><path d='M120 104q-12 30 0 60' stroke='D' stroke-width='5' fill='none'/>",
    "grinder": "<rect x='88' y='84' width='64' height='112' rx='12' fill='C'/><path d='M120 84V58h56' stroke='D' stroke-width='9' fill='none'/><circle cx='178' cy='56' r='12' fill='D'/><rect x='88' y='132' width='64' height='8' fill='L'/>",
    "dripper": "<path d='M64 76h112l-38 72h-36z' fill='C'/><path d='M174 88q26 4 10 32l-20 4' stroke='D' stroke-width='9' fill='none'/><rect x='84' y='148' width='72' height='10' fill='D'/><path d='M92 166h56l-6 32H98z' fill='L'/>",
    "filter": "<path d='M54 78h132l-40 100H94z' fill='C'/><path d='M70 66h132l-40 100h-20' fill='none' stroke='D' stroke-width='6'/>",
    "pan": "<circle cx='104' cy='124' r='62' fill='C'/><circle cx='104' cy='124' r='46' fill='D'/><path d='M152 156l58 40' stroke='D' stroke-width='16' stroke-linecap='round'/>",
    "spatula": "<path d='M88 52h58l-8 62H96z' fill='C'/><path d='M117 112v86' stroke='D' stroke-width='14' stroke-linecap='round'/><path d='M104 64v36m13-36v36m13-36v36' stroke='L' stroke-width='5'/>",
    "apron": "<path d='M92 58h56l8 42 24 12v84H60v-84l24-12z' fill='C'/><rect x='92' y='138' width='56' height='34' rx='4' fill='D'/><path d='M92 60q28-26 56 0' stroke='D' stroke-width='6' fill='none'/>",
    "bowl": "<path d='M48 104h144q0 78-72 84-72-6-72-84z' fill='C'/><ellipse cx='120' cy='104' rx='72' ry='14' fill='L'/><path d='M68 134q52 20 104 0' stroke='D' stroke-width='6' fill='none'/>",
    "wool": "<circle cx='116' cy='126' r='64' fill='C'/><path d='M62 110q54-50 108 6M58 132q60-40 116 12M68 158q44-30 92 8M92 68q-20 60 14 120M132 66q-26 60 6 120' stroke='D' stroke-width='5' fill='none'/><path d='M168 164q30 30 44 8' stroke='C' stroke-width='6' fill='none'/>",
    "needles": "<path d='M70 190L168 60M170 190L72 60' stroke='C' stroke-width='10' stroke-linecap='round'/><circle cx='170' cy='58' r='13' fill='D'/><circle cx='70' cy='58' r='13' fill='D'/>",
    "pattern": "<path d='M56 66q32-14 64 4v126q-32-16-64-4z' fill='C'/><path d='M184 66q-32-14-64 4v126q32-16 64-4z' fill='D'/><path d='M72 96h32m-32 22h32m-32 22h24' stroke='L' stroke-width='6'/>",
    "notebook": "<rect x='70' y='54' width='106' height='140' rx='10' fill='C'/><rect x='70' y='54' width='22' height='140' rx='6' fill='D'/><rect x='108' y='82' width='50' height='26' rx='4' fill='L'/>",
    "pen": "<path d='M64 188l22-54L162 58l30 30-76 76z' fill='C'/><path d='M64 188l22-54 30 30z' fill='D'/><path d='M70 182l24-24' stroke='L' stroke-width='4'/>",
    "lamp": "<path d='M86 60h68l22 62H64z' fill='C'/><path d='M120 122v66' stroke='D' stroke-width='9'/><rect x='82' y='186' width='76' height='12' rx='6' fill='D'/><path d='M72 126l-16 34m112-34l16 34' stroke='L' stroke-width='6'/>",
    "seeds": "<rect x='74' y='56' width='92' height='140' rx='6' fill='C'/><circle cx='120' cy='112' r='12' fill='L'/><path d='M120 76v24m0 24v24M84 112h24m24 0h24M96 88l14 14m20 20l14 14m0-48l-14 14m-20 20l-14 14' stroke='L' stroke-width='7' stroke-linecap='round'/>",
    "pot": "<path d='M70 100h100l-14 90H84z' fill='C'/><rect x='62' y='82' width='116' height='24' rx='6' fill='D'/><path d='M120 82q-4-30-34-34 2 30 34 34 4-38 34-44-2 36-34 44' fill='#5d7f57'/>",
    "trowel": "<path d='M120 52q34 26 28 78l-28 26-28-26q-6-52 28-78z' fill='C'/><path d='M120 150v26' stroke='D' stroke-width='9'/><rect x='108' y='172' width='24' height='38' rx='10' fill='D'/>",
    "shoes": "<path d='M46 150q4-44 30-56l26 26 34-8q10 26 62 32 8 24-4 30H52q-8-8-6-24z' fill='C'/><rect x='46' y='172' width='154' height='14' rx='7' fill='D'/><path d='M104 118l16 16m0-22l16 16' stroke='L' stroke-width='5'/>",
    "socks": "<path d='M92 50h50v80l34 30q12 26-14 34-18 2-38-18l-32-34z' fill='C'/><rect x='92' y='50' width='50' height='20' fill='D'/><path d='M92 84h50' stroke='L' stroke-width='6'/>",
    "bottle": "<rect x='88' y='84' width='64' height='116' rx='16' fill='C'/><rect x='100' y='50' width='40' height='30' rx='6' fill='D'/><rect x='88' y='122' width='64' height='12' fill='L'/>",
    "backpack": "<rect x='68' y='74' width='104' height='122' rx='26' fill='C'/><rect x='82' y='132' width='76' height='50' rx='10' fill='D'/><path d='M96 76q0-28 24-28t24 28' stroke='D' stroke-width='9' fill='none'/><path d='M86 106h68' stroke='L' stroke-width='6'/>",
    "pouch": "<rect x='54' y='92' width='132' height='88' rx='14' fill='C'/><path d='M60 112h120' stroke='L' stroke-width='6'/><circle cx='168' cy='112' r='8' fill='D'/>",
    "blanket": "<rect x='58' y='76' width='110' height='96' rx='20' fill='C'/><path d='M58 104h110M58 132h110' stroke='L' stroke-width='8'/><ellipse cx='168' cy='124' rx='20' ry='48' fill='D'/>",
}  # fmt: skip


def _shade(colour: str, share: float) -> str:
    """The colour mixed with white (share above 0) or ink (below)."""
    target = "#ffffff" if share > 0 else _INK
    mixed = (
        round(int(colour[at : at + 2], 16) * (1 - abs(share)) + int(target[at : at + 2], 16) * abs(share))
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def picture(product: str) -> str | None:
    """An SVG of a demo product by its id, e.g. `teapot-moss`; None for what isn't one."""
    kind, _, style = product.rpartition("-")
    found = next((one for one in STYLES if one[0].lower() == style), None)
    if kind not in BY_KEY or found is None:
        return None
    colour = found[3]
    shape = (
        _SHAPES[kind]
        .replace("'C'", f"'{colour}'")
        .replace("'D'", f"'{_shade(colour, -0.35)}'")
        .replace("'L'", f"'{_shade(colour, 0.62)}'")
    )
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 240 240'>"
        f"<rect width='240' height='240' fill='{_shade(colour, 0.86)}'/>"
        f"<ellipse cx='120' cy='204' rx='74' ry='9' fill='{_shade(colour, 0.7)}'/>{shape}</svg>"
    )
