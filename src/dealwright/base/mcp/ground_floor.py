"""Tools of the ground floor's own operations: who one is, who works here, which files there are."""

from dealwright.base.mcp.operations import offer_operation

offer_operation("get_me", scope="", reads=True)
offer_operation("list_users", scope="base:read", reads=True)
offer_operation("list_files", scope="base:read", reads=True)
