"""What may well go wrong, said to the person who ran the command."""


class Failure(Exception):
    """The base of every error that needs no traceback; its message says what is wrong and what to do."""
