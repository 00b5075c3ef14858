"""Pausing everything, or everything of one company, and resuming: each one press."""

from fastapi import APIRouter
from sqlmodel import col, select
from starlette.responses import Response

from app.auth.owner import Owner, Writer
from app.errors import NotFound
from app.ui.render import see_other
from consent import grants, pausing
from consent.store import Grant
from vault import store
from vault.records import Vendor

router = APIRouter(include_in_schema=False)


@router.post("/settings/pause")
def pause_all(owner: Writer) -> Response:
    """Let nothing in from anybody until resumed."""
    changed = pausing.pause_all(owner.db, owner.act())
    return see_other(f"/today?done={'all-paused' if changed else 'already'}")


@router.post("/settings/resume")
def resume_all(owner: Writer) -> Response:
    """Let in again what is granted."""
    changed = pausing.resume_all(owner.db, owner.act())
    return see_other(f"/today?done={'all-resumed' if changed else 'already'}")


@router.post("/vendors/{vendor_id}/pause")
def pause_vendor(vendor_id: str, owner: Writer) -> Response:
    """Pause every permission of one company that is live."""
    changed = [grants.pause(owner.db, owner.act(), grant) for grant in _of_vendor(owner, vendor_id, "given")]
    return see_other(f"/vendors/{vendor_id}?done={'vendor-paused' if changed else 'already'}")


@router.post("/vendors/{vendor_id}/resume")
def resume_vendor(vendor_id: str, owner: Writer) -> Response:
    """Resume every permission of one company that is paused; one that suspended itself is another matter."""
    changed = [grants.resume(owner.db, owner.act(), grant) for grant in _of_vendor(owner, vendor_id, "paused")]
    return see_other(f"/vendors/{vendor_id}?done={'vendor-resumed' if changed else 'already'}")


def _of_vendor(owner: Owner, vendor_id: str, status: str) -> list[Grant]:
    opened = store.get(owner.db, owner.keyring, Vendor, vendor_id)
    if opened is None:
        raise NotFound
    chosen = select(Grant).where(
        Grant.account_id == owner.account_id,
        col(Grant.client_id).in_(opened.fields.client_ids),
        Grant.status == status,
        col(Grant.expires_at) > owner.now,
    )
    return list(owner.db.exec(chosen.order_by(col(Grant.grant_id))))
