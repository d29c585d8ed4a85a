"""The nodes of a Workflow's status, which Argo packs when they grow. Pure; used by `workflows`."""

import base64
import binascii
import zlib

from integrations.kubernetes.fields import Obj, mapping, parsed, text

LARGEST = 64 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS

OFFLOADED = "The steps are kept in the workflow controller's database and cannot be shown"
UNREADABLE = "The steps are compressed in a way that cannot be read; gzip can"


def nodes_of(workflow: Obj) -> tuple[dict[str, Obj], str]:
    """Return the nodes by id, and a sentence on what is wrong when they cannot be read."""
    nodes = mapping(workflow, "status", "nodes")
    packed = text(workflow, "status", "compressedNodes")
    if nodes or not packed:
        is_elsewhere = not nodes and text(workflow, "status", "offloadNodeStatusVersion")
        return _nodes_in(nodes), OFFLOADED if is_elsewhere else ""
    unpacked = _unpack(packed)
    return (_nodes_in(unpacked), "") if unpacked is not None else ({}, UNREADABLE)


def _nodes_in(nodes: Obj) -> dict[str, Obj]:
    return {name: node for name, node in nodes.items() if isinstance(node, dict)}


def _unpack(packed: str) -> Obj | None:
    try:
        return parsed(zlib.decompressobj(wbits=_GZIP).decompress(base64.b64decode(packed), LARGEST))
    except (zlib.error, binascii.Error, ValueError):
        return None
