"""Hashing the log and proving things about it, against published vectors and against the definition."""

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ledger import tree

# The eight leaves and the roots that Certificate Transparency's own tests publish.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (0, 1): [],
}
CONSISTENCY = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (1, 1): [],
}
HASHES = [tree.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]


def naive(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word by word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + naive(leaves[:half]) + naive(leaves[half:])).digest()


def node_of(leaves: list[bytes]) -> tree.Node:
    return lambda level, index: naive(leaves[index << level : (index + 1) << level])


def leaves(size: int) -> list[bytes]:
    return [tree.leaf_hash(str(number).encode()) for number in range(size)]


def inclusion(number: int, of: list[bytes]) -> list[bytes]:
    return [tree.range_hash(each, node_of(of)) for each in tree.inclusion_ranges(number, len(of))]


def consistency(old: int, of: list[bytes]) -> list[bytes]:
    return [tree.range_hash(each, node_of(of)) for each in tree.consistency_ranges(old, len(of))]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_certificate_transparency_publishes(size: int) -> None:
    assert tree.root_of(HASHES[:size]).hex() == ROOTS[size]
    assert tree.root(size, node_of(HASHES[:size])).hex() == ROOTS[size]


@pytest.mark.parametrize(("number", "size"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(number: int, size: int) -> None:
    assert [each.hex() for each in inclusion(number, HASHES[:size])] == INCLUSION[number, size]


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int) -> None:
    assert [each.hex() for each in consistency(old, HASHES[:new])] == CONSISTENCY[old, new]


def test_the_example_of_rfc_9162_needs_the_hashes_that_it_names() -> None:
    # Section 2.1.5, a tree of seven: the proofs for leaves 0, 3, 4 and 6, and from sizes 3, 4 and 6.
    assert tree.inclusion_ranges(0, 7) == [(1, 2), (2, 4), (4, 7)]
    assert tree.inclusion_ranges(3, 7) == [(2, 3), (0, 2), (4, 7)]
    assert tree.inclusion_ranges(4, 7) == [(5, 6), (6, 7), (0, 4)]
    assert tree.inclusion_ranges(6, 7) == [(4, 6), (0, 4)]
    assert tree.consistency_ranges(3, 7) == [(2, 3), (3, 4), (0, 2), (4, 7)]
    assert tree.consistency_ranges(4, 7) == [(4, 7)]
    assert tree.consistency_ranges(6, 7) == [(4, 6), (6, 7), (0, 4)]


def test_every_leaf_of_every_small_tree_is_proved_and_at_no_other_place() -> None:
    for size in range(1, 20):
        of = leaves(size)
        root = naive(of)
        assert tree.root_of(of) == root
        for number in range(size):
            proof = inclusion(number, of)
            assert tree.verify_inclusion(of[number], number, size, proof, root)
            others = [other for other in range(size) if other != number]
            assert not any(tree.verify_inclusion(of[number], other, size, proof, root) for other in others)
            assert not tree.verify_inclusion(of[number], number, size, [*proof, root], root)
            assert not proof or not tree.verify_inclusion(of[number], number, size, proof[:-1], root)


def test_every_small_tree_is_proved_to_extend_every_smaller_one() -> None:
    for old, new in itertools.combinations_with_replacement(range(18), 2):
        of = leaves(new)
        was, now = naive(of[:old]), naive(of)
        proof = consistency(old, of)
        assert tree.verify_consistency(old, new, was, now, proof), (old, new)
        assert not tree.verify_consistency(old, new, tree.leaf_hash(b"other"), now, proof), (old, new)
        if old:
            assert not tree.verify_consistency(old, new, was, tree.leaf_hash(b"other"), proof), (old, new)
        if old != new:
            assert not tree.verify_consistency(new, old, now, was, proof)


@given(size=st.integers(1, 600), at=st.integers(0, 599), flip=st.integers(0, 31))
def test_a_proof_with_one_other_hash_proves_nothing(size: int, at: int, flip: int) -> None:
    of = leaves(size)
    number = at % size
    root, proof = tree.root_of(of), inclusion(number, of)
    assert tree.verify_inclusion(of[number], number, size, proof, root)
    for place, honest in enumerate(proof):
        forged = bytearray(honest)
        forged[flip] ^= 1
        assert not tree.verify_inclusion(
            of[number], number, size, [*proof[:place], bytes(forged), *proof[place + 1 :]], root
        )


@given(sizes=st.lists(st.integers(0, 700), min_size=2, max_size=2))
def test_a_log_whose_past_was_edited_cannot_prove_that_it_grew(sizes: list[int]) -> None:
    old, new = sorted(sizes)
    honest = leaves(new)
    assert tree.verify_consistency(old, new, naive(honest[:old]), naive(honest), consistency(old, honest))
    if old:
        edited = [tree.leaf_hash(b"edited"), *honest[1:]]
        forged = consistency(old, edited)
        assert not tree.verify_consistency(old, new, naive(honest[:old]), naive(edited), forged)


def test_a_leaf_cannot_pose_as_a_node() -> None:
    left, right = leaves(2)
    assert tree.leaf_hash(left + right) != tree.node_hash(left, right)


def test_what_is_not_in_the_tree_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="not in a tree of 3"):
        tree.inclusion_ranges(3, 3)
    with pytest.raises(ValueError, match="cannot extend"):
        tree.consistency_ranges(4, 3)
    with pytest.raises(ValueError, match="do not fill"):
        tree.perfect(leaves(3))
