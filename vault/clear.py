"""The CLEAR list: every column of the main database that can be read without a key. Everything else must be found nowhere.

A test holds the three lists against the tables themselves: every column stands on exactly one of them, so that a new one is
clear, sealed or hashed on purpose. THREATS.md lists the same words.
"""

from collections.abc import Mapping


def _of(table: str, columns: str) -> tuple[str, ...]:
    return tuple(f"{table}.{column}" for column in columns.split())


CLEAR: Mapping[str, tuple[str, ...]] = {
    "login name, whether operator, and when the account was made": (
        *_of("account", "account_id login operator generation slot_counter mailbox_key_id created_at"),
    ),
    "kind, number and parameters of key slots (of a passkey its id, public key and sign count), and when they were made and last used": (
        *_of("slot", "account_id slot_id kind version generation parameters sign_count created_at last_used_at"),
    ),
    "public mailbox keys and their times": (*_of("mailbox_key", "account_id key_id public created_at retired_at"),),
    "that the account key was replaced, when, and how far sealing everything again has got": (
        *_of("retired_key", "account_id generation retired_at"),
        *_of("resealing", "account_id holding behind done total damaged started_at"),
    ),
    "number, kind and times of records": (
        *_of("record", "account_id record_id kind segment import_id schema_version generation created_at updated_at"),
        *_of("segment", "account_id kind number count generation"),
    ),
    "documents: on which record, when, and how many pieces of 64 KiB": (
        *_of("attachment", "account_id record_id attachment_id generation created_at"),
        *_of("attachment_chunk", "account_id record_id attachment_id number last generation"),
    ),
    "clients: what they registered about themselves": (
        *_of(
            "client",
            "client_id name metadata_json auth_method created_at deleted_at previous_webhook_until webhook_disabled_at events_told",
        ),
        *_of("client_token", "client_id expires_at"),
        *_of("key_succession", "client_id to_kid from_kid statement at"),
    ),
    "which client holds which grant and its terms, and every request, receipt and relationship": (
        *_of("relationship", "account_id client_id subject known_at created_at"),
        *_of("relationship_key", "account_id client_id kid public valid_from valid_until"),
        *_of("succession", "account_id client_id kid previous_kid public statement not_before"),
        *_of(
            "request",
            "account_id request_id client_id address_id state details client_reference grant_id created_at expires_at decided_at "
            "counter_offer countered_at",
        ),
        *_of(
            "grant",
            "account_id grant_id client_id request_id status terms client_reference given_at expires_at changed_at proviso suspended_for "
            "suspended_from",
        ),
        *_of("foreseen", "account_id grant_id reason due_at"),
        *_of("receipt", "account_id receipt_id request_id grant_id jws created_at"),
        *_of("grant_token", "account_id grant_id client_id created_at gone_at"),
        *_of(
            "device_code",
            "client_id request_id account_id claimable details client_reference grant_id created_at expires_at interval "
            "last_polled_at redeemed_at",
        ),
    ),
    "who may ask the owner at all, and since when everything is paused": (*_of("gate", "account_id may_ask paused_at"),),
    "events told to clients (ids only), and every try of delivering one": (
        *_of(
            "event", "client_id event_id account_id grant_id type data at number due_at attempts leased_until lease leaving_until outcome"
        ),
        *_of("delivery", "client_id delivery_id event_id type attempt at outcome status milliseconds next_at"),
    ),
    "areas and times of location offers (the client's words), and when a code was redeemed": (
        *_of("offer", "account_id message_id grant_id west south east north area valid_from valid_until"),
        *_of("redemption", "account_id message_id client_id redeemed_at"),
    ),
    "how many location offers reached the owner on which day, not which": (
        *_of("offer_match", "account_id match_id day"),
        *_of("offer_marker", "account_id day"),
    ),
    "that private zones can be kept, and devices of the owner's own: their kind and when they were added": (
        *_of("zones", "account_id"),
        *_of("device", "account_id device_id kind created_at"),
    ),
    "that there is a calendar link, and since when": (*_of("calendar", "account_id created_at"),),
    "reminders by mail: that they are asked for, when the next one goes (to the hour), and when and how the last one went": (
        *_of(
            "mail_reminder",
            "account_id confirmed_at code_until code_tries next_at attempts leased_until lease outcome tried_at sent_at",
        ),
    ),
    "which client can fetch data by which grant, under which key of its own, since when, and when it did": (
        *_of("recipient", "account_id grant_id client_id kid jwk since"),
        *_of("release", "account_id grant_id client_id client_kid etag sealed_at"),
        *_of("release_fetch", "account_id fetch_id grant_id etag fetched_at"),
    ),
    "number and times of letters, answers to them and versions of what a client holds": (
        *_of("letter", "account_id letter_id grant_id client_id sent_at"),
        *_of("letter_answer", "account_id answer_id letter_id client_id received_at"),
        *_of("crm_record", "account_id grant_id version client_id received_at"),
    ),
    "contact links: that there are some, and their times": (*_of("address", "account_id address_id created_at expires_at closed_at"),),
    "invitations and their times": (*_of("invitation", "kind operator created_at expires_at used_at"),),
    "kind, purpose, channel and times of messages": (
        *_of("message", "account_id message_id grant_id client_id kind purpose channel accepted_at valid_until taken_back_at"),
    ),
    "per commitment its state, grant, remedy period and due instants, and when it was made, reported, broken or past its remedy": (
        *_of(
            "commitment_clock",
            "account_id commitment_id state grant_id remedy_seconds in_return due_at next_due_at noticed_at broken_at stopped_at lapsed_at "
            "ahead_at",
        ),
        *_of("pledge", "account_id commitment_id grant_id client_id made_at"),
        *_of("pledge_report", "account_id report_id commitment_id client_id kind reported_at"),
    ),
    "answers given to a client's repeated calls, for 24 hours": (*_of("idempotent_answer", "caller route status answer created_at"),),
    "ledger times, types and actors; refusals counted by reason and hour": (
        *_of("ledger_head", "account_id ledger_id size"),
        *_of("ledger_entry", "account_id seq version at type actor"),
        *_of("refusal_count", "account_id grant_id reason hour repeats"),
    ),
    "acts of the operator": (
        *_of("instance_head", "ledger_id size"),
        *_of("instance_entry", "seq at type actor details"),
    ),
}

# Opens with the owner's key, or (what serves clients while owners are away) with the instance's.
SEALED = frozenset(
    (
        *_of("attachment", "sealed"),
        *_of("attachment_chunk", "sealed"),
        *_of("calendar", "projection sealed"),
        *_of("client", "previous_webhook_secret webhook_secret"),
        *_of("crm_record", "sealed"),
        *_of("device", "label wrapped"),
        *_of("ledger_entry", "sealed"),
        *_of("letter", "jwe"),
        *_of("letter_answer", "sealed"),
        *_of("mail_reminder", "wrapped"),
        *_of("mailbox_key", "sealed"),
        *_of("message", "sealed"),
        *_of("offer", "sealed"),
        *_of("offer_match", "sealed"),
        *_of("pledge", "sealed"),
        *_of("pledge_report", "sealed"),
        *_of("receipt", "opening"),
        *_of("record", "sealed"),
        *_of("relationship_key", "sealed"),
        *_of("release", "sealed"),
        *_of("retired_key", "sealed"),
        *_of("segment", "sealed"),
        *_of("slot", "label wrapped"),
        *_of("succession", "sealed"),
        *_of("zones", "projection sealed"),
    )
)

# Hashes, MACs and salted commitments: a guess can be tried against them, and that is all. What they hash is random, but for
# a passphrase (each guess costs an Argon2id), a user code (ten minutes old at most) and values that stand in the clear anyway.
HASHED = frozenset(
    (
        *_of("account", "slot_mac"),
        *_of("address", "handle_hash initial_token_hash"),
        *_of("calendar", "made_from secret_hash"),
        *_of("client", "registration_token_hash secret_hash"),
        *_of("client_token", "token_hash"),
        *_of("device", "token_hash"),
        *_of("device_code", "code_hash user_code_hash"),
        *_of("grant", "terms_sha256"),
        *_of("grant_token", "token_hash"),
        *_of("idempotent_answer", "body_hash key_hash"),
        *_of("instance_entry", "hash previous"),
        *_of("instance_head", "head"),
        *_of("invitation", "token_hash"),
        *_of("ledger_entry", "commitment hash previous"),
        *_of("ledger_head", "head"),
        *_of("mail_reminder", "made_from"),
        *_of("mailbox_key", "mac"),
        *_of("offer_marker", "marker"),
        *_of("redemption", "code_hash"),
        *_of("slot", "commitment"),
    )
)
