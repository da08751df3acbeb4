"""The towns that ship with Vigie, as data, and the deterministic drawing of their cameras."""
