"""The board's week and the departments' pages as their readers meet them: from a release to one sheet of paper."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import classified_posts as night
import duckdb
import pytest
from browser import CHROMIUM, MEASURE, chromium, outline

from orchestration import publish
from orchestration.guard import PlainError
from orchestration.report.department import render_department
from orchestration.report.marts import Release
from orchestration.report.pages import EVERY_DEPARTMENT, chosen, linked, pages_of
from orchestration.report.pdf import find_browser, print_pdf
from orchestration.report.weekly import render_weekly
from transforms.redaction import scan

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
TOLD = {"release_id": "20260901T170000Z-0a1b2c3d", "generated_on": "2026-09-01T17:00:00+00:00"}
WAITING = "外来運営・医事課"
NOT_YET = "まだありません"


def weekly(database: Path, page: Path) -> Path:
    render_weekly(database, page, **TOLD)
    return page


def department(database: Path, page: Path, name: str = WAITING) -> Path:
    render_department(database, page, department=name, **TOLD)
    return page


SHEETS = pytest.mark.parametrize("write", [weekly, department])


def words(page: Path) -> str:
    return " ".join(w for w in outline(page).words if w)


@SHEETS
def test_a_sheet_is_one_file_that_loads_nothing(
    release: Path, tmp_path: Path, write: Callable[[Path, Path], Path]
) -> None:
    page = write(release, tmp_path / "page.html")
    seen = outline(page)
    assert seen.loads == []
    assert len(seen.ids) == len(set(seen.ids))
    text = page.read_text(encoding="utf-8")
    assert "http" not in text
    assert "@import" not in text
    assert not scan.scan_bytes(iter([page.read_bytes()]))
    assert write(release, tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_the_week_shows_trend_survey_peers_alerts_and_measures(release: Path, tmp_path: Path) -> None:
    told = words(weekly(release, tmp_path / "page.html"))
    for heading in ("自院の推移", "他院との比較", "全国調査", "警報", "改善策の効果"):
        assert heading in told
    assert "2026年8月24日〜2026年8月30日" in told
    with duckdb.connect(str(release), read_only=True) as con:
        authors = con.execute(
            "SELECT authors FROM mart_reputation WHERE grain = 'week' AND period_on = DATE '2026-08-24' AND entity_name = 'さくら総合病院' AND voice_class = 'patient_voice'"
        ).fetchall()[0][0]
    assert f"さくら総合病院 {authors:,}人" in told
    assert "自院の声(週ごとの書き手の数)" in told
    assert "灰色は他院の最低〜最高" in told
    assert "受療行動調査" in told


def test_the_departments_page_shows_its_themes_and_no_others(release: Path, tmp_path: Path) -> None:
    told = words(department(release, tmp_path / "page.html"))
    assert "外来運営・医事課へ" in told
    assert re.search(r"さくら総合病院\s+\d+\s+\d+\s+\d+%", told)
    assert "2026年8月" in told
    assert "清潔" not in told
    with Release(release) as marts:
        names = marts.departments()
    assert len(names) >= 5
    for number, name in enumerate(names):
        assert name in words(department(release, tmp_path / f"{number}.html", name))
    with pytest.raises(PlainError, match=f"no department 清掃; this release knows: .*{WAITING}"):
        department(release, tmp_path / "none.html", "清掃")


@SHEETS
def test_a_sheet_shows_no_small_number_of_people(
    release: Path, tmp_path: Path, write: Callable[[Path, Path], Path]
) -> None:
    told = words(write(release, tmp_path / "page.html")).replace("10人未満", "").replace("20人未満", "")
    people = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+)人", told)]
    assert people
    assert min(people) >= 10


@SHEETS
def test_names_in_the_release_are_text_and_never_markup(
    release: Path, tmp_path: Path, write: Callable[[Path, Path], Path]
) -> None:
    spoilt = tmp_path / "spoilt.duckdb"
    shutil.copy(release, spoilt)
    spoilt.chmod(0o600)
    with duckdb.connect(str(spoilt)) as con:
        tables = con.execute(
            "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = 'entity_name'"
        ).fetchall()
        for (table,) in tables:
            con.execute(
                f"UPDATE {table} SET entity_name = '<script>alert(1)</script>' WHERE entity = 'own-sakura'"
            )
    page = write(spoilt, tmp_path / "page.html")
    assert outline(page).loads == []
    assert "&lt;script&gt;" in page.read_text(encoding="utf-8")


def copy_of(release: Path, target: Path, where: str = "", without: tuple[str, ...] = ()) -> Path:
    """A release that holds less: rows that meet a condition on their day, marts left out."""
    with duckdb.connect(str(target)) as con:
        con.execute(f"ATTACH '{release}' AS full_release (READ_ONLY)")
        tables = con.execute(
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'full_release' GROUP BY 1"
        ).fetchall()
        for table, columns in tables:
            if table in without:
                continue
            day = next((c for c in ("period_on", "week_on", "month_on", "posted_on") if c in columns), None)
            condition = where.format(day=day) if day and where else "true"
            con.execute(f"CREATE TABLE {table} AS SELECT * FROM full_release.{table} WHERE {condition}")
    return target


def test_a_release_without_rows_says_so(release: Path, tmp_path: Path) -> None:
    empty = copy_of(release, tmp_path / "empty.duckdb", "{day} < DATE '2000-01-01'")
    page = weekly(empty, tmp_path / "week.html")
    assert f"公表できる集計は{NOT_YET}" in words(page)
    assert "<h2>" not in page.read_text(encoding="utf-8")
    with pytest.raises(PlainError, match="this release knows: none"):
        department(empty, tmp_path / "page.html")


def test_what_the_history_is_too_short_for_is_not_there_yet(release: Path, tmp_path: Path) -> None:
    ten_days = night.START + timedelta(days=10)
    young = copy_of(
        release, tmp_path / "young.duckdb", f"{{day}} < DATE '{ten_days}'", ("mart_alerts", "mart_alert_days", "mart_measures", "mart_benchmark")
    )  # fmt: skip
    page = weekly(young, tmp_path / "week.html")
    for section in ("trend", "peers", "benchmark", "alerts", "measures"):
        found = re.search(rf'<section id="{section}">(.*?)</section>', page.read_text(encoding="utf-8"), re.DOTALL)  # fmt: skip
        assert found, section
        assert NOT_YET in found[1], section
    told = words(department(young, tmp_path / "page.html"))
    assert f"直近4週の警報 {NOT_YET}" in told
    assert "警報はありません" not in told


def test_pages_of_a_release_have_names_and_links(published: Path, tmp_path: Path) -> None:
    current = publish.current_release(published)
    assert current
    pages = pages_of(current)
    names = [p.name for p in pages]
    assert names[:2] == ["report.html", "reports/weekly.html"]
    assert "reports/department_外来運営_医事課.html" in names
    assert len(names) == len(set(names))
    assert [p.title for p in chosen(pages, weekly=True, departments=[WAITING])] == ["週報", WAITING]
    assert len(chosen(pages, weekly=False, departments=[EVERY_DEPARTMENT])) == len(pages) - 2
    assert [p.name for p in chosen(pages, weekly=False, departments=[])] == ["report.html"]
    linked(pages)[0].write(tmp_path / "report.html")
    links = re.findall(r'href="([^"]+)"', (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert [unquote(link) for link in links] == names[1:]


def koe(home: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("koe")
    variables = {**os.environ, "KOE_HOME": str(home), **environment}
    return subprocess.run(
        [program, "report", *arguments], capture_output=True, text=True, env=variables, check=False, timeout=200, cwd=folder
    )  # fmt: skip


def test_the_command_writes_pages_from_what_is_published_alone(published: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "published").symlink_to(published)
    done = koe(home, tmp_path, "--weekly", "--department", WAITING, "--out", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["out/weekly.html", "out/department_外来運営_医事課.html"]
    assert sorted(p.name for p in home.iterdir()) == ["published"]
    assert koe(home, tmp_path, "--out", "out").stdout.split() == ["out/report.html"]
    assert "href" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8"), (
        "to pages not beside it"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--department", "清掃"], "no department 清掃; this release knows: "),
        (["--release", "nowhere"], "nowhere: no readable manifest"),
        (["--weekly", "--out", "file/out"], "file/out: "),
    ],
)
def test_a_wrong_call_is_told_in_a_line(
    published: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("x")
    home = tmp_path / "home"
    home.mkdir()
    (home / "published").symlink_to(published)
    done = koe(home, tmp_path, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_without_a_release_or_a_browser_nothing_is_written(published: Path, tmp_path: Path) -> None:
    assert "there is no release to report on" in koe(tmp_path / "none", tmp_path).stderr
    home = tmp_path / "home"
    home.mkdir()
    (home / "published").symlink_to(published)
    done = koe(home, tmp_path, "--weekly", "--pdf", PATH="/nonexistent")
    assert done.returncode == 2
    assert "no Chromium on this machine, so no PDF" in done.stderr
    assert not (tmp_path / "reports").exists()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: the sheets were not opened in a browser")
@SHEETS
@pytest.mark.parametrize("width", [800, 500])
def test_a_browser_draws_every_chart_within_its_frame(
    release: Path, tmp_path: Path, write: Callable[[Path, Path], Path], width: int
) -> None:
    page = write(release, tmp_path / "page.html")
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", MEASURE), encoding="utf-8")
    dom = chromium(page, tmp_path, "--dump-dom", f"--window-size={width},1200")
    found = re.search(r'data-charts="([^"]*)" data-overflow="(\d+)"', dom)
    assert found
    charts = json.loads(html.unescape(found[1]))
    assert len(charts) >= 2
    assert all(c["width"] >= 300 and c["height"] >= 60 and c["marks"] > 0 for c in charts), charts
    assert [c["outside"] for c in charts] == [0] * len(charts)
    assert found[2] == "0", "the page itself must not scroll sideways"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: no screenshot of a sheet was taken")
@SHEETS
def test_a_screenshot_shows_a_page_and_not_a_blank(
    release: Path, tmp_path: Path, write: Callable[[Path, Path], Path]
) -> None:
    page = write(release, tmp_path / "page.html")
    picture = tmp_path / "page.png"
    chromium(page, tmp_path, f"--screenshot={picture}", "--window-size=800,1150")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 60_000, "a blank page of this size compresses to a few kilobytes"


def crowded(release: Path, target: Path) -> Path:
    """A release with long names, and with more facilities, alerts and measures than a sheet has room for."""
    copy_of(release, target)
    with duckdb.connect(str(target)) as con:
        for table in ("mart_reputation", "mart_complaints", "mart_benchmark", "mart_alerts"):
            con.execute(
                f"UPDATE {table} SET entity_name = '医療法人社団とても長い名前の会' || entity_name || '附属病院'"
            )
        for table in ("mart_reputation", "mart_complaints", "mart_benchmark"):
            for number in range(4):
                con.execute(
                    f"INSERT INTO {table} SELECT * REPLACE (entity || '{number}' AS entity, entity_name || '{number}' AS entity_name) FROM {table} WHERE entity = 'own-sakura'"
                )
        con.execute(
            """INSERT INTO mart_alerts BY NAME SELECT 'week' AS grain, DATE '2026-08-24' - 7 * (i % 4)::INTEGER AS period_on, 'own-' || i AS entity,
                '医療法人社団とても長い名前の会第' || i || '附属病院' AS entity_name, 'own' AS entity_class, 'wait' AS topic, '予約・電話・立地・駐車場と待ち時間' AS topic_ja,
                'ACC_WAIT' AS theme, '診察までの待ち時間と会計の待ち時間' AS theme_ja, '外来運営・医事課' AS owner_ja,
                ['警戒', '注意', '情報'][1 + i % 3] AS tier, 50 + i AS authors, '50〜99人' AS authors_band, '10〜19人' AS expected_band, false AS is_suppressed
            FROM range(12) t(i)"""
        )
        con.execute(
            """INSERT INTO mart_measures BY NAME SELECT 'measure_' || i AS measure, '医療法人社団とても長い名前の会附属病院' AS entity_name,
                repeat('外来の会計を自動精算機に替え、受付の人数を増やした', 1 + i) AS measure_ja, '外来運営・医事課' AS owner_ja, 'theme' AS subject_kind,
                'ACC_WAIT' AS subject, '待ち時間' AS subject_ja, 'target' AS role, DATE '2026-07-06' AS start_on, ['改善', '悪化', '判定不能'][1 + i % 3] AS verdict,
                i % 2 = 0 AS is_provisional, 0.61 AS month_ratio, 0.42 AS month_ratio_low, 0.89 AS month_ratio_high
            FROM range(8) t(i)"""
        )
    return target


def test_alerts_and_measures_stand_in_tables_the_gravest_first(release: Path, tmp_path: Path) -> None:
    full = crowded(release, tmp_path / "full.duckdb")
    told = words(weekly(full, tmp_path / "week.html"))
    assert re.search(
        r"8/24の週\s+警戒 .* 診察までの待ち時間と会計の待ち時間\s+外来運営・医事課\s+\d+\s+10〜19人", told
    )
    assert told.index("警戒") < told.index("注意")
    assert re.search(
        r"外来の会計を自動精算機に替え、受付の人数を増やした\s+外来運営・医事課\s+.*待ち時間\s+7/6\s+改善\s+暫定\s+0\.61",
        told,
    )
    assert re.search(r"ほか \d+ 件\(mart_measures\)", told)
    assert re.search(r"ほか \d+ 件\(mart_alerts\)", told)
    owner = words(department(full, tmp_path / "department.html"))
    assert "診察までの待ち時間と会計の待ち時間" in owner
    assert "外来の会計を自動精算機に替え" in owner


def pages_in(pdf: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: no crowded sheet was printed")
@SHEETS
def test_a_crowded_sheet_is_one_page_too(
    release: Path, tmp_path: Path, write: Callable[[Path, Path], Path]
) -> None:
    page = write(crowded(release, tmp_path / "full.duckdb"), tmp_path / "page.html")
    print_pdf(find_browser(), page, tmp_path / "page.pdf")
    assert pages_in(tmp_path / "page.pdf") == 1


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM: no sheet was printed as PDF")
def test_each_sheet_is_one_page_of_a4(published: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "published").symlink_to(published)
    done = koe(home, tmp_path, "--weekly", "--department", WAITING, "--department", "CS・接遇委員会", "--pdf")
    assert (done.returncode, done.stderr) == (0, "")
    printed = sorted((tmp_path / "reports").glob("*.pdf"))
    assert len(printed) == 3
    for path in printed:
        data = path.read_bytes()
        assert data.startswith(b"%PDF-")
        assert pages_in(path) == 1, path.name
        assert re.search(rb"/MediaBox\s*\[0 0 59[45][.\d]* 84[12]", data), path.name
