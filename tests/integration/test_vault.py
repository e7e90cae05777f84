"""The vault keeps posts encrypted, opens them with the right key only, and never shows half a file."""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import maintenance
from orchestration.keyring import (
    KeyDestroyedError,
    Keyring,
    KeyringError,
    Pseudonymiser,
    parse_period,
    period_of,
)
from orchestration.master_key import (
    MasterKey,
    MasterKeyError,
    MasterKeyWarning,
    load_master_key,
    make_master_key_file,
    parse_master_key,
)
from orchestration.vault import MAGIC, Batch, Ledger, Vault, VaultError, parse_data_key_id
from orchestration.zones import ZoneError, Zones

pytestmark = pytest.mark.integration

DAY = date(2026, 11, 5)
CANARY = "桜ヶ丘の鈴木花子です 090-0123-4567"
POSTS = pa.table(
    {
        "source": ["x", "x"],
        "post_id": ["1", "2"],
        "author_id": ["a", "b"],
        "text": [CANARY, "待ち時間が長い"],
        "created_at": [1, 2],
    }
)
NAME = "a" * 64


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return Zones(tmp_path / "home").create()


@pytest.fixture
def keyring(zones: Zones) -> Keyring:
    return Keyring(zones, MasterKey(secrets.token_bytes(32)))


@pytest.fixture
def vault(zones: Zones, keyring: Keyring) -> Vault:
    return Vault(zones, keyring)


def all_bytes(root: Path) -> bytes:
    return b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


def test_what_is_written_is_read(vault: Vault) -> None:
    vault.write_raw(DAY, "x-api", NAME, POSTS)
    vault.write_raw(DAY, "qa", "b", POSTS.slice(1))
    assert vault.read_raw([DAY]).num_rows == 3
    assert vault.read_raw([DAY], ["text"]).column_names == ["text"]
    assert vault.read_raw([date(2026, 11, 6)]) is None
    assert [batch.source for batch in vault.batches("raw")] == ["qa", "x-api"]
    assert vault.batches("raw", source="qa")[0].name == "b"


def test_a_batch_written_again_replaces_itself(vault: Vault) -> None:
    vault.write_raw(DAY, "x-api", NAME, POSTS)
    vault.write_raw(DAY, "x-api", NAME, POSTS)
    assert vault.read_raw().num_rows == 2
    vault.write_raw(DAY, "x-api", NAME, POSTS.slice(0, 0))
    assert vault.read_raw() is None


def test_files_hold_no_plain_text(vault: Vault, zones: Zones) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)
    data = vault.path(batch).read_bytes()
    assert data[:4] == data[-4:] == MAGIC
    assert b"post_id" not in data
    assert CANARY.encode() not in all_bytes(zones.root)
    with pytest.raises(OSError, match="decryption"):
        pq.read_table(vault.path(batch))


def test_a_batch_streams_in_and_out(vault: Vault) -> None:
    batch = Batch("raw", DAY, "x-api", NAME)
    with vault.writer(batch, POSTS.schema) as writer:
        for _ in range(5):
            writer.write_table(POSTS)
    assert vault.rows(batch) == 10
    assert [piece.num_rows for piece in vault.iterate(batch, rows=4)] == [4, 4, 2]


def test_a_failed_write_leaves_the_earlier_batch(vault: Vault, zones: Zones) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)

    def interrupted() -> None:
        with vault.writer(batch, POSTS.schema) as writer:
            writer.write_table(POSTS.slice(0, 1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert vault.read(batch).num_rows == 2
    assert not list(zones.root.rglob("*.tmp"))


def test_a_full_disk_leaves_the_earlier_batch(
    vault: Vault, zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ZoneError, match="no space left on device; nothing was written"):
        vault.write_raw(DAY, "x-api", NAME, POSTS.slice(0, 1))
    monkeypatch.undo()
    assert vault.read(batch).num_rows == 2


def test_nothing_opens_after_the_key_is_destroyed(vault: Vault, zones: Zones, keyring: Keyring) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)
    other = vault.write_raw(DAY, "qa", NAME, POSTS)
    wrapped = next((zones.keyring / "keys").glob("raw-*-x-api.key")).read_bytes()
    assert keyring.destroy(batch.key_id, "never-made") == 1
    assert keyring.destroy(batch.key_id) == 0
    with pytest.raises(KeyDestroyedError, match=f"{batch.key_id} was destroyed"):
        vault.read(batch)
    assert vault.read(other).num_rows == 2
    assert wrapped not in all_bytes(zones.root)


def test_a_day_opened_again_has_a_key_of_its_own(vault: Vault, keyring: Keyring) -> None:
    old = vault.write_raw(DAY, "x-api", NAME, POSTS)
    keyring.destroy(old.key_id)
    vault.remove_days([old])
    late = vault.write_raw(DAY, "x-api", NAME, POSTS.slice(1))
    assert late.key_id == f"{old.key_id}.2"
    assert parse_data_key_id(late.key_id) == (DAY, "x-api", 2)
    assert vault.batches("raw") == [late]
    assert vault.write_raw(DAY, "x-api", NAME, POSTS.slice(1)) == late
    assert vault.read_raw().num_rows == 1
    assert vault.is_partly_destroyed(DAY)


def test_a_wrong_master_key_is_told(vault: Vault, zones: Zones) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)
    environment = {"KOE_MASTER_KEY": base64.b64encode(bytes(32)).decode()}
    with pytest.raises(KeyringError, match="is not the one that wrapped"):
        Keyring.open(zones, environment)
    with pytest.raises(KeyringError, match="is not the one that wrapped"):
        Vault(zones, Keyring(zones, MasterKey(bytes(32)))).read(batch)


def test_keys_of_two_days_cannot_be_swapped(vault: Vault, zones: Zones) -> None:
    first, second = (
        vault.write_raw(DAY, "x-api", NAME, POSTS),
        vault.write_raw(date(2026, 11, 6), "x-api", NAME, POSTS),
    )
    keys = zones.keyring / "keys"
    (keys / f"{second.key_id}.key").write_bytes((keys / f"{first.key_id}.key").read_bytes())
    fresh = Vault(zones, Keyring(zones, vault.keyring._master))
    with pytest.raises(KeyringError, match="was changed"):
        fresh.read(second)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "plain"])
def test_a_damaged_file_is_an_error_of_one_line(vault: Vault, damage: str) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)
    path = vault.path(batch)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(
        {"cut": bytes(data[:-50]), "flip": bytes(data), "empty": b"", "plain": b"PAR1 plain PAR1"}[damage]
    )
    with pytest.raises(VaultError) as caught:
        vault.read(batch)
    assert "\n" not in str(caught.value)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "A", "x" * 200, ".hidden"])
def test_names_cannot_leave_the_vault(vault: Vault, name: str) -> None:
    with pytest.raises((VaultError, KeyringError)):
        vault.write_raw(DAY, "x-api", name, POSTS)
    with pytest.raises((VaultError, KeyringError)):
        vault.write_raw(DAY, name, NAME, POSTS)


def test_days_are_removed_one_source_at_a_time(vault: Vault, zones: Zones) -> None:
    vault.write_raw(DAY, "x-api", NAME, POSTS)
    vault.write_raw(DAY, "qa", NAME, POSTS)
    vault.remove_days(vault.batches("raw", source="x-api"))
    assert [batch.source for batch in vault.batches("raw")] == ["qa"]
    vault.remove_days(vault.batches("raw", source="qa"))
    assert not list(zones.raw.iterdir())


def test_rotation_changes_the_master_key_only(vault: Vault, zones: Zones, keyring: Keyring) -> None:
    batch = vault.write_raw(DAY, "x-api", NAME, POSTS)
    keyring.ensure("another")
    new = MasterKey(secrets.token_bytes(32))
    old = keyring._master
    assert keyring.rotate(new) == 2
    assert Vault(zones, Keyring(zones, new)).read(batch).num_rows == 2
    with pytest.raises(KeyringError):
        Keyring(zones, old).key(batch.key_id)


def test_an_interrupted_rotation_is_completed_by_another(zones: Zones) -> None:
    old, new = MasterKey(secrets.token_bytes(32)), MasterKey(secrets.token_bytes(32))
    keyring = Keyring(zones, old)
    keys = {name: keyring.ensure(name) for name in ("a", "b", "c")}
    half = (zones.keyring / "keys" / "a.key").read_bytes()
    Keyring(zones, old).rotate(new)
    (zones.keyring / "keys" / "a.key").write_bytes(half)
    assert Keyring(zones, old).rotate(new) == 1
    assert {name: Keyring(zones, new).key(name) for name in keys} == keys


def test_master_key_forms() -> None:
    key = secrets.token_bytes(32)
    forms = [
        key.hex(),
        key.hex().upper(),
        base64.b64encode(key).decode(),
        base64.urlsafe_b64encode(key).decode() + "\n",
    ]
    assert len({parse_master_key(form, "test").fingerprint for form in forms}) == 1
    for wrong in ["", "abc", key.hex()[:-2], base64.b64encode(key[:31]).decode(), "鍵"]:
        with pytest.raises(MasterKeyError, match=r"^test: expected 32 bytes") as caught:
            parse_master_key(wrong, "test")
        assert not wrong or wrong not in str(caught.value)
    assert key.hex() not in repr(MasterKey(key))


def test_master_key_sources(zones: Zones, tmp_path: Path) -> None:
    text = secrets.token_bytes(32).hex()
    file = tmp_path / "key"
    file.write_text(text)
    file.chmod(0o600)
    want = parse_master_key(text, "test").fingerprint
    for environment in (
        {"KOE_MASTER_KEY": text},
        {"KOE_MASTER_KEY_FILE": str(file)},
        {"KOE_MASTER_KEY_COMMAND": f"cat {file}"},
    ):
        assert load_master_key(zones, environment).fingerprint == want
    file.chmod(0o644)
    with pytest.raises(MasterKeyError, match="others may read"):
        load_master_key(zones, {"KOE_MASTER_KEY_FILE": str(file)})
    for environment, message in (
        ({"KOE_MASTER_KEY_FILE": str(tmp_path / "none")}, "no such file"),
        ({"KOE_MASTER_KEY_COMMAND": "false"}, "exit code 1"),
        ({"KOE_MASTER_KEY_COMMAND": "/no/such/program"}, "cannot be run"),
        ({"KOE_MASTER_KEY_COMMAND": 'unclosed "'}, "cannot be run"),
        ({"KOE_MASTER_KEY_COMMAND": "echo no-key"}, "expected 32 bytes"),
    ):
        with pytest.raises(MasterKeyError, match=message):
            load_master_key(zones, environment)


def test_a_first_run_makes_a_key_and_says_so(zones: Zones) -> None:
    with pytest.warns(MasterKeyWarning, match="keep it elsewhere"):
        Keyring.open(zones, {}).ensure("a")
    path = zones.keyring / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Keyring.open(zones, {}).key("a")
    path.rename(zones.root / "elsewhere.key")
    with pytest.raises(MasterKeyError, match="not to be found"):
        Keyring.open(zones, {})
    assert make_master_key_file(zones.root / "elsewhere.key").fingerprint


def test_pseudonyms_hold_within_a_period_and_not_beyond(keyring: Keyring) -> None:
    names = Pseudonymiser(keyring, day_scoped=["x"])
    days = [date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1)]

    def of(source: str) -> list[str | None]:
        return names.pseudonyms([source] * 3, names.key_ids([source] * 3, days), ["42"] * 3)

    board, post = of("qa"), of("x")
    assert board[0] == board[1] != board[2]
    assert len(set(post)) == 3
    assert board[0] != names.pseudonyms(["blog"], names.key_ids(["blog"], days[:1]), ["42"])[0]
    assert names.pseudonyms(["qa"], ["pseudonym-month-2026-10"], [None]) == [None]
    assert all(re.fullmatch("[a-p]{32}", name or "") for name in board + post)
    found = names.candidates("qa", ["41", "42"])
    assert found["pseudonym-month-2026-10"][1] == board[0]
    assert set(found) == set(keyring.ids("pseudonym-"))


def test_pseudonyms_are_hmac(keyring: Keyring) -> None:
    import hmac

    names = Pseudonymiser(keyring)
    key_id = names.key_id("qa", DAY)
    letters = hmac.digest(keyring.key(key_id), b"qa\x0042", "sha256").hex()[:32]
    assert names.pseudonyms(["qa"], [key_id], ["42"]) == [
        letters.translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))
    ]


def test_old_posts_fall_into_the_oldest_period_that_is_kept(keyring: Keyring) -> None:
    names = Pseudonymiser(keyring, oldest=date(2026, 2, 14))
    assert names.key_id("qa", date(2019, 5, 1)) == "pseudonym-month-2026-02"
    keyring.ensure("pseudonym-month-2026-03")
    keyring.destroy("pseudonym-month-2026-02")
    keyring.destroy("pseudonym-month-2026-03")
    again = Pseudonymiser(keyring, oldest=date(2026, 2, 14))
    assert again.key_id("qa", date(2019, 5, 1)) == "pseudonym-month-2026-04"
    assert keyring.destroy("pseudonym-month-2026-02") == 0


def test_periods_read_back() -> None:
    for scope in ("month", "day"):
        period = period_of(date(2028, 2, 29), scope)  # type: ignore[arg-type]
        assert parse_period(period.key_id) == period
    with pytest.raises(KeyringError):
        parse_period("raw-2026-11-05-x")


def test_the_ledger_remembers_files_and_their_first_day(zones: Zones, keyring: Keyring) -> None:
    ledger = Ledger(zones, keyring)
    assert ledger.get(NAME) is None
    entry = ledger.begin(NAME, "x-api", DAY, "鈴木花子_export.csv")
    assert entry.done_at is None
    assert ledger.begin(NAME, "x-api", date(2026, 12, 1)).arrived_on == DAY
    ledger.finish(entry, posts=3, quarantined=1, now=datetime(2026, 11, 5, tzinfo=UTC))
    [known] = Ledger(zones, keyring).entries()
    assert (known.posts, known.quarantined, known.name) == (3, 1, "鈴木花子_export.csv")
    assert "鈴木".encode() not in all_bytes(zones.root)
    (zones.ledger / f"{NAME}.entry").rename(zones.ledger / f"{'b' * 64}.entry")
    with pytest.raises(KeyringError, match="was changed"):
        ledger.get("b" * 64)
    ledger.forget("b" * 64)
    assert ledger.entries() == []
    with pytest.raises(VaultError):
        ledger.get("../x")


def test_an_operator_changes_the_master_key(
    zones: Zones, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOE_HOME", str(zones.root))
    for variable in ("KOE_MASTER_KEY", "KOE_MASTER_KEY_FILE", "KOE_MASTER_KEY_COMMAND"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.warns(MasterKeyWarning):
        batch = Vault(zones, Keyring.open(zones)).write_raw(DAY, "x-api", NAME, POSTS)
    new = tmp_path / "new.key"
    assert maintenance.main(["rotate", str(new)]) == 0
    assert maintenance.main(["rotate", str(new)]) == 0
    assert "0 keys are wrapped by" in capsys.readouterr().out
    with pytest.raises(KeyringError, match="is not the one that wrapped"):
        Keyring.open(zones)
    monkeypatch.setenv("KOE_MASTER_KEY_FILE", str(new))
    assert Vault(zones, Keyring.open(zones)).read(batch).num_rows == 2
    assert maintenance.main(["restored"]) == 0
    monkeypatch.setenv("KOE_HOME", str(tmp_path / "none"))
    assert maintenance.main(["restored"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
