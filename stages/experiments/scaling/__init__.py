"""scaling: accuracy by the number of training inputs."""
