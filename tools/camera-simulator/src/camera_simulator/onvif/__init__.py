"""The ONVIF face: device, media, PTZ and event services over SOAP 1.2, as far as a video platform asks them."""
