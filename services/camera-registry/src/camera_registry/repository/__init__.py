"""All SQL of the registry, by concept; whatever is saved is announced in the same transaction."""
