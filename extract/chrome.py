"""Page furniture by name (页面装饰): navigation, breadcrumbs, footers, font-size and share buttons.

Every rule names what it drops and has a guard: furniture is links and set phrases, so an element that holds more prose of its own
than the rule allows stays, whatever it is called. Text that is wrongly kept does no harm; text that is wrongly dropped does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element

STRIPPED = ("script", "style", "noscript", "template", "svg", "canvas", "audio", "video", "map", "select", "datalist", "noframes")
NEVER_TEXT = frozenset({*STRIPPED, "option", "button", "textarea", "input", "iframe", "object", "embed", "frameset", "head", "title"})
HIDDEN_STYLE = re.compile(r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden", re.IGNORECASE)


class Rule(NamedTuple):
    """What a piece of furniture is called in class or id, and how much prose outside links it may hold."""

    name: str
    called: re.Pattern[str]
    prose: int
    says: re.Pattern[str] | None = None  # set phrases that must be there unless it is nearly all links


def _called(words: str) -> re.Pattern[str]:
    """A word anywhere in a name: main-nav, nav_left."""
    return re.compile(rf"(?:^|[^a-z])(?:{words})(?:$|[^a-z])")


def _named(words: str) -> re.Pattern[str]:
    """A whole name: `top`, never `article-top`."""
    return re.compile(rf"(?:^|\s)(?:{words})\d?(?:$|\s)")


FOOTER_SAYS = re.compile(r"ICP备|公网安备|公安备|版权所有|主办单位|主办：|网站标识码|Copyright|技术支持|承办单位|网站地图", re.IGNORECASE)
CRUMB_SAYS = re.compile(r"位置|首\s?页|>|»|›")
NAVIGATION = Rule("navigation", _called(r"nav\d?|navs|navi|nav_?bar|navigation|(?:top|main|sub|left|side|head)_?nav|navbox|menus?|(?:sub|top|main|left|side)_?menu|menubox|daohang|dh"), 60)
FOOTER = Rule("footer", _called(r"foot\d?|footer\d?|foot_?box|footer_?box|copyrights?|copy_?right|banquan") , 600, FOOTER_SAYS)
HEADER = Rule("header", _named("head|header|top|topbar|top_bar|banner|logo|header_?top|topbox"), 60)
LINKS = Rule("links", _called(r"friend_?links?|yqlj|youqing|site_?links?|related|xglj|xgwz|xgyd|recommend"), 60)
RULES = (
    Rule("breadcrumb", _called(r"(?:bread)?_?crumbs?|breadnav|mbx|dqwz|dangqian|location|position|curr?ent_?pos\w{0,8}|weizhi|wz"), 80, CRUMB_SAYS),
    NAVIGATION,
    FOOTER,
    Rule("footer", _named("bottom|foot_?bottom|bottom_?box"), 600, FOOTER_SAYS),
    LINKS,
    Rule("search", _called(r"search|search_?box|search_?form|hot_?words?|sousuo"), 40),
    HEADER,
)
BY_TAG = {"nav": NAVIGATION, "footer": FOOTER, "header": HEADER, "aside": LINKS}
FURNISHED = frozenset({"div", "ul", "ol", "dl", "section", "aside", "header", "footer", "nav", "p", "span", "table", "td", "form"})
A_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|et|wps|zip|rar|7z|ofd|csv)(?:[?#]|$)", re.IGNORECASE)

WIDGET_WORDS = re.compile(
    r"(?:打印(?:本页|此页|文章|页面)?|关闭(?:本页|窗口|页面)?|(?:返回|回到)(?:顶部|上页|列表|首页)?|分享(?:到|至)?|收藏(?:本页)?|字\s?[号体]|字体大小|文字大小|视力保护色|背景色|保护视力色"
    r"|默认|超大|特大|大|中|小|较大|放大|缩小|正常|标准|微信|微博|新浪微博|腾讯微博|QQ空间|QQ好友|扫一扫|在手机打开当前页|手机扫一扫|朗读|纠错|下载|"
    r"无障碍(?:浏览|阅读)?|长者(?:模式|助手|版)?|适老化|繁體|繁体版?|简体版?|English|A\+?|A-|[TＴ][|｜]?)"
)
WIDGET_KEY = re.compile(r"[大小]\s?中\s?[小大]|打印|关闭|分享|字\s?[号体]|收藏|返回|回到|视力|背景色|文字大小|无障碍|长者|适老|扫一扫")
WIDGET_FILL = re.compile(r"[\s\[\]【】()（）:：|｜/+\-—、,，。·<>{}《》！!&;]+")
CRUMB_LINE = re.compile(r"^[\[【]?\s?(?:您|你)?(?:当前|现在|目前|所在|所处|您|你)的?(?:当前|所在|所处)?的?位置(?:是|为)?\s?[:：>]")
CRUMB_PATH = re.compile(r"^(?:网站)?首\s?页\s?(?:>{1,2}|»|›|→|/)")
NEIGHBOUR_LINE = re.compile(r"^[\[【]?(?:上一篇|下一篇|上一条|下一条|上一页|下一页)[\]】]?\s?[:：]")
LONGEST_CRUMB = 120
LONGEST_WIDGET = 80


@lru_cache(maxsize=4096)
def _rule_for(names: str) -> Rule | None:
    lowered = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", names).lower()
    return next((rule for rule in RULES if rule.called.search(lowered)), None)


def is_hidden(element: _Element) -> bool:
    """Whether the page itself says the element is not shown; pages that hide all of themselves wait for a script to show them."""
    style = element.get("style")
    if (style is None or HIDDEN_STYLE.search(style) is None) and element.get("hidden") is None:
        return False
    return element.tag not in ("html", "body")


def furniture(element: _Element) -> str | None:
    """The name of the rule that drops this element, None where it stays."""
    tag = str(element.tag)
    if tag not in FURNISHED:
        return None
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    rule = (_rule_for(names) if len(names) > 1 else None) or BY_TAG.get(tag)
    if rule is None or next(element.iter("h1"), None) is not None:
        return None
    text, linked = amounts(element, rule.prose)
    if text - linked > rule.prose:
        return None
    mostly_links = text == 0 or linked * 3 >= text * 2
    if not mostly_links and (rule.says is None or not rule.says.search("".join(str(part) for part in element.itertext()))):
        return None
    return None if rule is not FOOTER and _holds_file(element) else rule.name


def _holds_file(element: _Element) -> bool:
    return any(A_FILE.search(anchor.get("href") or "") for anchor in element.iter("a"))


def amounts(element: _Element, most: int) -> tuple[int, int]:
    """Characters of text and of text in links; counting stops once there are `most` characters outside links."""
    text = linked = inside = 0
    for event, node in etree.iterwalk(element, events=("start", "end")):
        inside += (node.tag == "a") if event == "start" else -(node.tag == "a")
        said = node.text if event == "start" else node.tail if node is not element else None
        if said:
            length = len(said.strip())
            text += length
            linked += length if inside else 0
            if text - linked > most:
                break
    return text, linked


def furniture_line(line: str) -> str | None:
    """The name of the rule that drops a whole printed line, None where it stays.

    >>> furniture_line("【字号：大 中 小】 打印 关闭"), furniture_line("来源：青岚县财政局 字号：大 中 小")
    ('widget', None)
    >>> furniture_line("您现在的位置：首页 > 政务公开 > 预决算")
    'breadcrumb'
    """
    if len(line) > LONGEST_CRUMB:
        return None
    if CRUMB_LINE.search(line) or CRUMB_PATH.search(line):
        return "breadcrumb"
    if NEIGHBOUR_LINE.search(line):
        return "neighbours"
    if len(line) <= LONGEST_WIDGET and WIDGET_KEY.search(line) and not WIDGET_FILL.sub("", WIDGET_WORDS.sub("", line)):
        return "widget"
    return None
