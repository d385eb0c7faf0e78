"""The pages that customers reach from a message: a link they follow, and the way to leave."""
