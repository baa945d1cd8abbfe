"""A growing sequence of numbers in a temporary file, each as small as the largest allows."""

from tempfile import TemporaryFile

import numpy as np

_BLOCK = 1 << 20  # numbers that are read again at once when all become wider


class IdFile:
    """Takes numbers down that are too many for memory, and hands them out once."""

    def __init__(self) -> None:
        self._type = np.dtype(np.uint8)
        self._file = TemporaryFile()  # noqa: SIM115  (it lives as long as this)
        self._length = 0

    def __del__(self) -> None:
        self._file.close()

    def append(self, numbers: np.ndarray, limit: int) -> None:
        """Take down the next numbers.

        Args:
            numbers: shape (numbers,), each from 0 to limit - 1.
            limit: not below that of the numbers before.
        """
        needed = np.min_scalar_type(max(limit - 1, 0))
        if needed != self._type:
            self._widen(needed)
        numbers.astype(self._type).tofile(self._file)
        self._length += len(numbers)

    def mapped(self) -> np.ndarray:
        """Map all numbers into memory, at least one; the file is gone when the array is.

        Returns:
            shape (numbers,), the smallest unsigned integer that fits the last limit.
        """
        self._file.flush()
        with self._file:
            return np.memmap(self._file, dtype=self._type, mode="r", shape=(self._length,))

    def _widen(self, type_: np.dtype) -> None:
        old, self._file = self._file, TemporaryFile()  # noqa: SIM115
        old.seek(0)
        while block := old.read(_BLOCK * self._type.itemsize):
            np.frombuffer(block, dtype=self._type).astype(type_).tofile(self._file)
        old.close()
        self._type = type_
