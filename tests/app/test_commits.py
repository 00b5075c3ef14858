"""What follows a commit follows that of the whole transaction, and only that."""

import pytest
from sqlmodel import Session

from app.commits import after_commit
from app.database import Stores


def test_it_follows_the_commit_and_no_savepoint(stores: Stores) -> None:
    """A released savepoint does nothing yet; the commit does all, in the order of asking, once."""
    done: list[str] = []
    with stores.main.writing() as db:
        after_commit(db, lambda: done.append("before"))
        with db.begin_nested():
            after_commit(db, lambda: done.append("within"))
            with db.begin_nested():
                after_commit(db, lambda: done.append("deeper"))
        after_commit(db, lambda: done.append("after"))
        assert done == []
    assert done == ["before", "within", "deeper", "after"]


def test_what_is_rolled_back_is_not_followed(stores: Stores) -> None:
    """A savepoint takes along what was asked within it and within those that it held; the rest follows."""
    done: list[str] = []
    with stores.main.writing() as db:
        after_commit(db, lambda: done.append("kept"))
        with pytest.raises(LookupError), db.begin_nested():
            with db.begin_nested():
                after_commit(db, lambda: done.append("lost with its savepoint's savepoint"))
            after_commit(db, lambda: done.append("lost with its savepoint"))
            raise LookupError
    assert done == ["kept"]
    with pytest.raises(LookupError), stores.main.writing() as db:
        after_commit(db, lambda: done.append("lost with all"))
        raise LookupError
    assert done == ["kept"]


def test_a_session_is_used_again(stores: Stores) -> None:
    """What one transaction asked for does not follow the next."""
    done: list[str] = []
    with Session(stores.main.writer) as db:
        for word in ("first", "second"):
            with db.begin():
                after_commit(db, lambda word=word: done.append(word))  # type: ignore[misc]  # a default binds the word of this turn
        with pytest.raises(RuntimeError, match="in no transaction"):
            after_commit(db, lambda: done.append("never"))
    assert done == ["first", "second"]
