"""dlt's configuration for our loads: no telemetry, no log, no settings of the user's pipelines.

By default, dlt reads every setting from the environment and from `.dlt/`, starts telemetry and
handles signals. The context managers of this module replace dlt's configuration for the whole
process. Environment variables stay unchanged, because other threads may be reading them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.destination.capabilities import DestinationCapabilitiesContext
from dlt.common.pipeline import PipelineContext
from dlt.common.runtime.run_context import RunContext

_QUIET = {
    "runtime": {
        "dlthub_telemetry": False,
        "intercept_signals": False,  # dlt's handler would not raise an exception for a first Ctrl-C
        "log_level": "CRITICAL",  # failures raise exceptions
    }
}
_WITHOUT_VAULTS = {"providers": {"enable_airflow_secrets": False}}


class _QuietContext(RunContext):
    """The user's dlt configuration, with our runtime settings instead of the user's."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [_provider(_QUIET), *super().initial_providers()]


class _IsolatedContext(RunContext):
    """A configuration that contains only our runtime settings."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [_provider(_QUIET | _WITHOUT_VAULTS)]


@contextmanager
def quiet() -> Iterator[None]:
    """Let dlt read the user's configuration, such as credentials; disable log and telemetry."""
    with Container().injectable_context(PluggableRunContext(_QuietContext(None))):
        yield


@contextmanager
def isolated() -> Iterator[None]:
    """Ignore the user's dlt configuration.

    Settings such as `dev_mode` or `dataset_name_layout` are for the user's own pipelines. In a run,
    they would change the names of the tables.
    """
    with Container().injectable_context(PluggableRunContext(_IsolatedContext(None))) as context:
        # dlt has read our settings; with no provider left, it does not search for any others
        context.providers.providers.clear()
        yield


@contextmanager
def separate_pipeline() -> Iterator[None]:
    """Run the block with a separate pipeline; restore the caller's active pipeline.

    The caller may have its own dlt pipeline, which may even be running. dlt stores the
    capabilities of the active destination separately, so these are restored too.
    """
    container = Container()
    is_set = DestinationCapabilitiesContext in container  # `get` would add the default
    capabilities = container[DestinationCapabilitiesContext] if is_set else None
    with container.injectable_context(PipelineContext()):
        try:
            yield
        finally:
            if capabilities is not None:
                container[DestinationCapabilitiesContext] = capabilities
            elif DestinationCapabilitiesContext in container:
                del container[DestinationCapabilitiesContext]


def _provider(settings: dict[str, Any]) -> ConfigProvider:
    return CustomLoaderDocProvider("llm-stats", lambda: settings)
