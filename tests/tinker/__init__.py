"""A real server of Tinker's shape, SkyRL, in an environment of its own: `make test-tinker`."""
