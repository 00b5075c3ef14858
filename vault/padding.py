"""Size classes: sealed data shows how big it is only to a power of two. Pure."""

SMALLEST = 256
STEP = 1 << 20
_PREFIX = 4


def size_class(length: int) -> int:
    """The padded size in bytes: the next power of two from 256 B to 1 MiB, then the next multiple of 1 MiB."""
    if length <= SMALLEST:
        return SMALLEST
    if length <= STEP:
        return 1 << (length - 1).bit_length()
    return -(-length // STEP) * STEP


def pad(data: bytes) -> bytes:
    """The length of `data` (u32, big-endian), `data`, and zeros up to the size class."""
    framed = len(data).to_bytes(_PREFIX, "big") + data
    return framed.ljust(size_class(len(framed)), b"\0")


def unpad(data: bytes) -> bytes:
    """Undo `pad`. Raises ValueError unless `data` is exactly what `pad` makes, so that one text has one padded form."""
    end = _PREFIX + int.from_bytes(data[:_PREFIX], "big")
    if end > len(data) or size_class(end) != len(data) or data.count(0, end) != len(data) - end:
        raise ValueError("not padded as the format says")
    return data[_PREFIX:end]
