"""Commands: load, ask the domain, save. Time and ids are arguments."""
