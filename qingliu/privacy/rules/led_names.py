"""Names of persons told by what stands on both sides: a word for a person, or a word that leads to one, and one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from qingliu.core.dataset import Text
from qingliu.privacy.rules.folding import HAN, is_han, pattern
from qingliu.privacy.rules.name_fields import organisation_kind
from qingliu.privacy.rules.personal_names import characters, likeness

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
_NEVER = frozenset(
    "機車場廠站路街段區鄉鎮市縣村鄰里號項款條件局處署所會院校隊組科課股層樓室棟園溝圳坑酸酮醇烷烯苯氯氰酚醚胺磷鹽油"
    "團泥灰渣煙塵臭味氣液管桶槽池罐袋箱板料物量值度率法令規則證照書函表冊帳單票款費稅額時期限週"
    "爐窯泵閥閘渠壩堤岸坡穴碼線網孔縫污染廢噪濁髒裁罰鍰"
)

_DOES_MORE = r"於|在|來電|表示|因|未|已|將|與|稱|並|駕|申請|擔任|所有|先生|女士|君"
_FORMS = frozenset(("先生", "女士", "小姐", "太太", "君等"))
_LEAST_OF_ALL = 0.28
_FIGURES = frozenset("一二三四五六七八九十○〇零百")
_PLACES = frozenset("溪河港橋宮廟寺山湖灣角崙埔品")  # ends of names, and of places as often
_BUILT = r"^(?:等.{1,4}[人戶])?(?:、.{3})?(?:住宅|店舖|店鋪|農舍|廠房|自用|透天|集合住宅|新建|拆除|增建|畜牧設施|自建)"

_LED = Text("前後文指人的姓名", "A name between words that speak of a person")
_COMPOUND = Text("複姓開頭的姓名", "A name that begins with a compound surname")

Found = tuple[int, int, float, Text]


@cache
def _plain_compounds() -> frozenset[str]:
    """Compound surnames that are not two usual surnames side by side: 歐陽, 司徒; not 張簡, 陳林."""
    known = characters()
    return frozenset(c for c in known.compound if not set(c) <= known.common | known.rare) | {"歐陽", "范姜"}


@cache
def led_anchor() -> str:
    """Where this stands nowhere, no rule here finds a name."""
    surname = f"[{characters().surnames}]"
    return rf"(?:{_PEOPLE}|{_LEADS}|^|[,。;:!?！？、「『(（\s]){_LINKS}{surname}[{HAN}]{{2,3}}(?:{_GOES_ON})"


def _strong(before: str, listed: bool) -> bool:
    return listed or bool(pattern(STRONG_LEAD).search(before))


def _score(name: str, strong: bool) -> float:
    """As ``likeness``; 0 for what names nobody. Beside a word for a person the beginning of a usual word may be a name too."""
    known, sure = characters(), name[:2] in _plain_compounds()
    if len(name) < 3 or set(name[1:]) & _NEVER or name[-2:] in _FORMS or (name[0] == "段" and name[1] in _FIGURES):
        return 0.0
    if not strong and (name[-1] in _PLACES or set(name[1:]) & _FIGURES):
        return 0.0
    if len(name) == 4 and not sure and not (name[0] in known.common and name[1] in known.common):
        return 0.0
    return likeness(name) if strong or (name[:2] not in known.words and name[:3] not in known.words) else 0.0


def _least(before: str, name: str, strong: bool) -> float:
    """How much a name must look like one, by what stands before it; more than 1 where nothing speaks for a person."""
    compound = name[:2] in _plain_compounds()
    usual = compound or name[0] in characters().common
    if strong:
        return (0.45 if usual else _LEAST_OF_ALL) + (0.2 if len(name) == 4 and not compound else 0.0)
    if pattern(_CLAUSE).search(before):
        return 0.55 if compound else 0.8 if usual else 0.62
    if compound or pattern(rf"(?:{_LEADS})$").search(before):
        return 0.55 if compound else 0.7 if usual else 0.6
    return 2.0


def _person_at(text: str, start: int, listed: bool) -> tuple[int, float, bool]:
    """Where the name that begins at ``start`` ends, how sure that is, and whether a word for a person leads to it."""
    before, best, taken = text[max(0, start - 9) : start], 0.0, start
    if max(_score(text[start : start + n], True) for n in (3, 4)) < _LEAST_OF_ALL:
        return start, 0.0, False
    strong = _strong(before, listed)
    for length in (4, 3):
        name, rest = text[start : start + length], text[start + length : start + length + 8]
        if len(name) < length or not all(map(is_han, name)):
            continue
        score = _score(name, strong)
        if name[1] == "君" and pattern(rf"^(?:{_GOES_ON})").search(name[2:] + rest):
            continue  # 陳君代理: a surname and a form of address
        if score < _least(before, name, strong) or score <= best:
            continue
        if not pattern(rf"^(?:{_GOES_ON})").search(rest) or pattern(_BUILT).search(rest):
            continue
        if pattern(_FIRM_FOLLOWS).search(name[-1] + rest) or (not strong and organisation_kind(name) is not None):
            continue
        best, taken = score, start + length
    return taken, best, strong


def names_led(text: str) -> Iterator[Found]:
    """Names of three or four characters between a word before and a word after that fit a person."""
    surnames, last, last_strong = characters().surnames, -9, False
    for start, char in enumerate(text):
        if char not in surnames:
            continue
        listed = last_strong and last == start - 1 and text[start - 1] in "、,及與和暨"
        end, score, strong = _person_at(text, start, listed)
        if end > start:
            last, last_strong = end, strong
            compound = text[start : start + 2] in _plain_compounds()
            sure = min(0.9, 0.35 + score * 0.7) if strong else min(0.8, score)
            yield start, end, max(0.55, sure), _COMPOUND if compound else _LED


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A dotted name without the word for a person it was read together with, and without what goes on after it."""
    head = text[start:end]
    first = next(i for i, c in enumerate(head) if not is_han(c))
    last = max(i for i, c in enumerate(head) if not is_han(c)) + 1
    lead = pattern(rf"^.*(?:{_PEOPLE})").search(head[: max(0, first - 1)])
    more = pattern(rf"^.{{2,}}?(?:{_DOES_MORE})").search(head[last:])
    cut = pattern(rf"(?:{_DOES_MORE})$").search(more.group()) if more else None
    return start + (lead.end() if lead else 0), start + last + cut.start() if cut else end
