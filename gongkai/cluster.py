"""`gongkai run --ray ADDRESS`: the shares of a run on the nodes of a Ray cluster, each read by one task with a pool of its own, then merged.

    DIR/shard-003-of-064/    on a file system that all nodes share: a share whose node dies goes on from there on another node
    DIR/departments, data    the shares as one dataset, after the pass over files whose page stood in another share

Ray says which node reads which share, and notices that a node is gone; no document and no row travels through it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai import journal, run, shards, sources
from gongkai.errors import BusyError, DependencyError, GongkaiError, OutputError, UsageError
from gongkai.plan import NEW, UNREADABLE
from gongkai.shards import Shard
from gongkai.status import is_written
from gongkai.version import extractor_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from sqlite3 import Connection

    from gongkai.journal import Entry
    from gongkai.plan import Planned
    from gongkai.run import Orders, Outcome

ADDRESS = re.compile(r"auto|local|\[?([0-9A-Za-z_.:-]+?)\]?:([0-9]{1,5})")
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
LOCAL = {"include_dashboard": False, "object_store_memory": 100_000_000}  # what Ray needs to carry a few words
RETRIES = 10  # nodes a share may lose
SHARES = 4  # for every task that finds room at once: a lost node costs little, and nobody waits long for the slowest
PATIENCE = 600.0  # seconds for a lock to end with its process, and for a node to come where none is left
ANSWER = 120.0  # seconds for a node to say that it is fit
CANCELLED = 60.0  # seconds for the tasks to put down what they have
LOOK, SAID = 1.0, 10.0  # seconds between two looks, and between two lines where no share has ended
NAMED = 5  # shares and nodes whose trouble is told


class Order(NamedTuple):
    """What every task is told: where it stands, what it reads, into what, with which version of the rules."""

    here: str
    places: tuple[str, ...]
    output: Path
    total: int
    orders: Orders
    version: str


class Board:
    """An actor on which the tasks write how many documents they have left."""

    def __init__(self) -> None:
        self.left: dict[int, int] = {}

    def write(self, number: int, left: int) -> None:
        self.left[number] = left

    def read(self) -> dict[int, int]:
        return self.left


def run_on_ray(
    places: Sequence[str],
    output: Path,
    *,
    address: str,
    total: int | None,
    orders: Orders,
    say: Callable[[str], None],
    tell: Callable[[Entry, float], None],
    begin: Callable[[int], None],
) -> Outcome:
    """Read the sources into the dataset at `output` in `total` shares on the nodes of a cluster, `orders.workers` processes to each (0: as many
    as every node has); the outcome is that of the last pass, which knows every document of the sources.

    Complete shares are left as they are. `say` takes a line of progress, `tell` and `begin` that of the last pass. Raises `DependencyError` without
    Ray, `UsageError` for an address or a number that cannot be meant, `OutputError` where the nodes are not alike or do not share the output,
    `GongkaiError` where a share could not be read, and `KeyboardInterrupt` once every task has put down what it has.
    """
    ray = _ray()
    output = output.absolute()
    items = sources.items(places, without=output)  # a mistyped source leaves no folder behind
    with _connected(ray, address):
        orders = orders._replace(workers=orders.workers or min(_processors(ray).values(), default=1))
        room = _room(ray, orders.workers)
        total = _total(output, total, SHARES * sum(room.values()))
        order = Order(str(Path.cwd()), tuple(places), output, total, orders, extractor_version())
        run.claim(output)
        with run.alone(output):
            _refuse_unlike(ray, order, room)
            left, behind = _to_do(items, order)
            say(f"Ray: {len(room)} 台机器 nodes, {sum(room.values())} 个任务同时 tasks at once; {len(left)}/{total} 份待读 shares to read, {sum(left.values())} 文件 documents")
            if left:
                _read_all(ray, order, left, say)
    if behind:
        say("合并 merging")
        run.merge([output], output)
    return run.run(places, output, workers=orders.workers, tell=tell, begin=begin)


def read(order: Order, number: int, write: Callable[[int, int], object]) -> str:
    """A task: one share, read on the node where it runs. What kept it from that, in words; nothing where the share is complete."""
    waited = monotonic() + PATIENCE
    done, said = [0, 0], 0.0

    def begin(total: int) -> None:
        done[:] = [0, total]
        write(number, total)

    def tell(_entry: Entry, _seconds: float) -> None:
        nonlocal said
        done[0] += 1
        if monotonic() > said + LOOK:
            said = monotonic()
            write(number, done[1] - done[0])

    while not (trouble := doubt(order)):
        try:
            with chdir(order.here):
                run.run(order.places, order.output, **order.orders._replace(shard=Shard(number, order.total))._asdict(), tell=tell, begin=begin)
        except BusyError as busy:  # by a process that outlived its node, or is only thought dead: its lock ends with it
            if monotonic() > waited:
                return str(busy)
            sleep(LOOK)
        except (GongkaiError, OSError) as error:
            return str(error)
        else:
            return ""
    return trouble


def doubt(order: Order) -> str:
    """What makes the node where this runs unfit: another version, or an output that it does not share. Nothing where it is fit."""
    if extractor_version() != order.version:
        return f"版本为 {extractor_version()}，应为 {order.version} / its version is {extractor_version()}, not {order.version}"
    if not Path(order.here).is_dir():
        return f"没有 {order.here} / it has no {order.here}"
    if not is_written(order.output):
        return f"看不到 {order.output} 或其锁 / it does not see {order.output}, or not its lock"
    return ""


def _ray() -> Any:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray  # noqa: PLC0415
    except ImportError:
        raise DependencyError(zh="--ray 需要：pip install gongkai[ray]", en="--ray needs pip install gongkai[ray]") from None
    return ray


@contextmanager
def _connected(ray: Any, address: str) -> Iterator[None]:
    """A driver of the cluster. Signals are ours to answer, as before."""
    spelled = ADDRESS.fullmatch(address)
    if not spelled:
        raise UsageError(zh=f"--ray 应为 auto、local 或 主机:端口，而非 {address}", en=f"--ray is auto, local or host:port, not {address}")
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if spelled[1]:
            socket.create_connection((spelled[1], int(spelled[2])), timeout=10).close()  # Ray itself would try for minutes
        ray.init(address=address, log_to_driver=False, logging_level="ERROR", **(LOCAL if address == "local" else {}))
    except (OSError, OverflowError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(zh=f"无法连接 Ray 集群 {address}：{reason}", en=f"there is no Ray cluster at {address}: {reason}") from error
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    try:
        yield
    except ray.exceptions.RayError as error:
        raise GongkaiError(zh=f"Ray 集群出错：{error}", en=f"the Ray cluster failed: {error}") from error
    finally:
        ray.shutdown()


def _processors(ray: Any) -> dict[str, int]:
    """The nodes that have processors to give, and how many."""
    return {node["NodeID"]: int(node["Resources"]["CPU"]) for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1}


def _room(ray: Any, workers: int) -> dict[str, int]:
    """How many tasks find room on each node. Raises `UsageError` where there is none at all."""
    processors = _processors(ray)
    room = {node: count // workers for node, count in processors.items() if count >= workers}
    if not room:
        most = max(processors.values(), default=0)
        raise UsageError(zh=f"--workers {workers}：没有一台机器有这么多处理器（最多 {most}）", en=f"--workers {workers}: no node has so many processors (at most {most})")
    return room


def _total(output: Path, asked: int | None, usual: int) -> int:
    """How many shares: as many as stand there already, else as asked for, else as many as the cluster likes."""
    standing = {int(name[2]) for place in shards.shards_in(output) if (name := shards.FOLDER.fullmatch(place.name))}
    if len(standing) > 1 or (asked and standing - {asked}):
        counts = ", ".join(map(str, sorted(standing)))
        raise UsageError(
            zh=f"{output} 里已有按 {counts} 份所读的 shard-*；请沿用该份数，或先删去它们",
            en=f"{output} holds shards of {counts}; take that number, or remove them first",
        )
    return asked or next(iter(standing), usual)


def _refuse_unlike(ray: Any, order: Order, nodes: Iterable[str]) -> None:
    """Ask every node whether it is fit. Raises `OutputError` that names those that are not."""
    on = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    names = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}
    asked = {node: ray.remote(num_cpus=0, max_retries=0)(doubt).options(scheduling_strategy=on(node, soft=False)).remote(order) for node in nodes}
    ray.wait(list(asked.values()), num_returns=len(asked), timeout=ANSWER)
    doubts = [f"{names[node]}: {said}" for node, answer in asked.items() if (said := _answer(ray, answer))]
    if doubts:
        zh = "各机器须用同一版本，并共用一个支持文件锁的文件系统"
        raise OutputError(zh=zh, en="all nodes need one version, and one file system with locks\n" + _first(doubts))


def _answer(ray: Any, reference: Any) -> str:
    """What a task says of its trouble, or Ray of the task."""
    try:
        return str(ray.get(reference, timeout=0))
    except ray.exceptions.RayError as error:
        return " ".join(str(error).split())[-300:] or type(error).__name__


def _first(lines: Sequence[str]) -> str:
    return "\n".join([*lines[:NAMED], *([f"… 另有 {len(lines) - NAMED} 个 more"] if len(lines) > NAMED else [])])


def _to_do(items: Iterable[sources.Item], order: Order) -> tuple[dict[int, int], bool]:
    """How many documents each share has left, without the shares that are complete; and whether the dataset knows less than the shares will."""
    left = dict.fromkeys(range(1, order.total + 1), 0)
    behind = False
    with ExitStack() as stack, run.planned(items, order.output, order.orders) as work:
        complete = {number: stack.enter_context(_complete(order, number)) for number in left}
        for document in (document for doing in (NEW, UNREADABLE) for document in work.documents(doing)):
            behind = True
            number = shards.number_of(document.document_id, order.total)
            left[number] += not _is_read(complete[number], document, order, number)
        return ({number: count for number, count in left.items() if count or complete[number] is None}, True) if behind else ({}, False)


@contextmanager
def _complete(order: Order, number: int) -> Iterator[Connection | None]:
    """The journal of a share that this version has completed; None where it has to be run."""
    place = order.output / Shard(number, order.total).name
    marker = shards.marker(place)
    if order.orders.force or marker is None or marker["version"] != order.version:
        yield None
    else:
        with journal.looked_into(place) as store:
            yield store


def _is_read(store: Connection | None, document: Planned, order: Order, number: int) -> bool:
    entry = journal.find(store, document.document_id) if store is not None else None
    lost = order.orders.retry and entry is not None and entry.status in journal.LOST
    return not lost and journal.is_done(entry, document.item.sha256, order.version, order.output / Shard(number, order.total).name)


def _read_all(ray: Any, order: Order, left: Mapping[int, int], say: Callable[[str], None]) -> None:
    """Every share that is left, as the cluster has room. Raises `GongkaiError` where one could not be read, when all have been tried."""
    here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    board = ray.remote(num_cpus=0)(Board).options(scheduling_strategy=here).remote()
    task = ray.remote(num_cpus=order.orders.workers, max_retries=RETRIES, scheduling_strategy="SPREAD")(_read)
    waiting = {task.remote(order, number, board): number for number in left}
    remains, troubles = dict(left), list[str]()
    said = housed = monotonic()
    try:
        while waiting:
            ended, _ = ray.wait(list(waiting), timeout=LOOK)
            known: dict[int, int] = ray.get(board.read.remote())
            remains.update({number: count for number, count in known.items() if number in waiting.values()})
            for reference in ended:
                number = waiting.pop(reference)
                remains[number] = 0
                if trouble := _answer(ray, reference):
                    troubles.append(f"{Shard(number, order.total).name}: {trouble}")
            if ended or monotonic() > said + SAID:
                said = monotonic()
                say(_far(order.total - len(waiting) - len(troubles), order.total, sum(left.values()) - sum(remains.values()), sum(left.values())))
            if max(_processors(ray).values(), default=0) >= order.orders.workers:
                housed = monotonic()
            elif monotonic() > housed + PATIENCE:
                raise GongkaiError(zh="集群已没有可用的机器；再次运行即可续完", en="no node is left that could read; run again to complete it")
    except KeyboardInterrupt:
        for reference in waiting:
            ray.cancel(reference)
        ray.wait(list(waiting), num_returns=len(waiting), timeout=CANCELLED)
        say("已中断，已读部分保留；再次运行即可续完 interrupted, what is done is kept; run again to complete it")
        raise
    if troubles:
        raise GongkaiError(zh=f"{len(troubles)} 份未能读完；再次运行即可续完", en=f"{len(troubles)} shards were not read; run again to complete them\n" + _first(troubles))


def _read(order: Order, number: int, board: Any) -> str:
    return read(order, number, board.write.remote)


def _far(shares: int, total: int, documents: int, all_documents: int) -> str:
    """How far it is, in one line.

    >>> _far(3, 40, 51, 800)
    ' 3/40 份 shards · 51/800 文件 documents'
    """
    return f"{shares:>{len(str(total))}}/{total} 份 shards · {documents}/{all_documents} 文件 documents"
