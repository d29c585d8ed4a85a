"""Stand-ins for Argo Rollouts 1.10, Argo Workflows 4.0, the ReplicaSet controller and the kubelet, over the store.

Started by the playground's world through `cluster.Controllers`; they talk to each other through objects alone, as the
real ones do, and know no HTTP.
"""
