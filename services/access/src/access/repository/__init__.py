"""All the SQL of the service; a save writes the row and what it publishes in one transaction."""
