"""How the figures of the annual report select lines and count their members, as the form `figures` declares it."""

from dataclasses import dataclass

from mangnon.contract.forms import AREAS, Field, Form, all_forms, submission_forms


@dataclass(frozen=True)
class Filter:
    """A column that figures select lines by. The form `figures` and agg_measures have it."""

    name: str
    field: str  # the field of the lines: the filter itself, or the code whose kind is meant
    dimension: str | None  # the dimension of the field's codes; None if the field has no code list

    @property
    def is_kind(self) -> bool:
        """Whether it selects by the kind of a code in the reference data, such as a programme's kind."""
        return self.name != self.field


def filters() -> list[Filter]:
    """Returns the filters of figures, in the order of their form. An empty filter matches every line."""
    return [
        Filter(field.name, of := field.kind_of or field.name, line_field(of).dimension)
        for field in all_forms()["figures"].fields
        if field.is_filter
    ]


def members() -> list[str]:
    """Returns the fields of lines whose distinct codes a figure may count."""
    return [value for value, _ in all_forms()["figures"].field("distinct_of").categories]


def attributes() -> list[str]:
    """Returns the fields that agg_measures groups by, without the area: those that figures filter by or count."""
    fields = [one.field for one in filters()] + [name for name in members() if line_field(name).codes != AREAS]
    return list(dict.fromkeys(fields))


def attributes_of(form: Form) -> list[str]:
    """Returns the attributes that the form has."""
    return [name for name in attributes() if any(field.name == name for field in form.fields)]


def line_field(name: str) -> Field:
    """Returns the field of that name from the first submission form that has it. Raises KeyError if none has."""
    for form in submission_forms():
        for field in form.fields:
            if field.name == name:
                return field
    raise KeyError(name)
