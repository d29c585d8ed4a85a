"""A complete set of settings for the tests of the bot, with a stand-in secret in every place for one."""

SECRETS = {
    "SLIPWAY_SLACK__BOT_TOKEN": "xoxb-" + "demo-planted-bot",
    "SLIPWAY_SLACK__APP_TOKEN": "xapp-" + "demo-planted-app",
    "SLIPWAY_KEYCLOAK__CLIENT_SECRET": "demo-planted-client",
    "SLIPWAY_NEXUS__PASSWORD": "demo-planted-nexus",
}
REQUIRED = {
    "SLIPWAY_CATALOG": "/etc/slipway/catalog.yaml",
    "SLIPWAY_SLACK__BOT_TOKEN": SECRETS["SLIPWAY_SLACK__BOT_TOKEN"],
    "SLIPWAY_SLACK__APP_TOKEN": SECRETS["SLIPWAY_SLACK__APP_TOKEN"],
    "SLIPWAY_SLACK__TEAM": "T0SLIPWAY",
    "SLIPWAY_KEYCLOAK__URL": "https://login.example.com",
    "SLIPWAY_KEYCLOAK__REALM": "corp",
    "SLIPWAY_KEYCLOAK__CLIENT_SECRET": SECRETS["SLIPWAY_KEYCLOAK__CLIENT_SECRET"],
    "SLIPWAY_NEXUS__URL": "https://nexus.example.com",
}
ALL = {
    **REQUIRED,
    **SECRETS,
    "SLIPWAY_DATABASE": "sqlite:////var/lib/slipway/slipway.sqlite",
    "SLIPWAY_HINT": "Ask #platform to link your account.",
    "SLIPWAY_LOG_LEVEL": "DEBUG",
    "SLIPWAY_SLACK__API_URL": "http://127.0.0.1:8400/api/",
    "SLIPWAY_KEYCLOAK__CLIENT_ID": "chatops",
    "SLIPWAY_KEYCLOAK__ROLES_CLIENT": "5f0c1d2e-0000-4000-8000-00000000de91",
    "SLIPWAY_KEYCLOAK__ROLES_FROM": "groups",
    "SLIPWAY_KEYCLOAK__LINK": "idp",
    "SLIPWAY_KEYCLOAK__ATTRIBUTE": "chat_id",
    "SLIPWAY_KEYCLOAK__IDP_ALIAS": "chat",
    "SLIPWAY_KEYCLOAK__CANARY_USER": "U0ALICE",
    "SLIPWAY_NEXUS__REPOSITORY": "releases",
    "SLIPWAY_NEXUS__USERNAME": "reader",
    "SLIPWAY_HTTP__HOST": "127.0.0.1",
    "SLIPWAY_HTTP__PORT": "9000",
}
