"""Who discloses what, for which year (公开主体): department, place, stage, kind and year, from whatever the page states.

Titles come from `cover`, names from `bodies`, telephone and files from `contact`. What disagrees is kept beside the row as a finding.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from extract.document import Heading, Paragraph
from normalize.bodies import Named, choose_department, crumb_body, form_bodies, named_bodies, page_owner, publisher_of, reform_place
from normalize.contact import attachments_of, contact_phone
from normalize.cover import Stated, metadata, stated_titles
from normalize.dates import published_on
from normalize.folding import INVISIBLE
from normalize.mirrors import mirrored, original
from normalize.places import Place, find_place, mentions
from normalize.records import Finding, Identity
from normalize.titles import squeeze
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from datetime import date

    from extract.document import Document
    from normalize.disclosing import Signals
    from normalize.records import Section

_WORDS = load_toml("identity.toml")
UNSEEN = dict.fromkeys(map(ord, INVISIBLE))
_YEAR_LINE = re.compile(r"^(?=[^\n]{0,60}$)[^\n。；;]{0,30}?((?:19|20)\d\d)()[ \t]*年(?:度)?[^\n。；;，,]{0,30}?(?:决算|预算)(?:[^\n。；;，,]{0,16}(?:表|说明|情况|公开|目录|概况|分析|[）)]))?$", re.MULTILINE)
_YEAR_PROSE = re.compile(r"((?:19|20)\d\d)()[ \t]*年(?:度)?(?:[^\n。；;，,]{0,14}?)(?:收入|支出|财政拨款|一般公共预算|收支|部门|单位)")
_YEAR_FORM = re.compile(r"[（(][ \t]{0,9}((?:19|20)\d\d)[ \t]{0,9}年?[ \t]{0,9}(?:年度|度)[ \t]{0,9}[）)]|((?:19|20)\d\d)[ \t]{0,9}[（(]年度[）)]")
_STAGE_LINE = re.compile(r"^(?=[^\n]{0,60}$)[^\n。；;]*?(决算|预算)[^\n。；;]*$", re.MULTILINE)
_EDITION = re.compile(r"(部门|单位)[ \t]*(?:综合)?(?:预算|决算)(?!单位|部门|管理|法|批复)")
_PLACED = re.compile(r"^(?:中共|中国共产党|中国人民政治协商会议)?[一-鿿]{2,12}?(?:省|市|自治区|州|盟|县|区|旗)(?=[一-鿿])")
_EVALUATED = re.compile("自评|全年执行数|实际完成|绩效评价")


def identify(document: Document, sections: tuple[Section, ...], signals: Signals) -> tuple[Identity, tuple[Finding, ...]]:
    """The row of table `documents` for one input, with findings where the page contradicts itself.

    A page that is no disclosure has no stage, kind or year; its department is the body whose page it says it is, if it says so.
    """
    printed, document = document, original(document)
    titles = stated_titles(document)
    published = published_on(document)
    identity = Identity(_printed_title(document, titles), published_on=_iso(published.day))
    owner = page_owner(document)
    if not signals.discloses and not signals.announces:
        return _placed(replace(identity, department=owner), find_place(owner) if owner else None), ()
    year, year_doubts = _fiscal_year(document, titles)
    stage, stage_doubts = _stage(document, titles, signals)
    findings = [*mirrored(printed), *published.findings, *year_doubts, *stage_doubts]
    identity = replace(identity, fiscal_year=year, stage=stage)
    if signals.unfilled:
        return identity, tuple(findings)
    site = _site_place(document, year)
    names = named_bodies(document, titles) or (form_bodies(document) if signals.forms else ()) or ((Named(owner, "page title"),) if owner else ())
    if not names and (crumb := crumb_body(document)) is not None:
        names = (Named(crumb, "位置栏"),)
        findings.append(Finding("department_from_breadcrumb", "not_applicable", f"部门只见于位置栏：{crumb}", f"only the breadcrumb names a body: {crumb}", "look", raw=crumb))
    department = choose_department(names, publisher_of(document), site, year)
    findings += department.findings
    kind, level = _kind(document, titles, signals, stage, department.name)
    if department.name is None and level != "government":
        findings.append(Finding("department_unknown", "unreadable", "页面没有写明公开部门", "the page does not name the disclosing body", "look"))
    identity = replace(
        identity, department=department.name, entity_level=level, doc_kind=kind, contact_phone=contact_phone(printed, sections), attachments=attachments_of(printed)
    )
    return _placed(identity, department.place or _own_place(document, titles, department.name, site, year)), tuple(findings)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _printed_title(document: Document, titles: tuple[Stated, ...]) -> str | None:
    stated = next(metadata(document, _WORDS["metadata"]["title"]), None)
    cover = next((title.text for where, title in titles if where in {"title", "cover"}), None)
    title = stated or cover or (document.title or "").strip()
    return title.translate(UNSEEN) or None


# place


def _placed(identity: Identity, place: Place | None) -> Identity:
    return identity if place is None else replace(identity, region_code=place.code, province=place.province, city=place.city, county=place.county)


def _site_place(document: Document, year: int | None) -> Place | None:
    """The place of the site (网站名称, 来源): settles county names that several provinces share."""
    stated = (*metadata(document, _WORDS["metadata"]["site"]), *metadata(document, _WORDS["metadata"]["publisher"]), document.title or "")
    return next((place for text in stated if (place := find_place(squeeze(text), year)) is not None), None)


def _own_place(document: Document, titles: tuple[Stated, ...], department: str | None, site: Place | None, year: int | None) -> Place | None:
    """The place of a body whose name bears none: the title's, the reform plan's, else the site's own.

    A name that bears a place the register does not know stays without a code.
    """
    for _, title in titles:
        if not title.name and (named := mentions(title.text, year, site)):
            return named[0].place
    if (place := reform_place(document, year, site)) is not None:
        return place
    return None if department is not None and _PLACED.match(department) else site


# year, stage, kind


def _fiscal_year(document: Document, titles: tuple[Stated, ...]) -> tuple[int | None, list[Finding]]:
    """The year of the accounts: the headings' majority beats the title; both are kept in a finding when they differ."""
    prose = _prose(document)
    titled = next(((where, title.year) for where, title in titles if title.year and where in {"title", "cover"}), None)
    headings = Counter(int(match[1]) for match in _YEAR_LINE.finditer(prose))
    common = headings.most_common(2)
    majority = common[0][0] if common and common[0][1] >= 3 and (len(common) == 1 or common[0][1] >= 2 * common[1][1]) else None
    if titled is not None:
        where, year = titled
        if majority is None or majority == year:
            return year, _cover_disagrees(titles, year)
        finding = Finding(
            "title_and_body_disagree_on_year", "fail", f"{where}写{year}年，各表和各节标题多写{majority}年，取{majority}年",
            f"the {where} says {year}, most headings and tables say {majority}; {majority} is taken", "likely", raw=str(year),
        )  # fmt: skip
        return majority, [finding]
    if majority is not None:
        return majority, []
    stated = next((title.year for _, title in titles if title.year), None)
    if stated is not None:
        return stated, []
    crumbs = [match for text in metadata(document, _WORDS["metadata"]["crumbs"]) for match in re.findall(r"(20\d\d)年", text)]
    if crumbs:
        return int(crumbs[-1]), []
    prose = document.content
    for pattern in (_YEAR_FORM, _YEAR_LINE, _YEAR_PROSE):
        years = Counter(int(match[1] or match[2]) for match in pattern.finditer(prose)).most_common(1)
        if years:
            return years[0][0], []
    return None, []


def _cover_disagrees(titles: tuple[Stated, ...], year: int) -> list[Finding]:
    other = next((title.year for where, title in titles if title.year and title.year != year and where in {"title", "cover"} and title.name), None)
    if other is None:
        return []
    return [Finding("title_and_cover_disagree_on_year", "fail", f"标题写{year}年，封面写{other}年", f"the title says {year}, the cover {other}", "look", raw=str(other))]


def _stage(document: Document, titles: tuple[Stated, ...], signals: Signals) -> tuple[str | None, list[Finding]]:
    if signals.forms and not signals.accounts and any(title.evaluation for _, title in titles[:1]):
        return _evaluated(document), []
    lines = Counter("final" if "决算" in match.group() else "budget" for match in _STAGE_LINE.finditer(_prose(document)))
    printed = None
    if lines["final"] >= 3 and 3 * lines["final"] >= lines["budget"]:
        printed = "final"
    elif lines["budget"] >= 3 and lines["final"] <= 1:
        printed = "budget"
    titled = next((title.stage for _, title in titles if title.stage), None)
    if titled is None:
        crumbs = next((_WORDS["title"]["stages"][word] for text in metadata(document, _WORDS["metadata"]["crumbs"])
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
    return "final" if _EVALUATED.search(document.content) else "budget"


def _prose(document: Document) -> str:
    """The text outside of grids, one line per block: where captions and headings stand."""
    return "\n".join(document.text(block.span) for block in document.blocks if isinstance(block, (Heading, Paragraph)))


def _zh(stage: str) -> str:
    return "决算" if stage == "final" else "预算"


def _first_stage(lines: Counter[str]) -> str | None:
    return lines.most_common(1)[0][0] if lines else None


def _kind(document: Document, titles: tuple[Stated, ...], signals: Signals, stage: str | None, department: str | None) -> tuple[str, str | None]:
    """doc_kind and entity_level of a disclosure."""
    titled = [title for _, title in titles if title.stage]
    if signals.forms and not signals.accounts and (not titled or any(title.evaluation for _, title in titles[:1])):
        return "self_evaluation", None
    edition = next((title.edition for title in titled if title.edition), None)
    if edition is None:
        counted = Counter("department" if match[1] == "部门" else "unit" for match in _EDITION.finditer(document.content))
        edition = "unit" if counted["unit"] > 2 * counted["department"] else "department"
    if signals.government and not any(title.edition in {"department", "unit"} for title in titled) and (department is None or department.endswith("人民政府")):
        edition = "government"
    elif edition == "government" and department is not None:
        edition = "department"
    return (f"{edition}_{stage}" if stage else "other"), edition
