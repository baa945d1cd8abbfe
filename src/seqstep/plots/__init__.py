"""From data to figures; nothing here saves or shows one."""
