"""The board over real HTTP: what it serves, and what it does not."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from board.server import make_server

pytestmark = pytest.mark.integration


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    release = tmp_path / "published" / "releases" / "one"
    (release / "parquet").mkdir(parents=True)
    (release / "report.html").write_text("<p>報告</p>", encoding="utf-8")
    (release / "parquet" / "mart_a.parquet").write_bytes(b"PAR1")
    (release / "reports").mkdir()
    (release / "reports" / "department_医事課.html").write_text("<p>医事課</p>", encoding="utf-8")
    (release / "reports" / "notes.txt").write_text("x")
    (release / "CHANGES.md").write_text("変更", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "published" / "current").symlink_to("releases/one")
    with make_server(tmp_path / "published", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_serves_the_report_without_third_parties(address: str) -> None:
    with urllib.request.urlopen(address + "/") as answer:
        assert "報告" in answer.read().decode()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    with urllib.request.urlopen(address + "/parquet/mart_a.parquet") as answer:
        assert answer.read() == b"PAR1"
    with urllib.request.urlopen(address + "/reports/department_%E5%8C%BB%E4%BA%8B%E8%AA%B2.html") as answer:
        assert "医事課" in answer.read().decode()
    with urllib.request.urlopen(address + "/CHANGES.md") as answer:
        assert answer.read().decode() == "変更"


@pytest.mark.parametrize(
    "path",
    [
        "/../../secret.txt",
        "/%2e%2e/%2e%2e/secret.txt",
        "/parquet/",
        "/parquet/..%2freport.html",
        "/x",
        "/reports/",
        "/reports/notes.txt",
        "/reports/..%2freport.html",
    ],
)
def test_serves_nothing_else(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address + path)
    assert caught.value.code == 404
    caught.value.close()
