"""Asking: answers of a subject, computed in batches over prefix trees and kept."""
