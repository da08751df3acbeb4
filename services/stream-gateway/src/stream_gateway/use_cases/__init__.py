"""What the gateway is asked to do, one function per command: load, ask the domain, save."""
