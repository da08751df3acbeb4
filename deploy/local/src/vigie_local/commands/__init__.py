"""The groups of ``vigie`` commands, one module each."""
