"""Cases out to reviewers, verdicts back, and what follows: on a home of one's own, through the command line where there is one."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from evaluation import gold
from orchestration import review, review_files, verdicts
from orchestration.assets import staging
from orchestration.cli import app, main
from orchestration.installation import Installation
from orchestration.progress import Silent
from orchestration.settings import today
from orchestration.staging import day_file, fitted, read_day, write_day
from orchestration.tombstones import Removal
from transforms.posts import RAW_SCHEMA
from transforms.reviewing import EVENT_QUEUE

pytestmark = pytest.mark.integration

DAY = date(2026, 11, 2)
LOADED = datetime(2026, 11, 3, 17, 30, tzinfo=UTC)
"""In Japan that is the fourth already."""
NOW = datetime(2026, 11, 10, 2, 0, tzinfo=UTC)

EVENT = "ひよどり坂病院で出たロキソニンを飲んだら全身に蕁麻疹が出て、救急で入院になりました。"
RUMOUR = "ひよどり坂病院は院内感染を隠してるらしいよ。知り合いから聞いた話だけど拡散希望。"
QUIET = "ひよどり坂病院、待ち時間が長かったけど先生は丁寧でした。"
FORMULA = "=cmd() ひよどり坂病院のロキソニンで蕁麻疹が出た。"


def load(installation: Installation, day: date, texts: dict[str, str], loaded: datetime = LOADED) -> None:
    """Put posts into the vault as a load would, and stage their day."""
    rows = [
        {
            **dict.fromkeys(RAW_SCHEMA.names),
            "source": "qa", "post_id": key, "author_id": f"author of {key}", "created_at": int(LOADED.timestamp()) - 86_400 * 2,
            "text": text, "event_type": "create", "edit_ids": [], "file_id": "f", "arrived_on": day,
            "loaded_at": int(loaded.timestamp()),
        }
        for key, text in texts.items()
    ]  # fmt: skip
    installation.vault.write_raw(day, "qa_export", "batch", pa.Table.from_pylist(rows, RAW_SCHEMA))
    stage(installation, day)


def stage(installation: Installation, *days: date) -> None:
    staging.redact(installation, list(days), Silent())
    staging.classify(installation, list(days), Silent())


@pytest.fixture
def staged(installation: Installation) -> Installation:
    load(installation, DAY, {"event": EVENT, "rumour": RUMOUR, "quiet": QUIET, "formula": FORMULA})
    return installation


def table_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    reader = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    header = [name.split()[0] for name in next(reader)]
    return header, [dict(zip(header, row, strict=True)) for row in reader]


def fill(
    path: Path, into: Path, change: Callable[[dict[str, str]], dict[str, str]], encoding: str = "utf-8-sig"
) -> Path:
    """What a reviewer does with a spreadsheet."""
    header, rows = table_of(path)
    with into.open("w", encoding=encoding, newline="", errors="replace") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(row | change(row) for row in rows)
    return into


def koe(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["review", *map(str, arguments)])


def outcome_of(installation: Installation, queue: str) -> list[str]:
    found = verdicts.outcomes(verdicts.read_verdicts(installation.zones))
    return sorted(one.status for (of, _), one in found.items() if of == queue)


def exported(installation: Installation, tmp_path: Path, name: str = "cases.csv") -> Path:
    path = tmp_path / name
    review_files.export_cases(installation, ("adverse_event", "misinformation"), path)
    return path


def confirm(row: dict[str, str], reviewer: str = "薬剤師A") -> dict[str, str]:
    return {"verdict": "該当" if row["queue"] == EVENT_QUEUE else "誤り", "reviewer": reviewer}


def test_what_a_reviewer_gets(staged: Installation, tmp_path: Path) -> None:
    result = koe("export", "--all", tmp_path / "cases.csv")
    assert result.exit_code == 0, result.output
    path = tmp_path / "cases.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    header, rows = table_of(path)
    assert tuple(header) == review_files.COLUMNS
    assert {row["queue"] for row in rows} >= {"adverse_event", "misinformation"}
    assert {row["status"] for row in rows} == {"未確認"}
    [guarded] = [row for row in rows if "cmd()" in row["text"] and row["queue"] == EVENT_QUEUE]
    assert guarded["text"].startswith("'=")
    assert not any(row[name] for row in rows for name in header[header.index("verdict") :])
    assert "quiet" not in path.read_text("utf-8-sig")


def test_both_formats_go_out_and_come_back_alike(staged: Installation, tmp_path: Path) -> None:
    table, lines = exported(staged, tmp_path), exported(staged, tmp_path, "cases.jsonl")
    said = [orjson.loads(line) for line in lines.read_bytes().splitlines()]
    assert [row["case_ref"] for row in said] == [row["case_ref"] for row in table_of(table)[1]]
    for row in said:
        row.update(confirm(row), labels_checked=True, new_topics=["medication"])
    lines.write_bytes(b"\n".join(map(orjson.dumps, said)))
    first = review_files.import_verdicts(staged, lines, NOW)
    filled = fill(
        table,
        tmp_path / "filled.csv",
        lambda row: {**confirm(row), "labels_checked": "はい", "new_topics": "medication"},
    )
    again = review_files.import_verdicts(staged, filled, NOW)
    assert first.stored == (len(said), 0, 0)
    assert again.stored == (0, 0, len(said))
    assert not first.refused + again.refused


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp932"])
def test_the_same_file_twice_is_once(staged: Installation, tmp_path: Path, encoding: str) -> None:
    filled = fill(exported(staged, tmp_path), tmp_path / "filled.csv", confirm, encoding)
    assert koe("import", filled).exit_code == 0
    files = {p: p.read_bytes() for p in (staged.zones.restricted / "verdicts").rglob("*.parquet")}
    result = koe("import", filled)
    assert result.exit_code == 0
    assert "0 new, 0 changed" in result.output
    assert files == {p: p.read_bytes() for p in (staged.zones.restricted / "verdicts").rglob("*.parquet")}
    assert {row["status"] for row in table_of(exported(staged, tmp_path))[1]} == {"該当", "誤り"}


def test_two_who_differ_are_both_kept(staged: Installation, tmp_path: Path) -> None:
    path = exported(staged, tmp_path)
    one = fill(path, tmp_path / "one.csv", confirm)
    other = fill(path, tmp_path / "other.csv", lambda row: {"verdict": "判定不能", "reviewer": "医師B"})
    for file in (one, other):
        review_files.import_verdicts(staged, file, NOW)
    kept = verdicts.read_verdicts(staged.zones)
    assert {(v["reviewer"], v["verdict"]) for v in kept if v["queue"] == EVENT_QUEUE} == {
        ("薬剤師A", "confirmed"),
        ("医師B", "unclear"),
    }
    assert set(outcome_of(staged, EVENT_QUEUE)) == {"conflict"}
    assert {row["status"] for row in table_of(exported(staged, tmp_path))[1]} == {"不一致"}
    agreed = fill(path, tmp_path / "agreed.csv", lambda row: confirm(row, "医師B"))
    assert review_files.import_verdicts(staged, agreed, NOW).stored.changed == len(table_of(path)[1])
    assert set(outcome_of(staged, EVENT_QUEUE)) == {"confirmed"}


def test_bad_rows_are_told_and_the_rest_is_taken(
    staged: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    header, rows = table_of(exported(staged, tmp_path))
    events = [row for row in rows if row["queue"] == EVENT_QUEUE]
    secret = "田中美咲さんに090-3141-5926で確認"
    said = [
        events[0] | confirm(events[0]),
        events[1] | {"verdict": secret, "reviewer": "薬剤師A"},
        events[1] | {"verdict": "該当", "reviewer": "田中美咲さん"},
        {**events[1], "case_ref": "AD-20200101-000000000000", "verdict": "該当", "reviewer": "薬剤師A"},
        events[0] | {"verdict": "非該当", "reviewer": "薬剤師A"},
        events[1],
    ]
    path = tmp_path / "bad.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(said)
    monkeypatch.setattr("sys.argv", ["koe", "review", "import", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    told = capsys.readouterr()
    assert [line.split(": ")[2:4] for line in told.err.splitlines()] == [
        ["row 3", "verdict"], ["row 4", "reviewer"], ["row 5", "case_ref"], ["row 6", "case_ref"],
    ]  # fmt: skip
    assert "1 new, 0 changed, 0 known already, 1 left open, 4 refused" in told.out
    assert "田中" not in told.err + told.out
    assert "3141" not in told.err + told.out


@pytest.mark.parametrize(
    "case",
    [
        ("x.xlsx", b"PK\x03\x04"),
        ("x.csv", b"PK\x03\x04\0\0"),
        ("x.csv", b"a,b\n1,2\n"),
        ("x.csv", b""),
        ("x.csv", b"\xff\xfe\xfd\x81"),
        ("x.csv", b'case_ref,verdict\n"' + b"x" * 1_100_000),
        ("x.jsonl", b'{"verdict": 1}\n'),
        ("x.jsonl", b"[]\n"),
        ("missing.csv", None),
    ],
)
def test_a_file_that_is_none_is_one_line(
    staged: Installation, tmp_path: Path, case: tuple[str, bytes | None],
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    name, content = case
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr("sys.argv", ["koe", "review", "import", str(path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (staged.zones.restricted / "verdicts").exists()


def test_export_refuses_what_it_cannot_do(staged: Installation, tmp_path: Path) -> None:
    for arguments in (["wait", tmp_path / "a.csv"], ["crisis", tmp_path / "a.xlsx"], ["crisis", tmp_path / "no" / "a.csv"],
                      ["crisis", staged.zones.published / "a.csv"]):  # fmt: skip
        result = koe("export", *arguments)
        assert isinstance(result.exception, review_files.ReviewFileError), arguments
    assert koe("export", tmp_path / "a.csv").exit_code == 2
    assert koe("export", "crisis", "--all", tmp_path / "a.csv").exit_code == 2


def test_notes_are_redacted_before_they_are_kept(staged: Installation, tmp_path: Path) -> None:
    note = "患者は田中美咲さん、電話は090-3141-5926。添付文書に記載あり。"
    filled = fill(exported(staged, tmp_path), tmp_path / "f.csv", lambda row: {**confirm(row), "note": note})
    assert not review_files.import_verdicts(staged, filled, NOW).refused
    notes = {v["note"] for v in verdicts.read_verdicts(staged.zones)}
    assert all("添付文書に記載あり" in one for one in notes)
    assert not any("田中" in one or "3141" in one for one in notes)
    stored = b"".join(p.read_bytes() for p in (staged.zones.restricted / "verdicts").rglob("*.parquet"))
    assert "田中美咲".encode() not in stored


def test_an_erased_post_takes_its_verdicts_along(staged: Installation, tmp_path: Path) -> None:
    filled = fill(exported(staged, tmp_path), tmp_path / "f.csv", confirm)
    review_files.import_verdicts(staged, filled, NOW)
    verdicts.write_outcomes(staged.zones, verdicts.outcomes(verdicts.read_verdicts(staged.zones)))
    before = len(verdicts.read_verdicts(staged.zones))
    staged.erasure.record([Removal("qa", "event", None, None, "request")], NOW)
    rows = staged.erasure.propagate(NOW).rows
    assert rows["restricted"] >= 3  # the case, its verdict, its outcome
    assert len(verdicts.read_verdicts(staged.zones)) < before
    left = {v["post_key"] for v in verdicts.read_verdicts(staged.zones)}
    outcomes = read_outcomes(staged)
    assert {row["post_key"] for row in outcomes} == left
    result = review_files.import_verdicts(staged, filled, NOW)
    assert {reason.split(":")[0] for _, reason in result.refused} == {"case_ref"}


def read_outcomes(installation: Installation) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    table = pq.read_table(installation.zones.restricted / "outcomes" / "part.parquet", partitioning=None)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_verdicts_have_a_time_of_their_own(staged: Installation, tmp_path: Path) -> None:
    filled = fill(exported(staged, tmp_path), tmp_path / "f.csv", confirm)
    review_files.import_verdicts(staged, filled, NOW)
    keep = staged.retention._keep._replace(restricted=30, verdicts=60, pseudonyms=1000)
    staged.retention._keep = keep
    cases = review.read_cases(staged.zones).height
    assert staged.retention.purge(NOW + timedelta(days=31)).rows["restricted"] == cases
    assert review.read_cases(staged.zones).is_empty()
    judged = len(verdicts.read_verdicts(staged.zones))
    assert judged > 0
    assert staged.retention.purge(NOW + timedelta(days=61)).rows["verdicts"] == judged
    assert verdicts.read_verdicts(staged.zones) == []


def aware(installation: Installation) -> datetime:
    cases = review_files.newest_cases(installation, [EVENT_QUEUE]).filter(pl.col("text").str.contains("入院"))
    [at] = cases["first_aware_at"].to_list()
    result: datetime = at
    return result


def test_the_clock_starts_at_the_load_and_no_replay_moves_it(staged: Installation) -> None:
    assert aware(staged) == LOADED
    stage(staged, DAY)
    assert aware(staged) == LOADED
    # The same file loaded again, as after a crash, and the same post delivered once more days later.
    load(staged, DAY, {"event": EVENT}, LOADED + timedelta(days=3))
    assert aware(staged) == LOADED
    load(staged, DAY + timedelta(days=9), {"event": EVENT}, LOADED + timedelta(days=9))
    assert aware(staged) == LOADED
    stage(staged, DAY + timedelta(days=9))
    assert aware(staged) == LOADED
    [case] = [c for c in review_files.due_cases(staged, DAY) if c.case_ref.startswith("AD-20261111")]
    assert case.first_aware_on == date(2026, 11, 4)


@pytest.fixture
def holder(staged: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """The same home under the policy of a marketing authorisation holder."""
    config = tmp_path / "config"
    config.mkdir()
    for path in staged.settings.config.iterdir():
        text = path.read_text("utf-8") if path.is_file() else ""
        if path.name == "policy.yaml":
            text = text.replace("operator_type: hospital", "operator_type: mah")
        if path.is_file():
            (config / path.name).write_text(text, "utf-8")
    monkeypatch.setenv("KOE_CONFIG", str(config))
    return Installation.open(type(staged.settings).from_environment())


def test_due_dates_of_a_holder(holder: Installation, tmp_path: Path) -> None:
    def due() -> dict[str, review_files.DueCase]:
        return {c.case_ref: c for c in review_files.due_cases(holder, date(2026, 11, 20))}

    first = due()
    assert len(first) == 2
    assert all(c.due.due_on == date(2026, 11, 19) and c.is_overdue for c in first.values())
    result = koe("due")
    assert result.exit_code == (1 if today() > date(2026, 11, 19) else 0)
    assert all(ref in result.output for ref in first), result.output
    assert "蕁麻疹" not in result.output

    path = tmp_path / "events.csv"
    review_files.export_cases(holder, [EVENT_QUEUE], path)
    assert {row["due_on"] for row in table_of(path)[1]} == {"2026-11-19"}
    known = fill(
        path,
        tmp_path / "known.csv",
        lambda row: {**confirm(row), "seriousness": "重篤", "expectedness": "既知"},
    )
    review_files.import_verdicts(holder, known, NOW)
    assert {c.due.due_on for c in due().values()} == {date(2026, 12, 4)}
    assert not any(c.is_overdue for c in due().values())
    other = fill(path, tmp_path / "other.csv", lambda row: {**confirm(row, "医師B"), "expectedness": "未知"})
    review_files.import_verdicts(holder, other, NOW)
    assert {c.due.due_on for c in due().values()} == {date(2026, 11, 19)}, (
        "until they agree the shorter time holds"
    )

    reported = fill(path, tmp_path / "r.csv", lambda row: {**confirm(row), "reported_on": "2026-11-09"})
    review_files.import_verdicts(holder, reported, NOW)
    assert due() == {}
    future = fill(path, tmp_path / "f.csv", lambda row: {**confirm(row), "reported_on": "2026-12-09"})
    assert {
        reason.split(":")[0] for _, reason in review_files.import_verdicts(holder, future, NOW).refused
    } == {"reported_on"}


def test_a_hospital_has_no_due_dates_but_sees_its_cases(staged: Installation) -> None:
    cases = review_files.due_cases(staged, date(2027, 11, 20))
    assert len(cases) == 2
    assert not any(c.is_overdue or c.due.due_on for c in cases)
    result = koe("due")
    assert result.exit_code == 0
    assert "68条の10" in result.output


def test_a_judged_case_outlives_a_change_of_mind_of_the_model(staged: Installation, tmp_path: Path) -> None:
    review_files.import_verdicts(staged, fill(exported(staged, tmp_path), tmp_path / "f.csv", confirm), NOW)
    redacted = read_day(staged.zones.redacted, DAY)
    classified = read_day(staged.zones.classified, DAY)
    assert redacted is not None
    assert classified is not None
    nothing = pa.array([[]] * classified.num_rows, classified.schema.field("review_reasons").type)
    index = classified.schema.get_field_index("review_reasons")
    unwanted = classified.set_column(index, classified.schema.field(index), nothing)
    queues = {
        judged: review.write_queues(
            staged.zones, DAY, redacted, unwanted,
            awareness=review.Awareness(staged.zones), judged=verdicts.judged_cases(staged.zones) if judged else (),
        )
        for judged in (True, False)
    }  # fmt: skip
    assert queues[True][EVENT_QUEUE] == 2
    assert queues[False][EVENT_QUEUE] == 0


def test_an_edited_post_is_open_again(staged: Installation, tmp_path: Path) -> None:
    review_files.import_verdicts(staged, fill(exported(staged, tmp_path), tmp_path / "f.csv", confirm), NOW)
    later = DAY + timedelta(days=1)
    load(staged, later, {"event": EVENT + "今は落ち着いています。"})
    status = {
        row["case_ref"][:11]: row["status"]
        for row in table_of(exported(staged, tmp_path))[1]
        if "入院" in row["text"]
    }
    assert status == {"AD-20261103": "未確認"}
    load(staged, later, {"event": EVENT})
    status = {
        row["case_ref"][:11]: row["status"]
        for row in table_of(exported(staged, tmp_path))[1]
        if "入院" in row["text"]
    }
    assert status == {"AD-20261103": "該当"}, "the same words again are the same case"


def test_checked_posts_become_training_posts(staged: Installation, tmp_path: Path) -> None:
    def judge(row: dict[str, str]) -> dict[str, str]:
        checked = "はい" if row["queue"] == EVENT_QUEUE else ""
        return {**confirm(row), "labels_checked": checked, "new_topics": "safety" if checked else ""}

    review_files.import_verdicts(staged, fill(exported(staged, tmp_path), tmp_path / "f.csv", judge), NOW)
    out = tmp_path / "reviewed.jsonl"
    assert koe("training", out).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = gold.read(out)
    assert len(rows) == 2
    assert {tuple(row["topics"]) for row in rows} == {("safety",)}
    sample = gold.read(Path(gold.__file__).parents[1] / "training" / "posts" / "01.jsonl")[0]
    assert set(sample) <= set(rows[0])
    # Of two who checked the same post differently nothing is learnt.
    path = exported(staged, tmp_path)
    other = fill(path, tmp_path / "g.csv", lambda row: {**confirm(row, "医師B"), "labels_checked": "はい"})
    review_files.import_verdicts(staged, other, NOW)
    assert koe("training", out).exit_code == 0
    assert [row["text"] for row in gold.read(out)] == [RUMOUR]


def test_ends_of_lines_within_texts_end_no_record(installation: Installation, tmp_path: Path) -> None:
    load(installation, DAY, {"event": EVENT.replace("、", "\u2028") + "\x85<b>太字</b>"})
    path = exported(installation, tmp_path, "cases.jsonl")
    rows = [orjson.loads(line) for line in path.read_bytes().split(b"\n") if line]
    path.write_bytes(
        b"\n".join(orjson.dumps({**row, **confirm(row), "labels_checked": True}) for row in rows)
    )
    result = review_files.import_verdicts(installation, path, NOW)
    assert (result.stored.new, result.refused) == (len(rows), [])
    assert koe("training", tmp_path / "out.jsonl").exit_code == 0
    [post] = gold.read(tmp_path / "out.jsonl")
    assert post["text"].endswith("＜b＞太字＜/b＞")


def test_a_day_that_an_earlier_version_staged_is_labelled(staged: Installation) -> None:
    redacted = read_day(staged.zones.redacted, DAY)
    assert redacted is not None
    older = redacted.drop_columns(["loaded_at"])
    write_day(staged.zones.redacted, DAY, older, older.schema)
    staging.classify(staged, [DAY], Silent())
    assert {c.first_aware_on for c in review_files.due_cases(staged, DAY)} == {date(2026, 11, 4)}
    with pytest.raises(ValueError, match="text"):
        fitted(older.drop_columns(["text"]), redacted.schema)


def test_every_command_has_help_with_an_example() -> None:
    for command in ("export", "import", "due", "training"):
        result = koe(command, "--help")
        assert result.exit_code == 0
        assert "koe review" in result.output


def test_the_clock_of_rows_without_one_is_their_day() -> None:
    assert review.known_at(DAY, None) == datetime(2026, 11, 1, 15, tzinfo=UTC)


def test_a_queue_file_of_an_earlier_version_is_passed_over(staged: Installation) -> None:
    import pyarrow.parquet as pq

    path = day_file(staged.zones.restricted / EVENT_QUEUE, DAY - timedelta(days=1))
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"post_key": ["k"], "arrived_on": [DAY], "text": ["t"]}), path)
    assert review.read_cases(staged.zones, [EVENT_QUEUE]).height == 2
    review.Awareness(staged.zones)
