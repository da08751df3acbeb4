"""The native ingest: one process speaks RTSP over TCP to some hundred cameras and cuts their bytes into pictures."""
