"""From a series to windows and forecasts: one step, many steps and k steps ahead."""
