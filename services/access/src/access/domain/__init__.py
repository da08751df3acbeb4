"""Pure rules: agents and habilitations, sessions, the hash chain of the register. No clock, no I/O."""
