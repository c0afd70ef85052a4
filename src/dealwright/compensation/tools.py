"""What programs may ask about pay, as tools; they change nothing."""

from dealwright.base.mcp.operations import offer_operation

READ = "compensation:read"

offer_operation(
    "list_statements",
    scope=READ,
    reads=True,
    more="One's own id is that of get_me; pay of others shows as far as one may see it.",
)
offer_operation(
    "get_statement",
    scope=READ,
    reads=True,
    more="Each component opens to its lines by list_statement_lines.",
)
offer_operation(
    "list_statement_lines",
    scope=READ,
    reads=True,
    more="Each line opens by get_statement_line to the event, the split and the clause behind it.",
)
offer_operation("get_statement_line", scope=READ, reads=True)
offer_operation("explain_empty_statement", scope=READ, reads=True)
offer_operation("estimate_deal_pay", scope=READ, reads=True)
offer_operation("what_if", scope=READ, reads=True)
