"""Stand-in servers on loopback, each speaking its real protocol.

`python -m playground` starts all of them. Nothing in here imports the product, and the product imports nothing from
here: the bot is pointed at the playground by its settings alone.
"""
