"""Documents of an item and of a company: attached, opened, saved, removed."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from sqlmodel import func, select

from app import clock
from app.auth.upload_stream import AROUND
from app.ui.documents.handlers import disposition
from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.factories import make_account
from tests.instances import Instance
from vault.attachments import CHUNK, LIMIT, Attachment, AttachmentChunk
from vault.records import Commitment, Item, Vendor

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 600
NAMES = ("items", "vendors")


@pytest.fixture
def holders(instance: Instance, opened: Opened) -> dict[str, str]:
    """The pages of an item and of a company."""
    item, vendor = keep(instance, opened, Item(term="pd:Name", value="Robin"), Vendor(name="Corner Shop"))
    return {"items": f"/items/{item}", "vendors": f"/vendors/{vendor}"}


def attach(robin: Browsing, holder: str, data: bytes = PNG, name: str = "meter & me.png") -> str:
    """Attach a file; the path of the document."""
    robin.get(holder)
    answer = robin.post(f"{holder}/documents", files={"file": (name, data, "text/html")})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{holder}?done=document-kept#documents")
    shown = re.escape(name.replace("&", "&amp;"))
    (href,) = re.findall(rf'href="({holder}/documents/[0-9a-f]+)(?:\?save=1)?">{shown}', robin.get(holder).text)
    return str(href)


def counts(instance: Instance) -> tuple[int, int]:
    with instance.stores.main.reading() as db:
        documents, chunks = (db.exec(select(func.count()).select_from(table)).one() for table in (Attachment, AttachmentChunk))
    return documents, chunks


@pytest.mark.parametrize("noun", NAMES)
def test_attached_listed_opened_and_removed(instance: Instance, robin: Browsing, holders: dict[str, str], noun: str) -> None:
    """Its name, type and size are on the page; it opens as it was; it goes with every piece."""
    holder = holders[noun]
    assert "A contract, a receipt" in robin.get(holder).text
    href = attach(robin, holder)
    page = unescape(robin.get(f"{holder}?done=document-kept").text)
    assert "Document attached." in page
    assert "meter & me.png" in page
    assert "picture (PNG), 150 KB" in " ".join(re.sub(r"<[^>]+>", "", page).split())
    assert counts(instance) == (1, -(-len(PNG) // CHUNK))
    answer = robin.get(href)
    assert answer.content == PNG
    assert "meter & me.png" in unescape(robin.get(f"{href}/remove").text)
    assert "Document removed for good." in robin.post(f"{href}/remove", follow=True).text
    assert counts(instance) == (0, 0)
    assert {robin.get(href).status_code, robin.get(f"{href}/remove").status_code, robin.post(f"{href}/remove").status_code} == {404}


def test_it_goes_with_its_record(instance: Instance, robin: Browsing, holders: dict[str, str]) -> None:
    for holder in holders.values():
        attach(robin, holder)
    assert "Its 1 document goes with it." in robin.get(f"{holders['items']}/remove").text
    assert "1 document</li>" in robin.get(f"{holders['vendors']}/remove").text
    for holder in holders.values():
        assert robin.post(f"{holder}/remove").status_code == 303
    assert counts(instance) == (0, 0)


@pytest.mark.parametrize(
    ("data", "kind", "inline"),
    [
        (PNG, "image/png", True),
        (b"%PDF-1.7", "application/pdf", True),
        (b"<script>alert(1)</script>", "text/plain; charset=utf-8", True),
        (b"PK\x03\x04" + bytes(30), "application/zip", False),
        (b"\0\1", "application/octet-stream", False),
    ],
)
def test_shown_or_saved_by_its_bytes(robin: Browsing, holders: dict[str, str], data: bytes, kind: str, inline: bool) -> None:
    """The name and what the browser says of it count for nothing; what is shown may load and run nothing."""
    href = attach(robin, holders["items"], data, "page.html")
    answer, saved = robin.get(href), robin.get(f"{href}?save=1")
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith("inline;" if inline else "attachment;")
    assert saved.headers["content-disposition"].startswith("attachment;")
    for one in (answer, saved):
        assert one.content == data
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["cache-control"] == "no-store"
        assert {"sandbox", "default-src 'none'"} <= set(one.headers["content-security-policy"].split("; "))


def test_the_name_in_the_header() -> None:
    """RFC 6266: old programs read ASCII, all others the name as it is; no name ends the header or begins another."""
    assert disposition('a "b"\\c%.pdf', inline=True) == "inline; filename=\"a _b__c_.pdf\"; filename*=UTF-8''a%20%22b%22%5Cc%25.pdf"
    assert disposition("Zähler ☕\r\n.jpg", inline=False) == (
        "attachment; filename=\"Z_hler ___.jpg\"; filename*=UTF-8''Z%C3%A4hler%20%E2%98%95%0D%0A.jpg"
    )


@pytest.mark.parametrize("noun", NAMES)
def test_a_file_that_is_not_taken(instance: Instance, robin: Browsing, holders: dict[str, str], noun: str) -> None:
    """No file, not a form with a file, too large: said beside the field, nothing kept."""
    path = f"{holders[noun]}/documents"
    robin.get(holders[noun])
    # As a browser sends it; the test client leaves an empty name out.
    parts = (f'name="csrf"\r\n\r\n{robin.csrf}', 'name="file"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n')
    body = "".join(f"--B\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--B--\r\n"
    headers = {"origin": str(robin.client.base_url).rstrip("/"), "content-type": "multipart/form-data; boundary=B"}
    nothing = robin.client.post(path, content=body.encode(), headers=headers)
    broken = robin.post(path, {"file": "no file"})
    large = robin.post(path, files={"file": ("a", bytes(LIMIT + AROUND), "text/plain")})
    edge = robin.post(path, files={"file": ("a", bytes(LIMIT + 1), "text/plain")})
    assert [one.status_code for one in (nothing, broken, large, edge)] == [422, 400, 413, 413]
    for answer, words in (
        (nothing, "Choose a file first."),
        (broken, "did not arrive whole"),
        (large, "at most 25 MB"),
        (edge, "at most 25 MB"),
    ):
        assert words in answer.text
        assert 'href="#f-file"' in answer.text
    assert counts(instance) == (0, 0)


def test_evidence_that_is_not_taken_keeps_what_it_shows(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """The form comes back with its words, and takes them with the next file; what is no promise has no such field."""
    (vendor_id,) = keep(instance, opened, Vendor(name="Corner Shop"))
    promise = Commitment(vendor_id=vendor_id, promise="Bread", source="contract", due_date=clock.now().date(), time_zone="UTC", events=())
    (promise_id,) = keep(instance, opened, promise)
    here = f"/commitments/{promise_id}/documents"
    robin.get(f"/commitments/{promise_id}")
    parts = (f'name="csrf"\r\n\r\n{robin.csrf}', 'name="shows"\r\n\r\nthe <date>', 'name="file"; filename=""\r\n\r\n')
    body = "".join(f"--B\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--B--\r\n"
    headers = {"origin": str(robin.client.base_url).rstrip("/"), "content-type": "multipart/form-data; boundary=B"}
    answer = robin.client.post(here, content=body.encode(), headers=headers)
    assert answer.status_code == 422 and 'name="shows"' in answer.text and 'value="the &lt;date&gt;"' in answer.text
    assert robin.post(here, {"shows": "the <date>"}, files={"file": ("a.txt", b"x", "text/plain")}).status_code == 303
    assert "shows: the &lt;date&gt;" in robin.get(f"/commitments/{promise_id}").text
    refused = robin.client.post(f"/vendors/{vendor_id}/documents", content=body.encode(), headers=headers)
    assert refused.status_code == 422 and 'name="shows"' not in refused.text


def test_a_forged_form_leaves_nothing(instance: Instance, robin: Browsing, holders: dict[str, str]) -> None:
    """Neither without the token, nor with another's, nor from another page."""
    path = f"{holders['items']}/documents"
    for csrf in ("", "another's"):
        assert robin.post(path, {"csrf": csrf}, files={"file": ("a", b"x", "text/plain")}).status_code == 403
    robin.get(holders["items"])
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = robin.client.post(path, data={"csrf": robin.csrf}, files={"file": ("a", b"x")}, headers=foreign)
    assert answer.status_code == 403
    assert counts(instance) == (0, 0)


def test_the_largest_document(robin: Browsing, holders: dict[str, str]) -> None:
    """25 MiB to the byte."""
    data = bytes(range(256)) * (LIMIT // 256)
    href = attach(robin, holders["items"], data, "whole.bin")
    assert robin.get(href).content == data


@pytest.mark.parametrize("noun", NAMES)
def test_anothers_documents_are_not_there(
    instance: Instance, robin: Browsing, holders: dict[str, str], new_browser: Callable[[], Browsing], noun: str
) -> None:
    """Nor under another record of one's own."""
    href = attach(robin, holders[noun])
    other = holders[NAMES[1 - NAMES.index(noun)]]
    assert robin.get(f"{other}/documents/{href.rsplit('/', 1)[1]}").status_code == 404
    make_account(instance.stores, "sam")
    sam = new_browser().unlock("sam")
    assert {sam.get(href).status_code, sam.get(f"{href}/remove").status_code, sam.post(f"{href}/remove").status_code} == {404}
    assert sam.post(f"{holders[noun]}/documents", files={"file": ("a", b"x", "text/plain")}).status_code == 404
    assert counts(instance)[0] == 1
