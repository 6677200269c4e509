"""Normalised syntax: a function as a sequence of texts in which only what is computed counts.

Local names and positional parameters are numbered; docstrings, comments, annotations, decorators and the
words of errors are left out; keyword-only parameters keep their names, since callers write them.
"""

import ast
import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

Function = ast.FunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Referred = Callable[[Any, type | None], str]
"""Returns the text for a value that a name refers to; for a method, its class is given too."""

WITHOUT_MEANING = frozenset({"annotation", "ctx", "kind", "returns", "type_comment", "type_params"})
FIRST_PARAMETER = "0.0"
MISSING = object()


def syntax(function: Callable[..., Any], owner: type | None, referred: Referred) -> Sequence[str]:
    """Return the parts of a function's syntax; `referred` returns what stands for each value it refers to.

    What it takes from its first parameter is looked up in `owner`, its class. Raises `TypeError` for an
    import, a class, a match or a global statement within it, which are not supported.
    """
    unwrapped = unwrap(function)
    if unwrapped is None:
        raise TypeError(f"{function!r} is no function of Python.")
    visitor = _Parts(unwrapped, owner, referred)
    visitor.visit(_node_of(unwrapped.__code__))
    return visitor.parts


def unwrap(value: Any) -> FunctionType | None:
    """Return the function behind a property, a method or a wrapper; None where there is none."""
    if isinstance(value, FunctionType):
        return value
    if isinstance(value, type | ModuleType):
        return None
    wrapped = (getattr(value, name, None) for name in ("fget", "func", "__func__", "__wrapped__"))
    return next((each for each in wrapped if isinstance(each, FunctionType)), None)


class _Parts(ast.NodeVisitor):
    """Collects the parts of a function; a scope has, of each name bound in it, its number."""

    def __init__(self, function: FunctionType, owner: type | None, referred: Referred) -> None:
        self.parts: list[str] = []
        self._owner, self._refer = owner, referred
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        builtins = function.__globals__["__builtins__"]
        self._names: Sequence[Mapping[str, Any]] = (
            {name: cell.cell_contents for name, cell in cells},
            function.__globals__,
            vars(builtins) if isinstance(builtins, ModuleType) else builtins,
        )
        self._scopes: list[dict[str, str]] = []

    def visit(self, node: ast.AST) -> None:
        """Add the parts of a node."""
        if isinstance(node, Comprehension):
            self._comprehension(node)
        else:
            super().visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        """Add the kind of a node and its fields, those without meaning left out."""
        self.parts.append(type(node).__name__)
        for name in node._fields:
            value = getattr(node, name, None)
            if name not in WITHOUT_MEANING and value is not None and value != []:
                self.parts.append(name)
                self._value(value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Add a function without its own name, which is that of a local where it is nested."""
        if self._scopes:
            self.parts.append(self._local(node.name) or "")
        self._function(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Add a lambda."""
        self._function(node, [node.body])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Add an annotated assignment as one without."""
        self.visit(ast.Assign([node.target], node.value or ast.Constant(None)))

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Add a handler of errors; the name of the error is a local."""
        self.parts.append(f"ExceptHandler {self._local(node.name) if node.name else None}")
        self._value([*([node.type] if node.type else []), *node.body])

    def visit_Raise(self, _: ast.Raise) -> None:
        """Add that an error is raised here; its words are for people."""
        self.parts.append("Raise")

    def visit_Name(self, node: ast.Name) -> None:
        """Add the number of a local name, or what a name of the module stands for."""
        local = self._local(node.id)
        self.parts.append(f"local {local}" if local else self._refer(self._global(node.id), None))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Add what stands for an attribute of a module or a method of the own class, else its name."""
        value = self._module_value(node)
        if value is not MISSING:
            self.parts.append(self._refer(value, None))
        elif method := self._own_method(node):
            self.parts.append(self._refer(method, self._owner))
        else:
            self.generic_visit(node)

    def _refuse(self, node: ast.AST) -> None:
        raise TypeError(f"{type(node).__name__} in line {getattr(node, 'lineno', '?')} cannot be digested.")

    visit_Import = visit_ImportFrom = visit_ClassDef = visit_AsyncFunctionDef = _refuse  # noqa: N815
    visit_Match = visit_Global = visit_Nonlocal = _refuse  # noqa: N815

    def _value(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.visit(value)
        elif isinstance(value, list):
            counted = [each for each in value if not _is_text(each)]
            self.parts.append(f"{len(counted)} of")
            for each in counted:
                self._value(each)
        else:
            self.parts.append(f"{type(value).__name__} {value!r}")

    def _function(self, node: Function, body: Sequence[ast.AST]) -> None:
        arguments = node.args
        positional = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        keywords = [each.arg for each in arguments.kwonlyargs]
        rest = [each.arg for each in (arguments.vararg, arguments.kwarg) if each]
        self.parts.append(
            f"function {len(positional)} {keywords} {bool(arguments.vararg)} {bool(arguments.kwarg)}"
        )
        self._value([*arguments.defaults, *arguments.kw_defaults])
        self._within([*positional, *keywords, *rest, *_bound(body)], body)

    def _comprehension(self, node: Comprehension) -> None:
        self.parts.append(type(node).__name__)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        targets = [name for each in node.generators for name in _stored(each.target)]
        self._within(targets, [*node.generators, *results])

    def _within(self, names: Iterable[str], nodes: Sequence[ast.AST]) -> None:
        depth = len(self._scopes)
        self._scopes.append({name: f"{depth}.{i}" for i, name in enumerate(dict.fromkeys(names))})
        self._value(list(nodes))
        self._scopes.pop()

    def _local(self, name: str) -> str | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def _global(self, name: str) -> Any:
        return next(names[name] for names in self._names if name in names)

    def _module_value(self, node: ast.expr) -> Any:
        """Return the object that a dotted name of a module refers to, `MISSING` where it is no such name."""
        match node:
            case ast.Name(id=name) if self._local(name) is None:
                value = self._global(name)
                return value if isinstance(value, ModuleType) else MISSING
            case ast.Attribute(value=value, attr=attr):
                base = self._module_value(value)
                return getattr(base, attr) if isinstance(base, ModuleType) else MISSING
            case _:
                return MISSING

    def _own_method(self, node: ast.Attribute) -> FunctionType | None:
        is_own = isinstance(node.value, ast.Name) and self._local(node.value.id) == FIRST_PARAMETER
        return unwrap(vars(self._owner).get(node.attr)) if self._owner and is_own else None


def _is_text(node: object) -> bool:
    """Return whether a statement is a docstring or another text that stands by itself."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _bound(nodes: Iterable[ast.AST]) -> Iterable[str]:
    """Yield the names that statements bind in their own scope, in order of appearance."""
    for node in nodes:
        if isinstance(node, ast.Name | ast.FunctionDef | ast.ExceptHandler):
            yield from _stored(node) if isinstance(node, ast.Name) else [node.name or ""]
        if isinstance(node, Comprehension):
            yield from (each.target.id for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
        elif not isinstance(node, Function):
            yield from _bound(ast.iter_child_nodes(node))


def _stored(target: ast.AST) -> Iterable[str]:
    return (
        each.id for each in ast.walk(target) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    )


def _node_of(code: CodeType) -> Function:
    """Return the syntax of a function; of several that begin on one line, the one around its instructions."""
    candidates = _functions(source_of(code.co_filename))[code.co_firstlineno]
    starts = [
        (line, column)
        for line, _, column, end_column in code.co_positions()
        if line and column is not None and column != end_column
    ]
    return min((node for node in candidates if all(_covers(node, *start) for start in starts)), key=_end)


def _covers(node: Function, line: int, column: int) -> bool:
    return node.lineno > line or (node.lineno, node.col_offset) <= (line, column) <= _end(node)


def _end(node: Function) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def source_of(file: str) -> str:
    """Return the source of a file, or of a cell of a notebook; an empty text where Python has none."""
    linecache.checkcache(file)
    return "".join(linecache.getlines(file))


@cache
def _functions(source: str) -> Mapping[int, Sequence[Function]]:
    """Return the functions of a source by the line on which they, or their first decorator, begin."""
    functions: dict[int, list[Function]] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            functions.setdefault(min(each.lineno for each in (node, *decorators)), []).append(node)
    return functions
