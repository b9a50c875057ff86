"""Conditions of a fault: first requests, every nth request, one page, a quota, a rate limit."""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from urllib.parse import parse_qs

from fake_api.faults import Fault, burst
from llm_stats.sample.http import Request, Response


def first(count: int, fault: Fault) -> Fault:
    """Apply a fault to the first `count` requests for each path."""
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def sometimes(request: Request, response: Response) -> Response:
        with lock:
            seen[request.path] += 1
            fails = seen[request.path] <= count
        return fault(request, response) if fails else response

    return sometimes


def every(nth: int, fault: Fault) -> Fault:
    """Apply a fault to every nth request; requests for all paths are counted together."""
    seen = 0
    lock = threading.Lock()

    def sometimes(request: Request, response: Response) -> Response:
        nonlocal seen
        with lock:
            seen += 1
            fails = seen % nth == 0
        return fault(request, response) if fails else response

    return sometimes


def page(number: int, fault: Fault) -> Fault:
    """Apply a fault to one page of the catalog: 1 is the page without a cursor.

    Later pages are numbered in the order in which their cursors are first requested.
    """
    numbers = {"": 1}
    lock = threading.Lock()

    def sometimes(request: Request, response: Response) -> Response:
        cursor = parse_qs(request.query).get("cursor", [""])[-1]
        with lock:
            requested = numbers.setdefault(cursor, len(numbers) + 1)
        return fault(request, response) if requested == number else response

    return sometimes


def after(count: int, fault: Fault) -> Fault:
    """Apply a fault to every request after `count` responses with status 200.

    Put `after` last in a list of faults, because earlier faults may change the status.
    """
    served = 0
    lock = threading.Lock()

    def sometimes(request: Request, response: Response) -> Response:
        nonlocal served
        with lock:
            if served < count:
                served += response.status == 200
                return response
        return fault(request, response)

    return sometimes


def at_most(count: int, seconds: float) -> Fault:
    """Enforce a rate limit over a sliding window.

    A request over the limit gets a burst 429 and does not count. Retry-After is the time until the
    next request is allowed.
    """
    arrivals: deque[float] = deque()
    lock = threading.Lock()

    def limit(request: Request, response: Response) -> Response:
        with lock:
            while arrivals and arrivals[0] <= request.at - seconds:
                arrivals.popleft()
            if len(arrivals) < count:
                arrivals.append(request.at)
                return response
            wait = arrivals[0] + seconds - request.at
        return burst(retry_after=math.ceil(wait))(request, response)

    return limit
