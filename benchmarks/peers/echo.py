"""A bare BentoML service that answers with a body of the requested size."""

import bentoml


@bentoml.service(metrics={"enabled": False}, traffic={"timeout": 30})
class Echo:
    """Answers with so many bytes."""

    @bentoml.api(route="/echo")  # type: ignore[untyped-decorator]
    async def echo(self, trader_ids: list[str], size: int = 500) -> str:  # noqa: ARG002  names what is sent
        """Return a text of `size` letters."""
        return "x" * size
