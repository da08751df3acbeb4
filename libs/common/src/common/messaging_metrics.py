"""Prometheus metrics of the way of an event. Labels are streams and durables, never ids."""

from prometheus_client import Counter, Gauge

OUTBOX_PENDING = Gauge("vigie_outbox_pending_rows", "Rows that wait for the relay")
OUTBOX_OLDEST = Gauge("vigie_outbox_oldest_seconds", "Age of the oldest row that waits for the relay")
PUBLISHED = Counter("vigie_outbox_published_total", "Messages acknowledged by JetStream", ["stream"])
CONSUMED = Counter("vigie_consumer_consumed_total", "Events that had their effect", ["durable"])
DUPLICATES = Counter("vigie_consumer_duplicates_total", "Events delivered again and ignored", ["durable"])
REFUSED = Counter("vigie_consumer_refused_total", "Events refused as expected", ["durable"])
NAKED = Counter("vigie_consumer_naks_total", "Events put back after a failure", ["durable"])
DEAD = Counter("vigie_consumer_dead_letters_total", "Events given up", ["durable"])
REPLICA_SILENCE = Gauge(
    "vigie_replica_silence_seconds", "Age of the last word of the bus on a mirrored bucket", ["bucket"]
)
LAG = Gauge("vigie_consumer_lag_events", "Events that a consumer has yet to see", ["durable"])
