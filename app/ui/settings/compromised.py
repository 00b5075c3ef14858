"""`/settings/compromised`: every key and every way in replaced, and how far sealing everything again has got."""

from dataclasses import field
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth import compromised, resealing
from app.auth.accounts import passphrase_problems
from app.auth.owner import Owner, Reader, Sent, Writer
from app.auth.visitor import begin
from app.i18n import _
from app.ui.forms import FormErrors
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view
from app.ui.ways_in.sign_up import problem
from vault.resealing import Progress, again

router = APIRouter(include_in_schema=False)

STEP = 2500
"""Values in one step of the progress page: about a fifth of a second."""


@view(kw_only=True)
class CompromisedPage(Page):
    """The form; or, while values are still sealed under the old key, how far it is."""

    template: ClassVar[str] = "compromised/show.html"
    login: str
    progress: Progress | None = None
    errors: FormErrors = field(default_factory=FormErrors)

    @property
    def percent(self) -> int:
        """Full only when it is."""
        return 100 * self.progress.done // max(1, self.progress.total) if self.progress else 0


@router.get("/settings/compromised")
def show(request: Request, owner: Reader) -> Response:
    """The form, for somebody who unlocked just now; the progress, for everybody."""
    progress = resealing.progress(owner.db, owner.account_id)
    if progress is None:
        owner.require_step_up()
    return render(request, CompromisedPage(login=owner.account.login, progress=progress), owner=owner)


@router.post("/settings/compromised")
def create(request: Request, sender: Sent) -> Response:
    """Replace everything, now. What follows is the new recovery kit."""
    passphrase = sender.form.secret("passphrase")
    with sender.reading() as owner:
        owner.require_step_up()
        if errors := _faults(owner, passphrase):
            return render(request, CompromisedPage(login=owner.account.login, errors=errors), owner=owner, status=422)
    drafted = compromised.draft(sender, passphrase)
    with sender.writing() as owner:
        owner.require_step_up()
        session = compromised.rotate(owner, drafted)
    return begin(request, see_other("/recovery-kit"), session)


@router.post("/settings/compromised/continue")
def update(owner: Writer) -> Response:
    """One step on; every form that the owner sends meanwhile takes a smaller one."""
    if owner.form.get("again"):
        again(owner.db, owner.account_id)
    return _after(owner, resealing.step(owner.db, owner.keyring, now=owner.now, limit=STEP))


def _faults(owner: Owner, passphrase: str) -> FormErrors:
    errors = FormErrors()
    for name, code in passphrase_problems(owner.account.login, passphrase, owner.form.secret("again")).items():
        errors.add(name, problem(name, code))
    if not owner.form.checked("sure"):
        errors.add("sure", _("Tick this when the new kit can be printed or written down now."))
    return errors


def _after(owner: Owner, progress: Progress | None) -> Response:
    if progress is not None and not progress.finished:
        return see_other("/settings/compromised")
    owner.shred_after()
    return see_other("/settings?done=resealed")
