"""Other libraries doing the same work, one file per peer, each timed against this suite's models.

A peer's file names our models that it meets (`OURS`), the default training and test texts (`SIZES`) and the timed work
(`WORK`), and builds both sides of a contest (`sides`).

Imports `measurement` and `config`; imported by `cells` and above.
"""

PEERS = {
    "sklearn": "benchmarks.peers.sklearn_bigrams",
    "sklearn_hashing": "benchmarks.peers.sklearn_hashing",
    "fasttext": "benchmarks.peers.fasttext_bigrams",
    "fasttext_autotuned": "benchmarks.peers.fasttext_autotuned",
    "sentence_embeddings": "benchmarks.peers.sentence_embeddings",
    "trainer": "benchmarks.peers.stock_trainer",
    "tuned_trainer": "benchmarks.peers.tuned_trainer",
    "original": "benchmarks.peers.original_pipeline",
    "pipeline": "benchmarks.peers.stock_pipeline",
    "sorted_loop": "benchmarks.peers.sorted_loop",
    "onnxruntime": "benchmarks.peers.exported_onnxruntime",
    "openvino": "benchmarks.peers.exported_openvino",
    "padded_lstm": "benchmarks.peers.padded_lstm",
    "packed_lstm": "benchmarks.peers.packed_lstm",
}
"""Name -> module, imported only when it runs."""
