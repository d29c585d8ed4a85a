"""How Slipway talks to other systems: one package per system. Translates only; decides nothing."""
