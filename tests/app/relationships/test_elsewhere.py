"""Consent given elsewhere: where it stands, from its steps and the letters about it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.relationships import elsewhere
from app.relationships.elsewhere import Standing, State, Written, facts, next_steps, standing, with_step
from vault.records import Elsewhere, ElsewhereStep

THEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
TODAY = date(2026, 6, 1)
NEWS = Elsewhere(vendor_id="0" * 32, what="News", purpose="dpv:DirectMarketing", given_on=date(2021, 3, 1), recorded_at=THEN)


def after(*steps: str, **changes: object) -> Elsewhere:
    """The consent after these steps, a day apart."""
    made = NEWS.model_copy(update=changes)
    for n, kind in enumerate(steps, 1):
        at = THEN + timedelta(days=n)
        made = with_step(made, ElsewhereStep.model_validate({"type": kind, "happened_at": at, "recorded_at": at}))
    return made


@pytest.mark.parametrize(
    ("consent", "state"),
    [
        (after(), State.GIVEN),
        (after("sent"), State.SENT),
        (after("sent", "acknowledged"), State.ACKNOWLEDGED),
        (after("acknowledged"), State.ACKNOWLEDGED),
        (after("sent", "ended"), State.ENDED),
        (after("ended", "sent"), State.ENDED),
        (after(expires_on=TODAY), State.GIVEN),
        (after(expires_on=TODAY - timedelta(days=1)), State.EXPIRED),
        (after("sent", expires_on=TODAY - timedelta(days=1)), State.EXPIRED),
        (after("ended", expires_on=TODAY - timedelta(days=1)), State.ENDED),
    ],
)
def test_states(consent: Elsewhere, state: State) -> None:
    assert standing(consent, today=TODAY).state is state
    assert set(next_steps(state)) <= {"sent", "acknowledged", "ended"} and (next_steps(state) == ()) == (state is State.ENDED)


def test_a_letter_that_went_is_the_withdrawal() -> None:
    """Whether a step says so or not; an answer is told and acknowledges nothing by itself."""
    letters = (Written("b", THEN + timedelta(days=9)), Written("a", THEN + timedelta(days=3), answered_at=THEN + timedelta(days=5)))
    found = standing(after(), letters, today=TODAY)
    assert found == Standing(State.SENT, THEN + timedelta(days=3), THEN + timedelta(days=3), "a", THEN + timedelta(days=5))
    earlier = standing(after("sent"), letters, today=TODAY)
    assert earlier.sent_at == THEN + timedelta(days=1) and earlier.letter_id == "a"
    assert standing(after("sent"), today=TODAY).letter_id is None


def test_facts_for_the_letter() -> None:
    """A purpose that DPV knows comes with its words, and marketing is told, so that the letter may object as well."""
    told = facts(NEWS)
    assert (told.purpose_label, told.marketing, told.given_on) == ("Direct Marketing", True, date(2021, 3, 1))
    other = facts(NEWS.model_copy(update={"purpose": "dpv:DeliveryOfGoods"}))
    assert other.purpose == "dpv:DeliveryOfGoods" and not other.marketing
    none = facts(NEWS.model_copy(update={"purpose": "dpv:NoSuchThing"}))
    assert (none.purpose, none.purpose_label, none.marketing) == ("", "", False)
    assert State.EXPIRED in elsewhere.OVER and State.SENT not in elsewhere.OVER
