"""Forecasters that learn nothing or little; one that is not better than these is of no use."""
