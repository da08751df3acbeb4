"""Tables of the registry, one module per concept; all of them hang in ``metadata``."""

from camera_registry.tables.authorisations import authorisations
from camera_registry.tables.base import inbox, metadata, outbox
from camera_registry.tables.cameras import cameras, degrees, ground
from camera_registry.tables.places import communes, sites

__all__ = ["authorisations", "cameras", "communes", "degrees", "ground", "inbox", "metadata", "outbox", "sites"]
