"""Prepared statements: compiled once, then handed to the driver as they are.

What SQLAlchemy does anew for each execution costs more than SQLite's own work (one
indexed row: 42 µs instead of 8). So the statements that a till or a phone waits for
are prepared; all others are not worth it.
"""

import threading
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from operator import attrgetter, methodcaller
from typing import Any

from sqlalchemy import BindParameter, Dialect, Executable, bindparam
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

Row = Any
"""A named tuple with the statement's columns."""

_Process = Callable[[Any], Any]
_Take = Callable[[DBAPICursor], Any]
_ALL, _ONE = methodcaller("fetchall"), methodcaller("fetchone")
_COUNT = attrgetter("rowcount")
_Values = Mapping[str, object]


def values(*columns: str) -> dict[str, BindParameter[Any]]:
    """Return what to write: for each of *columns* the parameter of its name."""
    return {column: bindparam(column) for column in columns}


class Prepared:
    """A statement with its parameters' and columns' types, ready for both engines.

    It must be complete: no list of values that grows (``expanding``), no default
    that a table's columns know in Python, each parameter a named `bindparam`.
    Where the engines' dialects differ in words, *statement* makes it for the
    dialect of that name.
    """

    def __init__(self, statement: Executable | Callable[[str], Executable]) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        self._lock = threading.Lock()

    def rows(self, connection: Connection, **values: object) -> list[Row]:
        """Execute it and return all rows."""
        compiled = self._for(connection)
        return compiled.read(compiled.execute(connection, values, _ALL))

    def first(self, connection: Connection, **values: object) -> Row | None:
        """Execute it and return the first row, or None."""
        compiled = self._for(connection)
        row = compiled.execute(connection, values, _ONE)
        return None if row is None else compiled.read((row,))[0]

    def scalar(self, connection: Connection, **values: object) -> Any:
        """Execute it and return the first row's first column, or None."""
        row = self.first(connection, **values)
        return None if row is None else row[0]

    def run(self, connection: Connection, **values: object) -> int:
        """Execute it and return how many rows it touched.

        SQLite's driver counts none where the statement begins with WITH.
        """
        touched: int = self._for(connection).execute(connection, values, _COUNT)
        return touched

    def many(self, connection: Connection, values: Sequence[_Values]) -> None:
        """Execute it once for each of *values*."""
        self._for(connection).execute_many(connection, values)

    def _for(self, connection: Connection) -> "_Compiled":
        name = connection.dialect.name
        found = self._compiled.get(name)
        if found is None:
            # Locked, since compiling is slow and not made for two threads at once.
            with self._lock:
                found = self._compiled[name] = self._compile(connection.dialect)
        return found

    def _compile(self, dialect: Dialect) -> "_Compiled":
        statement = self._statement
        if not isinstance(statement, Executable):
            statement = statement(dialect.name)
        return _Compiled(statement, dialect)


class _Compiled:
    """A statement in one dialect."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect)
        if compiled.post_compile_params or compiled.insert_prefetch:
            raise ValueError("this statement is not complete before it is executed")
        self._sql = str(compiled)
        self._known = {
            name: parameter.value
            for parameter, name in compiled.bind_names.items()
            if not parameter.required
        }
        types = {name: bound.type for bound, name in compiled.bind_names.items()}
        self._names = frozenset(types)
        self._places = tuple(compiled.positiontup or ()) or tuple(types)
        self._positional = compiled.positional
        self._binds = _processes(
            kind.dialect_impl(dialect).bind_processor(dialect)
            for kind in map(types.__getitem__, self._places)
        )
        columns = list(getattr(statement, "exported_columns", ()))
        self._results = _processes(
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in columns
        )
        # Columns of several tables may have one name: those go by their place.
        names = [column.key or "" for column in columns]
        self._row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
        self._error = dialect.loaded_dbapi.Error
        self._dialect = dialect

    def execute(self, connection: Connection, values: _Values, take: _Take) -> Any:
        """Execute it and return what *take* has of the cursor."""
        parameters = self._parameters(values)
        with self._cursor(connection, parameters) as cursor:
            cursor.execute(self._sql, parameters)
            # Reading may fail too: SQLite finds its rows while they are read.
            return take(cursor)

    def execute_many(self, connection: Connection, values: Iterable[_Values]) -> None:
        parameters = [self._parameters(row) for row in values]
        with self._cursor(connection, parameters, many=True) as cursor:
            cursor.executemany(self._sql, parameters)

    def read(self, rows: Iterable[Sequence[Any]]) -> list[Row]:
        make = self._row._make
        return [make(_processed(row, self._results)) for row in rows]

    def _parameters(self, values: _Values) -> Any:
        given = {**self._known, **values} if self._known else values
        if given.keys() != self._names:
            odd = sorted(self._names ^ given.keys())
            raise TypeError(f"these parameters do not fit: {', '.join(odd)}")
        placed = _processed([given[name] for name in self._places], self._binds)
        return (
            placed if self._positional else dict(zip(self._places, placed, strict=True))
        )

    @contextmanager
    def _cursor(
        self, connection: Connection, parameters: Any, *, many: bool = False
    ) -> Iterator[DBAPICursor]:
        if not connection.in_transaction():
            connection.begin()
        try:
            with closing(connection.connection.cursor()) as cursor:
                for hear in connection.dispatch.before_cursor_execute:
                    hear(connection, cursor, self._sql, parameters, None, many)
                yield cursor
        except self._error as error:
            # As SQLAlchemy wraps it, without the parameters: they tell of people.
            raise DBAPIError.instance(
                self._sql,
                None,
                error,
                self._error,
                hide_parameters=True,
                dialect=self._dialect,
            ) from error


def _processes(found: Iterable[_Process | None]) -> list[tuple[int, _Process]]:
    """Return the functions with their places, without the places that have none."""
    return [(place, process) for place, process in enumerate(found) if process]


def _processed(
    row: Sequence[Any], processes: list[tuple[int, _Process]]
) -> Sequence[Any]:
    if not processes:
        return row
    changed = list(row)
    for place, process in processes:
        changed[place] = process(changed[place])
    return changed
