"""`python -m audit_yield`: the same as the command `audit-yield`."""

from audit_yield import main

main()
