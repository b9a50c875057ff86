"""Server of the fake API: the sample API plus faults.

everywhere = [when.at_most(10, seconds=1), when.every(5, faults.dropped())]
with FakeApi(faults={"aurora-large-1": faults.html()}, everywhere=everywhere) as api:
    ...
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BufferedIOBase
from typing import Any

from fake_api.faults import Fault, FaultyResponse, quota
from fake_api.when import after
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.http import Request, Response
from llm_stats.sample.planned import PlannedFeatures


class FakeApi(SampleApi):
    """Sample API with faults.

    Faults apply only to requests under `/stats/v1` with a valid API key. `faults` maps model ids
    to faults; the entry `LIST` is the fault of the model list. The faults in `everywhere` are
    applied to every request, in order, after the fault from `faults`. After `daily_quota` responses
    with status 200, all further responses are a 429. The features of `planned`, such as ETags, are
    applied last.
    """

    def __init__(
        self,
        records: Iterable[Mapping[str, Any]] | None = None,
        *,
        key: str | None = SAMPLE_KEY,
        latency_ms: float = 0,
        page_size: int = 200,
        faults: Mapping[str, Fault] | None = None,
        everywhere: Iterable[Fault] = (),
        daily_quota: int | None = None,
        planned: PlannedFeatures | None = None,
    ) -> None:
        super().__init__(
            records, key=key, latency_ms=latency_ms, page_size=page_size, planned=planned
        )
        self._faults = dict(faults or {})
        self._everywhere = list(everywhere)
        if daily_quota is not None:
            self._everywhere.append(after(daily_quota, quota()))

    def get(self, request: Request) -> Response:
        response = super().get(request)
        if fault := self._faults.get(request.model_id or request.route):
            response = fault(request, response)
        for fault in self._everywhere:
            response = fault(request, response)
        return response

    def send(self, request: Request, response: Response, stream: BufferedIOBase) -> None:
        """Send all or part of a response; raise `ConnectionError` to close the connection early."""
        if not isinstance(response, FaultyResponse):
            super().send(request, response, stream)
            return
        self.pause(response.delay)
        if response.dropped:
            request.status = 0
            raise ConnectionAbortedError
        body = response.body[: response.sent_bytes]
        if response.drip:
            stream.write(response.head)
            for byte in body:
                self.pause(response.drip)
                stream.write(bytes([byte]))
        else:
            stream.write(response.head + body)
        if response.sent_bytes is not None:
            raise ConnectionAbortedError
