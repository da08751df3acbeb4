"""The three servers of the embedded default, started from wheels: NATS, PostgreSQL and SeaweedFS.

Each server lives in a folder of its own, listens on the loopback only, is ready when ``start()`` returns and
dies with the process that started it. The same classes serve ``vigie up`` and every integration test.
"""
