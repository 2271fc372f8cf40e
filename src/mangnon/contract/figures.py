"""What a figure of the annual report may ask of the lines that it is made of, as the form `figures` declares it."""

from dataclasses import dataclass

from mangnon.contract.forms import AREAS, Field, Form, all_forms, submission_forms


@dataclass(frozen=True)
class Filter:
    """A column of the figures' definitions, and of agg_measures, that lines are selected by."""

    name: str
    field: str  # of the lines: the field itself, or the one whose dimension says the kind
    dimension: str | None  # the dimension that says it; None where it stands in the line

    @property
    def is_kind(self) -> bool:
        """Whether it is what the reference data say of the line's code, such as a programme's kind."""
        return self.name != self.field

    @property
    def key(self) -> str:
        """The key of the dimension."""
        return f"{self.field}_key"


def filters() -> list[Filter]:
    """What figures filter lines by, in the order of their form; an empty filter matches every line."""
    return [
        Filter(field.name, of := field.kind_of or field.name, line_field(of).dimension)
        for field in all_forms()["figures"].fields
        if field.is_filter
    ]


def members() -> list[str]:
    """The fields of lines whose different codes a figure may count."""
    return [value for value, _ in all_forms()["figures"].field("distinct_of").categories]


def attributes() -> list[str]:
    """The fields that agg_measures keeps apart, without the area: what figures filter by, or count the codes of."""
    fields = [one.field for one in filters()] + [name for name in members() if line_field(name).codes != AREAS]
    return list(dict.fromkeys(fields))


def attributes_of(form: Form) -> list[str]:
    """Those of them that the form has."""
    return [name for name in attributes() if any(field.name == name for field in form.fields)]


def line_field(name: str) -> Field:
    """The field of that name, as the first submission form that has it declares it. KeyError if none has."""
    for form in submission_forms():
        for field in form.fields:
            if field.name == name:
                return field
    raise KeyError(name)
