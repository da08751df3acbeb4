"""Routes under ``/api/registry``: parse, use case, response."""

from fastapi import APIRouter

from camera_registry.api import (
    alarms,
    authorisations,
    buttons,
    camera_edits,
    cameras,
    communes,
    discoveries,
    geography,
    health,
    imports,
    live,
    masks,
    placements,
    planning,
    presets,
    probes,
    renewals,
    sites,
    tickets,
)

router = APIRouter(prefix="/api/registry")
for part in (
    communes,
    geography,
    cameras,
    camera_edits,
    sites,
    presets,
    placements,
    tickets,
    imports,
    authorisations,
    renewals,
    planning,
    masks,
    health,
    buttons,
    alarms,
    discoveries,
    probes,
    live,
):
    router.include_router(part.router)
