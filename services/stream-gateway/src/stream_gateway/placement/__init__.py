"""Places cameras on media nodes: heartbeats, claims and hand-overs through key-value buckets (ADR 0021)."""
