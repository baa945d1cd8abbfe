"""All models of a table on the same data, and what came of it."""
