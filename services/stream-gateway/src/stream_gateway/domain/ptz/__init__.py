"""Motors of a camera: who may move it, what is sent to it and when, where it must point. Pure."""
