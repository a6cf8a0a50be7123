"""Customer service: understands a turn, acts within the shop's policy, and says only what it can show."""
