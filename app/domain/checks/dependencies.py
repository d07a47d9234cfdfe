"""Dependencies between services: a graph that must not run in circles."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def find_cycle(
    node: Node, needs: Iterable[Node], graph: Mapping[Node, Iterable[Node]]
) -> list[Node] | None:
    """Return the circle that arises when `node` needs `needs`, from node to node; None if none.

    `graph` says what every other node needs; whatever it says of `node` itself is replaced.
    """
    came_from: dict[Node, Node] = {}
    waiting = list(dict.fromkeys(needs))
    for first in waiting:
        came_from[first] = node
    while waiting:
        current = waiting.pop()
        if current == node:
            return _path(node, came_from)
        for following in graph.get(current, ()):
            if following not in came_from:
                came_from[following] = current
                waiting.append(following)
    return None


def _path(node: Node, came_from: Mapping[Node, Node]) -> list[Node]:
    path = [node]
    current = came_from[node]
    while current != node:
        path.append(current)
        current = came_from[current]
    path.append(node)
    return path[::-1]
