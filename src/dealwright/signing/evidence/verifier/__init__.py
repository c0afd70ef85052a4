"""The parts of the verifier in evidence packages: the standard library and ``openssl`` alone."""
