"""The cluster's certificates and kubeconfigs, made once and kept until the bed is wiped."""

import base64
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.bed.places import ADDRESS, API_URL, DOMAIN, Places

LIFE: Final = timedelta(days=3650)
SERVICE_ADDRESS: Final = "10.96.0.1"
API_NAMES: Final = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}")
CLIENTS: Final[Mapping[str, tuple[str, str]]] = {
    # File name: common name, organisation.
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "kubelet": ("system:node:bed", "system:nodes"),
    "apiserver-kubelet": ("kube-apiserver-kubelet-client", "kubelet-admins"),
}
WITH_KUBECONFIG: Final = ("admin", "controller-manager", "scheduler", "proxy", "kubelet")

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def make(places: Places) -> None:
    """Make everything that is not there yet below run/pki, and the kubeconfigs beside it."""
    folder = places.run / "pki"
    if (folder / "complete").exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    _write(folder / "ca.crt", authority.public_bytes(serialization.Encoding.PEM))
    _make_service_account_keys(folder)
    issuer = (authority, authority_key)
    addresses = [ADDRESS, SERVICE_ADDRESS, "127.0.0.1"]
    _issue(folder, "apiserver", ("kube-apiserver", ""), issuer, serves=[*addresses, "localhost", *API_NAMES])
    _issue(folder, "kubelet-server", ("bed", ""), issuer, serves=[ADDRESS, "127.0.0.1", "bed"])
    for name, subject in CLIENTS.items():
        _issue(folder, name, subject, issuer)
    for name in WITH_KUBECONFIG:
        user = {"client-certificate": str(folder / f"{name}.crt"), "client-key": str(folder / f"{name}.key")}
        write_kubeconfig(places, name, user)
    (folder / "complete").touch()


def write_kubeconfig(places: Places, name: str, user: Mapping[str, str], *, namespace: str = "default") -> Path:
    """Write run/<name>.kubeconfig with one context, `bed`, for a user given by certificate files or a token."""
    authority = base64.b64encode((places.run / "pki" / "ca.crt").read_bytes()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bed", "cluster": {"server": API_URL, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": dict(user)}],
        "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": name, "namespace": namespace}}],
        "current-context": "bed",
    }
    path = places.run / f"{name}.kubeconfig"
    _write(path, yaml.safe_dump(document, sort_keys=False).encode())
    return path


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("bed-authority", "")
    return (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _issue(
    folder: Path,
    file: str,
    subject: tuple[str, str],
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    *,
    serves: Sequence[str] = (),
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = ExtendedKeyUsageOID.SERVER_AUTH if serves else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = _builder(_name(*subject), issuer[0].subject, key).add_extension(
        x509.ExtendedKeyUsage([usage]), critical=False
    )
    if serves:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(each) for each in serves]), critical=False
        )
    _write(folder / f"{file}.key", _private(key))
    certificate = builder.sign(issuer[1], hashes.SHA256())
    _write(folder / f"{file}.crt", certificate.public_bytes(serialization.Encoding.PEM))


def _builder(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFE)
    )


def _name(common: str, organisation: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _make_service_account_keys(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write(folder / "sa.key", _private(key))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / "sa.pub", public)


def _private(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
