"""What the bot does: one file per verb. Knows no vendor and no adapter; talks through the ports of `commands.core`."""
