"""Routes of the dispatch service, one module per resource."""

from fastapi import APIRouter

from dispatch.api import acknowledgements, dispatches, live, partners, portal

router = APIRouter(prefix="/api/dispatch", tags=["dispatch"])
for resource in (partners, dispatches, acknowledgements, portal, live):
    router.include_router(resource.router)
