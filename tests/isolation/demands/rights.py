"""The permissions that a route may demand."""

VIEW, WORK, OPERATE, APPROVE, MANAGE = "view", "work", "operate", "approve", "manage"
