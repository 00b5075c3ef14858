"""What changed between two versions of what a company holds."""

from datetime import UTC, datetime
from typing import Any

from app.relationships.crm_mirror import differences
from vault.records import Held, HeldField, HeldScore

THEN = datetime(2026, 5, 3, tzinfo=UTC)


def held(*fields: tuple[str, str, str], **more: Any) -> Held:
    """A version."""
    made = tuple(HeldField(name=name, value=value, basis=basis) for name, value, basis in fields)
    return Held(grant_id="0" * 32, client_id="0" * 32, version=1, received_at=THEN, fields=made, **more)


def test_what_came_went_and_changed() -> None:
    before = held(("Street", "1", "stated"), ("Age", "40", "inferred"), segments=("loyal",))
    after = held(("Street", "2", "stated"), ("Car", "none", "bought"), scores=(HeldScore(name="Churn", value="1"),), segments=("loyal",))
    found = [(one.group, one.name, one.kind) for one in differences(before, after)]
    assert found == [("field", "Street", "changed"), ("field", "Car", "came"), ("score", "Churn", "came"), ("field", "Age", "went")]


def test_the_first_version_and_the_same_again_change_nothing() -> None:
    one = held(("Street", "1", "stated"), ("Street", "2", "stated"))
    again = held(("Street", "2", "stated"), ("Street", "1", "stated"))
    assert differences(None, one) == () and differences(one, again) == ()


def test_another_basis_is_a_change_of_the_same_words() -> None:
    (found,) = differences(held(("Street", "1", "stated")), held(("Street", "1", "bought")))
    assert found.same_words and found.kind == "changed"
