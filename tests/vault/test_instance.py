"""The instance's own keys, and the file they come from."""

import base64
import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from vault import cipher
from vault.errors import BadInstanceSecret, Sealed
from vault.instance import InstanceKeys, load_or_create

KEYS = InstanceKeys(bytes(32))
GIVEN = base64.b64encode(bytes(32)).decode()


def test_keys_are_redacted_and_stay() -> None:
    assert repr(KEYS) == f"InstanceKeys(kid={KEYS.kid!r}, secret=<redacted>)"
    with pytest.raises(TypeError, match="stay in this process"):
        pickle.dumps(KEYS)


def test_the_kid_is_the_thumbprint_of_rfc_7638() -> None:
    x = base64.urlsafe_b64encode(KEYS.signing_public).rstrip(b"=").decode()
    assert OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}).thumbprint() == KEYS.kid


def test_the_instance_signs() -> None:
    assert cipher.verify(KEYS.signing_public, KEYS.sign(b"act"), b"act")


def test_wrapped_data_opens_for_its_purpose_and_context_only() -> None:
    wrapped = KEYS.wrap("release", "grant", b"key")
    assert KEYS.unwrap("release", "grant", wrapped) == b"key"
    assert KEYS.wrap("release", "grant", b"key") != wrapped
    for purpose, context, keys in (("other", "grant", KEYS), ("release", "other", KEYS), ("release", "grant", InstanceKeys(b"x" * 32))):
        with pytest.raises(Sealed):
            keys.unwrap(purpose, context, wrapped)


def test_every_truncation_and_every_changed_byte_is_refused() -> None:
    wrapped = KEYS.wrap("release", "grant", b"key")
    changed = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in range(len(wrapped))]
    for spoilt in [wrapped[:length] for length in range(len(wrapped))] + changed:
        with pytest.raises(Sealed):
            KEYS.unwrap("release", "grant", spoilt)


def test_labels_have_mac_keys_of_their_own() -> None:
    assert KEYS.mac("one", b"data") != KEYS.mac("two", b"data")


def test_a_given_secret_comes_before_the_file(tmp_path: Path) -> None:
    assert load_or_create(tmp_path / "secret", GIVEN).kid == KEYS.kid
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    first = load_or_create(path, None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create(path, None).kid == first.kid
    assert list(tmp_path.iterdir()) == [path]


def test_two_processes_that_start_at_once_get_one_secret(tmp_path: Path) -> None:
    for attempt in range(20):
        with ThreadPoolExecutor(8) as pool:
            kids = pool.map(lambda path: load_or_create(path, None).kid, [tmp_path / str(attempt)] * 8)
            assert len(set(kids)) == 1


def test_the_loser_of_the_race_reads_the_winners_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file appears between the look and the link."""
    path = tmp_path / "secret"
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    path.write_text(GIVEN)
    path.chmod(0o600)
    assert load_or_create(path, None).kid == KEYS.kid
    assert path.read_text() == GIVEN and list(tmp_path.iterdir()) == [path]


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(GIVEN)
    path.chmod(0o640)
    with pytest.raises(BadInstanceSecret, match=r"chmod 600"):
        load_or_create(path, None)


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode(), "\u00e9"])
def test_what_is_not_32_bytes_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    for given in (text, None):
        with pytest.raises(BadInstanceSecret, match="32 bytes"):
            load_or_create(path, given)
