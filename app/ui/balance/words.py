"""The balance in plain words: factors, reasons, names, advice, and what to beware of."""

from collections.abc import Callable, Mapping

from app.i18n import Lazy, _, lazy, ngettext
from app.relationships.factors import Found
from app.relationships.ranges import Range

FACTOR: Mapping[str, Lazy] = {
    "importance": lazy("Importance of the job"),
    "spend": lazy("Share of what you spend"),
    "data": lazy("What they hold on you"),
    "substitutes": lazy("Few others would do"),
    "switching": lazy("Work of switching"),
    "lock_in": lazy("Time you are still bound"),
    "revenue": lazy("What they would lose in you"),
    "remedies": lazy("What they put at stake"),
    "kept": lazy("Promises backed and kept"),
    "exit": lazy("Free exit for you"),
    "terms": lazy("Terms of yours they accepted"),
}
"""Said so that 1 is a full load in each."""

RULE: Mapping[str, Lazy] = {
    "importance": lazy("From nothing hangs on it (0) to everything (1), as you say on the page of the job."),
    "spend": lazy("Their share of what you paid within a year: purchases that you wrote down, or prices that you noted, as money a year."),
    "data": lazy("n / (n + 3) for n kinds of data: as many as they stated, or at least those that your permissions let them have."),
    "substitutes": lazy("1 / (1 + n) for n others that would do. Until you have looked around there may be more."),
    "switching": lazy("The work of the easiest change, from none (0) to all (1)."),
    "lock_in": lazy("The days that you are still bound, over two years."),
    "revenue": lazy("Nothing that you can write down says what they would lose. You may know better."),
    "remedies": lazy("Backed promises that stand, or were kept within a year: one is 0.5, two 0.75, and so on; at least."),
    "kept": lazy("The mean over their promises: backed and kept is 1, kept but just words 0.25, broken 0; open ones as they may turn out."),
    "exit": lazy("1 while a backed promise lets you go free when it is broken."),
    "terms": lazy("Live permissions that stand on terms of yours, over all live permissions."),
}
PART: Mapping[str, Lazy] = {
    "my_stakes": lazy("What is at stake for you"),
    "my_ties": lazy("How hard it is to get elsewhere"),
    "their_stakes": lazy("What is at stake for them"),
    "their_ties": lazy("How far their hands are tied"),
}
NAME: Mapping[str, Lazy] = {
    "you_depend": lazy("you depend"),
    "they_depend": lazy("they depend"),
    "mutual": lazy("mutual"),
    "transactional": lazy("transactional"),
}
NAMED: Mapping[str, Lazy] = {
    "you_depend": lazy("You lean on them more than they lean on you."),
    "they_depend": lazy("They lean on you more than you lean on them."),
    "mutual": lazy("Each of you has something to lose. It holds both ways."),
    "transactional": lazy("Neither side has much to lose. It is a purchase, not a bond."),
}
TONE: Mapping[str, str] = {"you_depend": "mine", "they_depend": "theirs", "mutual": "neutral", "transactional": "neutral"}
DAY: Mapping[str, Lazy] = {
    "both": lazy("on any day"),
    "ordinary": lazy("on an ordinary day"),
    "need": lazy("on the day you need them"),
}
SAYS: Mapping[str, Lazy] = {
    "range": lazy("You know better"),
    "all_known": lazy("This is all there is"),
    "taken_back": lazy("Taken back"),
}
IMPORTANCE: Mapping[str, Lazy] = {
    "unsaid": lazy("not said"),
    "none": lazy("nothing"),
    "little": lazy("little"),
    "some": lazy("some"),
    "much": lazy("much"),
    "all": lazy("everything"),
}
EFFORT: Mapping[str, Lazy] = {
    "unsaid": lazy("not said"),
    "none": lazy("none"),
    "little": lazy("little"),
    "some": lazy("some"),
    "much": lazy("much"),
    "all": lazy("hardly to be done"),
}
WHY: Mapping[str, Lazy] = {
    "no-job": lazy("No job says yet what you hired them for."),
    "not-weighed": lazy("You have not said how much hangs on the job."),
    "no-spending": lazy("No purchase from them and no price is written down within a year."),
    "only-theirs": lazy("Only what you pay them is written down, so their share of all is open."),
    "priced": lazy("By the prices that you noted, as money a year."),
    "no-data": lazy("Nothing says what they hold."),
    "nowhere": lazy("Nobody else who would do is noted."),
    "free": lazy("You are free to go."),
    "no-term": lazy("Nothing says whether you are bound."),
    "revenue": lazy("Theirs to know, unless you say."),
    "no-backed": lazy("No backed promise of theirs is written down."),
    "no-promise": lazy("No promise of theirs is written down."),
    "no-exit": lazy("No promise that lets you go free is written down."),
    "no-grant": lazy("They have no permission now."),
}
ADVICE: Mapping[str, Lazy] = {
    "find_out": lazy("Find out more"),
    "second_source": lazy("Line up a second source"),
    "ask_commitment": lazy("Ask for a commitment"),
    "narrow": lazy("Narrow what they may do"),
    "leave": lazy("Think about leaving"),
}
BECAUSE: Mapping[str, Lazy] = {
    "second_source": lazy("You may lean on them, and few others would do. One more who would do takes weight off at once."),
    "ask_commitment": lazy("You may lean on them, and little ties their hands. A promise counts when they lose something by breaking it."),
    "narrow": lazy("What they may read and send can be less, and is yours to say."),
    "leave": lazy("They broke more promises than they kept, and you may be bound for less than a year."),
}
WARNING: Mapping[str, Lazy] = {
    "competes": lazy("By your own word they compete with you."),
    "sells": lazy("By your own word they sell you: your data or your attention."),
}
QUESTION: Mapping[str, tuple[Lazy, Lazy]] = {
    "care": (lazy("They care how I fare"), lazy("I care how they fare")),
    "long_term": (lazy("They think of the long term"), lazy("I think of the long term")),
    "proactive": (lazy("They act before I must ask"), lazy("I act before they must ask")),
    "trust": (lazy("They trust me"), lazy("I trust them")),
    "give_up": (lazy("They would give something up for me"), lazy("I would give something up for them")),
}
ANSWER: Mapping[str, Lazy] = {"unsaid": lazy("not said"), "no": lazy("no"), "partly": lazy("partly"), "yes": lazy("yes")}


def number(value: float) -> str:
    """Two digits behind the point."""
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text


def span(one: Range) -> str:
    """`0.57`, `0.25 to 1.00`, or that nothing is known."""
    low, high = number(one.low), number(one.high)
    if low == high:
        return low
    if (one.low, one.high) in {(0.0, 1.0), (-1.0, 1.0)}:
        return _("unknown")
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def dash(one: Range) -> str:
    """`0.57`, `0.25–1.00`, or that nothing is known: where two of them stand in one sentence."""
    if one.low == one.high or (one.low, one.high) == (0.0, 1.0):
        return span(one)
    return f"{number(one.low)}–{number(one.high)}"


def lean(one: Range) -> str:
    """An asymmetry as who leans by how much."""
    if one.width > 1.2:
        return _("unknown")
    if one.low > 0:
        return _("you, by %(n)s") % {"n": span(one)}
    if one.high < 0:
        return _("they, by %(n)s") % {"n": span(Range(-one.high, -one.low))}
    if max(one.high, -one.low) < 0.005:
        return _("nobody")
    return _("they, by up to %(low)s; or you, by up to %(high)s") % {"low": number(-one.low), "high": number(one.high)}


COUNTED: Mapping[str, Callable[[int], str]] = {
    "share": lambda n: ngettext("%(n)d purchase from them within a year.", "%(n)d purchases from them within a year.", n),
    "held": lambda n: ngettext("They stated %(n)d thing that they hold.", "They stated %(n)d things that they hold.", n),
    "granted": lambda n: ngettext(
        "Your permissions let them have %(n)d kind of data.", "Your permissions let them have %(n)d kinds of data.", n
    ),
    "effort": lambda n: ngettext("The easiest of %(n)d.", "The easiest of %(n)d.", n),
    "bound": lambda n: ngettext("Bound for %(n)d more day.", "Bound for %(n)d more days.", n),
    "backed": lambda n: ngettext("%(n)d backed promise counts.", "%(n)d backed promises count.", n),
    "promises": lambda n: ngettext("Out of %(n)d promise of theirs.", "Out of %(n)d promises of theirs.", n),
    "free-exit": lambda n: ngettext("%(n)d promise lets you go free.", "%(n)d promises let you go free.", n),
}


def why(found: Found) -> str:
    """Why a rule came to its number."""
    figures = dict(found.figures)
    if found.why in COUNTED:
        return COUNTED[found.why](int(figures["n"])) % figures
    match found.why:
        case "weighed":
            return _("You said: %(said)s.") % {"said": IMPORTANCE[str(figures["said"])]}
        case "need-not-said":
            return _("On an ordinary day you said: %(said)s. Of the day you need them, nothing yet.") % {
                "said": IMPORTANCE[str(figures["said"])]
            }
        case "looked" | "not-looked":
            return _substitutes(int(figures["n"]), int(figures["perhaps"]), looked=found.why == "looked")
        case "on-my-terms":
            return _("%(n)d of %(of)d live permissions.") % figures
    return str(WHY[found.why])


def _substitutes(sure: int, perhaps: int, *, looked: bool) -> str:
    said = ngettext("%(n)d other would do.", "%(n)d others would do.", sure) % {"n": sure}
    if perhaps:
        said += " " + ngettext("%(n)d more perhaps.", "%(n)d more perhaps.", perhaps) % {"n": perhaps}
    return said + " " + (_("You have looked around.") if looked else _("You have not looked around yet."))


def beware(code: str, figures: Mapping[str, int], names: tuple[str, ...]) -> str:
    """A warning as a sentence."""
    match code:
        case "problems":
            return _("Problems are %(n)d of %(of)d things this half year, after %(before)d of %(of_before)d in the one before.") % figures
        case "sells_by_terms":
            return _("By what you allowed, your data may go on to: %(names)s.") % {"names": ", ".join(names)}
        case "bought":
            n = figures["n"]
            return ngettext(
                "%(n)d thing that they hold on you was bought from others.",
                "%(n)d things that they hold on you were bought from others.",
                n,
            ) % {"n": n}
        case said:
            return str(WARNING[said])
