"""Lists at the vendor's door: `{items, next}`, page by page from an id on."""

from typing import Any, Final

from fastapi import Request

from app.api.bodies import Malformed

PAGE: Final = 50
MOST: Final = 200
NEXT: Final = "`next` of the page before."


def paging_documented(after: str = NEXT) -> list[dict[str, Any]]:
    """The parameters of a list, for the OpenAPI; `after` says what that one means."""
    return [
        {
            "name": "after",
            "in": "query",
            "required": False,
            "description": after,
            "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        },
        {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": PAGE}},
    ]


def paging(request: Request) -> tuple[str, int]:
    """`after` (empty for the first page) and `limit` of a call. Raises Malformed."""
    query = request.query_params
    unknown = sorted(set(query) - {"after", "limit"})
    if unknown:
        raise Malformed(*((f"/{name}", "unknown parameter") for name in unknown))
    if len(query.multi_items()) != len(query):
        raise Malformed(("", "a parameter is sent more than once"))
    after, limit = query.get("after", ""), query.get("limit", str(PAGE))
    if not limit.isascii() or not limit.isdigit() or len(limit) > 4 or not 1 <= int(limit) <= MOST:
        raise Malformed(("/limit", f"a number from 1 to {MOST}"))
    if after and not (len(after) == 32 and set(after) <= set("0123456789abcdef")):
        raise Malformed(("/after", "`next` of the page before"))
    return after, int(limit)
