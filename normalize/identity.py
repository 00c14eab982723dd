"""Who discloses what, for which year (公开主体): department, place, stage, kind and year, from whatever the page states.

Order of trust for the department: the page's own title, the cover, 编制部门 lines, 第一部分 headings, the attachment's name, the signature, the
reform plan that founded the body, the publisher. What disagrees is kept beside it as a finding.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Heading, Link, Paragraph, Span
from normalize.dates import published_on, signature_span
from normalize.disclosing import Signals, links_to_disclosures, signals_of
from normalize.places import Place, find_place, mentions
from normalize.records import Finding, Identity
from normalize.titles import Title, bare_name, clean_name, is_body, read_title, squeeze
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.document import Document
    from normalize.records import Section

_WORDS = load_toml("identity.toml")
_WHOLE = re.compile(rf"[（(](?:{'|'.join(_WORDS['name']['whole'])})[）)]$")


def _labelled(labels: list[str]) -> re.Pattern[str]:
    ordered = "|".join(r"[ \t\u3000]*".join(map(re.escape, label)) for label in sorted(labels, key=len, reverse=True))
    return re.compile(rf"(?<![一-鿿）)])(?:{ordered})[ \t\u3000]*(?:[:：][ \t\u3000|]*|[ \t\u3000]*\|[ \t\u3000|]*|[ \t\u3000]+)(?P<name>[一-鿿][^\n|:：;；，,。]{{2,48}})")


_OWN_LABEL = _labelled(_WORDS["labels"]["own"])
_FORM_LABEL = _labelled(_WORDS["labels"]["form"])
_PUBLISHER_LABEL = _labelled(_WORDS["labels"]["publisher"])
_PART = re.compile(r"第[ \t]*[一二三四五六七八][ \t]*部分[:：\s]*(?P<name>[^\n]{3,50}?)(?:概况|基本情况|(?:19|20)\d\d[ \t]*年)")
_REFORM_PLAN = re.compile(_WORDS["reform"]["plan"])
_REFORM_SUBJECT = re.compile(_WORDS["reform"]["subject"])
_ATTACHED = re.compile(r"^[ \t\u3000]*附[ \t\u3000]*件[ \t\u3000]*\d*[ \t\u3000]*[:：][ \t\u3000]*(?P<name>[^\n]{4,80})", re.MULTILINE)
_FILE = re.compile(r"\.(?:pdf|xlsx?|docx?|wps|et|ofd|zip|rar|7z|csv)(?:[?#].*)?$", re.IGNORECASE)
_DOWNLOAD = re.compile(r"^附件|附件\d*[:：]|(?:决算|预算)(?:公开)?表|下载")
_YEAR_LINE = re.compile(r"^(?=[^\n]{0,60}$)[^\n。；;]{0,30}?((?:19|20)\d\d)()[ \t]*年(?:度)?[^\n。；;，,]{0,30}?(?:决算|预算)(?:[^\n。；;，,]{0,16}(?:表|说明|情况|公开|目录|概况|分析|[）)]))?$", re.MULTILINE)
_YEAR_PROSE = re.compile(r"((?:19|20)\d\d)()[ \t]*年(?:度)?(?:[^\n。；;，,]{0,14}?)(?:收入|支出|财政拨款|一般公共预算|收支|部门|单位)")
_YEAR_FORM = re.compile(r"[（(][ \t]*((?:19|20)\d\d)[ \t]*年?[ \t]*(?:年度|度)[ \t]*[）)]|((?:19|20)\d\d)[ \t]*[（(]年度[）)]")
_STAGE_LINE = re.compile(r"^(?=[^\n]{0,60}$)[^\n。；;]*?(决算|预算)[^\n。；;]*$", re.MULTILINE)
_EDITION = re.compile(r"(部门|单位)[ \t]*(?:综合)?(?:预算|决算)(?!单位|部门|管理|法|批复)")
_UNFILLED = re.compile(r"[XxＸ×*＊]{2,}")
_PAGE_NUMBER = re.compile(r"[\s\d—–\-－第页共/·.]+")
_CONTENTS = re.compile(r"^目\s*录")
_PHONE = re.compile(r"(?:[（(]0\d{2,3}[）)]\s*|0\d{2,3}\s*[-—–－ ]\s*)?[2-9]\d{6,7}(?!\d)|1[3-9]\d{9}(?!\d)")
_PHONE_LABEL = re.compile(r"联系电话|联系方式|咨询电话|反馈电话|监督电话|公开电话|联系人[^\n]{0,16}?电话|信息反馈")
_FURNITURE = re.compile("|".join(map(re.escape, _WORDS["cover"]["furniture"])))
_OPENING = frozenset(_WORDS["cover"]["opening"])
_SCOPE_LINE = re.compile(r"[（(][^（）()]{2,6}[）)]")
_OUTLINE = re.compile(r"[一二三四五六七八九十]{1,3}[、.]|[（(][一二三四五六七八九十]|\d{1,2}[.、．]|第[一二三四五六七]部分")
COVER_LINES = 14
COVER_JOIN = 5
LONGEST_TITLE = 70
HEAD = 4000


class Named(NamedTuple):
    """A body named by a page: the name as printed without blanks, and where the page says it."""

    name: str
    where: str


class _Found(NamedTuple):
    titles: tuple[tuple[str, Title], ...]  # where, title: best first
    names: tuple[Named, ...]  # best first
    publisher: str | None


def identify(document: Document, sections: tuple[Section, ...]) -> tuple[Identity, tuple[Finding, ...]]:
    """The row of table `documents` for one input, with findings where the page contradicts itself.

    A page that is no disclosure has no stage, kind or year; its department is the body whose page it says it is, if it says so.
    """
    signals = signals_of(document)
    found = _read(document)
    published = published_on(document)
    phone = contact_phone(document, sections)
    attachments = attachments_of(document)
    printed = _display_title(document, found)
    owner = _page_owner(document)
    if not signals.discloses and not signals.announces:
        place = find_place(owner) if owner else None
        return _placed(Identity(printed, owner, published_on=_iso(published.day)), place), ()
    findings = [*published.findings]
    year, doubts = _fiscal_year(document, found)
    findings += doubts
    stage, doubts = _stage(document, found, signals)
    findings += doubts
    if signals.unfilled:
        return Identity(printed, fiscal_year=year, stage=stage, published_on=_iso(published.day)), tuple(findings)
    names = _with_forms(document, found, signals) or ((Named(owner, "页面标题"),) if owner else ())
    site = _site_place(document, year)
    department, place, doubts = _department(names, site, found, year)
    findings += doubts
    kind, level = _kind(document, found, signals, stage, department)
    if department is None and level != "government":
        findings.append(Finding("department_unknown", "unreadable", "页面没有写明公开部门", "the page does not name the disclosing body", "look"))
    if place is None:
        place = _own_place(document, found, site, year)
    identity = Identity(
        printed, department, entity_level=level, stage=stage, doc_kind=kind, fiscal_year=year, published_on=_iso(published.day),
        contact_phone=phone, attachments=attachments,
    )  # fmt: skip
    return _placed(identity, place), tuple(findings)


def _placed(identity: Identity, place: Place | None) -> Identity:
    return identity if place is None else replace(identity, region_code=place.code, province=place.province, city=place.city, county=place.county)


def _iso(day: object) -> str | None:
    return None if day is None else str(day)


# what the page states


def _metadata(document: Document, names: list[str]) -> Iterator[str]:
    wanted = {name.lower() for name in names}
    return (value.strip() for name, value in document.metadata if name.lower() in wanted and value.strip())


def cover_lines(document: Document) -> list[str]:
    """The short lines a document opens with, furniture, links, contents list and page numbers left out: where a title stands, over one line or five."""
    lines: list[str] = []
    linked = links_to_disclosures(document)
    for block in islice(document.blocks, 4 * COVER_LINES):
        if not isinstance(block, (Heading, Paragraph)):
            continue
        line = document.text(block.span).strip()
        plain = squeeze(line)
        if not plain or any(text in plain for text in linked) or _PAGE_NUMBER.fullmatch(plain) or _FURNITURE.search(plain):
            continue
        if _CONTENTS.match(plain) and lines:
            break
        if len(lines) >= COVER_LINES:
            break
        lines.append(plain)
    return lines


def _cover_titles(document: Document) -> Iterator[Title]:
    """Titles of the cover: whole lines first on a web page, where furniture stands around them; lines joined, up to five, on paper."""
    lines = cover_lines(document)
    alone = [_opened(lines, index, title) for index, line in enumerate(lines) if _whole(title := read_title(line))]
    joined = [found for start in range(len(lines)) if (found := _joined(lines, start)) is not None]
    yield from (*joined, *alone) if document.page_count else (*alone, *joined)
    yield from (title for line in lines if len(line) <= LONGEST_TITLE and _says_kind(title := read_title(line)))


def _says_kind(title: Title) -> bool:
    return title.stage is not None or title.evaluation


def _whole(title: Title) -> bool:
    return _says_kind(title) and title.name is not None and title.year is not None


def _opened(lines: list[str], index: int, title: Title) -> Title:
    """A title whose name began on the line before: 中国人民政治协商会议 / 某县委员会2022年度部门决算."""
    return read_title(lines[index - 1] + title.text) if index and lines[index - 1] in _OPENING else title


def _joined(lines: list[str], start: int) -> Title | None:
    """The whole title that begins on a line and ends on it or one of the next four."""
    for count in range(1, COVER_JOIN + 1):
        part = lines[start : start + count]
        if len(part) < count or any(len(line) > LONGEST_TITLE for line in part) or any(_OUTLINE.match(line) for line in part[1:]):
            return None
        title = read_title("".join(part))
        if _whole(title):
            following = lines[start + count] if start + count < len(lines) else ""
            return read_title(title.text + following) if _SCOPE_LINE.fullmatch(following) else title
    return None


def _read(document: Document) -> _Found:
    content = document.content
    titles = [("title", read_title(text)) for text in _metadata(document, _WORDS["metadata"]["title"])]
    titles += [("cover", title) for title in _cover_titles(document)]
    if document.title:
        titles.append(("page title", read_title(document.title)))
    for link in document.links:
        if _FILE.search(link.target) or _FILE.search(link.text):
            titles.append(("attachment", read_title(_FILE.sub("", link.text))))
    for match in _ATTACHED.finditer(content):
        titles.append(("attachment", read_title(_FILE.sub("", match["name"]))))
    titles = [(where, title) for where, title in titles if title.stage or title.evaluation]
    names = [Named(title.name, where) for where, title in titles if title.name and where in {"title", "cover"}]
    names += _most(_names_after(_OWN_LABEL, content), "编制部门")
    names += _most((clean_name(match["name"]) for match in _PART.finditer(content)), "第一部分")
    names += [Named(title.name, where) for where, title in titles if title.name and where not in {"title", "cover"}]
    if (signature := _signature(document)) is not None:
        names.append(Named(signature, "落款"))
    if (founded := _founded(content)) is not None:
        names.append(Named(founded, "机构改革方案"))
    return _Found(tuple(titles), tuple(name for name in names if is_body(name.name)), _publisher(document))


def _names_after(label: re.Pattern[str], content: str) -> Iterator[str]:
    for match in label.finditer(content):
        first = re.split(r"\s{1,}(?=单位|金额|日期|填报|编制|20\d\d)|[\t]", match["name"].strip())[0]
        for text in (first, re.split(r"[\s\u3000]", first)[0]):
            name = clean_name(re.sub(r"^\d{3,}[-—\s]*", "", text))
            if is_body(name):
                yield name
                break


def _most(names: Iterator[str], where: str) -> list[Named]:
    """The names of one source, most frequent first, the first printed winning a tie."""
    return [Named(name, where) for name, _ in Counter(name for name in names if is_body(name)).most_common(3)]


def _signature(document: Document) -> str | None:
    span = signature_span(document)
    if span is None:
        return None
    before = document.content[max(0, span.start - 160) : span.start].rstrip().rsplit("\n", 1)[-1]
    name = clean_name(before)
    return name if is_body(name) else None


def _founded(content: str) -> str | None:
    """The body that 《某区机构改革方案》 founded, with the place of the plan before it: 武隆区 + 区政务办 as one name."""
    plan = _REFORM_PLAN.search(content)
    if plan is None:
        return None
    subject = _REFORM_SUBJECT.search(content, plan.end(), plan.end() + 120)
    place = plan["place"]
    return place + subject["body"][1:] if subject is not None and place.endswith(subject["body"][0]) else None


def _publisher(document: Document) -> str | None:
    stated = [*_metadata(document, _WORDS["metadata"]["publisher"]), *_names_after(_PUBLISHER_LABEL, document.content[:HEAD])]
    return next((squeeze(name) for name in stated if is_body(squeeze(name))), None)


def _page_owner(document: Document) -> str | None:
    """The body whose home or list page this is: its title is nothing but a full official name."""
    for text in (document.title or "", *_metadata(document, _WORDS["metadata"]["title"])):
        for part in re.split(r"[-_|—－]+", squeeze(text)):
            name = part.removesuffix("网站").removesuffix("门户")
            if is_body(name) and (find_place(name) is not None or name.startswith("国家")) and not name.endswith(("公开", "平台")):
                return name
    return None


def _display_title(document: Document, found: _Found) -> str | None:
    stated = next(_metadata(document, _WORDS["metadata"]["title"]), None) or next((title.text for where, title in found.titles if where == "cover"), None)
    if stated is not None:
        return stated
    return document.title.strip() if document.title and document.title.strip() else None


# department and place


def _with_forms(document: Document, found: _Found, signals: Signals) -> tuple[Named, ...]:
    if found.names or not signals.forms:
        return found.names
    return tuple(_most(_names_after(_FORM_LABEL, document.content), "实施单位"))


def _site_place(document: Document, year: int | None) -> Place | None:
    """The place of the site (网站名称, 来源): settles county names that several provinces share."""
    for text in (*_metadata(document, _WORDS["metadata"]["site"]), *_metadata(document, _WORDS["metadata"]["publisher"]), document.title or ""):
        if (place := find_place(squeeze(text), year)) is not None:
            return place
    return None


def _own_place(document: Document, found: _Found, site: Place | None, year: int | None) -> Place | None:
    """The place of a body whose name bears none: the title's, the reform plan's, else the site's own."""
    for _, title in found.titles:
        if (named := mentions(title.text, year, site)) and not title.name:
            return named[0].place
    plan = _REFORM_PLAN.search(document.content)
    if plan is not None and (place := find_place(plan["place"], year, site)) is not None:
        return place
    return None if any(_invented_place(name.name) for name in found.names[:1]) else site


_PLACED = re.compile(r"^(?:中共|中国共产党|中国人民政治协商会议)?[一-鿿]{2,12}?(?:省|市|自治区|州|盟|县|区|旗)(?=[一-鿿])")


def _invented_place(name: str) -> bool:
    """Whether a name bears a place of its own, one that the register does not know."""
    return _PLACED.match(name) is not None


def _department(names: tuple[Named, ...], site: Place | None, found: _Found, year: int | None) -> tuple[str | None, Place | None, list[Finding]]:
    """The full official name, its place and what contradicts it."""
    if not names:
        publisher = found.publisher
        if publisher is None:
            return None, None, []
        place = find_place(publisher, year, site)
        finding = Finding(
            "department_from_publisher", "not_applicable", f"页面只写了发布机构：{publisher}", f"only the publisher is named: {publisher}", "look", raw=publisher
        )
        return publisher, place, [finding]
    chosen = names[0]
    name = _fullest(chosen.name, names)
    if _WHOLE.search(name) and found.publisher == bare_name(name):
        name = found.publisher
    place = find_place(name, year, site)
    if place is None:
        name, place = _completed(name, names, site, year)
    bare = bare_name(name)
    rivals = {
        other.name: other.where for other in reversed(names[1:])
        if not _same_body(bare, bare_name(other.name)) and other.where in {"title", "cover", "page title", "第一部分", "落款"}
    }  # fmt: skip
    findings = [
        Finding(
            "department_named_differently", "fail", f"部门取{chosen.where}的{name}，{where}写作{other}",
            f"department from {chosen.where}: {name}; {where} says {other}", "look", raw=other,
        )
        for other, where in rivals.items()
    ]  # fmt: skip
    return name, place, findings


def _same_body(one: str, other: str) -> bool:
    return one in other or other in one or _abbreviates(one, other) or _abbreviates(other, one)


def _abbreviates(short: str, full: str) -> bool:
    """Whether `short` is an ordered part of `full` with the same ending or initial syllables: 区政务办 of 武隆区政务服务管理办公室.

    >>> _abbreviates("白榆县国资委", "白榆县国有资产监督管理委员会"), _abbreviates("白榆县国资委", "白榆县财政局")
    (True, False)
    """
    position = -1
    for character in short:
        position = full.find(character, position + 1)
        if position < 0:
            return False
    return len(short) >= 3


_OUTER_PLACES = re.compile(r"(?:中共|中国共产党)?(?:[一-鿿]{2,9}?(?:省|市|自治区|州|盟|县|区|旗))+")
_SHORTENED = re.compile(r"(?:委|办|联)$")


def _fullest(name: str, names: tuple[Named, ...]) -> str:
    """The longer form of the same body that another source prints: with its place in front, or unabbreviated."""
    best = name
    for other in names:
        longer = other.name
        if len(longer) <= len(best) or other.where == "实施单位":
            continue
        placed = longer.endswith(best) and _OUTER_PLACES.fullmatch(longer.removesuffix(best)) is not None
        spelt_out = _SHORTENED.search(best) is not None and bare_name(longer) == longer and _abbreviates(best, longer) and find_place(longer) is not None
        if placed or spelt_out:
            best = longer
    return best


_LEVEL_FIRST = re.compile(r"^[省市区县州盟旗](?=[一-鿿]{2})")


def _completed(name: str, names: tuple[Named, ...], site: Place | None, year: int | None) -> tuple[str, Place | None]:
    """A name that opens with a bare level (区政务服务办, 市民政局) with the place before it, where the site says which."""
    del names
    level = _LEVEL_FIRST.match(name)
    if level is None or site is None:
        return name, None
    for part in (site.county, site.city, site.province):
        if part is not None and part.endswith(level.group()):
            outer = site.province if part == site.county and not site.city and site.province.endswith("市") else ""
            full = outer + part + name[1:]
            return full, find_place(full, year, site)
    return name, None


# year, stage, kind


def _fiscal_year(document: Document, found: _Found) -> tuple[int | None, list[Finding]]:
    """The year of the accounts: the headings' majority beats the title; both are kept in a finding when they differ."""
    prose = _prose(document)
    titled = next(((where, title.year) for where, title in found.titles if title.year and where in {"title", "cover"}), None)
    headings = Counter(int(match[1]) for match in _YEAR_LINE.finditer(prose))
    common = headings.most_common(2)
    majority = common[0][0] if common and common[0][1] >= 3 and (len(common) == 1 or common[0][1] >= 2 * common[1][1]) else None
    if titled is not None:
        where, year = titled
        if majority is None or majority == year:
            return year, _cover_disagrees(found, year)
        finding = Finding(
            "title_and_body_disagree_on_year", "fail", f"{where}写{year}年，各表和各节标题多写{majority}年，取{majority}年",
            f"the {where} says {year}, most headings and tables say {majority}; {majority} is taken", "likely", raw=str(year),
        )  # fmt: skip
        return majority, [finding]
    if majority is not None:
        return majority, []
    stated = next((title.year for _, title in found.titles if title.year), None)
    if stated is not None:
        return stated, []
    crumbs = [match for text in _metadata(document, _WORDS["metadata"]["crumbs"]) for match in re.findall(r"(20\d\d)年", text)]
    if crumbs:
        return int(crumbs[-1]), []
    prose = document.content
    for pattern in (_YEAR_FORM, _YEAR_LINE, _YEAR_PROSE):
        years = Counter(int(match[1] or match[2]) for match in pattern.finditer(prose)).most_common(1)
        if years:
            return years[0][0], []
    return None, []


def _cover_disagrees(found: _Found, year: int) -> list[Finding]:
    other = next((title.year for where, title in found.titles if title.year and title.year != year and where in {"title", "cover"} and title.name), None)
    if other is None:
        return []
    return [Finding("title_and_cover_disagree_on_year", "fail", f"标题写{year}年，封面写{other}年", f"the title says {year}, the cover {other}", "look", raw=str(other))]


def _stage(document: Document, found: _Found, signals: Signals) -> tuple[str | None, list[Finding]]:
    if signals.forms and not signals.accounts and any(title.evaluation for _, title in found.titles[:1]):
        return _evaluated(document), []
    lines = Counter("final" if "决算" in match.group() else "budget" for match in _STAGE_LINE.finditer(_prose(document)))
    printed = None
    if lines["final"] >= 3 and 3 * lines["final"] >= lines["budget"]:
        printed = "final"
    elif lines["budget"] >= 3 and lines["final"] <= 1:
        printed = "budget"
    titled = next((title.stage for _, title in found.titles if title.stage), None)
    if titled is None:
        crumbs = next((_WORDS["title"]["stages"][word] for text in _metadata(document, _WORDS["metadata"]["crumbs"])
                       for word in reversed(re.findall(r"(?<!预)决算|预算(?!/|决)", text))), None)  # fmt: skip
        return printed or crumbs or _first_stage(lines) or (_evaluated(document) if signals.forms else None), []
    if printed is None or printed == titled or (titled == "budget" and lines["budget"] > lines["final"]):
        return titled, []
    finding = Finding(
        "title_and_body_disagree_on_stage", "fail", f"标题写{_zh(titled)}，正文是{_zh(printed)}，取正文", f"the title says {titled}, the body is {printed}; the body is taken", "likely"
    )
    return printed, [finding]


def _evaluated(document: Document) -> str:
    """Forms alone: targets belong to the budget, self-evaluations to the final account."""
    return "final" if re.search("自评|全年执行数|实际完成|绩效评价", document.content) else "budget"


def _prose(document: Document) -> str:
    """The text outside of grids, one line per block: where captions and headings stand."""
    return "\n".join(document.text(block.span) for block in document.blocks if isinstance(block, (Heading, Paragraph)))


def _zh(stage: str) -> str:
    return "决算" if stage == "final" else "预算"


def _first_stage(lines: Counter[str]) -> str | None:
    return lines.most_common(1)[0][0] if lines else None


def _kind(document: Document, found: _Found, signals: Signals, stage: str | None, department: str | None) -> tuple[str, str | None]:
    """doc_kind and entity_level of a disclosure."""
    titled = [title for _, title in found.titles if title.stage]
    if signals.forms and not signals.accounts and (not titled or any(title.evaluation for _, title in found.titles[:1])):
        return "self_evaluation", None
    edition = next((title.edition for title in titled if title.edition), None)
    if edition is None:
        counted = Counter("department" if match[1] == "部门" else "unit" for match in _EDITION.finditer(document.content))
        edition = "unit" if counted["unit"] > 2 * counted["department"] else "department"
    if edition == "government" and department is not None:
        edition = "department"
    if edition != "government" and department is None and signals.government and not any(title.edition in {"department", "unit"} for title in titled):
        edition = "government"
    return (f"{edition}_{stage}" if stage else "other"), edition


# contact and attachments


def contact_phone(document: Document, sections: tuple[Section, ...]) -> str | None:
    """The number under which the body answers questions about its disclosure (联系电话), as printed.

    Taken from the contact section, else from a line that names a contact, the last third of the text before the rest; never from a form.
    """
    for section in sections:
        if section.section_kind == "contact":
            for span in (section.span, *section.passages):
                if (phone := _phone_in(document.text(span))) is not None:
                    return phone
    prose = _prose(document)  # a telephone inside a form is a project's
    tail = 2 * len(prose) // 3
    for match in (*_PHONE_LABEL.finditer(prose, tail), *_PHONE_LABEL.finditer(prose, 0, tail)):
        if (phone := _phone_in(prose[match.end() : match.end() + 60])) is not None:
            return phone
    return None


def _phone_in(text: str) -> str | None:
    match = _PHONE.search(text.replace("\n", ""))
    return squeeze(match.group()) if match is not None else None


def attachments_of(document: Document) -> tuple[Link, ...]:
    """The files a page links to or names (附件): links to documents, links called 附件 or 决算公开表, and attachments named without a link."""
    linked = [link for link in document.links if _FILE.search(link.target) or _FILE.search(link.text.strip()) or _DOWNLOAD.search(link.text.strip())]
    texts = {squeeze(link.text) for link in linked}
    named = [
        Link(match["name"].strip(), "", Span(match.start("name"), match.start("name") + len(match["name"].rstrip())))
        for match in _ATTACHED.finditer(document.content)
        if not any(text and (text in squeeze(match["name"]) or squeeze(match["name"]) in text) for text in texts)
    ]
    return (*(replace(link, text=link.text.strip()) for link in linked), *named)
