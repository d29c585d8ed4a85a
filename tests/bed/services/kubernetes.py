"""Kubernetes on one node: etcd, the API server, controller manager, scheduler, containerd, kubelet, kube-proxy.

Every part is the real program with the flags of a small cluster: RBAC on, the node restricted to its own objects.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tests.bed import certificates, images
from tests.bed.places import ADDRESS, CLUSTER, HERE, NETNS, REGISTRY, Cluster, Places
from tests.bed.service import Service, answers, succeeds

CONFIGURATION: Final = HERE / "conf"
ETCD: Final = "http://127.0.0.1:2379"
SERVICES: Final = "10.96.0.0/16"
KEPT_CHARACTERS: Final = 2000


def control_plane(places: Places) -> tuple[Service, ...]:
    return (_etcd(places), _api_server(places), _controller_manager(places), _scheduler(places))


def node(places: Places) -> tuple[Service, ...]:
    """Describe what runs pods; the last part has settled when Services have addresses."""
    return (_containerd(places), _kubelet(places), _kube_proxy(places))


def kubectl(places: Places, *arguments: str, text: str | None = None) -> str:
    """Run kubectl as the administrator and return what it printed; RuntimeError says what went wrong."""
    command = [places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", *arguments]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"kubectl {' '.join(arguments)} failed: {done.stderr.strip()[-KEPT_CHARACTERS:]}")
    return done.stdout


def configuration(places: Places, name: str) -> Path:
    """Write one file of conf/ with this bed's places and return where."""
    folder = places.run / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    text = (CONFIGURATION / name).read_text(encoding="utf-8")
    path = folder / name
    for word, value in {"@RUN@": str(places.run), "@ADDRESS@": ADDRESS, "@NETNS@": NETNS}.items():
        text = text.replace(word, value)
    path.write_text(text, encoding="utf-8")
    return path


def containerd_socket(places: Places) -> Path:
    return places.run / "containerd" / "containerd.sock"


def _kubeconfig(places: Places, name: str) -> str:
    return str(places.run / f"{name}.kubeconfig")


def _etcd(places: Places) -> Service:
    data = places.run / "etcd"
    flags = {
        "name": "bed",
        "data-dir": data,
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": "http://127.0.0.1:2380",
        "initial-advertise-peer-urls": "http://127.0.0.1:2380",
        "initial-cluster": "bed=http://127.0.0.1:2380",
        "log-level": "warn",
        "auto-compaction-retention": "5m",
    }
    return Service(
        name="etcd",
        command=lambda: [places.program("etcd"), "--unsafe-no-fsync", *_flags(flags)],
        prepare=lambda: data.mkdir(parents=True, exist_ok=True, mode=0o700),
        is_ready=lambda: answers(f"{ETCD}/health"),
    )


def _api_server(places: Places) -> Service:
    def prepare() -> None:
        certificates.make(places)
        configuration(places, "audit.yaml")

    return Service(
        name="kube-apiserver",
        command=lambda: api_server_command(places),
        prepare=prepare,
        is_ready=lambda: succeeds(
            [places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", "get", "--raw=/readyz"]
        ),
        settle=lambda: apply(places, HERE / "manifests" / "cluster.yaml"),
        after=("etcd",),
    )


def api_server_command(places: Places, **others: str | int) -> list[str]:
    """Return the command of the API server; `others` are flags in the place of the usual ones, `_` for `-`."""
    pki = places.run / "pki"
    flags = {
        "etcd-servers": ETCD,
        "bind-address": ADDRESS,
        "advertise-address": ADDRESS,
        "secure-port": 6443,
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "client-ca-file": pki / "ca.crt",
        "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
        "service-account-key-file": pki / "sa.pub",
        "service-account-signing-key-file": pki / "sa.key",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "service-cluster-ip-range": SERVICES,
        "kubelet-client-certificate": pki / "apiserver-kubelet.crt",
        "kubelet-client-key": pki / "apiserver-kubelet.key",
        "kubelet-certificate-authority": pki / "ca.crt",
        "kubelet-preferred-address-types": "InternalIP",
        "allow-privileged": "true",
        "profiling": "false",
        "shutdown-delay-duration": "0s",
        "audit-policy-file": places.run / "conf" / "audit.yaml",
        "audit-log-path": places.logs / "audit.jsonl",
        "audit-log-maxsize": 50,
        "audit-log-maxbackup": 1,
    }
    if CLUSTER is Cluster.NODELESS:
        # The Service `kubernetes` may not lead to a loopback address, and no pod asks for it.
        flags["endpoint-reconciler-type"] = "none"
    flags |= {name.replace("_", "-"): value for name, value in others.items()}
    return [places.program("kube-apiserver"), *_flags(flags)]


def apply(places: Places, *files: Path) -> None:
    """Apply manifests on the server's side; big ones fit, and a second time changes nothing."""
    named = [f"--filename={file}" for file in files]
    kubectl(places, "apply", "--server-side", "--force-conflicts", "--validate=false", *named)


def _controller_manager(places: Places) -> Service:
    pki, own = places.run / "pki", _kubeconfig(places, "controller-manager")
    flags = {
        "kubeconfig": own,
        "authentication-kubeconfig": own,
        "authorization-kubeconfig": own,
        "bind-address": "127.0.0.1",
        "leader-elect": "false",
        "use-service-account-credentials": "true",
        "service-account-private-key-file": pki / "sa.key",
        "root-ca-file": pki / "ca.crt",
        "profiling": "false",
    }
    return Service(
        name="kube-controller-manager",
        command=lambda: [places.program("kube-controller-manager"), *_flags(flags)],
        is_ready=partial(_service_accounts_are_made, places),
        after=("kube-apiserver",),
    )


def _service_accounts_are_made(places: Places) -> bool:
    command = ["get", "serviceaccount", "default", "--namespace=default"]
    return succeeds([places.program("kubectl"), f"--kubeconfig={places.kubeconfig}", *command])


def _scheduler(places: Places) -> Service:
    own = _kubeconfig(places, "scheduler")
    flags = {
        "kubeconfig": own,
        "authentication-kubeconfig": own,
        "authorization-kubeconfig": own,
        "bind-address": "127.0.0.1",
        "leader-elect": "false",
        "profiling": "false",
    }
    return Service(
        name="kube-scheduler",
        command=lambda: [places.program("kube-scheduler"), *_flags(flags)],
        is_ready=lambda: True,
        after=("kube-apiserver",),
    )


def _containerd(places: Places) -> Service:
    def prepare() -> None:
        networks, registries = places.run / "cni", places.run / "certs.d" / REGISTRY
        for folder in (networks, registries, places.run / "containerd"):
            folder.mkdir(parents=True, exist_ok=True)
        (networks / "10-bed.conflist").write_bytes(configuration(places, "cni.conflist").read_bytes())
        (registries / "hosts.toml").write_bytes(configuration(places, "hosts.toml").read_bytes())
        configuration(places, "containerd.toml")

    return Service(
        name="containerd",
        command=lambda: ["/usr/bin/containerd", f"--config={places.run / 'conf' / 'containerd.toml'}"],
        prepare=prepare,
        is_ready=lambda: succeeds([*ctr(places), "version"]),
        settle=lambda: images.load(places, ctr(places)),
        stop_seconds=5,
    )


def ctr(places: Places) -> list[str]:
    """Return the command that speaks to the bed's containerd."""
    return ["/usr/bin/ctr", f"--address={containerd_socket(places)}", "--namespace=k8s.io"]


def _kubelet(places: Places) -> Service:
    flags = {
        "config": places.run / "conf" / "kubelet.yaml",
        "kubeconfig": _kubeconfig(places, "kubelet"),
        "root-dir": places.run / "kubelet",
        "cert-dir": places.run / "kubelet-pki",
        "hostname-override": "bed",
        "node-ip": ADDRESS,
    }

    def prepare() -> None:
        configuration(places, "kubelet.yaml")
        (places.run / "volumeplugins").mkdir(parents=True, exist_ok=True)
        for hierarchy in cgroup_hierarchies():
            (hierarchy / NETNS).mkdir(exist_ok=True)

    return Service(
        name="kubelet",
        command=lambda: [places.program("kubelet"), *_flags(flags)],
        prepare=prepare,
        environment={"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        is_ready=partial(node_is_ready, places),
        after=("containerd", "kube-apiserver"),
    )


def cgroup_hierarchies() -> list[Path]:
    """Return the folders below which the bed's cgroups are: one, or one a controller with cgroups of version 1."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return [root]
    return [folder for folder in root.iterdir() if folder.is_dir() and not folder.is_symlink()]


def node_is_ready(places: Places) -> bool:
    query = '{.status.conditions[?(@.type=="Ready")].status}'
    try:
        return kubectl(places, "get", "node", "bed", f"--output=jsonpath={query}") == "True"
    except RuntimeError:
        return False


def _kube_proxy(places: Places) -> Service:
    def prepare() -> None:
        configuration(places, "kube-proxy.yaml")

    return Service(
        name="kube-proxy",
        command=lambda: [places.program("kube-proxy"), f"--config={places.run / 'conf' / 'kube-proxy.yaml'}"],
        prepare=prepare,
        environment={"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"},
        is_ready=lambda: answers("http://127.0.0.1:10256/healthz") and _service_address_works(),
        after=("kube-apiserver",),
    )


def _service_address_works() -> bool:
    command = ["curl", "--insecure", "--silent", "--max-time", "1", f"https://{certificates.SERVICE_ADDRESS}/version"]
    return succeeds(command)


def _flags(flags: Mapping[str, object]) -> Sequence[str]:
    return [f"--{name}={value}" for name, value in flags.items()]
