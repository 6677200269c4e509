"""Mutants of a module: one that is called otherwise in every name, and ones that compute something else."""

import ast
import copy
import importlib.util
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

NUMBERS = count()
Node = ast.expr | ast.keyword
"""A node whose change computes something else."""
OTHER: dict[type[ast.AST], type[Any]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
"""Operators, and what each becomes."""


def load(code: str, folder: Path) -> ModuleType:
    """Write code to a new file of `folder` and import it as a new module that decides values of features."""
    number = next(NUMBERS)
    path = folder / f"moved_{number}.py"
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(f"features.prepare.moved_{number}", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def renamed(code: str) -> str:
    """Return code with other private functions, locals, positional parameters, docstrings and annotations."""
    tree = ast.parse(code)
    private = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("_")]
    combining = {node.name for node in private if any("combined(" in ast.unparse(each) for each in node.body)}
    names = _Names({node.name: f"{node.name}_renamed" for node in private}, {"combined", *combining})
    return ast.unparse(ast.fix_missing_locations(names.visit(tree)))


class _Names(ast.NodeTransformer):
    """Gives every private function, local and positional parameter of a module another name.

    Parameters of what decorators in `combining` decorate keep theirs: they name features.
    """

    def __init__(self, private: dict[str, str], combining: set[str]) -> None:
        self._private, self._combining = private, combining
        self._local, self._kept = dict[str, str](), frozenset[str]()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns, outer = None, (self._local, self._kept)
        if not self._local:
            self._kept = frozenset(each.arg for sub in ast.walk(node) for each in _keywords(sub))
            combined = any(
                isinstance(each, ast.Call) and ast.unparse(each.func) in self._combining
                for each in node.decorator_list
            )
            parameters = {each.arg for each in node.args.args} if combined else set()
            bound = {name for sub in ast.walk(node) for name in _bound(sub)} - self._kept - parameters
            self._local = {name: f"{name}_local" for name in sorted(bound)}
            node.name = self._private.get(node.name, node.name)
        else:
            node.name = self._local.get(node.name, node.name)
        node.body = [ast.Expr(ast.Constant("Other words.")), *node.body]
        self.generic_visit(node)
        self._local, self._kept = outer
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._local.get(node.id) or self._private.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._local.get(node.arg, node.arg), None
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        if self._local:
            return self.generic_visit(node)
        self._local = {each.arg: f"{each.arg}_local" for each in node.args.args}
        self.generic_visit(node)
        self._local = {}
        return node


def _keywords(node: ast.AST) -> list[ast.arg]:
    return node.args.kwonlyargs if isinstance(node, ast.FunctionDef | ast.Lambda) else []


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        yield from (each.arg for each in (*node.args.posonlyargs, *node.args.args))
        yield from (each.arg for each in (node.args.vararg, node.args.kwarg) if each)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def mutants(code: str, *, at_most: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield what was changed, and the code with that one change: each computes something else.

    `at_most` so many of them, evenly spread over the code.
    """
    tree = ast.parse(code)
    number_of_places = len(_computing_nodes(tree))
    step = 1 if at_most is None else max(1, number_of_places // at_most)
    for number in range(0, number_of_places, step):
        changed = copy.deepcopy(tree)
        node = _computing_nodes(changed)[number]
        before = f"line {node.lineno}: {ast.unparse(node)}"
        for mutant in _changes(node):
            yield f"{before} -> {mutant}", ast.unparse(ast.fix_missing_locations(changed))


def _changes(node: Node) -> Iterator[str]:
    """Change a node in place, in the one way or the ways that there are; yield what it became each time."""
    match node:
        case ast.BinOp(left=ast.BinOp() as inner):
            node.left, inner.left, inner.right, node.right = inner.left, inner.right, node.right, inner
            yield ast.unparse(node)
        case ast.BinOp(op=op) | ast.BoolOp(op=op) if type(op) in OTHER:
            node.op = OTHER[type(op)]()
            yield ast.unparse(node)
        case ast.Compare(ops=[op]) if type(op) in OTHER:
            node.ops = [OTHER[type(op)]()]
            yield ast.unparse(node)
        case ast.Constant(value=value):
            node.value = _other(value)
            yield ast.unparse(node)
        case ast.Attribute():
            node.attr += "_other"
            yield ast.unparse(node)
        case ast.keyword():
            node.arg = f"{node.arg}_other"
            yield f"{node.arg}="


def _other(value: object) -> float | str:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "_other"
        case _:
            return False


def _computing_nodes(tree: ast.Module) -> list[Node]:
    """The nodes that compute: of functions, classes, and constants that they use."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {name.asname or name.name for node in imports for name in node.names}
    used = {
        name.id
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        for name in ast.walk(statement)
        if isinstance(name, ast.Name)
    }
    return [
        node
        for statement in tree.body
        if not isinstance(statement, ast.Assign) or used & {ast.unparse(each) for each in statement.targets}
        for node in _computing(statement, imported)
    ]


def _computing(node: ast.AST, imported: set[str]) -> Iterator[Node]:
    """Yield a node and those in it, but none of docstrings, annotations, decorators, imports and errors.

    An attribute of what was imported is left out, too: another that there is not cannot be referred to.
    """
    match node:
        case (
            ast.Raise()
            | ast.Import()
            | ast.ImportFrom()
            | ast.Expr(value=ast.Constant())
            | ast.arg()
            | ast.Call(func=ast.Name(id="combined"))  # its texts compute nothing
        ):
            return
        case ast.BinOp() | ast.BoolOp() | ast.Compare() | ast.Constant() | ast.keyword(arg=str()):
            yield node
        case ast.Attribute(value=value) if not (isinstance(value, ast.Name) and value.id in imported):
            yield node
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list", "format_spec"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _computing(child, imported)
