"""Which of the owner's items a company may fetch: chosen with the permission, shown and changed on its page.

Nothing is ticked beforehand. Where one item alone is of the kind that is granted, granting the line is the choice; where
several are, the owner says which.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from app.auth.catching_up import hand_of
from app.auth.form import Form
from app.auth.owner import Owner
from app.exchange import releases, sealing_keys
from app.i18n import _
from app.tables import Client, Release, ReleaseFetch
from app.ui.forms import FormErrors
from app.ui.requests import terms_in_words as words
from app.ui.requests.terms_in_words import Fact
from app.ui.vendors.words import plain
from app.ui.view import view
from consent import grants
from consent.store import Grant
from consent.terms import Terms
from vault import store
from vault.records import Item, ReleaseRecord, Revealed
from vault.store import Opened

FIELD = "items"
SHORT = 120


@view
class Choice:
    """The owner's items of one granted kind: (id, words) of each, and which are chosen. `alone`: there is but one, so that the
    tick of the line says it; `first`: the first choice of the page, to which a complaint leads."""

    term: str
    words: str
    options: tuple[tuple[str, str], ...]
    chosen: frozenset[str]
    alone: bool
    first: bool


@view
class FetchRow:
    """One fetch: when, and what was in it."""

    at: datetime
    contents: tuple[Fact, ...]


@view
class KeyNotice:
    """That their key is another now. `may_accept`: the key before vouches for it, so that one tap lets it follow."""

    text: str
    may_accept: bool


@view
class ReleaseInWords:
    """What a permission releases, as its page shows it. `sealed_at` is None when nothing lies there to be fetched."""

    contents: tuple[Fact, ...]
    sealed_at: datetime | None
    choices: tuple[Choice, ...]
    fetches: tuple[FetchRow, ...]
    key: KeyNotice | None
    why_nothing: str
    may_choose: bool


def on_request(owner: Owner, terms: Terms, form: Form, *, before: Grant | None = None) -> tuple[Choice, ...]:
    """The choices of a request: one for each kind of data that any of its lines would read."""
    return _choices(owner, sorted(releases.readable(terms)), frozenset(form.getlist(FIELD)) or _chosen(owner, before))


def choose(owner: Owner, granted: Terms, form: Form, errors: FormErrors) -> tuple[str, ...]:
    """The items that go with what is granted. A kind of which there are several and none is chosen is a fault of the form."""
    picked, found = set(form.getlist(FIELD)), list[str]()
    for term in sorted(releases.readable(granted)):
        fitting = [one.record_id for one in _items(owner, term)]
        mine = fitting if len(fitting) == 1 else [item_id for item_id in fitting if item_id in picked]
        if fitting and not mine:
            missing = _("You have several of “%(kind)s”. Tick which of them they may fetch, or keep this kind to yourself.")
            errors.add(FIELD, missing % {"kind": words.data(term)})
        found += mine
    return tuple(found)


def refuse_without_key(owner: Owner, granted: Terms | None, client: Client, errors: FormErrors) -> None:
    """A fault of the form where data would be granted to a client that has no key by now."""
    if granted is None or not releases.readable(granted) or sealing_keys.of_client(owner.stores.state, client, now=owner.now):
        return
    gone = _("Their system has no key any more to which your data could be sealed.")
    errors.add("", f"{gone} {_('Leave out the lines that read data, or decline.')}")


def release(owner: Owner, grant: Grant, client: Client, items: Sequence[str], *, told: bool = False) -> None:
    """Seal what was chosen, to the client's key of this moment: giving a permission is agreeing to that key."""
    key = sealing_keys.of_client(owner.stores.state, client, now=owner.now)
    if key is not None:
        sealing_keys.settle(owner.db, grant, key, now=owner.now)
    releases.choose(hand_of(owner), grant, items, told=told)


def choose_again(owner: Owner, grant: Grant, client: Client, form: Form) -> None:
    """On the permission's page: exactly what is ticked there, from now on. The key stays the one that the owner knows."""
    allowed = {one.record_id for term in releases.readable(grants.standing(grant).terms) for one in _items(owner, term)}
    items = [item_id for item_id in form.getlist(FIELD) if item_id in allowed]
    if sealing_keys.of_grant(owner.db, grant) is None:
        release(owner, grant, client, items, told=True)
    else:
        releases.choose(hand_of(owner), grant, items, told=True)


def in_words(owner: Owner, grant: Grant, client: Client | None) -> ReleaseInWords | None:
    """What a permission releases and released; None for one that never had to do with data."""
    terms = sorted(releases.readable(grants.standing(grant).terms))
    record = releases.record_of(owner.db, owner.keyring, grant.grant_id)
    rows = list(releases.fetches(owner.db, owner.account_id, grant.grant_id))
    if not terms and not rows:
        return None
    live = grant.status in grants.LIVE and owner.now < grant.expires_at
    there = owner.db.get(Release, (owner.account_id, grant.grant_id))
    last = releases.current(record) if record and there else None
    chosen = frozenset(record.item_ids if record else ())
    choices = _choices(owner, terms, chosen)
    return ReleaseInWords(
        contents=tuple(_fact(owner, one) for one in last.contents) if last else (),
        sealed_at=last.sealed_at if last else None,
        choices=choices,
        fetches=_fetches(owner, record, rows),
        key=_key_notice(owner, grant, client) if live else None,
        why_nothing=_why_nothing(owner, grant, client, choices) if live and not last else "",
        may_choose=live and any(choice.options for choice in choices),
    )


def unchosen(owner: Owner, rows: Iterable[Grant]) -> list[Grant]:
    """Of these live permissions those that let data be read of which the owner has some, and has not said which."""
    kinds = {str(one.values["term"]) for one in owner.digests(Item)}
    settled = {str(one.values["grant_id"]) for one in owner.digests(ReleaseRecord)}
    return [row for row in rows if row.grant_id not in settled and releases.readable(grants.standing(row).terms) & kinds]


def fetched_of_item(owner: Owner, item_id: str) -> list[tuple[ReleaseRecord, Revealed, ReleaseFetch]]:
    """Every fetch of one item, the latest first: by which release, which value of it, when."""
    found = []
    for opened in store.all_of(owner.db, owner.keyring, ReleaseRecord):
        record = opened.fields
        by_etag = {version.etag: one for version in record.versions for one in version.contents if one.item_id == item_id}
        rows = releases.fetches(owner.db, owner.account_id, record.grant_id) if by_etag else ()
        found += [(record, by_etag[row.etag], row) for row in rows if row.etag in by_etag]
    return sorted(found, key=lambda one: one[2].fetched_at, reverse=True)


def _chosen(owner: Owner, grant: Grant | None) -> frozenset[str]:
    """What stands already, where a permission is changed: no box is ticked that the owner had not ticked."""
    record = releases.record_of(owner.db, owner.keyring, grant.grant_id) if grant else None
    return frozenset(record.item_ids if record else ())


def _choices(owner: Owner, terms: Iterable[str], chosen: frozenset[str]) -> tuple[Choice, ...]:
    made: list[Choice] = []
    for term in terms:
        options = tuple((one.record_id, _label(one)) for one in _items(owner, term))
        asks = len(options) > 1 and not any(choice.first for choice in made)
        made.append(Choice(term, words.data(term), options, chosen & {value for value, _text in options}, len(options) == 1, asks))
    return tuple(made)


def _items(owner: Owner, term: str) -> list[Opened[Item]]:
    ids = [one.record_id for one in owner.digests(Item) if one.values["term"] == term]
    found = (store.get(owner.db, owner.keyring, Item, item_id) for item_id in ids)
    return sorted((one for one in found if one is not None), key=lambda one: (one.fields.label.casefold(), one.fields.value, one.record_id))


def _label(one: Opened[Item]) -> str:
    value = " ".join(plain(one.fields.value).split())
    value = value if len(value) <= SHORT else value[: SHORT - 1] + "…"
    return f"{one.fields.label}: {value}" if one.fields.label else value


def _fetches(owner: Owner, record: ReleaseRecord | None, rows: Sequence[ReleaseFetch]) -> tuple[FetchRow, ...]:
    by_etag: Mapping[str, tuple[Revealed, ...]] = {one.etag: one.contents for one in record.versions} if record else {}
    return tuple(FetchRow(row.fetched_at, tuple(_fact(owner, one) for one in by_etag.get(row.etag, ()))) for row in rows)


def _fact(owner: Owner, one: Revealed) -> Fact:
    """One revealed item in words: its value as it was in that version, where the owner still has it."""
    opened = store.get(owner.db, owner.keyring, Item, one.item_id)
    return Fact(one.term, words.data(one.term), value_of(opened, one) if opened else _("an item that you have removed since"))


def value_of(opened: Opened[Item], one: Revealed) -> str:
    """The value that an item had in a release."""
    began = opened.created_at
    for past in opened.fields.previous:
        if began == one.since:
            return past.value
        began = past.until
    return opened.fields.value if began == one.since else _("a value that you no longer keep")


def _key_notice(owner: Owner, grant: Grant, client: Client | None) -> KeyNotice | None:
    present = sealing_keys.of_client(owner.stores.state, client, now=owner.now) if client and client.deleted_at is None else None
    change = sealing_keys.changed(owner.db, grant, present)
    if change is None:
        return None
    if change.present is None:
        gone = _("Their system has no key any more. What you release stays sealed to the one that you agreed to.")
        return KeyNotice(gone, may_accept=False)
    if change.signed:
        vouched = _("Their system has a new key, and the one that you agreed to vouches for it.")
        return KeyNotice(f"{vouched} {_('Until you let it follow, your data stays sealed to the old one.')}", may_accept=True)
    strange = _("Their system has another key, and nothing vouches for it.")
    text = f"{strange} {_('Your data stays sealed to the one that you agreed to; to use the new one they must ask you again.')}"
    return KeyNotice(text, may_accept=False)


def _why_nothing(owner: Owner, grant: Grant, client: Client | None, choices: Sequence[Choice]) -> str:
    if not any(choice.options for choice in choices):
        return _("You have nothing of these kinds here. When you add something, come back and choose it.")
    if sealing_keys.of_grant(owner.db, grant) is None and (
        client is None or sealing_keys.of_client(owner.stores.state, client, now=owner.now) is None
    ):
        return _("Their system has no key to which your data could be sealed.")
    return _("You have chosen nothing yet.")
