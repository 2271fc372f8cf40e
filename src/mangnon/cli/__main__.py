"""`python -m mangnon.cli`, for those who have no script `mangnon`."""

from mangnon.cli.main import main

main()
