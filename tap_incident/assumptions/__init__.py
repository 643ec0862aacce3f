"""What the tap believes of the API, and `--check --assumptions`, with which whoever has a key finds out."""
