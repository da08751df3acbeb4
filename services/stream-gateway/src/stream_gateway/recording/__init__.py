"""Recording: supervised pulls into a local spool, and from there into the object store, verified."""
