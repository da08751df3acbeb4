"""ONVIF as this service speaks it: a bounded SOAP client and the PTZ service on top of it."""
