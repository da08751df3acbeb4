"""Pure rules of retention: what may be read, what must be destroyed, what a hold keeps."""
