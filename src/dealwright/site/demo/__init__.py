"""The demo company: ``bin/up --demo`` and ``bin/dealwright demo``."""


def fill_empty_company() -> None:
    """Make the company and say who can sign in; where there are records, only say so."""
    import sys

    from dealwright.site.demo.company import fill_empty_company as fill
    from dealwright.site.demo.company import has_records

    if has_records():
        sys.stderr.write("The demo company is not added, because there are records already.\n")
        return
    sys.stderr.write("Making the demo company ...\n")
    made = fill()
    sys.stderr.write(
        f"Demo company made. Sign in as {made.emails[0]} with the password {made.password}\n"
    )
