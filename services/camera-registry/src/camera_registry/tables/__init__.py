"""Tables of the registry, one module per concept; all of them hang in ``metadata``."""

from camera_registry.tables.alarms import (
    alarm_buttons,
    alarms,
    button_messages,
    discoveries,
    event_leases,
    event_listeners,
)
from camera_registry.tables.authorisations import (
    authorisation_warnings,
    authorisations,
    documents,
    renewals,
    takeovers,
)
from camera_registry.tables.base import inbox, metadata, outbox
from camera_registry.tables.buildings import building_box, buildings
from camera_registry.tables.cameras import cameras, degrees, ground, sealing_key
from camera_registry.tables.health import camera_checks, camera_outages, camera_troubles, health_leases
from camera_registry.tables.imports import import_mappings
from camera_registry.tables.masks import head_optics, mask_sets, mask_stills
from camera_registry.tables.mounting import camera_placements, camera_presets, camera_tours
from camera_registry.tables.places import communes, sites
from camera_registry.tables.planning import budget_envelopes, needs
from camera_registry.tables.tickets import ticket_comments, tickets

__all__ = [
    "alarm_buttons",
    "alarms",
    "authorisation_warnings",
    "authorisations",
    "budget_envelopes",
    "building_box",
    "buildings",
    "button_messages",
    "camera_checks",
    "camera_outages",
    "camera_placements",
    "camera_presets",
    "camera_tours",
    "camera_troubles",
    "cameras",
    "communes",
    "degrees",
    "discoveries",
    "documents",
    "event_leases",
    "event_listeners",
    "ground",
    "head_optics",
    "health_leases",
    "import_mappings",
    "inbox",
    "mask_sets",
    "mask_stills",
    "metadata",
    "needs",
    "outbox",
    "renewals",
    "sealing_key",
    "sites",
    "takeovers",
    "ticket_comments",
    "tickets",
]
