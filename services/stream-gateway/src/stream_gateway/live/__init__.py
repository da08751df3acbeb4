"""Live pictures: one pull per camera and quality, shared by everybody who watches it."""
