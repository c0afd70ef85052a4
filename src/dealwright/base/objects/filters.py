"""Filter trees: what saved views, sharing rules, segments and reports select by."""
