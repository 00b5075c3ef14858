"""What passes between robin and the shop beside messages: an address that is fetched, a letter with its answer, two versions of what
the shop holds."""

from datetime import datetime

from app.demo.browser import Browser
from app.demo.vendor import VendorProgram

LETTER = "Good morning,\n\nlast week the bread came to my neighbour's door. Did somebody write down another number?\n\nRobin"
ANSWER = "Sorry about that: somebody had written **17** for **7**. It is put right, and the next loaf is on us."


def converse(robin: Browser, program: VendorProgram, grant_id: str, vendor: str, *, now: datetime) -> None:
    """Hold it, over HTTP. Raises Unexpected where the instance does not play along."""
    program.fetch()
    collected = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    street = {
        "name": "Street",
        "value": "17 Harbour Row",
        "source": "the delivery of last week",
        "basis": "stated",
        "collected_at": collected,
    }
    guess = {"name": "Household", "value": 2, "basis": "inferred", "source": "how much bread"}
    program.tell(
        {"fields": [street, guess], "segments": ["regulars"], "scores": [{"name": "Likely to leave", "value": 0.2, "meaning": "of 1"}]}
    )
    letter = {"to": grant_id, "kind": "question", "way": "api", "subject": "The wrong door", "body": LETTER}
    robin.send(f"/letters/new?to={grant_id}", "/letters/new", letter)
    program.answer_letters(ANSWER)
    program.tell({"fields": [{**street, "value": "7 Harbour Row"}], "segments": ["regulars", "owed a loaf"]})
    paper = {"to": vendor, "kind": "other", "way": "post", "subject": "Thank you", "body": "For the loaf, and for saying what went wrong."}
    robin.send(f"/letters/new?to={vendor}", "/letters/new", paper)
