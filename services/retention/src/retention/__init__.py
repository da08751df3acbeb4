"""Keeps the index of recorded footage and destroys what the law no longer lets us keep.

Owns segments, gaps, holds and the record of destructions. Consumes ``segment_recorded`` and ``gap_declared`` of the
stream gateway. Publishes ``segments_destroyed``, ``hold_placed`` and ``hold_lifted``, and asks for register rows.
"""
