"""ONVIF as a client speaks it to devices that nobody vouches for: bounded, tolerant, never trusting an answer."""
