"""Placement as pure rules: shares, movement, capacities, communes."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_gateway.domain.placement import MediaNode, place, preferences, rebalance

INSEE = ("95598", "95210", "2A004")
CAMERAS = {f"PV-{number:04d}": INSEE[number % 3] for number in range(120)}

_nodes = st.lists(
    st.builds(
        MediaNode,
        node_id=st.sampled_from([f"n{number}" for number in range(8)]),
        capacity=st.integers(0, 60),
        communes=st.frozensets(st.sampled_from(INSEE), max_size=2),
        spare=st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda node: node.node_id,
)


@settings(max_examples=60, deadline=None)
@given(_nodes)
def test_communes_and_capacities_hold_and_nothing_is_left_while_somebody_has_room(nodes: list[MediaNode]) -> None:
    found = place(CAMERAS, nodes)
    by_id = {node.node_id: node for node in nodes}
    assert found.targets.keys() | set(found.unplaced) == CAMERAS.keys()
    assert len(found.targets) + len(found.unplaced) == len(CAMERAS)
    loads = Counter(found.targets.values())
    for camera, node_id in found.targets.items():
        assert by_id[node_id].serves(CAMERAS[camera])
    assert all(loads[node.node_id] <= node.capacity for node in nodes)
    for camera in found.unplaced:
        assert all(loads[node.node_id] == node.capacity for node in preferences(camera, CAMERAS[camera], nodes))


@settings(max_examples=40, deadline=None)
@given(_nodes, st.randoms(use_true_random=False))
def test_the_order_of_nodes_and_cameras_changes_nothing(nodes: list[MediaNode], random: object) -> None:
    shuffled = list(CAMERAS)
    random.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue]
    again = place({camera: CAMERAS[camera] for camera in shuffled}, list(reversed(nodes)))
    assert again == place(CAMERAS, nodes)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 8), st.integers(0, 7))
def test_only_the_share_of_a_node_that_leaves_moves(count: int, leaving: int) -> None:
    nodes = [MediaNode(f"n{number}", 1000) for number in range(count)]
    gone = nodes[leaving % count]
    before, after = place(CAMERAS, nodes).targets, place(CAMERAS, [node for node in nodes if node != gone]).targets
    moved = {camera for camera in CAMERAS if before[camera] != after[camera]}
    assert moved == {camera for camera, node_id in before.items() if node_id == gone.node_id}


@settings(max_examples=40, deadline=None)
@given(_nodes, st.integers(1, 60))
def test_a_node_that_joins_sends_no_camera_to_one_it_likes_less(nodes: list[MediaNode], capacity: int) -> None:
    joined = [*nodes, MediaNode("new", capacity)]
    before, after = place(CAMERAS, nodes).targets, place(CAMERAS, joined).targets
    for camera, node_id in before.items():
        ranks = [node.node_id for node in preferences(camera, CAMERAS[camera], joined)]
        assert ranks.index(after[camera]) <= ranks.index(node_id)


def test_shares_follow_capacities() -> None:
    cameras = {f"c{number}": "95598" for number in range(10_000)}
    nodes = [MediaNode("a", 10_000), MediaNode("b", 10_000), MediaNode("c", 20_000)]
    loads = Counter(place(cameras, nodes).targets.values())
    # binomial: standard deviations of 43 and 50 cameras; five of them happen once in a million
    assert abs(loads["a"] - 2500) < 220
    assert abs(loads["b"] - 2500) < 220
    assert abs(loads["c"] - 5000) < 250


def test_a_spare_node_takes_only_what_the_active_ones_cannot() -> None:
    spare = MediaNode("spare", 1000, spare=True)
    enough = place(CAMERAS, [MediaNode("a", 80), MediaNode("b", 40), spare])
    assert Counter(enough.targets.values()) == {"a": 80, "b": 40}
    short = place(CAMERAS, [MediaNode("a", 80), MediaNode("b", 25), spare])
    assert Counter(short.targets.values()) == {"a": 80, "b": 25, "spare": 15}
    alone = place(CAMERAS, [MediaNode("a", 1000, frozenset({"95598"})), spare])
    assert {CAMERAS[camera] for camera, node_id in alone.targets.items() if node_id == "spare"} == {"95210", "2A004"}


def test_room_bounds_what_is_placed_whatever_the_capacity() -> None:
    found = place(CAMERAS, [MediaNode("a", 500), MediaNode("b", 500)], {"a": 3, "b": -2})
    assert Counter(found.targets.values()) == {"a": 3}
    assert len(found.unplaced) == 117


def test_moves_are_few_and_go_only_where_there_is_room() -> None:
    ideal = {"c1": "b", "c2": "b", "c3": "a", "c4": "c"}
    mine = dict.fromkeys(ideal, "95598")
    assert rebalance(mine, ideal, {"b": 1, "c": 5}, me="a", at_most=5) == [("c1", "b"), ("c4", "c")]
    assert rebalance(mine, ideal, {"b": 9, "c": 5}, me="a", at_most=2) == [("c1", "b"), ("c2", "b")]
    assert rebalance(mine, ideal, {"b": 9, "c": 5}, me="a", at_most=-3) == []
