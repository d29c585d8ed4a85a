"""A stand-in Kubernetes API server: an object store in memory and the part of the HTTP API that the bot speaks.

The playground's controllers use the store directly; everything else comes in over HTTP. It knows nothing of the bot.
"""
