"""The texts that the project carries."""
