"""The service behind the cloakroom counter."""
