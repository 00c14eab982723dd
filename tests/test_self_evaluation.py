"""Forms are read by the words of their heads, whatever the order of the columns and however the page kept its blank cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extract.document import Cell, Document, Source, Span, Table
from extract.reading import read
from normalize.folding import key
from normalize.numbers import parse_number, parse_percent
from normalize.tables.self_evaluation import read_forms
from tests import grids

if TYPE_CHECKING:
    from normalize.records import Indicator

HEAD = ["一级指标", "二级指标", "三级指标", "年度指标值", "全年完成值", "分值", "得分系数", "得分", "偏离绩效目标原因及下一步改进措施"]
FLATTENED = Path(__file__).parent / "data" / "flattened"


def document(rows: list[list[str]], *, sparse: bool = False) -> Document:
    """A page of one grid; sparse grids lose their blank cells."""
    content, cells = "", []
    for number, row in enumerate(rows):
        for column, text in enumerate([text for text in row if text or not sparse]):
            cells.append(Cell(number, column, Span(len(content), len(content) + len(text))))
            content += f"{text} | "
        content += "\n"
    table = Table(Span(0, len(content)), len(rows), max(map(len, rows)), tuple(cells), sparse)
    return Document(Source("page", "0" * 64), content, (table,))


def form(*rows: list[str], head: list[str] | None = None) -> list[list[str]]:
    return [["项目名称", "山塘清淤", "总分", "97.5", "等级", "优"], head or HEAD, *rows]


def said(row: Indicator) -> tuple[object, ...]:
    return (row.level1, row.level2, row.level3, row.target_raw, row.actual_raw, *(None if v is None else str(v) for v in (row.weight, row.coefficient_pct, row.score)), row.deviation_note)


@pytest.mark.parametrize("sparse", [False, True], ids=["full grid", "blank cells lost"])
def test_levels_are_carried_down_and_blank_rows_are_placeholders(*, sparse: bool) -> None:
    page = document(form(
        ["产出指标", "数量指标", "清淤山塘", "≥12口", "=13口", "20", "100%", "20", ""],
        ["", "质量指标", "", "", "", "", "", "", ""],
        ["", "时效指标", "完工时间", "达标", "达标", "20", "80%", "16", "雨天停工"],
        ["满意度指标", "服务对象满意度", "服务对象满意度", ">95%", "=97%", "10", "100%", "10", ""],
        ["", "", "投诉办结率", "=100%", "=100%", "5", "100%", "5", ""],
    ), sparse=sparse)  # fmt: skip
    rows = read_forms(page).indicators
    assert [said(row) for row in rows if not row.is_placeholder] == [
        ("产出指标", "数量指标", "清淤山塘", "≥12口", "=13口", "20", "100", "20", None),
        ("产出指标", "时效指标", "完工时间", "达标", "达标", "20", "80", "16", "雨天停工"),
        ("满意度指标", "服务对象满意度", "服务对象满意度", ">95%", "=97%", "10", "100", "10", None),
        ("满意度指标", "服务对象满意度", "投诉办结率", "=100%", "=100%", "5", "100", "5", None),
    ]
    assert [(row.level1, row.level2) for row in rows if row.is_placeholder] == [("产出指标", "质量指标")]
    assert not any(row.ambiguous for row in rows)


def test_columns_in_any_order_are_found_by_their_heads() -> None:
    head = ["一级指标", "二级指标", "三级指标", "得分", "分值", "实际完成值", "年度指标值"]
    page = document(form(["产出指标（50分）", "数量指标", "指标1：清淤山塘", "18", "20", "11口", "≥12口"], head=head))
    assert [said(row) for row in read_forms(page).indicators] == [("产出指标", "数量指标", "清淤山塘", "≥12口", "11口", "20", None, "18", None)]


@pytest.mark.parametrize("heads", [("年初预算数", "全年预算数(A)", "全年执行数(B)", "执行率(B/A)"), ("年初预算", "全年预算(A)", "全年执行(B)", "执行率(B÷A×100%)"), ("年初预算(①)", "调整后预算(②)", "实际支出(③)", "预算执行率(%)")])
def test_letters_and_signs_behind_a_head_of_the_funds_do_not_change_it(heads: tuple[str, ...]) -> None:
    funds = [["预算执行情况(万元)", "年度预算数(万元)", *heads, "分值", "得分"], ["", "资金总额", "320.00", "356.40", "349.27", "98%", "10", "9.8"]]
    (project,) = read_forms(document([["项目名称", "山塘清淤"], *funds, HEAD, ["产出指标", "数量指标", "清淤山塘", "≥12口", "=13口", "90", "100%", "90", ""]])).projects
    assert [str(value) for value in (project.initial_budget, project.annual_budget, project.executed, project.execution_rate_pct)] == ["320.00", "356.40", "349.27", "98"]


def test_a_row_with_two_readings_says_so() -> None:
    page = document(form(["产出指标", "数量指标", "清淤山塘", "12口", "20", "20"], head=["一级指标", "二级指标", "三级指标", "年度指标值", "全年完成值", "分值", "得分"]), sparse=True)
    found = read_forms(page)
    assert [row.ambiguous for row in found.indicators] == [True]
    assert [finding.check_id for finding in found.findings] == ["ambiguous"]


def test_a_cell_that_is_no_number_is_a_finding_and_no_value() -> None:
    page = document(form(["产出指标", "数量指标", "清淤山塘", "≥12口", "=13口", "二十", "100%", "20", ""]))
    found = read_forms(page)
    assert found.indicators[0].weight is None
    assert [finding.check_id for finding in found.findings] == ["form_cell_unreadable"]


def test_only_the_total_of_the_funds_makes_the_project_s_figures() -> None:
    page = document([
        ["项目名称", "山塘清淤", "", "", "", "", ""],
        ["项目资金(万元)", "年初预算数", "全年预算数(A)", "全年执行数(B)", "执行率(B/A,%)", "分值", "得分"],
        ["年度资金总额", "42", "40", "35.33", "88.33%", "10", "8.83"],
        ["其中:当年财政拨款", "42", "40", "35.33", "88.33%", "—", "—"],
        ["上年结转资金", "", "", "", "", "-", "-"],
        HEAD[:7], ["产出指标", "数量指标", "清淤山塘", "≥12口", "=13口", "90", "100%"],
    ])  # fmt: skip
    found = read_forms(page)
    assert [(fund.fund_source, str(fund.annual_budget), fund.score) for fund in found.project_funds] == [
        ("total", "40", parse_number("8.83")), ("current_year_appropriation", "40", None), ("prior_year_carryover", "None", None),
    ]  # fmt: skip
    project = found.projects[0]
    assert (str(project.executed), str(project.execution_rate_pct), str(project.execution_score), project.fund_unit) == ("35.33", "88.33", "8.83", "万元")


def test_a_target_form_has_no_actuals_and_is_kept_apart() -> None:
    page = document([["项目名称", "山塘清淤", "", ""], ["一级指标", "二级指标", "三级指标", "指标值"], ["产出指标", "数量指标", "清淤山塘", "≥12口"]])
    assert [(row.kind, row.target_operator, str(row.target_value), row.target_unit, row.actual_raw) for row in read_forms(page).indicators] == [("target", "≥", "12", "口", None)]


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FLATTENED / name).read_text(encoding="utf-8").splitlines()]


PAGES = {page["id"]: page for page in lines("pages.jsonl")}


def expected(page: dict[str, Any]) -> list[tuple[object, ...]]:
    return [tuple(wanted(row.get(name), name) for name in FIELDS) for form_ in page["truth"] for row in form_["indicators"] if row.get("target") or row.get("level3")]


FIELDS = ("level1", "level2", "level3", "target", "actual", "weight", "coefficient", "score", "note")


def wanted(value: object, name: str) -> object:
    if value in {None, ""}:
        return None
    text = key(str(value))
    return str(parse_percent(text)) if name in {"weight", "coefficient", "score"} else text


@pytest.mark.parametrize("version", ["1.12.2", "2.0.0", "2.3.1"])
def test_forms_flattened_by_trafilatura_come_back_or_say_ambiguous(version: str) -> None:
    checked = 0
    for case in lines(f"trafilatura-{version}.jsonl"):
        page = PAGES[case["id"]]
        found = read_forms(read(case["text"].encode(), "flattened.txt"))
        have = [
            tuple(wanted(value, name) for name, value in zip(FIELDS, (r.level1, r.level2, r.level3, r.target_raw, r.actual_raw, r.weight, r.coefficient_pct, r.score, r.deviation_note), strict=True))
            for r in found.indicators if not r.is_placeholder
        ]  # fmt: skip
        doubts = sum(finding.check_id in {"ambiguous", "indicator_row_unreadable"} for finding in found.findings)
        missed = [row for row in expected(page) if row not in have]
        assert len(missed) <= doubts, (case["id"], page["variant"], missed[:3], have[:3])
        checked += len(have)
    assert checked > 300


def test_a_list_of_projects_in_rows_gives_one_project_per_name() -> None:
    rows = [["项目名称", "预算金额", "年度绩效目标", "指标名称", "指标性质", "指标值", "计量单位", "指标权重(%)"],
            ["山塘清淤", "42.00", "清淤十二口", "清淤山塘", "≥", "12", "口", "60"], ["山塘清淤", "42.00", "清淤十二口", "完工率", "=", "100", "%", "40"],
            ["渠道衬砌", "30.50", "衬砌三公里", "衬砌长度", "≥", "3", "公里", "100"]]  # fmt: skip
    content, cells = "", []
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if number == 2 and column < 3:
                continue
            cells.append(Cell(number, column, Span(len(content), len(content) + len(text)), rowspan=2 if number == 1 and column < 3 else 1))
            content += f"{text} | "
        content += "\n"
    page = Document(Source("page", "0" * 64), content, (Table(Span(0, len(content)), 4, 8, tuple(cells)),))
    found = read_forms(page)
    assert [(p.kind, p.project_name, str(p.initial_budget), p.goal_target) for p in found.projects] == [
        ("target", "山塘清淤", "42.00", "清淤十二口"), ("target", "渠道衬砌", "30.50", "衬砌三公里"),
    ]  # fmt: skip
    assert [(r.project_id[-1], r.level3, r.target_operator, str(r.target_value), r.target_unit, str(r.weight)) for r in found.indicators] == [
        ("1", "清淤山塘", "≥", "12", "口", "60"), ("1", "完工率", "=", "100", "%", "40"), ("2", "衬砌长度", "≥", "3", "公里", "100"),
    ]  # fmt: skip


TARGET_HEAD = ["一级指标", "二级指标", "三级指标", "指标值"]


@pytest.mark.parametrize(("printed", "weight"), [("产出指标（50分）", "50"), ("产出指标50", "50"), ("产出指标 50 分", "50"), ("产出指标", None)])
def test_a_weight_behind_a_level_is_a_score_and_no_part_of_its_name(printed: str, weight: str | None) -> None:
    found = read_forms(document(form([printed, "数量指标", "清淤山塘", "≥12口", "=13口", "", "100%", "", ""])))
    assert [row.level1 for row in found.indicators] == ["产出指标"]
    assert [(score.component, str(score.weight)) for score in found.scores if score.source == "printed" and score.component != "total"] == ([("产出指标", weight)] if weight else [])


def test_a_level_that_holds_what_stood_in_several_cells_is_a_finding() -> None:
    jumbled = "产出指标通过更换闸门启闭设备产出指标保障灌区下游用水安全产出指标成本指标效益指标"
    found = read_forms(document(form([jumbled, "数量指标", "更换启闭机", "≥2台", "=2台", "20", "100%", "20", ""])))
    assert [(row.level1, row.level2, row.level3) for row in found.indicators] == [(None, "数量指标", "更换启闭机")]
    assert [finding.check_id for finding in found.findings] == ["form_cell_unreadable"]


def test_the_budget_of_the_year_in_a_head_is_funds_and_that_of_all_years_beside_it_is_not() -> None:
    page = document([
        ["项目名称", "", "山塘清淤", "", ""],
        ["项目资金（万元）", "实施期资金总额：", "900.00", "年度资金总额：", "300.00"],
        ["", "其中：财政拨款", "800.00", "其中：财政拨款", "260.00"],
        ["", "其他资金", "100.00", "", ""],
        ["", "", "", "其他资金", "40.00"],
        TARGET_HEAD,
        ["产出指标", "数量指标", "清淤山塘", "≥12口"],
    ])  # fmt: skip
    found = read_forms(page)
    assert [(fund.fund_source, str(fund.initial_budget)) for fund in found.project_funds] == [("total", "300.00"), ("other", "40.00")]
    assert [str(project.initial_budget) for project in found.projects] == ["300.00"]


def test_a_form_below_the_indicators_of_another_begins_with_its_department_where_its_name_is_lost() -> None:
    page = document([
        ["项目名称", "山塘清淤", "", ""],
        ["主管部门", "云岭县水务局", "实施单位", "云岭县河道所"],
        TARGET_HEAD,
        ["产出指标", "数量指标", "清淤山塘", "≥12口"],
        ["主管部门", "云岭县水务局", "实施单位", "云岭县灌区所"],
        ["项目资金（万元）", "年度资金总额：", "25.00", ""],
        TARGET_HEAD,
        ["产出指标", "数量指标", "巡查渠道", "≥9次"],
    ])  # fmt: skip
    found = read_forms(page)
    assert [(project.project_name, project.implementing_unit) for project in found.projects] == [("山塘清淤", "云岭县河道所"), (None, "云岭县灌区所")]
    assert [(row.project_id[-1], row.level3) for row in found.indicators] == [("1", "清淤山塘"), ("2", "巡查渠道")]


WHOLE = [
    ["部门名称", "云岭县档案馆[1,5]"], ["整体绩效目标", "整理馆藏。[1,5]"], ["活动", "绩效指标[1,2]", "指标性质", "指标值", "度量单位"],
    ["馆藏", "产出指标数量\n指标整理案卷[1,2]", "≥", "4200", "卷"],
]  # fmt: skip
REST = [["馆藏", "产出指标时效指标编目完成时间", "≤", "30", "日"], ["查阅", "效益指标社会效益指标方便群众查档", "定性", "优", ""]]


@pytest.mark.parametrize("between", ["", "整体绩效目标"])
def test_levels_printed_in_front_of_an_indicator_are_read_on_the_next_page_too(between: str) -> None:
    whole = grids.page(WHOLE, *([between] if between else []), REST)
    found = read_forms(whole)
    assert [(row.level1, row.level2, row.level3, row.target_operator, row.target_raw, row.target_unit) for row in found.indicators] == [
        ("产出指标", "数量指标", "整理案卷", "≥", "4200", "卷"), ("产出指标", "时效指标", "编目完成时间", "≤", "30", "日"), ("效益指标", "社会效益指标", "方便群众查档", None, "优", None),
    ]  # fmt: skip
    assert [project.goal_target for project in found.projects] == ["整理馆藏。"]
    places = {name: whole.text(span) for name, span in found.indicators[0].texts}
    assert (places["level1"], places["level2"], places["level3"]) == ("产出指标", "数量\n指标", "整理案卷")


@pytest.mark.parametrize(("rest", "between"), [([["馆藏", "整理案卷", "≥", "4200", "卷"]], ""), (REST, "二、其他事项说明"), ([row[:4] for row in REST], "")])
def test_a_grid_below_a_form_that_does_not_go_on_with_it_is_none_of_it(rest: list[list[str]], between: str) -> None:
    assert len(read_forms(grids.page(WHOLE, *([between] if between else []), rest)).indicators) == 1


LEVELLED = [["项目名称", "村道养护[1,4]"], ["", "一级指标", "二级指标", "三级指标", "指标值"], ["绩效指标", "产出指标", "数量指标", "养护里程", "≥12公里"]]
NEXT_PAGE = [["绩效指标[2,1]", "产出指标(50分)", "质量指标", "路面完好率", "≥95%"], ["满意度指标", "服务对象满意度", "村民满意度", "≥90%"], ["说明[1,2]", "按季度养护[1,3]"]]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        (["项目绩效目标表", NEXT_PAGE], ["养护里程", "路面完好率", "村民满意度"]),
        (["另一张表", NEXT_PAGE], ["养护里程"]),
        ([[["村道", "四级", "水泥", "12", "公里"]]], ["养护里程"]),
        (["项目绩效目标表", [["项目名称", "路灯维修[1,4]"], *NEXT_PAGE]], ["养护里程"]),
    ],
)
def test_a_form_goes_on_below_its_repeated_title_where_levels_stand_under_their_heads(below: list[Any], expected: list[str]) -> None:
    found = read_forms(grids.page("项目绩效目标表", LEVELLED, *below))
    assert [row.level3 for row in found.indicators] == expected
    assert len(found.projects) == 1


def test_a_goal_stands_below_its_own_head() -> None:
    page = document([["转移支付名称", "村道养护补助"], ["年度总体目标", "年度目标"], ["", "养护村道。"], ["一级指标", "二级指标", "三级指标", "指标值"], ["产出指标", "数量指标", "养护里程", "≥12公里"]])
    (project,) = read_forms(page).projects
    assert (project.project_name, project.goal_target) == ("村道养护补助", "养护村道。")


def test_a_list_of_projects_has_sources_below_a_second_row_of_heads_and_one_name_over_two_budgets_is_two_projects() -> None:
    found = read_forms(grids.page([
        ["项目名称[2,1]", "项目总额[2,1]", "其中：[1,2]", "绩效目标[2,1]", *(f"{head}[2,1]" for head in ("一级指标", "二级指标", "三级指标", "绩效指标性质", "本年绩效指标值", "绩效度量单位"))],
        ["财政资金", "其他资金"],
        ["苗木养护[3,1]", "12.50[2,1]", "10.00[2,1]", "2.50[2,1]", "养护苗木。[2,1]", "产出指标", "数量指标", "养护株数", "≥", "300", "株"],
        ["产出指标", "质量指标", "成活率", "≥", "95", "%"],
        ["7.00", "7.00", "", "补植苗木。", "产出指标", "数量指标", "补植株数", "≥", "40", "株"],
        ["道路清扫", "3.00", "3.00", "", "清扫道路。", "产出指标", "数量指标", "清扫里程", "≥", "9", "公里"],
    ]))  # fmt: skip
    assert [(project.project_name, str(project.initial_budget), project.goal_target) for project in found.projects] == [
        ("苗木养护", "12.50", "养护苗木。"), ("苗木养护", "7.00", "补植苗木。"), ("道路清扫", "3.00", "清扫道路。"),
    ]  # fmt: skip
    assert [(fund.project_id[-1], fund.fund_source, str(fund.initial_budget)) for fund in found.project_funds] == [
        ("1", "current_year_appropriation", "10.00"), ("1", "other", "2.50"), ("2", "current_year_appropriation", "7.00"), ("3", "current_year_appropriation", "3.00"),
    ]  # fmt: skip
    assert [(row.project_id[-1], row.level3) for row in found.indicators] == [("1", "养护株数"), ("1", "成活率"), ("2", "补植株数"), ("3", "清扫里程")]
