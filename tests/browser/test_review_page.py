"""The review page in a real browser: values lie where they are printed, decisions are kept, keys are enough, scraped pages run nothing."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pdfplumber
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongkai import schema
from gongkai.cli import main
from tests.browser.conftest import FIXTURES, made, served, until

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME = "document.querySelector('iframe').contentDocument"


def rows(dataset: Path, table: str, **wanted: object) -> list[dict[str, Any]]:
    found = pq.read_table(dataset / "data" / f"{table}.parquet").to_pylist()
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


def flat(text: str) -> str:
    return re.sub(r"\s", "", text)


def document(dataset: Path, name: str) -> str:
    (found,) = [row["document_id"] for row in rows(dataset, "documents") if f"/{name}/" in row["source"]]
    return str(found)


def test_the_mark_lies_on_the_right_cell_of_a_web_page(kept: Path, visit: Callable[..., Any]) -> None:
    lines = rows(kept, "budget_lines", document_id=document(kept, "chengkou-climate-2021-final-html"), origin="table")
    with served(kept) as desk:
        for row in lines[:: max(1, len(lines) // 6)]:
            page = visit(desk, row["row_id"])
            cell, line = page.evaluate(f"(() => {{ const mark = {FRAME}.querySelector('mark.now'); return [mark.textContent, mark.closest('tr').textContent]; }})()")
            assert flat(cell) == flat(row["raw"])
            assert flat(row["item_label"] or "") in flat(line)
            box = page.evaluate(f"(() => {{ const at = {FRAME}.querySelector('mark.now').getBoundingClientRect(); return [at.top, at.bottom, {FRAME}.defaultView.innerHeight]; }})()")
            assert 0 <= box[0] < box[1] <= box[2], "the mark is in sight"


def test_the_mark_lies_on_the_right_words_of_a_text(kept: Path, visit: Callable[..., Any]) -> None:
    lines = rows(kept, "budget_lines", document_id=document(kept, "tongliang-dragon-2022-final-txt"), origin="narrative")
    text = next((FIXTURES / "tongliang-dragon-2022-final-txt").glob("input.*")).read_text(encoding="utf-8")
    with served(kept) as desk:
        for row in lines[:: max(1, len(lines) // 5)]:
            page = visit(desk, row["row_id"])
            marked, around = page.evaluate(f"(() => {{ const mark = {FRAME}.querySelector('mark.now'); return [mark.textContent, mark.parentElement.textContent]; }})()")
            assert flat(marked) == flat(row["raw"])
            assert flat(marked) in flat(around)
            assert flat(around)[:60].lstrip("0123456789") in flat(text)


def test_the_box_lies_on_the_printed_figure_of_a_pdf(kept: Path, visit: Callable[..., Any]) -> None:
    lines = rows(kept, "budget_lines", document_id=document(kept, "fengxian-shelterbelt-2023-final-pdf"), origin="table")
    with pdfplumber.open(FIXTURES / "fengxian-shelterbelt-2023-final-pdf" / "input.pdf") as pdf, served(kept) as desk:
        for row in lines[:: max(1, len(lines) // 6)]:
            page = visit(desk, row["row_id"])
            box = page.evaluate("(() => { const box = document.querySelector('.box.now'), sheet = box.parentElement; const at = box.getBoundingClientRect(), on = sheet.getBoundingClientRect(); return [sheet.id, (at.left - on.left) / on.width, (at.top - on.top) / on.height, (at.right - on.left) / on.width, (at.bottom - on.top) / on.height]; })()")
            sheet = pdf.pages[int(box[0].removeprefix("sheet-")) - 1]
            within = sheet.crop((box[1] * float(sheet.width) - 1, box[2] * float(sheet.height) - 1, box[3] * float(sheet.width) + 1, box[4] * float(sheet.height) + 1))
            assert flat(within.extract_text()) == flat(row["raw"])


def decided(dataset: Path) -> list[dict[str, str]]:
    files = sorted((dataset / "overrides").glob("*.csv")) if (dataset / "overrides").is_dir() else []
    return [row for file in files for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]


def test_correct_confirm_and_undo_with_the_keyboard_alone(dataset: Path, visit: Callable[..., Any]) -> None:
    with served(dataset) as desk:
        page = visit(desk)
        keys = page.keyboard
        keys.press("e")
        page.wait_for_selector("#new-value:focus")
        keys.type("30.5")
        keys.press("Tab")
        keys.type("按原件")
        keys.press("Tab")
        keys.press("Enter")
        until(page, "[...document.querySelectorAll('.note.pass')].some(note => note.textContent.includes('30.5'))")  # checks that hold are such notes too
        (line,) = decided(dataset)
        assert (line["action"], line["new_value"], line["reason"], line["reviewer"]) == ("correct", "30.5", "按原件", "林一")
        until(page, "document.activeElement.id === 'correct'")
        keys.press("u")
        until(page, "document.querySelector('.note.pass') === null || !document.querySelector('#detail').textContent.includes('30.5')")
        assert decided(dataset) == []
        keys.press("c")
        until(page, "document.querySelector('#said').textContent === '已确认'")
        assert [line["action"] for line in decided(dataset)] == ["confirm"]
        first = page.inner_text("#item-0")
        keys.press("/")
        until(page, "document.activeElement.id === 'words'")
        keys.press("Escape")
        until(page, "document.activeElement.id === 'list'")
        keys.press("j")
        page.wait_for_selector("#item-1[aria-selected=true]")
        keys.press("k")
        page.wait_for_selector("#item-0[aria-selected=true]")
        assert page.inner_text("#item-0") == first
        keys.press("?")
        page.wait_for_selector("#keylist", state="visible")
        keys.press("Escape")
        page.wait_for_selector("#keylist", state="hidden")
        keys.press("l")
        until(page, "document.querySelector('#undo').textContent === 'Undo'")
        keys.press("4")
        page.wait_for_selector("#tab-sample[aria-selected=true]")


def test_a_value_that_cannot_be_is_refused_where_it_is_typed(dataset: Path, visit: Callable[..., Any]) -> None:
    row = rows(dataset, "budget_lines", raw="32.0%")[0]
    with served(dataset) as desk:
        page = visit(desk, row["row_id"])
        page.keyboard.press("e")
        page.fill("#new-value", "约三成")
        page.click("form.correct button.first")
        until(page, "document.querySelector('[role=alert]').textContent !== ''")
        assert decided(dataset) == []


def test_a_decision_whose_text_has_changed_is_shown_as_a_conflict(dataset: Path, visit: Callable[..., Any]) -> None:
    row = rows(dataset, "budget_lines", raw="32.0%")[0]
    with served(dataset) as desk:
        page = visit(desk, row["row_id"])
        page.keyboard.press("c")
        until(page, "document.querySelector('#said').textContent === '已确认'")
    (file,) = (dataset / "overrides").glob("*.csv")
    file.write_text(file.read_text(encoding="utf-8").replace("32.0%", "31.0%"), encoding="utf-8")
    with served(dataset) as desk:
        page = visit(desk, row["row_id"])
        page.wait_for_selector(".note.conflict")
        assert "31.0%" in page.inner_text(".note.conflict")
        page.click("#tab-decisions")
        until(page, "document.querySelector('#item-0')?.textContent.includes('冲突')")
        page.keyboard.press("Escape")
        page.focus("#list")
        page.keyboard.press("j")
        page.keyboard.press("c")
        until(page, "document.querySelector('.note.conflict') === null")
    assert [line["raw_seen"] for line in decided(dataset)] == ["32.0%"]


def test_a_value_on_the_page_can_be_clicked(kept: Path, visit: Callable[..., Any]) -> None:
    row = rows(kept, "budget_lines", document_id=document(kept, "pengxi-stone-2021-final"))[0]
    with served(kept) as desk:
        page = visit(desk, row["row_id"])
        other = page.frame_locator("iframe").locator("mark[data-rows]").nth(3)
        text = other.inner_text()
        other.click()
        until(page, f"document.querySelector('#detail .raw').textContent.replace(/\\s/g, '') === {json.dumps(flat(text))}")


HOSTILE = """<!doctype html><html><head><meta http-equiv="refresh" content="0;url=http://evil.example/"><base href="http://evil.example/">
<title>云岭县档案馆2023年度部门决算</title><script>top.pwned = 1; alert(1)</script><style>body{{display:none}} @import url(http://evil.example/a.css); p{{background:url(http://evil.example/b.png)}}</style>
<link rel="stylesheet" href="http://evil.example/c.css"></head><body onload="top.pwned = 2" style="position:fixed;top:0;background:url('http://evil.example/d.png')">
<h1>云岭县档案馆2023年度部门决算</h1><img src=x onerror="top.pwned = 3"><svg onload="top.pwned = 4"><script>top.pwned = 5</script></svg><iframe srcdoc="<script>top.pwned = 6</script>"></iframe>
<p>一、收入支出决算总体情况说明</p><p>2023年度收入总计<b onclick="top.pwned = 7">1,206.40</b>万元，支出总计1,206.40万元，与上年决算数相比，收、支总计各减少3.60万元，下降0.3%。</p>
<p>二、{item}</p><form action="http://evil.example/"><input autofocus onfocus="top.pwned = 8"></form><a href="javascript:top.pwned = 9">x</a><math><mtext></mtext><style><img src=x onerror="top.pwned = 10"></style></math>
<object data="http://evil.example/e"></object><embed src="http://evil.example/f"><video src="http://evil.example/g" onerror="top.pwned = 11"></video><noscript><p title="</noscript><img src=x onerror=top.pwned=12>"></noscript>
<table><tr><td>项目</td><td>决算数</td></tr><tr><td onmouseover="top.pwned = 13"><script>top.pwned = 14</script>三、支出</td><td>1,206.40</td></tr></table></body></html>"""


def test_a_scraped_page_runs_nothing_and_fetches_nothing(tmp_path: Path, visit: Callable[..., Any]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.html").write_text(HOSTILE.format(item='<script>top.pwned = 20</script>&lt;img src=x onerror="top.pwned = 21"&gt;'), encoding="utf-8")
    dataset = made(tmp_path)
    row = rows(dataset, "budget_lines", measure="total_revenue", basis="final")[0]
    with served(dataset) as desk:
        page = visit(desk, row["row_id"])
        assert page.evaluate(f"{FRAME}.querySelector('mark.now').textContent").startswith("1,206.40")
        page.frame_locator("iframe").locator("mark.now").first.click()
        page.wait_for_timeout(500)
        assert page.evaluate("window.pwned") is None
        assert page.evaluate(f"{FRAME}.querySelectorAll('script, svg, math, iframe, object, embed, form, input, img, a[href], link, base, meta[http-equiv=refresh i]').length") == 0
        assert page.evaluate(f"[...{FRAME}.querySelectorAll('*')].every(one => [...one.attributes].every(at => !at.name.startsWith('on') && !(at.name === 'style' && one.tagName !== 'STYLE')))")
        assert page.url.startswith(f"http://127.0.0.1:{desk.port}/")


def test_ten_thousand_doubts_keep_few_items_in_the_page(dataset: Path, visit: Callable[..., Any]) -> None:
    file = dataset / "data" / "findings.parquet"
    some = next(row for row in pq.read_table(file).to_pylist() if row["severity"] == "certain" and row["status"] == "fail")
    many = [{**some, "row_id": f"{some['document_id']}-findings-{number:05d}", "message_zh": f"第{number}条"} for number in range(10_000)]
    pq.write_table(pa.Table.from_pylist(many, schema=schema.arrow("findings")), file)
    with served(dataset) as desk:
        page = visit(desk)
        most = page.evaluate("""async () => {
            const list = document.getElementById('list'); let most = 0;
            for (let step = 0; step <= 40; step++) { list.scrollTop = (list.scrollHeight - list.clientHeight) * step / 40; await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame); most = Math.max(most, document.querySelectorAll('.item').length); }
            return most; }""")
        assert most < 40
        until(page, "document.querySelector('#room').textContent.includes('第9999条')")
        page.focus("#list")
        page.keyboard.press("End")
        page.wait_for_selector("#item-9999[aria-selected=true]")
        assert page.get_attribute("#item-9999", "aria-setsize") == "10000"


AXE = os.environ.get("GONGKAI_AXE", "node_modules/axe-core/axe.min.js")


@pytest.mark.skipif(not Path(AXE).is_file(), reason="axe-core is not here: npm install axe-core, or set GONGKAI_AXE to its axe.min.js")
@pytest.mark.parametrize(("width", "scheme", "locale"), [(1400, "light", "zh-CN"), (390, "light", "en-GB"), (1400, "dark", "en-GB"), (390, "dark", "zh-CN")])
def test_axe_finds_nothing_serious(kept: Path, visit: Callable[..., Any], width: int, scheme: str, locale: str) -> None:
    with served(kept) as desk:
        page = visit(desk, width=width, color_scheme=scheme, locale=locale, bypass_csp=True)
        page.evaluate(Path(AXE).read_text(encoding="utf-8"))

        def faults(what: str) -> list[str]:
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            return [f"{what}: {one['id']} {json.dumps([node['html'] for node in one['nodes']][:3], ensure_ascii=False)}" for one in found if one["impact"] in ("serious", "critical")]

        said = faults("list")
        for pane in ("page", "detail"):
            if width < 500:
                page.click(f"[data-to={pane}]")
                said += faults(pane)
        page.keyboard.press("e")
        page.wait_for_selector("#new-value")
        said += faults("form")
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        said += faults("keys")
        page.keyboard.press("Escape")
        page.keyboard.press("2")
        page.wait_for_selector("#tab-departments[aria-selected=true]")
        said += faults("departments")
        assert said == []


def test_an_exported_page_needs_no_server_and_its_decisions_can_be_taken_home(kept: Path, tmp_path: Path, chromium: Any) -> None:
    place = tmp_path / "out"
    shutil.copytree(kept, place)
    file = tmp_path / "page.html"
    assert main(["review", str(place), "--export", str(file), "--of", "竹编工艺站 2023", "--reviewer", "=林"]) == 0
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="zh-CN", offline=True, accept_downloads=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(file.as_uri())
    until(page, "document.querySelector('#detail h2') !== null")
    until(page, f"{FRAME}.querySelector('mark.now') !== null")
    page.keyboard.press("e")
    page.fill("#new-value", "30")
    page.fill("#reason", "=1+1")
    page.click("form.correct button.first")
    until(page, "[...document.querySelectorAll('.note.pass')].some(note => note.textContent.includes('→ 30'))")
    with page.expect_download() as waiting:
        page.click("#download")
    (place / "overrides").mkdir()
    shutil.copy(waiting.value.path(), place / "overrides" / "mailed.csv")
    context.close()
    assert wrong == []
    from gongkai import overrides  # noqa: PLC0415

    (decision,) = overrides.load(place)
    assert (decision.action, decision.new_value, decision.reason, decision.reviewer) == ("correct", "30", "=1+1", "=林")
    assert [one.status for one in overrides.resolve(place)] == ["applied"]
