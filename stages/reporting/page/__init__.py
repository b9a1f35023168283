"""The page: data/report/index.html, one file that needs no network and runs no foreign script."""
