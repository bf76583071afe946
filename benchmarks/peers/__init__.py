"""What a user would otherwise run, one file per peer, each timed against one of this suite's models at the same work.

A peer's file says which of our models it meets (`OURS`), on how many training and test texts by default (`SIZES`), what
is timed (`WORK`), and builds both sides of a contest (`sides`).
"""

PEERS = {
    "sklearn": "benchmarks.peers.sklearn_bigrams",
    "fasttext": "benchmarks.peers.fasttext_bigrams",
    "sentence_embeddings": "benchmarks.peers.sentence_embeddings",
    "trainer": "benchmarks.peers.stock_trainer",
    "original": "benchmarks.peers.original_pipeline",
    "pipeline": "benchmarks.peers.stock_pipeline",
    "padded_lstm": "benchmarks.peers.padded_lstm",
    "packed_lstm": "benchmarks.peers.packed_lstm",
}
"""Name -> module, imported only when it runs."""
