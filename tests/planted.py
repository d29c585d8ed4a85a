"""Secrets of every kind, all made up and put together here, and ordinary lines that look a little like secrets.

Each kind is a text as somebody's log would have it, and the parts of it that nobody may read. They are built at run
time, so that no scanner of the repository takes them for real ones.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

CANARY: Final = "NotARea1Secret"


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with a secret in it, and what of it must not survive."""

    text: str
    secrets: tuple[str, ...]


def mixed(length: int) -> str:
    return "".join(islice(cycle("Made0Up1Value2"), length))


def lower(length: int) -> str:
    return "".join(islice(cycle("made0up1value2"), length))


def upper(length: int) -> str:
    return "".join(islice(cycle("MADE0UP1VALUE2"), length))


def hexadecimal(length: int) -> str:
    return "".join(islice(cycle("c0ffee"), length))


def digits(length: int) -> str:
    return "".join(islice(cycle("1234567890"), length))


def every_kind() -> Mapping[str, Planted]:
    """Return a text with a secret for each kind, by its name."""
    return {
        **{kind: Planted(f"at work: using {token} now", (token,)) for kind, token in _tokens().items()},
        **{kind: Planted(text.format(CANARY), (CANARY,)) for kind, text in _NAMED.items()},
        **_codes(),
        **_encoded(),
        **_blocks(),
    }


def _tokens() -> dict[str, str]:
    return {
        "slack bot token": "xox" + f"b-{digits(12)}-{mixed(24)}",
        "slack user token": "xox" + f"p-{digits(12)}-{mixed(24)}",
        "slack app token": "xa" + f"pp-1-{upper(11)}-{digits(12)}-{hexadecimal(64)}",
        "slack refresh token": "xox" + f"e.xoxp-1-{mixed(40)}",
        "discord bot token": "M" + f"{mixed(24)}.{mixed(6)}.{mixed(38)}",
        "telegram bot token": f"{digits(9)}:AA{mixed(33)}",
        "aws access key id": "AK" + f"IA{upper(16)}",
        "aws temporary key id": "AS" + f"IA{upper(16)}",
        "google api key": "AI" + f"za{mixed(35)}",
        "google oauth token": "ya" + f"29.{mixed(60)}",
        "google client secret": "GOC" + f"SPX-{mixed(28)}",
        "azure client secret": f"Ma0{8}Q~{mixed(34)}",
        "digitalocean token": "do" + f"p_v1_{hexadecimal(64)}",
        "heroku token": "HR" + f"KU-{hexadecimal(8)}-{hexadecimal(27)}",
        "github token": "gh" + f"p_{mixed(36)}",
        "github oauth token": "gh" + f"o_{mixed(36)}",
        "github fine-grained token": "github" + f"_pat_{mixed(22)}_{mixed(59)}",
        "gitlab token": "gl" + f"pat-{mixed(20)}",
        "gitlab deploy token": "gl" + f"dt-{mixed(20)}",
        "atlassian token": "AT" + f"ATT3{mixed(60)}",
        "npm token": "np" + f"m_{mixed(36)}",
        "pypi token": "py" + f"pi-{mixed(100)}",
        "rubygems token": "ruby" + f"gems_{hexadecimal(48)}",
        "docker hub token": "dck" + f"r_pat_{mixed(27)}",
        "sonarqube token": "sq" + f"p_{hexadecimal(40)}",
        "artifactory key": "AK" + f"Cp{mixed(69)}",
        "vault token": "hv" + f"s.{mixed(90)}",
        "terraform cloud token": f"{mixed(14)}." + f"atlasv1.{mixed(67)}",
        "age key": "AGE-SEC" + f"RET-KEY-1{upper(58)}",
        "databricks token": "da" + f"pi{hexadecimal(32)}",
        "grafana token": "gl" + f"sa_{mixed(32)}_{hexadecimal(8)}",
        "new relic key": "NR" + f"AK-{upper(27)}",
        "new relic licence": f"{hexadecimal(36)}NR" + "AL",
        "sentry token": "snt" + f"rys_{mixed(80)}",
        "stripe live key": "sk" + f"_live_{mixed(24)}",
        "stripe restricted key": "rk" + f"_live_{mixed(24)}",
        "stripe webhook secret": "wh" + f"sec_{mixed(32)}",
        "twilio api key": "S" + f"K{hexadecimal(32)}",
        "sendgrid key": "S" + f"G.{mixed(22)}.{mixed(43)}",
        "mailgun key": "ke" + f"y-{hexadecimal(32)}",
        "mailchimp key": f"{hexadecimal(32)}-us" + "21",
        "square token": "sq" + f"0atp-{mixed(22)}",
        "shopify token": "shp" + f"at_{hexadecimal(32)}",
        "openai key": "s" + f"k-proj-{mixed(48)}",
        "anthropic key": "s" + f"k-ant-api03-{mixed(80)}",
        "hugging face token": "h" + f"f_{mixed(34)}",
        "jwt": ".".join((_encode(b'{"alg":"HS256"}'), _encode(b'{"sub":"made-up"}'), mixed(43))),
    }


_NAMED: Final[Mapping[str, str]] = {
    "password in a setting": "connecting with password={} to the database",
    "password with a capital": "PASSWORD: {}",
    "password in upper case and a name": "export SHOP_DB_PASSWORD='{}'",
    "password in a spring property": "spring.datasource.password = {}",
    "password as an option": "running psql --host db --password {} --list",
    "password as an option with =": "mvn deploy -Dnexus.password={}",
    "password as a word": "CREATE USER shop WITH PASSWORD '{}'",
    "password in sql": "CREATE USER 'shop'@'%' IDENTIFIED BY '{}'",
    "password in xml": "<server><id>nexus</id><password>{}</password></server>",
    "password in netrc": "machine nexus.example.com login shop password {}",
    "password for curl": "curl -u shop:{} https://nexus.example.com/service/rest",
    "password in quoted json": r"{{\"user\": \"shop\", \"password\": \"{}\"}}",
    "password with blanks": 'password: "{} and more words"',
    "passphrase": "signing with passphrase={}",
    "secret in json": '{{"clientId": "shop", "secret": "{}"}}',
    "token in yaml": "    token: {}",
    "token in an address": "GET https://gitea.example.com/api/v1/repos?token={}&page=1",
    "gitea token": "fetching https://gitea.example.com/charts.git?access_token={}",
    "aws secret key": "aws_secret_access_key = {}",
    "aws session token": "AWS_SESSION_TOKEN={}",
    "aws signature in an address": "GET https://s3.example.com/jar?X-Amz-Signature={}&X-Amz-Date=20261102",
    "azure account key": "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={};EndpointSuffix=core",
    "azure shared access key": "Endpoint=sb://shop.example.net/;SharedAccessKeyName=all;SharedAccessKey={}",
    "azure sas signature": "PUT https://shop.blob.example.net/jars?sv=2026-01-01&sig={}",
    "datadog key": "DD_API_KEY={}",
    "datadog app key": "dd-application-key: x, DD_APP_KEY: {}",
    "twilio auth token": "TWILIO_AUTH_TOKEN={}",
    "heroku api key": "HEROKU_API_KEY={}",
    "keycloak client secret": "POST /token grant_type=client_credentials&client_id=slipway&client_secret={}",
    "harbor robot": "docker login as robot$shop+pusher:{}",
    "harbor robot as user": "https://robot$shop+pusher:{}@harbor.example.com/v2/",
    "nexus user token": "curl --user 'Ab1Cd2Ef:{}' https://nexus.example.com",
    "npm registry auth": "//nexus.example.com/repository/npm/:_authToken={}",
    "npm password": "//nexus.example.com/repository/npm/:_auth={}",
    "docker auth": '{{"auths":{{"harbor.example.com":{{"auth":"{}"}}}}}}',
    "docker identity token": '{{"auths":{{"harbor.example.com":{{"identitytoken":"{}"}}}}}}',
    "kubeconfig token": "- name: deployer\n  user:\n    token: {}",
    "kubeconfig key": "    client-key-data: {}",
    "basic header": "> Authorization: Basic {}",
    "bearer header": "> authorization: Bearer {}",
    "bearer without a header": "sent Bearer {}0123456789 to the server",
    "private token header": "PRIVATE-TOKEN: {}",
    "api key header": "X-Api-Key: {}",
    "vault header": "X-Vault-Token: {}",
    "cookie": "Cookie: theme=dark; JSESSIONID={}; lang=en",
    "set cookie": "Set-Cookie: session={}; Path=/; HttpOnly",
    "session id in an address": "GET https://shop.example.com/cart;jsessionid={}?page=1",
    "login in an address": "cloning https://shop:{}@gitea.example.com/platform/charts.git",
    "token alone in an address": "cloning https://{}@gitea.example.com/platform/charts.git",
    "password with a slash in an address": "postgres://shop:{}/x@db:5432/shop",
    "postgres address": "postgresql://shop:{}@db:5432/shop?sslmode=require",
    "mysql address": "mysql://root:{}@db/shop",
    "mongo address": "mongodb+srv://shop:{}@cluster0.example.net/shop",
    "redis address": "redis://:{}@cache:6379/0",
    "amqp address": "amqps://shop:{}@queue/%2Fshop",
    "jdbc address": "jdbc:postgresql://db:5432/shop?user=shop&password={}",
    "jdbc address with a semicolon": "jdbc:sqlserver://db;user=shop;password={};encrypt=true",
    "jdbc oracle address": "jdbc:oracle:thin:shop/{}@db:1521:shop",
    "sentry dsn": "SENTRY_DSN=https://{}@o1.ingest.sentry.io/42",
    "smtp address": "smtp://mailer:{}@mail.example.com:587",
    "slack webhook": "posting to https://hooks.slack.com/services/T000/B000/{}",
    "discord webhook": "posting to https://discord.com/api/webhooks/1234/{}",
    "teams webhook": "posting to https://acme.webhook.office.com/webhookb2/{}",
    "signing secret": "SLACK_SIGNING_SECRET={}",
    "encryption key": "encryption-key: {}",
    "secret key base": "SECRET_KEY_BASE={}",
    "django secret key": "SECRET_KEY = '{}'",
    "ansible vault password": "ansible_become_password: {}",
    "salted": "salt={}",
    "otp address": "otpauth://totp/shop?secret={}&issuer=shop",
    "java map": "starting with {{user=shop, db.password={}, port=5432}}",
    "struct": 'Config{{User:"shop", Password:"{}"}}',
    "python dict": "{{'user': 'shop', 'api_key': '{}'}}",
    "ruby hash": '{{:user=>"shop", :password=>"{}"}}',
}


def _codes() -> dict[str, Planted]:
    code = digits(6)
    return {
        "one-time code": Planted(f"your one-time code is {code}", (code,)),
        "otp": Planted(f"otp: {code}", (code,)),
        "pin": Planted(f"PIN {code}", (code,)),
        "verification code": Planted(f"verification code: {code}", (code,)),
    }


def _encoded() -> dict[str, Planted]:
    bare = base64.b64encode(f"shop:{CANARY}:{mixed(60)}".encode()).decode()
    login = base64.b64encode(f"shop:{CANARY}".encode()).decode()
    return {
        "encoded bytes alone": Planted(f"data:\n{bare}\nend", (bare,)),
        "basic login": Planted(f'"Authorization": "Basic {login}"', (login,)),
    }


def _blocks() -> dict[str, Planted]:
    body = [mixed(64), mixed(64)[::-1], mixed(40)]
    return {
        "private key": _block("RSA PRIVATE " + "KEY", body),
        "private key without a kind": _block("PRIVATE " + "KEY", body),
        "ssh private key": _block("OPENSSH PRIVATE " + "KEY", body),
        "encrypted private key": _block("ENCRYPTED PRIVATE " + "KEY", body),
        "elliptic private key": _block("EC PRIVATE " + "KEY", body),
        "pgp private key": _block("PGP PRIVATE " + "KEY BLOCK", body),
        "private key without its end": Planted("\n".join([_rule("BEGIN", "PRIVATE " + "KEY"), *body]), tuple(body)),
        "private key without its beginning": Planted("\n".join([*body, _rule("END", "PRIVATE " + "KEY")]), tuple(body)),
        "private key in one line": Planted(
            '{"type": "service_account", "private_key": "'
            + r"\n".join([_rule("BEGIN", "PRIVATE " + "KEY"), *body, _rule("END", "PRIVATE " + "KEY")])
            + r'\n"}',
            tuple(body),
        ),
    }


def _block(kind: str, body: list[str]) -> Planted:
    return Planted("\n".join(["before", _rule("BEGIN", kind), *body, _rule("END", kind), "after"]), tuple(body))


def _rule(word: str, kind: str) -> str:
    return f"-----{word} {kind}-----"


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


ORDINARY: Final = (
    f"digest: sha256:{hexadecimal(64)}",
    f"pushed harbor.example.com/shop/shop:v1.2@sha256:{hexadecimal(64)} in 41 s",
    f"GET https://harbor.example.com:5000/v2/shop/shop/manifests/sha256:{hexadecimal(64)} 404",
    f"GET http://registry:5000/shop/shop@sha256:{hexadecimal(64)} refused",
    f"checked out {hexadecimal(40)} (main)",
    f"chart at commit {hexadecimal(12)}, tag v1.4.0",
    f"sha1 {hexadecimal(40)} md5 {hexadecimal(32)}",
    "shop-7d9f8b6c5d-x2x7q is Running on node-1.example.com",
    'pods "shop-6c5d7f8b9-abcde" is forbidden: exceeded quota: small, requested: pods=1, used: pods=5, limited: pods=5',
    "com.acme.shop:shop:jar:1.2.0-SNAPSHOT:compile",
    "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.13.0:compile on project shop",
    "Caused by: java.lang.IllegalStateException: no bean of type com.acme.security.TokenService",
    "\tat com.acme.security.PasswordEncoder.encode(PasswordEncoder.java:42)",
    "\tat com.acme.shop.SecretManagerFactory$$Lambda/0x00007f1.run(Unknown Source)",
    "io.jsonwebtoken.ExpiredJwtException: JWT expired 12345 milliseconds ago",
    "failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized",
    "failed to fetch oauth token: denied by the server",
    "no basic auth credentials",
    '{"errors": [{"code": "FORBIDDEN", "message": "forbidden"}]}',
    '{"outcome": "failed", "cause": "credentials-refused", "evidence": "Nexus refused the credentials."}',
    "Keycloak: token: no answer in time",
    "The registry refused the credentials: GET http://10.0.0.1:5000/v2/shop/manifests/1.0.0",
    "Unexpected token < in JSON at position 0",
    "SyntaxError: Unexpected token '}' at line 3",
    'secret "shop-db" not found',
    "couldn't find key db-password in Secret staging/shop-db",
    'MountVolume.SetUp failed for volume "config" : configmap "shop" not found',
    "secretName: shop-tls",
    "imagePullSecrets: [{name: harbor}]",
    "password-file=/run/secrets/db is not readable",
    "tokenizer.json has 12 entries, max_tokens=4096",
    "password: ${DB_PASSWORD}",
    "token: null",
    'ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nope:1"',
    "Back-off restarting failed container app in pod shop-6c5d7f8b9-abcde(0d7c4b1e-1f1e-4a55-9c55-a0b1c2d3e4f5)",
    "413 Request Entity Too Large: quota of project shop is 50 GiB, used 50 GiB",
    "dial tcp 10.96.0.1:443: connect: connection refused",
    "2026-11-02T12:00:00.123Z INFO  [main] o.s.b.w.embedded.tomcat.TomcatWebServer - port 8080 (http)",
    "npm ERR! 404 Not Found - GET https://registry.npmjs.org/@acme%2fshop - not found",
    f'"integrity": "sha512-{mixed(86)}=="',
    "git@gitea.example.com:platform/charts.git",
    "mail to team-shop@example.com",
    'Rollout "shop" exceeded its progress deadline',
    'Metric "success-rate" assessed Failed due to failed (2) > failureLimit (1)',
    'UPGRADE FAILED: cannot patch "shop" with kind Rollout: spec.selector: Invalid value: field is immutable',
    "main: Error (exit code 12)",
    "OutOfMemoryError: Java heap space; -Xmx512m -XX:+UseG1GC",
    "keystore.jks: alias shop, valid until 2027-01-01",
    "uid 0d7c4b1e-1f1e-4a55-9c55-a0b1c2d3e4f5",
    "sk-learn-model-serving-7d9f8b6c5d-x2x7q started",
    "ssh-ed25519 is the host key's kind",
    "task key-value-store-2 done",
    "the session idles for 5 min",
    "author: alice, authority: example.com",
    "[signature] verified by cosign",
)
"""Lines in which nothing is masked."""
