"""dbt on invented nights: what the marts find, what they hide, and that adding days equals starting afresh."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import classified_posts as night
import duckdb
import pytest
import yaml
from conftest import PROJECT
from conftest import run_dbt as dbt

from transforms.terms.finder import lexicon_rows

# dbt starts many times: the usual 300 s are few on a loaded machine.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
ROOT = PROJECT.parent
NO_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def build(home: Path, *arguments: str, **environment: str) -> None:
    result = dbt(home, "build", *arguments, **environment)
    assert result.returncode == 0, result.stdout


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def all_marts(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    names = query(
        home, "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
    )
    return {name: query(home, f"select * from marts.{name} order by all") for (name,) in names}


# What the marts find


def test_the_surge_of_waiting_complaints_is_the_steepest_rise_at_an_own_hospital(home: Path) -> None:
    assert query(
        home,
        """select week_on, entity, topic from marts.mart_trends
        where entity_class = 'own' and sentiment = 'neg' order by rise_at_least desc limit 1""",
    ) == [(night.SURGE[0], night.OWN_SURGE, "wait")]
    [(share, owner)] = query(
        home,
        f"""select complaint_share, owner_ja from marts.mart_complaints where grain = 'week' and breakdown = 'all'
        and period_on = date '{night.SURGE[0]}' and entity = '{night.OWN_SURGE}' and theme = 'ACC_WAIT' and voice_class = 'patient_voice'""",
    )
    assert share > 0.7
    assert "医事課" in owner


def test_the_rumour_is_seen_to_spread(home: Path) -> None:
    stages = query(home, "select stage from marts.mart_rumours order by week_on")
    assert [s for (s,) in stages] == ["発生", "拡大", "拡大", "拡大"]


def test_the_medicine_with_a_cluster_of_events_is_listed_with_its_caution(home: Path) -> None:
    rows = query(
        home,
        "select drug, breakdown_value, authors, caution_ja from marts.mart_safety where grain = 'month' and breakdown = 'event'",
    )
    assert [(drug, event) for drug, event, *_ in rows] == [(night.DRUG, "発疹")]
    assert rows[0][2] >= 60
    assert "WEB-RADR" in rows[0][3]


def test_the_silent_source_is_silent_on_its_three_days_and_no_other(home: Path) -> None:
    rows = query(
        home, "select source, posted_on from marts.mart_source_health where status = 'silent' order by all"
    )
    assert rows == [("qa", night.SILENCE[0] + timedelta(days=i)) for i in range(3)]


def test_the_solicited_reviews_are_the_only_burst(home: Path) -> None:
    assert query(
        home, "select entity, week_on, rise_band from marts.mart_solicited_reviews where is_burst"
    ) == [(night.OWN_SOLICITED, night.SOLICITED[0], "10倍以上")]


def test_the_surge_is_alarmed_on_its_days_and_in_its_week_and_nothing_else_in_earnest(home: Path) -> None:
    days = query(
        home,
        f"""select period_on from marts.mart_alerts where grain = 'day' and entity = '{night.OWN_SURGE}' and topic = 'wait'
        and method = 'dow_nb56' order by 1""",
    )
    surge = [night.SURGE[0] + timedelta(days=i) for i in range(7)]
    assert [d for (d,) in days] == surge
    serious = query(
        home,
        """select distinct grain, entity, topic from marts.mart_alerts
        where entity_class = 'own' and tier in ('注意', '警戒') order by all""",
    )
    assert serious == [("day", night.OWN_SURGE, "wait"), ("week", night.OWN_SURGE, "wait")]


def test_an_alarm_can_be_checked_by_hand_where_its_numbers_are_published(home: Path) -> None:
    rows = query(
        home,
        """select a.authors, t.authors, a.authors_band, a.expected_band, a.threshold_band, a.expected, a.threshold
        from marts.mart_alerts as a inner join marts.mart_topics_weekly as t
        on a.period_on = t.week_on and a.entity = t.entity and a.topic = t.topic and t.sentiment = 'neg'
            and t.voice_class = a.voice_class
        where a.grain = 'week' and a.theme = 'all' and a.authors is not null""",
    )
    assert rows
    for authors, published, *bands, expected, threshold in rows:
        assert authors == published
        assert None not in bands
        assert (expected is None) == (threshold is None)
        if expected is not None:
            assert authors > threshold > expected


def test_hidden_alarms_tell_no_number(home: Path) -> None:
    [(hidden, telling)] = query(
        home,
        """select count(*), count(*) filter (where coalesce(expected, threshold, dispersion, p_value, p_at_most, q_at_most,
            exceedance, consecutive) is not null or authors_band <> '非表示' or expected_band is not null)
        from marts.mart_alerts where is_suppressed""",
    )
    assert hidden > 0
    assert telling == 0


def test_the_silent_days_are_inconclusive_and_never_clear(home: Path) -> None:
    silent = [night.SILENCE[0] + timedelta(days=i) for i in range(3)]
    rows = query(
        home,
        """select posted_on, bool_or(status = 'clear'), bool_or(status = 'inconclusive'), min(silent_sources)
        from marts.mart_alert_days where silent_sources is not null group by 1 order by 1""",
    )
    assert rows == [(day, False, True, "qa") for day in silent]


def test_the_measure_that_works_is_told_from_the_one_that_does_not(home: Path) -> None:
    rows = query(
        home,
        "select measure, subject, role, verdict, is_preregistered, is_provisional from marts.mart_measures order by all",
    )
    verdicts = {(measure, subject): verdict for measure, subject, _, verdict, *_ in rows}
    works, idle = f"{night.OWN_QUIET}_access", f"{night.OWN_SURGE}_care"
    assert verdicts[works, "access"] == verdicts[works, "ACC_LOC"] == "改善"
    for subject in ("care", "CLI_QUALITY", "cost"):
        assert verdicts[idle, subject] in ("変化なし", "判定不能")
    assert verdicts[works, "cost"] in ("変化なし", "判定不能")
    assert {(m, r) for m, *_, r, _ in rows} == {(works, True), (idle, False)}
    assert all(provisional for *_, provisional in rows)
    [(ratio, low, high)] = query(
        home,
        f"""select month_ratio, month_ratio_low, month_ratio_high from marts.mart_measures
        where measure = '{idle}' and subject = 'care'""",
    )
    assert low < ratio < high
    assert low < 1 < high


def test_the_medicine_with_a_cluster_is_disproportionate_and_its_ratios_are_withheld(home: Path) -> None:
    # no other medicine has an event: the table of the pair would give the others' small numbers away
    rows = query(
        home,
        "select distinct drug, event, signal_prr, caution_ja like '%WEB-RADR%' from marts.mart_disproportionality",
    )
    assert [row[:2] for row in rows] == [(night.DRUG, "発疹")]
    assert all(caution for *_, caution in rows)


def test_due_weeks_follow_the_first_arrival(home: Path) -> None:
    rows = query(
        home,
        f"""select value, sum(authors) from intermediate.int_cells where mart = 'safety' and breakdown = 'due_week'
        and grain = 'month' and d1 = '{night.DRUG}' group by 1 order by 1""",
    )
    weeks = [value for value, _ in rows]
    assert min(weeks) == str(night.EVENTS[0] + timedelta(days=14))  # serious: 15 days from a Monday on
    assert all(date.fromisoformat(w).weekday() == 0 for w in weeks)


def test_no_alert_is_made_of_a_product(home: Path) -> None:
    assert query(
        home,
        "select count(*) from marts.mart_alerts where entity_class not in ('own', 'competitor', 'industry')",
    ) == [(0,)]


def test_reputation_compares_within_the_peer_set(home: Path) -> None:
    rows = query(
        home,
        """select sum(share_of_voice), count(*), bool_and(share_of_voice between share_of_voice_low and share_of_voice_high)
        from marts.mart_reputation where grain = 'month' and period_on = date '2026-06-01'
        and voice_class = 'patient_voice' and entity in ('own-sakura', 'rival-aoba', 'rival-midori', 'rival-hoshi')""",
    )
    assert rows[0][0] == pytest.approx(1, abs=0.001)
    assert rows[0][1:] == (4, True)


def test_quality_adds_up(home: Path) -> None:
    [(received, loaded, rejected)] = query(
        home,
        """select sum(value) filter (where metric = 'posts_in'), sum(value) filter (where metric = 'loaded'),
        sum(value) filter (where metric = 'rejected') from marts.mart_quality""",
    )
    assert received == loaded + rejected > 15_000


# What the marts hide


def test_no_cell_of_one_to_nine_people_is_in_any_mart(home: Path) -> None:
    for name, rows in all_marts(home).items():
        columns = [
            c
            for (c,) in query(
                home,
                f"select column_name from information_schema.columns where table_schema = 'marts' and table_name = '{name}' order by ordinal_position",
            )
        ]
        people = [i for i, c in enumerate(columns) if c == "authors" or c.endswith("_authors")]
        # a mean over weeks is no number of people of a cell
        people = [i for i in people if columns[i] != "usual_authors"]
        assert not [r for r in rows for i in people if r[i] is not None and 0 < r[i] < 10], name


Cells = dict[tuple[Any, ...], int | None]


def solved(cells: Cells, sums: dict[tuple[Any, ...], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """Hidden cells that a reader finds who solves every sum with a single unknown; keys of sums are (what, *total's key)."""
    found = []
    progress = True
    while progress:
        progress = False
        for total, parts in sums.items():
            unknown = [c for c in (total[1:], *parts) if cells[c] is None]
            if len(unknown) == 1:
                whole = cells[total[1:]]
                known = sum(cells[p] or 0 for p in parts)
                cells[unknown[0]] = known if whole is None else whole - known
                found.append(unknown[0])
                progress = True
    return found


def month_of(monday: date) -> date:
    return (monday + timedelta(days=3)).replace(day=1)


def test_hidden_segments_do_not_follow_from_shown_ones(home: Path) -> None:
    cells: Cells = {}
    sums: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for month, entity, voice, everyone, *by_sentiment in query(
        home,
        """select period_on, entity, voice_class, authors, positive_authors, negative_authors, neutral_authors, mixed_authors
        from marts.mart_reputation where grain = 'month'""",
    ):
        for sentiment, authors in zip(
            ("all", "pos", "neg", "neu", "mixed"), (everyone, *by_sentiment), strict=True
        ):
            cells[month, entity, voice, "everyone", sentiment] = authors
    for month, entity, voice, kind, value, sentiment, authors in query(
        home,
        "select month_on, entity, voice_class, segment, segment_value, sentiment, authors from marts.mart_segments",
    ):
        cell = (month, entity, voice, f"{kind}:{value}", sentiment)
        cells[cell] = authors
        sums[kind, month, entity, voice, "everyone", sentiment].append(cell)
        if sentiment != "all":
            sums["sentiment", *cell[:4], "all"].append(cell)
    assert {kind for kind, *_ in sums} >= {"condition", "prefecture", "speaker"}
    assert solved(cells, sums) == []


def test_hidden_feelings_about_technologies_do_not_follow_from_shown_ones(home: Path) -> None:
    cells: Cells = {}
    sums: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for grain, period, voice, technology, feeling, posts in query(
        home, "select grain, period_on, voice_class, technology, feeling, posts from marts.mart_newtech"
    ):
        cell = (grain, period, voice, technology, feeling)
        cells[cell] = posts
        if feeling != "all":
            sums["feeling", *cell[:4], "all"].append(cell)
        if technology != "all":
            sums["technology", grain, period, voice, "all", feeling].append(cell)
        if grain == "week":
            sums["time", "month", month_of(period), voice, technology, feeling].append(cell)
    assert solved(cells, sums) == []
    assert Counter(posts is None for posts in cells.values())[False] > 100


def test_a_term_is_told_where_enough_people_on_two_platforms_said_it_and_nowhere_else(home: Path) -> None:
    terms = query(home, "select kind, term, week_on, voice_class, authors, sources from marts.mart_terms")
    assert {kind for kind, *_ in terms} == {"illness", "noun", "procedure", "technology"}
    assert {term for kind, term, *_ in terms if kind == "noun"} <= set(night.WORDS.values())
    assert all(authors >= 10 and sources >= 2 for *_, authors, sources in terms)
    assert not query(
        home, "select 1 from intermediate.int_cells where mart = 'terms' and d1 like 'noun:%' and regexp_matches(d1, '[0-9]')"
    ), "a number without a name is not counted"  # fmt: skip
    rising = query(home, "select distinct term, week_on from marts.mart_terms where trend <> '通常'")
    assert rising == [(night.WORDS[night.NEW_WORD], night.NEW_WORD_WEEK[0])]


def test_hidden_cells_do_not_follow_from_shown_ones(home: Path) -> None:
    """Solve every sum that has a single unknown, as a reader with a spreadsheet would, over all the topic marts."""
    posts: dict[tuple[Any, ...], int | None] = {}
    for grain, period in (("daily", "posted_on"), ("weekly", "week_on"), ("monthly", "month_on")):
        for row in query(
            home,
            f"select {period}, entity, voice_class, topic, sentiment, posts from marts.mart_topics_{grain}",
        ):
            posts[(grain, *row[:5])] = row[5]
    sums: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for cell in posts:
        grain, day, entity, voice, topic, sentiment = cell
        monday = day - timedelta(days=day.weekday())
        if sentiment != "all":
            sums[("sentiment", grain, day, entity, voice, topic, "all")].append(cell)
        if grain == "daily":
            sums[("time", "weekly", monday, entity, voice, topic, sentiment)].append(cell)
        if grain == "weekly":
            sums[("time", "monthly", month_of(day), entity, voice, topic, sentiment)].append(cell)
    assert solved(posts, sums) == []
    assert Counter(p is None for p in posts.values())[True] > 1000


def test_a_sensitive_subject_needs_twenty(home: Path) -> None:
    rows = query(
        home,
        """select p.is_suppressed, c.authors from intermediate.int_published p
        join intermediate.int_cells c using (mart, grain, period_on, entity, voice_class, d1, breakdown, value)
        where d1 = 'department:精神科' and c.authors between 10 and 19""",
    )
    assert rows
    assert all(hidden for hidden, _ in rows)


def test_a_smaller_k_is_refused(home: Path, tmp_path: Path) -> None:
    target = ("--target-path", str(tmp_path / "target"))  # with other variables all is parsed again
    result = dbt(home, "compile", "--vars", "{k_anonymity: 5}", "--select", "int_cells", *target)
    assert result.returncode != 0
    assert "at least 10" in result.stdout


def test_strengths_tell_no_count_that_other_marts_hide(home: Path) -> None:
    rows = query(
        home,
        """select s.authors, t.authors, s.speaking_authors, r.authors, s.share, s.verdict
        from marts.mart_strengths as s
        left join marts.mart_themes as t on t.grain = 'month' and t.period_on = s.month_on and t.entity = s.entity
            and t.theme = s.theme and t.polarity = s.polarity and t.voice_class = s.voice_class
        left join marts.mart_reputation as r on r.grain = 'month' and r.period_on = s.month_on and r.entity = s.entity
            and r.voice_class = s.voice_class""",
    )
    assert {verdict for *_, verdict in rows} >= {"差がある", "不明"}
    assert ("neg", "課題") in query(
        home,
        f"""select polarity, position from marts.mart_strengths where entity = '{night.OWN_SURGE}' and theme = 'ACC_WAIT'
        and month_on = date '2026-07-01'""",
    )
    for authors, published, speaking, all_published, share, verdict in rows:
        assert (authors or None) == published  # no row is nobody
        assert speaking == all_published
        if authors is None or speaking is None:
            assert (share, verdict) == (None, "不明")


# The gate


SPOILT = {
    "k_anonymous_mart_topics_weekly": "update marts.mart_topics_weekly set authors = 3, is_suppressed = false where authors is null",
    "k_anonymous_mart_topics_daily": "update marts.mart_topics_daily set authors = 30 where is_suppressed",
    "no_text_or_key_columns_mart_topics_monthly": "alter table marts.mart_topics_monthly add column author_key varchar",
    "no_text_or_key_columns_mart_themes": "update marts.mart_themes set theme_ja = repeat('待', 201)",
    "no_text_or_key_columns_mart_praise": "update marts.mart_praise set theme_ja = md5(theme_ja)",
    "day_is_finest_mart_needs": "alter table marts.mart_needs add column seen timestamp",
    "day_is_finest_mart_flags": "update marts.mart_flags set flag_ja = '7日 23:14'",
    "voice_class_not_mixed_mart_segments": "update marts.mart_segments set voice_class = 'all'",
}


def test_each_spoilt_mart_fails_its_own_test(home: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "home"
    spoilt.mkdir()
    shutil.copy(home / "warehouse.duckdb", spoilt)
    with duckdb.connect(str(spoilt / "warehouse.duckdb")) as con:
        for sql in SPOILT.values():
            con.execute(sql)
    result = dbt(spoilt, "test", "--select", "marts", "--exclude-resource-type", "unit_test")
    assert result.returncode == 1
    failed = [line for line in result.stdout.splitlines() if " FAIL " in line]
    assert {t for t in SPOILT if any(t in line for line in failed)} == set(SPOILT)
    clean = ("mart_reputation", "mart_complaints", "mart_safety", "mart_rumours", "mart_trends")
    assert not [line for line in failed if any(c in line for c in clean)]


def test_tests_of_staging_look_at_the_days_that_arrivals_hold(tmp_path: Path) -> None:
    home = tmp_path / "home"
    rows = night.posts(days=8, per_day=20, seed=3)
    next(row for row in rows if row["arrived_on"] == night.START)["sentiment"] = "rage"
    night.write_partitions(home, rows)

    def tested(*window: date) -> tuple[int, bool]:
        days = [str(day) for day in window] or ["", ""]
        result = dbt(
            home, "build", "--select", "stg_posts", KOE_ARRIVED_FROM=days[0], KOE_ARRIVED_TO=days[-1]
        )
        return result.returncode, "FAIL 1 accepted_values_stg_posts_sentiment" in result.stdout

    assert tested(night.START) == (1, True)
    assert tested() == (1, True)
    assert tested(night.START + timedelta(days=7)) == (0, False)


def test_every_table_and_column_is_described_in_both_languages(home: Path) -> None:
    target = home.parent / "target"
    manifest = json.loads((target / "manifest.json").read_text())
    nodes = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")}
    built: dict[str, set[str]] = defaultdict(set)
    for table, column in query(
        home,
        "select table_name, column_name from duckdb_columns() where schema_name in ('staging', 'intermediate', 'marts', 'seeds')",
    ):
        built[table].add(column)
    assert set(built) == set(nodes)
    for name, node in nodes.items():
        assert built[name] == set(node["columns"]), name
        for text in (node["description"], *(c["description"] for c in node["columns"].values())):
            japanese, _, english = text.partition(" / ")
            assert any(ord(c) > 0x3000 for c in japanese), (name, text)
            assert english.strip(), (name, text)


def test_every_mart_has_readers_and_a_key(home: Path) -> None:
    manifest = json.loads((home.parent / "target" / "manifest.json").read_text())
    marts = {
        u: n for u, n in manifest["nodes"].items() if n["resource_type"] == "model" and n["schema"] == "marts"
    }
    assert len(marts) >= 15
    exposed = {p for e in manifest["exposures"].values() for p in e["depends_on"]["nodes"]}
    assert set(marts) <= exposed
    for mart in marts.values():
        keys = mart["config"]["meta"]["keys"]
        [(rows, different)] = query(
            home, f"select count(*), count(distinct ({', '.join(keys)})) from marts.{mart['name']}"
        )
        assert rows == different, mart["name"]


# Days that are added


def test_added_late_and_deleted_days_equal_a_fresh_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    rows = night.posts(days=45, per_day=40, seed=5)
    last, cut = night.START + timedelta(days=44), night.START + timedelta(days=39)
    for row in rows[:200:5]:  # posts of the first days that arrive weeks late
        row["arrived_on"] = last
    night.write_partitions(home, [r for r in rows if r["arrived_on"] <= cut])
    build(home, *NO_TESTS)
    before = all_marts(home)

    thinned = night.START + timedelta(days=20)  # a day of arrival from which deletions take every tenth post
    night.write_partitions(home, [r for i, r in enumerate(rows) if r["arrived_on"] != thinned or i % 10])
    build(home, *NO_TESTS, KOE_ARRIVED_FROM=str(cut + timedelta(days=1)), KOE_ARRIVED_TO=str(last))
    added = all_marts(home)
    assert added != before

    build(home, *NO_TESTS, KOE_ARRIVED_FROM="2020-01-01", KOE_ARRIVED_TO="2020-01-01")
    assert query(home, "select count(*) from intermediate.int_posts") == [(0,)], (
        "nothing is open, nothing is read"
    )
    assert all_marts(home) == added

    build(home, "--full-refresh", *NO_TESTS)
    assert all_marts(home) == added


def test_an_empty_zone_builds_empty_marts(home: Path, tmp_path: Path) -> None:
    empty = tmp_path / "home"
    empty.mkdir()
    build(empty, *NO_TESTS)
    assert {name: len(rows) for name, rows in all_marts(empty).items() if rows} == {}


def test_an_arrival_window_is_days_and_nothing_else(home: Path) -> None:
    result = dbt(
        home,
        "compile",
        "--select",
        "int_open_days",
        KOE_ARRIVED_FROM="2026-06-01' or true --",
        KOE_ARRIVED_TO="2026-06-02",
    )
    assert result.returncode != 0
    assert "YYYY-MM-DD" in result.stdout


# What the seeds repeat of the classifier's own tables


def test_areas_are_the_prefectures_of_the_classifier() -> None:
    places = ROOT / "transforms/classification/lexicons/places.tsv"
    lines = [x for x in places.read_text(encoding="utf-8").splitlines() if x and not x.startswith("#")]
    assert {row["code"] for row in seed("areas")} == {line.split("\t")[0] for line in lines}
    assert sum(int(row["population"]) for row in seed("areas")) == 126_146_099  # the census of 2020


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_topics_and_themes_are_those_of_the_taxonomy() -> None:
    taxonomy = yaml.safe_load(
        (ROOT / "transforms/classification/data/taxonomy.yaml").read_text(encoding="utf-8")
    )
    assert seed("topics") == [{k: t[k] for k in ("code", "ja", "en")} for t in taxonomy["topics"]]
    columns = ("code", "topic", "ja", "en", "owner_ja", "maps_to")
    assert [{k: t[k] for k in columns} for t in seed("themes")] == [
        {k: t[k] for k in columns} for t in taxonomy["themes"]
    ]


def test_sensitive_departments_and_settings_are_known_to_the_classifier() -> None:
    lexicons = ROOT / "transforms/classification/lexicons"
    known: dict[str, set[str]] = {
        kind: {line.split("\t")[0] for line in (lexicons / name).read_text(encoding="utf-8").splitlines()}
        for kind, name in (("department", "departments.tsv"), ("care_setting", "settings.tsv"))
    }
    known["condition"] = {row.group for row in lexicon_rows()}
    for row in seed("sensitive"):
        assert row["kind"] == "flag" or row["code"] in known[row["kind"]], row
