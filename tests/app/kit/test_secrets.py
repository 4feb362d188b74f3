"""Keeping what nobody may read."""

from __future__ import annotations

import base64
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.kit import secrets
from app.kit.secrets import BadKey, Keys, Tampered, UnknownKey

NEW, OLD, OTHER = b"n" * 32, b"o" * 32, b"x" * 32


@dataclass(frozen=True)
class Configured:
    home: Path
    key: str | None = None
    key_file: Path | None = None
    former_keys: tuple[str, ...] = ()
    embedded: bool = True


def test_a_sealed_secret_opens_where_it_was_sealed_for() -> None:
    keys = Keys(NEW)
    sealed = keys.seal(b"token", where="system:3:reader")
    assert b"token" not in sealed
    assert keys.open(sealed, where="system:3:reader") == b"token"


def test_a_secret_moved_to_another_row_does_not_open() -> None:
    keys = Keys(NEW)
    sealed = keys.seal(b"token", where="system:3:reader")
    with pytest.raises(Tampered, match="system:4:reader"):
        keys.open(sealed, where="system:4:reader")


@pytest.mark.parametrize("position", [0, 5, 12, -1])
def test_a_changed_secret_does_not_open(position: int) -> None:
    keys = Keys(NEW)
    sealed = bytearray(keys.seal(b"token", where="here"))
    sealed[position] ^= 1
    with pytest.raises((Tampered, UnknownKey)):
        keys.open(bytes(sealed), where="here")


def test_a_secret_cut_off_does_not_open() -> None:
    keys = Keys(NEW)
    with pytest.raises(Tampered, match="cut off"):
        keys.open(keys.seal(b"token", where="here")[:12], where="here")


def test_sealing_twice_gives_two_ciphertexts() -> None:
    keys = Keys(NEW)
    assert keys.seal(b"token", where="here") != keys.seal(b"token", where="here")


def test_what_a_former_key_sealed_still_opens_and_asks_for_rotation() -> None:
    sealed = Keys(OLD).seal(b"token", where="here")
    keys = Keys(NEW, [OLD])
    assert keys.open(sealed, where="here") == b"token"
    assert keys.needs_rotation(sealed)
    assert not keys.needs_rotation(keys.seal(b"token", where="here"))


def test_a_key_that_is_not_configured_is_named_with_the_way_out() -> None:
    sealed = Keys(OTHER).seal(b"token", where="here")
    with pytest.raises(UnknownKey, match=r"ROLECALL_KEY_FILE.*ROLECALL_FORMER_KEYS") as caught:
        Keys(NEW, [OLD]).open(sealed, where="here")
    assert Keys(OTHER).current_id in str(caught.value)


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = Keys(NEW)
    derived = {keys.derive(purpose) for purpose in secrets.PURPOSES}
    assert len(derived) == len(secrets.PURPOSES) == 6
    assert all(len(each) == 32 for each in derived)
    assert NEW not in derived


def test_derived_keys_list_the_current_one_first() -> None:
    keys = Keys(NEW, [OLD])
    assert keys.derive_all("links") == [Keys(NEW).derive("links"), Keys(OLD).derive("links")]
    assert keys.derive("links") == keys.derive_all("links")[0]


def test_no_key_is_derived_for_a_purpose_nobody_declared() -> None:
    with pytest.raises(ValueError, match="checkpoints, cursors, flash, links, secrets, sources"):
        Keys(NEW).derive("lnks")


def test_a_mapping_is_sealed_whole() -> None:
    keys = Keys(NEW)
    sealed = keys.seal_mapping({"token": "t", "refresh": "ü"}, where="here")
    assert keys.open_mapping(sealed, where="here") == {"token": "t", "refresh": "ü"}


def test_printing_keys_shows_no_key() -> None:
    shown = repr(Keys(NEW, [OLD]))
    assert "n" * 5 not in shown
    assert NEW.hex() not in shown


@pytest.mark.parametrize(
    "text",
    [NEW.hex(), base64.b64encode(NEW).decode(), base64.urlsafe_b64encode(NEW).decode() + "\n"],
)
def test_a_key_may_be_written_as_hexadecimal_or_base64(text: str) -> None:
    assert secrets.parse_key(text, source="here") == NEW


@pytest.mark.parametrize("text", ["", "hello", base64.b64encode(b"short").decode(), "zz" * 32])
def test_what_is_no_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadKey, match="ROLECALL_KEY") as caught:
        secrets.parse_key(text, source="ROLECALL_KEY")
    assert not text or text not in str(caught.value)


def test_a_made_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key"
    secrets.generate_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(secrets.read_key_file(path)) == 32
    assert list(path.parent.iterdir()) == [path]


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        secrets.generate_key_file(path)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_embedded_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    sealed = secrets.load_keys(Configured(tmp_path)).seal(b"token", where="here")
    assert secrets.load_keys(Configured(tmp_path)).open(sealed, where="here") == b"token"


def test_on_postgresql_nothing_starts_without_a_configured_key(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="ROLECALL_KEY_FILE"):
        secrets.load_keys(Configured(tmp_path, embedded=False))
    assert not (tmp_path / "key").exists()


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKey, match="nowhere"):
        secrets.load_keys(Configured(tmp_path, key_file=tmp_path / "nowhere"))


def test_former_keys_come_from_the_settings(tmp_path: Path) -> None:
    sealed = Keys(OLD).seal(b"token", where="here")
    keys = secrets.load_keys(Configured(tmp_path, key=NEW.hex(), former_keys=(OLD.hex(),)))
    assert keys.open(sealed, where="here") == b"token"
    assert keys.current_id == Keys(NEW).current_id
