"""Pure concepts of the registry: where, what, under which arrêté. No clock, no I/O."""
