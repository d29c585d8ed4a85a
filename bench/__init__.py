"""Measures Slipway against the playground: `make bench`. One module per measurement, each with one `measure`.

Everything runs on loopback as processes of its own; nothing here is imported by the product.
"""
