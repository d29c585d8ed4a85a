"""A bench for the step programs: servers on loopback, stand-ins of crane and helm, and the programs' own ends."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.steps.kubernetes import Kubernetes
from tests.steps.site import Site, serving

HERE = Path(__file__).parent
Main = Callable[[Sequence[str], Mapping[str, str]], int]


@dataclass(slots=True, kw_only=True)
class Ended:
    """How a program ended: exit code, its last line, the output parameters, and what it showed on the way."""

    code: int
    told: dict[str, Any]
    outputs: dict[str, str]
    shown: str

    @property
    def cause(self) -> str:
        return str(self.told["cause"])

    @property
    def evidence(self) -> str:
        return str(self.told["evidence"])


@dataclass(slots=True, kw_only=True)
class Bench:
    """Settings of a step and the servers that they name."""

    home: Path
    nexus: Site
    gitea: Site
    capture: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, main: Main, parameters: Mapping[str, str]) -> Ended:
        """Run a program as a pod would and read all that it left; the scratch folder must be clean afterwards."""
        arguments = [part for key, value in parameters.items() for part in (f"--{key}", value)]
        outputs = Path(self.environment["SLIPWAY_OUTPUTS"])
        for left in outputs.glob("*"):
            left.unlink()
        self.capture.readouterr()
        code = main(arguments, self.environment)
        said = self.capture.readouterr()
        scratch = {path.name for path in self.home.glob("scratch/*")} - {"helm"}
        assert not scratch, "a step leaves nothing in its scratch folder"
        return Ended(
            code=code,
            told=json.loads(said.out.splitlines()[-1]),
            outputs={path.name: path.read_text() for path in outputs.glob("*")},
            shown=said.err,
        )

    def credential(self, name: str, text: str) -> None:
        file = self.home / "credentials" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    @property
    def images(self) -> dict[str, Any]:
        return dict(json.loads((self.home / "images.json").read_text()))

    def keep_image(self, reference: str, **config: object) -> str:
        """Put an image into the stand-in's registry; return its digest."""
        file = self.home / "images.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        digest = f"sha256:{len(known):064x}"
        file.write_text(json.dumps({**known, reference: {"digest": digest, "config": config}}))
        return digest

    @property
    def revisions(self) -> list[dict[str, Any]]:
        return list(json.loads((self.home / "revisions.json").read_text()))

    def keep_revisions(self, revisions: list[dict[str, Any]]) -> None:
        (self.home / "revisions.json").write_text(json.dumps(revisions))


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("scratch", "bin"):
        (tmp_path / name).mkdir()
    for name in ("buildah", "crane", "helm"):
        program = tmp_path / "bin" / name
        program.write_text(f"#!{sys.executable} -SE\n" + (HERE / f"fake_{name}.py").read_text())
        program.chmod(0o755)
    with serving(Site()) as nexus, serving(Site()) as gitea:
        yield Bench(
            home=tmp_path,
            nexus=nexus,
            gitea=gitea,
            capture=capsys,
            environment={
                "PATH": str(tmp_path / "bin"),
                "FAKE_HOME": str(tmp_path),
                "SLIPWAY_SCRATCH": str(tmp_path / "scratch"),
                "SLIPWAY_OUTPUTS": str(tmp_path / "outputs"),
                "SLIPWAY_CREDENTIALS": str(tmp_path / "credentials"),
                "SLIPWAY_NEXUS_URL": nexus.url,
                "SLIPWAY_GITEA_URL": "https://gitea.example.com",
                "SLIPWAY_GITEA_INTERNAL_URL": gitea.url,
                "SLIPWAY_RETRY_SECONDS": "0",
                "SLIPWAY_PENDING_SECONDS": "0",
                "SLIPWAY_PATIENCE_SECONDS": "0",
            },
        )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for loopback, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "kubernetes.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def kubernetes(bench: Bench, certificate: Path) -> Iterator[Kubernetes]:
    """The cluster of the pod that a step runs in."""
    account = bench.home / "account"
    account.mkdir()
    (account / "token").write_text("demo-token\n")
    (account / "ca.crt").write_bytes(certificate.read_bytes())
    with serving(Site(), tls=certificate) as site:
        site.login = "Bearer demo-token"
        host, _, port = site.url.removeprefix("https://").partition(":")
        bench.environment |= {
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
            "SLIPWAY_SERVICE_ACCOUNT": str(account),
        }
        yield Kubernetes(site, bench.home)
