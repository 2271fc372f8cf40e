#!/bin/sh
# As in the image that this stands in for: the server runs as `valkey`.
exec setpriv --reuid=valkey --regid=valkey --clear-groups "$@"
