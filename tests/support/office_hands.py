"""What a clerk does in LibreOffice. The system's Python runs this; tests/support/office.py starts it and talks to it.

Each line on standard input is an act and its arguments as JSON; each line on standard output is what came of it.
"""

import json
import sys
import time

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.sheet.ValidationType import LIST

PATIENCE = 60  # seconds until LibreOffice answers


class Hands:
    """One LibreOffice with at most one open workbook."""

    def __init__(self, pipe):
        local = uno.getComponentContext()
        resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
                break
            except NoConnectException:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
        create = context.ServiceManager.createInstanceWithContext
        self.desktop = create("com.sun.star.frame.Desktop", context)
        self.dispatcher = create("com.sun.star.frame.DispatchHelper", context)
        self.book = None

    def open(self, path):
        self.book = self.desktop.loadComponentFromURL(uno.systemPathToFileUrl(path), "_blank", 0, ())

    def type(self, sheet, cell, text):
        """Enters a text as if typed: LibreOffice makes a number, a day or a text of it."""
        controller = self.book.CurrentController
        controller.setActiveSheet(self.book.Sheets.getByName(sheet))
        self._dispatch(".uno:GoToCell", ToPoint=cell)
        self._dispatch(".uno:EnterString", StringName=text)

    def choices(self, sheet, cell):
        """The texts of the cell's drop-down."""
        limit = self._range(sheet, cell).Validation
        source = limit.getFormula1() if limit.Type == LIST else ""
        if not source.startswith("$"):
            return [text.strip('"') for text in source.split(";") if text]
        title, _, area = source.replace("$", "").rpartition(".")
        return [row[0] for row in self._range(title.strip("'"), area).DataArray]

    def rows(self, sheet):
        """What the cells of a sheet show, from A1 to the last one that is used."""
        cursor = self.book.Sheets.getByName(sheet).createCursor()
        cursor.gotoEndOfUsedArea(False)
        last = cursor.RangeAddress
        page = self.book.Sheets.getByName(sheet)
        return [
            [page.getCellByPosition(column, row).String for column in range(last.EndColumn + 1)]
            for row in range(last.EndRow + 1)
        ]

    def follow(self, sheet, cell):
        """Follows the link in a cell. Returns the sheet and the cell where it leads."""
        link = self._range(sheet, cell).getCellByPosition(0, 0).TextFields.getByIndex(0)
        self._dispatch(".uno:JumpToMark", Bookmark=link.URL.lstrip("#"))
        title, _, found = self.book.CurrentSelection.AbsoluteName.replace("$", "").rpartition(".")
        return [title.strip("'"), found]

    def cell(self, sheet, cell):
        """What can be seen of a cell: its colour and its note."""
        found = self._range(sheet, cell).getCellByPosition(0, 0)
        return {"colour": f"{found.CellBackColor & 0xFFFFFF:06X}", "note": found.Annotation.String}

    def sheets(self):
        return list(self.book.Sheets.ElementNames)

    def save(self, path, kind):
        self.book.storeToURL(uno.systemPathToFileUrl(path), (_named("FilterName", kind),))

    def close(self):
        self.book.close(True)

    def _range(self, sheet, area):
        return self.book.Sheets.getByName(sheet).getCellRangeByName(area)

    def _dispatch(self, act, **arguments):
        named = tuple(_named(name, value) for name, value in arguments.items())
        self.dispatcher.executeDispatch(self.book.CurrentController.Frame, act, "", 0, named)


def _named(name, value):
    return PropertyValue(name, 0, value, 0)


def main(pipe):
    hands = Hands(pipe)
    for line in sys.stdin:
        act, *arguments = json.loads(line)
        print(json.dumps(getattr(hands, act)(*arguments)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
