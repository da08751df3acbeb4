"""Simulated network cameras: RTSP and ONVIF faces over looped real video.

This is a simulator and says so in everything it answers (manufacturer, model, server headers). It stands in for
the cameras of a town in demonstrations, tests and benches; nothing of the platform depends on it.
"""
