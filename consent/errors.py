"""What consent says when it cannot go on. Each error has a stable `code`; the doors find the words."""


class ConsentError(Exception):
    """Root of everything this room raises."""

    code = "consent"


class TermsError(ConsentError):
    """Terms that cannot stand. `pointer` is a JSON pointer (RFC 6901) into the `authorization_details` array."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.code = code
        self.detail = detail


class AreaError(ConsentError):
    """An area that cannot stand. `pointer` is a JSON pointer (RFC 6901) into it; `code` names the one thing that is wrong."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(f"{pointer or '/'}: {detail}")
        self.pointer = pointer
        self.code = code
        self.detail = detail


class IllegalTransition(ConsentError):
    """A request or grant was asked to go where it cannot go from where it is."""

    code = "illegal-transition"

    def __init__(self, state: str, verb: str) -> None:
        super().__init__(f"{verb} is not possible from {state}")
        self.state = state
        self.verb = verb


class TermsChanged(ConsentError):
    """The stored terms are not the ones whose hash stands beside them: the gate stays shut."""

    code = "terms-changed"


class NoLedger(ConsentError):
    """This account has no ledger yet; `ledger.open_ledger` comes first."""

    code = "no-ledger"


class NotFound(ConsentError):
    """No such request or grant in this account."""

    code = "not-found"


class SignerMissing(ConsentError):
    """This act ends in a receipt, and nobody was there to sign it."""

    code = "signer-missing"


class ReceiptError(ConsentError):
    """These bytes are not a receipt that the given key signed. `code` says what is wrong with them."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
