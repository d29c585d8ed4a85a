"""Starts and connects everything: settings, wiring, listeners, dispatch, worker. Decides nothing."""
