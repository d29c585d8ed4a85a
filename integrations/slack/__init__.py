"""Slack: the chat port (cards, threads, private answers), what Slack sends to us, and the Socket Mode connection."""
