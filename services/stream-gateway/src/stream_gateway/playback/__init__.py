"""Recorded footage seen again: indexes of films, plans of replays, recent footage, thumbnails."""
