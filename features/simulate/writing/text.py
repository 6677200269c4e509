"""Convert numbers to Arrow columns: identifiers, coded texts, days and nulls, without a Python loop."""

import numpy as np
import pyarrow as pa

from features.simulate.arrays import Array, Flags, Floats, Whole


def serials(prefix: str, numbers: Whole, *, digits: int) -> pa.Array:
    """Return identifiers such as T0000123; a negative number gives null."""
    filled = numbers >= 0
    width = len(prefix) + digits
    lengths = np.where(filled, width, 0)
    offsets = np.zeros(numbers.size + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    letters = np.empty((int(filled.sum()), width), dtype=np.uint8)
    letters[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    rest = numbers[filled].astype(np.int32)
    for position in range(width - 1, len(prefix) - 1, -1):
        rest, digit = rest // 10, rest % 10
        letters[:, position] = digit + ord("0")
    validity = None if filled.all() else pa.py_buffer(np.packbits(filled, bitorder="little").tobytes())
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(letters)]
    return pa.Array.from_buffers(pa.string(), numbers.size, buffers, null_count=int((~filled).sum()))


def coded(codes: Whole, values: Array | pa.Array | list[str]) -> pa.DictionaryArray:
    """Return a dictionary array, quick to write, of the value of each code; a negative code gives null."""
    low = codes.astype(np.int32)
    indices = pa.array(low, mask=low < 0) if low.size and low.min() < 0 else pa.array(low)
    dictionary = (
        values if isinstance(values, pa.Array) else pa.array([str(value) for value in values], pa.string())
    )
    return pa.DictionaryArray.from_arrays(indices, dictionary)


def days(values: Whole, *, empty: Flags | None = None) -> pa.Array:
    """Return days since 1970-01-01 as dates, null where `empty`."""
    return pa.array(values.astype(np.int32), mask=empty).cast(pa.date32())


def numbers(values: Floats, *, empty: Flags | None = None) -> pa.Array:
    """Return numbers, null where `empty` or not a number."""
    nulls = np.isnan(values) if empty is None else empty
    return pa.array(values, mask=nulls) if nulls.any() else pa.array(values)


def missing(numbers_of_rows: Whole, *, salt: int, share: float) -> Flags:
    """Return which rows lack a field, by a hash of the row's number: fixed, uniform and unrelated to all."""
    mixed = (numbers_of_rows.astype(np.uint32) + np.uint32(salt)) * np.uint32(2654435761)
    return (mixed ^ (mixed >> np.uint32(15))) % np.uint32(10_000) < np.uint32(round(share * 10_000))
