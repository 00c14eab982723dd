"use strict";
// The review page. One script, served as it is; whatever a document says reaches the page as text (textContent), never as markup.

const WORDS = {
  zh: {
    title: "复核", skip: "跳到列表", search: "搜索部门、项目、年度", undo: "撤销", language: "English", keys: "快捷键", lists: "列表", items: "条目", page: "原文", detail: "数值", panes: "窗格", list: "列表",
    choose: "请从列表中选一条", close: "关闭", doubts: "疑点", departments: "部门", found: "搜索结果", sample: "抽样", decisions: "已判定", none: "没有条目", all: "显示全部", download: "下载判定",
    confirm: "确认", correct: "更正", save: "保存", cancel: "取消", field: "字段", new_value: "新值", reason: "理由", raw: "原文", sides: "两边的数值", checks: "参与的核对", rule: "读取规则", fields: "各列", source: "来源",
    saved_confirm: "已确认", saved_correct: "已更正", undone: "已撤销", by: "由", conflict: "冲突：判定之后原文已变", was: "判定时原文", extracted: "提取值", nowhere: "页面上没有找到此处，见“原文”", last: "没有下一条", first: "没有上一条",
    certain: "确有错误", likely: "很可能", look: "待查", unreadable: "读不出", pass: "相符", pass_rounding: "舍入相符", fail: "不符", undefined: "无法计算", not_applicable: "不适用", applied: "已生效", orphan: "已无此行", disputed: "有分歧", invalid: "无效", waiting: "下次运行生效",
    documents: "份文件", page_number: "页", status: "判定",
  },
  en: {
    title: "review", skip: "Skip to the list", search: "Search departments, items, years", undo: "Undo", language: "中文", keys: "Keys", lists: "Lists", items: "Items", page: "Page", detail: "Value", panes: "Panes", list: "List",
    choose: "Choose an item of the list", close: "Close", doubts: "Doubts", departments: "Departments", found: "Found", sample: "Sample", decisions: "Decided", none: "Nothing here", all: "Show all", download: "Download decisions",
    confirm: "Confirm", correct: "Correct", save: "Save", cancel: "Cancel", field: "Field", new_value: "New value", reason: "Reason", raw: "As printed", sides: "Values on both sides", checks: "Checks it takes part in", rule: "Rule that read it", fields: "Columns", source: "Source",
    saved_confirm: "Confirmed", saved_correct: "Corrected", undone: "Undone", by: "by", conflict: "Conflict: the printed text has changed since", was: "printed then", extracted: "extracted", nowhere: "This place was not found on the page; see “as printed”", last: "There is no next one", first: "There is no previous one",
    certain: "certain", likely: "likely", look: "look", unreadable: "unreadable", pass: "pass", pass_rounding: "pass (rounding)", fail: "fail", undefined: "undefined", not_applicable: "not applicable", applied: "applied", orphan: "its row is gone", disputed: "disputed", invalid: "invalid", waiting: "applied by the next run",
    documents: "documents", page_number: "page", status: "decision",
  },
};
const KEYS = [
  ["j / ↓", "下一条", "next item"], ["k / ↑", "上一条", "previous item"], ["n / p", "下一个、上一个数值", "next, previous value of the doubt"], ["c", "确认", "confirm"], ["e", "更正", "correct"], ["u", "撤销", "undo"],
  ["/", "搜索", "search"], ["1 – 5", "切换列表", "switch the list"], ["l", "中文 / English", "中文 / English"], ["?", "快捷键", "these keys"], ["Esc", "关闭、取消", "close, cancel"],
];
const HEIGHT = 76; // of an item, as in review.css
const CHUNK = 500; // doubts of one answer, as in answers.py
const $ = (id) => document.getElementById(id);
const embedded = $("embedded");
const state = { field: null, lang: navigator.language.startsWith("zh") ? "zh" : "en", tab: "doubts", queue: null, index: -1, filter: null, row: null, side: null, document: null, undoable: 0 };
const say = (word) => WORDS[state.lang][word] ?? word;
const inLang = (thing, name) => thing[`${name}_${state.lang}`] ?? "";

function el(tag, { attributes = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// What the reader asks for is done in the order asked, however fast the keys.
let work = Promise.resolve();
function run(action) { work = work.then(action).catch(failed); }

function tell(text) {
  $("said").textContent = text;
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => ($("said").textContent = ""), 4000);
}

// ---- where answers come from: the server, or the data an exported page carries ----

function fromServer() {
  const ask = async (path, body) => {
    const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, options);
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said[state.lang] ?? said.en), { told: true });
    return said;
  };
  return {
    overview: () => ask("/api/overview"), departments: () => ask("/api/departments"), decisions: () => ask("/api/decisions"), sample: () => ask("/api/sample"),
    doubts: (asked) => ask(`/api/doubts?${new URLSearchParams(asked)}`), search: (words) => ask(`/api/search?${new URLSearchParams({ q: words })}`),
    document: (id) => ask(`/api/document/${id}`), row: (id) => ask(`/api/row/${id}`), decide: (said) => ask("/api/decide", said), undo: () => ask("/api/undo", {}),
    frame: (frame, id) => { frame.src = `/view/${id}`; }, picture: (id, number) => `/page/${id}/${number}.png`,
  };
}

function fromPage(data) {
  const decided = []; // [decision, the one before it]
  const matches = (text, words) => words.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word));
  const lines = () => Object.values(data.documents).flatMap((one) => one.values);
  const settle = (row) => {
    const mark = row.decisions.some((one) => one.action === "correct") ? "correct" : row.decisions.length ? "confirm" : null;
    for (const line of [...lines(), ...Object.values(data.rows).flatMap((one) => one.sides)]) if (line.row_id === row.row_id) line.decided = mark;
  };
  const place = (row, decision) => { row.decisions = row.decisions.filter((one) => one.field !== decision.field).concat(decision); settle(row); };
  return {
    overview: async () => data.overview, departments: async () => data.departments, sample: async () => [],
    doubts: async ({ q = "", offset = 0 }) => { const found = data.doubts.filter((one) => matches(`${one.check_id} ${one.message_zh} ${one.message_en}`, q)); return { total: found.length, offset: Number(offset), rows: found.slice(Number(offset), Number(offset) + CHUNK) }; },
    search: async (words) => lines().filter((one) => matches(`${one.department} ${one.fiscal_year} ${one.label_zh} ${one.label_en} ${one.raw}`, words)).slice(0, 300),
    document: async (id) => data.documents[id], row: async (id) => data.rows[id],
    decide: async (said) => {
      const row = data.rows[said.row_id];
      const before = row.decisions.find((one) => one.field === said.field) ?? null;
      const seen = row.fields.find((one) => one.name === said.field)?.value ?? "";
      const decision = { document_sha256: row.sha256, table: row.table, row_key: row.row_key, field: said.field, action: said.action, raw_seen: row.fields.find((one) => one.name === said.field)?.raw ?? row.raw, value_seen: seen, new_value: said.new_value ?? "", reason: said.reason ?? "", reviewer: data.overview.reviewer, time: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"), row_id: row.row_id };
      decided.push([decision, before]);
      place(row, decision);
      return row;
    },
    undo: async () => {
      const [decision, before] = decided.pop();
      const row = data.rows[decision.row_id];
      row.decisions = row.decisions.filter((one) => one.field !== decision.field).concat(before ?? []);
      settle(row);
      return { undone: decision, undoable: decided.length };
    },
    decisions: async () => Object.values(data.rows).flatMap((row) => row.decisions.map((one) => ({ ...one, row_id: row.row_id, label_zh: row.label_zh, label_en: row.label_en, status: "waiting" }))),
    frame: (frame, id) => { frame.srcdoc = data.views[id]; }, picture: (id, number) => data.pages[id]?.[number] ?? "",
    saved: () => decided.length, columns: data.columns,
  };
}

const api = embedded ? fromPage(JSON.parse(embedded.textContent)) : fromServer();

// ---- the list: only the items in sight are in the page ----

const TABS = {
  doubts: { rows: true, item: doubtItem, load: (queue, offset) => api.doubts({ ...(state.filter ?? {}), q: queue.words ?? "", offset }) },
  departments: { item: departmentItem, load: async () => whole(await api.departments()) },
  found: { item: valueItem, load: async (queue) => whole(queue.words ? await api.search(queue.words) : []) },
  sample: { item: valueItem, load: async () => whole(await api.sample()) },
  decisions: { item: decisionItem, load: async () => whole(await api.decisions()) },
};
const whole = (rows) => ({ total: rows.length, offset: 0, rows });

async function openTab(name, words = "") {
  state.tab = name;
  state.index = -1;
  const queue = { words, rows: [], total: 0, asked: new Set() };
  state.queue = queue;
  await load(queue, 0);
  $("list").scrollTop = 0;
  drawTabs();
  drawList();
}

async function load(queue, offset) {
  if (queue.asked.has(offset)) return;
  queue.asked.add(offset);
  const answer = await TABS[state.tab].load(queue, offset);
  if (state.queue !== queue) return;
  queue.total = answer.total;
  answer.rows.forEach((row, number) => (queue.rows[answer.offset + number] = row));
}

function drawTabs() {
  const tabs = Object.keys(TABS).map((name) => {
    const tab = el("button", { type: "button", id: `tab-${name}`, textContent: say(name), onclick: () => run(() => openTab(name, name === "found" ? $("words").value : "")) });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "panel");
    tab.setAttribute("aria-selected", String(name === state.tab));
    tab.tabIndex = name === state.tab ? 0 : -1;
    return tab;
  });
  $("tabs").replaceChildren(...tabs);
  $("panel").setAttribute("aria-labelledby", `tab-${state.tab}`);
  const shown = state.tab === "doubts" && state.filter;
  $("filter").hidden = !shown;
  if (shown) $("filter").replaceChildren(el("span", { textContent: `${state.filter.department} ${state.filter.year}` }), el("button", { type: "button", textContent: say("all"), onclick: () => run(() => { state.filter = null; return openTab("doubts"); }) }));
}

function drawList() {
  const list = $("list"), queue = state.queue;
  $("room").style.height = `${queue.total * HEIGHT}px`;
  $("empty").hidden = queue.total > 0;
  $("empty").textContent = say("none");
  const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - 4);
  const last = Math.min(queue.total, Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + 4);
  for (let offset = Math.floor(first / CHUNK) * CHUNK; offset < last; offset += CHUNK) {
    if (!queue.asked.has(offset) && state.tab === "doubts") load(queue, offset).then(() => drawList());
  }
  const items = [];
  for (let number = first; number < last; number++) {
    const row = queue.rows[number];
    const item = row ? TABS[state.tab].item(row) : el("div", {}, el("b", { textContent: "…" }));
    item.classList.add("item");
    item.id = `item-${number}`;
    item.style.top = `${number * HEIGHT}px`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-setsize", String(queue.total));
    item.setAttribute("aria-posinset", String(number + 1));
    item.setAttribute("aria-selected", String(number === state.index));
    item.onclick = () => run(() => choose(number, true));
    items.push(item);
  }
  $("room").replaceChildren(...items);
  if (state.index >= 0 && $(`item-${state.index}`)) list.setAttribute("aria-activedescendant", `item-${state.index}`);
  else list.removeAttribute("aria-activedescendant");
}

function item(head, text, classes = "", number = "") {
  return el("div", { className: classes }, el("b", {}, number ? el("span", { className: "n", textContent: number }) : null, document.createTextNode(head)), el("span", { textContent: text }));
}
const of = (row) => [row.department, row.fiscal_year].filter(Boolean).join(" ");
function doubtItem(row) { return item(of(row), inLang(row, "message"), row.severity ?? "unreadable"); }
function departmentItem(row) { return item(`${row.department} ${row.fiscal_year ?? ""}`, `${["certain", "likely", "look"].filter((name) => row[name]).map((name) => `${say(name)} ${row[name]}`).join(" · ") || "—"} · ${row.documents} ${say("documents")}`); }
function valueItem(row) { return item(inLang(row, "label"), [of(row), row.where].filter(Boolean).join(" · "), row.decided ? "done" : "", `${row.value} ${row.unit}`); }
function decisionItem(row) { return item(inLang(row, "label") || row.row_key, `${say(row.action)} · ${say(row.status)} · ${row.field}: ${row.value_seen}${row.action === "correct" ? ` → ${row.new_value}` : ""} · ${row.reviewer}`, row.status === "conflict" ? "certain" : ""); }

async function choose(number, opened = false) {
  const queue = state.queue;
  if (number < 0) return tell(say("first"));
  if (number >= queue.total) return tell(say("last"));
  if (!queue.rows[number]) await load(queue, Math.floor(number / CHUNK) * CHUNK);
  state.index = number;
  const list = $("list"), top = number * HEIGHT;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + HEIGHT > list.scrollTop + list.clientHeight) list.scrollTop = top + HEIGHT - list.clientHeight;
  drawList();
  const row = queue.rows[number];
  if (state.tab === "departments") {
    if (!opened) return;
    state.filter = { department: row.department, year: row.fiscal_year ?? "" };
    $("words").value = "";
    if (row.certain + row.likely + row.look) await openTab("doubts");
    else { $("words").value = `${row.department} ${row.fiscal_year ?? ""}`; await openTab("found", $("words").value); }
    return;
  }
  if (row.row_id) await openRow(row.row_id, opened, row.field);
}

// ---- a row: its document, its place, what is known of it ----

async function openRow(rowId, show = false, field = null) {
  const row = await api.row(rowId);
  state.row = row;
  state.field = field; // of a sample: the value that was drawn; else the row's main one
  state.side = null;
  const first = row.sides.find((side) => !side.decided) ?? row.sides[0];
  if (first) await openSide(first.row_id);
  else { await showDocument(row.document_id); mark(row.row_id); }
  drawDetail();
  if (show) pane(row.sides.length ? "detail" : "page");
}

async function openSide(rowId) {
  state.field = null;
  state.side = await api.row(rowId);
  await showDocument(state.side.document_id);
  mark(rowId);
  drawDetail();
}

const current = () => state.side ?? state.row;

async function showDocument(id) {
  if (state.document?.document_id === id) return;
  const shown = await api.document(id);
  state.document = shown;
  const url = /^https?:\/\//.test(shown.url ?? "") ? shown.url : null;
  $("where").replaceChildren(el("b", { textContent: shown.title }), el("br"), url ? el("a", { href: url, rel: "noopener noreferrer", target: "_blank", textContent: url }) : el("span", { className: "soft", textContent: shown.source }));
  if (shown.trouble) return void $("viewer").replaceChildren(el("p", { className: "bad", textContent: shown.trouble[state.lang === "zh" ? 0 : 1] }));
  await (shown.kind === "pdf" ? showPages(shown) : showFrame(shown));
}

function showFrame(shown) {
  return new Promise((ready) => {
    const frame = el("iframe", { title: shown.title, attributes: { sandbox: "allow-same-origin" } });
    frame.onload = () => {
      const inside = frame.contentDocument;
      inside?.addEventListener("click", (event) => { const found = event.target.closest("mark[data-rows]"); if (found) run(() => openValue(found.dataset.rows.split(" ")[0])); });
      inside?.addEventListener("keydown", keydown);
      ready();
    };
    api.frame(frame, shown.document_id);
    $("viewer").replaceChildren(frame);
  });
}

function showPages(shown) {
  const sheets = shown.pages.map((page, index) => {
    const sheet = el("div", { className: "sheet", id: `sheet-${index + 1}` }, el("img", { loading: "lazy", alt: `${say("page_number")} ${index + 1}`, src: api.picture(shown.document_id, index + 1) }));
    sheet.style.aspectRatio = `${page.width} / ${page.height}`;
    return sheet;
  });
  for (const value of shown.values) {
    for (const place of value.boxes) {
      const box = el("button", { type: "button", className: "box", onclick: () => run(() => openValue(value.row_id)), attributes: { "data-rows": value.row_id, "aria-label": `${inLang(value, "label")} ${value.value} ${value.unit}`, tabindex: "-1" } });
      const [page, left, top, right, bottom] = place;
      Object.assign(box.style, { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` });
      sheets[page - 1].append(box);
    }
  }
  $("viewer").replaceChildren(...sheets);
}

function mark(rowId) {
  const root = $("viewer").querySelector("iframe")?.contentDocument ?? $("viewer");
  root.querySelectorAll(".now").forEach((one) => one.classList.remove("now"));
  const found = [...root.querySelectorAll("[data-rows]")].filter((one) => one.dataset.rows.split(" ").includes(rowId));
  found.forEach((one) => one.classList.add("now"));
  if (found.length) found[0].scrollIntoView({ block: "center", inline: "nearest" });
  else if (!state.document?.trouble) tell(say("nowhere"));
}

async function openValue(rowId) {
  state.row = await api.row(rowId);
  state.side = state.field = null;
  mark(rowId);
  drawDetail();
  pane("detail");
}

function drawDetail(form = null) {
  const row = state.row, shown = current();
  if (!row) return;
  const parts = [];
  if (row.message_zh) {
    parts.push(el("h2", { className: row.severity === "certain" ? "bad" : "warn", textContent: say(row.severity ?? row.status) }), el("p", { textContent: inLang(row, "message") }), el("p", { className: "soft" }, el("code", { textContent: `${row.check_id} ${row.row_id}` })));
    if (row.sides.length) {
      parts.push(el("h3", { textContent: say("sides") }));
      parts.push(el("ul", { className: "sides" }, ...row.sides.map((side) => el("li", { className: side.decided ? "done" : "" }, el("button", { type: "button", className: `link ${shown.row_id === side.row_id ? "now" : ""}`, textContent: `${inLang(side, "label")} ${side.value} ${side.unit}${side.decided ? " ✓" : ""}`, title: side.row_id, onclick: () => run(() => openSide(side.row_id)) }), side.where ? el("span", { className: "soft", textContent: ` ${side.where}` }) : null))));
    }
  }
  if (shown !== row || !row.message_zh) parts.push(...valueParts(shown, form));
  $("detail").replaceChildren(...parts);
}

function valueParts(row, form) {
  const parts = [el("h2", { textContent: inLang(row, "label") }), el("p", { className: "value", textContent: state.field && row === state.row ? (row.fields.find((one) => one.name === state.field)?.value ?? "") : `${row.value} ${row.unit}` }), el("p", { className: "soft", textContent: [of(row), row.where].filter(Boolean).join(" · ") })];
  parts.push(el("p", {}, el("span", { className: "soft", textContent: `${say("raw")} ` }), el("mark", { className: "raw", textContent: row.raw })));
  for (const one of row.decisions) {
    const text = `${say(one.action)} ${one.field}${one.action === "correct" ? `: ${one.value_seen} → ${one.new_value}` : ` = ${one.value_seen}`} · ${say("by")} ${one.reviewer}${one.reason ? ` · ${one.reason}` : ""}`;
    parts.push(el("div", { className: `note ${one.conflict ? "conflict" : "pass"}` }, el("span", { textContent: text }), one.conflict ? el("p", { className: "bad", textContent: `${say("conflict")} (${say("was")}: ${one.raw_seen})` }) : null));
  }
  if (row.main && row.row_key) {
    parts.push(el("div", { className: "acts" }, el("button", { type: "button", id: "confirm", className: "first", textContent: `${say("confirm")} (c)`, onclick: () => run(confirm) }), el("button", { type: "button", id: "correct", textContent: `${say("correct")} (e)`, onclick: () => openForm() })));
  }
  if (form) parts.push(form);
  if (row.checks.length) parts.push(el("h3", { textContent: say("checks") }), ...row.checks.map((check) => el("div", { className: `note ${check.status}` }, el("button", { type: "button", className: "link", textContent: `${say(check.status)} · ${inLang(check, "message")}`, onclick: () => run(() => openRow(check.row_id)) }))));
  parts.push(el("h3", { textContent: say("fields") }), el("dl", { className: "fields" }, ...row.fields.filter((one) => one.value !== "").flatMap((one) => [el("dt", { textContent: one[state.lang], title: one.name }), el("dd", { textContent: one.value })])));
  parts.push(el("p", { className: "soft" }, el("code", { textContent: `${row.row_id}${row.rule ? ` · ${row.rule}` : ""}` })));
  return parts;
}

// ---- decisions ----

async function decided(said) {
  const row = await api.decide(said);
  state.undoable++;
  if (state.side) state.side = row;
  else state.row = row;
  const action = row.decisions.some((one) => one.action === "correct") ? "correct" : "confirm";
  for (const line of [...state.queue.rows, ...(state.row.sides ?? [])]) if (line?.row_id === row.row_id) line.decided = action;
  $("undo").disabled = false;
  $("download").hidden = !embedded;
  tell(say(`saved_${said.action}`));
  drawList();
  drawDetail();
}

async function confirm() {
  const row = current();
  if (!row?.main || !row.row_key) return;
  await decided({ row_id: row.row_id, field: state.field ?? row.main, action: "confirm" });
  if (state.side) {
    const next = state.row.sides.find((side) => !side.decided);
    if (next) await openSide(next.row_id);
    else await choose(state.index + 1);
  } else if (state.index >= 0 && state.tab !== "decisions") await choose(state.index + 1);
}

function openForm() {
  const row = current();
  if (!row?.main || !row.row_key) return;
  pane("detail");
  const value = el("input", { id: "new-value", name: "new_value", autocomplete: "off", required: true });
  const field = el("select", { id: "field", name: "field" }, ...row.fields.filter((one) => one.editable).map((one) => el("option", { value: one.name, textContent: `${one[state.lang]} (${one.name})`, selected: one.name === (state.field ?? row.main) })));
  const wrong = el("p", { className: "bad", attributes: { role: "alert" } });
  const fill = () => { value.value = row.fields.find((one) => one.name === field.value)?.value ?? ""; };
  field.onchange = fill;
  const form = el("form", { className: "correct" },
    el("label", {}, say("field"), field), el("label", {}, say("new_value"), value), el("label", {}, say("reason"), el("textarea", { id: "reason", name: "reason", rows: 2 })), wrong,
    el("div", { className: "acts" }, el("button", { className: "first", textContent: say("save") }), el("button", { type: "button", id: "cancel", textContent: say("cancel"), onclick: () => { drawDetail(); $("correct")?.focus(); } })));
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      await decided({ row_id: row.row_id, field: field.value, action: "correct", new_value: value.value, reason: form.elements.reason.value });
      $("correct")?.focus();
    } catch (error) {
      if (!error.told) throw error;
      wrong.textContent = error.message;
    }
  };
  drawDetail(form);
  fill();
  value.focus();
  value.select();
}

async function undo() {
  if (!state.undoable) return;
  const answer = await api.undo();
  state.undoable = answer.undoable;
  $("undo").disabled = !answer.undoable;
  for (const line of [...state.queue.rows, ...(state.row?.sides ?? [])]) if (line) line.decided = line.row_id === answer.undone.row_id || line.row_id === current()?.row_id ? null : line.decided;
  if (state.row) { state.row = await api.row(state.row.row_id); if (state.side) state.side = await api.row(state.side.row_id); }
  tell(say("undone"));
  drawList();
  drawDetail();
}

async function download() {
  const quoted = (text) => { const safe = /^'*[=+\-@＝＋－＠\t\r]/.test(text) ? `'${text}` : text; return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe; };
  const lines = (await api.decisions()).map((one) => api.columns.map((name) => quoted(String(one[name] ?? ""))).join(","));
  const link = el("a", { href: URL.createObjectURL(new Blob([`${api.columns.join(",")}\n${lines.sort().join("\n")}\n`], { type: "text/csv" })), download: "overrides.csv" });
  link.click();
  URL.revokeObjectURL(link.href);
}

// ---- keys, panes, language ----

function pane(name) { document.documentElement.dataset.pane = name; }

const ACTIONS = {
  j: () => choose(state.index + 1), ArrowDown: () => choose(state.index + 1), k: () => choose(state.index - 1), ArrowUp: () => choose(state.index - 1), n: () => step(1), p: () => step(-1),
  c: confirm, e: openForm, u: undo, "/": () => $("words").focus(), l: switchLanguage, "?": () => $("keys").showModal(), Enter: () => choose(Math.max(0, state.index), true),
  Home: () => choose(0), End: () => choose(state.queue.total - 1), PageDown: () => choose(Math.min(state.queue.total - 1, state.index + 8)), PageUp: () => choose(Math.max(0, state.index - 8)),
};
const IN_LIST = new Set(["ArrowDown", "ArrowUp", "Enter", "Home", "End", "PageDown", "PageUp"]); // elsewhere these keys do what they always do

function keydown(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "Escape") {
    if ($("cancel")) $("cancel").click();
    else if (typing) $("list").focus();
    return;
  }
  if (typing || (IN_LIST.has(event.key) && event.target !== $("list"))) return;
  const tab = Object.keys(TABS)[Number(event.key) - 1];
  const action = tab ? () => (pane("list"), openTab(tab, tab === "found" ? $("words").value : "")) : ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  run(action);
}

async function step(by) {
  const sides = state.row?.sides ?? [];
  const at = sides.findIndex((side) => side.row_id === state.side?.row_id);
  const next = sides[at + by];
  if (next) await openSide(next.row_id);
  else tell(say(by > 0 ? "last" : "first"));
}

function switchLanguage() {
  state.lang = state.lang === "zh" ? "en" : "zh";
  speak();
}

function speak() {
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  for (const one of document.querySelectorAll("[data-say]")) one.textContent = say(one.dataset.say);
  for (const one of document.querySelectorAll("[data-label]")) { one.setAttribute("aria-label", say(one.dataset.label)); if (one.tagName === "INPUT") one.placeholder = say(one.dataset.label); }
  $("language").lang = state.lang === "zh" ? "en" : "zh-CN";
  $("keylist").replaceChildren(...KEYS.flatMap(([key, zh, en]) => [el("dt", { textContent: key }), el("dd", { textContent: state.lang === "zh" ? zh : en })]));
  if (state.queue) { drawTabs(); drawList(); drawDetail(); }
}

function failed(error) { tell(error.told ? error.message : String(error)); }

async function begin() {
  speak();
  const seen = await api.overview();
  $("dataset").textContent = `${seen.dataset} · ${seen.reviewer}`;
  state.undoable = seen.undoable;
  $("undo").disabled = !seen.undoable;
  $("undo").onclick = () => run(undo);
  $("download").onclick = () => run(download);
  $("language").onclick = switchLanguage;
  $("help").onclick = () => $("keys").showModal();
  $("close").onclick = () => $("keys").close();
  $("search").onsubmit = (event) => { event.preventDefault(); run(async () => { await openTab("found", $("words").value); pane("list"); $("list").focus(); }); };
  for (const button of document.querySelectorAll("#panes button")) button.onclick = () => pane(button.dataset.to);
  $("list").addEventListener("scroll", () => requestAnimationFrame(drawList), { passive: true });
  $("tabs").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key], names = Object.keys(TABS);
    if (by) run(async () => { await openTab(names[(names.indexOf(state.tab) + by + names.length) % names.length]); $(`tab-${state.tab}`).focus(); });
  });
  addEventListener("resize", drawList);
  document.addEventListener("keydown", keydown);
  await openTab("doubts");
  const asked = location.hash.slice(1); // #ROW_ID opens that row
  if (asked) await openRow(asked, true);
  else if (state.queue.total) await choose(0);
  $("list").focus();
}

run(begin);
