"""Figures of the media plane, Prometheus format. No label holds a camera: 2 000 cameras would be 2 000 series."""

from prometheus_client import Counter, Gauge, Histogram

RECORDED_BYTES = Counter("vigie_stream_recorded_bytes", "Bytes of footage verified in the object store")
RECORDED_SEGMENTS = Counter("vigie_stream_recorded_segments", "Segments verified in the object store")
LIVE_BYTES = Counter("vigie_stream_live_bytes", "Bytes of live video sent to viewers")
RECORDER_RESTARTS = Counter("vigie_stream_recorder_restarts", "Lines of recorded cameras that broke, to be begun again")
DECLARED_GAPS = Counter("vigie_stream_declared_gaps", "Gaps declared in the recording ledger")
DECLARED_GAP_SECONDS = Counter("vigie_stream_declared_gap_seconds", "Expected seconds that were not recorded")
UPLOAD_FAILURES = Counter("vigie_stream_upload_failures", "Uploads that failed and will be tried again")
BACKFILLED_SECONDS = Counter("vigie_stream_backfilled_seconds", "Missing seconds fetched from cameras' own recordings")
BACKFILL_REFUSALS = Counter(
    "vigie_stream_backfill_refusals", "Times that missing footage did not come from a camera, by reason", ("reason",)
)
UNREADABLE_FILES = Counter("vigie_stream_unreadable_files", "Spooled files without footage, set aside")
ALTERED_FILES = Counter("vigie_stream_altered_files", "Spooled files that came back from the disk altered")
DROPPED_FRAGMENTS = Counter("vigie_stream_dropped_fragments", "Fragments that slow viewers did not get")
UPLOAD_LAG = Histogram(
    "vigie_stream_upload_lag_seconds",
    "From the end of a segment to its verified upload",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200),
)
SPOOL_FILES = Gauge("vigie_stream_spool_files", "Closed segments waiting for upload")
SPOOL_BYTES = Gauge("vigie_stream_spool_bytes", "Bytes of closed segments waiting for upload")
SPOOL_DISK_RATIO = Gauge("vigie_stream_spool_disk_ratio", "Used part of the spool's disk, 0 to 1")
UNPLACED = Gauge("vigie_stream_unplaced_cameras", "Cameras to record that no media node has room for, as this one sees")
RECORDERS = Gauge("vigie_stream_recorders", "Recorders by state", ("state",))
LIVE_FEEDS = Gauge("vigie_stream_live_feeds", "Live feeds that are open")
LIVE_VIEWERS = Gauge("vigie_stream_live_viewers", "Viewers that are attached")
WEBRTC_PEERS = Gauge("vigie_stream_webrtc_peers", "WebRTC peers that are open, opening or closing")
WEBRTC_RESENT_PACKETS = Counter("vigie_stream_webrtc_resent_packets", "Packets sent again because a peer missed them")
PTZ_UNSTOPPED = Counter("vigie_stream_ptz_unstopped", "Cameras that went on moving after every stop they were sent")
PTZ_TAKE_OVERS = Counter("vigie_stream_ptz_take_overs", "Cameras taken from somebody who was moving them")
