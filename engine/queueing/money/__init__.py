"""Money: prices of calls, estimates of batches, and amounts in words.

Amounts are integer micro-dollars (millionths of a US dollar) everywhere except at the edges, where
people write dollars. Nothing here knows the store or the network.
"""
