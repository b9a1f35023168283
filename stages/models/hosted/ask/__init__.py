"""Asking a hosted model: requests, retries, answers that are kept before they count."""
