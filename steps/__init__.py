"""What runs inside the pipeline's pods: one small program per step. Knows nothing of the bot."""
