"""A promise that a company makes beside the terms: taken up, it stands in a receipt that both sides hold."""

from datetime import timedelta

import pytest

from consent import filing, grants, receipts
from consent.errors import SignerMissing
from tests.consent.house import House
from tests.factories import NOW

PROMISE = {"bw:promise": "Bread by nine", "bw:due": "2027-01-01T00:00:00Z", "bw:remedy": {"bw:kind": "refund", "bw:amount": "2.00"}}


def test_the_owner_countersigns_what_is_taken_up(house: House) -> None:
    """Terms and status stay as they were; each promise taken up stands beside those before it, and the end of the grant keeps them."""
    grant, given = house.give()
    before = receipts.unverified(given.jws)
    for number in (1, 2):
        act, taken_up = house.act(NOW + timedelta(hours=number)), f"{number}" * 32
        noted = {"commitment_id": taken_up}
        with house.writing() as db:
            made = filing.file_accepted(db, act, grant, commitment_id=taken_up, promise=PROMISE, details=noted)
            assert act.signer is not None
            said = receipts.verify(made.jws, receipts.jwk(act.signer.public))
        assert (said["bw:event"], said["dct:replaces"]) == ("commitment.accepted", before["dct:identifier"])
        assert said["bw:acceptedPromises"][-1] == {
            **PROMISE,
            "bw:commitmentId": taken_up,
            "bw:acceptedAt": f"2026-11-21T{12 + number}:00:00Z",
        }
        assert (said["bw:terms"], said["dpv:hasRecordOfActivity"]) == (before["bw:terms"], before["dpv:hasRecordOfActivity"])
        before = said
    assert house.history()[-1] == ("commitment.accepted", "owner", {"commitment_id": "2" * 32, "receipt_id": before["dct:identifier"]})
    with house.writing() as db:
        _ended, receipt = grants.withdraw(db, house.act(NOW + timedelta(hours=3)), grant)
    assert [one["bw:commitmentId"] for one in receipts.unverified(receipt.jws)["bw:acceptedPromises"]] == ["1" * 32, "2" * 32]


def test_nothing_is_countersigned_without_a_key(house: House) -> None:
    """An act without a signer leaves nothing."""
    grant, _given = house.give()
    unsigned = house.act()
    unsigned = type(unsigned)(account_id=unsigned.account_id, actor=unsigned.actor, now=unsigned.now, seal=unsigned.seal)
    with pytest.raises(SignerMissing), house.writing() as db:
        filing.file_accepted(db, unsigned, grant, commitment_id="1" * 32, promise=PROMISE, details={})
    assert house.history()[-1][0] == "grant.given"
