"""Everything between a pull and those who use it: one hub per stream, its retries, its last group of pictures."""
