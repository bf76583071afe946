"""Other libraries doing the same work, one file per peer, each timed against this suite's models.

A peer's file names our models that it meets (`OURS`), the default training and test texts (`SIZES`) and the timed work
(`WORK`), and builds both sides of a contest (`sides`).

Imports `measurement` and `config`; imported by `cells` and above.
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
