"""Live, PTZ, recording and playback.

Owns viewing sessions, replays and bookmarks, who moves a camera, scenes, screens and rondes, the placement of cameras
on media nodes (buckets ``media_nodes`` and ``placements``), the spool and the ledger of recorded seconds.
Consumes no event: it mirrors the buckets ``agents``, ``cameras``, ``incidents`` and ``tickets``, and asks the registry
and retention over HTTP, as its media nodes ask each other.
Publishes on stream ``STREAM`` ``session_opened``, ``session_switched``, ``session_closed``,
``camera_reachability_changed``, ``ptz_taken``, ``ptz_released``, ``bookmark_added``, ``bookmark_removed``,
``screen_changed``, ``ronde_run_changed`` and ``ronde_step``, on stream ``SEGMENT`` ``segment_recorded`` and
``gap_declared``.
"""
