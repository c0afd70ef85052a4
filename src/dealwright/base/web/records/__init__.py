"""Lists, boards, calendars and record pages of every registered object."""
