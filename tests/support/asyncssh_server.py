"""A server of SFTP where OpenSSH is not installed: python -m support.asyncssh_server FOLDER PORT [ADDRESS]."""

import asyncio
import sys

import asyncssh


async def serve(folder: str, port: int, address: str = "127.0.0.1") -> None:
    """Answers until it is ended. In the folder are the keys `host` and `user.pub`."""
    await asyncssh.listen(
        address, port, server_host_keys=[f"{folder}/host"], authorized_client_keys=f"{folder}/user.pub",
        sftp_factory=True,
    )  # fmt: skip
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
