"""Rondes carried out: one process drives a run, wherever its viewers are, and another one goes on when it dies."""
