"""The steps of a job in words."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.i18n import _
from app.ui.balance import words
from app.ui.jobs.form import AGAIN, WENT
from app.ui.vendors import clients
from app.ui.vendors.clients import Known
from app.ui.view import view
from vault.records import Alternative, Closed, Fired, Gone, Hired, Job, JobStep, Looked, Reviewed, Weighed

LATE = timedelta(days=1)


@view
class Step:
    """One step: what happened, when, and when it was written down, if later."""

    text: str
    at: datetime
    recorded_at: datetime | None
    note: str


def step_in_words(step: JobStep, mine: Mapping[str, Known], job: Job) -> Step:
    """A step, said."""
    late = step.recorded_at if step.recorded_at - step.happened_at > LATE else None
    return Step(_said(step, mine, job), step.happened_at, late, step.note)


def _said(step: JobStep, mine: Mapping[str, Known], job: Job) -> str:  # noqa: PLR0911 - one line a kind
    match step:
        case Weighed():
            said = {"ordinary": words.IMPORTANCE[step.ordinary], "need": words.IMPORTANCE[step.need]}
            return _("What hangs on it: %(ordinary)s on an ordinary day, %(need)s on the day it is needed") % said
        case Hired():
            return _("Hired %(name)s") % {"name": clients.name_of(mine, step.vendor_id)}
        case Fired():
            return _("Let %(name)s go") % {"name": clients.name_of(mine, step.vendor_id)}
        case Reviewed():
            told = {"name": clients.name_of(mine, step.vendor_id), "went": str(WENT[step.went]), "again": str(AGAIN[step.again])}
            return _("With %(name)s it went %(went)s; hire again: %(again)s") % told
        case Alternative():
            return _("%(name)s would do") % {"name": step.name}
        case Gone():
            named = [one.name for one in job.steps if isinstance(one, Alternative) and one.alternative_id == step.alternative_id]
            return _("%(name)s would not do any more") % {"name": named[-1] if named else _("something else")}
        case Looked():
            return _("Looked around: what is noted is all there is")
        case Closed():
            return _("Needs doing no more")
