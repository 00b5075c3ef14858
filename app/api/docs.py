"""The documents of the vendor's door: OpenAPI, a readable page made from it, and a page for every kind of problem."""

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.api import (
    commitments,
    crm_record,
    data,
    decisions,
    device_authorization,
    events,
    grants,
    introspection,
    letters,
    messages,
    oauth_metadata,
    redemptions,
    registration,
    requests,
    token,
    webhooks,
)
from app.api.door import DoorRoute
from app.api.openapi import document
from app.api.problem import problem, type_of
from app.api.problem_kinds import PROBLEMS
from app.auth.calls import Arriving
from app.i18n import _, ngettext

router = APIRouter(route_class=DoorRoute, include_in_schema=False)

DOCUMENTED = (
    oauth_metadata.router,
    registration.router,
    device_authorization.router,
    token.router,
    introspection.router,
    requests.router,
    grants.router,
    messages.hot,
    messages.router,
    decisions.router,
    redemptions.router,
    data.router,
    crm_record.router,
    commitments.router,
    letters.router,
    events.router,
    webhooks.router,
)

_environment = Environment(
    loader=PackageLoader("app.api"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_environment.install_gettext_callables(_, ngettext, newstyle=False)  # type: ignore[attr-defined]  # added by the extension
_environment.globals["_"] = _
_templates = Jinja2Templates(env=_environment)


@router.get("/api/openapi.json")
def openapi(call: Arriving) -> Response:
    """OpenAPI 3.1 of the vendor's door."""
    return JSONResponse(_document(call.settings.base_url))


@router.get("/api/docs")
def index(request: Request, call: Arriving) -> HTMLResponse:
    """The same, to be read: plain HTML, nothing to run, nothing loaded from elsewhere."""
    return _templates.TemplateResponse(
        request,
        "docs.html",
        {"groups": _groups(_document(call.settings.base_url)), "problems": PROBLEMS.values(), "base": call.settings.base_url},
    )


@router.get("/problems/{slug}")
def show(request: Request, call: Arriving, slug: str) -> Response:
    """What a kind of problem means and what to do about it."""
    kind = PROBLEMS.get(slug)
    if kind is None:
        return problem(request, "not-found")
    return _templates.TemplateResponse(request, "problem.html", {"kind": kind, "type": type_of(call.settings.base_url, slug)})


@lru_cache(maxsize=4)
def _document(base_url: str) -> dict[str, Any]:
    return document(DOCUMENTED, base_url)


def _groups(found: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Operations by their tag, in the order of the routes, with their schemas as rows."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            shown = {
                "method": method.upper(),
                "path": path,
                "id": operation["operationId"],
                "text": operation["description"],
                "takes": _takes(found, operation),
                "answers": [
                    {"status": status, "text": response["description"], "fields": _fields(found, _schema(response))}
                    for status, response in sorted(operation["responses"].items())
                ],
            }
            groups.setdefault(operation["tags"][0], []).append(shown)
    for name, told in found["webhooks"].items():
        operation = told["post"]
        answers = [{"status": status, "text": response["description"], "fields": []} for status, response in operation["responses"].items()]
        shown = {"method": _("event"), "path": name, "id": operation["operationId"], "text": operation["description"], "answers": answers}
        groups.setdefault(operation["tags"][0], []).append({**shown, "takes": _takes(found, operation)})
    return groups


def _takes(found: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        _row(entry["name"], entry["schema"] | {"description": entry.get("description", "")}, required=entry["required"])
        for entry in operation.get("parameters", [])
    ]
    return rows + _fields(found, _schema(operation.get("requestBody", {})))


def _schema(holder: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = holder.get("content", {})
    first: dict[str, Any] = next(iter(content.values()), {})
    return first.get("schema", {})  # type: ignore[no-any-return]  # an OpenAPI document, made above


def _fields(found: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    if "anyOf" in schema and "properties" not in schema:
        return [row for choice in schema["anyOf"] for row in _fields(found, choice)]
    if "$ref" in schema:
        schema = found["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    needed = schema.get("required", [])
    return [_row(name, entry, required=name in needed) for name, entry in schema.get("properties", {}).items()]


def _row(name: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "type": _type(schema), "required": required, "text": schema.get("description", "")}


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"] if choice.get("type") != "null")
    if "enum" in schema or "const" in schema:
        return " | ".join(f"“{value}”" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")
