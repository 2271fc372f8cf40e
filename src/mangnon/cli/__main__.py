"""Runs the command line as `python -m mangnon.cli`, where the script `mangnon` is not installed."""

from mangnon.cli.main import main

main()
