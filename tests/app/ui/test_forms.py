"""What is typed becomes a record, or the form says what is wrong with it."""

from app.ui.forms import FormErrors, made
from vault.records import Layer, Price


def test_what_a_record_cannot_hold_is_told_at_its_field() -> None:
    """A refusal of the whole stands above the form; where something is wrong already nothing is made or added."""
    errors = FormErrors()
    assert made(Price, {"amount": "9.00", "currency": "EUR"}, errors) == Price(amount="9.00", currency="EUR")
    assert errors == {}
    assert made(Price, {"amount": "9.00", "currency": "€"}, errors) is None
    assert list(errors) == ["currency"]
    assert made(Price, {"amount": "much", "currency": "EUR"}, errors) is None
    assert list(errors) == ["currency"]
    whole = FormErrors()
    assert made(Layer, {"by": "maker", "starts": "2027-01-02", "until": "2027-01-01"}, whole) is None
    assert list(whole) == [""]
