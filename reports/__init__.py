"""Read results from disk; compute statistics, tables and figures."""
