"""The stand-in Slack workspace: Web API, Socket Mode, response_url, a JSON driver and a web page.

`playground.slack.server.SlackStandIn` is the way in; it knows nothing of the bot that talks to it.
"""
