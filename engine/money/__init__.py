"""Money: what calls cost, what a batch may cost, and amounts in words.

Amounts are integer micro-dollars (millionths of a US dollar) everywhere but at the edges, where
people write dollars. Nothing here knows the store or the network.
"""
