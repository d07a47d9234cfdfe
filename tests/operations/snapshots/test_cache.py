"""What workers remember is bounded, and more services than it holds do not empty it."""

from app.operations.snapshots.cache import CircularCache


def hits_in_a_circle(cache, count, rounds=5):
    hits = 0
    for turn in range(rounds):
        for key in range(count):
            if cache.get(key) is None:
                cache.put(key, key + 1)
            elif turn == rounds - 1:
                hits += 1
    return hits


def test_a_cache_that_is_large_enough_keeps_everything():
    assert hits_in_a_circle(CircularCache(1000), 1000) == 1000


def test_of_a_circle_twice_as_large_a_good_part_is_kept():
    cache = CircularCache(1000)
    assert hits_in_a_circle(cache, 2000) > 600
    assert len(cache) <= 1000


def test_what_is_gone_for_good_goes_away():
    cache = CircularCache(100)
    for key in range(100):
        cache.put(("deleted", key), 1)
    hits_in_a_circle(cache, 200, rounds=30)
    assert sum(isinstance(key, tuple) for key in cache) == 0


def test_it_is_bounded_by_size():
    cache = CircularCache(1000, len)
    for key in range(100):
        cache.put(key, "x" * 300)
    assert len(cache) == 3
    cache.put(1, "x")
    cache.put(1, "xx")
    cache.pop(1)
    cache.pop("never there")
    assert sum(len(cache.get(key)) for key in cache) <= 1000


def test_one_too_large_for_all_of_it_is_kept_alone():
    cache = CircularCache(10, len)
    cache.put("a", "x" * 3)
    cache.put("b", "x" * 30)
    assert list(cache) == ["b"]
    cache.put("c", "x")
    assert list(cache) == ["c"]
