"""The second live transport: WebRTC behind the standard WHEP exchange, for lossy links and lowest latency.

The pictures of the camera are packetised as they are, never transcoded. ICE, DTLS and SRTP are aiortc's; see
``docs/adr/0023-webrtc-engine.md`` for what is ours and why.
"""
