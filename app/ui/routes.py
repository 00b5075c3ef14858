"""The browser door: one router per noun, in the order in which paths are tried."""

from fastapi import APIRouter

from app.ui import protection, welcome
from app.ui.addresses import handlers as addresses
from app.ui.balance import factors, signposts
from app.ui.balance import handlers as balance
from app.ui.commitments import acts as promise_acts
from app.ui.commitments import claims, proofs, scorecard
from app.ui.commitments import handlers as commitments
from app.ui.documents import handlers as documents
from app.ui.elsewhere import handlers as elsewhere
from app.ui.grants import handlers as grants
from app.ui.grants import pausing, receipts
from app.ui.imports import columns as import_columns
from app.ui.imports import handlers as imports
from app.ui.imports import preview as import_preview
from app.ui.imports import undo as import_undo
from app.ui.inbox import handlers as inbox
from app.ui.inbox import quiet_hours
from app.ui.items import handlers as items
from app.ui.jobs import handlers as jobs
from app.ui.ledger import handlers as ledger
from app.ui.ledger import past
from app.ui.letters import drafts as letter_drafts
from app.ui.letters import handlers as letters
from app.ui.letters import rights
from app.ui.mirror import answers as mirror_answers
from app.ui.mirror import handlers as mirror
from app.ui.nearby import devices, zones
from app.ui.nearby import handlers as nearby
from app.ui.operator import handlers as operator
from app.ui.operator import outbox
from app.ui.requests import device, my_terms, till
from app.ui.requests import handlers as requests
from app.ui.search import handlers as search
from app.ui.settings import compromised, delete_account, me, moving, reminders
from app.ui.settings import handlers as settings
from app.ui.today import first_evening
from app.ui.today import handlers as today
from app.ui.vendors import closeness, interactions, known, policies, tidying, timeline
from app.ui.vendors import handlers as vendors
from app.ui.vendors import listing as vendor_list
from app.ui.ways_in import handlers as ways_in
from app.ui.ways_in import passkeys, recovery_kit, sign_up, step_up, unlock

ROUTERS: tuple[APIRouter, ...] = (
    welcome.router,
    sign_up.router,
    recovery_kit.router,
    unlock.router,
    today.router,
    first_evening.router,
    me.router,
    settings.router,
    quiet_hours.router,
    pausing.router,
    ways_in.router,
    passkeys.router,
    step_up.router,
    compromised.router,
    moving.router,
    delete_account.router,
    operator.router,
    outbox.router,
    protection.router,
    receipts.router,
    balance.router,
    factors.router,
    signposts.router,
    jobs.router,
    search.router,
    timeline.router,
    tidying.router,
    vendor_list.router,
    vendors.router,
    interactions.router,
    known.router,
    policies.router,
    closeness.router,
    elsewhere.router,
    imports.router,
    import_columns.router,
    import_undo.router,
    import_preview.router,
    items.router,
    documents.router,
    my_terms.router,
    requests.router,
    till.router,
    device.router,
    grants.router,
    inbox.router,
    letters.router,
    letter_drafts.router,
    rights.router,
    mirror.router,
    mirror_answers.router,
    nearby.router,
    zones.router,
    devices.router,
    reminders.router,
    scorecard.router,
    commitments.router,
    proofs.router,
    claims.router,
    promise_acts.router,
    ledger.router,
    past.router,
    addresses.router,
)
