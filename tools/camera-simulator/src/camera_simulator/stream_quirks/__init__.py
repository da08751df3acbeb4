"""Habits of odd and hostile cameras on the RTSP side, one file per concern; an ordinary camera passes by them all."""
