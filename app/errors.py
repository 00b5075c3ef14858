"""What a door can say no with. A refusal that must be in the ledger is not one of these: it is returned and committed."""


class NotFound(Exception):
    """There is no such thing here, or not for you: the same answer for both."""


class NotUnlocked(Exception):
    """The page needs an unlocked vault; the browser is sent to unlock and back."""


class ForgedForm(Exception):
    """A form that did not come from a page of this instance, or whose page has outlived its session."""


class TooLarge(Exception):
    """A body over the limit of its door. `limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


class BadForm(Exception):
    """A body that is not the kind of form that this page sends."""


class Throttled(Exception):
    """Too many tries; `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


class StepUpNeeded(Exception):
    """The act needs a vault that was unlocked a moment ago."""
