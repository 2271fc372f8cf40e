# Stands in for the image valkey/valkey:8.1.4 where images cannot be pulled: Debian's Valkey 8.1, which runs as a user of
# its own and keeps its data in /data.
FROM debian:13.8-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends valkey-server=8.1.* \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=valkey --group=valkey /data
COPY valkey-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
VOLUME /data
WORKDIR /data
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["valkey-server"]
