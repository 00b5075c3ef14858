"""A form with a file: read from the stream into memory, never onto disk, and checked like every other form.

Staging an import takes several short transactions, so such a form cannot come through `Writer`, which holds one. The
session is checked first, then the announced length, and only then is the body read.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.auth.form import Form, Upload, read_form
from app.auth.owner import Owner, Reader, check_origin
from app.errors import BadForm, ForgedForm, TooLarge


@dataclass(frozen=True)
class Uploading:
    """An owner's form with perhaps a file. `refused` is `too_large` or `bad_form` when the body was not taken; then there is neither."""

    owner: Owner
    form: Form
    file: Upload | None
    refused: str = ""


async def uploading(request: Request, owner: Reader) -> Uploading:
    """Read the form; the field of the file is called `file`. Raises ForgedForm for a form that is not this session's."""
    check_origin(request)
    try:
        form = await read_form(request)
    except (TooLarge, BadForm) as refused:
        return Uploading(owner, Form(), None, "too_large" if isinstance(refused, TooLarge) else "bad_form")
    if not owner.session.csrf_ok(form.get("csrf")):
        raise ForgedForm
    return Uploading(owner, form, form.files.get("file"))


Uploader = Annotated[Uploading, Depends(uploading)]
