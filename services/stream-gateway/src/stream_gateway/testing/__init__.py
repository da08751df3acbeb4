"""Hands to work a real gateway with, for tests and benches."""
