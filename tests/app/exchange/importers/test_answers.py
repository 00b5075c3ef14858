"""An answer to an access request as a file: any JSON, any table; what its columns may be, what comes of them, what is refused."""

import json
import tracemalloc
from datetime import UTC, datetime

import pytest

from app.exchange.importers import answers
from app.exchange.importers.reading import ImportRefused
from vault.records import Held, Sheet

WAITS = Held(vendor_id="a" * 32, version=1, received_at=datetime(2026, 11, 3, tzinfo=UTC), waiting=True)
PROFILE = {
    "customer": {"fullName": "Robin Doe", "e-mail": "robin@home.example", "password": "hunter2", "newsletter": True, "fax": None},
    "segments": ["price sensitive", "cat people"],
    "scores": [{"name": "Churn", "value": 0.7, "meaning": "of 1"}],
    "facts": [
        {"attribute": "Household", "value": 2, "basis": "derived", "obtained_from": "orders", "collected_at": "2026-05-03T10:00:00Z"},
        {"attribute": "Car", "value": "none", "basis": "partner data", "collected_at": "May"},
        {"attribute": "Nothing", "value": ""},
    ],
    "orders": [{"item": "Cat food", "at": "2026-03-01", "notes": [{"by": "them"}]}, {"item": "Cat food", "at": "2026-04-01"}],
}


def read(said: object) -> tuple[Sheet, Held]:
    sheet = answers.read(json.dumps(said).encode(), "answer.json")
    return sheet, answers.understood(sheet, answers.guess(sheet.names), held=WAITS)


def test_json_of_any_shape_is_understood_by_its_names() -> None:
    """Facts, lists of facts with how they came by them, groups, figures; a password is not even kept in the sheet."""
    sheet, held = read(PROFILE)
    facts = {(one.name, one.value): (one.basis, one.term, one.source) for one in held.fields}
    assert facts["fullName", "Robin Doe"] == ("unsaid", "pd:Name", "")
    assert facts["e-mail", "robin@home.example"][1] == "pd:EmailAddress" and facts["newsletter", "true"][0] == "unsaid"
    assert facts["Household", "2"] == ("inferred", "", "orders") and facts["Car", "none"][0] == "bought"
    assert [one.collected_at is not None for one in held.fields if one.name in {"Household", "Car"}] == [True, False]
    assert held.segments == ("price sensitive", "cat people")
    assert [(one.name, one.value, one.meaning) for one in held.scores] == [("Churn", "0.7", "of 1")]
    assert ("item", "Cat food") in facts and ("by", "them") in facts and ("Nothing", "") not in facts
    assert "hunter2" not in sheet.model_dump_json() and not held.waiting and held.sheet is not None
    assert held.sheet.meanings == answers.guess(sheet.names)


def test_a_table_is_understood_as_the_owner_says() -> None:
    """Columns left out are not told; a column may be what they saw, concluded or bought, and of a kind."""
    sheet = answers.read(b"K1;K2;K3;K4;PIN;\nrobin@home.example;often;rich;buyer;1234;x\n", "table.csv")
    assert sheet.names == ("K1", "K2", "K3", "K4", "PIN", "#6") and sheet.rows[0][4] == ""
    held = answers.understood(sheet, ("pd:EmailAddress", "observed", "inferred", "segment", "", ""), held=WAITS)
    assert [(one.name, one.basis, one.term) for one in held.fields] == [
        ("K1", "unsaid", "pd:EmailAddress"), ("K2", "observed", ""), ("K3", "inferred", ""),
    ]  # fmt: skip
    assert held.segments == ("buyer",)
    long = answers.read(b"field,value,source,date\nStreet,7 Harbour Row,an order,2026-05-03\n,lost,,\n", "long.csv")
    (fact,) = answers.understood(long, answers.guess(long.names), held=WAITS).fields
    assert (fact.name, fact.value, fact.source, fact.collected_at) == (
        "Street",
        "7 Harbour Row",
        "an order",
        datetime(2026, 5, 3, tzinfo=UTC),
    )


def test_guesses() -> None:
    assert answers.guess(["user.churn_score", "Zielgruppe", "audience", "api_key", "shoe size", "phone"]) == (
        "score", "fact", "segment", "", "fact", "pd:TelephoneNumber",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"[]", "empty"),
        (b'{"a": ', "json"),
        (b"[" * 60 + b"1" + b"]" * 60, "json"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "json"),
        (b"%PDF-1.7", "binary"),
        (b'["\xff"]', "encoding"),
        (json.dumps({f"k{number}": 1 for number in range(201)}).encode(), "csv_columns"),
        (json.dumps(list(range(2001))).encode(), "too_many"),
        (json.dumps(["x" * 20_001]).encode(), "value_too_long"),
        (b"x" * (answers.LIMIT + 1), "too_large"),
    ],
)
def test_one_fault_one_refusal(data: bytes, code: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        answers.read(data, "x.json")
    assert refused.value.code == code


def test_more_groups_than_a_record_holds_are_refused() -> None:
    sheet = answers.read(json.dumps({"segments": [f"group {number}" for number in range(101)]}).encode(), "x.json")
    with pytest.raises(ImportRefused) as refused:
        answers.understood(sheet, ("segment",), held=WAITS)
    assert refused.value.code == "too_many"


def test_names_that_are_too_long_are_cut_and_empty_ones_named() -> None:
    sheet = answers.read(json.dumps({"x" * 300: 1, "": 2}).encode(), "x" * 300 + ".json")
    held = answers.understood(sheet, ("fact", "fact"), held=WAITS)
    assert [len(one.name) for one in held.fields] == [200, 5] and len(sheet.file_name) == 200


def test_long_keys_that_begin_alike_stay_apart_and_a_secret_at_their_end_is_seen() -> None:
    long = "x" * 300
    sheet = answers.read(json.dumps({f"{long}a": "one", f"{long}b": "two", f"{long} password": "hunter2"}).encode(), "x.json")
    assert len(set(sheet.names)) == 2 and all(len(name) <= 200 for name in sheet.names) and sheet.rows == (("one", "two"),)


def test_a_key_is_cut_wherever_it_stands() -> None:
    """What one key says in 20 000 characters was copied into each of 2000 rows: seconds, for 26 KB."""
    sheet = answers.read(json.dumps({"k" * 20_000: [1] * 2000}).encode(), "x.json")
    assert sheet.names[0].endswith("k…[]") and len(sheet.names[0]) == 200 and len(sheet.rows) == 2000
    layout = answers._Layout()
    assert list(layout.laid_out({"k" * 20_000: [1, 2]}, answers._ROOT)) == [{0: "1"}, {0: "2"}]
    assert [len(path) for path in layout.columns] == [answers.KEY + 2]


@pytest.mark.parametrize(("value", "kept"), [([1] * 1_000_000, 2000), ({"a": [{"b": 1}, {"c": 1}] * 1_000_000}, 2000)])
def test_reading_ends_with_the_first_row_too_many(value: object, kept: int) -> None:
    layout = answers._Layout()
    with pytest.raises(ImportRefused) as refused:
        for row in layout.laid_out(value, answers._ROOT):
            layout.keep(row)
    assert refused.value.code == "too_many" and len(layout.rows) == kept and layout._seen < 3 * answers.ROWS


@pytest.mark.parametrize(
    ("value", "code", "seen"),
    [
        ({f"k{number}": 1 for number in range(100_000)}, "csv_columns", answers.COLUMNS + 5),
        ({f"k{number}": [None] for number in range(100_000)}, "csv_columns", answers.KEYS + 5),
        ([[]] * 1_300_000, "too_many", answers.LOOKED_AT + 1),
        ([None] * 1_300_000, "too_many", answers.LOOKED_AT + 1),
    ],
)
def test_reading_ends_with_the_first_column_key_or_value_too_many(value: object, code: str, seen: int) -> None:
    layout = answers._Layout()
    with pytest.raises(ImportRefused) as refused:
        for row in layout.laid_out(value, answers._ROOT):
            layout.keep(row)
    assert refused.value.code == code and layout._seen <= seen


def test_many_long_keys_within_each_other_are_refused_before_they_take_memory() -> None:
    data = ("".join(f'{{"{number:020000}":' for number in range(31)) + "[1, 2]" + "}" * 31).encode()
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused) as refused:
            answers.read(data, "x.json")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code == "value_too_long" and peak < 10 * len(data)


def test_a_wide_and_long_answer_keeps_no_path_in_each_row() -> None:
    """Every row under five long keys: a path is kept once."""
    value: object = [{f"k{number}": 1 for number in range(100)}] * 1000
    for number in range(4):
        value = {f"{number}" * 200: value}
    layout = answers._Layout()
    for row in layout.laid_out(value, answers._ROOT):
        layout.keep(row)
    assert len(layout.rows) == 1000 and all(set(row) == set(range(100)) for row in layout.rows) and max(map(len, layout.columns)) > 800


def test_a_table_ends_with_the_first_row_too_many() -> None:
    with pytest.raises(ImportRefused) as refused:
        answers.read(b"a,b\n" + b"1,2\n" * 2000 + b'"never closed', "x.csv")
    assert refused.value.code == "csv_quotes"
    with pytest.raises(ImportRefused) as refused:
        answers.read(b"a,b\n" + b"1,2\n" * 2001 + b'"never closed', "x.csv")
    assert (refused.value.code, refused.value.what) == ("too_many", "2000")
