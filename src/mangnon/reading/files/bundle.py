"""A .zip with several CSVs of one reporter and month. Each CSV has its own cover, and all covers must agree."""

import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from mangnon.contract.code_lists import CodeLists
from mangnon.contract.forms import Form
from mangnon.failures import DISK_FULL
from mangnon.reading.cover import Cover
from mangnon.reading.files.delimited import DelimitedFile
from mangnon.reading.files.safety import content, opened_zip
from mangnon.reading.problems import Problem, RefusedFile
from mangnon.reading.tables import Table

# Files that operating systems add to archives by themselves.
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
TEXTS = (".csv", ".txt", ".tsv")


class Bundle:
    """An opened .zip of CSVs; implements mangnon.reading.tables.Source."""

    def __init__(self, path: Path, file_name: str, lists: CodeLists, place: str | None) -> None:
        self.notes: list[Problem] = []
        self._folder = tempfile.TemporaryDirectory(prefix="mangnon-")
        members = self._unpacked(path, file_name)
        if not members:
            raise RefusedFile(Problem("empty_file.archive", {"file_name": file_name}))
        files = {name: DelimitedFile(copy, name, lists, place, sheet=name) for name, copy in members.items()}
        self._of_form: dict[str, DelimitedFile] = {}
        for name, file in files.items():
            self.notes += file.notes
            for form in file.cover.forms:
                if form in self._of_form:
                    raise RefusedFile(_form_doubled(file_name, self._of_form[form].file_name, name))
                self._of_form[form] = file
        self.cover = _common_cover(file_name, files)

    def table(self, form: Form) -> Table:
        """Returns the table of the member that holds the form. Raises RefusedForm."""
        return self._of_form[form.name].table(form)

    def _unpacked(self, path: Path, file_name: str) -> dict[str, Path]:
        copies: dict[str, Path] = {}
        try:
            with opened_zip(path, file_name) as parts:
                for number, member in enumerate(parts.infolist()):
                    name = PurePosixPath(member.filename.replace("\\", "/"))
                    if not member.filename:
                        raise zipfile.BadZipFile("a member has no name")
                    if member.is_dir():
                        continue
                    if member.filename.startswith(LITTER) or name.name in LITTER or name.name.startswith("._"):
                        self.notes.append(Problem("member_ignored", {"file_name": file_name}, sheet=member.filename))
                    elif name.suffix.lower() not in TEXTS:
                        raise RefusedFile(Problem("member_not_csv", {"file_name": file_name}, sheet=member.filename))
                    else:
                        copies[member.filename] = Path(self._folder.name) / f"{number}.csv"
                        copies[member.filename].write_bytes(content(parts, member))
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, UnicodeDecodeError) as error:
            if isinstance(error, OSError) and error.errno in DISK_FULL:
                raise
            raise RefusedFile(Problem("not_an_archive", {"file_name": file_name}, value=str(error))) from error
        return copies


def _common_cover(file_name: str, files: dict[str, DelimitedFile]) -> Cover:
    covers = {name: file.cover for name, file in files.items()}
    stated = {(cover.reporter_code, cover.period, cover.revision) for cover in covers.values()}
    if len(stated) > 1:
        said = [
            {"file_name": name, "reporter": cover.reporter_code, "period": cover.period, "revision": cover.revision}
            for name, cover in covers.items()
        ]
        raise RefusedFile(Problem("covers_differ", {"file_name": file_name, "covers": said}))
    first = next(iter(covers.values()))
    return Cover(
        first.reporter_code, first.period, first.revision,
        next((cover.reason for cover in covers.values() if cover.reason), None),
        any(cover.is_synthetic for cover in covers.values()),
        {form: totals for cover in covers.values() for form, totals in cover.forms.items()},
    )  # fmt: skip


def _form_doubled(file_name: str, first: str, second: str) -> Problem:
    return Problem("form_doubled", {"file_name": file_name, "other": first}, sheet=second)
