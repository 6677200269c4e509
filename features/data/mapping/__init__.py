"""Mappings: what of a source becomes which table and column of the contract, and how it is written."""

from features.data.mapping.dialect import EARLIER_NAME, FILE_NAME, Dialect
from features.data.mapping.files import FileForm
from features.data.mapping.form import Form
from features.data.mapping.tables import ColumnMapping, TableMapping

__all__ = ["EARLIER_NAME", "FILE_NAME", "ColumnMapping", "Dialect", "FileForm", "Form", "TableMapping"]
