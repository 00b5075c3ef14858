"""The signposts compared, both ways and over time."""

from app.relationships.evidence import Asking, Moment
from app.relationships.signposts import course
from tests.app.relationships.weighed import NOW, VENDOR, ago, ident, when
from vault.records import Asked, Signpost

HERE = Moment(NOW, NOW)


def asked(number: int, days: float, **answers: tuple[str, str]) -> Asking:
    """The signposts of one day, as (them, me)."""
    said = {name: Asked.model_validate({"them": them, "me": me}) for name, (them, me) in answers.items()}
    return Asking(ident(number), Signpost.model_validate({"vendor_id": VENDOR, **said, **when(days)}))


def test_each_side_is_compared_with_the_other_and_with_before() -> None:
    """The last answer given counts, an open one undoes nothing; who gives more is told by steps."""
    old, new = asked(1, 300, care=("partly", "yes"), trust=("yes", "yes")), asked(2, 5, care=("no", "unsaid"), give_up=("unsaid", "no"))
    found = course((new, old), HERE)
    assert found is not None and found.at == ago(5)
    rows = {one.question: (one.them, one.them_before, one.me, one.me_before, one.more) for one in found.questions}
    assert rows == {
        "care": ("no", "partly", "yes", "unsaid", 2),
        "trust": ("yes", "unsaid", "yes", "unsaid", 0),
        "give_up": ("unsaid", "unsaid", "no", "unsaid", 0),
    }
    then = course((new, old), Moment(ago(100), ago(100)))
    assert then is not None and [one.question for one in then.questions] == ["care", "trust"]
    assert course((), HERE) is None and course((old,), Moment(ago(400), NOW)) is None
