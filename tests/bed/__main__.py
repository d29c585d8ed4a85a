"""`python -m tests.bed up|down|status|logs|shell|build`: the real bed of the tests, from packages alone.

The parts are described in `services/`, what they run is built by `building` and `images`.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial

from tests.bed import building, images, machine, namespace, processes, sweep
from tests.bed.places import CLUSTER, NETNS_FILE, Cluster, Places
from tests.bed.services import all_services, build_services
from tests.bed.services.programs import ServiceError
from tests.bed.supervisor import StartError, Supervisor, Watch, program_path

CANNOT: int = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    options = _parser().parse_args(arguments)
    places = Places.from_environment()
    try:
        return int(options.act(places, options) or 0)
    except machine.Unfit as unfit:
        _complain(str(unfit))
        return CANNOT
    except (StartError, building.BuildError, ServiceError, RuntimeError) as error:
        _complain(str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bed", description="The real bed of the tests.")
    acts = parser.add_subparsers(required=True, metavar="ACT")
    for name, act, text in (
        ("up", up, "install, build and start what is not there yet; return when all is ready"),
        ("build", build, "install packages, build programs and images, and start nothing"),
        ("down", down, "stop everything and leave nothing behind but its state"),
        ("status", status, "list what runs, with its memory"),
        ("logs", logs, "print the end of a service's log, or of all"),
        ("shell", shell, "a shell, or a command, inside the bed"),
        ("check", check, "say whether this machine can carry the bed"),
    ):
        sub = acts.add_parser(name, help=text)
        sub.set_defaults(act=act)
        if name == "up":
            sub.add_argument("--only-kubernetes", action="store_true", help="the cluster with Argo and its registry")
        if name == "down":
            sub.add_argument("--wipe", action="store_true", help="drop its state too; what was built stays")
        if name == "logs":
            sub.add_argument("services", nargs="*", help="names as `status` lists them")
        if name == "shell":
            sub.add_argument("command", nargs=argparse.REMAINDER, help="default: your shell")
    return parser


def check(_places: Places, _options: argparse.Namespace) -> None:
    machine.check()
    print("This machine can carry the bed.")  # noqa: T201  # a program's output


def build(places: Places, _options: argparse.Namespace) -> None:
    """Install packages, build programs and images."""
    _build(places, Watch().say)


def _build(places: Places, say: Callable[[str], None]) -> None:
    machine.check()
    if installed := machine.install_packages():
        say(f"installed {', '.join(installed)}")
    building.build_all(places, say)
    build_services(places, say)
    images.build_all(places, say)
    if CLUSTER is Cluster.EXISTING:
        machine.check_cluster(places)


def up(places: Places, options: argparse.Namespace) -> None:
    """Build what is not built, then start what does not run; all of it inside the bed's network namespace."""
    watch = Watch()
    if CLUSTER is not Cluster.OWN or not namespace.is_inside():
        _build(places, watch.say)
        watch.say("all is built")
    if CLUSTER is Cluster.OWN:
        namespace.reenter(["up", *(["--only-kubernetes"] if options.only_kubernetes else [])])
        namespace.furnish()
        if "containerd" not in processes.leaders(places.home):
            sweep.node(places)
    _supervisor(places, watch.say, only_kubernetes=options.only_kubernetes).up()
    watch.say("up")
    _print_status(places)


def down(places: Places, options: argparse.Namespace) -> None:
    """Stop everything, whatever state it is in."""
    if NETNS_FILE.exists() and not namespace.is_inside():
        os.environ["PATH"] = program_path(places)
    sweep_first = partial(sweep.containers, places)
    _supervisor(places, Watch().say).down(before_node=sweep_first, gently=not options.wipe)
    sweep.everything(places)
    if options.wipe:
        sweep.wipe(places)


def status(places: Places, _options: argparse.Namespace) -> int:
    return _print_status(places)


def _print_status(places: Places) -> int:
    rows = _supervisor(places, _quietly).status()
    for name, pid, memory in rows:
        print(f"  {name:24} {f'pid {pid:>8}   {memory:5} MiB' if pid else '-'}")  # noqa: T201  # a program's output
    running = [memory for _, pid, memory in rows if pid]
    print(f"  {len(running)} of {len(rows)} run, {sum(running)} MiB")  # noqa: T201  # a program's output
    return 0 if len(running) == len(rows) else 1


def logs(places: Places, options: argparse.Namespace) -> None:
    """Print the ends of logs."""
    supervisor = _supervisor(places, _quietly)
    for name in options.services or [row[0] for row in supervisor.status()]:
        print(f"--- {supervisor.log(name)}\n{supervisor.tail(name, 40)}")  # noqa: T201  # a program's output


def shell(places: Places, options: argparse.Namespace) -> int:
    """Run a command, or a shell, with the bed's address, kubeconfig and programs."""
    if CLUSTER is Cluster.OWN and not NETNS_FILE.exists():
        raise RuntimeError("The bed is not up; start it with `make bed`.")
    environment = {
        **os.environ,
        "PATH": program_path(places),
        "KUBECONFIG": str(places.kubeconfig),
        # The machine's own network, for tests that look at it from inside.
        "BED_OUTSIDE": f"/proc/{os.getpid()}/ns/net",
    }
    command = options.command or [os.environ.get("SHELL", "/bin/sh")]
    enter = [] if CLUSTER is not Cluster.OWN or namespace.is_inside() else ["nsenter", f"--net={NETNS_FILE}"]
    return subprocess.run([*enter, *command], env=environment, check=False).returncode


def _supervisor(places: Places, say: Callable[[str], None], *, only_kubernetes: bool = False) -> Supervisor:
    return Supervisor(places, all_services(places, only_kubernetes=only_kubernetes), say=say)


def _quietly(_text: str) -> None:
    pass


def _complain(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  # a program's output


if __name__ == "__main__":
    sys.exit(main())
