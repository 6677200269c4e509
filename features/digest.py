"""Digest of what code computes, whatever it is called and wherever it stands.

A function is known by its normalised syntax (`features.syntax`), in which each name of a module stands for
what it refers to: a constant for its value, a function for its own digest. So a rename, a move to another
file or a rewritten comment leaves a digest; another operator, constant, column or order of operations changes
it.
"""

import enum
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import MethodType, ModuleType
from typing import Any

from features.syntax import syntax, unwrap

PLAIN = (type(None), bool, int, float, complex, str, bytes, range, date, type(...))


class CodeDigest:
    """Digests of values, functions and classes; what several refer to is computed once.

    Code of the modules that `follow` accepts, by their names, is followed into its own references; anything
    else, a library's function say, is known by its name. Constants count by their values, wherever they are,
    but for those in `apart`: whoever calls adds what counts of them.
    """

    def __init__(self, follow: Callable[[str], bool], *, apart: Sequence[object] = ()) -> None:
        self._follow = follow
        self._apart = apart
        self._digests: dict[tuple[Any, type | None], str] = {}
        self._active: list[tuple[Any, type | None]] = []

    def of(self, value: Any) -> str:
        """Return the digest of a value: plain data, a function, a class, or containers of these.

        Raises `TypeError` for a value with neither content nor name to digest, such as an open file.
        """
        match value:
            case enum.Enum():
                return _hashed("enum", type(value).__name__, value.name)
            case re.Pattern():
                return _hashed("pattern", value.pattern, str(value.flags))
            case tuple() | list():
                return _hashed("sequence", *map(self.of, value))
            case frozenset() | set():
                return _hashed("set", *sorted(map(self.of, value)))
            case Mapping():
                return _hashed("mapping", *(self.of(each) for pair in value.items() for each in pair))
            case partial() | MethodType():
                return _hashed("bound", *map(self.of, _bound(value)))
            case _ if isinstance(value, PLAIN):
                return _hashed("value", type(value).__name__, repr(value))
            case _:
                return self._of_code(value)

    def of_method(self, function: Callable[..., Any], owner: type | None) -> str:
        """Return the digest of a function; what it takes from its own object is looked up in `owner`."""

        def referred(value: Any, owner: type | None) -> str:
            if any(value is each for each in self._apart):
                return _hashed("apart")
            return self.of(value) if owner is None else self.of_method(value, owner)

        return self._once(function, owner, lambda: _hashed(*syntax(function, owner, referred)))

    @property
    def followed(self) -> frozenset[str]:
        """The functions and classes whose code counts so far, by module and qualified name."""
        return frozenset(f"{value.__module__}.{value.__qualname__}" for value, _ in self._digests)

    def _of_code(self, value: Any) -> str:
        function = unwrap(value)
        if function and self._follow(function.__module__):
            return self.of_method(function, None)
        if isinstance(value, type) and self._follow(value.__module__):
            return self._once(value, None, lambda: _hashed("class", *self._members(value)))
        if is_dataclass(value) and not isinstance(value, type):
            values = (self.of(getattr(value, field.name)) for field in fields(value))
            return _hashed("instance", self.of(type(value)), *values)
        if isinstance(value, ModuleType):
            return _hashed("module", value.__name__)
        if name := getattr(value, "__qualname__", None) or getattr(value, "__name__", None):
            return _hashed("name", name)
        raise TypeError(f"{value!r} cannot be digested: it is neither plain data nor code.")

    def _members(self, value: type) -> Iterator[str]:
        """Yield the digests of a class: of its fields, its bases and its public members."""
        yield from (field.name for field in fields(value)) if is_dataclass(value) else ()
        yield from (self.of(base) for base in value.__bases__ if base is not object)
        for name, member in sorted(vars(value).items()):
            function = unwrap(member)
            is_private = name.startswith("_") and not name.endswith("__")
            if function and not is_private and function.__code__.co_filename == inspect.getsourcefile(value):
                yield _hashed("method", name, self.of_method(function, value))
            if not name.startswith("_") and isinstance(member, (*PLAIN, tuple, frozenset)):
                yield _hashed("attribute", name, self.of(member))

    def _once(self, value: Any, owner: type | None, compute: Callable[[], str]) -> str:
        key = (value, owner)
        if key in self._active:
            return _hashed("recursion", str(len(self._active) - self._active.index(key)))
        if key not in self._digests:
            self._active.append(key)
            self._digests[key] = compute()
            self._active.pop()
        return self._digests[key]


def source_digest(root: Path, packages: Iterable[str]) -> str:
    """Return the SHA-256 over the sources of packages below `root`, to the letter, by name and content."""
    digest = hashlib.sha256()
    folders = [root / package for package in packages]
    for path in sorted(
        path for folder in folders for kind in ("*.py", "*.c", "*.csv") for path in folder.rglob(kind)
    ):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _bound(value: partial[Any] | MethodType) -> tuple[Any, ...]:
    """Return a function and the arguments, or the object, that are bound to it."""
    if isinstance(value, MethodType):
        return value.__func__, value.__self__
    return value.func, value.args, value.keywords


def _hashed(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()
