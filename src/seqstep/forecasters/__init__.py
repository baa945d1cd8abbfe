"""All forecasters under one interface, in one table: baselines, and networks that are to beat them."""
