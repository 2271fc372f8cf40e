"""Generates the views of the marts from the properties of the core.

The properties of a table of the core declare its views (`meta: {marts: {<view>: …}}`), and the form whose loads the
table holds (`meta: {form: …}`). A view shows the columns of the table, and may say otherwise:

- `where`: the rows that it shows. Here and below, `[[ … ]]` calls a macro: dbt would render `{{ … }}`;
- `leave_out`: columns that it does not show;
- `join`: a join that some of its columns need;
- `columns`: columns that it computes otherwise, or in addition: `value` (SQL), `data_type`, `description`, and the
  column that they stand `after`. `this` is the table;
- `is_yearly`: of a snapshot, only each reporter's last month of a year;
- `history`: that there is a second view, with the rows of all published releases, and what it shows;
- `outlives_pruning`: that pruned releases keep what was computed;
- `computed_in`: the table that says which release computed a year of the release that is shown.

What every view has follows from the columns: a Vietnamese label beside each code, and the release that it shows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mangnon.contract.forms import REFERENCE, Form, all_forms
from mangnon.contract.marts import words


@dataclass(frozen=True)
class Column:
    """A column of a view: its name, its type, what it means, and the SQL that computes it from the table."""

    name: str
    data_type: str
    description: str
    value: str


RELEASE = ("release_id", "integer", "The release that the session looks at.")
# A sum forgets the qualifiers of its lines, but not the sum of these.
INEXACT = {
    "gte": ("lower_bounds", "1 if the numbers are lower bounds (trên), else 0. A sum above 0: so is the total."),
    "approx": ("approximations", "1 if the numbers are about right (khoảng), else 0. A sum above 0: so is the total."),
}
PUBLISHED_ON = Column(
    "published_on",
    "date",
    "Day in Viet Nam on which the release was published.",
    "(releases.published_at at time zone 'Asia/Ho_Chi_Minh')::date",
)
LAST_OF = {
    "is_last_of_quarter": "Whether it is the reporter's last counted month of the quarter: add up only these.",
    "is_last_of_year": "Whether it is the reporter's last counted month of the year: add up only these.",
}


@dataclass(frozen=True)
class View:
    """A view of the marts on one table of the core."""

    name: str
    description: str
    form: Form | None
    columns: list[Column]
    sql: str

    @property
    def properties(self) -> dict[str, Any]:
        """The properties of the view's model for dbt, with the Vietnamese title of each column."""
        return {
            "name": self.name,
            "description": self.description,
            "columns": [
                {
                    "name": column.name,
                    "data_type": column.data_type,
                    "description": f"{(title := words.title(column.name, self.form))}. {column.description}",
                    "config": {"meta": {"title": title}},
                }
                for column in self.columns
            ],
        }


def views(model: dict[str, Any]) -> Iterator[View]:
    """Yields the views that the properties of a table of the core declare."""
    meta = model.get("config", {}).get("meta", {})
    for name, declared in meta.get("marts", {}).items():
        form = all_forms()[meta["form"]] if "form" in meta else None
        columns = list(_columns(model, declared, form))
        yield View(name, declared["description"], form, columns, _sql(model["name"], form, declared, columns))
        if "history" in declared:
            columns = [columns[0], PUBLISHED_ON, *columns[1:]]
            yield View(f"{name}_history", declared["history"], form, columns, _history(model["name"], columns))


def _columns(model: dict[str, Any], declared: dict[str, Any], form: Form | None) -> Iterator[Column]:
    """Yields the columns: what is derived stands beside what it is derived from, so that new ones come at the end."""
    own = {column["name"]: column for column in model["columns"]}
    computed = declared.get("columns", {})
    if form and "release_id" not in own:
        yield Column(*RELEASE, "(select ops.visible_release())")
    if "computed_in" in declared:
        yield Column(*RELEASE, "years.release_id")
    hidden = {*declared.get("leave_out", ()), "computed_in"}
    if form and form.kind == REFERENCE:
        hidden.add("load_id")
    for name, column in own.items():
        if name in hidden:
            continue
        value = f"{model['name']}.{name}"
        yield _computed(name, {"value": value} | column | computed.get(name, {}))
        yield from _derived(name, value, own)
        yield from (_computed(other, extra) for other, extra in computed.items() if extra.get("after") == name)
        if name == "period" and form and form.kind == "snapshot" and not declared.get("is_yearly"):
            yield from (Column(other, "boolean", said, f"counting.{other}") for other, said in LAST_OF.items())


def _derived(name: str, value: str, own: dict[str, Any]) -> Iterator[Column]:
    if words.labels(name) and f"{name}_label" not in own:
        yield Column(f"{name}_label", "text", f"Vietnamese label of {name}.", f"{{{{ label('{name}', '{value}') }}}}")
    if name == "qualifier":
        for code, (other, said) in INEXACT.items():
            yield Column(other, "integer", said, f"({value} = '{code}')::integer")


def _computed(name: str, column: dict[str, Any]) -> Column:
    return Column(name, column["data_type"], column["description"].strip(), column["value"])


def _sql(table: str, form: Form | None, declared: dict[str, Any], columns: list[Column]) -> str:
    ctes, conditions = "", [declared["where"]] if "where" in declared else []
    joins = f"{declared['join']}\n" if "join" in declared else ""
    if "computed_in" in declared:
        joins += (
            f"inner join {{{{ ref('{declared['computed_in']}') }}}} as years\n"
            f"    on {table}.year = years.year and {table}.computed_in = years.computed_in\n"
        )
        conditions += ["years.release_id = (select ops.visible_release())"]
    elif form is None:
        asked = "chosen" if declared.get("outlives_pruning") else "visible"
        conditions += [f"{table}.release_id = (select ops.{asked}_release())"] if _is_released(columns) else []
    elif form.kind == "snapshot":
        ctes = f"with counting as (\n    {{{{ snapshots_seen('{form.name}') | indent(4) }}}}\n)\n\n"
        joins += f"inner join counting on {table}.load_id = counting.load_id\n"
        conditions += ["counting.is_last_of_year"] if declared.get("is_yearly") else []
    else:
        conditions.insert(0, f"{{{{ is_visible('{table}', '{form.name}') }}}}")
    where = "where\n    " + "\n    and ".join(conditions) + "\n" if conditions else ""
    return _text(
        table, f"{ctes}select\n{_selected(table, columns)}\nfrom {{{{ ref('{table}') }}}} as {table}\n{joins}{where}"
    )


def _history(table: str, columns: list[Column]) -> str:
    return _text(
        table,
        f"select\n{_selected(table, columns)}\nfrom {{{{ ref('{table}') }}}} as {table}\n"
        f"inner join {{{{ source('ops', 'releases') }}}} as releases on {table}.release_id = releases.release_id\n"
        "where releases.state = 'published'\n",
    )


def _selected(table: str, columns: list[Column]) -> str:
    return ",\n".join(
        f"    {column.value}" + ("" if column.value.endswith(f".{column.name}") else f" as {column.name}")
        for column in columns
    )


def _text(table: str, sql: str) -> str:
    return sql.replace("this.", f"{table}.").replace("[[ ", "{{ ").replace(" ]]", " }}")


def _is_released(columns: list[Column]) -> bool:
    return any(column.name == "release_id" for column in columns)
