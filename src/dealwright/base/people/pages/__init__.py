"""The pages of people: first sign-up, invitation, and the settings an administrator keeps."""
