"""Rollouts, pipelines and their watches on Kubernetes with Argo: wired by the bot, seen by commands through the ports.

Translates only: it knows nothing of permission, of the order of a deployment or of when to try one again.
"""
