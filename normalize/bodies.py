"""The bodies a page names (公开主体的名称), best source first, and the one full official name they amount to."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from normalize.cover import metadata
from normalize.dates import signature_span
from normalize.places import Place, find_place
from normalize.records import Finding
from normalize.titles import bare_name, clean_name, is_body, squeeze
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extract.document import Document
    from normalize.cover import Stated

_WORDS = load_toml("identity.toml")
_BLANKS = r"[ \t\u3000]*"


def _labelled(labels: list[str]) -> re.Pattern[str]:
    """A label, and behind a colon, a bar or blanks the name it introduces."""
    ordered = "|".join(_BLANKS.join(map(re.escape, label)) for label in sorted(labels, key=len, reverse=True))
    return re.compile(rf"(?<![一-鿿）)])(?:{ordered})[\]】]?(?:{_BLANKS}[:：|][ \t\u3000|]*|[ \t\u3000\n])(?P<name>[一-鿿][^\n|:：;；，,。]{{2,48}})")


_OWN_LABEL = _labelled(_WORDS["labels"]["own"])
_FORM_LABEL = _labelled(_WORDS["labels"]["form"])
_PUBLISHER_LABEL = _labelled(_WORDS["labels"]["publisher"])
_PART = re.compile(r"第[ \t]*[一二三四五六七八][ \t]*部分[:：\s]*(?P<name>[^\n]{3,50}?)(?:概况|基本情况|(?:19|20)\d\d[ \t]*年)")
_SUBJECT = re.compile(r"^[ \t\u3000]*(?:说明[:：]|注[:：])?(?P<name>[一-鿿]{4,40}?)(?:[（(]|是|为|系|内设|负责|没有|承担|主要职|贯彻)", re.MULTILINE)
_REFORM_PLAN = re.compile(_WORDS["reform"]["plan"])
_REFORM_SUBJECT = re.compile(_WORDS["reform"]["subject"])
_WHOLE = re.compile(rf"[（(](?:{'|'.join(_WORDS['name']['whole'])})[）)]$")
_SHORTENED = re.compile(r"(?:委|办|联)$")
_OUTER_PLACES = re.compile(r"(?:中共|中国共产党)?(?:[一-鿿]{2,9}?(?:省|市|自治区|州|盟|县|区|旗)){1,4}")
_LEVEL_FIRST = re.compile(r"^[省市区县州盟旗](?=[一-鿿]{2})")
_BEHIND_NAME = re.compile(r"[\t]|(?<!\s)\s++(?=单位|金额|日期|填报|编制|20\d\d)")
_UNIT_CODE = re.compile(r"^\d{3,}[-—\s]*")
_WAY = re.compile(r"(?:当前的?|所在的?)位置[ \t]*[:：]?(?P<way>[^\n]{0,120})")
_STEP = re.compile(r"[>＞»›→/|:：\s]+")
SPEAK_FOR_ALL = frozenset({"title", "cover", "inner", "page title", "第一部分", "落款"})
HEAD = 4000


class Named(NamedTuple):
    """A body named by a page: the name as printed without blanks, and where the page says it."""

    name: str
    where: str


class Department(NamedTuple):
    """The disclosing body with its place, and what the page says against it."""

    name: str | None
    place: Place | None
    findings: tuple[Finding, ...]


def named_bodies(document: Document, titles: tuple[Stated, ...]) -> tuple[Named, ...]:
    """The bodies a page names as its own, in order of trust.

    Title, cover, 编制部门 lines, 第一部分 headings, attachments, signature, reform plan, first sentence of the duties.
    """
    content = document.content
    names = [Named(title.name, where) for where, title in titles if title.name and where in {"title", "cover"}]
    names += _most_frequent(_names_after(_OWN_LABEL, content), "编制部门")
    names += _most_frequent((clean_name(match["name"]) for match in _PART.finditer(content)), "第一部分")
    names += [Named(title.name, where) for where, title in titles if title.name and where not in {"title", "cover"}]
    names += _most_frequent(_signed(document), "落款")
    names += _most_frequent(_founded(content), "机构改革方案")
    names += _most_frequent((match["name"] for match in _SUBJECT.finditer(content)), "职责句")
    return tuple(name for name in names if is_body(name.name))


def form_bodies(document: Document) -> tuple[Named, ...]:
    """Whose forms they are, on a page that holds nothing else (实施单位)."""
    return tuple(_most_frequent(_names_after(_FORM_LABEL, document.content), "实施单位"))


def publisher_of(document: Document) -> str | None:
    """Who put the page on the site (发布机构、来源): often a finance bureau or an office, not the department."""
    stated = [*metadata(document, _WORDS["metadata"]["publisher"]), *_names_after(_PUBLISHER_LABEL, document.content[:HEAD])]
    return next((squeeze(name) for name in stated if is_body(squeeze(name))), None)


def page_owner(document: Document) -> str | None:
    """The body whose home or list page this is: its title is nothing but a full official name."""
    for text in (document.title or "", *metadata(document, _WORDS["metadata"]["title"])):
        for part in re.split(r"[-_|—－]+", squeeze(text)):
            name = part.removesuffix("网站").removesuffix("门户")
            if is_body(name) and (find_place(name) is not None or name.startswith("国家")):
                return name
    return None


def crumb_body(document: Document) -> str | None:
    """The last body on the way to the page (当前位置：首页 > … > 某局): whose column it stands in, where nothing else names one."""
    ways = [*metadata(document, _WORDS["metadata"]["crumbs"]), *(match["way"] for match in _WAY.finditer(document.content[:HEAD]))]
    names = [name for way in ways for part in reversed(_STEP.split(way)) if is_body(name := squeeze(part)) and not _WAY.match(f"{part}：")]
    return next(iter(names), None)


def reform_place(document: Document, year: int | None, site: Place | None) -> Place | None:
    """The place of 《某区机构改革方案》, where the text cites one."""
    plan = _REFORM_PLAN.search(document.content)
    return None if plan is None else find_place(plan["place"], year, site)


def choose_department(names: tuple[Named, ...], publisher: str | None, site: Place | None, year: int | None) -> Department:
    """The full official name out of all names, its place, and a finding for every other body the page names as its own."""
    if not names:
        if publisher is None:
            return Department(None, None, ())
        finding = Finding(
            "department_from_publisher", "not_applicable", f"页面只写了发布机构：{publisher}", f"only the publisher is named: {publisher}", "look", raw=publisher
        )
        return Department(publisher, find_place(publisher, year, site), (finding,))
    name = _fullest(names[0].name, names)
    if publisher == bare_name(name) and _WHOLE.search(name):
        name = publisher
    place = find_place(name, year, site)
    if place is None:
        name, place = _completed(name, site, year)
    return Department(name, place, tuple(_rivals(names, name)))


def _names_after(label: re.Pattern[str], content: str) -> Iterator[str]:
    for match in label.finditer(content):
        first = _BEHIND_NAME.split(match["name"].strip())[0]
        for text in (first, first.split()[0] if first.split() else ""):
            name = clean_name(_UNIT_CODE.sub("", text))
            if is_body(name):
                yield name
                break


def _most_frequent(names: Iterable[str], where: str) -> list[Named]:
    """The names of one source, most frequent first, the first printed winning a tie."""
    return [Named(name, where) for name, _ in Counter(name for name in names if is_body(name)).most_common(3)]


def _signed(document: Document) -> Iterator[str]:
    span = signature_span(document)
    if span is not None:
        yield clean_name(document.content[max(0, span.start - 160) : span.start].rstrip().rsplit("\n", 1)[-1])


def _founded(content: str) -> Iterator[str]:
    """The body that 《某区机构改革方案》 founded, with the place of the plan in the stead of its short form: 云岭区 and 区档案馆 are one name."""
    plan = _REFORM_PLAN.search(content)
    if plan is not None:
        subject = _REFORM_SUBJECT.search(content, plan.end(), plan.end() + 120)
        if subject is not None and plan["place"].endswith(subject["body"][0]):
            yield plan["place"] + subject["body"][1:]


def _rivals(names: tuple[Named, ...], name: str) -> Iterator[Finding]:
    bare = bare_name(name)
    others = {other.name: other.where for other in reversed(names[1:]) if other.where in SPEAK_FOR_ALL and not _same_body(bare, bare_name(other.name))}
    for other, where in others.items():
        yield Finding(
            "department_named_differently", "fail", f"部门取{names[0].where}的{name}，{where}写作{other}",
            f"department from {names[0].where}: {name}; {where} says {other}", "look", raw=other,
        )  # fmt: skip


def _same_body(one: str, other: str) -> bool:
    return one in other or other in one or _abbreviates(one, other) or _abbreviates(other, one)


def _abbreviates(short: str, full: str) -> bool:
    """Whether `short` is an ordered part of `full`: 白榆县国资委 of 白榆县国有资产监督管理委员会.

    >>> _abbreviates("白榆县国资委", "白榆县国有资产监督管理委员会"), _abbreviates("白榆县国资委", "白榆县财政局")
    (True, False)
    """
    position = -1
    for character in short:
        position = full.find(character, position + 1)
        if position < 0:
            return False
    return len(short) >= 3


def _fullest(name: str, names: tuple[Named, ...]) -> str:
    """The longer form of the same body that another source prints: with its place in front, or unabbreviated."""
    best = name
    for other in names:
        longer = other.name
        if len(longer) <= len(best):
            continue
        placed = longer.endswith(best) and _OUTER_PLACES.fullmatch(longer.removesuffix(best)) is not None
        spelt_out = _SHORTENED.search(best) is not None and bare_name(longer) == longer and _abbreviates(best, longer) and find_place(longer) is not None
        if placed or spelt_out:
            best = longer
    return best


def _completed(name: str, site: Place | None, year: int | None) -> tuple[str, Place | None]:
    """A name that opens with a bare level (区政务服务办, 市民政局) with the place before it, where the site says which."""
    level = _LEVEL_FIRST.match(name)
    if level is not None and site is not None:
        for part in (site.county, site.city, site.province):
            if part is not None and part.endswith(level.group()):
                outer = site.province if part == site.county and site.city is None and site.province.endswith("市") else ""
                full = outer + part + name[1:]
                return full, find_place(full, year, site)
    return name, None
