"""The command line. Data and tables go to stdout, messages to stderr; the exit codes are listed in `--help`.

Heavy imports stand inside the commands, so that `gongkai --help` answers at once.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import sys
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gongkai.errors import GongkaiError, UsageError
from gongkai.export import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXIT_CODES = """\
exit codes 退出码:
  0    all good 一切正常                          4    the dataset is damaged or not ours 数据集无效
  1    something unexpected 意外错误              5    an optional dependency is missing 缺少可选依赖
  2    wrong usage 用法有误                       6    no input 没有输入
  3    finished, with failed documents 有文件失败  7    --fail-on found what it looks for 核对不符
                                                  130  interrupted, what was done is kept 已中断
"""


SLIP = re.compile(r"invalid choice: '([^']*)'|unrecognized arguments: (.*)")  # argparse's own words


class Parser(argparse.ArgumentParser):
    """argparse that asks "did you mean" for a mistyped option or command."""

    def error(self, message: str) -> NoReturn:
        """Usage and message on stderr, with what was likely meant; exit code 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"gongkai: {message}{self._meant(message)}\n")

    def _meant(self, message: str) -> str:
        slip = SLIP.search(message)
        for word in (slip[1] or slip[2]).split() if slip else ():
            close = get_close_matches(word, self.known(), n=1)
            if close:
                return f"; did you mean {close[0]}? 是否指 {close[0]}？"
        return ""

    def known(self) -> Iterator[str]:
        """Every option, command and choice, those of the commands too."""
        for action in self._actions:
            yield from action.option_strings
            yield from map(str, action.choices or ())
            if isinstance(action.choices, dict):
                for command in action.choices.values():
                    yield from command.known()


def parser() -> Parser:
    """All commands and options."""
    top = Parser(
        prog="gongkai",
        description="Budget and final-account disclosures, from raw pages to canonical tables with evidence. 部门预决算公开 → 规范数据表",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="store_true", help="print the version and the fingerprint of the rules 打印版本")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    run = commands.add_parser("run", help="read files and folders into a dataset 读取文件与文件夹，写出数据集", allow_abbrev=False)
    run.add_argument("sources", nargs="+", metavar="SOURCE", help="files, folders, globs, manifests, WARC, zip, s3://…; known by content 按内容识别")
    run.add_argument("--output", type=Path, default=Path("output"), metavar="DIR", help="where the dataset stands (default: output/) 数据集位置")
    run.add_argument("--workers", type=_count, default=None, metavar="N", help="processes (default: one per processor) 进程数")
    run.add_argument("--dry-run", action="store_true", help="say what would be read, write nothing 只列出将读取的文件")
    run.add_argument("--force", action="store_true", help="read again what this version has read before 重新读取")
    run.add_argument("--retry", action="store_true", help="read again what crashed or took too long 重试崩溃与超时的文件")
    run.add_argument("--no-ocr", action="store_true", help="leave scans unread though gongkai[ocr] is installed 不识别扫描件")
    run.add_argument("--shard", metavar="I/N", help="only this share of the documents, e.g. 3/64; see `merge` 只读其中一份")
    run.add_argument("--ray", metavar="ADDRESS", help="read on a Ray cluster: auto, local or host:port; DIR on a file system all nodes share 在 Ray 集群上读取")
    run.add_argument("--shards", type=_count, default=None, metavar="N", help="with --ray: into how many shares (default: 4 for every task at once) 份数")
    run.add_argument("--progress", choices=("auto", "plain", "none"), default="auto", help="bar on a terminal, lines otherwise 进度")

    inspect = commands.add_parser("inspect", help="show how a file is read: text, spans, grids 查看读取结果", allow_abbrev=False)
    inspect.add_argument("file", type=Path, metavar="FILE")
    inspect.add_argument("--text", action="store_true", help="only the text, exactly as char_start and char_end count it 只打印文字")
    inspect.add_argument("--page", type=_count, default=None, metavar="N", help="only this page of a PDF 只看某页")
    inspect.add_argument("--picture", type=Path, default=None, metavar="PNG", help="draw the page with its cells 画出该页与单元格")

    explain = commands.add_parser("explain", help="a value, its evidence in context, the rule that read it 查看一个数值的出处", allow_abbrev=False)
    explain.add_argument("row_id", metavar="ROW_ID")
    explain.add_argument("--dataset", type=Path, default=Path("output"), metavar="DIR", help="default: output/ 数据集位置")

    check = commands.add_parser("check", help="the ledger of a dataset: what agrees, what fails, what is disclosed 核对台账", allow_abbrev=False)
    check.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    check.add_argument("--fail-on", choices=("certain", "likely", "look"), default=None, help="exit code 7 if a check fails that gravely or more 有此程度以上不符时退出码为 7")

    validate = commands.add_parser("validate", help="is a dataset whole, and does it say what its sources say? 检验数据集", allow_abbrev=False)
    validate.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    validate.add_argument("--no-evidence", action="store_true", help="do not read the sources again 不重读来源核对原文")
    validate.add_argument("--frictionless", action="store_true", help="ask frictionless too (gongkai[validate]) 另用 frictionless 检验")

    merge = commands.add_parser("merge", help="make one dataset of shards that are complete 合并各份", allow_abbrev=False)
    merge.add_argument("shards", nargs="+", type=Path, metavar="SHARD", help="datasets that `run --shard` wrote, or a folder of them")
    merge.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the one dataset stands 数据集位置")

    migrate = commands.add_parser("migrate", help="bring a dataset of an earlier version to this one's columns 升级旧数据集", allow_abbrev=False)
    migrate.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")

    status = commands.add_parser("status", help="how far a run is, what a dataset holds 运行进度与数据集概况", allow_abbrev=False)
    status.add_argument("output", nargs="?", type=Path, default=Path("output"), metavar="OUTPUT", help="default: output/ 数据集位置")

    diff = commands.add_parser("diff", help="values added, gone, changed between two datasets 比较两个数据集", allow_abbrev=False)
    diff.add_argument("first", type=Path, metavar="RUN_A")
    diff.add_argument("second", type=Path, metavar="RUN_B")
    diff.add_argument("--csv", type=Path, default=None, metavar="FILE", help="write every difference there 全部差异写入该文件")

    export = commands.add_parser("export", help="write a dataset in a form other programs want 导出", allow_abbrev=False)
    export.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    export.add_argument("--to", choices=tuple(FORMS), required=True, help="the form 格式")
    export.add_argument("--out", type=Path, default=None, metavar="PLACE", help="file or folder to write (default: DATASET/export/…) 写到何处")

    report = commands.add_parser("report", help="one page of a department-year, to read and to print 部门年度报告", allow_abbrev=False)
    report.add_argument("department_year", metavar="DEPARTMENT_YEAR", help="such as '云岭县档案馆 2023', or part of the name; 部门 年度")
    report.add_argument("--dataset", type=Path, default=Path("output"), metavar="DIR", help="default: output/ 数据集位置")
    report.add_argument("--out", type=Path, default=None, metavar="FILE", help="the HTML file to write (default: named by department and year, here) 写到何处")
    review = commands.add_parser("review", help="see every value on its page, confirm or correct it 人工复核", allow_abbrev=False)
    review.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    review.add_argument("--reviewer", default=None, metavar="NAME", help="who decides (default: your user name) 复核人")
    review.add_argument("--sample", default="audit", metavar="NAME", help="the sample to look at, see `sample` (default: audit) 抽样名")
    review.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen there (default: this machine alone) 监听地址")
    review.add_argument("--port", type=int, default=0, metavar="N", help="default: a free one 端口")
    review.add_argument("--export", type=Path, default=None, metavar="FILE", help="write one self-contained page of a department-year instead 导出为单个网页")
    review.add_argument("--of", default=None, metavar="DEPARTMENT_YEAR", help="with --export, such as '云岭县档案馆 2023' 部门 年度")

    panel = commands.add_parser("panel", help="department x year x measure in yuan, gaps named 面板数据", allow_abbrev=False)
    panel.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    panel.add_argument("--csv", type=Path, default=None, metavar="FILE", help="write CSV there (default: to stdout) 写出 CSV")
    panel.add_argument("--parquet", type=Path, default=None, metavar="FILE", help="write Parquet there 写出 Parquet")
    panel.add_argument("--year", type=_count, action="append", default=[], metavar="YEAR", help="only this year; may be given again 年度")
    panel.add_argument("--department", action="append", default=[], metavar="NAME", help="only this department, by name or id 部门")
    panel.add_argument("--measure", action="append", default=[], metavar="ID", help="e.g. gpb_expenditure:208 (default: the main ones) 指标")
    panel.add_argument("--stage", action="append", default=[], choices=("budget", "final"), help="预算或决算")
    panel.add_argument("--basis", action="append", default=[], metavar="BASIS", help="e.g. prior_final (default: the stage's own) 数据性质")

    decisions = commands.add_parser("overrides", help="how people's decisions about values stand 人工核对", allow_abbrev=False)
    decisions.add_argument("what", choices=("status", "list", "apply"), help="status: counted, and what needs you; list: all as CSV; apply: into data/, as every run does 现状、清单、采用")
    decisions.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    decisions.add_argument("--fail-on", action="append", default=[], choices=("conflict", "orphan", "disputed", "invalid"), help="exit code 7 where there is one; may be given again 有则退出码为 7")

    sample = commands.add_parser("sample", help="values to audit, and what they say of the whole dataset 抽样核对", allow_abbrev=False)
    sample.add_argument("dataset", nargs="?", type=Path, default=Path("output"), metavar="DATASET", help="default: output/ 数据集位置")
    sample.add_argument("-n", type=_count, default=200, metavar="N", help="rows to draw (default: 200); more where there are more strata 抽取行数")
    sample.add_argument("--seed", type=int, default=1, metavar="SEED", help="another number draws other rows (default: 1) 随机种子")
    sample.add_argument("--name", default="audit", metavar="NAME", help="of the sample (default: audit) 样本名")
    sample.add_argument("--report", action="store_true", help="what people found: precision with its 95 %% interval 准确率报告")

    accept = commands.add_parser("accept", help="show what changed in fixtures' goldens, then write them 更新样例的预期结果", allow_abbrev=False)
    accept.add_argument("fixtures", nargs="+", type=Path, metavar="FIXTURE")

    schema = commands.add_parser("schema", help="every column of every table 全部列的说明", allow_abbrev=False)
    form = schema.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as tables for reading (default) 默认")
    form.add_argument("--csv", action="store_true", help="as dictionary.csv")

    commands.add_parser("doctor", help="check this installation 检查安装", allow_abbrev=False)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without Chinese gets escapes, not a traceback
    top = parser()
    asked = top.parse_args(arguments)
    try:
        code = _command(asked, top)
        sys.stdout.flush()
    except GongkaiError as error:
        print(f"gongkai: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of stdout has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"gongkai: 无法读写 cannot read or write: {error.filename or ''} {error.strerror or error}", file=sys.stderr)
        return 1
    return code


def _command(asked: argparse.Namespace, top: Parser) -> int:
    if asked.version:
        from gongkai.version import extractor_version  # noqa: PLC0415

        print(f"gongkai {extractor_version()}")
        return 0
    match asked.command:
        case "run":
            return _run(asked)
        case "inspect":
            from gongkai.inspection import inspect  # noqa: PLC0415

            return inspect(asked.file, text=asked.text, page=asked.page, picture=asked.picture)
        case "explain":
            from gongkai.explanation import explain  # noqa: PLC0415

            explanation = explain(asked.row_id, asked.dataset)
            print(explanation.text)
            if explanation.doubt is not None:
                raise explanation.doubt
            return 0
        case "check":
            from gongkai.check import check  # noqa: PLC0415

            return check(asked.dataset, asked.fail_on)
        case "validate":
            from gongkai.validation import validate  # noqa: PLC0415

            return validate(asked.dataset, evidence=not asked.no_evidence, frictionless=asked.frictionless)
        case "merge":
            from gongkai import summary  # noqa: PLC0415
            from gongkai.run import merge  # noqa: PLC0415

            print(summary.summary(merge(asked.shards, asked.output)))
            return 0
        case "migrate":
            from gongkai import summary  # noqa: PLC0415
            from gongkai.run import migrate  # noqa: PLC0415

            print(summary.summary(migrate(asked.dataset)))
            return 0
        case "status":
            from gongkai.status import status  # noqa: PLC0415

            print(status(asked.output))
            return 0
        case "diff":
            from gongkai.difference import differences, shown  # noqa: PLC0415

            print(shown(differences(asked.first, asked.second), asked.csv))
            return 0
        case "export":
            from gongkai.export import export  # noqa: PLC0415

            for file in export(asked.dataset, asked.to, asked.out):
                print(file)
            return 0
        case "report":
            from gongkai.report import report as page_of  # noqa: PLC0415

            page, name = page_of(asked.dataset, asked.department_year)
            place = asked.out or Path(name)
            place.write_text(page, encoding="utf-8")
            print(place)
            return 0
        case "review":
            return _review(asked)
        case "panel":
            from gongkai.panel import panel, write  # noqa: PLC0415

            write(panel(asked.dataset, years=asked.year, departments=asked.department, measures=asked.measure, stages=asked.stage, bases=asked.basis), asked.csv, asked.parquet)
            return 0
        case "overrides":
            return _overrides(asked)
        case "sample":
            from gongkai import sample  # noqa: PLC0415

            print(sample.report(asked.dataset, asked.name) if asked.report else sample.write(asked.dataset, asked.n, asked.seed, asked.name))
            return 0
        case "accept":
            from gongkai.goldens import accept  # noqa: PLC0415

            for fixture in asked.fixtures:
                print(accept(fixture), end="")
            return 0
        case "schema":
            from gongkai import dictionary  # noqa: PLC0415

            print(dictionary.as_csv() if asked.csv else dictionary.as_markdown(), end="")
            return 0
        case "doctor":
            from gongkai.doctor import report  # noqa: PLC0415

            return report()
    top.print_help()
    return 2


def _overrides(asked: argparse.Namespace) -> int:
    if asked.what == "apply":
        from gongkai.run import migrate  # noqa: PLC0415

        migrate(asked.dataset)
    from gongkai import standing  # noqa: PLC0415

    return standing.show(asked.dataset) if asked.what == "list" else standing.status(asked.dataset, asked.fail_on)


def _run(asked: argparse.Namespace) -> int:
    from gongkai import progress, summary  # noqa: PLC0415
    from gongkai.journal import FAILED  # noqa: PLC0415
    from gongkai.run import Orders, planned, run  # noqa: PLC0415
    from gongkai.shards import place, shard  # noqa: PLC0415
    from gongkai.sources import items, printable  # noqa: PLC0415

    if (asked.shard and asked.ray) or (asked.shards and not asked.ray):
        raise UsageError(zh="--ray 自行分份，份数用 --shards；--shard 只用于不带 --ray 时", en="--ray makes the shares itself, --shards says how many; --shard is for runs without --ray")
    if asked.no_ocr:
        os.environ["GONGKAI_OCR"] = "off"  # for the workers too
    share = shard(asked.shard) if asked.shard else None
    workers = asked.workers or _processors()
    if asked.dry_run:
        found = items(asked.sources, without=asked.output)
        with planned(found, place(asked.output, share), Orders(workers, asked.force, asked.retry, share)) as work:
            for document in work.documents("new"):
                print(printable(document.item.address))
            counted = (work.count("new"), work.count("known"), work.doubled(), work.count("unreadable"))
        print("将读 would read {}, 已有 known {}, 内容重复 same bytes twice {}, 无法读取 unreadable {}".format(*counted), file=sys.stderr)
        return 0
    with _ended_softly(), progress.watching(asked.progress, FAILED) as watch:
        if asked.ray:
            from gongkai.cluster import run_on_ray  # noqa: PLC0415

            orders, say = Orders(asked.workers or 0, asked.force, asked.retry), watch.say
            outcome = run_on_ray(asked.sources, asked.output, address=asked.ray, total=asked.shards, orders=orders, say=say, tell=watch.tell, begin=watch.begin)
        else:
            outcome = run(
                asked.sources, asked.output, workers=workers, force=asked.force, retry=asked.retry, shard=share, tell=watch.tell, begin=watch.begin
            )
    print(summary.summary(outcome.held, outcome.failed, outcome.failures))
    print(f"{summary.closing(outcome)} → {place(asked.output, share)}", file=sys.stderr)
    if outcome.interrupted:
        return 130
    return 3 if outcome.failures else 0


def _review(asked: argparse.Namespace) -> int:
    from getpass import getuser  # noqa: PLC0415

    reviewer = asked.reviewer or getuser()
    if asked.export is not None:
        from gongkai.review.standalone import exported  # noqa: PLC0415

        if asked.of is None:
            raise UsageError(zh="请用 --of 指明部门年度，如 --of '云岭县档案馆 2023'", en="say whose page it shall be: --of '云岭县档案馆 2023'")
        page = exported(asked.dataset, asked.of, reviewer)
        asked.export.write_text(page, encoding="utf-8")
        print(asked.export)
        return 0
    from gongkai.review.answers import begun  # noqa: PLC0415
    from gongkai.review.server import serve  # noqa: PLC0415

    return serve(begun(asked.dataset, reviewer, asked.sample), asked.host, asked.port)


@contextmanager
def _ended_softly() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C: a cluster that wants its machine back loses nothing that is done."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 up 须为正整数")
    return int(text)
