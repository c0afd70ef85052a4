"""What programs may do in the CRM beyond reading and writing records, as tools."""

from dealwright.base.mcp.operations import offer_operation

READ, WRITE = "crm:read", "crm:write"

offer_operation(
    "read_timeline",
    scope=READ,
    reads=True,
    more="All that happened with an account, a contact, a lead or a deal, newest first.",
)
offer_operation("add_note", scope=WRITE)
offer_operation("log_call", scope=WRITE)
offer_operation("create_task", scope=WRITE)
offer_operation("complete_activity", scope=WRITE, idempotent=True)
offer_operation("convert_lead", scope=WRITE, destructive=True)
offer_operation("list_pipelines", scope=READ, reads=True)
offer_operation("move_opportunity", scope=WRITE, idempotent=True)
offer_operation("win_opportunity", scope=WRITE, destructive=True)
offer_operation("lose_opportunity", scope=WRITE, destructive=True)
offer_operation("report_pipeline", scope=READ, reads=True)
offer_operation("report_win_rate", scope=READ, reads=True)
