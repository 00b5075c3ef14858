"""Evidence of a promise: documents that hang on it, or on its company, each with what it shows."""

from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.owner import Owner, Writer
from app.errors import NotFound
from app.ui.commitments.promises import find
from app.ui.documents import handlers as documents
from app.ui.documents.handlers import MOST_PROOFS, Row
from app.ui.render import see_other
from app.ui.vendors.words import plain
from app.ui.view import view
from vault import attachments, store
from vault.records import Commitment, Proof

router = APIRouter(include_in_schema=False)

LONGEST = 1000


@view
class Shown:
    """A document with what it shows. `own`: it hangs on the promise itself, and is removed rather than let go."""

    row: Row
    document_id: str
    shows: str
    added_at: datetime | None
    own: bool


@view
class Proofs:
    """The evidence, and the company's other documents that could be: (id, name)."""

    shown: tuple[Shown, ...]
    others: tuple[tuple[str, str], ...]


def of(owner: Owner, commitment_id: str, commitment: Commitment) -> Proofs:
    """Everything that hangs on the promise, and what of its company's documents was said to belong to it."""
    said = {proof.document_id: proof for proof in commitment.proofs}
    own = documents.rows(owner, f"/commitments/{commitment_id}")
    of_company = documents.rows(owner, f"/vendors/{commitment.vendor_id}")
    linked = [row for row in of_company if _id(row) in said]
    shown = (_shown(row, said.get(_id(row)), own=row in own) for row in (*own, *linked))
    others = tuple((_id(row), row.name) for row in of_company if _id(row) not in said)
    return Proofs(tuple(shown), others if len(commitment.proofs) < MOST_PROOFS else ())


@router.post("/commitments/{commitment_id}/proofs")
def link(commitment_id: str, owner: Writer) -> Response:
    """Say what a document shows: one of the company's, or one that hangs on the promise already."""
    commitment, document_id = find(owner, commitment_id), owner.form.get("document")
    holders = (commitment_id, commitment.vendor_id)
    holder = next((one for one in holders if attachments.find(owner.db, owner.keyring, one, document_id)), None)
    if holder is None:
        raise NotFound
    others = tuple(proof for proof in commitment.proofs if proof.document_id != document_id)
    if len(others) >= MOST_PROOFS:
        return see_other(f"/commitments/{commitment_id}?done=already#proofs")
    shows = owner.form.get("shows")[:LONGEST]
    made = Proof(record_id=holder, document_id=document_id, shows=shows, added_at=owner.now)
    _replace(owner, commitment_id, commitment, (*others, made))
    return see_other(f"/commitments/{commitment_id}?done=proof-kept#proofs")


@router.post("/commitments/{commitment_id}/proofs/{document_id}/remove")
def unlink(commitment_id: str, document_id: str, owner: Writer) -> Response:
    """It belongs to the promise no more. The document stays with its company."""
    commitment = find(owner, commitment_id)
    _replace(owner, commitment_id, commitment, tuple(proof for proof in commitment.proofs if proof.document_id != document_id))
    return see_other(f"/commitments/{commitment_id}?done=proof-gone#proofs")


def _replace(owner: Owner, commitment_id: str, commitment: Commitment, proofs: tuple[Proof, ...]) -> None:
    store.replace(owner.db, owner.keyring, commitment_id, commitment.model_copy(update={"proofs": proofs}), now=owner.now)


def _shown(row: Row, proof: Proof | None, *, own: bool) -> Shown:
    return Shown(row, _id(row), plain(proof.shows) if proof else "", proof.added_at if proof else None, own)


def _id(row: Row) -> str:
    return row.href.rsplit("/", 1)[1]
