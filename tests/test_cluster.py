"""Shares read on a Ray cluster: what the driver refuses, a share that another process still writes, and a node that is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gongkai import cluster, run, shards, version
from gongkai.cli import main
from gongkai.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "云岭县{name}馆{year}年度部门决算情况说明\n1.总体情况。{year}年度收入总计{number}.00万元，支出总计{number}.00万元。\n"
NAMES = "松柏桐槐榆柳杉枫樟楠桂竹梅兰菊荷"
DOCUMENTS, SHARES = 64, 8
needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "default"}  # Ray has warnings of its own


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of documents, and what a run without Ray makes of them."""
    place = tmp_path_factory.mktemp("cluster")
    (place / "in").mkdir()
    for number in range(DOCUMENTS):
        text = PAGE.format(name=NAMES[number % len(NAMES)], year=2020 + number // len(NAMES), number=100 + number)
        (place / "in" / f"{number:02d}.txt").write_text(text, encoding="utf-8")
    run.run([place / "in"], place / "plain", workers=1, tell=lambda _entry, _seconds: None, begin=lambda _: None)
    return place


def data_of(output: Path) -> dict[str, bytes]:
    return {str(file.relative_to(output)): file.read_bytes() for top in ("departments", "data") for file in sorted((output / top).rglob("*")) if file.is_file()}


def an_order(place: Path, output: Path, **other: Any) -> cluster.Order:
    run.claim(output)
    order = cluster.Order(str(place), (str(place / "in"),), output, 2, run.Orders(workers=1), version.extractor_version())
    return order._replace(**other)


def without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)


def test_without_ray_the_run_says_what_to_install_and_leaves_nothing(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without_ray(monkeypatch)
    assert main(["run", str(place / "in"), "--output", str(tmp_path / "out"), "--ray", "auto"]) == 5
    assert "--ray 需要：pip install gongkai[ray] / --ray needs pip install gongkai[ray]" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [["--ray", "auto", "--shard", "1/2"], ["--shards", "4"]])
def test_options_that_contradict_each_other_are_wrong_usage(place: Path, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(place / "in"), *options]) == 2
    assert "--shards says how many" in capsys.readouterr().err


@pytest.mark.parametrize(("address", "fits"), [("auto", True), ("local", True), ("head:6379", True), ("10.0.0.1:6379", True), ("[::1]:6379", True), ("head", False), ("head:", False)])
def test_an_address_is_auto_local_or_host_and_port(address: str, fits: bool) -> None:
    assert (cluster.ADDRESS.fullmatch(address) is not None) == fits


@needs_locks
def test_a_node_is_unfit_where_its_version_differs_or_the_output_is_not_shared(place: Path, tmp_path: Path) -> None:
    order = an_order(place, tmp_path / "out")
    assert "does not see" in cluster.doubt(order)  # nobody holds it: what another node has locked is not seen here
    with run.alone(order.output):
        assert cluster.doubt(order) == ""
        assert "its version is" in cluster.doubt(order._replace(version="0"))
        assert "it has no" in cluster.doubt(order._replace(here=str(tmp_path / "elsewhere")))
        assert "its version is" in cluster.read(order._replace(version="0"), 1, lambda _number, _left: None)
    assert shards.shards_in(order.output) == []


@needs_locks
def test_a_share_waits_for_the_process_that_still_writes_it(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order, told = an_order(place, tmp_path / "out"), list[tuple[int, int]]()
    share = order.output / shards.Shard(1, 2).name
    run.claim(share)
    monkeypatch.setattr(cluster, "LOOK", 0.1)
    with run.alone(order.output):
        with run.alone(share):
            monkeypatch.setattr(cluster, "PATIENCE", 0.3)
            assert "another run is writing" in cluster.read(order, 1, lambda _number, _left: None)
        monkeypatch.setattr(cluster, "PATIENCE", 60.0)
        held, end = threading.Event(), threading.Event()

        def outlive() -> None:
            with run.alone(share):
                held.set()
                end.wait(1.0)

        old = threading.Thread(target=outlive)
        old.start()
        held.wait(10)
        assert cluster.read(order, 1, lambda number, left: told.append((number, left))) == ""
        old.join()
    assert shards.marker(share) is not None
    assert told[0][0] == 1
    assert told[0][1] > 0


def test_shares_that_stand_there_say_how_many_there_are(tmp_path: Path) -> None:
    assert cluster._total(tmp_path, None, 12) == 12
    (tmp_path / shards.Shard(3, 40).name).mkdir()
    assert cluster._total(tmp_path, None, 12) == cluster._total(tmp_path, 40, 12) == 40
    with pytest.raises(UsageError, match="holds shards of 40"):
        cluster._total(tmp_path, 8, 12)


@needs_locks
def test_only_shares_with_something_to_read_are_read(place: Path, tmp_path: Path) -> None:
    from gongkai.sources import items  # noqa: PLC0415

    order = an_order(place, tmp_path / "out")

    def to_do(**orders: Any) -> tuple[dict[int, int], bool]:
        return cluster._to_do(items(order.places, without=order.output), order._replace(orders=order.orders._replace(**orders)))

    counts, behind = to_do()
    assert (sorted(counts), sum(counts.values()), behind) == ([1, 2], DOCUMENTS, True)
    with run.alone(order.output):
        assert cluster.read(order, 1, lambda _number, _left: None) == ""
    assert to_do() == ({2: counts[2]}, True)
    assert to_do(force=True) == (counts, True)
    with run.alone(order.output):
        assert cluster.read(order, 2, lambda _number, _left: None) == ""
    assert to_do() == ({}, True)
    run.merge([order.output], order.output)
    assert to_do() == ({}, False)
    assert data_of(order.output) == data_of(place / "plain")


class TwoNodes:
    """A cluster of a head and two nodes on this machine, of which one can be killed."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster  # noqa: PLC0415

        sizes = {"object_store_memory": 80_000_000}
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **sizes})
        self.nodes = [self.cluster.add_node(num_cpus=1, **sizes) for _ in range(2)]

    def kill_a_node(self) -> list[int]:
        """SIGKILL for a raylet and all that it started; the processes."""
        raylet = self.nodes[0].all_processes["raylet"][0].process.pid
        killed = [raylet, *started_by(raylet)]
        for process in killed:
            os.kill(process, signal.SIGKILL)
        return killed


def started_by(process: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(status.parent.name)] = int(status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
    children = [child for child, parent in parents.items() if parent == process]
    return [*children, *(below for child in children for below in started_by(child))]


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[TwoNodes]:
    pytest.importorskip("ray", reason="needs gongkai[ray]")
    if sys.platform != "linux":
        pytest.skip("only Linux has /proc, which tells the processes of the node to kill")
    os.environ.update(cluster.QUIET)
    nodes = TwoNodes()
    yield nodes
    nodes.cluster.shutdown()


def ran_on(address: str, place: Path, output: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gongkai", "run", str(place / "in"), "--output", str(output), "--ray", address, "--workers", "1", "--progress", "plain", *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment)


def complete(output: Path) -> int:
    return sum(shards.marker(place) is not None for place in shards.shards_in(output))


def until_complete(process: subprocess.Popen[str], output: Path, count: int) -> None:
    while complete(output) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.mark.filterwarnings("default")  # Ray has warnings of its own
def test_a_run_that_is_interrupted_and_loses_a_node_ends_with_the_bytes_of_a_plain_one(place: Path, tmp_path: Path, two_nodes: TwoNodes) -> None:
    output, address = tmp_path / "out", str(two_nodes.cluster.address)
    with ran_on(address, place, output, "--shards", str(SHARES)) as process:
        until_complete(process, output, 1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "what is done is kept" in said
    kept = {share: (share / shards.COMPLETE).stat().st_mtime_ns for share in shards.shards_in(output) if shards.marker(share)}
    assert 1 <= len(kept) < SHARES
    with ran_on(address, place, output) as process:
        until_complete(process, output, len(kept) + 1)
        assert len(two_nodes.kill_a_node()) > 1
        _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert f"{SHARES}/{SHARES} 份 shards" in said
    assert {share: (share / shards.COMPLETE).stat().st_mtime_ns for share in kept} == kept  # complete ones were left as they are
    assert data_of(output) == data_of(place / "plain")
    assert main(["status", str(output)]) == 0
