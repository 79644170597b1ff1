"""Names of persons told by what stands on both sides: a word for a person, or a word that leads to one, and one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import HAN, is_han, pattern
from qingliu.privacy.rules.name_fields import organisation_kind
from qingliu.privacy.rules.name_model import both_ways, name_cost, odds_within
from qingliu.privacy.rules.personal_names import characters

# Words for people end alike whatever they are: 土地使用人, 稽查員, 受託者, 養豬戶, 車主, 環保技師, 鄰長, 租客, 農民
_PEOPLE = (
    r"[人者戶主師]|[查術測檢驗理作樣職警議店隊社成官專委動病學船會務責駛裝]員|人員|[員勞技移監職漁農清臨]工|[之其兒妻父長次孫獨養]子|"
    r"[之其長次子孫養]女|[里村鄰廠場組課股隊所部局校會董船店家班社站店處科市鄉鎮縣院]長|[股房屋]東|[租房乘顧旅訪]客|[攤廠業包承]商|"
    r"[農居里市村漁住鄉]民|[網老男女室朋會社好]友|[其之父祖伯叔嬸姨][父母夫妻]|[胞其之堂表大小][兄弟姐姊妹]|配偶|眷屬|家屬|"
    r"被告|原告|鄰居|同居|監工|董事|監察|會計|助理|老闆|老板|主管|秘書|書記|幹事|領班|主任|經理|代表|保全|警衛|守衛|看護|"
    r"戶名|姓名|本名|簽|具名|署名|員警|學生|雇工"
)
_LINKS = r"(?:[:\s\-(（「『【]|姓名|為|係|是|即|、){0,3}"
# Words that lead to whoever is meant
_LEADS = (
    r"由|據|按|依|命|令|對|係|與|和|及|遭|受|被|向|給|為|是|認|請|查|緣|以|將|予|使|同|洽|找|因|即|即為|至|替|幫|"
    r"通知|裁處|處分|移送|函送|告發|檢舉|舉發|投訴|撤銷|訪談|詢問|會同|送達|寄送|約談|查獲|發現|委託|委由|僱用|雇用|"
    r"本人|聯絡|聯繫|拜訪|傳喚|勸導|告知|函請|責令|指使|感謝|登記|名下|電洽|補助|獎勵|表揚|雇於|僱於|[,。;:、「(（『]"
)
_GOES_ON = (
    r"表示|陳述|陳稱|指稱|指出|聲稱|坦承|坦言|承認|否認|自承|自行|自述|主張|認為|反映|說明|證稱|供稱|辯稱|拒絕|"
    r"保證|切結|簽名|親|代|簽收|簽章|收受|到場|在場|不在|未|已|並|均|皆|共|仍|曾|不|無|有|因|應|得|於|在|至|"
    r"以|將|把|與|和|及|暨|或|同|等|之|的|所|為|係|是|向|對|從|自|由|稱|說|稱|持|駕|騎|開|載|叫|要|欲|擬|請|來電|來函|來信|"
    r"來局|逾期|擅自|違規|違反|違法|非法|私自|隨意|任意|獨資|出資|經營|從事|從|擔任|任職|兼任|代表|代理|委託|授權|申請|"
    r"申報|申訴|陳情|檢舉|投訴|提|設|使用|利用|燃|焚|傾|倒|棄|堆|排|挖|填|採|占|佔|飼|養|種|噴|載|運|清|處|購|買|賣|租|"
    r"借|住|居|戶|身分|名義|名下|帳戶|逃|離|前往|前|後|另|亦|則|即|所有|正|正在|先生|女士|小姐|君|阿|大哥|限期|新|罰|一|"
    r"二|兩|三|四|五|現|尚|逕|發|丟|帶|拿|抽|拆|砍|偷|亂|涉|參|協|辦|領|繳|付|交|送|寄|接|收|取|出|進|到|去|回|還|只|才|又|再|就|卻|"
    r"可|能|會|願|每|常|經常|本人|其|全|(?:技士|股長|科長|里長|阿姨|伯伯|老師|醫師)|\d|[^\p{Han}]|$"
)
STRONG_LEAD = rf"(?:{_PEOPLE}){_LINKS}$"
_CLAUSE = r"(?:^|[,。;:!?！？、「『(（\s])$"
_FIRM_FOLLOWS = (
    rf"^(?:[{HAN}]{{0,3}}(?:[畜養飼].?[牧殖養豬雞鴨鵝牛羊魚].?[場園]|畜牧場|牧場|農場|公司|有限|股份|企業|商行|工業|實業|營造|建設|"
    rf"開發|工程|工廠|診所|醫院|事務所|行號|國小|國中|社區|大樓|標準|管制|辦法|準則)|"
    rf"[{HAN}][路街里村橋宮廟寺祠溪圳溝港段山站號區鄉鎮市縣廠店])"
)
_FIRMS_NAME = (
    rf"^[{HAN}]{{0,12}}(?:公司|股份|基金會|診所|醫院|旅館|民宿|大學|科技|工業|食品|貿易|運輸|生物|生技|化學|回收廠|洗染|印刷|"
    rf"[外內牙兒產骨眼]科|牙醫|紀念|祭祀公業|[{HAN}]廠(?:$|[^{HAN}]))"
)
_NEVER = frozenset(
    "機車場廠站路街段區鄉鎮市縣村鄰里號項款條件局處署所會院校隊組科課股層樓室棟園溝圳坑酸酮醇烷烯苯氯氰酚醚胺磷鹽油"
    "團泥灰渣煙塵臭味氣液管桶槽池罐袋箱板料物量值度率法令規則證照書函表冊帳單票款費稅額時期限週"
    "爐窯泵閥閘渠壩堤岸坡穴碼線網孔縫污染廢噪濁髒裁罰鍰"
)

_DOES_MORE = r"於|在|來電|表示|因|未|已|將|與|稱|並|駕|申請|擔任|所有|先生|女士|君"
_FORMS = ("先生", "女士", "小姐", "太太")
_FIGURES = frozenset("一二三四五六七八九十○〇零百")
_OF_ROAD = r"[路街道][0-9０-９一二三四五六七八九十]{1,3}$"  # before a road's section: 中港路三段
# Between a place and a house number stand hamlets and lanes: 新港鄉蔡公厝25號
_APART = r"，。；：:;（）()\s"
_AFTER_PLACE = rf"[縣市鄉鎮區里村路段街坪頂][^{_APART}、,]{{0,4}}$"
_DIGIT = "0-9０-９一二三四五六七八九十百○〇"
_TO_NUMBER = rf"^[^{_APART}]{{0,3}}[{_DIGIT}]{{1,4}}(?:[之、,巷弄鄰號{_DIGIT}]|地號|$)"
_GO_ON = frozenset("未已等及與或將並且於因設應請是說稱曾擅駕違")  # what comes after a name rather than ends it
_PLACES = frozenset("溪河港橋宮廟寺山湖灣角崙埔品")  # ends of names, and of places as often
_BUILT = r"^(?:等.{1,4}[人戶])?(?:、.{3})?(?:住宅|店舖|店鋪|農舍|廠房|自用|透天|集合住宅|.?新建|拆除|增建|畜牧設施|自建|公寓)"

# What the words around add to the odds of a name (in the unit of ``name_model``), and what a name must come to at least
_AFTER_PERSON, _AFTER_LEAD, _AT_CLAUSE, _ANYWHERE, _STOPS, _RUNS_ON = 35, 10, -10, -20, 8, -20
_LEAST, _PLACE_END, _ALONE, _SWALLOWS, _TWO = 20, -60, -40, -40, -20
_WORDS, _WORDS_OF_TWO = -25, -10  # below these a name is words whatever stands before it
_DEAR = 260  # what costs more as a name is none

_LED = Text("字與詞的機率像姓名，前後文也指人", "More likely a name than words, between words that speak of a person")

Found = tuple[int, int, float, Text]


@cache
def led_anchor() -> str:
    """Where this stands nowhere, no rule here finds a name."""
    return rf"[{characters().surnames}][{HAN}]{{2}}"


@lru_cache(maxsize=64)
def _runs(text: str) -> tuple[tuple[int, int], ...]:
    """For each character of ``text`` the run of Han characters that it stands in; an empty one for others."""
    found: list[tuple[int, int]] = []
    for han, group in groupby(text, is_han):
        low, size = len(found), len(list(group))
        found += [(low, low + size) if han else (low, low)] * size
    return tuple(found)


@lru_cache(maxsize=1024)
def _paths(part: str) -> tuple[list[int], list[int]]:
    return both_ways(part)


def _before(text: str, start: int, listed: bool) -> int:
    """What the words before add: less where nothing speaks for a person."""
    before = text[max(0, start - 9) : start]
    if listed or pattern(STRONG_LEAD).search(before):
        return _AFTER_PERSON
    if pattern(_CLAUSE).search(before):
        return _AT_CLAUSE
    return _AFTER_LEAD if pattern(rf"(?:{_LEADS})$").search(before) else _ANYWHERE


def _never(name: str, strong: bool) -> bool:
    """Whether characters that no given name has, or a form of address, stand in it."""
    given = name[1:]
    if set(given) & _NEVER or name[-2:] in _FORMS or given in {"君", "○"} or given in _FORMS:
        return True
    return (name[0] == "段" and name[1] in _FIGURES) or (not strong and bool(set(given) & _FIGURES))


def likelier_words(text: str, start: int, end: int) -> bool:
    """Whether ``start`` to ``end``, which another rule takes for a name, is plainly made of words: 業者簡易設備."""
    if not 2 <= end - start <= 4 or not all(map(is_han, text[start:end])):
        return False
    low, high = _runs(text)[start]
    part = text[low:high]
    odds = odds_within(part, start - low, end - low, *_paths(part)) if end <= high else None
    return odds is not None and odds < (_WORDS_OF_TWO if end - start == 2 else _WORDS)


def _person_at(text: str, start: int, listed: bool) -> tuple[int, float]:
    """Where the name that begins at ``start`` ends, and by how much it is likelier than words."""
    low, high = _runs(text)[start]
    likely = [n for n in (2, 3, 4) if start + n <= high and (name_cost(text[start : start + n]) or _DEAR) < _DEAR]
    if not likely:
        return start, 0.0
    part = text[low:high]
    odds = {n: odds_within(part, start - low, start + n - low, *_paths(part)) or 0 for n in likely}
    if max(odds.values()) + _AFTER_PERSON + _STOPS < _LEAST:
        return start, 0.0
    around = _before(text, start, listed)
    best, taken, strong = 0.0, start, around == _AFTER_PERSON
    for length in likely:
        end = start + length
        if odds[length] + around + _STOPS < _LEAST:
            continue
        name, rest = text[start:end], text[end : end + 8]
        if _never(name, strong) or (name[1] == "君" and pattern(rf"^(?:{_GOES_ON})").search(name[2:] + rest)):
            continue
        if length == 2 and not strong:
            continue
        stops = pattern(rf"^(?:{_GOES_ON})").search(rest)
        total = odds[length] + around + (_STOPS if stops else _RUNS_ON)
        total += _PLACE_END if not strong and name[-1] in _PLACES else 0
        total += (_SWALLOWS if name[-1] in _GO_ON else 0) + (_TWO if length == 2 else 0)
        total += _ALONE if around == _ANYWHERE and not stops else 0
        if total < _LEAST or total <= best or pattern(_BUILT).search(rest):
            continue
        if pattern(_FIRM_FOLLOWS).search(name[-1] + rest) or (not strong and organisation_kind(name) is not None):
            continue
        if not strong and around != _AFTER_LEAD and pattern(_FIRMS_NAME).search(text[end - 1 : end + 14]):
            continue
        best, taken = total, end
    return taken, best


def _in_address(text: str, start: int, end: int) -> bool:
    """Whether what looks like a name lies between a place's name and a house number."""
    after = text[end : end + 12]
    return bool(pattern(_AFTER_PLACE).search(text[max(0, start - 8) : start]) and pattern(_TO_NUMBER).search(after))


def names_led(text: str) -> Iterator[Found]:
    """Names that are likelier than words, between a word before and a word after that fit a person."""
    surnames, last = characters().starts, -9
    for start, char in enumerate(text):
        if char not in surnames or start < last:
            continue
        if char == "段" and pattern(_OF_ROAD).search(text[max(0, start - 4) : start]):
            continue
        listed = last == start - 1 and text[start - 1] in "、,及與和暨"
        end, total = _person_at(text, start, listed)
        if end > start and not _in_address(text, start, end):
            last = end
            yield start, end, min(0.9, 0.5 + total / 300), _LED


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A dotted name without the word for a person it was read together with, and without what goes on after it."""
    head = text[start:end]
    first = next(i for i, c in enumerate(head) if not is_han(c))
    last = max(i for i, c in enumerate(head) if not is_han(c)) + 1
    lead = pattern(rf"^.*(?:{_PEOPLE})").search(head[: max(0, first - 1)])
    more = pattern(rf"^.{{2,}}?(?:{_DOES_MORE})").search(head[last:])
    cut = pattern(rf"(?:{_DOES_MORE})$").search(more.group()) if more else None
    return start + (lead.end() if lead else 0), start + last + cut.start() if cut else end
