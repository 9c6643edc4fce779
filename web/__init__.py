"""What listens and answers: pages, the JSON API, the command."""
