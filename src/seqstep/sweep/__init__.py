"""Several configurations side by side: which ones, and what came out."""
