"""DID IT WORK: metrics, comparisons and reports."""
