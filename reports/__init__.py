"""From results on disk to statistics, tables and figures."""
