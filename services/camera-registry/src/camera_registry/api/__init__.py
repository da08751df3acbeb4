"""Routes under ``/api/registry``: parse, use case, response."""

from fastapi import APIRouter

from camera_registry.api import authorisations, cameras, communes, imports, live

router = APIRouter(prefix="/api/registry")
for part in (communes, cameras, imports, authorisations, live):
    router.include_router(part.router)
