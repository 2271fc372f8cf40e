"""The contract: what a submission may contain, and what is made from that."""
