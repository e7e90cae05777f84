"""The message after each release: what it counts, that it goes out once, and that it arrives."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration import digest, publish
from orchestration.assets.release import make_release_assets, tell
from orchestration.installation import Installation
from orchestration.notify import AppriseNotifier
from orchestration.publish import GateResult
from orchestration.resources import Koe
from orchestration.schema import Contract
from orchestration.settings import PROJECT, Settings

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
WEEK = date(2026, 10, 26)
KEYS = ("grain", "period_on", "entity", "topic", "theme", "voice_class")
Alert = tuple[date, str, str, int | None]
"""Week, facility, tier, authors."""


class Recorder:
    """A notifier that remembers, and delivers or not."""

    def __init__(self, delivers: bool = True) -> None:  # noqa: FBT001, FBT002
        self.sent: list[tuple[str, str]] = []
        self.delivers = delivers

    def send(self, title: str, body: str) -> bool:
        self.sent.append((title, body))
        return self.delivers


def make_release(published: Path, hour: int, alerts: list[Alert], rejected: dict[str, int]) -> Path:
    """A release of the two marts that the message reads, built as the night builds one."""
    warehouse = published.parent / f"{hour}.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(
            """CREATE TABLE marts.mart_alerts (grain VARCHAR, period_on DATE, entity VARCHAR, entity_name VARCHAR,
            entity_class VARCHAR, topic VARCHAR, topic_ja VARCHAR, theme VARCHAR, theme_ja VARCHAR, voice_class VARCHAR,
            tier VARCHAR, authors BIGINT)"""
        )
        for week, entity, tier, authors in alerts:
            con.execute(
                "INSERT INTO marts.mart_alerts VALUES ('week', ?, ?, ?, ?, 'wait', '待ち時間', 'all', '全体', 'patient_voice', ?, ?)",
                [week, entity, f"{entity}病院", "competitor" if entity == "他" else "own", tier, authors],
            )
        con.execute(
            "CREATE TABLE marts.mart_quality (measured_on DATE, basis VARCHAR, source VARCHAR, metric VARCHAR, detail VARCHAR, value DOUBLE)"
        )
        for reason, value in rejected.items():
            con.execute(
                "INSERT INTO marts.mart_quality VALUES (?, 'arrival', 'x', 'rejected', ?, ?)", [WEEK, reason, value]
            )  # fmt: skip
    contracts = {"mart_alerts": Contract("1.0", {}, KEYS), "mart_quality": Contract("1.0", {})}
    candidate = publish.build_candidate(warehouse, published / ".candidate", contracts=contracts)
    candidate.marts[0] = publish.replace(candidate.marts[0], held_rows=3)
    gates = [
        GateResult("1-staging", "residual", passed=True),
        GateResult("2-marts", "dbt_tests", passed=True),
    ]
    return publish.publish(
        candidate, published, now=NOW.replace(hour=hour), gates=gates, versions={"koe": "1"}, counts={}
    )


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    for name in ("DAGSTER_HOME", "DAGSTER_DISABLE_TELEMETRY", "DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "KOE_CONFIG"):  # fmt: skip
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.delenv("KOE_CONFIG")
    monkeypatch.setenv("KOE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KOE_MASTER_KEY", "11" * 32)
    settings = Settings.from_environment()
    settings.export()
    return Installation.open(settings)


def test_the_message_tells_what_is_new_since_the_release_before(installation: Installation) -> None:
    published = installation.zones.published
    old: list[Alert] = [(WEEK - timedelta(days=7), "甲", "注意", 21)]
    first = make_release(published, 1, old, {"residual_person": 4})
    new: list[Alert] = [(WEEK, "甲", "警戒", 55), (WEEK, "乙", "情報", None), (WEEK, "他", "警戒", 80)]
    second = make_release(published, 2, [*old, *new], {"residual_person": 6, "bad_json": 1})
    title, body = digest.compose(second, digest.release_before(published, second))
    assert second.name in title
    assert body.splitlines() == [
        "新しい警報 / new alerts: 2 (警戒 1、情報 1)",
        "  - 警戒 10/26の週 甲病院 待ち時間 55人",
        "  - 情報 10/26の週 乙病院 待ち時間 非表示",
        "前の版のまま据え置いた升 / cells held back: 3",
        "却下した記録 / records refused: 3 (residual_person 2、bad_json 1)",
        "検査 / gates: 2 / 2 合格 / passed",
    ]
    assert digest.release_before(published, first) is None


def test_of_a_first_release_only_the_newest_days_are_new(installation: Installation) -> None:
    alerts: list[Alert] = [(WEEK - timedelta(days=7 * n), "甲", "情報", 20) for n in range(8)]
    first = make_release(installation.zones.published, 1, alerts, {})
    _, body = digest.compose(first, None)
    assert body.startswith("新しい警報 / new alerts: 1 (情報 1)\n")


def test_many_alerts_are_counted_and_a_few_told(installation: Installation) -> None:
    alerts: list[Alert] = [(WEEK, f"{n}", "情報" if n else "警戒", 20) for n in range(30)]
    _, body = digest.compose(make_release(installation.zones.published, 1, alerts, {}), None)
    assert "new alerts: 30 (警戒 1、情報 29)\n  - 警戒" in body
    assert body.count("\n  - ") == digest.ALERTS_SHOWN


def test_a_release_is_told_once_and_a_warning_each_night(installation: Installation) -> None:
    make_release(installation.zones.published, 1, [], {})
    away, there = Recorder(delivers=False), Recorder()
    assert tell(installation, away, []) == "not delivered"
    assert tell(installation, there, []) == "delivered"
    assert tell(installation, there, []) == "told before"
    assert [t for t, _ in there.sent] == [t for t, _ in away.sent]
    assert tell(installation, there, ["PostgreSQL did not take release x"]) == "delivered"
    assert there.sent[-1] == ("Koe: 注意 / warning", "PostgreSQL did not take release x")


def test_the_step_passes_on_that_postgresql_did_not_take_the_release(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    shutil.copytree(PROJECT / "config", config)
    with (config / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write("\npublish: {postgres_dsn: host=127.0.0.1 port=1 user=koe}\n")
    monkeypatch.setenv("KOE_CONFIG", str(config))
    make_release(installation.zones.published, 1, [], {})
    recorder = Recorder()
    steps = [a for a in make_release_assets([]) if a.key.path[0] in ("postgres", "digest")]
    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize(steps, instance=instance, resources={"koe": Koe(), "notifier": recorder})
    assert done.success
    ((_, body),) = recorder.sent
    assert "注意 / warning: PostgreSQL did not take release" in body


@pytest.fixture
def messenger() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A messenger of one's own: apprise's JSON address on this machine."""
    taken: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002  the base class's name

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_address[1]}", taken
        server.shutdown()


def test_a_message_reaches_the_addresses_of_the_policy(
    messenger: tuple[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    address, taken = messenger
    policy = tmp_path / "policy.yaml"
    text = (PROJECT / "config" / "policy.yaml").read_text(encoding="utf-8")
    policy.write_text(text.replace("notify: []", f"notify: ['{address}']"), encoding="utf-8")
    assert AppriseNotifier(policy=str(policy)).send("Koe: 公開", "検査 2 / 2")
    assert [(m["title"], m["message"]) for m in taken] == [("Koe: 公開", "検査 2 / 2")]


def test_without_addresses_the_message_goes_to_the_log(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    assert AppriseNotifier().send("Koe: 公開", "検査 2 / 2")
    assert "Koe: 公開: 検査 2 / 2" in caplog.text
    broken = tmp_path / "policy.yaml"
    broken.write_text("notify: 3\n")
    assert AppriseNotifier(policy=str(broken)).send("Koe: 二", "x")
    assert "addresses cannot be read" in caplog.text
