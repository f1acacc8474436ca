"""Tokens and what they cost."""

from pydantic import BaseModel, ConfigDict, Field

from engine.contract import CallContext


class TokenPrices(BaseModel):
    """Prices of a provider's tokens; mixed into the settings of backends that count them.

    Attributes:
        price_input: Dollars for a million tokens read.
        price_output: Dollars for a million tokens written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    price_input: float | None = Field(
        None, ge=0, description="Dollars for a million tokens read; unknown by default."
    )
    price_output: float | None = Field(
        None, ge=0, description="Dollars for a million tokens written; unknown by default."
    )

    @property
    def has_price(self) -> bool:
        """True if tokens cost something, wherever the server is."""
        return bool(self.price_input or self.price_output)

    @property
    def price_of_sound(self) -> float | None:
        """Dollars for a million tokens of sound that is read; None if not known."""
        return None

    def microdollars(self, tokens_in: int, tokens_out: int, tokens_sound: int = 0) -> int:
        """Cost of a call, rounded up to whole micro-dollars; 0 if no price is set.

        A dollar for a million tokens is a micro-dollar for a token.

        Args:
            tokens_in: Tokens read.
            tokens_out: Tokens written.
            tokens_sound: Tokens of sound among those read; they cost as much as the others if
                they have no price.
        """
        read, heard = self.price_input or 0, self.price_of_sound
        sound = min(tokens_sound, tokens_in)
        cost = (tokens_in - sound) * read + sound * (read if heard is None else heard)
        cost += tokens_out * (self.price_output or 0)
        return int(-(-cost // 1))


class TokenUsage(BaseModel):
    """Tokens that one reply of a model used.

    Attributes:
        tokens_in: Tokens read, the images' included; None if the provider counts none.
        tokens_out: Tokens written, those of reasoning included; None if it counts none.
        tokens_sound: Tokens of sound among those read; None if it does not count them apart.
        request_id: The provider's own name for the call, for its support and its bills.
    """

    model_config = ConfigDict(frozen=True)

    tokens_in: int | None = Field(None, ge=0)
    tokens_out: int | None = Field(None, ge=0)
    tokens_sound: int | None = Field(None, ge=0)
    request_id: str | None = None


_NONE = TokenUsage(tokens_in=0, tokens_out=0, tokens_sound=0)


def report(
    context: CallContext,
    usage: TokenUsage,
    prices: TokenPrices,
    estimated: TokenUsage = _NONE,
) -> None:
    """Report a reply's tokens, cost and provider id to the runtime.

    For calls that are answered at once; nothing goes back to them by their id.

    Args:
        context: The call's context.
        usage: The provider's own count.
        prices: What the tokens cost; nothing is reported as cost where no price is set.
        estimated: Estimate, for the cost of tokens that the provider does not count.
    """
    context.request_id = usage.request_id
    context.usage(usage.tokens_in or 0, usage.tokens_out or 0)
    read, written, sound = (
        (getattr(estimated, name) or 0) if (found := getattr(usage, name)) is None else found
        for name in ("tokens_in", "tokens_out", "tokens_sound")
    )
    if cost := prices.microdollars(read, written, sound):
        context.cost(cost)
