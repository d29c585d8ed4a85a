"""The pure heart: data, grammar, policy, plan, lifecycle and the card. No clock, no input or output, no randomness."""
