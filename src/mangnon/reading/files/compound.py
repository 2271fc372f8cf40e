"""Compound files (OLE): the container of .xls, and of workbooks with a password.

olefile reads on where a file is slightly wrong, as offices do, and believes what it claims of its sizes. So the claims
are checked first, against what the file can hold: a chain that runs in a circle never ends earlier.
"""

from olefile import STGTY_STREAM, OleFileIO
from olefile.olefile import OleFileError

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A workbook has some dozens; with embedded objects, some hundreds.
MOST_ENTRIES = 10_000


class CompoundFile(OleFileIO):  # type: ignore[misc]
    """A compound file, which costs no more than it holds. Raises OleFileError, an OSError, when it is broken."""

    def loadfat(self, header: bytes) -> None:
        """Loads the table of the chains, unless the header claims more of it than there are sectors."""
        if self.sector_size not in (512, 4096):
            raise OleFileError("no such size of sectors")
        if max(self.num_fat_sectors, self.num_mini_fat_sectors) > self.nb_sect:
            raise OleFileError("the tables are larger than the file")
        super().loadfat(header)

    def loaddirectory(self, sect: int) -> None:
        """Loads the directory, unless it is none of a workbook."""
        sector, sectors = sect, 0
        while sector < len(self.fat):
            sector, sectors = self.fat[sector], sectors + 1
            if sectors * self.sector_size > MOST_ENTRIES * 128:
                raise OleFileError("the directory is too large")
        super().loaddirectory(sect)
        self._check_size(self.root.size)

    def stream(self, name: str) -> bytes:
        """The content of a stream. Raises OSError when there is none, or when it claims more than the file holds."""
        if self.get_type(name) != STGTY_STREAM:
            raise OleFileError(f"{name} is no stream")
        self._check_size(self.get_size(name))
        return bytes(self.openstream(name).read())

    def _check_size(self, size: int) -> None:
        if size > self.nb_sect * self.sector_size:
            raise OleFileError("a stream is larger than the file")
