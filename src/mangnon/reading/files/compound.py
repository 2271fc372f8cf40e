"""Compound files (OLE): the container of .xls, and of workbooks with a password.

olefile tolerates small defects, as office programs do, but it also trusts the sizes that a file claims. So this module
first checks the claims against the size of the file. Without the check, a circular chain of sectors would not end.
"""

from olefile import STGTY_STREAM, OleFileIO
from olefile.olefile import OleFileError

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A workbook has dozens of entries; with embedded objects, hundreds.
MOST_ENTRIES = 10_000


class CompoundFile(OleFileIO):  # type: ignore[misc]
    """A compound file that takes no more memory than its size. Raises OleFileError, an OSError, if it is broken."""

    def loadfat(self, header: bytes) -> None:
        """Loads the FAT. Raises OleFileError if the header claims more FAT sectors than the file has sectors."""
        if self.sector_size not in (512, 4096):
            raise OleFileError("sectors have neither 512 nor 4096 bytes")
        if max(self.num_fat_sectors, self.num_mini_fat_sectors) > self.nb_sect:
            raise OleFileError("the tables are larger than the file")
        super().loadfat(header)

    def loaddirectory(self, sect: int) -> None:
        """Loads the directory. Raises OleFileError if it is larger than that of any workbook."""
        sector, sectors = sect, 0
        while sector < len(self.fat):
            sector, sectors = self.fat[sector], sectors + 1
            if sectors * self.sector_size > MOST_ENTRIES * 128:
                raise OleFileError("the directory is too large")
        super().loaddirectory(sect)
        self._check_size(self.root.size)

    def stream(self, name: str) -> bytes:
        """Returns the content of a stream. Raises OSError if there is no such stream, or if it claims too much."""
        if self.get_type(name) != STGTY_STREAM:
            raise OleFileError(f"the file has no stream {name}")
        self._check_size(self.get_size(name))
        return bytes(self.openstream(name).read())

    def workbook(self) -> bytes:
        """Returns the stream of an .xls. Raises OSError if there is none."""
        return self.stream("Workbook" if self.exists("Workbook") else "Book")

    def _check_size(self, size: int) -> None:
        if size > self.nb_sect * self.sector_size:
            raise OleFileError("a stream is larger than the file")
