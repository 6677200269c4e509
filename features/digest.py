"""A digest of what code computes: its words, comments and layout do not count."""

import ast
import hashlib
import inspect
from collections.abc import Iterable
from types import ModuleType


def code_digest(modules: Iterable[ModuleType]) -> str:
    """Return the SHA-256 over the code of modules, without docstrings, comments and decorators.

    A decorator of ours holds words; what it says of the computation goes into the digest of the features.
    """
    digest = hashlib.sha256()
    for module in sorted(modules, key=lambda each: each.__name__):
        digest.update(module.__name__.encode())
        digest.update(ast.dump(_Computation().visit(ast.parse(inspect.getsource(module)))).encode())
    return digest.hexdigest()


class _Computation(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node
