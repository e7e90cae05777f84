"""The report as a reader meets it: from a release to a page in a browser."""

from __future__ import annotations

import html
import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import classified_posts as night
import duckdb
import pytest
from browser import CHROMIUM, MEASURE, chromium, outline

from orchestration.report.marts import Release
from orchestration.report.render import ReportSummary, render_report
from transforms.redaction import scan

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
GATES = [
    {"gate": "staging", "name": "residual", "passed": True},
    {"gate": "marts", "name": "dbt_tests", "passed": True},
    {"gate": "candidate", "name": "values", "passed": False},
]


def render(database: Path, page: Path, pictures: Path | None = None) -> ReportSummary:
    return render_report(
        database,
        page,
        pictures,
        release_id="20260901T170000Z-0a1b2c3d",
        generated_on="2026-09-01T17:00:00+00:00",
        gates=GATES,
    )


@pytest.fixture(scope="module")
def page(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("report") / "report.html"
    render(release, page)
    return page


def test_the_page_is_one_file_that_loads_nothing(page: Path) -> None:
    seen = outline(page)
    assert seen.loads == []
    assert len(seen.ids) == len(set(seen.ids))
    text = page.read_text(encoding="utf-8")
    assert "@import" not in text
    assert "http" not in text


def test_the_page_tells_the_stories_of_the_night(page: Path) -> None:
    words = " ".join(outline(page).words)
    for heading in (
        "自院の話題の推移",
        "急に増えた話題",
        "警報",
        "改善策の効果",
        "不満のテーマと担当部署",
        "評判",
        "全国調査との並置",
        "うわさと口コミの異常",
        "有害事象の疑い",
        "取得元の健全性",
        "処理の品質",
        "公表の基準",
    ):
        assert heading in words
    assert "10人未満は非表示" in words
    assert "WEB-RADR" in words
    assert re.search(r"7/13の週\s+さくら総合病院\s+待ち時間\s+否定的", words)
    assert re.search(r"7/13\s+警戒\s+さくら総合病院\s+待ち時間\s+非表示", words)
    assert re.search(
        r"予約の窓口を増やした\s+かえで病院、2026年7月6日開始\s+予約・電話・立地・駐車場\s+改善\s+暫定", words
    )
    assert re.search(
        r"さくら総合病院、2026年7月6日開始、事前登録なし\s+診療・治療の質\s+(判定不能|変化なし)", words
    )
    assert re.search(r"もみじクリニック\s+:6/8の週に星5の口コミが10倍以上", words)
    assert re.search(rf"2026年7月\s+{night.DRUG}\s+発疹", words)
    assert re.search(r"無音:Q&A サイト\(8/4\s*〜8/6\s*\)", words)
    assert "不合格" in words


def test_the_page_shows_no_small_number_of_people(page: Path) -> None:
    people = [
        int(n.replace(",", ""))
        for n in re.findall(
            r"([\d,]+)人",
            " ".join(outline(page).words)
            .replace("10人未満", "")
            .replace("1〜9人", "")
            .replace("20人未満", "")
            .replace("1〜19人", "")
            .replace("0人は表示", "")
            .replace("最大の9人", ""),
        )
    ]
    assert people
    assert min(people) >= 10


def test_a_hidden_number_is_not_said_to_be_small(page: Path) -> None:
    """It may be large, and hidden because it would give a small one away."""
    told = " ".join(outline(page).words)
    assert "非表示" in told
    assert "10人未満" not in told.replace("10人未満は非表示", "")


def test_the_page_passes_the_scan_that_guards_releases(page: Path) -> None:
    assert not scan.scan_bytes(iter([page.read_bytes()]))


def test_the_same_release_gives_the_same_page(release: Path, page: Path, tmp_path: Path) -> None:
    summary = render(release, tmp_path / "again.html", tmp_path / "pictures")
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()
    assert summary.charts == len(summary.pictures) == 9
    assert summary.first_day == night.START
    assert 0 < summary.hidden_rows < summary.rows
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in summary.pictures)


def test_names_in_the_release_are_text_and_never_markup(release: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.duckdb"
    shutil.copy(release, spoilt)
    spoilt.chmod(0o600)
    with duckdb.connect(str(spoilt)) as con:
        tables = [
            t
            for (t,) in con.execute(
                "select distinct table_name from duckdb_columns() where column_name = 'entity_name'"
            ).fetchall()
        ]
        for table in tables:
            con.execute(
                f"update {table} set entity_name = '<script>alert(1)</script>' where entity = 'own-sakura'"
            )
    render(spoilt, tmp_path / "report.html")
    assert outline(tmp_path / "report.html").loads == []
    assert "&lt;script&gt;" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_release_without_rows_says_so(release: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.duckdb"
    with duckdb.connect(str(empty)) as con:
        con.execute(f"attach '{release}' as full_release (read_only)")
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where database_name = 'full_release'"
        ).fetchall():
            con.execute(f"create table {table} as select * from full_release.{table} limit 0")
    summary = render(empty, tmp_path / "report.html")
    assert summary == ReportSummary(0, None, None, 0, 0)
    assert "公表できる集計はまだありません" in " ".join(outline(tmp_path / "report.html").words)


def test_a_release_that_lacks_marts_reports_on_the_others(release: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.duckdb"
    with duckdb.connect(str(part)) as con:
        con.execute(f"attach '{release}' as full_release (read_only)")
        for table in ("mart_source_health", "mart_reputation"):
            con.execute(f"create table {table} as select * from full_release.{table}")
    assert render(part, tmp_path / "report.html").charts == 2
    assert outline(tmp_path / "report.html").loads == []


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the report was not opened in a browser")
@pytest.mark.parametrize("width", [1000, 500])
def test_a_browser_draws_every_chart_within_its_frame(page: Path, tmp_path: Path, width: int) -> None:
    measured = tmp_path / "measured.html"
    measured.write_text(page.read_text(encoding="utf-8").replace("</body>", MEASURE), encoding="utf-8")
    dom = chromium(measured, tmp_path, "--dump-dom", f"--window-size={width},1200")
    found = re.search(r'data-charts="([^"]*)" data-overflow="(\d+)"', dom)
    assert found
    charts: list[dict[str, Any]] = json.loads(html.unescape(found[1]))
    assert len(charts) == 9
    assert all(c["width"] >= 450 and c["height"] >= 80 and c["marks"] > 0 for c in charts), charts
    assert [c["outside"] for c in charts] == [0] * 9
    assert found[2] == "0", "the page itself must not scroll sideways"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: no screenshot of the report was taken")
def test_a_screenshot_shows_a_page_and_not_a_blank(page: Path, tmp_path: Path) -> None:
    picture = tmp_path / "report.png"
    chromium(page, tmp_path, f"--screenshot={picture}", "--window-size=1000,4000")
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 200_000, "a blank page of this size compresses to a few kilobytes"


def test_periods_are_whole_before_they_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "none.duckdb"
    duckdb.connect(str(path)).close()
    with Release(path) as release:
        assert release.last_whole_week(date(2026, 8, 30)) == date(2026, 8, 24)  # a Sunday ends its week
        assert release.last_whole_week(date(2026, 8, 31)) == date(2026, 8, 24)
        assert release.last_whole_week(date(2026, 9, 5)) == date(2026, 8, 24)
        long_ago = date(2026, 5, 4)
        # the week of 31 August is September's, so August is over on the 30th
        assert release.month_to_report(long_ago, date(2026, 8, 30)) == date(2026, 8, 1)
        assert release.month_to_report(long_ago, date(2026, 8, 29)) == date(2026, 7, 1)
        # July began on 29 June; a release that begins later has no whole month yet
        assert release.month_to_report(date(2026, 6, 30), date(2026, 8, 29)) == date(2026, 8, 1)
        assert release.month_to_report(date(2026, 6, 29), date(2026, 8, 29)) == date(2026, 7, 1)
