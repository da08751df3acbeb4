"""What a camera recorded itself while it could not be reached is fetched later and stored as footage (ADR 0026)."""
