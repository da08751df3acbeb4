"""All SQL of the stream gateway, by concept; whatever is saved is announced in the same transaction."""
