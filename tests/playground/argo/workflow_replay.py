"""Replays the requests of a workflow recording: each as soon as every workflow has reached its recorded state."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping

from playground.argo.cluster import Controllers
from playground.argo.step_runs import StepBehaviour, StepContext
from playground.faults import Fault, Faults
from playground.kubernetes.store import ApiError, Store, WatchEvent
from playground.pace import Pace
from tests.playground.argo.replay import JSON_PATCH, KINDS, until
from tests.playground.argo.workflow_rows import NodeRow, Row, row
from tests.recordings import Obj, load


def shell(script: str, over: Callable[[str, str], asyncio.Event]) -> StepBehaviour:
    """Behave as a recorded shell script did: its exit code, its digest; `over` tells when it ends."""
    code = int(found[1]) if (found := re.search(r"exit (\d+)", script)) else 0
    enough = int(found[1]) if (found := re.search(r"{{retries}} -ge (\d+)", script)) else None
    digest = found[1] if (found := re.search(r"echo -n (\S+) >/tmp/digest", script)) else ""

    async def behave(context: StepContext) -> int:
        context.log(script)
        await over(context.workflow, context.node).wait()
        if digest:
            context.outputs["digest"] = digest
        return 0 if enough is not None and int(context.parameters["retries"]) >= enough else code

    return behave


class WorkflowReplay:
    """One recording of the Workflows controller."""

    def __init__(self, name: str, *, speed: float = 50.0, faults: tuple[Fault, ...] = ()) -> None:
        self.lines = sorted((line for line in load(name) if "note" not in line), key=_moment)
        self.store = Store()
        pace, known = Pace(speed=speed), Faults()
        for fault in faults:
            known.add(fault)
        self.controllers = Controllers(self.store, pace=pace, faults=known, behaviours=self._behaviours())
        self.ends: dict[tuple[str, str], asyncio.Event] = {}
        self.rows: dict[str, list[Row]] = {}
        self.own: dict[str, list[Row]] = {}
        self.deleted: set[str] = set()
        self.own_deleted: set[str] = set()
        self.store.subscribe(self._note)

    def _templates(self) -> Iterator[Obj]:
        for line in self.lines:
            if line.get("act", {}).get("method") == "POST":
                yield from line["act"]["body"]["spec"].get("templates") or ()

    def _behaviours(self) -> Mapping[str, StepBehaviour]:
        return {
            template["name"]: shell(" ".join(template["container"].get("args") or ()), self.over)
            for template in self._templates()
            if "container" in template
        }

    def over(self, workflow: str, node: str) -> asyncio.Event:
        """The end of a step; it comes when the recording comes to it, so that no state is passed over in a hurry."""
        return self.ends.setdefault((workflow, node), asyncio.Event())

    def _note(self, event: WatchEvent) -> None:
        if event.object["kind"] == "Workflow" and event.type == "DELETED":
            self.own_deleted.add(event.object["metadata"]["name"])
        elif event.object["kind"] == "Workflow":
            self.own.setdefault(event.object["metadata"]["name"], []).append(row(event.object))

    async def run(self) -> None:
        """Do all acts and wait for the recorded end."""
        await self.controllers.start()
        try:
            for line in self.lines:
                if "act" in line:
                    await self._act(line["act"])
                elif line["kind"] == "workflows" and line["type"] == "DELETED":
                    self.deleted.add(line["object"]["metadata"]["name"])
                elif line["kind"] == "workflows":
                    await self._go_on(row(line["object"]), line["object"]["metadata"]["name"])
            await self._reach()
        finally:
            await self.controllers.stop()

    async def _go_on(self, new: Row, workflow: str) -> None:
        """Take up the next recorded state; a step that ends in it by itself may end now."""
        rows = self.rows.setdefault(workflow, [])
        running = {node.name for node in (rows[-1].nodes if rows else ()) if node.phase == "Running"}
        ended = {node.name for node in new.nodes if node.name in running and _by_itself(node)}
        if ended:
            await self._reach()
        for name in ended:
            self.over(workflow, name).set()
        rows.append(new)

    async def _reach(self) -> None:
        for name, rows in self.rows.items():
            await until(
                self.store,
                lambda name=name, rows=rows: name in self.own and rows[-1] in self.own[name],  # type: ignore[misc]  # mypy does not infer lambda defaults
                lambda name=name, rows=rows: f"{rows[-1]}\nis at {self.own.get(name, [None])[-1]}",  # type: ignore[misc]  # the same
            )

        await until(
            self.store,
            lambda: self.deleted <= self.own_deleted,
            lambda: f"the end of {self.deleted - self.own_deleted}",
        )

    async def _act(self, act: Obj) -> None:
        if act["method"] == "GET":
            return
        await self._reach()
        code = 201 if act["method"] == "POST" else 200
        try:
            self._do(act)
        except ApiError as error:
            code = error.code
        assert code == act["code"], act

    def _do(self, act: Obj) -> None:
        namespace, plural, *rest = act["path"].split("/namespaces/")[1].split("/")
        if act["method"] == "POST":
            meta = {**act["body"]["metadata"], "namespace": namespace}
            self.store.create({**act["body"], "metadata": meta})
        elif act["method"] == "DELETE":
            self.store.delete(KINDS[plural], namespace, rest[0].split("?")[0])
        elif act["type"] == JSON_PATCH:
            self.store.json_patch(KINDS[plural], namespace, rest[0], act["body"])
        else:
            self.store.merge_patch(KINDS[plural], namespace, rest[0], act["body"])


def _by_itself(node: NodeRow) -> bool:
    return node.phase == "Succeeded" or node.message.startswith("main: ")


def _moment(line: Obj) -> float:
    return float(line["act"]["sent"] if "act" in line else line["t"])
