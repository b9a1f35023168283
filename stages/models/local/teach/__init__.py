"""Teaching: LoRA training over prefix trees, and the adapters that it gives."""
