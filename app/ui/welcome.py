"""`/`: what this is, for a stranger; for an unlocked owner, Today."""

from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.auth import invitations
from app.auth.owner import cookie_name, stores_of
from app.settings import Opening, Settings
from app.ui.pages import Page
from app.ui.render import render, see_other
from app.ui.view import view

router = APIRouter(include_in_schema=False)


@view(kw_only=True)
class WelcomePage(Page):
    """The front page. `sign_up_open`: whether one may sign up without an invitation; `fresh`: nobody has an account yet."""

    template: ClassVar[str] = "welcome/index.html"
    sign_up_open: bool
    fresh: bool


@router.get("/")
def index(request: Request) -> Response:
    """The front page. Whoever has a session goes on to Today, which asks to unlock if the session is over."""
    settings: Settings = request.app.state.settings
    if request.cookies.get(cookie_name(settings)):
        return see_other("/today")
    with stores_of(request).main.reading() as db:
        fresh = not invitations.inhabited(db)
    return render(request, WelcomePage(sign_up_open=settings.sign_up is Opening.OPEN, fresh=fresh))
