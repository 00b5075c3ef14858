"""The words for rights letters and for what comes of them."""

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from app.exchange.matters import Found
from app.i18n import Lazy, _, lazy
from app.relationships.matters import Act, State
from app.relationships.rights import Law, Right
from app.relationships.search import fold
from app.ui.render import as_date
from app.ui.requests import terms_in_words
from app.ui.vendors.words import plain
from app.ui.wording import Tone

RIGHT: Mapping[Right, Lazy] = {
    Right.ACCESS: lazy("See what they hold"),
    Right.RECTIFICATION: lazy("Have it corrected"),
    Right.ERASURE: lazy("Have it erased"),
    Right.PORTABILITY: lazy("Take it with you"),
    Right.OBJECTION: lazy("Object to advertising and profiling"),
    Right.WITHDRAWAL: lazy("Withdraw your consent"),
    Right.OPT_OUT: lazy("No selling, no sharing"),
}
MEANS: Mapping[Right, Lazy] = {
    Right.ACCESS: lazy("They must show you all of it: what, what for, from whom, to whom, and which scores and groups they put you in."),
    Right.RECTIFICATION: lazy("What is wrong must be put right, and those to whom they gave it told. The mirror shows what is wrong."),
    Right.ERASURE: lazy(
        "What they no longer need, or never should have had, must go. What a law makes them keep stays, and they must say so."
    ),
    Right.PORTABILITY: lazy("What you gave them comes as a file that another company can read."),
    Right.OBJECTION: lazy(
        "Against advertising it works at once and without a reason. Against other uses they must show why they may go on."
    ),
    Right.WITHDRAWAL: lazy("What rests on your consent stops at once. It must be as easy as giving it was."),
    Right.OPT_OUT: lazy("They must stop selling your data and sharing it for advertising."),
}
FURTHER: Mapping[str, Lazy] = {"reminder": lazy("Remind them"), "complaint": lazy("Complain to the authority")}
LAW: Mapping[Law, Lazy] = {
    Law.GDPR: lazy("General Data Protection Regulation (EU) 2016/679"),
    Law.UK: lazy("UK GDPR and Data Protection Act 2018"),
    Law.CALIFORNIA: lazy("California Consumer Privacy Act"),
}
STATE: Mapping[State, Lazy] = {
    "waiting": lazy("their turn"),
    "extended": lazy("they took longer time"),
    "late": lazy("late"),
    "in_part": lazy("answered in part"),
    "refused": lazy("refused"),
    "complained": lazy("before the authority"),
    "answered": lazy("answered"),
    "closed": lazy("let go"),
}
TONE: Mapping[State, Tone] = {
    "waiting": "wait",
    "extended": "wait",
    "late": "bad",
    "in_part": "bad",
    "refused": "bad",
    "complained": "wait",
    "answered": "good",
    "closed": "neutral",
}
NEXT: Mapping[Act, Lazy] = {
    "wait": lazy("Nothing to do for now. When something comes from them, say here what it was."),
    "remind": lazy("Remind them: the letter is written, you only look it over."),
    "complain": lazy("Complain to the authority: the letter is written, with everything that passed in it."),
    "done": lazy("Nothing is left to do here."),
}
STEP: Mapping[str, Lazy] = {
    "arrived": lazy("Your letter arrived"),
    "reminded": lazy("You reminded them"),
    "extended": lazy("They said that they need longer"),
    "in_part": lazy("They answered in part"),
    "in_full": lazy("They answered in full"),
    "refused": lazy("They refused"),
    "complained": lazy("You complained to the authority"),
}
REPLY: Mapping[str, Lazy] = {
    "in_full": lazy("They did it, in full"),
    "in_part": lazy("Only in part"),
    "refused": lazy("They refused"),
    "extended": lazy("They need longer"),
}


def place(code: str) -> str:
    """A place of the table in words: `Ireland`, `California`."""
    return _("California") if code == "US-CA" else terms_in_words.territory(code)


def places(codes: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Places with their words, in the order in which people look for them: by the words."""
    return tuple(sorted(((code, place(code)) for code in codes), key=lambda one: fold(one[1])))


def came(found: Found) -> Iterator[tuple[str, str]]:
    """What came since the first letter, oldest first: days with words, the company's own answers by their titles."""
    zone = ZoneInfo(found.commitment.time_zone)
    rows = [(event.happened_at, str(STEP[event.step])) for event in found.commitment.events if event.step in STEP]
    for letter in found.letters:
        rows += [
            (reply.received_at, _("They wrote: %(title)s") % {"title": plain(reply.title) or _("no title")})
            for reply in letter.fields.replies
        ]
    for at, words in sorted(rows, key=lambda row: row[0]):
        yield as_date(at.astimezone(zone).date()), words
