"""The models, one a file, and how they are saved."""
