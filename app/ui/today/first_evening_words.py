"""What the guide of the first evening suggests: jobs that people forget to name, and letters worth a stamp. No brands."""

from collections.abc import Mapping
from typing import Literal

from app.i18n import Lazy, lazy
from app.ui.view import view

Step = Literal["companies", "importance", "promise", "letter"]

STEPS: tuple[Step, ...] = ("companies", "importance", "promise", "letter")
TITLE: Mapping[Step, Lazy] = {
    "companies": lazy("Three companies"),
    "importance": lazy("What hangs on them"),
    "promise": lazy("One promise"),
    "letter": lazy("One letter"),
}
FORGOTTEN: Mapping[str, tuple[Lazy, Lazy]] = {
    "energy": (lazy("Energy"), lazy("Light and heat")),
    "bank": (lazy("Bank"), lazy("My money safe and at hand")),
    "phone": (lazy("Phone"), lazy("Being reached")),
    "internet": (lazy("Internet"), lazy("A line that does not drop")),
    "insurance": (lazy("Insurance"), lazy("One bad day does not ruin me")),
    "landlord": (lazy("Landlord"), lazy("A roof that does not leak")),
    "benefits": (lazy("Employer's benefits"), lazy("Something to live on later")),
    "streaming": (lazy("Streaming"), lazy("A film in the evening")),
    "doctor": (lazy("Doctor or pharmacy"), lazy("Well again soon")),
    "travel": (lazy("Getting about"), lazy("At work on time")),
}
"""What people forget, and the job that it fills in."""


@view
class Draft:
    """A letter to begin from: what the button says, and the words."""

    text: Lazy
    subject: Lazy
    body: Lazy


HELD = "held"
"""The letter that the law answers: it is written on a page of its own, with its last day."""
HELD_TEXT: Lazy = lazy("Ask what they hold on you")
DRAFTS: Mapping[str, Draft] = {
    "bound": Draft(
        lazy("Ask how long you are bound"),
        lazy("How long does my contract run?"),
        lazy(
            "Good day,\n\nplease tell me until when my contract runs, by when I must give notice, and what I would owe if I left "
            "earlier.\n\nKind regards"
        ),
    ),
    "quiet": Draft(
        lazy("Ask for no more advertising"),
        lazy("No advertising, please"),
        lazy(
            "Good day,\n\nplease stop using my data for advertising, and tell whoever you passed it on to. What concerns my contract "
            "is still welcome.\n\nKind regards"
        ),
    ),
}
