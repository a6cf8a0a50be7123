"""Shapes of home textiles, pets, lighting, sport and books. Data only; table_to_toys says what the letters mean."""

from __future__ import annotations

FORMS: dict[str, tuple[str, ...]] = {
    "cushion": (
        "<path B d='M52 76q68 14 136 0-12 62 0 122-68-14-136 0 12-60 0-122z'/><path d='M66 92q-6 46 0 90' stroke='#fff' stroke-opacity='.35' stroke-width='5' fill='none' stroke-linecap='round'/><path d='M52 76q68 14 136 0-12 62 0 122-68-14-136 0 12-60 0-122z' fill='none' stroke='D' stroke-width='3'/>",
        "<path d='M34 96q50 12 104 0-10 50 0 102-54-10-104 0 10-52 0-102z' fill='A'/><path B d='M92 84q58 14 116 0-10 58 0 114-58-12-116 0 10-56 0-114z'/><g fill='D'><circle cx='92' cy='84' r='6'/><circle cx='208' cy='84' r='6'/><circle cx='92' cy='198' r='6'/><circle cx='208' cy='198' r='6'/></g>",
        "<rect x='34' y='104' width='172' height='96' rx='34' fill='C'/><rect B x='34' y='104' width='172' height='96' rx='34'/><circle cx='120' cy='152' r='7' fill='D'/><path d='M120 152l-60-30m60 30l60-30m-60 30l-60 30m60-30l60 30' stroke='D' stroke-opacity='.35' stroke-width='3'/>",
    ),
    "throw": (
        "<path d='M40 66h160' stroke='W' stroke-width='10' stroke-linecap='round'/><path B d='M64 62h112v118H64z'/><path d='M64 62h112v18H64z' fill='D' fill-opacity='.4'/><path d='M64 150h112v12H64z' fill='A'/><path d='M68 180v20m10-20v20m10-20v20m10-20v20m10-20v20m10-20v20m10-20v20m10-20v20m10-20v20m10-20v20m8-20v20' stroke='C' stroke-width='4'/>",
        "<rect x='44' y='168' width='152' height='32' rx='12' fill='D'/><rect B x='44' y='136' width='152' height='36' rx='14'/><rect x='48' y='106' width='146' height='34' rx='14' fill='A'/><path d='M44 178l-12 2m12 8l-12 2m12-46l-12 2m12 8l-12 2' stroke='C' stroke-width='4'/><path B d='M56 78h128q10 0 10 14t-10 14H56q-10 0-10-14t10-14z'/>",
        "<path d='M34 130q0-14 14-14h26v84H44q-10 0-10-10z' fill='V'/><path d='M64 74q0-18 18-18h108q16 0 16 18v70H64z' fill='L'/><path d='M64 136h128q14 0 14 14v50H64z' fill='A'/><path B d='M96 52h68l14 128H84z'/><path d='M86 180v16m12-16v16m12-16v16m12-16v16m12-16v16m12-16v16m12-16v16m12-16v16' stroke='C' stroke-width='4'/>",
    ),
    "bed-linen": (
        "<path d='M22 200v-92h12v92zm184 0v-92h12v92z' fill='V'/><path d='M28 84h184q8 0 8 10v40H20V94q0-10 8-10z' fill='W'/><rect x='40' y='108' width='72' height='34' rx='12' fill='L'/><rect x='128' y='108' width='72' height='34' rx='12' fill='A'/><path B d='M30 134h180v54H30z'/><path d='M30 134h180v16H30z' fill='L'/>",
        "<rect x='50' y='158' width='140' height='42' rx='8' fill='D'/><rect B x='46' y='112' width='148' height='48' rx='8'/><rect x='58' y='78' width='124' height='36' rx='16' fill='A'/><path d='M50 136h140' stroke='L' stroke-width='3'/><path d='M116 78h10v122h-10z' fill='S' fill-opacity='.7'/><path d='M121 132q-24-16-26 2t26 2q24 16 26-2t-26-2z' fill='S'/>",
    ),
    "rug": (
        "<path B d='M34 196l30-96h112l30 96z'/><path d='M54 184l22-72h88l22 72z' fill='none' stroke='A' stroke-width='5'/><path d='M120 122l34 26-34 26-34-26z' fill='A'/><path d='M120 134l18 14-18 14-18-14z' fill='D'/><path d='M36 198v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8m14-8v8' stroke='L' stroke-width='3'/>",
        "<path d='M150 62h46v138h-46z' fill='D'/><ellipse cx='173' cy='62' rx='23' ry='10' fill='A'/><path d='M173 56a12 5 0 1 0 10 5' stroke='D' stroke-width='2.5' fill='none'/><path B d='M30 182l28-62h92v80H30z'/><path d='M150 62v138' stroke='#000' stroke-opacity='.12' stroke-width='6'/><path d='M44 176l20-46h78' stroke='A' stroke-width='4' fill='none'/>",
        "<ellipse cx='120' cy='158' rx='96' ry='42' fill='D'/><ellipse B cx='120' cy='154' rx='96' ry='42'/><ellipse cx='120' cy='154' rx='70' ry='30' fill='none' stroke='A' stroke-width='6'/><ellipse cx='120' cy='154' rx='42' ry='17' fill='none' stroke='L' stroke-width='5'/><ellipse cx='120' cy='154' rx='14' ry='6' fill='A'/>",
    ),
    "tablecloth": (
        "<path d='M48 150l-8 54h10l10-50zm144 0l8 54h-10l-10-50z' fill='V'/><path B d='M30 106h180l8 62q-22 12-44 2-26 12-54 2-28 10-54-2-22 10-44-2z'/><path d='M30 106l26-20h128l26 20z' fill='A'/><path d='M104 96l4-34h22l4 34z' fill='L'/><path d='M118 62q-18-20-8-36m10 36q16-20 10-42' stroke='F' stroke-width='4' fill='none'/><circle cx='110' cy='26' r='8' fill='#d9512c'/><circle cx='132' cy='20' r='9' fill='#e9b949'/>",
        "<path B d='M56 104h128v96H56z'/><path d='M56 104h128v30H56z' fill='A'/><path d='M56 134h128' stroke='D' stroke-width='3' stroke-dasharray='6 4'/><path d='M120 134v66' stroke='#000' stroke-opacity='.12' stroke-width='4'/><path d='M66 104l12-26h84l12 26z' fill='D'/><circle cx='120' cy='166' r='16' fill='L'/><path d='M120 156q-8 10 0 20 8-10 0-20z' fill='D'/>",
    ),
    "dog-food": (
        "<path B d='M68 58h104l12 142H56z'/><path d='M68 40h104l3 22H65z' fill='D'/><path d='M70 50h100' stroke='L' stroke-width='3' stroke-dasharray='5 4'/><circle cx='120' cy='130' r='42' fill='A'/><path d='M92 118q-8-30 8-30 12 2 14 14h12q2-12 14-14 16 0 8 30-2 40-28 40t-28-40z' fill='W'/><path d='M92 118q-8-30 8-30 6 12-8 30zm56 0q8-30-8-30-6 12 8 30z' fill='V'/><circle cx='109' cy='124' r='4.5' fill='K'/><circle cx='131' cy='124' r='4.5' fill='K'/><ellipse cx='120' cy='138' rx='7' ry='5' fill='K'/><path d='M84 184h72' stroke='L' stroke-width='6' stroke-linecap='round'/>",
        "<path d='M40 160h160l-14 40H54z' fill='D'/><path d='M44 158q76-40 152 0-76 18-152 0z' fill='V'/><g fill='W'><circle cx='80' cy='152' r='9'/><circle cx='104' cy='144' r='10'/><circle cx='130' cy='146' r='9'/><circle cx='154' cy='152' r='10'/><circle cx='118' cy='156' r='8'/></g><rect B x='40' y='158' width='160' height='14' rx='6'/><g transform='translate(120 84)'><path d='M-34-8a13 13 0 1 1 16-14h36a13 13 0 1 1 16 14 13 13 0 1 1-16 22h-36a13 13 0 1 1-16-22z' fill='A'/></g>",
    ),
    "cat-food": (
        "<path B d='M70 60h100l10 140H60z'/><path d='M70 42h100l3 22H67z' fill='D'/><path d='M74 52h92' stroke='L' stroke-width='3' stroke-dasharray='5 4'/><circle cx='120' cy='130' r='42' fill='A'/><path d='M92 132V94l20 14h16l20-14v38q-4 26-28 26t-28-26z' fill='N'/><circle cx='108' cy='126' r='5' fill='#e9d36a'/><circle cx='132' cy='126' r='5' fill='#e9d36a'/><path d='M115 137h10l-5 6z' fill='#e8a4a0'/><path d='M100 140l-20-4m20 9l-20 4m60-9l20-4m-20 9l20 4' stroke='L' stroke-width='2'/>",
        "<rect x='52' y='136' width='136' height='64' rx='10' fill='M'/><rect B x='52' y='144' width='136' height='48'/><ellipse cx='120' cy='136' rx='68' ry='14' fill='M'/><ellipse cx='120' cy='135' rx='58' ry='10' fill='N'/><path d='M142 132q20-12 30-4' stroke='M' stroke-width='5' fill='none'/><path d='M84 168q30-24 56 0l16-12v24l-16-12q-26 24-56 0z' fill='A'/><circle cx='98' cy='166' r='3' fill='K'/><rect x='80' y='74' width='80' height='50' rx='8' fill='D'/><ellipse cx='120' cy='76' rx='40' ry='8' fill='M'/>",
    ),
    "dog-lead": (
        "<path d='M76 60q-46 20-30 70t78 46 70-54-46-58-56 30 30 40' stroke='C' stroke-width='13' fill='none' stroke-linecap='round'/><path d='M76 60q-46 20-30 70t78 46 70-54-46-58-56 30 30 40' stroke='A' stroke-width='3' fill='none' stroke-dasharray='8 7'/><path d='M76 60q26-22 44-6t-20 30' stroke='D' stroke-width='11' fill='none' stroke-linecap='round'/><rect x='114' y='132' width='20' height='18' rx='4' fill='M'/><circle cx='142' cy='152' r='10' fill='none' stroke='#c79a3b' stroke-width='6'/>",
        "<ellipse cx='112' cy='130' rx='66' ry='58' fill='none' stroke='C' stroke-width='20'/><ellipse cx='112' cy='130' rx='66' ry='58' fill='none' stroke='A' stroke-width='3' stroke-dasharray='9 7'/><rect x='160' y='112' width='34' height='34' rx='5' fill='none' stroke='#c79a3b' stroke-width='7'/><path d='M164 129h32' stroke='#c79a3b' stroke-width='5'/><circle cx='112' cy='196' r='12' fill='#c79a3b'/><path d='M106 192h12m-12 8h12' stroke='V' stroke-width='2'/>",
    ),
    "pet-bed": (
        "<ellipse cx='120' cy='166' rx='98' ry='38' fill='D'/><path B d='M22 150q0-34 98-34t98 34v12q0 38-98 38t-98-38z'/><ellipse cx='120' cy='148' rx='72' ry='22' fill='A'/><path d='M72 146q14-34 56-30 34 2 42 28-30 20-98 2z' fill='W'/><path d='M72 146q-8-30 14-34l10 12q10 14-4 24z' fill='W'/><path d='M78 116l2-14 12 12z' fill='V'/><path d='M82 132q5 4 9 0' stroke='K' stroke-width='2.5' fill='none'/>",
        "<path d='M40 120L120 54l80 66z' fill='D'/><path B d='M52 116h136v84H52z'/><path d='M84 200v-40a36 36 0 0 1 72 0v40z' fill='K' fill-opacity='.75'/><path d='M96 200q0-36 24-38 26 2 26 38z' fill='W'/><path d='M102 168l2-14 10 8zm36 0l-2-14-10 8z' fill='W'/><circle cx='112' cy='176' r='3' fill='K'/><circle cx='128' cy='176' r='3' fill='K'/><rect x='46' y='196' width='148' height='8' rx='4' fill='A'/>",
        "<path B d='M30 140q0-20 22-20h136q22 0 22 20v40q0 20-22 20H52q-22 0-22-20z'/><rect x='48' y='136' width='144' height='42' rx='18' fill='A'/><path d='M150 138q0-12 12-12t12 12q12 10 0 20h-24q-12-10 0-20z' fill='D' fill-opacity='.0'/><g transform='translate(120 156)' fill='S'><ellipse cx='0' cy='6' rx='11' ry='9'/><circle cx='-13' cy='-5' r='5'/><circle cx='-5' cy='-11' r='5'/><circle cx='5' cy='-11' r='5'/><circle cx='13' cy='-5' r='5'/></g>",
    ),
    "cat-toy": (
        "<path d='M176 172q44 4 34-34-6-16-22-8' stroke='A' stroke-width='6' fill='none' stroke-linecap='round'/><path B d='M40 176q20-66 84-66 56 2 58 66 0 12-12 12H56q-12 0-16-12z'/><circle cx='92' cy='112' r='18' fill='A'/><circle cx='126' cy='106' r='20' fill='D'/><circle cx='66' cy='158' r='5' fill='K'/><circle cx='40' cy='176' r='6' fill='#e8a4a0'/><path d='M56 174l-30-6m30 10l-30 6' stroke='K' stroke-width='2'/>",
        "<path B d='M34 144q48-62 112-14l44-32q-10 46 0 92l-44-32q-64 48-112-14z'/><circle cx='74' cy='136' r='8' fill='#fff'/><circle cx='74' cy='136' r='4' fill='K'/><path d='M104 116q16 28 0 56m20-54q14 26 0 52' stroke='A' stroke-width='5' fill='none'/><path d='M44 154q12 4 18-2' stroke='K' stroke-width='3' fill='none'/>",
        "<circle cx='120' cy='142' r='58' fill='C'/><circle B cx='120' cy='142' r='58'/><path d='M70 116q50 30 100 0M66 160q54-30 108 0M120 84q-22 58 0 116' stroke='A' stroke-width='6' fill='none'/><circle cx='190' cy='184' r='16' fill='#d9b36a'/><path d='M182 184h16' stroke='K' stroke-width='3'/>",
        "<path d='M54 200L150 56' stroke='W' stroke-width='8' stroke-linecap='round'/><path d='M150 56q36 0 30 44' stroke='K' stroke-width='2.5' fill='none'/><path d='M180 100q-30 30-18 80 30-26 18-80z' fill='C'/><path d='M180 100q28 28 20 72-26-24-20-72z' fill='A'/><path d='M180 100q-44 10-52 52 36-8 52-52z' fill='D'/><circle cx='180' cy='102' r='9' fill='#d9b36a'/>",
    ),
    "table-lamp": (
        "<path d='M84 46h72l28 74H56z' fill='A'/><path d='M84 46h72l28 74H56z' fill='#fff3cf' fill-opacity='.55'/><path B d='M96 124h48q30 40 4 72H92q-26-32 4-72z'/><rect x='112' y='116' width='16' height='12' fill='M'/><rect x='82' y='194' width='76' height='8' rx='4' fill='D'/>",
        "<path B d='M72 104q4-56 48-56t48 56z'/><path d='M76 104h88l14 8H62z' fill='#fff0c4'/><path d='M120 104v84' stroke='#c79a3b' stroke-width='8'/><path d='M78 188h84q6 0 6 12H72q0-12 6-12z' fill='D'/><path d='M142 106v30' stroke='M' stroke-width='2'/><circle cx='142' cy='138' r='4' fill='M'/>",
        "<path d='M64 200h66v-10H64z' fill='D'/><path d='M97 190l-30-66 70-52' stroke='W' stroke-width='9' fill='none' stroke-linejoin='round' stroke-linecap='round'/><circle cx='67' cy='124' r='8' fill='M'/><path B d='M126 44l48 36-44 44-30-58z'/><path d='M174 80l-44 44q26 10 44-6t0-38z' fill='#fff0c4'/>",
        "<circle cx='120' cy='92' r='50' fill='#fff3d6'/><circle cx='120' cy='92' r='50' fill='A' fill-opacity='.25'/><path d='M92 70q10-16 30-18' stroke='#fff' stroke-width='6' fill='none' stroke-linecap='round'/><rect x='102' y='138' width='36' height='10' fill='#c79a3b'/><path B d='M84 148h72l12 52H72z'/>",
    ),
    "pendant": (
        "<path d='M120 10v44' stroke='K' stroke-width='3'/><circle cx='120' cy='124' r='72' fill='A'/><circle B cx='120' cy='124' r='72'/><path d='M52 104h136M48 124h144M52 144h136M66 84h108M66 164h108' stroke='D' stroke-opacity='.3' stroke-width='2.5'/><ellipse cx='120' cy='54' rx='16' ry='5' fill='D'/><circle cx='120' cy='124' r='34' fill='#fff6da' fill-opacity='.5'/>",
        "<path d='M120 10v60' stroke='K' stroke-width='3'/><rect x='110' y='62' width='20' height='14' rx='4' fill='#c79a3b'/><path B d='M112 74h16q66 20 76 82H36q10-62 76-82z'/><ellipse cx='120' cy='156' rx='84' ry='12' fill='#fff0c4'/><circle cx='120' cy='162' r='14' fill='#fffaf0'/>",
        "<path d='M120 10v56' stroke='K' stroke-width='3'/><path B d='M98 66h44v40l46 54q-68 16-136 0l46-54z'/><path d='M52 160q68 16 136 0l-6 10q-62 14-124 0z' fill='#fff0c4'/><path d='M98 106h44' stroke='A' stroke-width='5'/>",
    ),
    "floor-lamp": (
        "<path d='M120 96L74 204m46-108l46 108m-46-108v96' stroke='W' stroke-width='7' stroke-linecap='round'/><path B d='M86 30h68l18 66H68z'/><path d='M86 30h68l18 66H68z' fill='#fff3cf' fill-opacity='.4'/><path d='M96 148h48' stroke='V' stroke-width='4'/>",
        "<path d='M176 200h-64v-8h64z' fill='D'/><path d='M144 194V110q0-70-56-70-28 0-30 26' stroke='#c79a3b' stroke-width='6' fill='none'/><path B d='M22 100q4-38 36-38t36 38z'/><path d='M26 100h64l-4 6H30z' fill='#fff0c4'/>",
        "<path d='M90 200h60q0-10-12-10h-36q-12 0-12 10z' fill='D'/><path d='M120 190V78' stroke='M' stroke-width='7'/><path B d='M92 26h56v58H92z'/><path d='M92 26h56v58H92z' fill='#fff3cf' fill-opacity='.35'/><path d='M92 76h56v8H92z' fill='A'/>",
    ),
    "candle": (
        "<path d='M120 64q-14 18 0 28 14-10 0-28z' fill='#f2a83b'/><path d='M120 74q-6 10 0 16 6-6 0-16z' fill='#fff3c4'/><path d='M120 88v18' stroke='K' stroke-width='3'/><path d='M76 104h88v84q0 12-12 12H88q-12 0-12-12z' fill='G'/><path B d='M82 112h76v74q0 8-8 8H90q-8 0-8-8z'/><ellipse cx='120' cy='112' rx='38' ry='7' fill='L'/><rect x='94' y='134' width='52' height='40' rx='3' fill='A'/><path d='M104 148h32m-32 10h20' stroke='S' stroke-width='3'/>",
        "<g fill='#f2a83b'><path d='M74 40q-11 15 0 24 11-9 0-24zm46-24q-11 15 0 24 11-9 0-24zm46 42q-11 15 0 24 11-9 0-24z'/></g><path d='M74 60v14m46-38v14m46 26v14' stroke='K' stroke-width='2.5'/><path B d='M62 74h24v126H62z'/><path d='M108 50h24v150h-24z' fill='A'/><path d='M154 90h24v110h-24z' fill='D'/><path d='M54 194h40v8H54zm46 0h40v8h-40zm46 0h40v8h-40z' fill='#c79a3b'/>",
        "<path d='M120 44q-16 22 0 34 16-12 0-34z' fill='#f2a83b'/><path d='M120 58q-7 10 0 17 7-7 0-17z' fill='#fff3c4'/><path d='M120 74v16' stroke='K' stroke-width='3'/><path B d='M84 92q36-12 72 0v108H84z'/><ellipse cx='120' cy='92' rx='36' ry='8' fill='L'/><ellipse cx='120' cy='200' rx='66' ry='9' fill='M'/><path d='M84 128q12 8 12-10' stroke='L' stroke-width='7' fill='none' stroke-linecap='round'/>",
    ),
    "string-lights": (
        "<path d='M14 54q50 70 106 34t106 30' stroke='K' stroke-width='3' fill='none'/><g fill='#ffe9a8'><circle cx='40' cy='104' r='15'/><circle cx='84' cy='122' r='15'/><circle cx='128' cy='108' r='15'/><circle cx='172' cy='106' r='15'/><circle cx='212' cy='136' r='15'/></g><g fill='C'><rect x='34' y='78' width='12' height='14' rx='3'/><rect x='78' y='96' width='12' height='14' rx='3'/><rect x='122' y='82' width='12' height='14' rx='3'/><rect x='166' y='80' width='12' height='14' rx='3'/><rect x='206' y='110' width='12' height='14' rx='3'/></g><path B d='M64 164h112v36H64z'/><path d='M84 182h72' stroke='L' stroke-width='5' stroke-linecap='round'/>",
        "<path d='M10 50q110 60 220 0' stroke='K' stroke-width='3' fill='none'/><g><path B d='M34 76h40l8 24-8 26H34l-8-26z'/><path d='M100 90h40l8 26-8 28h-40l-8-28z' fill='A'/><path B d='M166 76h40l8 24-8 26h-40l-8-26z'/></g><path d='M54 62v14m66 0v14m66-28v14' stroke='K' stroke-width='3'/><g fill='#c79a3b'><path d='M42 126h24v6H42zm66 18h24v6h-24zm66-18h24v6h-24z'/></g><path d='M54 132v20m66-2v20m66-38v20' stroke='C' stroke-width='4'/>",
        "<path d='M14 70q56 50 106 10t106 16' stroke='K' stroke-width='3' fill='none'/><g fill='#f0c25a'><path d='M50 98l8 18 20 2-15 13 5 19-18-10-18 10 5-19-15-13 20-2z'/><path d='M190 90l8 18 20 2-15 13 5 19-18-10-18 10 5-19-15-13 20-2z'/></g><path d='M120 76l10 24 26 2-20 17 6 25-22-13-22 13 6-25-20-17 26-2z' fill='C'/><rect B x='78' y='164' width='84' height='36' rx='6'/>",
    ),
    "running-shoes": (
        "<path B d='M28 168q0-46 14-66 16 16 36 12l20-26q8-8 18 2l40 40 44 14q18 6 16 28z'/><path d='M26 166h192q4 26-16 28H44q-18 0-18-28z' fill='L'/><path d='M26 182h190q-2 14-16 14H44q-16 0-18-14z' fill='A'/><path d='M98 104l20 16m-30 0l20 14m-4-38l24 18' stroke='L' stroke-width='5' stroke-linecap='round'/><path d='M52 150q40 10 78-2' stroke='A' stroke-width='8' fill='none' stroke-linecap='round'/>",
        "<path d='M20 130q0-40 12-58 14 12 32 10l18-22q8-6 16 2l34 34 40 12q16 6 14 24z' fill='D'/><path d='M18 130h170q4 20-14 22H34q-16 0-16-22z' fill='L'/><path B d='M46 172q0-42 13-60 15 14 34 11l18-24q8-7 17 2l36 36 42 13q16 6 14 24z'/><path d='M44 172h178q4 24-16 26H60q-16 0-16-26z' fill='#fff'/><path d='M44 186h176q-2 12-14 12H60q-14 0-16-12z' fill='A'/><path d='M112 114l18 14m-28 2l18 12' stroke='L' stroke-width='5' stroke-linecap='round'/>",
    ),
    "running-socks": (
        "<path B d='M84 40h54v88l40 32q16 22-4 36-20 8-40-12l-50-48z'/><path d='M84 40h54v18H84z' fill='A'/><path d='M84 70h54' stroke='A' stroke-width='6'/><path d='M134 184q20 20 40 12 20-14 4-36z' fill='D'/><path d='M84 128l54 0' stroke='D' stroke-width='3' stroke-opacity='.5'/>",
        "<g transform='translate(-24 0)'><path d='M84 60h44v72l34 28q14 20-4 32-18 8-34-10l-40-42z' fill='A'/><path d='M84 60h44v14H84z' fill='S'/></g><g transform='translate(30 4)'><path B d='M84 60h44v72l34 28q14 20-4 32-18 8-34-10l-40-42z'/><path d='M84 60h44v14H84z' fill='D'/><path d='M124 182q16 18 34 10 18-12 4-32z' fill='D'/></g>",
        "<path B d='M60 110h60v34l58 14q26 10 22 30-2 12-16 12H92q-32 0-32-32z'/><path d='M60 96h60v22H60z' fill='A'/><path d='M164 154l14 4q26 10 22 30-2 12-16 12h-20z' fill='D'/><path d='M72 96v22m12-22v22m12-22v22m12-22v22' stroke='S' stroke-width='2.5'/>",
    ),
    "yoga-mat": (
        "<path B d='M20 194l22-44h150l20 44z'/><circle cx='186' cy='162' r='38' fill='D'/><circle cx='186' cy='162' r='38' fill='C' fill-opacity='.6'/><path d='M186 132a30 30 0 1 1-28 32 22 22 0 0 1 44-6 14 14 0 0 1-26 6' stroke='A' stroke-width='7' fill='none' stroke-linecap='round'/>",
        "<rect x='84' y='44' width='72' height='156' rx='8' fill='C'/><rect B x='84' y='44' width='72' height='156' rx='8'/><ellipse cx='120' cy='46' rx='36' ry='13' fill='D'/><path d='M120 38a22 8 0 1 1-20 10 14 5 0 0 1 28-3' stroke='L' stroke-width='4' fill='none'/><path d='M84 84h72v12H84zm0 72h72v12H84z' fill='A'/><path d='M156 90q40 34 0 72' stroke='A' stroke-width='7' fill='none'/>",
    ),
    "dumbbell": (
        "<rect x='92' y='134' width='56' height='18' rx='6' fill='N'/><path B d='M40 112q0-12 12-12h32q12 0 12 12v62q0 12-12 12H52q-12 0-12-12z'/><path B d='M144 112q0-12 12-12h32q12 0 12 12v62q0 12-12 12h-32q-12 0-12-12z'/><path d='M52 120v46m136-46v46' stroke='#fff' stroke-opacity='.35' stroke-width='6' stroke-linecap='round'/><circle cx='68' cy='143' r='12' fill='A'/><circle cx='172' cy='143' r='12' fill='A'/>",
        "<g transform='rotate(-16 120 110)'><rect x='76' y='96' width='84' height='16' rx='6' fill='M'/><path d='M56 70h26v68H56zm-14 12h14v44H42zm112-12h26v68h-26zm26 12h14v44h-14z' fill='D'/></g><rect x='78' y='164' width='84' height='16' rx='6' fill='M'/><path B d='M56 142h28v60H56zm100 0h28v60h-28z'/><path d='M42 152h14v40H42zm142 0h14v40h-14z' fill='A'/>",
    ),
    "sport-bottle": (
        "<path d='M108 34h24v22h-24z' fill='A'/><path d='M96 54h48q6 0 6 6v18H90V60q0-6 6-6z' fill='D'/><path B d='M84 86q0-10 10-10h52q10 0 10 10v34q-8 10 0 20v48q0 12-12 12H96q-12 0-12-12v-48q8-10 0-20z'/><path d='M98 92v22m0 34v38' stroke='#fff' stroke-opacity='.4' stroke-width='6' stroke-linecap='round'/>",
        "<path d='M104 50q16-26 32 0' stroke='D' stroke-width='7' fill='none'/><rect x='96' y='46' width='48' height='28' rx='6' fill='D'/><rect x='86' y='72' width='68' height='128' rx='16' fill='G'/><path B d='M92 120h56v66q0 8-8 8h-40q-8 0-8-8z'/><path d='M140 88h8m-8 16h8m-8 16h8m-8 16h8' stroke='D' stroke-width='3'/><rect x='86' y='76' width='68' height='12' fill='A'/>",
    ),
    "pouch": (
        "<path d='M84 116q0-44 36-44t36 44' stroke='D' stroke-width='9' fill='none'/><path B d='M28 132q0-24 24-24h136q24 0 24 24v44q0 24-24 24H52q-24 0-24-24z'/><path d='M44 122h152' stroke='L' stroke-width='4' stroke-dasharray='6 4'/><path d='M72 108h16v92H72zm80 0h16v92h-16z' fill='A'/><rect x='98' y='142' width='44' height='32' rx='4' fill='D'/>",
        "<path d='M70 96q50-66 100 0' stroke='A' stroke-width='8' fill='none'/><path B d='M48 96h144l10 92q0 12-12 12H50q-12 0-12-12z'/><path d='M48 96h144l3 26H45z' fill='D'/><circle cx='120' cy='160' r='20' fill='A'/><path d='M110 160l8 8 14-16' stroke='D' stroke-width='5' fill='none'/>",
    ),
}  # fmt: skip

COVERS: dict[str, tuple[str, ...]] = {
    "cookbook": (
        "<circle cx='126' cy='120' r='34' fill='A'/><circle cx='126' cy='120' r='24' fill='L'/><path d='M112 118q14-18 28 0-14 18-28 0z' fill='F'/><path d='M80 96v52m92-52v52' stroke='A' stroke-width='4'/>",
        "<path d='M92 118h68v14q-6 26-34 26t-34-26z' fill='A'/><path d='M112 106q-7-10 2-20m14 20q-7-12 4-24m10 24q-6-8 2-16' stroke='L' stroke-width='4' fill='none' stroke-linecap='round'/>",
        "<path d='M104 146q-22-40 22-60 44 20 22 60z' fill='A'/><path d='M126 86V72m0 4q10-12 18-8' stroke='F' stroke-width='4' fill='none'/><path d='M112 110q2-10 10-14' stroke='L' stroke-width='4' fill='none'/>",
    ),
    "novel": (
        "<circle cx='126' cy='92' r='20' fill='A'/><path d='M80 150l28-34 16 18 18-26 30 42z' fill='D'/><path d='M80 150h92' stroke='A' stroke-width='3'/>",
        "<path d='M118 84h16l6 70h-28z' fill='A'/><path d='M116 84h20l-10-14z' fill='D'/><path d='M134 92l40-10v22zm-16 0L78 82v22z' fill='L' fill-opacity='.6'/><path d='M82 156q14-8 28 0t28 0 28 0' stroke='L' stroke-width='4' fill='none'/>",
        "<path d='M94 116a32 32 0 0 1 64 0z' fill='A'/><path d='M126 84v60q0 10 10 10t8-10' stroke='L' stroke-width='4' fill='none'/><g stroke='L' stroke-width='3'><path d='M86 80v10m22-20v8m44-6v10m22-2v10'/></g>",
    ),
    "garden-book": (
        "<path d='M126 154v-50m0 18q-26 0-28-24 26 0 28 24zm0-10q26 0 28-24-26 0-28 24z' stroke='L' stroke-width='4' fill='A'/>",
        "<g fill='A'><circle cx='126' cy='90' r='13'/><circle cx='108' cy='104' r='13'/><circle cx='144' cy='104' r='13'/><circle cx='114' cy='124' r='13'/><circle cx='138' cy='124' r='13'/></g><circle cx='126' cy='108' r='10' fill='S'/><path d='M126 134v22' stroke='L' stroke-width='4'/>",
        "<path d='M100 126h52l-8 30h-36z' fill='A'/><path d='M126 126q-4-32-28-36 0 30 28 36zm0 0q4-38 30-42 0 32-30 42z' fill='L'/>",
    ),
    "picture-book": (
        "<circle cx='126' cy='114' r='30' fill='A'/><circle cx='104' cy='90' r='11' fill='A'/><circle cx='148' cy='90' r='11' fill='A'/><circle cx='116' cy='108' r='4' fill='K'/><circle cx='136' cy='108' r='4' fill='K'/><ellipse cx='126' cy='122' rx='8' ry='6' fill='K'/>",
        "<path d='M146 82a32 32 0 1 0 10 52 26 26 0 0 1-10-52z' fill='A'/><g fill='L'><circle cx='92' cy='88' r='3'/><circle cx='166' cy='96' r='4'/><circle cx='96' cy='146' r='3'/><circle cx='160' cy='150' r='3'/></g>",
        "<path d='M84 134q4-34 44-34 34 0 38 28 8 22-18 24h-46q-18-2-18-18z' fill='A'/><path d='M164 124q4-22 0-30 10 2 12 12 6-6 12-2-2 18-24 20z' fill='A'/><circle cx='100' cy='126' r='4' fill='K'/><path d='M122 96V84q-8-6-12 2m12-2q8-6 12 2' stroke='L' stroke-width='3' fill='none'/>",
    ),
    "travel-book": (
        "<path d='M84 154l34-56 18 28 10-14 24 42z' fill='A'/><path d='M118 98l12 20-10 4-12-6z' fill='L'/><circle cx='156' cy='86' r='11' fill='L'/>",
        "<circle cx='126' cy='112' r='36' fill='none' stroke='A' stroke-width='4'/><path d='M126 82l10 30-10 30-10-30z' fill='A'/><path d='M126 82l10 30h-20z' fill='L'/><circle cx='126' cy='112' r='4' fill='D'/>",
        "<path d='M82 146h88l-10 14H94z' fill='A'/><path d='M124 78v62l-34-2zm8-8v66l32-2z' fill='L'/><path d='M80 166q12-8 24 0t24 0 24 0 22 0' stroke='L' stroke-width='4' fill='none'/>",
    ),
}  # fmt: skip
"""What is drawn on the fronts of books, inside (80, 66) to (172, 166)."""
