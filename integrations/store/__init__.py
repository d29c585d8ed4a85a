"""What Slipway remembers: deployments, acts, milestones and the audit trail, in a SQL database (SQLite for now)."""

from integrations.store.audit import AuditEntry
from integrations.store.checking import check
from integrations.store.deployments import SqlDeployments
from integrations.store.settings import StoreSettings

__all__ = ["AuditEntry", "SqlDeployments", "StoreSettings", "check"]
