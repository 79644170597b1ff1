"""Invented people, firms and sentences from a seed; the characters here are chosen apart from the recogniser's own lists."""

from __future__ import annotations

import random
from dataclasses import dataclass


def _words(*lines: str) -> list[str]:
    return " ".join(lines).split()


SURNAMES = (
    "陳林黃張李王吳劉蔡楊許鄭謝郭洪曾邱廖賴周徐蘇葉莊呂江何蕭羅高簡朱鍾施游詹"
    "沈彭胡余盧潘顏梁趙柯翁魏方孫戴宋范鄧杜侯傅薛曹溫丁"
    "馬蔣唐藍馮姚石董紀歐程連古姜湯汪白田涂鄒巫尤鐘龔嚴韓黎袁童阮柳邵凃錢倪卓秦康邢殷莫池聶伍孔尹"
)
COMPOUND = ("歐陽", "司馬", "張簡", "范姜", "諸葛", "上官", "司徒", "張廖", "皇甫")
GIVEN = _words(
    "志偉 淑娟 俊宏 麗華 文雄 秀英 建宏 美惠 家榮 雅雯 冠廷 怡萱 承恩 宥翔 品妤 子晴 阿土 金水 招治 月雲",
    "罔市 水木 進財 春花 添丁 清標 明珠 國樑 正義 武雄 信宏 玉梅 素貞 寶珠 榮輝 瑞蓮 振聲 孟儒 佩珊 彥廷",
    "沐恩 苡安 奕辰 芯語 睿恩 柏翰 詩婷 欣怡 育賢 仁傑 德昌 啟文 永福 坤山 錦雲 義雄 良吉 惠珍 鳳嬌 碧霞",
    "萬來 火旺 石頭 竹青 思涵 書豪 威廷 立群 中和 東海 百川 千惠 巧玲 若水 之恆 其昌 以文 亦凡 天送 日新",
)
SINGLE = "明華英強傑文龍芳敏玲琪軒翰婷惠雄勇輝霞菊蓮桃梅蘭"
INDIGENOUS = (
    ("瓦旦", "尤命"),
    ("巴奈", "古穆"),
    ("達悟", "希婻"),
    ("比令", "亞布"),
    ("拉娃", "谷幸"),
    ("伊萬", "納威"),
    ("馬紹", "阿紀"),
    ("撒可努", "亞榮隆"),
    ("夏曼", "藍波安"),
    ("高一生", "矢多"),
    ("莫那", "魯道"),
    ("卑南", "巴原"),
)
TRANSCRIBED = ("希雅婻伊斯坦大", "達利斯瓦歷", "拉瓦古拉斯", "蘇西蘿瓦蒂", "西蒂安娜瑪", "尤哈尼伊斯卡")
FOREIGN = ("阮氏", "黎氏", "武氏", "范氏")
LATIN_FIRST = _words(
    "John Maria Siti Nguyen Anna Michael Dewi Carlos Emi Rosa Peter Linh",
)
LATIN_LAST = _words(
    "Walker Santos Rahayu Kusuma Müller O'Brien Tanaka Lestari Reyes Anh Schmidt Garcia",
)
FIRM_HEADS = _words(
    "大發 永豐 金順 長榮 宏昇 高興 黃金 林記 田園 江山 方正 石頭 溫馨 連發 白雪 康健 古早味 馬上發 許願池",
    "簡單 何氏 楊記 張家 李氏 新泰 佳鑫 萬盛 東昇 鼎泰 源隆 協益 正大 日新 三和 五福 久益 合興 福壽 祥瑞",
    "華美 國欣 展旺 聯昌 信義 忠孝 仁愛 和平 成功 光復 復興",
)
SOLE_TAILS = _words(
    "商行 企業社 工程行 商店 五金行 小吃店 汽車修理廠 洗衣店 建材行 環保企業社 土木包工業 砂石行 印刷廠",
    "便當店 藥局",
)
FARM_TAILS = _words(
    "畜牧場 牧場 農場 養豬場 養雞場 農牧場 畜牧場二場 種豬場",
)
COMPANY_TAILS = _words(
    "股份有限公司 有限公司 實業股份有限公司 工業股份有限公司桃園廠 營造有限公司 科技股份有限公司",
    "化工廠股份有限公司",
)
LATIN_FIRMS = (
    "Formosa Trading Co., Ltd.",
    "Pacific Foods Inc.",
    "Green Valley Farm",
    "ABC International Corp",
    "Sunrise Hotel",
)


@dataclass(frozen=True)
class Person:
    """A cell, the name in it, and how the name is made."""

    cell: str
    name: str
    make: str


def chinese_name(dice: random.Random) -> str:
    """A usual name: one surname, two characters."""
    return dice.choice(SURNAMES) + dice.choice(GIVEN)


def _made(dice: random.Random, make: str) -> Person:
    name = {
        "usual": lambda: chinese_name(dice),
        "two": lambda: dice.choice(SURNAMES) + dice.choice(SINGLE),
        "compound": lambda: dice.choice(COMPOUND) + dice.choice((dice.choice(GIVEN), dice.choice(SINGLE))),
        "indigenous": lambda: dice.choice("‧・·•").join(dice.choice(INDIGENOUS)),
        "transcribed": lambda: dice.choice(TRANSCRIBED),
        "foreign": lambda: dice.choice(FOREIGN) + dice.choice((dice.choice(GIVEN), dice.choice(SINGLE))),
        "married": lambda: dice.choice(SURNAMES[:40]) + chinese_name(dice),
        "latin": lambda: dice.choice(LATIN_FIRST) + " " + dice.choice(LATIN_LAST),
        "sole": lambda: chinese_name(dice),
        "title": lambda: chinese_name(dice),
    }[make]()
    if make == "sole":
        firm = dice.choice(FIRM_HEADS) + dice.choice((*SOLE_TAILS, *FARM_TAILS))
        return Person(dice.choice((f"{name}即{firm}", f"{name}(即{firm})", f"{name}（即{firm}）")), name, make)
    if make == "title":
        return Person(dice.choice((f"{name}先生", f"{name}女士", f"{name}君", f"負責人：{name}")), name, make)
    return Person(name, name, make)


MAKES = (
    ("usual",) * 8
    + ("two",) * 3
    + ("compound",) * 3
    + ("sole",) * 6
    + ("indigenous", "transcribed", "foreign", "married", "latin", "title")
)


def people(seed: int, count: int = 300) -> list[Person]:
    """``count`` invented persons as cells of a name column."""
    dice = random.Random(seed)
    return [_made(dice, dice.choice(MAKES)) for _ in range(count)]


def firms(seed: int, count: int = 300) -> list[str]:
    """``count`` invented shops of sole traders, farms and companies that name nobody as a person."""
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        tails = dice.choice((SOLE_TAILS, SOLE_TAILS, FARM_TAILS, FARM_TAILS, COMPANY_TAILS, COMPANY_TAILS, None))
        made.append(dice.choice(FIRM_HEADS) + dice.choice(tails) if tails else dice.choice(LATIN_FIRMS))
    return made


WITH_PERSON = (
    "本局派員稽查，現場負責人{n}表示設備故障。",
    "查獲司機{n}君駕駛貴公司車輛載運廢棄物。",
    "{n}於上開地點露天燃燒廢棄物，違反空氣污染防制法。",
    "貴公司技術人員{n}君於109年3月5日離職，未於15日內報請備查。",
    "案經會同{n}先生至現場勘查，發現工程已動工。",
    "據行為人{n}坦承傾倒廢土約3立方公尺。",
    "負責人於108年7月18日變更為{n}君，未於30日內辦理變更。",
    "廢水專責人員({n}君)未在場。",
    "陳情人{n}（身分證字號如附件）指稱夜間有噪音。",
    "土地所有人{n}未善盡管理責任，堆置廢棄物。",
    "姓名：{n}，職業：農。",
    "稽查時由{n}女士在場陪同並簽名。",
    "經查{n}在河川區域內棄置土石方。",
    "駕駛人{n}未隨車攜帶遞送聯單。",
)
WITHOUT_PERSON = (
    "貴公司從事金屬表面處理業，未依許可證登載內容操作。",
    "高雄市政府環境保護局於109年5月派員稽查，放流水氫離子濃度指數不符標準。",
    "經查許可證有效期限已屆滿，應於屆滿前六個月申請展延。",
    "{f}從事畜牧業，廢水未經處理逕排田中水溝。",
    "周界測得臭味異常，黃色煙霧逸散至馬路。",
    "違反水污染防治法第18條之1第1項規定，依同法第46條裁處。",
    "方才所述管線於石油化學製程中使用，溫度達攝氏八百度。",
    "負責人應於文到次日起三十日內完成改善。",
    "清除車輛未裝置即時追蹤系統，林口區及金山區路段無軌跡。",
    "廠長室旁之廢水管線破裂，何時修復未定。",
    "楊君表示會儘速改善，陳先生未簽名。",
    "民眾陳情{f}夜間有異味，經查屬實。",
    "程序中添加藥劑，單位排放量高於許可值。",
    "曾於108年遭告發，連續三次未改善。",
)


def sentences(seed: int, count: int = 300) -> list[tuple[str, str]]:
    """Sentences as penalties write them with the name they carry, "" for none; as many with as without."""
    dice = random.Random(seed)
    made = []
    for i in range(count):
        if i % 2:
            name = dice.choice((chinese_name(dice),) * 4 + (dice.choice(COMPOUND) + dice.choice(GIVEN),))
            made.append((dice.choice(WITH_PERSON).format(n=name), name))
        else:
            firm = dice.choice(FIRM_HEADS) + dice.choice((*SOLE_TAILS, *FARM_TAILS))
            made.append((dice.choice(WITHOUT_PERSON).format(f=firm), ""))
    return made
