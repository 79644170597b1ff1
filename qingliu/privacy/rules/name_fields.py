"""What the value of a name column names: a person, a sole trader, a firm, a farm, an agency, or somebody already masked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import HAN, fold_name, pattern
from qingliu.privacy.rules.name_model import tables, whole_odds
from qingliu.privacy.rules.personal_names import best_name, is_transcribed, likeness, surname_length


class NameKind(StrEnum):
    """What a name names."""

    EMPTY = "empty"
    PERSON = "person"
    SOLE = "sole"
    COMPANY = "company"
    FARM = "farm"
    AGENCY = "agency"
    MASKED = "masked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NameVerdict:
    """What a name names, where persons' names stand in it, and why.

    ``people`` are persons named as such and are masked; ``named_after`` are persons whose name a farm, shop or building
    site bears: found and told, masked only by an explicit rule, since a firm keeps its name.
    """

    kind: NameKind
    confidence: float
    reason: Text
    people: tuple[tuple[int, int], ...] = ()
    named_after: tuple[tuple[int, int], ...] = ()


SURE = 0.6
_UNLIKELY = 0.45  # of what is likelier a word
_LEAST_ODDS = {2: -8, 3: -20, 4: -20}  # by length, in the unit of ``name_model``: less is a word
_SURE_ODDS = 30
_PLACE_ENDS = frozenset("溪河港橋宮廟寺厝坑圳埔灣寮崙埤")  # where a cell ends so, it must look like a name the more
_PLACE_ODDS = 50
_ADDRESSED = frozenset(
    (
        "先生",
        "小姐",
        "太太",
        "女士",
        "老闆",
        "老板",
        "伯伯",
        "叔叔",
        "阿姨",
        "媽媽",
        "爸爸",
        "奶奶",
        "大哥",
        "大姐",
        "老師",
        "醫師",
    )
)
_LATIN_THINGS = (
    r"(?i)(?:^|[^a-z])(?:air|water|ocean|river|lake|sea|sky|sun|blue|green|red|white|black|golden|north|south|east|west|"
    r"northern|southern|eastern|western|central|great|new|grand|royal|global|world|asia|asian|pacific|formosa|china|japan|"
    r"station|site|plant|mill|port|harbou?r|airport|park|road|street|bridge|city|county|district|village|island|mountain|"
    r"energy|power|electric|solar|steel|cement|plastics?|paper|chemicals?|petrochemicals?|oil|gas|fuel|metal|semiconductor|"
    r"electronics?|precision|machinery|motors?|textiles?|foods?|bio|biotech|pharma|medical|logistics|shipping|airlines?|"
    r"quality|index|standard|meter|sensor|monitor|monitoring|sampler|analy[sz]er|level|rate|value|mean|average|total|data|"
    r"name|unknown|none|null|test|sample|type|unit|code|note|remarks?|waste|sludge|acid|oxide|dioxide|monoxide|chloride|"
    r"nitrate|sulfate|carbon|nitrogen|sulfur|ozone|mercury|lead|copper|zinc|and|of|the|for|with|by)(?:$|[^a-z])"
)
_MASKS = "○〇◯●OＯ*＊□"
_FARM = (
    r"(?:畜牧場|農牧場|牧場|農場|畜殖場|種畜場|種豬場|養[豬雞鴨鵝牛羊魚蝦鹿]場|[豬雞鴨鵝牛羊]場|養殖場|孵化場|"
    r"飼養場|養[豬雞鴨鵝牛羊魚]戶|農園|果園|茶園|菜園|蘭園|苗圃)"
)
_AGENCY = (
    r"(?:政府|公所|議會|代表會|衛生所|戶政事務所|地政事務所|稅捐稽徵處|警察局|消防局|環境保護局|環保局|"
    r"環境保護署|工務局|清潔隊|"
    r"國防部|經濟部|交通部|內政部|教育部|財政部|法務部|農業部|環境部|外交部|行政院|立法院|司法院|監獄|看守所|"
    r"戒治所|指揮部|營區|部隊|"
    r"管理局|管理處|水利署|公路局|林務局|水資源局|養護工程|工程處|水利局|地方法院|檢察署|分署|"
    r"局第.{1,4}[課科隊處]|國軍|陸軍|海軍|空軍|憲兵|後備|軍團|聯隊)"
)
_FIRM = (
    r"(?:公司|企業|商行|商號|行號|商店|工業|實業|興業|工程|營造|建設|工廠|工場|農產|車行|油行|桶行|糧行|藥局|"
    r"診所|醫院|療養院|護理之家|學校|大學|學院|"
    r"國小|國中|國民小學|國民中學|高中|高職|高級中學|小學|中學|幼兒園|幼稚園|補習班|協會|學會|公會|工會|農會|"
    r"漁會|教會|委員會|基金會|合作社|促進會|"
    r"管委會|發展會|加油站|加氣站|服務站|服務區|收費站|轉運站|檢驗站|中心|大樓|大廈|社區|華廈|名廈|廣場|飯店|"
    r"旅館|酒店|旅社|民宿|會館|餐廳|餐館|食堂|"
    r"小吃|飲食店|便當|麵店|早餐|咖啡|工作室|事務所|銀行|實驗室|市場|超市|公園|園區|園藝|遊樂|樂園|別墅|莊園|"
    r"山莊|俱樂部|球場|球館|健身|洗衣|洗車|修車|汽車|機車|輪胎|"
    r"修理|保養|印刷|染整|電鍍|五金|鐵工|鋼鐵|木業|食品|科技|電子|化工|化學|塑膠|紡織|環保|清潔|資源|回收|"
    r"砂石|建材|貨運|交通|運輸|通運|客運|水泥|"
    r"屠宰場|焚化|掩埋場|垃圾|污水|廢水|下水道|淨水場|給水廠|自來水|電廠|發電|變電|電力|電信|宿舍|住宅|新建|"
    r"拆除|集團|國際|股份|有限|集合|停車場|殯儀館|"
    r"財團法人|社團法人|公業|醫療|動物園|植物園|開發|游泳池|渡假|度假|國宅|沖印|攝影|照相|事業|溫泉|商旅|形象|"
    r"廣告|造園|景觀|雞肉飯|烤鴨|病媒|"
    r"圖書館|博物館|紀念館|禮堂|文化|出版|藝術|美術|廟宇|佛堂|精舍|道場|禪寺|慈惠堂|天后宮|聖母|安養|養護|"
    r"之家|會社|農畜|畜產|水產|倉庫|物流|港務|航空|漁港)"
)
_FIRM_END = (
    r"[行社號店廠院寺宮廟祠堂殿苑樓廈堡館庭會部局處所署站坊屋舖鋪吧軒居閣舘案廳校班團組課科室業邸苑村]$|(?:廠|"
    r"店|場|館|站|部|棟|期|區|段|標)\)?$|第?[一二三四五六七八九十\d]+(?:場|廠|店|期|站|號)\)?$"
)
_SHOP_ENDS = frozenset("案行社號店廠院寺宮廟祠會部局處所署站坊館舘校場廳課室業屋")
_SUBSTANCES = frozenset("酸酮醇烷烯烴炔苯酚醚胺腈醛酯磷砷氯溴氟氮汞鉛鎘溝圳油湯汁飯粥餅")  # no name ends so
_LATIN_FIRM = (
    r"(?i)(?:^|[^a-z])(?:co|ltd|inc|corp|company|corporation|limited|llc|gmbh|plc|bank|group|hotel|school|university|"
    r"restaurant|factory|farm|hospital|clinic|center|centre|shop|store|studio|club|cafe|industries|industrial|"
    r"international|"
    r"technology|technologies|enterprise|enterprises|trading|systems|branch|taiwan|s\.a|ag|b\.v|kk|pte|pty|"
    r"bhd)(?:$|[^a-z])"
)
# no 即 (a sole trader's), no 人, 者, 主 (roles), no 〇 (masked): what classify_name would look for
_SILENT = r"[\x{4E00}-\x{4E3A}\x{4E3C}-\x{4EB9}\x{4EBB}-\x{5372}\x{5374}-\x{8004}\x{8006}-\x{9FFF}]"
_PLAIN_FIRM = rf"^{_SILENT}+{_FIRM}{_SILENT}*$"
_LATIN = r"^[\p{Latin}][\p{Latin}'’.\-]*(?:,? +[\p{Latin}][\p{Latin}'’.\-]*){1,6}$"
_DOTTED = rf"^[{HAN}]{{1,7}}(?:‧[{HAN}\p{{Latin}}]{{2,7}}){{1,3}}$"
_ID = r"[A-Z][A-D1289]\d{8}"
_TITLE = (
    r"(?:先生|女士|小姐|太太|君|氏|老師|醫師|律師|會計師|技師|建築師|董事長|總經理|經理|廠長|場長|主任|負責人|"
    r"代表人|男|女)"
)
_BEFORE = (
    r"^(?:違規人|行為人|受處分人|負責人|代表人|管理人|所有人|所有權人|地主|屋主|駕駛人|車主|司機|陳情人|"
    r"檢舉人|申請人|姓名|自然人|雇主|業者|起造人|飼養人|集運者|集運業者|集運業|集運人|集業者|"
    rf"董事長|總經理|廠長|場長|[{HAN}]{{1,6}}[人者員])[ ]?[:\-為]?"
)
_AFTER = (
    rf"(?:[ \-]*[(\[]?(?:{_TITLE}|身分證[^)]*)?[:]?(?:{_ID})?[)\]]?|等[\d一二三四五六七八九十]+[人名位]|"
    r"[(](?:已)?(?:歿|亡|死亡|改名|違章)[)]|-集運業者|[(]?(?:[原現前]?負責人|共有|所有)[)]?)$"
)
_ROLE_IN = (
    r"(?:負責人|代表人|法定代理人|行為人|違規人|管理人|實際負責人|經營者|所有人|起造人|集運者|業主|聯絡人|"
    rf"登記人)[:\-為 ]*(?P<who>[{HAN}]{{2,5}})"
)
_PARENTHESIS = r"[^(\[][(\[](?P<who>[^()\[\]]{2,40})[)\]](?:$|[(\[\-、, ])"
_AT_END = rf"[-(](?P<who>[{HAN}]{{3,4}})\)?$"
_TRADE = r"\([^()]{1,6}業\)$"
_ALSO_WORDS = frozenset(
    "高黃白方石馬江田連古康溫湯程游簡童夏藍柳"
)  # surnames that begin two-character words and shop names
_ALIAS = r"^(?P<left>[^()]+?)[ ]*[(\[,]?(?:亦?即)(?:為|是)?(?P<right>[^()]*[^()\])])[)\]]?$"
_SITE = (
    rf"[-－(](?P<who>[{HAN}]{{2,4}}?)(?:等\d+[人戶名])?(?:先生|君|女士)?(?:自用|農舍|住宅|店舖|透天|房屋|"
    r"集合住宅|廠房|畜舍|護理之家|新建|拆除|增建|修建|整地|自建)"
)
_PARTS = r"[、,;/&+\n]| 及 |[及與暨]| {2,}"

_REASONS = {
    NameKind.PERSON: Text("整格是自然人的姓名", "The whole cell is a natural person's name"),
    NameKind.SOLE: Text("姓名之外並有商號（獨資）", "A person's name together with the firm's (sole trader)"),
    NameKind.COMPANY: Text("是公司、商號、團體或場所的名稱", "The name of a firm, shop, association or site"),
    NameKind.FARM: Text("是牧場或農場的名稱", "The name of a farm"),
    NameKind.AGENCY: Text("是機關的名稱", "The name of an agency"),
    NameKind.MASKED: Text("姓名已遮蔽", "The name is masked already"),
    NameKind.UNKNOWN: Text("看不出是人還是商號", "Neither clearly a person nor a firm"),
    NameKind.EMPTY: Text("沒有內容", "Nothing is written"),
}


def _verdict(kind: NameKind, confidence: float = 0.9, **places: tuple[tuple[int, int], ...]) -> NameVerdict:
    return NameVerdict(kind, round(confidence, 2), _REASONS[kind], **places)


def organisation_kind(name: str) -> NameKind | None:
    """FARM, AGENCY or COMPANY when ``name`` (folded) says so itself; None when it does not."""
    if len(name) <= 3 and likeness(name) >= 0.66 and name[-1:] not in _SHOP_ENDS:
        return None  # 陳文標, 李軒 end like blocks and villas and are people
    likely = len(name) <= 4 and (whole_odds(name) or 0) >= _PLACE_ODDS
    if likely and name[-1:] not in _SHOP_ENDS | _PLACE_ENDS and not pattern(_FIRM).search(name):
        return None
    if pattern(_FARM + r"(?:[^路街公]{0,6}|\(.*)$").search(name) and not pattern(r"公司|工程").search(name):
        return NameKind.FARM
    if pattern(_AGENCY).search(name) and not pattern(r"公司|企業|商行").search(name):
        return NameKind.AGENCY
    if pattern(_FIRM).search(name) or pattern(_FIRM_END).search(name) or pattern(_LATIN_FIRM).search(name):
        return NameKind.COMPANY
    return None


def person_likeness(name: str) -> float:
    """From 0 to 1, how much ``name`` (folded, without title) looks like one person's name of any origin."""
    if name.isascii() or pattern(r"^[\p{Latin}]").search(name):
        latin = (
            pattern(_LATIN).search(name)
            and not pattern(_LATIN_FIRM).search(name)
            and not pattern(_LATIN_THINGS).search(name)
        )
        return 0.8 if latin else 0.0
    if pattern(_DOTTED).search(name):
        return 0.9
    mixed = pattern(rf"^([{HAN}‧]+)[ (]+([\p{{Latin}}][\p{{Latin}} '’.\-]*)\)?$").search(name)
    if mixed:
        return max(person_likeness(mixed[1]), 0.7 if is_transcribed(mixed[1].replace("‧", "")) else 0.0)
    if " " in name and len(name) <= 6 and pattern(rf"^[{HAN} ]+$").search(name):
        return likeness(name.replace(" ", ""))  # 王　明
    found = likeness(name) if name[-1:] not in _SUBSTANCES else 0.0
    return max(found, 0.65) if found < SURE and is_transcribed(name) else found


def _ends_before(name: str) -> bool:
    """Whether the last character is a form of address: in 張宜君君 and 張宜平君, not in 張宜君, 歐陽宜君 and 陳張宜君."""
    return len(name) >= 4 and likeness(name) < 0.7


def _bare(value: str) -> tuple[int, int]:
    """Where the name proper stands in ``value``: without a word before it, a title, a number after it."""
    start = found.end() if (found := pattern(_BEFORE).search(value)) and found.end() < len(value) else 0
    end = found.start() if (found := pattern(_TRADE).search(value)) else len(value)  # 某某某(畜牧業)
    for _ in range(4):  # 先生(A…)等3人
        found = pattern(_AFTER).search(value[start:end])
        if not found or found.start() == 0 or not found.group():
            break
        cut = start + found.start()
        if found.group() in {"君", "氏", "男", "女"} and not _ends_before(value[start:end]):
            break
        end = cut
    end = start + len(value[start:end].rstrip(" "))
    return start, end


def _whole(name: str) -> float:
    """As ``person_likeness``, where the cell holds nothing else: three characters (or two) behind a usual surname do."""
    score = person_likeness(name)
    odds = whole_odds(name)
    if odds is None:
        return min(score, _UNLIKELY) if name in tables().word else score
    least = _PLACE_ODDS if name[-1] in _PLACE_ENDS and len(name) > 2 else _LEAST_ODDS[len(name)]
    if odds < least or name[1:] in _ADDRESSED:
        return min(score, _UNLIKELY)
    named = odds >= _SURE_ODDS and name[-1] not in _SUBSTANCES
    enough = len(name) == 3 or (len(name) == 2 and name[0] not in _ALSO_WORDS)
    return max(score, SURE) if named or (score >= 0.5 and enough) else score


def _person(value: str, offset: int) -> tuple[float, tuple[int, int]]:
    lead = len(value) - len(value.lstrip())
    start, end = _bare(value.strip())
    return _whole(value.strip()[start:end]), (offset + lead + start, offset + lead + end)


def _pieces(value: str) -> list[tuple[int, str]]:
    found, last = [], 0
    for mark in pattern(_PARTS).finditer(value):
        found.append((last, value[last : mark.start()]))
        last = mark.end()
    return [(at, piece) for at, piece in (*found, (last, value[last:])) if piece.strip()]


def _sole(value: str) -> NameVerdict | None:
    found = pattern(_ALIAS).search(value)
    if found is None:
        return None
    sides = [(found.start(1), found[1].strip()), (found.start(2), found[2].strip())]
    for (at, side), (_, other) in (sides, sides[::-1]):
        score, place = _person(side, at)
        least = 0.25 if organisation_kind(other) else 0.5  # 某某某即某商行 says itself that it is a person
        if score >= least and organisation_kind(side) is None and len(other) > 1:
            named = _named_after(other, sides[1][0] if at == sides[0][0] else sides[0][0])
            same = tuple(p for p in named if value[p[0] : p[1]] == value[place[0] : place[1]])
            return _verdict(NameKind.SOLE, max(score, 0.8), people=(place,), named_after=same or named)
    return None


def _named_after(value: str, offset: int = 0) -> tuple[tuple[int, int], ...]:
    """The person whose name a farm or shop bears: 李某某畜牧場."""
    found = pattern(
        rf"^(?P<who>[{HAN}]{{2,4}}?)(?:{_FARM}|診所|牙醫診所|中醫診所|事務所|律師|建築師|醫院|農舍)"
    ).search(value)
    if found and likeness(found["who"]) >= (0.75 if len(found["who"]) == 3 else 0.9):
        return ((offset + found.start(1), offset + found.end(1)),)
    return tuple(
        (offset + m.start(1), offset + m.end(1))
        for m in pattern(_SITE).finditer(value)
        if len(m["who"]) == 3 and likeness(m["who"]) >= 0.75
    )


def _at_end(value: str) -> tuple[tuple[int, int], ...]:
    """The person after a dash or in brackets at the end: 某段某地號非法棄置案-某某某."""
    found = pattern(_AT_END).search(value)
    sure = found is not None and likeness(found["who"]) >= 0.75 and organisation_kind(found["who"]) is None
    return ((found.start(1), found.end(1)),) if found and sure else ()


def _at_head(value: str) -> tuple[tuple[int, int], ...]:
    """The person before a shop in brackets, or behind a shop and a dash: 某某某(某商店), 某工程行-某某某."""
    before = pattern(rf"^(?P<who>[{HAN}]{{3,4}})[(](?P<firm>[^()]{{3,}})[)]$").search(value)
    behind = pattern(rf"^(?P<firm>[{HAN}]{{3,}})-(?P<who>[{HAN}]{{3,4}})$").search(value)
    for found in (before, behind):
        if found and organisation_kind(found["who"]) is None and likeness(found["who"]) >= SURE:
            kind = organisation_kind(found["firm"])
            if kind in {NameKind.COMPANY, NameKind.FARM} and value.find("公司") < 0:
                at = value.index(found["who"])
                return ((at, at + len(found["who"])),)
    return ()


def _organisation(value: str, kind: NameKind) -> NameVerdict:
    people: list[tuple[int, int]] = []
    for m in pattern(_ROLE_IN).finditer(value):
        end, score = best_name(value, m.start(1), "等君先女")
        if m.end(1) - m.start(1) <= 4 and value[m.end(1) : m.end(1) + 1] in {"", ")", "]", ",", ";", "、"}:
            named = surname_length(m["who"]) > 0 and organisation_kind(m["who"]) is None
            end, score = (m.end(1), max(score, SURE)) if named else (end, score)  # the sign tells where the name ends
        if score >= 0.5:
            people.append((m.start(1), end))
    for m in pattern(_PARENTHESIS).finditer(value):
        for at, piece in _pieces(m["who"]):
            score, place = _person(piece, m.start(1) + at)
            if score >= SURE and organisation_kind(piece) is None and place not in people:
                people.append(place)
    for more in (_at_end, _at_head):
        people += [p for p in more(value) if not any(s < p[1] and p[0] < e for s, e in people)]
    if people and kind is not NameKind.AGENCY and "公司" not in value:
        kind = NameKind.SOLE
    return _verdict(kind, 0.95, people=tuple(people), named_after=_named_after(value))


def plainly_a_firm(value: str) -> bool:
    """Whether a name is a company's at first sight and names nobody: 某某股份有限公司, with no role, bracket, sign or figure."""
    return len(value) > 3 and pattern(_PLAIN_FIRM).found(value)


def _masked_trader(text: str) -> bool:
    """Whether a masked name stands with a firm's: the same cell before it was masked was a sole trader's, and stays one."""
    return organisation_kind(text) in {NameKind.COMPANY, NameKind.FARM} or bool(pattern(_ALIAS).search(text))


def _masked_until(text: str) -> int | None:
    """Where the masked name that ``text`` begins with ends, a word such as 負責人 before it or not; None where none does.

    Two characters before the mask are a name's only behind a surname: 王小○ and 歐陽○明, not a building site's 鄉林○悅.
    """
    before = pattern(_BEFORE).search(text)
    for start in (0, before.end()) if before else (0,):
        name = text[start:].lstrip()
        found = pattern(rf"^(?P<open>[{HAN}]{{1,2}})[{_MASKS}]+[{HAN}]{{0,2}}(?:$|[(即君先女等])").search(name)
        farm = found and found.end() == len(name) and pattern(_FARM + "$").found(name)  # 林○農園
        if found and not farm and (len(found["open"]) == 1 or surname_length(name)):
            return len(text) - len(name) + found.end()
    return None


@lru_cache(maxsize=131072)
def classify_name(value: str) -> NameVerdict:
    """What ``value``, a cell of a name column, names; offsets are those of ``value`` as given."""
    text = fold_name(value)
    if not text.strip(" -‧."):
        return _verdict(NameKind.EMPTY, 1.0)
    if (end := _masked_until(text)) is not None:
        trader = end < len(text) and _masked_trader(text)
        return _verdict(NameKind.SOLE if trader else NameKind.MASKED, 0.95)
    if sole := _sole(text):
        return sole
    kind = organisation_kind(text)
    if kind is not None:
        return _organisation(text, kind)
    pieces = [(0, text)] if pattern(_LATIN).search(text.strip()) else _pieces(text)
    found = [_person(piece, at) for at, piece in pieces]
    people = tuple(place for score, place in found if score >= SURE)
    if people and len(people) == len(found):
        return _verdict(NameKind.PERSON, min(s for s, _ in found), people=people)
    if people:
        return _verdict(NameKind.PERSON, 0.6, people=people)
    if beside := _at_end(text):
        return _verdict(NameKind.SOLE, 0.7, people=beside)
    return _verdict(NameKind.UNKNOWN, 0.5)
