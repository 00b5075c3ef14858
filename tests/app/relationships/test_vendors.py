"""Which vendor is which, and joining two without losing a word."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.relationships.domains import host_of, mail_host, registrable
from app.relationships.joining import TooFull, fold, joined, new_items, plan
from app.relationships.vendors import ALSO_CALLED, Added, Index, added, contact_key, merge, plain_name, shown_contact
from vault.records import Contact, Field, Item, Vendor

SHOP = Vendor(name="Corner Shop", domains=("corner-shop.example",), tags=("Food",), notes="Opens at nine.", since=date(2019, 4, 30))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("shop.example", "shop.example"),
        ("accounts.shop.example", "shop.example"),
        ("a.b.shop.co.uk", "shop.co.uk"),
        ("shop.co.uk", "shop.co.uk"),
        ("www.gov.ie", "www.gov.ie"),
        ("tax.gov.ie", "tax.gov.ie"),
        ("kim.github.io", "kim.github.io"),
        ("x.kim.github.io", "kim.github.io"),
        ("co.com", "co.com"),
        ("a.shop.co.com", "shop.co.com"),
        ("help.shop.zendesk.com", "shop.zendesk.com"),
        ("zendesk.com", "zendesk.com"),
        ("shop.kawasaki.jp", "shop.kawasaki.jp"),
        ("nas", "nas"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("Shop.Example.", "shop.example"),
    ],
)
def test_registrable(host: str, name: str) -> None:
    """The registered name, as the Public Suffix List and the short list beside it have it."""
    assert registrable(host) == name


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.Shop.example:8443/a?b=c#d", "shop.example"),
        ("shop.example/path", "shop.example"),
        ("robin:secret@shop.example", "shop.example"),
        ("https://münchen.example/", "xn--mnchen-3ya.example"),
        ("http://[2001:db8::7]/", "2001:db8::7"),
        ("www.example", "www.example"),
        ("androidapp://com.example", None),
        ("https://", None),
        ("http://[", None),
        ("not a host", None),
        ("-bad.example", None),
        ("a" * 300 + ".example", None),
        ("..", None),
        ("", None),
    ],
)
def test_host_of(address: str, host: str | None) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("care@shop.example", "shop.example"),
        ("kim@gmail.com", None),
        ("kim@mail.yahoo.co.uk", None),
        ("kim", None),
        ("@shop.example", None),
        ("kim@nas", None),
    ],
)
def test_mail_host(address: str, host: str | None) -> None:
    """A mailbox that anybody can have says nothing about a vendor."""
    assert mail_host(address) == host


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Corner Shop, Ltd.", "corner shop"),
        ("Ó Sé & Sons GmbH", "o se and sons"),
        ("Ltd", "ltd"),
        ("  ", ""),
        ("Bäckerei  Öhl", "backerei ohl"),
        ("Shop Co Ltd", "shop"),
        ("★ 🍕", "★ 🍕"),
    ],
)
def test_plain_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_matching_by_domain_then_name() -> None:
    """A shared registered domain decides; a name decides only where one of the two has no domain."""
    index = Index.of([("1", "Corner Shop", ["corner-shop.example"]), ("2", "Kim Plumber", []), ("3", "Copy", ["www.corner-shop.example"])])
    assert index.match("Whatever", ["pay.corner-shop.example"]) == "1"
    assert index.match("corner shop ltd", []) == "1"
    assert index.match("Corner Shop", ["other.example"]) is None
    assert index.match("Kim Plumber", ["kim.example"]) == "2"
    assert index.match("Nobody", []) is None
    assert index.match("", []) is None


def test_merge_keeps_the_owners_words_first() -> None:
    """Single values of mine stay, lists grow at the end, notes are appended, a second name and job are kept beside."""
    mine = SHOP.model_copy(
        update={"job": "bread", "contacts": (Contact(kind="phone", value="+353 1 555"),), "fields": (Field(name="Till", value="2"),)}
    )
    incoming = Vendor(
        name="The Corner",
        domains=("corner-shop.example", "pay.corner-shop.example"),
        contacts=(Contact(kind="phone", value="+3531555", label="shop"), Contact(kind="email", value="a@corner-shop.example")),
        tags=("food", "Local"),
        notes="Closed on Mondays.",
        job="milk",
        since=date(2020, 1, 1),
        closeness="close",
        fields=(Field(name="till", value="2"), Field(name="Till", value="3")),
        customer_numbers=("C-1",),
        sources=("vcard",),
    )
    result = merge(mine, incoming)
    assert result.name == "Corner Shop"
    assert result.domains == ("corner-shop.example", "pay.corner-shop.example")
    assert result.contacts == (*mine.contacts, incoming.contacts[1])
    assert result.tags == ("Food", "Local")
    assert result.notes == "Opens at nine.\n\nClosed on Mondays.\n\nmilk"
    assert (result.job, result.since, result.closeness) == ("bread", SHOP.since, "close")
    assert result.fields == (Field(name="Till", value="2"), Field(name=ALSO_CALLED, value="The Corner"), Field(name="Till", value="3"))
    assert {gain.field for gain in added(mine, result)} == {
        "domains",
        "customer_numbers",
        "contacts",
        "closeness",
        "fields",
        "tags",
        "notes",
        "sources",
    }


def test_a_name_that_is_only_the_host_is_no_second_name() -> None:
    assert merge(SHOP, Vendor(name="corner-shop.example")).fields == ()


def test_added_names_every_field() -> None:
    """What a preview shows is exactly what would be new, in the words to be kept."""
    after = Vendor(
        name="Shop",
        job="bread",
        since=date(2020, 1, 2),
        notes="Hello",
        contacts=(Contact(kind="url", label="Home", value="https://a.example"),),
        client_ids=("a" * 32,),
    )
    assert added(Vendor(name="A"), after) == (
        Added("name", ("Shop",)),
        Added("contacts", ("Home: https://a.example",)),
        Added("since", ("2020-01-02",)),
        Added("job", ("bread",)),
        Added("notes", ("Hello",)),
        Added("client_ids", ("a" * 32,)),
    )
    assert added(after, after) == ()


def key(kind: str, value: str) -> tuple[str, str]:
    return contact_key(Contact.model_validate({"kind": kind, "value": value}))


def test_contacts_are_one_however_written() -> None:
    """Phones by what is dialled, links without the last slash, mail without case; user names exactly."""
    assert key("phone", "+353 (1) 555-0100") == key("phone", "+35315550100")
    assert key("phone", "+353 1 555;ext=7") != key("phone", "+353 1 555")
    assert key("phone", "ask Kim") != key("phone", "ask Sam")
    assert key("url", "https://a.example/") == key("url", "https://A.example")
    assert key("login", "Robin") != key("login", "robin")
    assert shown_contact(Contact(kind="phone", value="1")) == "1"


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=12)
vendors = st.builds(
    Vendor,
    name=words,
    domains=st.lists(st.sampled_from(["a.example", "b.example", "c.a.example", "shop.co.uk"]), max_size=3, unique=True).map(tuple),
    contacts=st.lists(st.builds(Contact, kind=st.sampled_from(["phone", "login", "url"]), value=words), max_size=3).map(tuple),
    notes=words,
    job=st.one_of(st.just(""), words),
    tags=st.lists(words, max_size=3).map(tuple),
    fields=st.lists(st.builds(Field, name=words, value=words), max_size=3).map(tuple),
)


@given(vendors, vendors)
def test_merging_twice_changes_nothing(mine: Vendor, incoming: Vendor) -> None:
    """The same file again adds nothing."""
    once = merge(mine, incoming)
    assert merge(once, incoming) == once


@given(vendors, vendors)
def test_merging_loses_nothing(mine: Vendor, incoming: Vendor) -> None:
    """Every value of both is in the result."""
    result = merge(mine, incoming)
    assert set(mine.domains) | set(incoming.domains) == set(result.domains)
    assert set(mine.contacts) <= set(result.contacts)
    assert {contact_key(contact) for contact in incoming.contacts} <= {contact_key(contact) for contact in result.contacts}
    assert mine.notes in result.notes
    assert incoming.notes.strip() in result.notes
    assert {tag.casefold() for tag in (*mine.tags, *incoming.tags)} == {tag.casefold() for tag in result.tags}


@given(st.lists(vendors, max_size=8))
def test_applied_once_it_is_all_there(incoming: list[Vendor]) -> None:
    """After the new vendors and the changes of a plan are applied, the same file is a plan that changes nothing."""
    there: dict[str, Vendor] = {"0": SHOP.model_copy(update={"domains": ("a.example",)})}
    for expected in (None, 0):
        staged = [(f"k{number}", one.vendor) for number, one in enumerate(fold(incoming)[0])]
        index = Index.of((key, vendor.name, vendor.domains) for key, vendor in there.items())
        made = plan(staged, index, there.__getitem__)
        assert expected is None or len(made.new) + len(made.changed) == expected
        there |= {change.known_id: change.after for change in made.changed} | {f"n{key}": vendor for key, vendor in made.new}


def test_folding_brings_one_vendor_together() -> None:
    """Several entries of one file about one vendor become one, with where they came from."""
    written = [("A", ["a.example"]), ("B", []), ("A two", ["x.a.example", "b.example"]), ("C", ["b.example"]), ("D", ["d.example"])]
    folded, left_out = fold(Vendor(name=name, domains=tuple(domains)) for name, domains in written)
    assert [(one.vendor.name, one.positions) for one in folded] == [("A", (0, 2, 3)), ("B", (1,)), ("D", (4,))]
    assert left_out == []


def test_an_entry_of_two_makes_them_one() -> None:
    """Two vendors of a file that a third entry has the domains of are one, wherever they were found first."""
    written = [("A", ["a.example"]), ("B", ["b.example"]), ("B", []), ("C", ["a.example", "b.example"]), ("B", ["b.example"]), ("B", [])]
    folded, _left_out = fold(Vendor(name=name, domains=tuple(domains)) for name, domains in written)
    assert [(one.vendor.name, one.vendor.domains, one.positions) for one in folded] == [
        ("A", ("a.example", "b.example"), (0, 1, 2, 3, 4, 5))
    ]


def test_what_does_not_fit_is_left_out_and_said() -> None:
    """A vendor that would grow past what a record holds keeps what it has."""
    full = Vendor(name="A", contacts=tuple(Contact(kind="login", value=str(number)) for number in range(200)))
    more = Vendor(name="A", contacts=(Contact(kind="login", value="more"),))
    with pytest.raises(TooFull):
        joined(full, more)
    made = plan([("k", more)], Index.of([("1", "A", [])]), lambda _key: full)
    assert ([key for key, _vendor in made.full], made.changed, made.new) == (["k"], [], [])
    folded, left_out = fold([full, more])
    assert ([one.vendor for one in folded], left_out) == ([full], [1])


def test_a_source_alone_is_no_change() -> None:
    made = plan([("k", Vendor(name="Corner Shop", sources=("chrome",)))], Index.of([("1", "Corner Shop", [])]), lambda _key: SHOP)
    assert (made.same, made.changed) == (["k"], [])


def test_items_are_the_same_by_term_and_value() -> None:
    """An item that is there, or comes twice, is added once at most."""
    mail = Item(term="pd:EmailAddress", value="a@b.example")
    phone = Item(term="pd:TelephoneNumber", value="1")
    assert new_items([("1", mail), ("2", phone), ("3", phone)], [mail]) == (["2"], ["1", "3"])
