"""Threads that do the same thing at the same time."""

import threading


def at_once(function, count=4):
    """Calls it from so many threads, and waits for all."""
    threads = [threading.Thread(target=function) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
