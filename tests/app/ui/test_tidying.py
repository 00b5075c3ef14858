"""Ten companies at a time, each with what it is for and how close it may come."""

import re

from tests.app.ui.keeping import Opened, keep
from tests.browsing import Browsing
from tests.instances import Instance
from vault import store
from vault.records import Vendor

HERE = "/vendors/tidy"


def test_ten_companies_are_tidied_by_one_press(instance: Instance, opened: Opened, robin: Browsing) -> None:
    """What was said is kept, the others of the page become just service when that is what was pressed; the rest waits."""
    keep(instance, opened, *(Vendor(name=f"Company {number:02}", notes="mine", domains=("a.example",)) for number in range(12)))
    keep(instance, opened, Vendor(name="A friend", closeness="close"))
    page = robin.get(HERE).text
    first, second, *others = re.findall(r'name="vendor" value="([0-9a-f]{32})"', page)
    assert len(others) == 8 and "2 more wait" in page and "A friend" not in page
    assert robin.submit(HERE, {f"closeness-{first}": "dearest"}).status_code == 422
    answer = robin.submit(HERE, {f"job-{second}": "x" * 1001, f"closeness-{first}": "close"})
    assert answer.status_code == 422 and '<option value="close" selected>' in answer.text
    said = {f"closeness-{first}": "arms_length", f"job-{second}": "Light and heat"}
    assert robin.submit(HERE, said).headers["location"] == f"{HERE}?done=tidied"
    assert said_of(instance, opened, first) == ("arms_length", "", "mine")
    assert said_of(instance, opened, second) == ("unsaid", "Light and heat", "mine")
    for where in (f"{HERE}?done=tidied", "/vendors?done=tidied"):
        robin.get(HERE)
        assert robin.submit(HERE, {"rest": "1"}).headers["location"] == where
    assert said_of(instance, opened, second) == ("service", "Light and heat", "mine")
    assert "All tidy" in robin.get(HERE).text


def said_of(instance: Instance, opened: Opened, vendor_id: str) -> tuple[str, str, str]:
    """What the record says."""
    with instance.stores.main.reading() as db:
        found = store.get(db, opened[1], Vendor, vendor_id)
    assert found is not None
    return found.fields.closeness, found.fields.job, found.fields.notes
