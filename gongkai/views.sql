-- gongkai 数据集的现成视图（DuckDB）· ready views of a gongkai dataset for DuckDB
-- 用法 use: cd output && duckdb -init views.sql        or in Python: duckdb.sql(open("views.sql").read()) with output/ as the working folder
-- 金额均为精确小数，单位元 · amounts are exact decimals in yuan

-- 各表 the tables
create or replace view documents as from 'data/documents.parquet';
create or replace view sections as from 'data/sections.parquet';
create or replace view organisation as from 'data/organisation.parquet';
create or replace view glossary as from 'data/glossary.parquet';
create or replace view budget_lines as from 'data/budget_lines.parquet';
create or replace view quantities as from 'data/quantities.parquet';
create or replace view projects as from 'data/projects.parquet';
create or replace view project_funds as from 'data/project_funds.parquet';
create or replace view indicators as from 'data/indicators.parquet';
create or replace view scores as from 'data/scores.parquet';
create or replace view findings as from 'data/findings.parquet';
create or replace view unexplained_numbers as from 'data/unexplained_numbers.parquet';
create or replace view figures as from 'data/figures.parquet';
create or replace view disagreements as from 'data/disagreements.parquet';
create or replace view corrections as from 'data/corrections.parquet';

-- 收支数据，附人工核对：reviewed 为 confirm（读取无误）或 correct（更正），无人核对为空；corrected_value 仅更正时有值，value 始终是程序读取的
-- budget_lines with what people decided about `value`: reviewed is confirm or correct, null where nobody did; `value` stays as extracted
create or replace view budget_lines_reviewed as
select b.*, try_cast(c.corrected as decimal(24,6)) as corrected_value, c.action as reviewed
from budget_lines b left join (
    select row_id, max(corrected) as corrected, max(action) as action
    from corrections
    where status = 'applied' and "table" = 'budget_lines' and field = 'value'
    group by row_id
) c using (row_id);

-- 每个部门年度一行：决算取决算数，预算取年初预算数；人工更正或核定的取核定数（corrected_yuan）；自相矛盾而无人核定的为空（见 figures.state）
-- one row per department, year and stage: the final account's final figures, the budget's initial ones; what people corrected or decided before what is printed
-- (coalesce(corrected_yuan, amount_yuan)); blank where a document contradicts itself (figures.state) and nobody decided
create or replace view department_years as
select department_id, region_code, department, entity_level, fiscal_year, stage,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'total_revenue') as total_revenue,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'total_expenditure') as total_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'current_year_revenue') as current_year_revenue,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'current_year_expenditure') as current_year_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'fiscal_total_revenue') as fiscal_total_revenue,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'fiscal_total_expenditure') as fiscal_total_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'gpb_expenditure') as gpb_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'gov_fund_expenditure') as gov_fund_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'state_capital_expenditure') as state_capital_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'basic_expenditure') as basic_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'project_expenditure') as project_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_total') as three_public_total,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'agency_operating_expenditure') as agency_operating_expenditure,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'procurement_total') as procurement_total,
    list(concept order by concept) filter (state = 'declared_empty') as declared_empty,
    list(concept order by concept) filter (state = 'ambiguous') as ambiguous
from figures
where basis = case stage when 'final' then 'final' else 'initial_budget' end
group by all
order by department, fiscal_year, stage;

-- “三公”经费，逐年；人工核定数优先 · the three public expenditures, year by year; what people decided before what is printed
create or replace view three_public_by_year as
select department_id, department, fiscal_year, stage, basis,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_total') as total,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_overseas') as overseas,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_vehicle_total') as vehicle_total,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_vehicle_purchase') as vehicle_purchase,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_vehicle_operation') as vehicle_operation,
    max(coalesce(corrected_yuan, amount_yuan)) filter (concept = 'three_public_reception') as reception
from figures
where concept like 'three_public_%'
group by all
order by department, fiscal_year, stage, basis;

-- 绩效指标完成情况：每张自评表一行 · how far each self-evaluation form reached its indicators
create or replace view indicator_completion as
select p.document_id, p.department, p.fiscal_year, p.project_id, p.project_name, p.total_score, p.execution_rate_pct,
    count(i.row_id) filter (not i.is_placeholder) as indicators,
    count(i.row_id) filter (i.score = i.weight) as full_marks,
    count(i.row_id) filter (i.score < i.weight) as short_of_full_marks,
    sum(i.weight) as weight_of_indicators, sum(i.score) as score_of_indicators
from projects p left join indicators i using (project_id)
where p.kind = 'self_evaluation'
group by all
order by sum(i.score) / nullif(sum(i.weight), 0), p.project_id;

-- 增减幅度最大者，附所印原因 · the biggest swings, with the reason the document gives
create or replace view biggest_swings as
select department, fiscal_year, stage, measure, function_code, economic_code, category, basis, value as percent, reason_text, raw, row_id, document_id
from budget_lines
where basis like 'change_pct_%' and role = 'stated'
order by abs(value) desc, row_id;

-- 不符的核对，附两边 · failed checks with both sides
create or replace view failed_checks as
select department, fiscal_year, severity, check_id, lhs, rhs, difference, tolerance, message_zh, message_en, evidence_ids, row_id, document_id
from findings
where status = 'fail'
order by list_position(['certain', 'likely', 'look', 'note'], severity), row_id;

-- 功能分类支出（类），逐年；编码同则概念同，名称随年度 · expenditure by functional class; the same code is the same concept, whatever it was called that year
create or replace view functional_classes as
select department_id, department, fiscal_year, stage, basis, function_code, class_name, class_name_now, amount_yuan, repaired_yuan, corrected_yuan, row_id
from figures
where function_code is not null
order by department, function_code, fiscal_year, stage;
