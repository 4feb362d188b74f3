"""Proofs that something is in the log, and that the log only ever grew (RFC 6962 section 2, RFC 9162 section 2.1).

Making a proof and checking one are kept apart: `inclusion_ranges` and `consistency_ranges` say which stretches of leaves
a proof is made of, `range_hash` hashes a stretch out of perfect subtrees that somebody else keeps, and `verify_*` need
nothing but the proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

TILE_BITS = 8  # perfect subtrees are kept for every eighth level, as C2SP tiles are
TILE = 1 << TILE_BITS
EMPTY = hashlib.sha256(b"").digest()

Node = Callable[[int, int], bytes]  # (level, index) -> hash of leaves [index << level, (index + 1) << level)
Range = tuple[int, int]  # leaves [begin, end)


def leaf_hash(content: bytes) -> bytes:
    """The hash of one leaf's content. Its prefix keeps a leaf from posing as an inner node."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash above two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect(hashes: Sequence[bytes]) -> bytes:
    """The root above leaves or nodes of one level whose number is a power of two."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError(f"{len(hashes)} hashes do not fill a subtree")
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def append(peaks: list[bytes], size: int, leaf: bytes) -> int:
    """Add a leaf hash to the compact range `peaks` of a tree of `size`, in place. Returns the new size."""
    peaks.append(leaf)
    carried = size
    while carried & 1:
        right = peaks.pop()
        peaks.append(node_hash(peaks.pop(), right))
        carried >>= 1
    return size + 1


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root of a compact range: its perfect subtrees, largest first."""
    if not peaks:
        return EMPTY
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = node_hash(left, root)
    return root


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in one pass and little memory."""
    peaks: list[bytes] = []
    size = 0
    for leaf in leaves:
        size = append(peaks, size, leaf)
    return fold(peaks)


def root(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves."""
    return range_hash((0, size), node) if size else EMPTY


def range_hash(stretch: Range, node: Node) -> bytes:
    """The subtree hash over leaves [begin, end), where begin is where such a subtree may begin."""
    begin, end = stretch
    peaks = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin & ((1 << level) - 1):
            raise ValueError(f"no subtree spans leaves {stretch[0]} to {stretch[1]}")
        peaks.append(node(level, begin >> level))
        begin += 1 << level
    return fold(peaks)


def inclusion_ranges(number: int, size: int) -> list[Range]:
    """The stretches whose hashes prove that leaf `number` is in the tree of `size`, from the leaf upwards."""
    if not 0 <= number < size:
        raise ValueError(f"leaf {number} is not in a tree of {size}")
    ranges, begin, end = [], 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if number < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The stretches whose hashes prove that the tree of `new` leaves begins with that of `old`; none if that is trivial."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot extend one of {old}")
    if old in (0, new):
        return []
    ranges, begin, end, whole = [], 0, new, True
    while old != end:  # RFC 6962 2.1.2 SUBPROOF, without the recursion
        middle = begin + _split(end - begin)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin, whole = middle, False
    return ([] if whole else [(begin, end)]) + ranges[::-1]


def verify_inclusion(leaf: bytes, number: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that the leaf hash stands at `number` in the tree of `size` with that root."""
    if not 0 <= number < size:
        return False
    at, last, found = number, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with the tree of `old`, each with its root."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _split(length: int) -> int:
    """The largest power of two below `length`."""
    return 1 << ((length - 1).bit_length() - 1)
