"""The paper's own formulas (arXiv 2410.13787 and its code), known mistakes included."""
