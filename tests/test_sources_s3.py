"""A crawl on S3, served by moto on this machine: listed, read by workers, and known by the second run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gongkai import run, sources
from gongkai.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("s3fs", reason="needs gongkai[s3]")
pytest.importorskip("moto.server", reason="needs moto[server], which CI does without")
pytestmark = pytest.mark.filterwarnings("default")  # the libraries of a store have warnings of their own

PAGE = "<html><body>青禾市示例局新闻{}</body></html>"


def test_a_crawl_on_s3_is_read_like_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3  # noqa: PLC0415
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
        monkeypatch.setenv(name, value)
    try:
        store = boto3.client("s3")
        store.create_bucket(Bucket="crawl")
        for name in ("a.html", "deep/b.html", "deep/c.html"):
            store.put_object(Bucket="crawl", Key=f"2031/{name}", Body=PAGE.format(name).encode())
        assert [item.address for item in sources.items(["s3://crawl/2031/**/c*"], without=tmp_path)] == ["s3://crawl/2031/deep/c.html"]
        with pytest.raises(UsageError, match="nothing at"):
            sources.items(["s3://crawl/2032"], without=tmp_path)
        told: list[str] = []
        outcomes = [run.run(["s3://crawl/2031"], tmp_path / "out", workers=1, tell=lambda entry, _: told.append(entry.source), begin=lambda _: None) for _ in range(2)]
    finally:
        server.stop()
    assert [(outcome.new, outcome.known) for outcome in outcomes] == [(3, 0), (0, 3)]
    assert sorted(told) == ["s3://crawl/2031/a.html", "s3://crawl/2031/deep/b.html", "s3://crawl/2031/deep/c.html"]
