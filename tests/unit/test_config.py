"""Configuration: what ships is valid, and every mistake is one line with file, line, key and what is expected."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.config.actions import load_actions, write_actions
from orchestration.config.describing import page
from orchestration.config.policy import load_policy
from orchestration.config.reading import ConfigError, display_path
from orchestration.config.sources import SourceEntry, load_sources
from orchestration.config.watchlist import load_watchlist
from transforms.watchlist import compile_watchlist

SHIPPED = Path(__file__).parents[2] / "config"
REQUIRED = sorted(name for name, field in SourceEntry.model_fields.items() if field.is_required())

SOURCES = """\
version: 2026-11-01
sources:
  - id: forum
    platforms: [bbs]
    files: ["forum/*.csv"]
    purpose: 患者の疑問の把握
    lawful_basis: 本人が公開
    terms: {url: "https://forum.example.jp/terms", read_on: 2026-10-01}
    allowed_fields: [post_id, author_id, created_at, text]
    retention_days: 30
    deletion_method: request
    pseudonym_scope: month
    owner: 広報課
    access: [loader]
"""
POLICY = "version: 1\nacknowledged_by: [{role: 管理者, on: 2026-11-01}]\noperator_type: hospital\n"
ENTRY = "{id: a, class: own, names: [ひよどり坂病院], purpose: 改善, version: 1}"
ACTION = "{id: a, entity: h, topics: [wait], start_date: 2026-08-01, description: 増員, registered_on: 2026-07-01, owner: 外来}"


def write(folder: Path, text: str, name: str = "file.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def mistakes(load: object, folder: Path, text: str) -> str:
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(path)  # type: ignore[operator]
    return str(caught.value).replace(display_path(path), "F")


def test_what_ships_is_valid() -> None:
    register = load_sources(SHIPPED / "sources.yaml")
    watchlist = load_watchlist(SHIPPED / "watchlist.yaml")
    load_policy(SHIPPED / "policy.yaml")
    assert load_actions(SHIPPED / "actions.yaml", watchlist.ids("own", "competitor")).actions
    matcher = compile_watchlist(watchlist.watch_entries())
    for entry in watchlist.entries:
        found = matcher.match(entry.names[0], date(2026, 11, 1))
        assert entry.id in {match.entity for match in found}, entry.id
    assert register.source_of("2026-11-05/x_api_v2/page.json") == register.source("x_api_v2")
    assert register.source_of("x_api_v2/page.json.gz") == register.source("x_api_v2")
    assert register.source_of("unknown/page.json") is None
    assert register.day_scoped_platforms() == {"x"}


@pytest.mark.parametrize("key", REQUIRED)
def test_a_source_that_lacks_a_key_is_refused(tmp_path: Path, key: str) -> None:
    lines = [line.replace("- id:", "- {id}:") for line in SOURCES.splitlines()]
    if key == "id":
        lines[2] = "  - blocked_accounts: []"
    else:
        lines = [line for line in lines if not line.startswith(f"    {key}:")]
    text = "\n".join(lines).replace("{id}", "id")
    told = mistakes(load_sources, tmp_path, text)
    assert told.startswith(f"F:3: sources[0].{key}: is missing: expected "), told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("retention_days: 30", "retention_days: abc", "F:10: sources[0].retention_days: expected a whole number of days from 1 to 30"),
        ("retention_days: 30", "retention_days: 31", "F:10: sources[0].retention_days: expected a whole number of days from 1 to 30"),
        ("retention_days: 30", "retention_days:", "F:10: sources[0].retention_days: expected a whole number of days from 1 to 30"),
        ("owner:", "ownr:", "F:13: sources[0].ownr: is not a key here; did you mean owner?"),
        ("read_on: 2026-10-01", "read_on: 20261001", "F:8: sources[0].terms.read_on: expected the day on which"),
        ("read_on: 2026-10-01", "read_on: 2026-13-01", "F:8: sources[0].terms.read_on: expected the day on which"),
        ("https://", "ftp://", "F:8: sources[0].terms.url: expected the address of the terms of use, https://…"),
        ("[bbs]", "[myspace]", "F:4: sources[0].platforms[0]: expected a list of platforms out of x, "),
        ("[post_id, ", "[bio, ", "F:9: sources[0].allowed_fields: expected no bio: parts of profiles are never read"),
        ("[post_id, ", "[shoe_size, post_id, ", "F:9: sources[0].allowed_fields: expected fields out of post_id, "),
        (", text]", "]", "F:9: sources[0].allowed_fields: expected text too: without them a post cannot be kept or erased"),
        ("id: forum", "id: Mein Forum", "F:3: sources[0].id: expected a short name of small letters, digits, - and _"),
        ("owner: 広報課", 'owner: "  "', "F:13: sources[0].owner: expected the role that answers for this source"),
        ("owner: 広報課", "owner: {a: 1}", "F:13: sources[0].owner: expected the role that answers for this source"),
        ("owner: 広報課", "owner: 広報課\n    owner: 総務課", "F:14: sources[0].owner: is given twice; expected once"),
        ("owner: 広報課", "owner: 広報課\n    reader: table", "F:3: sources[0]: expected columns for created_at, post_id, text, because"),
        ("owner: 広報課", "owner: 広報課\n    timezone: Moon/Base", "F:14: sources[0].timezone: expected a time zone such as Asia/Tokyo"),
        ("[bbs]", "!!python/object/apply:os.system [true]", "F:4: sources[0].platforms"),
        ("owner: 広報課", "owner: !!python/name:os.system x", "F:13: sources[0].owner: expected a plain value without a tag"),
        ("[bbs]", "[bbs", "F:5: expected YAML: "),
        ("version: 2026-11-01", "[a, b]: 1", "F:1: expected a plain word as key"),
    ],
)  # fmt: skip
def test_mistakes_name_line_key_and_expectation(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in SOURCES
    lines = mistakes(load_sources, tmp_path, SOURCES.replace(old, new, 1)).splitlines()
    assert any(line.startswith(told) for line in lines), lines


def test_several_mistakes_are_several_lines(tmp_path: Path) -> None:
    text = SOURCES.replace("retention_days: 30", "retention_days: x").replace("scope: month", "scope: year")
    told = mistakes(load_sources, tmp_path, text).splitlines()
    assert [line.split(": ")[0] for line in told] == ["F:10", "F:12"]


def test_two_sources_of_one_id_are_refused(tmp_path: Path) -> None:
    text = SOURCES + SOURCES.split("sources:\n")[1]
    assert (
        mistakes(load_sources, tmp_path, text) == "F:1: expected each source id once, but given again: forum"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "F:1: expected keys and values"),
        ("- a", "F:1: expected keys and values"),
        ("a: b: c", "F:1: expected YAML: mapping values are not allowed"),
        ("a: \x07", "F: expected YAML without control characters"),
        ("a: &x [*x]", "F:1: expected fewer values"),
        ("a: " + "[" * 100_000, "F:1: expected YAML: "),
        ("a:\n  " + "- " * 100_000, "F:2: expected YAML: "),
        ("a: " + "[" * 200 + "]" * 200, "F:1: expected fewer values"),
        ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"b{i}: &b{i} [{','.join([f'*{p}'] * 10)}]\n" for i, p in
            enumerate(["a", *(f"b{j}" for j in range(8))])), "expected fewer values"),
    ],
)  # fmt: skip
def test_broken_files_end_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    lines = mistakes(load_policy, tmp_path, text).splitlines()
    assert len(lines) == 1
    assert told in lines[0]


def test_missing_large_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: no such file"):
        load_policy(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("a: 1\nb: é".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"latin\.yaml:2: expected UTF-8 text"):
        load_policy(tmp_path / "latin.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (16 * 1024 * 1024 + 1))
    with pytest.raises(ConfigError, match="expected at most 16 MiB"):
        load_policy(tmp_path / "large.yaml")
    with pytest.raises(ConfigError, match="is a directory"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("k: 3", "F:4: k: expected a whole number of authors from 10"),
        ("k: 30", "F:1: expected k_sensitive to be at least k"),
        ("operator_typ: x", "F:4: operator_typ: is not a key here; did you mean operator_type?"),
        ("redaction: {operators: {PERSON: keep}}", "F:4: redaction.operators: expected another operator than keep for PERSON"),
        ("redaction: {operators: {PHONE: generalise}}", "F:4: redaction.operators: expected generalise for ADDRESS, "),
        ("redaction: {operators: {SHOE: drop}}", "F:4: redaction.operators: expected identifier types out of ADDRESS, "),
        ("redaction: {operators: {AGE: blur}}", "F:4: redaction.operators.AGE: expected a mapping of identifier types to placeholder"),
        ("redaction: {allow: [橋本], deny: [橋本]}", "F:4: redaction: expected words either in allow or in deny, but 1 are in both"),
        ("retention: {raw_days: 60}", "F:4: retention.raw_days: expected a whole number of days from 1 to 30"),
        ("gates: {max_dropped_share: 2}", "F:4: gates.max_dropped_share: expected a share from 0 to 1"),
        ("notify: [nowhere]", "F:4: notify[0]: expected a list of apprise addresses"),
    ],
)  # fmt: skip
def test_policy_mistakes(tmp_path: Path, more: str, told: str) -> None:
    assert mistakes(load_policy, tmp_path, POLICY + more).startswith(told)


def test_a_policy_nobody_has_acknowledged_is_refused(tmp_path: Path) -> None:
    text = "version: 1\nacknowledged_by: []\noperator_type: hospital\n"
    assert mistakes(load_policy, tmp_path, text).startswith(
        "F:2: acknowledged_by: expected a list of the roles"
    )
    text = POLICY.replace("hospital", "research")
    assert (
        mistakes(load_policy, tmp_path, text)
        == "F:1: expected protocol_id, because operator_type is research"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("class: own", "class: ours", "entries[0].class: expected own, competitor, industry or product"),
        ("[ひよどり坂病院]", "[]", "entries[0].names: expected a list of names"),
        ("[ひよどり坂病院]", "['']", "entries[0].names[0]: expected a list of names of 1 to 100 letters"),
        ("version: 1", "version: 1, prefecture: 東京", "entries[0]: expected a prefecture with its ending"),
        (
            "version: 1",
            "version: 1, valid_from: 2026-02-01, valid_to: 2026-01-01",
            "entries[0]: expected valid_to on or",
        ),
        ("purpose: 改善, ", "", "entries[0].purpose: is missing: expected the purpose in words"),
    ],
)
def test_watchlist_mistakes(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = f"version: 1\nentries:\n  - {ENTRY.replace(old, new)}\n"
    assert mistakes(load_watchlist, tmp_path, text).startswith(f"F:3: {told}")


def test_long_lists_come_from_csv(tmp_path: Path) -> None:
    path = write(
        tmp_path, "version: 1\nlists:\n  - {file: f.csv, class: industry, purpose: 比較, version: 2}\n"
    )
    write(
        tmp_path,
        "id,names,aliases,prefecture\nf1,さくら医院,さくら|桜医院,東京都\n\nf2,うめ医院,,\n",
        "f.csv",
    )
    first, second = load_watchlist(path).entries
    assert (first.aliases, first.prefecture, first.purpose, second.aliases) == (
        ["さくら", "桜医院"],
        "東京都",
        "比較",
        [],
    )
    for text, told in (
        ("id,name\n", "f.csv:1: name: expected a header with id and names"),
        ("names\n", "f.csv:1: expected a header with id and names"),
        ("id,names\nf1\n", "f.csv:2: expected 2 columns"),
        ("id,names\nf1,さくら医院\nF2,x\n", "f.csv:3: id: expected a short name"),
        ('id,names\nf1,"さくら\n', "expected CSV with matching quotes"),
        ("id,names,prefecture\nf1,さくら医院,東京\n", "f.csv:2: expected a prefecture"),
    ):
        write(tmp_path, text, "f.csv")
        with pytest.raises(ConfigError, match=told):
            load_watchlist(path)
    write(tmp_path, "id,names\nf1,さくら医院\nf1,うめ医院\n", "f.csv")
    with pytest.raises(ConfigError, match="lists: expected each entry id once, but given again: f1"):
        load_watchlist(path)
    with pytest.raises(
        ConfigError, match=r"lists\[0\].file: expected the name of a CSV file in the same folder"
    ):
        load_watchlist(
            write(tmp_path, "version: 1\nlists:\n  - {file: ../f.csv, class: own, purpose: a, version: 1}\n")
        )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("topics: [wait], ", "", "actions[0]: expected topics or themes"),
        (
            "topics: [wait], ",
            "topics: [wait], control_topics: [wait], ",
            "actions[0]: expected wait among topics or",
        ),
        (
            "topics: [wait], ",
            "topics: [wait], control_entities: [h], ",
            "actions[0]: expected other facilities",
        ),
        (
            "start_date: 2026-08-01",
            "start_date: 1.8.2026",
            "actions[0].start_date: expected the day on which",
        ),
        (
            "topics: [wait]",
            "topics: [waiting]",
            "actions[0].topics: expected topic codes of docs/labels.md, which has no waiting",
        ),
        ("topics: [wait]", "themes: [WAIT]", "actions[0].themes: expected theme codes"),
        ("owner:", "control_topics: [x], owner:", "actions[0].control_topics: expected topic codes"),
    ],
)
def test_action_mistakes(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in ACTION
    assert mistakes(
        load_actions, tmp_path, f"version: 1\nactions:\n  - {ACTION.replace(old, new)}\n"
    ).startswith(f"F:3: {told}")


def test_an_action_names_facilities_of_the_watchlist(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"version: 1\nactions:\n  - {ACTION.replace('owner:', 'control_entities: [x, y], owner:')}\n",
    )
    assert load_actions(path, {"h", "x", "y"}).actions
    with pytest.raises(
        ConfigError, match=r":3: actions\[0\].entity: expected the id .* has no h\n.*has no y"
    ):
        load_actions(path, {"x"})


EVENT = (
    "{entity: h, topic: wait, first_day: 2026-08-03, last_day: 2026-08-05, note: 断水, confirmed_by: 広報}"
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "entity: h",
            "entity: z",
            r"events\[0\].entity: expected the id of an entry in watchlist.yaml, which has no z",
        ),
        ("topic: wait", "topic: queue", r"events\[0\].topic: expected topic codes .* no queue"),
        (
            "last_day: 2026-08-05",
            "last_day: 2026-08-01",
            r"events\[0\]: expected last_day on or after first_day",
        ),
    ],
)
def test_event_mistakes(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = f"version: 1\nevents:\n  - {EVENT}\n"
    assert load_actions(write(tmp_path, text), [], ["h"]).events[0].first_day == date(2026, 8, 3)
    with pytest.raises(ConfigError, match=rf":3: {told}"):
        load_actions(write(tmp_path, text.replace(old, new)), [], ["h"])


def test_actions_are_written_as_they_are_read(tmp_path: Path) -> None:
    shipped = load_actions(SHIPPED / "actions.yaml")
    write_actions(tmp_path / "actions.yaml", shipped)
    assert load_actions(tmp_path / "actions.yaml") == shipped


def test_an_action_knows_whether_it_was_registered_before(tmp_path: Path) -> None:
    text = f"version: 1\nactions:\n  - {ACTION}\n"
    assert load_actions(write(tmp_path, text)).actions[0].preregistered
    late = text.replace("registered_on: 2026-07-01", "registered_on: 2026-09-01")
    assert not load_actions(write(tmp_path, late)).actions[0].preregistered


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_is_read_or_refused_in_lines(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = write(tmp_path_factory.getbasetemp(), text, "any.yaml")
    with pytest.raises(ConfigError) as caught:
        load_policy(path)
    assert all("any.yaml" in line for line in str(caught.value).split("\n"))


def test_numbers_and_days_stay_text_where_text_is_wanted(tmp_path: Path) -> None:
    text = SOURCES + "    blocked_accounts: [0123, 2118850918612961869, 1_000]\n"
    register = load_sources(write(tmp_path, text))
    assert register.version == "2026-11-01"
    assert register.sources[0].blocked_accounts == ["0123", "2118850918612961869", "1_000"]
    assert register.stale_terms(date(2028, 1, 1)) == ["forum"]
    assert register.stale_terms(date(2026, 11, 1)) == []


def test_the_page_of_keys_is_as_the_schemas_are() -> None:
    written = (SHIPPED.parent / "docs" / "configuration.md").read_text("utf-8")
    assert written == page(), "python -m orchestration.config.describing > docs/configuration.md"
