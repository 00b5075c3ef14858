"""Where everything is put together: settings in, application out."""

import gc
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import migrations, refusals
from app.api import routes as api_routes
from app.database import Stores, open_stores, ready
from app.devices import routes as device_routes
from app.exchange.intake import Intake
from app.exchange.outbound import Outbound
from app.exchange.smtp import Mailing
from app.hot import HotRoute
from app.mailing import Reminding
from app.middleware.access_log import AccessLog
from app.middleware.faults import Faults
from app.middleware.headers import Headers
from app.middleware.hosts import Hosts
from app.middleware.hot import Hot
from app.middleware.paths import Paths
from app.sending import Sending
from app.settings import Settings
from app.ui import routes as ui_routes
from app.worker import Worker
from vault.instance import load_or_create

STATIC = Path(__file__).parent / "ui" / "static"
API_LIMIT = 256 * 1024
BROWSER_LIMIT = 26 * 1024 * 1024


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, with its databases open and migrated. Nothing is read from the environment when settings are given."""
    settings = settings or Settings()
    forbid_core_dumps()
    stores = open_stores(settings)
    migrations.upgrade(settings)
    given = settings.instance_secret.get_secret_value() if settings.instance_secret else None
    instance = load_or_create(settings.data_dir / "instance-secret", given)
    outbound = Outbound(settings.outbound_allowed)
    intake = Intake(stores, instance)
    server = settings.mail_server
    reminding = Reminding(stores, instance, Mailing(outbound, server, settings.mail_sender), settings.base_url) if server else None
    worker, sending = Worker(stores, instance), Sending(stores, instance, outbound, reminding)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # What start-up made stays for good; the collector need not look at it, not even once (that takes a sixth of a second, and
        # finds next to nothing). `serve` starts without it; in a process that starts several apps, each must be able to go.
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        worker.start()
        sending.start()
        yield
        intake.close()
        sending.stop()
        worker.stop()
        stores.close()

    app = FastAPI(
        title="Bothways",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(AccessLog),
            *([Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))] if settings.trusted_proxies else []),
            Middleware(Headers, settings=settings),
            Middleware(Hosts, settings=settings),
            Middleware(Faults, answer=refusals.broken),
            Middleware(Paths, answer=refusals.nothing_here),
            Middleware(Hot, routes=HotRoute.all),
        ],
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        max_body_size=BROWSER_LIMIT,
    )
    app.state.settings, app.state.stores, app.state.instance, app.state.worker = settings, stores, instance, worker
    app.state.sending, app.state.outbound, app.state.intake = sending, outbound, intake
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _health(app, stores)
    for router in api_routes.ROUTERS:
        app.include_router(router, max_body_size=API_LIMIT)
    for router in device_routes.ROUTERS:
        app.include_router(router)
    for router in ui_routes.ROUTERS:
        app.include_router(router)
    refusals.register(app)
    return app


def forbid_core_dumps() -> None:
    """A core file would hold keys of whoever is unlocked."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _health(app: FastAPI, stores: Stores) -> None:
    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> JSONResponse:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    def readyz(_request: Request) -> JSONResponse:
        """The process answers and both databases do."""
        try:
            answering = ready(stores.main) and ready(stores.state)
        except SQLAlchemyError:
            answering = False
        return JSONResponse({"status": "ready" if answering else "databases do not answer"}, status_code=200 if answering else 503)
