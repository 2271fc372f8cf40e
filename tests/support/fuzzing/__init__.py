"""A fuzzer that knows the structure of zip files, compound files, XML and CSV. `make fuzz` runs it for long."""
