"""The verifier that travels with every export: one file, standard library and ``cryptography`` only."""
