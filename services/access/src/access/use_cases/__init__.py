"""Commands: load, ask the domain, save. Time and identifiers are arguments."""
