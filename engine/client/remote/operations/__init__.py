"""Operations: requests in their order, the same for the blocking and the asyncio client."""
