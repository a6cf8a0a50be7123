"""What the demo shop sells, as tables: categories, kinds of product, collections, brands. Data only; draws and computes nothing.

A product is one kind in one collection: "Fjord cast-iron teapot". Books have titles of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

Facet = tuple[str, str, float]
"""A word before the noun in English and Chinese ("=" before it: it is the noun), and what it does to the price."""
Choices = tuple[tuple[str, str, float], ...]
"""Of a variant: what it is called in English and Chinese, and its price as a multiple of the smallest one's."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A look that runs through the shop. colours: main, second; pattern: how its things are decorated."""

    key: str
    en: str
    zh: str
    main: str
    second: str
    pattern: str
    colour: tuple[str, str]
    about_en: str
    about_zh: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product.

    facet: what its facets say (material, sort, theme …). choices: ("size", …) of its variants, or none. lasts: days until one
    needs it again, None for what is bought once. titles: of each product, where it has a title of its own.
    """

    key: str
    category: str
    en: str
    zh: str
    price: float
    goes_with: tuple[str, ...]
    about_en: str
    about_zh: str
    facet: str
    facets: tuple[Facet, ...]
    choices: tuple[str, Choices] | None = None
    lasts: int | None = None
    titles: tuple[tuple[str, str], ...] = ()
    count: int = 10


CATEGORIES = {
    "Tea & coffee": "茶与咖啡", "Kitchen": "厨房", "Bath": "卫浴", "Garden": "园艺", "Outdoor": "户外", "Stationery": "文具",
    "Toys": "玩具", "Home textiles": "家纺", "Pets": "宠物", "Lighting": "灯具", "Sport": "运动", "Books": "书籍",
}  # fmt: skip

BRANDS = {
    "Tea & coffee": ("Hillside", "Kettle & Thread", "Nine Leaves"),
    "Kitchen": ("Atelier Bo", "Hearthward", "Kettle & Thread"),
    "Bath": ("Saltwater", "Wren & Willow", "Nine Leaves"),
    "Garden": ("Greenhand", "Hillside", "Old Orchard"),
    "Outdoor": ("Northbound", "Tarn", "Greenhand"),
    "Stationery": ("Paper Lane", "Inkwell Row", "Sundry"),
    "Toys": ("Little Otter", "Sundry", "Old Orchard"),
    "Home textiles": ("Wren & Willow", "Loomhouse", "Hearthward"),
    "Pets": ("Good Paw", "Little Otter", "Greenhand"),
    "Lighting": ("Lumen House", "Atelier Bo", "Hearthward"),
    "Sport": ("Strider", "Northbound", "Tarn"),
    "Books": ("Paper Lane", "Lanternfish Press", "Old Orchard"),
}

COLLECTIONS = (
    Collection("moss", "Moss", "苔绿", "#5f8058", "#ece0b8", "leaves", ("green", "绿色"), "Soft greens and small leaves, as on a north wall.", "柔和的绿与细叶，像背阴墙上的苔。"),
    Collection("clay", "Clay", "陶土", "#b96b4b", "#f3dcc6", "band", ("terracotta", "赤陶色"), "Warm earth, left a little rough.", "温暖的泥土色，留一点粗粝。"),
    Collection("midnight", "Midnight", "夜蓝", "#2d4460", "#e0b968", "stars", ("navy", "藏青色"), "Deep blue with a few points of gold.", "深蓝底上几点金。"),
    Collection("oat", "Oat", "燕麦", "#cbb58e", "#7d654a", "speckle", ("oat", "燕麦色"), "The colour of breakfast, calm on any shelf.", "早餐的颜色，放在哪儿都安静。"),
    Collection("plum", "Plum", "梅紫", "#7d4d6e", "#ecccd8", "dots", ("plum", "梅紫色"), "Ripe plum with pale dots.", "熟梅的紫，点缀浅色圆点。"),
    Collection("sky", "Sky", "天青", "#74a4bd", "#f7ecd2", "waves", ("sky blue", "天蓝色"), "Blue and cream, like a clear morning.", "蓝与奶白，像晴朗的早晨。"),
    Collection("saffron", "Saffron", "藏红花", "#d6a035", "#7b3f24", "chevron", ("saffron", "藏红色"), "Bright spice and a dark edge.", "明亮的香料色，配一道深边。"),
    Collection("ash", "Ash", "烟灰", "#7f7e79", "#ebe7de", "stripes", ("grey", "灰色"), "Quiet greys that let the rest speak.", "安静的灰，让别的东西说话。"),
    Collection("rose", "Rose", "玫瑰", "#c5828a", "#fbeae4", "petals", ("rose", "玫瑰粉"), "Dusty pink, drawn with petals.", "灰调的粉，画着花瓣。"),
    Collection("fjord", "Fjord", "峡湾", "#2f6f7a", "#cfe8e3", "waves", ("teal", "湖蓝色"), "Cold water and clean lines.", "冷水的颜色，干净的线条。"),
    Collection("ember", "Ember", "余烬", "#a8432f", "#f5bd7a", "chevron", ("brick red", "砖红色"), "The last glow of the fire.", "炉火最后的光。"),
    Collection("linen", "Linen", "亚麻", "#ded2ba", "#8f7f61", "grid", ("natural", "原色"), "Undyed and woven plain.", "不染色，平纹织就。"),
    Collection("juniper", "Juniper", "杜松", "#35594f", "#d3dfba", "leaves", ("dark green", "墨绿色"), "Evergreen, and a little wild.", "常青，带一点野气。"),
    Collection("coral", "Coral", "珊瑚", "#e38a71", "#fdeadd", "terrazzo", ("coral", "珊瑚色"), "Cheerful, speckled like a beach.", "明快，斑驳如海滩。"),
    Collection("indigo", "Indigo", "靛青", "#414f8f", "#d3d9f2", "grid", ("indigo", "靛蓝色"), "Dyed blue, the old way of checks and lines.", "老式格纹，靛蓝染成。"),
    Collection("chalk", "Chalk", "白垩", "#e7e3da", "#8f9a97", "plain", ("white", "白色"), "Almost nothing, done well.", "几乎什么都没有，却做得好。"),
    Collection("cocoa", "Cocoa", "可可", "#6d4c3b", "#e0c3a6", "band", ("brown", "棕色"), "Dark brown with a band of cream.", "深棕，一道奶油色的边。"),
    Collection("mint", "Mint", "薄荷", "#90c0a6", "#f8f3e2", "dots", ("mint", "薄荷绿"), "Fresh green, light as a garden chair.", "清新的绿，像花园里的椅子。"),
    Collection("heather", "Heather", "石楠", "#9b8cb2", "#f1e8f4", "petals", ("lilac", "淡紫色"), "Lilac hills in late summer.", "夏末山坡上的淡紫。"),
    Collection("dune", "Dune", "沙丘", "#dcb88d", "#a2694d", "waves", ("sand", "沙色"), "Sand drawn by the wind.", "风画过的沙。"),
)  # fmt: skip

_SHOES: Choices = tuple((str(size), str(size), 1.0) for size in range(38, 45))
_LEAVES: Choices = (("100 g", "100 克", 1.0), ("250 g", "250 克", 2.25))
_BEANS: Choices = (("250 g", "250 克", 1.0), ("1 kg", "1 千克", 3.6))
_FOOD: Choices = (("1 kg", "1 千克", 1.0), ("3 kg", "3 千克", 2.7), ("8 kg", "8 千克", 6.4))
_TOWELS: Choices = (("hand", "擦手", 1.0), ("bath", "洗澡", 2.0), ("sheet", "大浴巾", 3.1))
_PANS: Choices = (("20 cm", "20 厘米", 1.0), ("24 cm", "24 厘米", 1.25), ("28 cm", "28 厘米", 1.5))
_POTS: Choices = (("12 cm", "12 厘米", 1.0), ("18 cm", "18 厘米", 1.6), ("26 cm", "26 厘米", 2.6))
_BEDS: Choices = (("single", "单人", 1.0), ("double", "双人", 1.35), ("king", "加大", 1.6))
_RUGS: Choices = (("60 × 90 cm", "60 × 90 厘米", 1.0), ("120 × 180 cm", "120 × 180 厘米", 2.9))
_HANDS: Choices = (("S", "S", 1.0), ("M", "M", 1.0), ("L", "L", 1.0))
_PETS: Choices = (("small", "小", 1.0), ("medium", "中", 1.25), ("large", "大", 1.5))
_PACKS: Choices = (("one", "一个", 1.0), ("three", "三个", 2.7))
_WEIGHTS: Choices = (("2 kg", "2 千克", 1.0), ("4 kg", "4 千克", 1.7), ("8 kg", "8 千克", 3.0))
_STONE: tuple[Facet, ...] = (("stoneware", "炻器", 1.0), ("porcelain", "瓷", 1.25), ("speckled", "麻点", 1.1), ("enamel", "搪瓷", 0.8), ("glazed", "釉面", 1.05))  # fmt: skip
_BINDING: Choices = (("paperback", "平装", 1.0), ("hardback", "精装", 1.6))

KINDS = (
    # Tea & coffee
    Kind("loose-tea", "Tea & coffee", "tea", "茶", 7.5, ("teapot", "mug"), "Whole leaves, about forty cups to the hundred grams. Keeps two years, dry and dark.", "整叶茶，每百克约可泡四十杯。避光防潮可存两年。", "sort", (("Assam", "阿萨姆红", 1.0), ("Earl Grey", "伯爵红", 1.1), ("jasmine", "茉莉花", 1.2), ("oolong", "乌龙", 1.6), ("peppermint", "薄荷", 0.8), ("sencha", "煎", 1.5)), ("weight", _LEAVES), 35),
    Kind("coffee-beans", "Tea & coffee", "coffee beans", "咖啡豆", 9.5, ("dripper", "grinder"), "Roasted in small batches on Tuesdays and sent the next day.", "每周二小批量烘焙，次日寄出。", "sort", (("Ethiopia", "埃塞俄比亚", 1.15), ("Colombia", "哥伦比亚", 1.0), ("Sumatra", "苏门答腊", 1.1), ("espresso", "意式浓缩", 1.05), ("decaf", "低因", 1.2)), ("weight", _BEANS), 24),
    Kind("teapot", "Tea & coffee", "teapot", "茶壶", 31, ("loose-tea", "mug"), "Holds 0.8 litres, pours without a drip and comes with a strainer.", "容量 0.8 升，出水利落，附滤网。", "material", (("stoneware", "炻器", 1.0), ("cast-iron", "铸铁", 1.6), ("porcelain", "瓷", 1.25), ("speckled", "麻点", 1.1))),
    Kind("mug", "Tea & coffee", "mug", "马克杯", 11, ("loose-tea", "coffee-beans"), "Holds 320 ml. Safe in the dishwasher and the microwave.", "容量 320 毫升，可进洗碗机和微波炉。", "material", _STONE, ("set", _PACKS)),
    Kind("dripper", "Tea & coffee", "pour-over dripper", "手冲滤杯", 22, ("coffee-beans", "grinder"), "For one to three cups; takes ordinary paper filters.", "适合一至三杯，用普通滤纸。", "material", (("stoneware", "炻器", 1.0), ("glass", "玻璃", 1.0), ("porcelain", "瓷", 1.25), ("copper", "铜制", 1.7)), count=9),
    Kind("grinder", "Tea & coffee", "hand grinder", "手摇磨豆机", 48, ("coffee-beans", "dripper"), "Steel burrs with eighteen settings; grinds 25 grams in a minute.", "钢制磨芯，十八档粗细，一分钟磨 25 克。", "material", (("walnut", "胡桃木", 1.2), ("beech", "榉木", 1.0), ("steel", "不锈钢", 1.1)), count=9),
    # Kitchen
    Kind("pan", "Kitchen", "frying pan", "平底锅", 34, ("spatula", "apron"), "For every hob, also induction. The handle stays cool.", "各种炉灶可用，含电磁炉。手柄不烫。", "material", (("cast-iron", "铸铁", 1.2), ("steel", "不锈钢", 1.1), ("ceramic-coated", "陶瓷涂层", 1.0), ("carbon-steel", "碳钢", 1.15)), ("size", _PANS)),
    Kind("spatula", "Kitchen", "spatula", "锅铲", 8, ("pan", "bowl"), "Kind to coated pans. 30 cm long.", "不伤涂层，长 30 厘米。", "material", (("beech", "榉木", 1.0), ("olive-wood", "橄榄木", 1.5), ("silicone", "硅胶", 0.9), ("steel", "不锈钢", 1.1))),
    Kind("knife", "Kitchen", "chef's knife", "主厨刀", 42, ("board",), "A 20 cm blade that keeps its edge. Hand-wash only.", "刀刃 20 厘米，持久锋利。请手洗。", "material", (("walnut-handled", "胡桃木柄", 1.1), ("steel", "全钢", 1.0), ("damask", "大马士革", 1.8), ("olive-handled", "橄榄木柄", 1.2)), count=9),
    Kind("board", "Kitchen", "chopping board", "砧板", 24, ("knife", "bowl"), "38 by 26 cm, with a groove for juice.", "38 × 26 厘米，带导汁槽。", "material", (("oak", "橡木", 1.0), ("walnut", "胡桃木", 1.4), ("bamboo", "竹", 0.7), ("acacia", "相思木", 1.1)), count=9),
    Kind("bowl", "Kitchen", "mixing bowl", "拌碗", 16, ("spatula", "board"), "2.4 litres, with a lip to pour.", "2.4 升，带倾倒口。", "material", _STONE),
    Kind("apron", "Kitchen", "apron", "围裙", 24, ("pan", "bowl"), "One size, two pockets, straps that cross.", "均码，两个口袋，交叉肩带。", "material", (("linen", "亚麻", 1.2), ("cotton", "棉", 1.0), ("canvas", "帆布", 1.1), ("denim", "牛仔布", 1.15))),
    # Bath
    Kind("soap", "Bath", "soap", "香皂", 5.5, ("bath-brush", "towel"), "Cold-stirred with olive oil. 110 grams, about five weeks.", "冷制橄榄油皂，110 克，约用五周。", "scent", (("lavender", "薰衣草", 1.0), ("cedar", "雪松", 1.1), ("lemon", "柠檬", 1.0), ("sea-salt", "海盐", 1.1), ("rose", "玫瑰", 1.2)), ("set", _PACKS), 33),
    Kind("shampoo", "Bath", "shampoo bar", "洗发皂", 8.5, ("soap", "towel"), "As long as two bottles, without the bottles.", "一块抵两瓶，省下瓶子。", "scent", (("rosemary", "迷迭香", 1.0), ("argan", "摩洛哥坚果", 1.2), ("chamomile", "洋甘菊", 1.0), ("mint", "薄荷", 0.95)), None, 48),
    Kind("towel", "Bath", "towel", "毛巾", 11, ("soap", "bath-mat"), "Combed cotton, 550 grams a square metre. Softer after each wash.", "精梳棉，每平方米 550 克，越洗越软。", "weave", (("waffle", "华夫格", 1.0), ("terry", "毛圈", 1.0), ("hammam", "土耳其式", 1.2), ("ribbed", "罗纹", 1.1)), ("size", _TOWELS)),
    Kind("bath-brush", "Bath", "bath brush", "沐浴刷", 14, ("soap", "shampoo"), "Natural bristles, a handle long enough for the back.", "天然鬃毛，手柄够得到后背。", "material", (("beech", "榉木", 1.0), ("bamboo", "竹", 0.85), ("oak", "橡木", 1.2)), count=9),
    Kind("bath-mat", "Bath", "bath mat", "浴室地垫", 26, ("towel",), "50 by 80 cm; dries in an hour.", "50 × 80 厘米，一小时即干。", "material", (("cotton", "棉", 1.0), ("bamboo", "竹", 1.1), ("tufted", "簇绒", 1.15), ("cork", "软木", 1.2)), count=9),
    # Garden
    Kind("seeds", "Garden", "seeds", "种子", 3.8, ("pot", "trowel"), "Enough for two square metres. Sow from March to June.", "够种两平方米，三月至六月播种。", "sort", (("poppy", "虞美人", 1.0), ("cornflower", "矢车菊", 1.0), ("tomato", "番茄", 1.1), ("basil", "罗勒", 0.9), ("sunflower", "向日葵", 1.0), ("wild meadow", "野花", 1.3)), None, 55),
    Kind("pot", "Garden", "flower pot", "花盆", 9, ("seeds", "trowel"), "With a hole and a saucer. Stands frost down to −5 °C.", "带排水孔和托盘，耐寒至 −5 °C。", "material", (("clay", "陶土", 1.0), ("glazed", "釉面", 1.3), ("concrete", "水泥", 1.1), ("ribbed", "竖纹", 1.2)), ("size", _POTS)),
    Kind("watering-can", "Garden", "watering can", "洒水壶", 27, ("pot", "seeds"), "5 litres, with a rose that comes off.", "5 升，花洒可拆。", "material", (("zinc", "镀锌", 1.0), ("enamel", "搪瓷", 1.1), ("copper", "铜制", 1.7), ("steel", "不锈钢", 1.2)), count=9),
    Kind("trowel", "Garden", "hand trowel", "小铲", 12, ("seeds", "gloves"), "A forged blade on an ash handle.", "锻造铲刃，白蜡木柄。", "material", (("forged", "锻造", 1.2), ("steel", "不锈钢", 1.0), ("copper", "铜制", 1.8)), count=9),
    Kind("gloves", "Garden", "garden gloves", "园艺手套", 10, ("trowel", "watering-can"), "Thorns stay outside; fingers still feel.", "挡得住刺，手感还在。", "material", (("leather", "皮革", 1.5), ("cotton", "棉", 0.8), ("bamboo", "竹纤维", 1.0)), ("size", _HANDS), count=9),
    # Outdoor
    Kind("backpack", "Outdoor", "backpack", "双肩包", 69, ("flask", "pouch"), "24 litres, a sleeve for a laptop, straps that don't cut.", "24 升，带电脑夹层，肩带不勒。", "material", (("canvas", "帆布", 1.0), ("waxed", "油蜡", 1.3), ("recycled", "再生面料", 0.95), ("roll-top", "卷口", 1.1))),
    Kind("flask", "Outdoor", "flask", "保温瓶", 23, ("backpack", "camp-mug"), "0.75 litres: twelve hours hot, a day cold.", "0.75 升，保热十二小时，保冷一天。", "finish", (("steel", "不锈钢", 1.0), ("powder-coated", "喷粉", 1.1), ("slim", "细身", 0.9), ("wide-mouth", "广口", 1.05))),
    Kind("camp-mug", "Outdoor", "camping mug", "露营杯", 9.5, ("flask", "lantern"), "Enamelled steel with a rolled rim. Straight onto the fire.", "搪瓷钢，卷边杯口，可直接上火。", "finish", (("enamel", "搪瓷", 1.0), ("titanium", "钛", 2.4), ("steel", "不锈钢", 1.1))),
    Kind("tent", "Outdoor", "tent", "帐篷", 189, ("lantern", "travel-blanket"), "Up in six minutes; tight in a long night's rain.", "六分钟搭好，整夜下雨不漏。", "sort", (("two-person", "双人", 1.0), ("three-person", "三人", 1.3), ("trekking", "徒步", 1.2)), count=8),
    Kind("lantern", "Outdoor", "camping lantern", "营地灯", 34, ("tent", "camp-mug"), "Warm light for thirty hours; charges by USB or sun.", "暖光三十小时，可用 USB 或阳光充电。", "sort", (("solar", "太阳能", 1.1), ("folding", "折叠", 1.0), ("storm", "防风", 1.2)), count=9),
    Kind("travel-blanket", "Outdoor", "picnic blanket", "野餐毯", 38, ("flask", "backpack"), "150 by 200 cm, waterproof below, rolls up small.", "150 × 200 厘米，底面防水，卷起来很小。", "material", (("wool", "羊毛", 1.3), ("fleece", "摇粒绒", 0.8), ("quilted", "绗缝", 1.0)), count=9),
    # Stationery
    Kind("notebook", "Stationery", "notebook", "笔记本", 12, ("pen", "pencil-case"), "160 pages of 100-gram paper that lie flat.", "160 页，100 克纸，可平摊。", "ruling", (("dotted", "点阵", 1.0), ("lined", "横线", 1.0), ("blank", "空白", 1.0), ("squared", "方格", 1.0)), ("format", (("A6", "A6", 0.8), ("A5", "A5", 1.0))), 62),
    Kind("pen", "Stationery", "pen", "笔", 29, ("notebook", "ink"), "Balanced in the hand; the nib can be changed.", "握感平衡，笔尖可换。", "sort", (("fountain", "钢", 1.2), ("rollerball", "签字", 0.9), ("brass", "黄铜", 1.5), ("calligraphy", "书法", 1.1))),
    Kind("ink", "Stationery", "ink", "墨水", 9.5, ("pen",), "50 ml that dries in ten seconds and doesn't feather.", "50 毫升，十秒即干，不洇。", "sort", (("permanent", "耐久", 1.2), ("washable", "可洗", 1.0), ("shimmer", "闪粉", 1.4)), None, 70, count=9),
    Kind("pencil-case", "Stationery", "pencil case", "笔袋", 15, ("pen", "notebook"), "Holds twenty pens and stands on the desk.", "装得下二十支笔，能立在桌上。", "material", (("canvas", "帆布", 1.0), ("leather", "皮革", 1.7), ("felt", "毛毡", 0.9)), count=9),
    Kind("planner", "Stationery", "planner", "手账", 19, ("pen", "pencil-case"), "A week on two pages, and room for what wasn't planned.", "一周两页，也给计划外留了位置。", "sort", (("weekly", "每周", 1.0), ("daily", "每日", 1.2), ("undated", "无日期", 0.95)), count=9),
    # Toys
    Kind("blocks", "Toys", "building blocks", "积木", 29, ("wooden-car", "puzzle"), "48 pieces of smooth wood, from 18 months.", "48 块光滑木块，18 个月以上。", "material", (("beech", "榉木", 1.0), ("maple", "枫木", 1.1), ("rainbow", "彩虹", 1.2)), count=9),
    Kind("plush", "Toys", "cuddly toy", "毛绒玩具", 19, ("picture-book", "puzzle"), "30 cm tall; survives the washing machine.", "高 30 厘米，经得起机洗。", "animal", (("=cuddly bear", "=毛绒小熊", 1.0), ("=cuddly rabbit", "=毛绒兔子", 1.0), ("=cuddly fox", "=毛绒狐狸", 1.05), ("=cuddly cat", "=毛绒小猫", 1.1), ("=cuddly whale", "=毛绒鲸鱼", 1.1))),
    Kind("puzzle", "Toys", "jigsaw", "拼图", 17, ("blocks", "picture-book"), "Thick pieces of recycled card, with a linen print.", "再生厚纸板，布纹印刷。", "pieces", (("100-piece", "100 片", 0.8), ("500-piece", "500 片", 1.0), ("1000-piece", "1000 片", 1.2))),
    Kind("wooden-car", "Toys", "wooden car", "木头小车", 13, ("blocks", "plush"), "Rolls straight, even downhill. From 12 months.", "跑得直，下坡也直。12 个月以上。", "sort", (("=wooden racing car", "=木头赛车", 1.0), ("=wooden delivery van", "=木头送货车", 1.1), ("=wooden fire engine", "=木头消防车", 1.15)), count=9),
    Kind("kite", "Toys", "kite", "风筝", 21, ("travel-blanket",), "Flies from a light breeze on; 30 metres of line.", "微风即起，线长 30 米。", "sort", (("diamond", "菱形", 1.0), ("delta", "三角", 1.1), ("dragon", "龙形", 1.4)), count=9),
    # Home textiles
    Kind("cushion", "Home textiles", "cushion", "靠垫", 26, ("throw", "rug"), "45 by 45 cm, feather-filled, with a cover that comes off.", "45 × 45 厘米，羽毛填充，套可拆。", "material", (("linen", "亚麻", 1.1), ("velvet", "丝绒", 1.2), ("wool", "羊毛", 1.25), ("corduroy", "灯芯绒", 1.05))),
    Kind("throw", "Home textiles", "throw", "盖毯", 59, ("cushion", "candle"), "130 by 180 cm, with fringes.", "130 × 180 厘米，带流苏。", "material", (("lambswool", "羊羔毛", 1.3), ("cotton", "棉", 0.8), ("mohair", "马海毛", 1.5), ("knitted", "针织", 1.0))),
    Kind("bed-linen", "Home textiles", "bed linen", "床品", 68, ("throw", "cushion"), "Duvet cover and pillowcases; breathes in summer, warms in winter.", "被套与枕套，夏透气冬保暖。", "material", (("percale", "高支棉", 1.0), ("linen", "亚麻", 1.5), ("sateen", "缎纹棉", 1.1), ("flannel", "法兰绒", 0.95)), ("size", _BEDS), count=9),
    Kind("rug", "Home textiles", "rug", "地毯", 54, ("cushion", "floor-lamp"), "Hand-woven; lies flat and doesn't slip.", "手工编织，平整不滑。", "material", (("wool", "羊毛", 1.3), ("jute", "黄麻", 0.8), ("cotton", "棉", 1.0), ("kilim", "基里姆", 1.4)), ("size", _RUGS), count=9),
    Kind("tablecloth", "Home textiles", "tablecloth", "桌布", 36, ("candle", "bowl"), "140 by 220 cm; for six, or eight who like each other.", "140 × 220 厘米，坐六人，亲近的坐八人。", "material", (("linen", "亚麻", 1.2), ("cotton", "棉", 1.0), ("coated", "防水", 0.9)), count=9),
    # Pets
    Kind("dog-food", "Pets", "dog food", "狗粮", 12, ("dog-lead", "pet-bed"), "One meat, no grain. A sack names each thing that's in it.", "单一肉源，无谷。袋上写明每样原料。", "sort", (("chicken", "鸡肉", 1.0), ("salmon", "三文鱼", 1.2), ("lamb", "羊肉", 1.15), ("duck", "鸭肉", 1.15)), ("weight", _FOOD), 30),
    Kind("cat-food", "Pets", "cat food", "猫粮", 11, ("cat-toy", "pet-bed"), "High in protein, for cats who know what they want.", "高蛋白，给有主见的猫。", "sort", (("tuna", "金枪鱼", 1.1), ("chicken", "鸡肉", 1.0), ("turkey", "火鸡", 1.05), ("senior", "老年", 1.1)), ("weight", _FOOD), 27),
    Kind("dog-lead", "Pets", "dog lead", "牵引绳", 21, ("dog-food",), "1.6 metres with a brass clip and a soft handle.", "1.6 米，黄铜扣，软手柄。", "material", (("leather", "皮革", 1.4), ("rope", "绳编", 1.0), ("woven", "织带", 0.85)), ("size", _PETS), count=9),
    Kind("pet-bed", "Pets", "pet bed", "宠物窝", 44, ("dog-food", "cat-food"), "A raised edge to rest a chin on; the cover goes in the wash.", "围边可枕下巴，套可机洗。", "material", (("corduroy", "灯芯绒", 1.1), ("felt", "毛毡", 1.0), ("canvas", "帆布", 0.95), ("wool", "羊毛", 1.3)), ("size", _PETS)),
    Kind("cat-toy", "Pets", "cat toy", "猫玩具", 7, ("cat-food",), "Rattles, smells of catnip, vanishes under sofas.", "会响，有猫薄荷味，常消失在沙发下。", "sort", (("=toy mouse for cats", "=猫玩具老鼠", 1.0), ("=toy fish for cats", "=猫玩具小鱼", 1.0), ("=catnip ball", "=猫薄荷球", 0.8), ("=feather wand", "=羽毛逗猫棒", 1.1)), None, 58),
    # Lighting
    Kind("table-lamp", "Lighting", "table lamp", "台灯", 58, ("cushion", "notebook"), "Warm light in three steps; a two-metre cord of cloth.", "暖光三档，两米布艺电线。", "material", (("ceramic", "陶瓷", 1.0), ("brass", "黄铜", 1.3), ("oak", "橡木", 1.15), ("glass", "玻璃", 1.1))),
    Kind("pendant", "Lighting", "pendant lamp", "吊灯", 84, ("tablecloth",), "For over the table; the height can be set.", "适合餐桌上方，高度可调。", "material", (("paper", "纸", 0.6), ("metal", "金属", 1.0), ("rattan", "藤编", 1.1), ("glass", "玻璃", 1.3))),
    Kind("floor-lamp", "Lighting", "floor lamp", "落地灯", 129, ("rug", "cushion"), "150 cm tall, with a switch for the foot.", "高 150 厘米，脚踏开关。", "material", (("tripod", "三脚", 1.0), ("arc", "弧形", 1.2), ("brass", "黄铜", 1.3)), count=9),
    Kind("candle", "Lighting", "candle", "蜡烛", 14, ("throw", "tablecloth"), "Rapeseed wax, forty hours. Smells of what it says.", "菜籽蜡，燃烧四十小时，名副其实的香。", "scent", (("fig", "无花果", 1.1), ("beeswax", "蜂蜡", 1.2), ("pine", "松木", 1.0), ("vanilla", "香草", 1.0), ("unscented", "无香", 0.8)), ("set", _PACKS), 40),
    Kind("string-lights", "Lighting", "string lights", "灯串", 24, ("tent", "candle"), "Ten metres, twenty bulbs, in and out of doors.", "十米二十灯，室内外皆可。", "sort", (("globe", "圆球", 1.0), ("lantern", "灯笼", 1.2), ("star", "星星", 1.1)), count=8),
    # Sport
    Kind("running-shoes", "Sport", "running shoes", "跑鞋", 92, ("running-socks", "sport-bottle"), "Cushioned, 240 grams, for the daily round.", "缓震，240 克，适合日常跑步。", "sort", (("road", "公路", 1.0), ("trail", "越野", 1.15), ("light", "轻量", 1.05)), ("size", _SHOES)),
    Kind("running-socks", "Sport", "running socks", "跑步袜", 9.5, ("running-shoes",), "No seam at the toe, no blister at the heel.", "袜头无缝，脚跟不起泡。", "material", (("merino", "美利奴", 1.3), ("cotton", "棉", 0.9), ("crew", "中筒", 1.0), ("ankle", "短筒", 0.95)), ("size", (("36–39", "36–39", 1.0), ("40–43", "40–43", 1.0), ("44–46", "44–46", 1.0))), 75),
    Kind("yoga-mat", "Sport", "yoga mat", "瑜伽垫", 39, ("sport-bottle", "dumbbell"), "6 mm thick, and doesn't slip when it gets warm.", "厚 6 毫米，出汗也不滑。", "material", (("cork", "软木", 1.4), ("rubber", "天然橡胶", 1.2), ("foam", "泡棉", 0.8)), count=9),
    Kind("dumbbell", "Sport", "dumbbell", "哑铃", 15, ("yoga-mat",), "A pair that doesn't roll away.", "一对，不会滚走。", "finish", (("neoprene", "氯丁橡胶", 1.0), ("cast-iron", "铸铁", 1.1), ("vinyl", "浸塑", 0.9)), ("weight", _WEIGHTS), count=8),
    Kind("sport-bottle", "Sport", "water bottle", "水壶", 14, ("running-shoes", "yoga-mat"), "0.6 litres, opens with one hand, fits a bicycle.", "0.6 升，单手开合，可放自行车架。", "material", (("steel", "不锈钢", 1.2), ("glass", "玻璃", 1.1), ("tritan", "共聚酯", 0.9))),
    Kind("pouch", "Sport", "sports bag", "运动包", 41, ("running-shoes", "sport-bottle"), "32 litres with a place for wet things.", "32 升，干湿分区。", "material", (("canvas", "帆布", 1.0), ("recycled", "再生面料", 0.95), ("waxed", "油蜡", 1.3)), count=9),
    # Books
    Kind("cookbook", "Books", "cookbook", "食谱", 22, ("pan", "apron"), "Eighty recipes that were cooked three times before they were printed.", "八十道菜，每道试做三遍才付印。", "subject", (("cooking", "烹饪", 1.0),), ("binding", _BINDING), None, (("Soup for a Wet Tuesday", "湿漉漉的周二来碗汤"), ("One Pan, Many Friends", "一口锅，许多朋友"), ("The Patient Baker", "耐心的面包师"), ("Noodles at Midnight", "午夜面条"), ("Salt, Smoke and Time", "盐、烟与时间"), ("A Year of Breakfasts", "一年的早餐"), ("Green Things First", "先吃绿的"), ("The Small Oven", "小烤箱"), ("Grandmother's Dumplings", "外婆的饺子"))),
    Kind("novel", "Books", "novel", "小说", 13, ("loose-tea", "table-lamp"), "For a long evening and the one after.", "够读一个长夜，再加一个。", "subject", (("fiction", "虚构", 1.0),), ("binding", _BINDING), None, (("The Lighthouse Keeper's Cat", "守塔人的猫"), ("A Map of Quiet Rivers", "静河地图"), ("Letters to the Tide", "写给潮汐的信"), ("The Last Ferry Home", "末班渡船"), ("Winter at Number Nine", "九号院的冬天"), ("The Clockmaker's Orchard", "钟表匠的果园"), ("Rain Before Seven", "七点前的雨"), ("The Tea House Ledger", "茶馆账本"), ("Nobody's Umbrella", "无人认领的伞"))),
    Kind("garden-book", "Books", "garden book", "园艺书", 24, ("seeds", "trowel"), "Month by month, with drawings of every pest.", "逐月讲解，每种害虫都有图。", "subject", (("gardening", "园艺", 1.0),), ("binding", _BINDING), None, (("A Balcony in Bloom", "开花的阳台"), ("Worms Are Working", "蚯蚓在上班"), ("The Lazy Gardener", "懒园丁"), ("Forty Herbs", "四十种香草"), ("Roses Without Tears", "种玫瑰不流泪"), ("The Winter Garden", "冬日花园"), ("What Bees Want", "蜜蜂想要什么"), ("Pruning, Gently", "温柔修剪"))),
    Kind("picture-book", "Books", "picture book", "绘本", 14, ("plush", "puzzle"), "Thick pages, few words, read it again.", "厚页少字，再读一遍。", "subject", (("children's", "儿童", 1.0),), ("binding", _BINDING), None, (("The Bear Who Missed the Bus", "错过公交车的熊"), ("Where Does the Moon Go?", "月亮去哪儿了"), ("Otter's Very Wet Day", "小水獭湿透的一天"), ("Ten Sleepy Snails", "十只瞌睡的蜗牛"), ("My Grandfather's Hat", "爷爷的帽子"), ("The Loudest Mouse", "最吵的老鼠"), ("A Kite for Lin", "小林的风筝"), ("Goodnight, Bicycle", "晚安，自行车"), ("The Whale in the Pond", "池塘里的鲸"))),
    Kind("travel-book", "Books", "travel book", "旅行书", 18, ("backpack", "flask"), "Walks, trains and places to sit down, with maps.", "步道、火车和可以坐下的地方，附地图。", "subject", (("travel", "旅行", 1.0),), ("binding", _BINDING), None, (("Slow Trains North", "北上慢车"), ("Thirty Walks and a Café", "三十条步道和一间咖啡馆"), ("Islands You Can Reach", "到得了的小岛"), ("The Pilgrim's Shortcut", "朝圣者的近路"), ("Bridges of the Old Town", "老城的桥"), ("Sleeping Under Canvas", "帆布下过夜"), ("The Night Market Guide", "夜市指南"), ("Over the Low Pass", "翻过矮山口"))),
)  # fmt: skip

BY_KEY = {kind.key: kind for kind in KINDS}

WORDING = {
    "coffee-beans": ("{facet} {noun}, {collection} roast", "{facet}{noun}·{collection}烘焙"),
    "dog-food": ("{facet} {noun}, {collection} recipe", "{facet}{noun}·{collection}配方"),
    "cat-food": ("{facet} {noun}, {collection} recipe", "{facet}{noun}·{collection}配方"),
    "seeds": ("{facet} {noun}, {collection} mix", "{facet}{noun}·{collection}组合"),
}
"""How a title is put together where it isn't the collection's name first."""

NAMES = {
    "collection": "系列", "colour": "颜色", "material": "材质", "sort": "种类", "scent": "香味", "weave": "织法", "finish": "工艺", "ruling": "内页",
    "animal": "动物", "pieces": "片数", "subject": "题材", "size": "尺寸", "weight": "重量", "set": "数量", "format": "开本", "binding": "装帧",
}  # fmt: skip
"""What attributes and options are called, in Chinese."""
