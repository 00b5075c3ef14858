"""Makes `vault/*.json`, the pinned bytes of the vault, by the constructions in `format_by_hand`, none of the vault's code.

Run it to write the files anew: `python -m tests.vectors.make_vault`. They must not change: a released format only gains versions.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.vectors.format_by_hand import (
    hkdf,
    join,
    mac,
    mailbox_info,
    pad,
    passkey_secret,
    recovery_code,
    seal_envelope,
    seal_mailbox,
    seal_slot,
    slot_mark,
    slot_set_mac,
    u32,
    wrap_instance,
)

FOLDER = Path(__file__).parent / "vault"
AMK = bytes(range(32))
ACCOUNT = "0123456789abcdef0123456789abcdef"
PLACE = {"table": "record", "kind": "vendor", "record_id": "f" * 32, "account_id": ACCOUNT, "schema_version": 1}
SALT = bytes(range(100, 124))


def envelopes() -> dict[str, Any]:
    """Suite 0x01: each refused case says which single thing is wrong."""
    text = '{"a":[1,2.5,null],"name":"Caf\u00e9 \u2014 Corner Shop"}'.encode()
    good = seal_envelope(AMK, PLACE, 1, SALT, pad(text))
    long = seal_envelope(AMK, PLACE, 7, SALT[::-1], pad(b'{"notes":"' + b"x" * 300 + b'"}'))
    opened = [
        {"what": "a record", "generation": 1, "place": PLACE, "sealed": good.hex(), "data": text.hex()},
        {
            "what": "the next size class, generation 7",
            "generation": 7,
            "place": PLACE,
            "sealed": long.hex(),
            "data": ('{"notes":"' + "x" * 300 + '"}').encode().hex(),
        },
    ]
    spoilt = bytearray(pad(text))
    spoilt[-1] = 1
    refused: list[dict[str, Any]] = [
        {"what": f"another {name}", "place": {**PLACE, name: other}, "sealed": good.hex()}
        for name, other in (
            ("table", "segment"),
            ("kind", "item"),
            ("record_id", "e" * 32),
            ("account_id", "a" * 32),
            ("schema_version", 2),
        )
    ]
    refused += [
        {"what": what, "place": PLACE, "sealed": sealed.hex()}
        for what, sealed in (
            ("generation 2", seal_envelope(AMK, PLACE, 2, SALT, pad(text))),
            ("version 2", b"\x02" + good[1:]),
            ("suite 0x02", b"\x01\x02" + good[2:]),
            ("a bit of the salt", good[:6] + bytes([good[6] ^ 1]) + good[7:]),
            ("a bit of the ciphertext", good[:40] + bytes([good[40] ^ 1]) + good[41:]),
            ("a bit of the tag", good[:-1] + bytes([good[-1] ^ 1])),
            ("the last byte missing", good[:-1]),
            ("nothing but the header", good[:6]),
            ("empty", b""),
            ("another master key", seal_envelope(AMK[::-1], PLACE, 1, SALT, pad(text))),
            ("padding that is not zero", seal_envelope(AMK, PLACE, 1, SALT, bytes(spoilt))),
            ("a larger size class than needed", seal_envelope(AMK, PLACE, 1, SALT, pad(text) + bytes(256))),
            ("a length beyond the end", seal_envelope(AMK, PLACE, 1, SALT, u32(1000) + bytes(252))),
            ("no padding", seal_envelope(AMK, PLACE, 1, SALT, text)),
            ("JSON that is not an object", seal_envelope(AMK, PLACE, 1, SALT, pad(b"[]"))),
            ("not JSON", seal_envelope(AMK, PLACE, 1, SALT, pad(b"{"))),
            ("not UTF-8", seal_envelope(AMK, PLACE, 1, SALT, pad(b'{"a":"\xff"}'))),
        )
    ]
    return {"amk": AMK.hex(), "generation": 1, "opened": opened, "refused": refused}


def mailboxes() -> dict[str, Any]:
    """Suite 0x02."""
    private, ephemeral, key_id = bytes(range(1, 33)), bytes(range(40, 72)), bytes(range(8))
    public = X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    purpose, context, data = "message", ["c" * 32, "d" * 32], b"hello"
    place = {"table": "mailbox_key", "kind": "mailbox", "record_id": key_id.hex(), "account_id": ACCOUNT, "schema_version": 1}
    info = mailbox_info(ACCOUNT, key_id, purpose, context)
    good = seal_mailbox(public, key_id, info, ephemeral, pad(data))
    refused = [
        {"what": "another purpose", "purpose": "ledger", "context": context, "sealed": good.hex()},
        {"what": "another context", "purpose": purpose, "context": context[::-1], "sealed": good.hex()},
        {"what": "a shorter context", "purpose": purpose, "context": context[:1], "sealed": good.hex()},
        {"what": "context parts run together", "purpose": purpose, "context": ["".join(context)], "sealed": good.hex()},
    ]
    other = seal_mailbox(public, key_id, mailbox_info("a" * 32, key_id, purpose, context), ephemeral, pad(data))
    spoilt = pad(data)[:-1] + b"\x01"
    refused += [
        {"what": what, "purpose": purpose, "context": context, "sealed": sealed.hex()}
        for what, sealed in (
            ("another account", other),
            ("an unknown key id", good[:2] + key_id[::-1] + good[10:]),
            ("version 2", b"\x02" + good[1:]),
            ("suite 0x01", b"\x01\x01" + good[2:]),
            ("an encapsulated key of zeros", good[:10] + bytes(32) + good[42:]),
            ("the last byte missing", good[:-1]),
            ("half an encapsulated key", good[:20]),
            ("empty", b""),
            ("padding that is not zero", seal_mailbox(public, key_id, info, ephemeral, spoilt)),
        )
    ]
    row = {
        "key_id": key_id.hex(),
        "public": public.hex(),
        "mac": mac(AMK, "mailbox", join(ACCOUNT.encode(), key_id.hex().encode(), public)).hex(),
        "sealed": seal_envelope(AMK, place, 1, SALT, pad(private)).hex(),
    }
    opened = [{"what": "a message", "purpose": purpose, "context": context, "sealed": good.hex(), "data": data.hex()}]
    return {"amk": AMK.hex(), "account_id": ACCOUNT, "row": row, "opened": opened, "refused": refused}


def key_slots() -> dict[str, Any]:
    """Slots of both kinds, and the MAC over the set."""
    code = recovery_code("0123456789ABCDEFGHJKMNPQRSTVWX")
    salt = base64.urlsafe_b64encode(SALT).decode()
    passphrase = "correct horse battery staple, \u212bngstr\u00f6m"
    shared = {"account_id": ACCOUNT, "generation": 1, "created_us": 1_795_262_400_123_456}
    slots = [
        seal_slot(
            {**shared, "slot_id": "b" * 32, "kind": "passphrase", "parameters": f'{{"m":19456,"p":1,"salt":"{salt}","t":2}}'},
            passphrase,
            AMK,
        ),
        seal_slot({**shared, "slot_id": "a" * 32, "kind": "recovery", "parameters": f'{{"salt":"{salt}"}}'}, code, AMK),
    ]
    return {
        "amk": AMK.hex(),
        "account_id": ACCOUNT,
        "counter": 3,
        "passphrase": passphrase,
        "code": code,
        "slots": slots,
        "set_mac": slot_set_mac(AMK, ACCOUNT, 1, 3, slots).hex(),
    }


def instance() -> dict[str, Any]:
    """Suite 0x03 and the instance's signing key."""
    secret, data = bytes(range(200, 232)), b"a release key of thirty-two bytes"
    label = b"bothways/instance/v1"
    signing = Ed25519PrivateKey.from_private_bytes(hkdf(secret, 32, b"", label, b"sign"))
    public = signing.public_key().public_bytes_raw()
    jwk = '{"crv":"Ed25519","kty":"OKP","x":"' + base64.urlsafe_b64encode(public).rstrip(b"=").decode() + '"}'
    return {
        "secret": secret.hex(),
        "signing_public": public.hex(),
        "kid": base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode(),
        "signature_of_data": signing.sign(data).hex(),
        "mac_of_data": hmac.digest(hkdf(secret, 32, b"", label, b"mac", b"label"), data, "sha256").hex(),
        "purpose": "release",
        "context": "d" * 32,
        "wrapped": wrap_instance(secret, "release", "d" * 32, bytes(range(12)), data).hex(),
        "data": data.hex(),
    }


def slot_sets() -> dict[str, Any]:
    """A set with slots of every kind, its mark, the set before its last change, and faults: each one thing wrong with the set."""
    salts = [base64.urlsafe_b64encode(bytes(range(start, start + 24))).decode() for start in (0, 50, 100, 150)]
    passphrases, code, output = (
        ["the old passphrase", "the new passphrase"],
        recovery_code("ZYXWVTSRQPNMKJHGFEDCBA98765432"),
        bytes(range(60, 92)),
    )
    shared = {"account_id": ACCOUNT, "generation": 1, "version": 1, "created_us": 1_795_262_400_123_456}
    old, new = (
        seal_slot(
            {**shared, "slot_id": letter * 32, "kind": "passphrase", "parameters": f'{{"m":19456,"p":1,"salt":"{salt}","t":2}}'}, given, AMK
        )
        for letter, salt, given in zip("12", salts, passphrases, strict=False)
    )
    credential, key = (base64.urlsafe_b64encode(bytes(range(start, start + length))).decode() for start, length in ((0, 32), (100, 77)))
    other = base64.urlsafe_b64encode(bytes(range(40, 56))).decode()
    passkey = f'{{"credential":"{credential}","key":"{key}","prf":1}}'
    kept = [
        seal_slot({**shared, "slot_id": "3" * 32, "kind": "recovery", "parameters": f'{{"salt":"{salts[2]}"}}'}, code, AMK),
        seal_slot({**shared, "slot_id": "4" * 32, "kind": "passkey", "parameters": passkey}, output.hex(), AMK),
        {
            **shared,
            "slot_id": "5" * 32,
            "kind": "second-factor",
            "parameters": f'{{"credential":"{other}","key":"{key}"}}',
            "commitment": "",
            "wrapped": "",
        },
    ]
    sets: list[dict[str, Any]] = [
        {"counter": counter, "mac": slot_set_mac(AMK, ACCOUNT, 1, counter, rows).hex(), "slots": rows}
        for counter, rows in ((6, [old, *kept]), (7, [new, *kept]))
    ]
    foreign = {**shared, "account_id": "f" * 32, "slot_id": "6" * 32, "kind": "recovery", "parameters": f'{{"salt":"{salts[3]}"}}'}
    return {
        "amk": AMK.hex(),
        "account_id": ACCOUNT,
        "passphrase": passphrases[1],
        "old_passphrase": passphrases[0],
        "code": code,
        "prf_output": output.hex(),
        "passkey_secret": passkey_secret(output).hex(),
        "set": sets[1],
        "set_before": sets[0],
        "mark": slot_mark(ACCOUNT, 1, 7, sets[1]["slots"], bytes.fromhex(sets[1]["mac"])).hex(),
        "faults": list(slot_faults(sets[1]["slots"], old, seal_slot(foreign, code, AMK[::-1]))),
    }


def slot_faults(rows: list[dict[str, Any]], old: dict[str, Any], foreign: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`at` names a slot by its place in the set; `set` changes its columns, or the account's without `at`; `add` and `drop` rows."""
    salt = json.loads(rows[0]["parameters"])["salt"]

    def passphrase(m: str = "19456", p: str = "1", s: str = f'"{salt}"', t: str = "2") -> str:
        return f'{{"m":{m},"p":{p},"salt":{s},"t":{t}}}'

    costs = {
        "memory below the floor": passphrase(m="19455"),
        "no memory": passphrase(m="0"),
        "memory above the ceiling": passphrase(m="1048577"),
        "memory raised to 4 GiB": passphrase(m="4194304"),
        "memory beyond every integer": passphrase(m="9" * 400),
        "memory negative": passphrase(m="-1"),
        "memory as text": passphrase(m='"19456"'),
        "memory as a fraction": passphrase(m="19456.5"),
        "memory as a float": passphrase(m="19456.0"),
        "memory true": passphrase(m="true"),
        "memory null": passphrase(m="null"),
        "memory a list": passphrase(m="[]"),
        "memory not a number": passphrase(m="NaN"),
        "one pass": passphrase(t="1"),
        "eleven passes": passphrase(t="11"),
        "passes true": passphrase(t="true"),
        "no lane": passphrase(p="0"),
        "seventeen lanes": passphrase(p="17"),
        "lanes as text": passphrase(p='"1"'),
        "no memory named": passphrase().replace('"m":19456,', ""),
        "one parameter more": passphrase()[:-1] + ',"x":1}',
        "a parameter twice": passphrase()[:-1] + ',"t":2}',
        "another order": f'{{"t":2,"m":19456,"p":1,"salt":"{salt}"}}',
        "a space": passphrase().replace(",", ", "),
        "a shorter salt": passphrase(s=f'"{salt[:-4]}"'),
        "a longer salt": passphrase(s=f'"{salt}AAAA"'),
        "an empty salt": passphrase(s='""'),
        "a salt that is not base64": passphrase(s=f'"!{salt[1:]}"'),
        "a salt with a line feed in it": passphrase(s=f'"{salt[:4]}\\n{salt[4:]}"'),
        "a salt in the other alphabet": passphrase(s=f'"+{salt[1:]}"'),
        "a salt not ASCII": passphrase(s='"\u00e9"'),
        "a salt that is a number": passphrase(s="7"),
        "another salt": passphrase(s=f'"B{salt[1:]}"'),
        "more passes, within bounds": passphrase(t="3"),
        "not JSON": "{",
        "no parameters": "",
        "JSON that is not an object": "[]",
        "nothing in JSON": "null",
        "lists in lists": "[" * 4000,
        "parameters without end": passphrase()[:-1] + " " * 9000 + "}",
    }
    for what, parameters in costs.items():
        yield {"what": what, "at": 0, "set": {"parameters": parameters}}
    recovery, passkey, second = (json.loads(row["parameters"]) for row in rows[1:])
    others: list[tuple[str, int, dict[str, Any]]] = [
        ("a recovery slot with a cost", 1, {"m": 19456, **recovery}),
        ("a recovery slot with another salt", 1, {"salt": salt}),
        ("a passkey without its key", 2, {"credential": passkey["credential"], "prf": 1}),
        ("a passkey of another derivation", 2, {**passkey, "prf": 2}),
        ("a passkey whose derivation is true", 2, {**passkey, "prf": True}),
        ("another public key", 2, {**passkey, "key": passkey["key"][::-1].lstrip("=").ljust(len(passkey["key"]), "A")}),
        ("an empty public key", 2, {**passkey, "key": ""}),
        ("a credential too short", 2, {**passkey, "credential": "AAAA"}),
        ("a credential too long", 2, {**passkey, "credential": "A" * 1368}),
        ("another credential as second factor", 3, {**second, "credential": passkey["credential"]}),
        ("a second factor with a derivation", 3, {**second, "prf": 1}),
    ]
    for what, at, parameters_of in others:
        yield {"what": what, "at": at, "set": {"parameters": json.dumps(parameters_of, separators=(",", ":"), sort_keys=True)}}
    columns: list[tuple[str, int, dict[str, Any]]] = [
        ("an unknown kind", 0, {"kind": "keyfile"}),
        ("no kind", 0, {"kind": ""}),
        ("a kind in capitals", 0, {"kind": "Passphrase"}),
        ("a passphrase called recovery", 0, {"kind": "recovery"}),
        ("a recovery code called passphrase", 1, {"kind": "passphrase"}),
        ("a passkey called second factor", 2, {"kind": "second-factor"}),
        ("a second factor called passkey", 3, {"kind": "passkey"}),
        ("version 2", 0, {"version": 2}),
        ("version 0", 0, {"version": 0}),
        ("generation 2 of one slot", 0, {"generation": 2}),
        ("generation 0 of one slot", 0, {"generation": 0}),
        ("another slot id", 0, {"slot_id": "7" * 32}),
        ("a shorter slot id", 0, {"slot_id": "2" * 31}),
        ("a slot id in capitals", 0, {"slot_id": "A" * 32}),
        ("a commitment of zeros", 0, {"commitment": "00" * 32}),
        ("another slot's commitment", 0, {"commitment": rows[1]["commitment"]}),
        ("a shorter commitment", 0, {"commitment": rows[0]["commitment"][:-2]}),
        ("a longer commitment", 0, {"commitment": rows[0]["commitment"] + "00"}),
        ("no commitment", 0, {"commitment": ""}),
        ("a bit of the wrapped key", 0, {"wrapped": f"{int(rows[0]['wrapped'][:2], 16) ^ 1:02x}" + rows[0]["wrapped"][2:]}),
        ("another slot's wrapped key", 0, {"wrapped": rows[1]["wrapped"]}),
        ("a shorter wrapped key", 0, {"wrapped": rows[0]["wrapped"][:-2]}),
        ("a longer wrapped key", 0, {"wrapped": rows[0]["wrapped"] + "00"}),
        ("no wrapped key", 0, {"wrapped": ""}),
        ("a second factor that wraps a key", 3, {"commitment": rows[0]["commitment"], "wrapped": rows[0]["wrapped"]}),
        ("made a microsecond later", 1, {"created_us": rows[1]["created_us"] + 1}),
        ("made before 1970", 1, {"created_us": -1}),
        ("the old slot put back in place of the new", 0, {name: old[name] for name in ("slot_id", "parameters", "commitment", "wrapped")}),
    ]
    for what, at, changes in columns:
        yield {"what": what, "at": at, "set": changes}
    for at, row in enumerate(rows):
        yield {"what": f"without the {row['kind']} slot", "drop": at}
    yield {"what": "without any slot", "drop": "all"}
    yield {"what": "the old slot put back beside the new", "add": [old]}
    yield {"what": "a slot of another account", "add": [foreign]}
    yield {"what": "a slot of another account, relabelled", "add": [{**foreign, "account_id": ACCOUNT}]}
    yield {"what": "a slot twice", "add": [rows[0]]}
    yield {"what": "a slot twice, under two ids", "add": [{**rows[0], "slot_id": "8" * 32}]}
    yield {"what": "more slots than an account can have", "add": [{**rows[1], "slot_id": f"{number:032x}"} for number in range(40)]}
    for what, changes in (
        ("the counter one higher", {"counter": 8}),
        ("the counter one lower", {"counter": 6}),
        ("the counter negative", {"counter": -1}),
        ("generation 2 of the account", {"generation": 2}),
        ("a MAC of zeros", {"mac": "00" * 32}),
        ("a shorter MAC", {"mac": "00" * 31}),
    ):
        yield {"what": what, "set": changes}


FILES = {"slot_sets": slot_sets, "envelope": envelopes, "mailbox": mailboxes, "slots": key_slots, "instance": instance}


def text_of(name: str) -> str:
    """A file's text."""
    return json.dumps(FILES[name](), indent=1, ensure_ascii=True, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name in FILES:
        (FOLDER / f"{name}.json").write_text(text_of(name), encoding="ascii")
