"""Cameras being moved: one driver per camera, where they point, and what is done when nobody commands them."""
