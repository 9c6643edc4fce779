"""Stand-ins for APNs and the iPhone: loopback only, for the demo and the tests."""
