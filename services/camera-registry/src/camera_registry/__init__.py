"""Owns communes, sites, cameras and prefectoral authorisations: who may be filmed where, and under which arrêté.

Consumes what the media plane says of the bytes it receives (``stream.camera_reachability_changed``).
Publishes each camera's state with its authorisation (bucket ``cameras``), ``camera_changed``,
``authorisation_recorded``, ``authorisation_warning`` and ``camera_health_changed``.
"""
