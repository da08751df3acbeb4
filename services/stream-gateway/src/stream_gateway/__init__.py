"""Live, PTZ, recording and playback.

Owns viewing sessions, recorders and the spool; serves pictures and records them, under the law of this second.
Consumes no event: it mirrors the ``agents`` and ``cameras`` buckets and asks the registry and retention over HTTP.
Publishes ``session_opened``, ``session_closed``, ``camera_reachability_changed``, ``gap_declared`` (stream
``STREAM``) and ``segment_recorded`` (stream ``SEGMENT``).
"""
